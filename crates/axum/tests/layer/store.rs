//! A session store that counts how often it is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use codegrant_axum::{
    MemoryStore, Record, Replaced, SessionKey, SessionStore, StoreError, Timestamp, TransactionId,
};

/// A store that counts how often it is asked, and can be switched off.
pub(crate) struct CountedStore {
    kept: MemoryStore,
    pub(crate) loads: AtomicUsize,
    pub(crate) down: AtomicBool,
}

impl CountedStore {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            kept: MemoryStore::new(100),
            loads: AtomicUsize::new(0),
            down: AtomicBool::new(false),
        })
    }

    fn kept(&self) -> Result<&MemoryStore, StoreError> {
        let up = !self.down.load(Ordering::SeqCst);
        let reason = "it is switched off".to_owned();
        up.then_some(&self.kept).ok_or(StoreError { reason })
    }
}

#[async_trait]
impl SessionStore for CountedStore {
    async fn create(
        &self,
        key: &SessionKey,
        record: Record,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.kept()?.create(key, record, now).await
    }

    async fn load(&self, key: &SessionKey, now: Timestamp) -> Result<Option<Record>, StoreError> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        self.kept()?.load(key, now).await
    }

    async fn replace(
        &self,
        key: &SessionKey,
        expected: u64,
        record: Record,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        self.kept()?.replace(key, expected, record, now).await
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), StoreError> {
        self.kept()?.delete(key).await
    }

    async fn consume(
        &self,
        transaction: TransactionId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.kept()?.consume(transaction, until, now).await
    }
}
