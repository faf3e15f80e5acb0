//! A session store that can be switched off, and that counts how often it was asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use codegrant_core::TransactionId;
use codegrant_web::{
    MemoryStore, Record, Replaced, SessionKey, SessionStore, StoreError, Timestamp,
};

#[derive(Clone)]
pub(in crate::contract) struct SwitchedStore(Arc<Inner>);

struct Inner {
    memory: MemoryStore,
    down: AtomicBool,
    asked: AtomicUsize,
}

impl SwitchedStore {
    pub(super) fn new() -> Self {
        Self(Arc::new(Inner {
            memory: MemoryStore::new(100),
            down: AtomicBool::new(false),
            asked: AtomicUsize::new(0),
        }))
    }

    pub(in crate::contract) fn set_down(&self, down: bool) {
        self.0.down.store(down, Ordering::SeqCst);
    }

    pub(in crate::contract) fn asked(&self) -> usize {
        self.0.asked.load(Ordering::SeqCst)
    }

    fn memory(&self) -> Result<&MemoryStore, StoreError> {
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        if self.0.down.load(Ordering::SeqCst) {
            let reason = "switched off".to_owned();
            return Err(StoreError { reason });
        }
        Ok(&self.0.memory)
    }
}

#[async_trait]
impl SessionStore for SwitchedStore {
    async fn create(
        &self,
        key: &SessionKey,
        record: Record,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.memory()?.create(key, record, now).await
    }

    async fn load(&self, key: &SessionKey, now: Timestamp) -> Result<Option<Record>, StoreError> {
        self.memory()?.load(key, now).await
    }

    async fn replace(
        &self,
        key: &SessionKey,
        expected: u64,
        record: Record,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        self.memory()?.replace(key, expected, record, now).await
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), StoreError> {
        self.memory()?.delete(key).await
    }

    async fn consume(
        &self,
        transaction: TransactionId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.memory()?.consume(transaction, until, now).await
    }
}
