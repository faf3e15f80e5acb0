//! A session store of one's own: files in a folder, for the processes of one machine.
//!
//! What makes it a store and not just files:
//!
//! - **One comes first.** Every change is made under a lock on a file, which the system takes back from a process
//!   that dies.
//! - **Whole or not at all.** A file is written beside its place and renamed, so that nobody sees half of it.
//! - **Acknowledged is kept.** It answers when the disk has it.
//! - **Killed in between.** A session that is made is put into the index first, and one that goes leaves it last.
//!   What is left in the index then leads nowhere, and nobody minds.

mod written;

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use codegrant_axum::{
    Created, IndexKey, Position, Record, Replaced, Revocation, Revoked, SessionKey, SessionStore,
    StoreError, Timestamp, TransactionId,
};

use written::{from_hex, hex, line_of, read_record, revocation_of, write_record};

/// Sessions in a folder. Clones are the same store, and so is one that another process opens there.
#[derive(Debug, Clone)]
pub(crate) struct FolderStore(Arc<Folder>);

impl FolderStore {
    /// Opens the store in a folder, which is made if it is not there.
    pub(crate) fn open(folder: impl Into<PathBuf>) -> io::Result<Self> {
        let folder = folder.into();
        for name in ["sessions", "entries", "used"] {
            fs::create_dir_all(folder.join(name))?;
        }
        Ok(Self(Arc::new(Folder(folder))))
    }

    /// Removes what has expired.
    pub(crate) async fn sweep(&self, now: Timestamp) -> Result<(), StoreError> {
        self.alone(move |folder| folder.sweep(now)).await
    }

    /// Does something while nobody else does anything, on a thread that may wait for the disk.
    ///
    /// It is done to its end also when the caller goes away in the middle.
    async fn alone<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Folder) -> io::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let folder = self.0.clone();
        let done = tokio::task::spawn_blocking(move || {
            let lock = File::create(folder.0.join("lock"))?;
            lock.lock()?;
            work(&folder)
        });
        let done = done
            .await
            .unwrap_or_else(|error| Err(io::Error::other(error)));
        done.map_err(|error| StoreError {
            reason: error.to_string(),
        })
    }
}

#[async_trait]
impl SessionStore for FolderStore {
    async fn create(
        &self,
        key: &SessionKey,
        record: Record,
        now: Timestamp,
    ) -> Result<Created, StoreError> {
        let key = key.clone();
        self.alone(move |folder| {
            if folder.live(&key, now)?.is_some() {
                return Ok(Created::No);
            }
            folder.put(&key, &record)?;
            Ok(Created::Yes)
        })
        .await
    }

    async fn load(&self, key: &SessionKey, now: Timestamp) -> Result<Option<Record>, StoreError> {
        let key = key.clone();
        self.alone(move |folder| folder.live(&key, now)).await
    }

    async fn replace(
        &self,
        key: &SessionKey,
        expected: u64,
        record: Record,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        let key = key.clone();
        self.alone(move |folder| match folder.live(&key, now)? {
            Some(held) if held.version == expected => {
                folder.put(&key, &record)?;
                Ok(Replaced::Yes)
            }
            _ => Ok(Replaced::No),
        })
        .await
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), StoreError> {
        let key = key.clone();
        self.alone(move |folder| folder.remove(&key)).await
    }

    async fn end_all(
        &self,
        entry: &IndexKey,
        issued_by: Timestamp,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let entry = entry.clone();
        self.alone(move |folder| {
            let mut found = folder.found(&entry, now)?;
            found.retain(|(_, record)| record.issued_at <= issued_by);
            for (key, _) in &found {
                folder.remove(key)?;
            }
            Ok(found.len())
        })
        .await
    }

