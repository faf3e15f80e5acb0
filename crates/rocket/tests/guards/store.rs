//! A session store that counts how often it is asked, and that can be switched off.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use codegrant_rocket::{
    MemoryStore, Record, Replaced, SessionKey, SessionStore, StoreError, Timestamp, TransactionId,
};

pub(crate) struct Watched {
    memory: MemoryStore,
    loads: AtomicUsize,
    down: AtomicBool,
}

impl Watched {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            memory: MemoryStore::new(100),
            loads: AtomicUsize::new(0),
            down: AtomicBool::new(false),
        })
    }

    /// Returns how many sessions were asked for since the last time.
    pub(crate) fn loads(&self) -> usize {
        self.loads.swap(0, Ordering::SeqCst)
    }

    pub(crate) fn switch_off(&self) {
        self.down.store(true, Ordering::SeqCst);
    }
}

#[rocket::async_trait]
impl SessionStore for Watched {
    async fn create(
        &self,
        key: &SessionKey,
        record: Record,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.memory.create(key, record, now).await
    }

    async fn load(&self, key: &SessionKey, now: Timestamp) -> Result<Option<Record>, StoreError> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        if self.down.load(Ordering::SeqCst) {
            let reason = "switched off".to_owned();
            return Err(StoreError { reason });
        }
        self.memory.load(key, now).await
    }

    async fn replace(
        &self,
        key: &SessionKey,
        expected: u64,
        record: Record,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        self.memory.replace(key, expected, record, now).await
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), StoreError> {
        self.memory.delete(key).await
    }

    async fn consume(
        &self,
        transaction: TransactionId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.memory.consume(transaction, until, now).await
    }
}
