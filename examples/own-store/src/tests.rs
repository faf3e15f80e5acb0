//! The store is held to what every store is held to, and its process is killed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use codegrant_axum::{
    Created, IndexKey, Record, Revocation, SessionKey, SessionStore as _, Timestamp,
};
use codegrant_testkit::{Site, store_contract};

use crate::folder::FolderStore;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

/// A folder of one test, gone when the test is.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("own-store-{}-{number}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    fn open(&self) -> FolderStore {
        FolderStore::open(&self.0).unwrap()
    }

    fn files(&self, name: &str) -> usize {
        std::fs::read_dir(self.0.join(name)).unwrap().count()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _left = std::fs::remove_dir_all(&self.0);
    }
}

fn record(entries: &[&str]) -> Record {
    Record {
        sealed: (*b"sealed").into(),
        version: 0,
        expires_at: NOW.plus(60),
        index: entries.iter().map(|&entry| IndexKey::new(entry)).collect(),
        issued_at: NOW,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn folder_keeps_the_contract_of_stores() {
    let folder = Folder::new();
    store_contract::holds(async || folder.open()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_keep_it_together() {
    let folder = Folder::new();
    store_contract::holds_for_two(async || (folder.open(), folder.open())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_for_whoever_opens_it() {
    let folder = Folder::new();
    // It keeps nothing outside its files, so that a process that ends takes nothing with it.
    store_contract::survives(async || folder.open(), async || {}).await;
}

/// Names the folder in which this very program plays the process that is killed.
const KILLED: &str = "OWN_STORE_KILLED";

#[tokio::test]
async fn killed_process_leaves_every_session_whole_and_every_acknowledged_one_there() {
    if let Some(folder) = std::env::var_os(KILLED) {
        return write_until_killed(Path::new(&folder)).await;
    }
    let folder = Folder::new();
    let person = IndexKey::new("a person");
    let mut kept = Vec::new();
    for round in 1..=5 {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["killed_process", "--nocapture"])
            .env(KILLED, &folder.0)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let keys = lines.map_while(Result::ok).filter_map(|line| {
            let key = line.split_once("kept ")?.1;
            Some(SessionKey::new(key))
        });
        kept.extend(keys.take(7 * round));
        process.kill().unwrap();
        process.wait().unwrap();
        let store = folder.open();
        for key in &kept {
            assert_eq!(
                store.load(key, NOW).await.unwrap(),
                Some(record(&["a person"]))
            );
        }
        let listed = store.list(&person, 10_000, NOW).await.unwrap();
        assert!(
            kept.iter()
                .all(|key| listed.iter().any(|(listed, _)| listed == key))
        );
        assert_eq!(
            listed.len(),
            folder.files("sessions"),
            "found, if and only if there"
        );
    }
    let all = folder.open().end_all(&person, NOW, NOW).await.unwrap();
    assert!(all >= kept.len());
    folder.open().sweep(NOW).await.unwrap();
    assert_eq!((folder.files("sessions"), folder.files("entries")), (0, 0));
}

async fn write_until_killed(folder: &Path) {
    let store = FolderStore::open(folder).unwrap();
    for number in 0.. {
        let key = SessionKey::of_id(&format!("{}.{number}", std::process::id()));
        let created = store.create(&key, record(&["a person"]), NOW).await;
        assert_eq!(created, Ok(Created::Yes));
        let mut output = std::io::stdout().lock();
        // Nobody reads any longer: the other process has ended, and so does this one.
        if writeln!(output, "kept {}", key.as_str()).is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn half_a_line_is_passed_over() {
    let folder = Folder::new();
    let store = folder.open();
    let over = |entry: &str| Revocation {
        entry: IndexKey::new(entry),
        issued_by: NOW,
        started_by: NOW,
        until: NOW.plus(60),
    };
    store.revoke(&over("first"), NOW).await.unwrap();
    let path = folder.0.join("over");
    let mut file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(b"7365636f6e64 18000").unwrap();
    let position = store.revoked(None, NOW).await.unwrap().position;
    store.revoke(&over("third"), NOW).await.unwrap();
    let all = store.revoked(None, NOW).await.unwrap();
    assert_eq!(all.revocations, [over("first"), over("third")]);
    let new = store.revoked(Some(&position), NOW).await.unwrap();
    assert_eq!(new.revocations, [over("third")]);
    store.sweep(NOW.plus(59)).await.unwrap();
    store.revoke(&over("fourth"), NOW).await.unwrap();
    let again = store.revoked(Some(&all.position), NOW).await.unwrap();
    assert!(
        again.revocations.contains(&over("fourth")),
        "the file is another one"
    );
    store.sweep(NOW.plus(60)).await.unwrap();
    assert_eq!(store.revoked(None, NOW).await.unwrap().revocations, []);
}

#[tokio::test]
async fn what_has_expired_is_swept_with_all_that_belongs_to_it() {
    let folder = Folder::new();
    let store = folder.open();
    for (name, seconds) in [("short", 60), ("long", 61)] {
        let record = Record {
            expires_at: NOW.plus(seconds),
            ..record(&[name, "both"])
        };
        let created = store.create(&SessionKey::of_id(name), record, NOW).await;
        assert_eq!(created, Ok(Created::Yes));
        let transaction = codegrant_axum::TransactionId::of_state(name);
        assert!(
            store
                .consume(transaction, NOW.plus(seconds), NOW)
                .await
                .unwrap()
        );
    }
    let files = || ["sessions", "entries", "used"].map(|name| folder.files(name));
    assert_eq!(files(), [2, 3, 2]);
    store.sweep(NOW.plus(59)).await.unwrap();
    assert_eq!(files(), [2, 3, 2]);
    store.sweep(NOW.plus(60)).await.unwrap();
    assert_eq!(files(), [1, 2, 1]);
    assert!(
        store
            .load(&SessionKey::of_id("long"), NOW)
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn whoever_is_logged_in_stays_so_when_the_store_is_opened_again() {
    let folder = Folder::new();
    let store = folder.open();
    let site = Site::builder().configure(|auth| auth.store(store)).build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    assert_eq!(browser.get("/orders").await.body, "Hello, Ada Lovelace!");
    assert_eq!(folder.files("sessions"), 1);
    let person = std::fs::read_dir(folder.0.join("entries")).unwrap().count();
    assert!(person >= 1, "a log-out finds it");
}
