//! Two processes: one store value sends each call to one of two.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use codegrant_core::{Timestamp, TransactionId};
use codegrant_web::{
    Created, IndexKey, Position, Record, Replaced, Revocation, Revoked, SessionKey, SessionStore,
    StoreError,
};

/// Two values of one store that take turns, in an order without a pattern that is the same at each run.
pub(super) struct Two<S> {
    values: [S; 2],
    state: AtomicU64,
}

impl<S> Two<S> {
    pub(super) fn new((first, second): (S, S), seed: u64) -> Self {
        Self {
            values: [first, second],
            state: AtomicU64::new(seed),
        }
    }

    fn next(&self) -> &S {
        // The upper bits of a linear congruence have no short pattern.
        let step = |state: u64| state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        let state = self
            .state
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |state| {
                Some(step(state))
            });
        let state = state.unwrap_or_else(|state| state);
        &self.values[(state >> 63) as usize]
    }
}

#[async_trait]
impl<S: SessionStore> SessionStore for Two<S> {
    async fn create(
        &self,
        key: &SessionKey,
        record: Record,
        now: Timestamp,
    ) -> Result<Created, StoreError> {
        self.next().create(key, record, now).await
    }

    async fn load(&self, key: &SessionKey, now: Timestamp) -> Result<Option<Record>, StoreError> {
        self.next().load(key, now).await
    }

    async fn replace(
        &self,
        key: &SessionKey,
        expected: u64,
        record: Record,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        self.next().replace(key, expected, record, now).await
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), StoreError> {
        self.next().delete(key).await
    }

    async fn end_all(
        &self,
        entry: &IndexKey,
        issued_by: Timestamp,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.next().end_all(entry, issued_by, now).await
    }

    async fn list(
        &self,
        entry: &IndexKey,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<(SessionKey, Record)>, StoreError> {
        self.next().list(entry, limit, now).await
    }

    async fn revoke(&self, revocation: &Revocation, now: Timestamp) -> Result<(), StoreError> {
        self.next().revoke(revocation, now).await
    }

    async fn revoked(
        &self,
        after: Option<&Position>,
        now: Timestamp,
    ) -> Result<Revoked, StoreError> {
        self.next().revoked(after, now).await
    }

    async fn consume(
        &self,
        transaction: TransactionId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.next().consume(transaction, until, now).await
    }

    fn stays_in_process(&self) -> bool {
        self.values.iter().all(SessionStore::stays_in_process)
    }
}
