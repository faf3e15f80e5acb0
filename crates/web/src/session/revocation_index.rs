//! The revocation index: what is over, shared by all processes of an app, and how old this one's copy may be.
//!
//! A sealed session asks no store. Each process holds a copy of the index, which is small: it has what was ended
//! and could still be alive. A copy older than half its bound is read again in the background; no request is
//! answered by one older than the bound, it waits, and is refused where the store does not answer. So a session
//! that was ended anywhere is refused everywhere after that many seconds at the latest.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use codegrant_core::Timestamp;
use tokio::time::Instant;

use super::allowance::Allowance;
use super::ended::{Ended, Entries};
use super::record::SessionData;
use super::revocations::{Position, Revocation};
use super::store::{SessionStore, StoreError};
use crate::seal::KeyRing;

/// How old the copy may be that a request is judged by, in seconds, where the app says nothing.
pub(crate) const BOUND_SECONDS: i64 = 5;

/// For how long a store that has just failed is not asked again, in seconds.
const FAILURE_SECONDS: i64 = 1;

/// How long a store may take for one part of it; most give up sooner by themselves.
const PATIENCE: Duration = Duration::from_secs(10);

/// The most parts that one reading takes: a store that has always more holds nobody up for ever.
const PARTS: usize = 10_000;

/// What is over, here and wherever the index is shared.
#[derive(Clone)]
pub(super) struct RevocationIndex(Arc<Inner>);

struct Inner {
    ended: Ended,
    claims: Allowance,
    store: Option<Arc<dyn SessionStore>>,
    bound_seconds: i64,
    read: Mutex<Read>,
    /// Whoever holds it reads; the others wait or go on with what there is.
    reading: tokio::sync::Mutex<()>,
}

/// How far the copy goes.
#[derive(Default)]
struct Read {
    position: Option<Position>,
    at: Option<Timestamp>,
    failed: Option<Failure>,
}

/// Why the last reading came to nothing.
struct Failure {
    /// When the store was asked, by the app's clock.
    at: Timestamp,
    /// When it was known.
    known: Instant,
    error: StoreError,
}

impl Read {
    /// Returns how old the copy is; a clock that was set back makes it worthless.
    fn age(&self, now: Timestamp) -> Option<i64> {
        let age = now.seconds_since(self.at?);
        (age >= 0).then_some(age)
    }

    /// Returns the failure that somebody who has waited since then would only wait for once more.
    fn failed_since(&self, came: Instant) -> Option<StoreError> {
        let failed = self.failed.as_ref()?;
        (came < failed.known).then(|| failed.error.clone())
    }

    /// Returns the failure of a moment ago.
    fn has_just_failed(&self, now: Timestamp) -> Option<StoreError> {
        let failed = self.failed.as_ref()?;
        let since = now.seconds_since(failed.at);
        (0..FAILURE_SECONDS)
            .contains(&since)
            .then(|| failed.error.clone())
    }
}

impl RevocationIndex {
    pub(super) fn new(store: Option<Arc<dyn SessionStore>>, bound_seconds: i64) -> Self {
        Self(Arc::new(Inner {
            ended: Ended::new(),
            claims: Allowance::new(),
            store,
            bound_seconds,
            read: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
        }))
    }

    /// Ends what an entry finds, here at once and everywhere within the bound.
    pub(super) async fn revoke(
        &self,
        revocation: &Revocation,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.0.ended.take(revocation, now);
        match &self.0.store {
            Some(store) => store.revoke(revocation, now).await,
            None => Ok(()),
        }
    }

    /// Ends what somebody says is over and nobody proved: here, and everywhere as long as there are not too many.
    pub(super) async fn revoke_claimed(
        &self,
        revocation: &Revocation,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if self.is_shared() && self.0.claims.take(now) {
            return self.revoke(revocation, now).await;
        }
        self.revoke_here(revocation, now);
        Ok(())
    }

    /// Ends it in this process only.
    pub(super) fn revoke_here(&self, revocation: &Revocation, now: Timestamp) {
        self.0.ended.take(revocation, now);
    }

    /// Tells whether other processes learn of what is ended here.
    pub(super) fn is_shared(&self) -> bool {
        self.0.store.is_some()
    }

    pub(super) fn ended(&self) -> &Ended {
        &self.0.ended
    }

    /// Tells whether a session that began at `started_at` is over, by the copy as it is.
    pub(super) fn has(
        &self,
        data: &SessionData,
        entries: &Entries,
        started_at: Timestamp,
        ring: &KeyRing,
        now: Timestamp,
    ) -> bool {
        self.0.ended.has(data, entries, started_at, ring, now)
    }