    async fn list(
        &self,
        entry: &IndexKey,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<(SessionKey, Record)>, StoreError> {
        let entry = entry.clone();
        let found = self.alone(move |folder| folder.found(&entry, now)).await;
        found.map(|mut found| {
            found.truncate(limit);
            found
        })
    }

    async fn revoke(&self, revocation: &Revocation, _now: Timestamp) -> Result<(), StoreError> {
        let line = line_of(revocation);
        self.alone(move |folder| folder.append(&line)).await
    }

    async fn revoked(
        &self,
        after: Option<&Position>,
        now: Timestamp,
    ) -> Result<Revoked, StoreError> {
        let after = after.cloned();
        self.alone(move |folder| folder.revoked(after.as_ref(), now))
            .await
    }

    async fn consume(
        &self,
        transaction: TransactionId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.alone(move |folder| {
            let path = folder.0.join("used").join(transaction.to_hex());
            if folder.used_until(&path)?.is_some_and(|until| now < until) {
                return Ok(false);
            }
            folder.write(&path, until.as_unix().to_string().as_bytes())?;
            Ok(true)
        })
        .await
    }
}

/// The folder itself; whoever calls a method holds the lock.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn session(&self, key: &SessionKey) -> PathBuf {
        self.0.join("sessions").join(hex(key.as_str()))
    }

    /// Where the index says that a session has an entry: an empty file, named after it.
    fn link(&self, entry: &IndexKey, key: &SessionKey) -> PathBuf {
        self.entry(entry).join(hex(key.as_str()))
    }

    fn entry(&self, entry: &IndexKey) -> PathBuf {
        self.0.join("entries").join(hex(entry.as_str()))
    }

    fn held(&self, key: &SessionKey) -> io::Result<Option<Record>> {
        let bytes = present(fs::read(self.session(key)))?;
        bytes
            .map(|bytes| read_record(&bytes).ok_or_else(damaged))
            .transpose()
    }

    fn live(&self, key: &SessionKey, now: Timestamp) -> io::Result<Option<Record>> {
        Ok(self.held(key)?.filter(|held| now < held.expires_at))
    }

    /// The live sessions of an entry; what the index has too many of leads nowhere, or to one that has moved.
    fn found(&self, entry: &IndexKey, now: Timestamp) -> io::Result<Vec<(SessionKey, Record)>> {
        let mut found = Vec::new();
        for file in present(fs::read_dir(self.entry(entry)))?
            .into_iter()
            .flatten()
        {
            let Some(key) = file?
                .file_name()
                .to_str()
                .and_then(from_hex)
                .map(SessionKey::new)
            else {
                continue;
            };
            let held = self
                .live(&key, now)?
                .filter(|held| held.index.contains(entry));
            found.extend(held.map(|held| (key, held)));
        }
        Ok(found)
    }

    fn put(&self, key: &SessionKey, record: &Record) -> io::Result<()> {
        let before = self.held(key)?;
        for entry in &record.index {
            fs::create_dir_all(self.entry(entry))?;
            File::create(self.link(entry, key))?;
            sync(&self.entry(entry))?;
        }
        self.write(&self.session(key), &write_record(record))?;
        let left = before.into_iter().flat_map(|before| before.index);
        for entry in left.filter(|entry| !record.index.contains(entry)) {
            self.unlink(&entry, key)?;
        }
        Ok(())
    }

    fn remove(&self, key: &SessionKey) -> io::Result<()> {
        let before = self.held(key)?;
        present(fs::remove_file(self.session(key)))?;
        sync(&self.0.join("sessions"))?;
        for entry in before.into_iter().flat_map(|before| before.index) {
            self.unlink(&entry, key)?;
        }
        Ok(())
    }

    fn unlink(&self, entry: &IndexKey, key: &SessionKey) -> io::Result<()> {
        present(fs::remove_file(self.link(entry, key)))?;
        // It goes with the last of its sessions, and stays while there are others.
        let _others = fs::remove_dir(self.entry(entry));
        Ok(())
    }

    fn used_until(&self, path: &Path) -> io::Result<Option<Timestamp>> {
        let text = present(fs::read_to_string(path))?;
        let seconds = text.map(|text| text.parse().map_err(|_| damaged()));
        Ok(seconds.transpose()?.map(Timestamp::from_unix))
    }

    /// Writes a file beside its place, waits for the disk, and puts it there.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let beside = self.0.join("new");
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        path.parent().map_or(Ok(()), sync)
    }

    /// What is over, a line each; the first line counts how often the file was made anew.
    fn over(&self) -> io::Result<String> {
        let text = present(fs::read_to_string(self.0.join("over")))?;
        Ok(text.unwrap_or_else(|| "0\n".to_owned()))
    }

    fn append(&self, line: &str) -> io::Result<()> {
        let over = self.over()?;
        if !self.0.join("over").exists() {
            self.write(&self.0.join("over"), over.as_bytes())?;
        }
        // Half a line of a process that was killed was acknowledged to nobody, and ends here.
        let end = if over.ends_with('\n') { "" } else { "\n" };
        let mut file = OpenOptions::new().append(true).open(self.0.join("over"))?;
        file.write_all(format!("{end}{line}\n").as_bytes())?;
        file.sync_data()
    }

    fn revoked(&self, after: Option<&Position>, now: Timestamp) -> io::Result<Revoked> {
        let over = self.over()?;
        let (generation, all) = over.split_once('\n').unwrap_or((&over, ""));
        // From where the reader was, if that is a place in this very file.
        let seen = after.and_then(|after| after.as_str().split_once(' '));
        let seen = seen.filter(|(of, _)| *of == generation);
        let seen = seen.and_then(|(_, seen)| all.get(seen.parse().ok()?..));
        let new = seen.unwrap_or(all).lines().filter_map(revocation_of);
        Ok(Revoked {
            revocations: new.filter(|revocation| now < revocation.until).collect(),
            position: Position::new(format!("{generation} {}", all.len())),
            more: false,
        })
    }

    fn sweep(&self, now: Timestamp) -> io::Result<()> {
        for file in fs::read_dir(self.0.join("sessions"))? {
            let name = file?.file_name();
            let Some(key) = name.to_str().and_then(from_hex).map(SessionKey::new) else {
                continue;
            };
            if self.live(&key, now)?.is_none() {
                self.remove(&key)?;
            }
        }
        self.sweep_entries(now)?;
        for file in fs::read_dir(self.0.join("used"))? {
            let path = file?.path();
            if self.used_until(&path)?.is_some_and(|until| until <= now) {
                fs::remove_file(path)?;
            }
        }
        let over = self.over()?;
        let (generation, all) = over.split_once('\n').unwrap_or((&over, ""));
        let live = |line: &&str| revocation_of(line).is_some_and(|one| now < one.until);
        let left: Vec<&str> = all.lines().filter(live).collect();
        if left.len() < all.lines().count() {
            let next = generation.parse().unwrap_or(0_u64) + 1;
            let text = format!("{next}\n{}\n", left.join("\n"));
            self.write(&self.0.join("over"), text.as_bytes())?;
        }
        Ok(())
    }

    /// Removes what a process that was killed has left in the index.
    fn sweep_entries(&self, now: Timestamp) -> io::Result<()> {
        for folder in fs::read_dir(self.0.join("entries"))? {
            let name = folder?.file_name();
            let Some(entry) = name.to_str().and_then(from_hex).map(IndexKey::new) else {
                continue;
            };
            let found = self.found(&entry, now)?;
            for file in fs::read_dir(self.entry(&entry))? {
                let path = file?.path();
                if !found.iter().any(|(key, _)| self.link(&entry, key) == path) {
                    fs::remove_file(path)?;
                }
            }
            let _others = fs::remove_dir(self.entry(&entry));
        }
        Ok(())
    }
}

/// Waits until the disk has a folder's list of files.
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Makes nothing of what is not there.
fn present<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

fn damaged() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "a file is damaged")
}
