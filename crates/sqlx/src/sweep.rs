//! Removes what has expired.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use codegrant_web::{StoreError, Timestamp};
use tokio::task::JoinHandle;

/// How long what has expired stays all the same, in seconds, because clocks of nodes differ.
const GRACE: i64 = 300;

/// How many rows one statement removes.
pub(crate) const BATCH: i64 = 1_000;

/// How many such statements one sweep runs for each table.
const BATCHES: usize = 1_000;

/// How many rows a sweep removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Swept {
    /// Sessions that had expired.
    pub sessions: u64,
    /// Transactions and logout tokens that are refused without being remembered.
    pub transactions: u64,
    /// Revocations of sessions that have expired meanwhile.
    pub revocations: u64,
}

/// Sweeps a store every now and then, until it is dropped.
#[derive(Debug)]
#[must_use = "it stops when it is dropped"]
pub struct Sweeper(JoinHandle<()>);

impl Drop for Sweeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Returns what a sweep at a moment removes: rows that had expired by then.
pub(crate) fn over_by(now: Timestamp) -> i64 {
    now.minus(GRACE).as_unix()
}

/// Removes batch after batch until one is not full; what is left is the next sweep's.
pub(crate) async fn batches<F: Future<Output = Result<u64, StoreError>>>(
    mut batch: impl FnMut() -> F,
) -> Result<u64, StoreError> {
    let mut removed = 0;
    for _ in 0..BATCHES {
        let last = batch().await?;
        removed += last;
        if last < BATCH.unsigned_abs() {
            break;
        }
    }
    Ok(removed)
}

/// Runs a sweep at every interval; the first comes at a random moment of the first one, so that nodes that start
/// together do not sweep together.
pub(crate) fn every<F: Future<Output = Result<Swept, StoreError>> + Send>(
    interval: Duration,
    mut sweep: impl FnMut(Timestamp) -> F + Send + 'static,
) -> Sweeper {
    let interval = interval.max(Duration::from_millis(1));
    Sweeper(tokio::spawn(async move {
        let part = RandomState::new().hash_one(0) % 1_000;
        tokio::time::sleep(interval.mul_f64(part as f64 / 1_000.0)).await;
        loop {
            match sweep(clock()).await {
                Ok(swept) => tracing::debug!(
                    sessions = swept.sessions,
                    transactions = swept.transactions,
                    revocations = swept.revocations,
                    "swept the session store"
                ),
                Err(error) => tracing::warn!(%error, "the session store was not swept"),
            }
            tokio::time::sleep(interval).await;
        }
    }))
}

fn clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = since.map_or(0, |since| since.as_secs());
    Timestamp::from_unix(i64::try_from(seconds).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_sweep_goes_on_until_a_batch_is_not_full() {
        let left = Cell::new(2_500_u64);
        let batch = || {
            let removed = left.get().min(1_000);
            left.set(left.get() - removed);
            async move { Ok(removed) }
        };
        assert_eq!(batches(batch).await, Ok(2_500));
    }

    #[tokio::test]
    async fn a_sweep_ends_also_where_rows_come_as_fast_as_they_go() {
        let removed = batches(|| async { Ok(1_000) }).await;
        assert_eq!(removed, Ok(1_000_000));
    }

    #[tokio::test]
    async fn a_sweeper_goes_on_after_a_failure_and_stops_when_it_is_dropped() {
        let (told, mut swept) = mpsc::channel(1);
        let sweeper = every(Duration::from_millis(1), move |_| {
            let told = told.clone();
            async move {
                told.send(()).await.expect("the test listens");
                Err(StoreError {
                    reason: "down".to_owned(),
                })
            }
        });
        for _ in 0..3 {
            assert_eq!(swept.recv().await, Some(()));
        }
        drop(sweeper);
        while swept.recv().await.is_some() {}
    }
}