    /// Sees to it that the copy is not older than the bound.
    ///
    /// # Errors
    ///
    /// When it is, and the store does not work.
    pub(super) async fn keep_up(&self, now: Timestamp) -> Result<(), StoreError> {
        if self.0.store.is_none() {
            return Ok(());
        }
        let age = self.0.read().age(now);
        match age {
            Some(age) if age * 2 < self.0.bound_seconds => Ok(()),
            Some(age) if age < self.0.bound_seconds => {
                self.read_in_background(now);
                Ok(())
            }
            // In a box: it is rare, and what it needs would be part of every request.
            _ => Box::pin(self.read(now)).await,
        }
    }

    /// Waits for a copy that is young enough: somebody else may be reading it.
    async fn read(&self, now: Timestamp) -> Result<(), StoreError> {
        let came = Instant::now();
        let _reading = self.0.turn().await?;
        {
            let read = self.0.read();
            if read.age(now).is_some_and(|age| age < self.0.bound_seconds) {
                return Ok(());
            }
            // A store that is down is not asked once for each request that waits, one after the other.
            let failed = read.failed_since(came);
            if let Some(error) = failed.or_else(|| read.has_just_failed(now)) {
                return Err(error);
            }
        }
        self.0.read_on(now).await
    }

    /// Reads what is new, whatever was read before.
    pub(super) async fn read_now(&self, now: Timestamp) -> Result<(), StoreError> {
        if self.0.store.is_none() {
            return Ok(());
        }
        let came = Instant::now();
        let _reading = self.0.turn().await?;
        if let Some(error) = self.0.read().failed_since(came) {
            return Err(error);
        }
        self.0.read_on(now).await
    }

    fn read_in_background(&self, now: Timestamp) {
        let inner = self.0.clone();
        drop(tokio::spawn(async move {
            let Ok(_reading) = inner.reading.try_lock() else {
                return;
            };
            // Of many requests at the same moment one asks the store.
            if inner.has_just_asked(now) {
                return;
            }
            if let Err(error) = inner.read_on(now).await {
                tracing::warn!(
                    target: "codegrant", event = "revocations.not_read", reason = error.reason,
                    bound_seconds = inner.bound_seconds,
                    remedy = "look at the store: sealed sessions are refused once what is known is too old"
                );
            }
        }));
    }
}

impl Inner {
    /// Tells whether the store was asked moments ago, whatever it said.
    fn has_just_asked(&self, now: Timestamp) -> bool {
        let read = self.read();
        let answered = read
            .age(now)
            .is_some_and(|age| age * 2 < self.bound_seconds);
        answered || read.has_just_failed(now).is_some()
    }

    /// Waits for whoever reads, and no longer than for a store: with several runtimes in a process, as Actix-web
    /// has them, one whose thread is blocked must not hold up the others.
    async fn turn(&self) -> Result<tokio::sync::MutexGuard<'_, ()>, StoreError> {
        let turn = tokio::time::timeout(PATIENCE, self.reading.lock()).await;
        turn.map_err(|_| silent())
    }

    /// Reads from where the copy ends; called by whoever holds `reading`.
    async fn read_on(&self, now: Timestamp) -> Result<(), StoreError> {
        let Some(store) = &self.store else {
            return Ok(());
        };
        for _ in 0..PARTS {
            let position = self.read().position.clone();
            let asked = store.revoked(position.as_ref(), now);
            // Everybody waits for whoever reads, so that one answer that never comes would hold all of them up.
            let answer = tokio::time::timeout(PATIENCE, asked).await;
            let revoked = match answer.unwrap_or_else(|_| Err(silent())) {
                Ok(revoked) => revoked,
                Err(error) => {
                    self.read().failed = Some(Failure {
                        at: now,
                        known: Instant::now(),
                        error: error.clone(),
                    });
                    return Err(error);
                }
            };
            for revocation in &revoked.revocations {
                self.ended.take(revocation, now);
            }
            let mut read = self.read();
            read.position = Some(revoked.position);
            if !revoked.more {
                break;
            }
        }
        let mut read = self.read();
        read.at = Some(now);
        read.failed = None;
        Ok(())
    }

    /// A panic elsewhere cannot leave it half changed, so a poisoned lock is taken all the same.
    fn read(&self) -> MutexGuard<'_, Read> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn silent() -> StoreError {
    let seconds = PATIENCE.as_secs();
    StoreError {
        reason: format!("no answer within {seconds} seconds to what is over"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::MemoryStore;

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_is_stuck_holds_nobody_up_for_ever() {
        let store: Arc<dyn SessionStore> = Arc::new(MemoryStore::new(10));
        let index = RevocationIndex::new(Some(store), BOUND_SECONDS);
        let now = Timestamp::from_unix(1_800_000_000);
        let stuck = index.0.reading.lock().await;
        let kept_up = tokio::time::timeout(2 * PATIENCE, index.keep_up(now)).await;
        assert_eq!(kept_up, Ok(Err(silent())));
        let read = tokio::time::timeout(2 * PATIENCE, index.read_now(now)).await;
        assert_eq!(read, Ok(Err(silent())));
        drop(stuck);
        assert!(index.keep_up(now).await.is_ok());
    }
}
