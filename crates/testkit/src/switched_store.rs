//! A session store for tests: it can be switched off, and it counts how often it is asked.

use std::ops::Sub;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use codegrant_core::{Timestamp, TransactionId};
use codegrant_web::{
    Created, IndexKey, MemoryStore, Position, Record, Replaced, Revocation, Revoked, SessionKey,
    SessionStore, StoreError,
};

/// Keeps sessions in memory, can be switched off, and counts; cheap to clone.
///
/// It stands for a server: what it is given is sealed, which a store in the app's own memory would not need.
///
/// Give a clone to the app and keep one, to see what your pages do while the store is down. Log in before
/// you switch it off: while it is off nobody can, also not with the feature `test`, which panics then.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use codegrant_testkit::{Site, SwitchedStore};
///
/// let store = SwitchedStore::new();
/// let given = store.clone();
/// let site = Site::builder().configure(|auth| auth.store(given)).build();
/// let mut browser = site.browser();
/// browser.log_in("op", "ada").await;
///
/// store.switch_off();
/// assert_eq!(browser.get("/orders").await.status, 503);
///
/// // Nobody was logged out by it.
/// store.switch_on();
/// let before = store.loads();
/// assert_eq!(browser.get("/orders").await.body, "Hello, Ada Lovelace!");
/// assert_eq!(store.loads(), before + 1);
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct SwitchedStore(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    sessions: MemoryStore,
    off: AtomicBool,
    silent: AtomicBool,
    operations: Mutex<Operations>,
}

/// How often a [`SwitchedStore`] was asked for what, answered or not.
///
/// One taken from another is what happened in between.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Operations {
    /// Of [`SessionStore::create`].
    pub create: usize,
    /// Of [`SessionStore::load`].
    pub load: usize,
    /// Of [`SessionStore::replace`].
    pub replace: usize,
    /// Of [`SessionStore::delete`].
    pub delete: usize,
    /// Of [`SessionStore::end_all`].
    pub end_all: usize,
    /// Of [`SessionStore::list`].
    pub list: usize,
    /// Of [`SessionStore::revoke`].
    pub revoke: usize,
    /// Of [`SessionStore::revoked`].
    pub revoked: usize,
    /// Of [`SessionStore::consume`].
    pub consume: usize,
}

impl Operations {
    /// Returns how many there are of all kinds.
    pub fn all(&self) -> usize {
        let records = self.create + self.load + self.replace + self.delete;
        records + self.end_all + self.list + self.revoke + self.revoked + self.consume
    }
}

impl Sub for Operations {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            create: self.create - before.create,
            load: self.load - before.load,
            replace: self.replace - before.replace,
            delete: self.delete - before.delete,
            end_all: self.end_all - before.end_all,
            list: self.list - before.list,
            revoke: self.revoke - before.revoke,
            revoked: self.revoked - before.revoked,
            consume: self.consume - before.consume,
        }
    }
}

impl SwitchedStore {
    /// Makes an empty store that works.
    pub fn new() -> Self {
        Self(Arc::new(Inner {
            sessions: MemoryStore::new(1_000),
            off: AtomicBool::new(false),
            silent: AtomicBool::new(false),
            operations: Mutex::default(),
        }))
    }

    /// Makes everything that it is asked from now on an error: "switched off".
    pub fn switch_off(&self) {
        self.0.off.store(true, Ordering::SeqCst);
    }

    /// Makes everything that it is asked from now on wait for ever, as behind a network that swallows packets.
    pub fn fall_silent(&self) {
        self.0.silent.store(true, Ordering::SeqCst);
    }

    /// Makes it work again, with the sessions that it had.
    pub fn switch_on(&self) {
        self.0.silent.store(false, Ordering::SeqCst);
        self.0.off.store(false, Ordering::SeqCst);
    }

    /// Counts the sessions that were looked up, in vain or not.
    pub fn loads(&self) -> usize {
        self.operations().load
    }

    /// Counts all that it was asked: look-ups, changes and used transactions.
    pub fn asked(&self) -> usize {
        self.operations().all()
    }

    /// Counts what it was asked by what it was.
    pub fn operations(&self) -> Operations {
        *self.counted()
    }

