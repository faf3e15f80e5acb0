//! Sessions in this process's memory: bounded, and gone with the process.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;
use codegrant_core::{Timestamp, TransactionId};

use super::expiring::{Expiring, Slot};
use super::fingerprint::{Fingerprint, Fingerprints};
use super::index::IndexKey;
use super::revocations::{Position, Revocation, Revoked};
use super::session_key::SessionKey;
use super::store::{Created, Record, Replaced, SessionStore, StoreError};

/// How much of the list of what is over one answer holds, so that nobody waits while all of it is copied.
const PART: usize = 1_000;

/// A store in memory, for one process.
///
/// It holds at most as many sessions as it is told; then the one that expires first makes room. Expired
/// ones go whenever something is written, a few at a time. Beside the record itself a session takes some 250 bytes.
/// What so many sessions took stays the process's when they have gone, for those that come after.
///
/// ```
/// use codegrant_web::MemoryStore;
/// let store = MemoryStore::new(10_000);
/// assert_eq!(store.len(), 0);
/// ```
// Nearly all that it is asked is a `load`, and one does not wait for another.
pub struct MemoryStore(RwLock<Held>);

struct Held {
    sessions: Expiring<SessionKey, Kept>,
    fingerprints: Fingerprints,
    /// Which sessions have an entry; every session that is held, and no other.
    index: BTreeSet<(Fingerprint, Slot)>,
    transactions: Expiring<TransactionId, ()>,
    /// By their number, which is the position.
    revocations: Expiring<u64, Revocation>,
    /// Those that are held, in order.
    numbers: BTreeMap<u64, Slot>,
    revoked: u64,
}

/// A record, with its entries as the index has them.
struct Kept {
    sealed: Arc<[u8]>,
    version: u64,
    issued_at: Timestamp,
    entries: Entries,
}

/// As many entries as our records have, or any number of them.
#[derive(Clone)]
enum Entries {
    Few(u8, [Fingerprint; Self::FEW]),
    Many(Box<[Fingerprint]>),
}

impl Entries {
    const FEW: usize = 3;

    fn of(index: &[IndexKey], fingerprints: &Fingerprints) -> Self {
        let mut all = index.iter().map(|entry| fingerprints.of(entry));
        if index.len() > Self::FEW {
            return Self::Many(all.collect());
        }
        let few = [(); Self::FEW].map(|()| all.next().unwrap_or_default());
        Self::Few(index.len() as u8, few)
    }

    fn as_slice(&self) -> &[Fingerprint] {
        match self {
            Self::Few(count, few) => &few[..usize::from(*count)],
            Self::Many(all) => all,
        }
    }
}

impl Kept {
    /// Returns it as it was given, but for its entries.
    fn record(&self, expires_at: Timestamp) -> Record {
        Record {
            sealed: self.sealed.clone(),
            version: self.version,
            expires_at,
            index: Vec::new(),
            issued_at: self.issued_at,
        }
    }
}

impl Held {
    fn keep(&mut self, key: &SessionKey, record: Record, now: Timestamp) {
        let entries = Entries::of(&record.index, &self.fingerprints);
        let kept = Kept {
            sealed: record.sealed,
            version: record.version,
            issued_at: record.issued_at,
            entries: entries.clone(),
        };
        let inserted = self
            .sessions
            .insert(key.clone(), kept, record.expires_at, now);
        // Before the new entries: the place of one that went may be taken again.
        for (slot, _, gone) in &inserted.gone {
            self.forget(*slot, &gone.entries);
        }
        for entry in entries.as_slice() {
            self.index.insert((*entry, inserted.slot));
        }
    }

    fn remove(&mut self, key: &SessionKey) -> bool {
        let gone = self.sessions.remove(key);
        if let Some((slot, kept)) = &gone {
            self.forget(*slot, &kept.entries);
        }
        gone.is_some()
    }

    fn forget(&mut self, slot: Slot, entries: &Entries) {
        for entry in entries.as_slice() {
            self.index.remove(&(*entry, slot));
        }
    }

