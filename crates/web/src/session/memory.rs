//! Sessions in this process's memory: bounded, and gone with the process.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use codegrant_core::{Timestamp, TransactionId};

use super::index::IndexKey;
use super::revocations::{Position, Revocation, Revoked};
use super::store::{Created, Record, Replaced, SessionKey, SessionStore, StoreError};

/// A store in memory, for one process.
///
/// It holds at most as many sessions as it is told; then the one that expires first makes room. Expired
/// ones go whenever something is written.
///
/// ```
/// use codegrant_web::MemoryStore;
/// let store = MemoryStore::new(10_000);
/// assert_eq!(store.len(), 0);
/// ```
pub struct MemoryStore(Mutex<Held>);

struct Held {
    sessions: Expiring<SessionKey, Record>,
    /// Which sessions have an entry; every session that is held, and no other.
    index: HashMap<IndexKey, HashSet<SessionKey>>,
    transactions: Expiring<TransactionId, ()>,
    /// By their number, which is the position.
    revocations: Expiring<u64, Revocation>,
    revoked: u64,
}

impl Held {
    fn keep(&mut self, key: &SessionKey, record: Record, now: Timestamp) {
        for entry in &record.index {
            let sessions = self.index.entry(entry.clone()).or_default();
            sessions.insert(key.clone());
        }
        let (expires, index) = (record.expires_at, record.index.clone());
        for (gone, before) in self.sessions.insert(key.clone(), record, expires, now) {
            // What was replaced is gone as well, and the entries that it shares with the new one stay.
            let stays = |entry: &IndexKey| gone == *key && index.contains(entry);
            self.forget(&gone, before.index.iter().filter(|entry| !stays(entry)));
        }
    }

    fn remove(&mut self, key: &SessionKey) -> bool {
        let gone = self.sessions.remove(key);
        if let Some(record) = &gone {
            self.forget(key, record.index.iter());
        }
        gone.is_some()
    }

    fn forget<'a>(&mut self, key: &SessionKey, entries: impl Iterator<Item = &'a IndexKey>) {
        for entry in entries {
            if let Some(sessions) = self.index.get_mut(entry) {
                sessions.remove(key);
                if sessions.is_empty() {
                    self.index.remove(entry);
                }
            }
        }
    }
}

impl MemoryStore {
    /// Makes a store for at most `capacity` sessions, and as many used transactions.
    pub fn new(capacity: usize) -> Self {
        Self(Mutex::new(Held {
            sessions: Expiring::new(capacity),
            index: HashMap::new(),
            transactions: Expiring::new(capacity),
            revocations: Expiring::new(capacity),
            revoked: 0,
        }))
    }

    /// Returns how many sessions are held, expired ones included.
    pub fn len(&self) -> usize {
        self.held().sessions.entries.len()
    }

