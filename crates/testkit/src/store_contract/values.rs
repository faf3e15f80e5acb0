//! New keys, records and moments for the rules, and races of many callers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use codegrant_core::{Timestamp, TransactionId};
use codegrant_web::{Created, IndexKey, Record, SessionKey, SessionStore};
use tokio::task::JoinSet;

/// How many callers race where only one may win.
pub(super) const CALLERS: u64 = 20;

/// Counts how many of many callers at once got something.
pub(super) async fn race<S: SessionStore, F: Future<Output = Option<()>> + Send + 'static>(
    store: &Arc<S>,
    call: impl Fn(Arc<S>, u64) -> F,
) -> usize {
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        callers.spawn(call(store.clone(), caller));
    }
    let results = callers.join_all().await;
    results.into_iter().flatten().count()
}

#[track_caller]
pub(super) fn done<T>(result: Result<T, codegrant_web::StoreError>) -> T {
    result.unwrap_or_else(|error| panic!("the store works: {error}"))
}

#[track_caller]
pub(super) fn created(result: Result<Created, codegrant_web::StoreError>) {
    assert_eq!(done(result), Created::Yes, "its key is new");
}

/// A record without its entries, which a store need not give back.
pub(super) fn bare(record: Record) -> Record {
    Record {
        index: Vec::new(),
        ..record
    }
}

#[track_caller]
pub(super) fn loaded(result: Result<Option<Record>, codegrant_web::StoreError>) -> Option<Record> {
    done(result).map(bare)
}

#[track_caller]
pub(super) fn listed(
    result: Result<Vec<(SessionKey, Record)>, codegrant_web::StoreError>,
) -> Vec<(SessionKey, Record)> {
    let found = done(result).into_iter();
    found.map(|(key, record)| (key, bare(record))).collect()
}

pub(super) fn record(version: u64, expires_at: Timestamp) -> Record {
    Record {
        sealed: format!("version {version}").into_bytes().into(),
        version,
        expires_at,
        index: Vec::new(),
        issued_at: expires_at.minus(3600),
    }
}

/// A record that was issued `seconds` after `now` and is found by some entries.
pub(super) fn indexed(entries: &[IndexKey], seconds: i64, now: Timestamp) -> Record {
    Record {
        index: entries.to_vec(),
        issued_at: now.plus(seconds),
        ..record(0, now.plus(3600))
    }
}

/// A store that deletes what is over by a clock of its own is right to do so, so the rules play now.
pub(super) fn start() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = since.map_or(0, |since| since.as_secs());
    Timestamp::from_unix(i64::try_from(seconds).unwrap_or(i64::MAX))
}

pub(super) fn new_key() -> SessionKey {
    SessionKey::of_id(&unique())
}

/// As long as a real one, which is a hash.
pub(super) fn new_entry() -> IndexKey {
    let unique = unique();
    IndexKey::new(SessionKey::of_id(&unique).as_str())
}

pub(super) fn new_transaction() -> TransactionId {
    TransactionId::of_state(&unique())
}

/// Differs at each call, also between two runs against one database.
pub(super) fn unique() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let nanoseconds = SystemTime::now().duration_since(UNIX_EPOCH);
    let nanoseconds = nanoseconds.map_or(0, |since| since.as_nanos());
    let count = COUNT.fetch_add(1, Ordering::SeqCst);
    format!("{nanoseconds}.{count}.{}", std::process::id())
}