    /// Finds the live sessions that have an entry.
    fn found(
        &self,
        entry: &IndexKey,
        now: Timestamp,
    ) -> impl Iterator<Item = (&SessionKey, &Kept, Timestamp)> {
        let entry = self.fingerprints.of(entry);
        let places = self.index.range((entry, Slot::FIRST)..=(entry, Slot::LAST));
        places.filter_map(move |(_, slot)| self.sessions.live_at(*slot, now))
    }
}

impl MemoryStore {
    /// Makes a store for at most `capacity` sessions, and as many used transactions.
    pub fn new(capacity: usize) -> Self {
        Self(RwLock::new(Held {
            sessions: Expiring::new(capacity),
            fingerprints: Fingerprints::new(),
            index: BTreeSet::new(),
            transactions: Expiring::new(capacity),
            revocations: Expiring::new(capacity),
            numbers: BTreeMap::new(),
            revoked: 0,
        }))
    }

    /// Returns how many sessions are held, expired ones included.
    pub fn len(&self) -> usize {
        self.held().sessions.len()
    }

    /// Tells whether no session is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A panic elsewhere cannot leave the maps half changed, so a poisoned lock is taken all the same.
    fn held(&self) -> RwLockReadGuard<'_, Held> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`MemoryStore::held`], for whoever changes something.
    fn held_alone(&self) -> RwLockWriteGuard<'_, Held> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SessionStore for MemoryStore {
    async fn create(
        &self,
        key: &SessionKey,
        record: Record,
        now: Timestamp,
    ) -> Result<Created, StoreError> {
        let mut held = self.held_alone();
        if held.sessions.live(key, now).is_some() {
            return Ok(Created::No);
        }
        held.keep(key, record, now);
        Ok(Created::Yes)
    }

    async fn load(&self, key: &SessionKey, now: Timestamp) -> Result<Option<Record>, StoreError> {
        let held = self.held();
        let live = held.sessions.live_until(key, now);
        Ok(live.map(|(kept, expires_at)| kept.record(expires_at)))
    }

    async fn replace(
        &self,
        key: &SessionKey,
        expected: u64,
        record: Record,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        let mut held = self.held_alone();
        match held.sessions.live(key, now) {
            Some(stored) if stored.version == expected => {
                held.keep(key, record, now);
                Ok(Replaced::Yes)
            }
            _ => Ok(Replaced::No),
        }
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), StoreError> {
        self.held_alone().remove(key);
        Ok(())
    }

    async fn end_all(
        &self,
        entry: &IndexKey,
        issued_by: Timestamp,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let mut held = self.held_alone();
        let found = held.found(entry, now);
        let over = found.filter(|(_, kept, _)| kept.issued_at <= issued_by);
        let over: Vec<SessionKey> = over.map(|(key, ..)| key.clone()).collect();
        Ok(over.iter().filter(|key| held.remove(key)).count())
    }