    /// Tells whether no session is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A panic elsewhere cannot leave the maps half changed, so a poisoned lock is taken all the same.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
        let mut held = self.held();
        if held.sessions.live(key, now).is_some() {
            return Ok(Created::No);
        }
        held.keep(key, record, now);
        Ok(Created::Yes)
    }

    async fn load(&self, key: &SessionKey, now: Timestamp) -> Result<Option<Record>, StoreError> {
        Ok(self.held().sessions.live(key, now).cloned())
    }

    async fn replace(
        &self,
        key: &SessionKey,
        expected: u64,
        record: Record,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        let mut held = self.held();
        match held.sessions.live(key, now) {
            Some(stored) if stored.version == expected => {
                held.keep(key, record, now);
                Ok(Replaced::Yes)
            }
            _ => Ok(Replaced::No),
        }
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), StoreError> {
        self.held().remove(key);
        Ok(())
    }

    async fn end_all(
        &self,
        entry: &IndexKey,
        issued_by: Timestamp,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let mut held = self.held();
        let found = held.index.get(entry).cloned().unwrap_or_default();
        let over = |key: &SessionKey| {
            let live = held.sessions.live(key, now);
            live.is_some_and(|record| record.issued_at <= issued_by)
        };
        let over: Vec<SessionKey> = found.into_iter().filter(over).collect();
        Ok(over.iter().filter(|key| held.remove(key)).count())
    }

    async fn list(
        &self,
        entry: &IndexKey,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<(SessionKey, Record)>, StoreError> {
        let held = self.held();
        let found = held.index.get(entry).into_iter().flatten();
        let live =
            found.filter_map(|key| Some((key.clone(), held.sessions.live(key, now)?.clone())));
        Ok(live.take(limit).collect())
    }

    async fn revoke(&self, revocation: &Revocation, now: Timestamp) -> Result<(), StoreError> {
        let mut held = self.held();
        let number = held.revoked;
        held.revoked += 1;
        held.revocations
            .insert(number, revocation.clone(), revocation.until, now);
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
        let new = (first..held.revoked).filter_map(|number| held.revocations.live(&number, now));
        Ok(Revoked {
            revocations: new.cloned().collect(),
            position: Position::new(held.revoked.to_string()),
            more: false,
        })
    }

    async fn consume(
        &self,
        transaction: TransactionId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut held = self.held();
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

/// A bounded map whose entries expire; the next to expire is always at hand.
pub(crate) struct Expiring<K, V> {
    capacity: usize,
    entries: HashMap<K, (V, Timestamp, u64)>,
    /// When each entry expires, in order; the number tells entries of the same second apart.
    order: BTreeSet<(Timestamp, u64)>,
    names: HashMap<u64, K>,
    next: u64,
}

impl<K: Hash + Eq + Clone, V> Expiring<K, V> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(1),
            entries: HashMap::new(),
            order: BTreeSet::new(),
            names: HashMap::new(),
            next: 0,
        }
    }

    /// Returns every value, expired ones included.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.values().map(|(value, ..)| value)
    }

    pub(crate) fn live(&self, key: &K, now: Timestamp) -> Option<&V> {
        self.entries
            .get(key)
            .filter(|(_, expires, _)| now < *expires)
            .map(|(value, _, _)| value)
    }

    /// Returns a value and when it expires.
    pub(crate) fn live_until(&self, key: &K, now: Timestamp) -> Option<(&V, Timestamp)> {
        self.entries
            .get(key)
            .filter(|(_, expires, _)| now < *expires)
            .map(|(value, expires, _)| (value, *expires))
    }

    /// Puts a value in, and returns what went for it: the key's value before, what had expired, and what had
    /// to make room.
    pub(crate) fn insert(
        &mut self,
        key: K,
        value: V,
        expires: Timestamp,
        now: Timestamp,
    ) -> Vec<(K, V)> {
        let mut gone = Vec::new();
        gone.extend(self.remove(&key).map(|before| (key.clone(), before)));
        while let Some(&(first, number)) = self.order.first() {
            if now < first && self.entries.len() < self.capacity {
                break;
            }
            if let Some(key) = self.names.get(&number).cloned() {
                gone.extend(self.remove(&key).map(|before| (key, before)));
            }
        }
        let number = self.next;
        self.next += 1;
        self.order.insert((expires, number));
        self.names.insert(number, key.clone());
        self.entries.insert(key, (value, expires, number));
        gone
    }

    fn remove(&mut self, key: &K) -> Option<V> {
        let (value, expires, number) = self.entries.remove(key)?;
        self.order.remove(&(expires, number));
        self.names.remove(&number);
        Some(value)
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
        assert_eq!(
            store.held().index.len(),
            3,
            "two sessions share one of three"
        );
        let other = IndexKey::new("another entry");
        let change = record(1, std::slice::from_ref(&other));
        let replaced = store.replace(&key(99), 0, change, now).await.unwrap();
        assert_eq!(replaced, Replaced::Yes);
        store.delete(&key(98)).await.unwrap();
        assert_eq!(store.held().index.keys().collect::<Vec<_>>(), [&other]);
        assert_eq!(store.end_all(&other, now, now).await.unwrap(), 1);
        assert!(store.held().index.is_empty() && store.is_empty());
    }
}