    fn counted(&self) -> MutexGuard<'_, Operations> {
        let counted = self.0.operations.lock();
        counted.unwrap_or_else(PoisonError::into_inner)
    }

    async fn sessions(
        &self,
        count: impl FnOnce(&mut Operations) -> &mut usize + Send,
    ) -> Result<&MemoryStore, StoreError> {
        *count(&mut self.counted()) += 1;
        if self.0.silent.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if self.0.off.load(Ordering::SeqCst) {
            let reason = "switched off".to_owned();
            return Err(StoreError { reason });
        }
        Ok(&self.0.sessions)
    }
}

impl Default for SwitchedStore {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl SessionStore for SwitchedStore {
    async fn create(
        &self,
        key: &SessionKey,
        record: Record,
        now: Timestamp,
    ) -> Result<Created, StoreError> {
        let sessions = self.sessions(|count| &mut count.create).await?;
        sessions.create(key, record, now).await
    }

    async fn load(&self, key: &SessionKey, now: Timestamp) -> Result<Option<Record>, StoreError> {
        let sessions = self.sessions(|count| &mut count.load).await?;
        sessions.load(key, now).await
    }

    async fn replace(
        &self,
        key: &SessionKey,
        expected: u64,
        record: Record,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        let sessions = self.sessions(|count| &mut count.replace).await?;
        sessions.replace(key, expected, record, now).await
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), StoreError> {
        let sessions = self.sessions(|count| &mut count.delete).await?;
        sessions.delete(key).await
    }

    async fn end_all(
        &self,
        entry: &IndexKey,
        issued_by: Timestamp,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let sessions = self.sessions(|count| &mut count.end_all).await?;
        sessions.end_all(entry, issued_by, now).await
    }

    async fn list(
        &self,
        entry: &IndexKey,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<(SessionKey, Record)>, StoreError> {
        let sessions = self.sessions(|count| &mut count.list).await?;
        sessions.list(entry, limit, now).await
    }

    async fn revoke(&self, revocation: &Revocation, now: Timestamp) -> Result<(), StoreError> {
        let sessions = self.sessions(|count| &mut count.revoke).await?;
        sessions.revoke(revocation, now).await
    }

    async fn revoked(
        &self,
        after: Option<&Position>,
        now: Timestamp,
    ) -> Result<Revoked, StoreError> {
        let sessions = self.sessions(|count| &mut count.revoked).await?;
        sessions.revoked(after, now).await
    }

    async fn consume(
        &self,
        transaction: TransactionId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let sessions = self.sessions(|count| &mut count.consume).await?;
        sessions.consume(transaction, until, now).await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;
    use crate::store_contract;

    const NOW: Timestamp = Timestamp::from_unix(1_000);

    #[tokio::test]
    async fn switched_on_it_keeps_the_contract_of_stores() {
        store_contract::holds(async || SwitchedStore::new()).await;
    }

    #[tokio::test]
    async fn switched_off_nothing_works_and_all_of_it_counts() {
        let store = SwitchedStore::new();
        let key = SessionKey::of_id("a session");
        let record = Record {
            sealed: [].into(),
            version: 0,
            expires_at: NOW.plus(60),
            index: Vec::new(),
            issued_at: NOW,
        };
        let created = store.create(&key, record.clone(), NOW).await;
        assert_eq!(created.unwrap(), Created::Yes);
        store.clone().switch_off();
        let used = TransactionId::of_state("a state");
        assert!(store.create(&key, record.clone(), NOW).await.is_err());
        assert!(store.load(&key, NOW).await.is_err());
        assert!(store.replace(&key, 0, record, NOW).await.is_err());
        assert!(store.delete(&key).await.is_err());
        let entry = IndexKey::new("an entry");
        assert!(store.end_all(&entry, NOW, NOW).await.is_err());
        assert!(store.list(&entry, 10, NOW).await.is_err());
        assert!(store.revoked(None, NOW).await.is_err());
        let revocation = Revocation {
            entry,
            issued_by: NOW,
            started_by: NOW,
            until: NOW.plus(60),
        };
        assert!(store.revoke(&revocation, NOW).await.is_err());
        assert!(store.consume(used, NOW.plus(60), NOW).await.is_err());
        assert_eq!((store.asked(), store.loads()), (10, 1));
        store.switch_on();
        assert!(store.load(&key, NOW).await.unwrap().is_some());
        assert_eq!((store.asked(), store.loads()), (11, 2));
    }
}