    async fn list(
        &self,
        entry: &IndexKey,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<(SessionKey, Record)>, StoreError> {
        let held = self.held();
        let found = held.found(entry, now);
        let live = found.map(|(key, kept, expires_at)| (key.clone(), kept.record(expires_at)));
        Ok(live.take(limit).collect())
    }

    async fn revoke(&self, revocation: &Revocation, now: Timestamp) -> Result<(), StoreError> {
        let mut held = self.held_alone();
        let number = held.revoked;
        held.revoked += 1;
        let until = revocation.until;
        let inserted = held
            .revocations
            .insert(number, revocation.clone(), until, now);
        for (_, gone, _) in &inserted.gone {
            held.numbers.remove(gone);
        }
        held.numbers.insert(number, inserted.slot);
        Ok(())
    }

    async fn revoked(
        &self,
        after: Option<&Position>,
        now: Timestamp,
    ) -> Result<Revoked, StoreError> {
        let held = self.held();
        let first = after.map_or(Ok(0), |after| after.as_str().parse::<u64>());
        let first = first.map_err(|_| StoreError {
            reason: "a position that this store did not give".to_owned(),
        })?;
        let mut numbers = held.numbers.range(first..);
        let part = numbers.by_ref().take(PART);
        let live = part.filter_map(|(_, slot)| held.revocations.live_at(*slot, now));
        let revocations = live.map(|(_, revocation, _)| revocation.clone()).collect();
        let next = numbers.next().map(|(number, _)| *number);
        Ok(Revoked {
            revocations,
            position: Position::new(next.unwrap_or(held.revoked).to_string()),
            more: next.is_some(),
        })
    }

    async fn consume(
        &self,
        transaction: TransactionId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut held = self.held_alone();
        let first = held.transactions.live(&transaction, now).is_none();
        if first {
            held.transactions.insert(transaction, (), until, now);
        }
        Ok(first)
    }

    fn stays_in_process(&self) -> bool {
        true
    }
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStore")
            .field("sessions", &self.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_entry_goes_with_its_last_session() {
        let store = MemoryStore::new(2);
        let now = Timestamp::from_unix(1_000);
        let entry = IndexKey::new("an entry");
        let record = |version, entries: &[IndexKey]| Record {
            sealed: [].into(),
            version,
            expires_at: now.plus(60),
            index: entries.to_vec(),
            issued_at: now,
        };
        let key = |number: usize| SessionKey::of_id(&number.to_string());
        for number in 0..100 {
            let entries = [entry.clone(), IndexKey::new(number.to_string())];
            let created = store.create(&key(number), record(0, &entries), now).await;
            assert_eq!(created, Ok(Created::Yes));
        }
        assert_eq!(store.held().index.len(), 4, "two of each session");
        let other = IndexKey::new("another entry");
        let change = record(1, std::slice::from_ref(&other));
        let replaced = store.replace(&key(99), 0, change, now).await.unwrap();
        assert_eq!(replaced, Replaced::Yes);
        store.delete(&key(98)).await.unwrap();
        assert_eq!(store.held().index.len(), 1);
        assert_eq!(store.end_all(&entry, now, now).await.unwrap(), 0);
        assert_eq!(store.end_all(&other, now, now).await.unwrap(), 1);
        assert!(store.held().index.is_empty() && store.is_empty());
    }

    #[tokio::test]
    async fn any_number_of_entries_finds_a_session_until_it_goes() {
        let store = MemoryStore::new(10);
        let now = Timestamp::from_unix(1_000);
        for count in 0..10 {
            let entries: Vec<IndexKey> = (0..count).map(|n| IndexKey::new(n.to_string())).collect();
            let record = Record {
                sealed: [].into(),
                version: 0,
                expires_at: now.plus(60),
                index: entries.clone(),
                issued_at: now,
            };
            let key = SessionKey::of_id(&count.to_string());
            let created = store.create(&key, record, now).await;
            assert_eq!(created, Ok(Created::Yes));
            for entry in &entries {
                assert_eq!(store.list(entry, 10, now).await.unwrap().len(), 1);
            }
            assert_eq!(store.held().index.len(), count);
            store.delete(&key).await.unwrap();
            assert!(store.held().index.is_empty());
        }
    }

    #[tokio::test]
    async fn a_long_list_of_what_is_over_comes_in_parts_without_gaps() {
        let store = MemoryStore::new(5_000);
        let now = Timestamp::from_unix(1_000);
        for number in 0..(PART as i64 * 3) {
            let revocation = Revocation {
                entry: IndexKey::new(number.to_string()),
                issued_by: now,
                started_by: now,
                until: now.plus(1 + number % 2 * 60),
            };
            store.revoke(&revocation, now).await.unwrap();
        }
        let later = now.plus(1);
        let (mut position, mut seen, mut asked) = (None, Vec::new(), 0);
        loop {
            let part = store.revoked(position.as_ref(), later).await.unwrap();
            seen.extend(part.revocations.into_iter().map(|one| one.entry));
            (position, asked) = (Some(part.position), asked + 1);
            if !part.more {
                break;
            }
        }
        let odd = (0..PART * 3).filter(|number| number % 2 == 1);
        let odd: Vec<IndexKey> = odd
            .map(|number| IndexKey::new(number.to_string()))
            .collect();
        assert_eq!((seen, asked), (odd, 3));
    }
}
