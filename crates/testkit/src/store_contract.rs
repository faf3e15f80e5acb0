//! What every session store has to hold to, as functions to call from a store's own tests.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! use codegrant_testkit::store_contract;
//! use codegrant_web::MemoryStore;
//! store_contract::holds(async || MemoryStore::new(1_000)).await;
//! # }
//! ```
//!
//! Every function panics with the rule that was broken. Keys and transactions are new at every call, so
//! that a store may be shared by several runs, and time is a value: no rule waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use codegrant_core::{Timestamp, TransactionId};
use codegrant_web::{Created, IndexKey, Record, Replaced, SessionKey, SessionStore};
use tokio::task::JoinSet;

/// How many callers race where only one may win.
const CALLERS: u64 = 20;

/// Checks every rule, each against a store that `make` gives out.
///
/// # Panics
///
/// When the store breaks a rule.
pub async fn holds<S: SessionStore>(make: impl AsyncFn() -> S) {
    keeps_what_it_was_given(make().await).await;
    ends_when_it_expires(make().await).await;
    replaces_the_expected_version_only(make().await).await;
    lets_one_of_many_replace(make().await).await;
    keeps_what_is_gone_gone(make().await).await;
    ends_what_an_entry_finds(make().await).await;
    finds_by_the_entries_of_the_last_change(make().await).await;
    consumes_once(make().await).await;
    forgets_a_transaction_no_sooner_than_asked(make().await).await;
}

/// A record comes back as it was given, any bytes and a large one too, and only under its own key.
///
/// # Panics
///
/// When the store breaks the rule.
pub async fn keeps_what_it_was_given(store: impl SessionStore) {
    let now = start();
    let every_byte: Vec<u8> = (0..=u8::MAX).collect();
    for sealed in [Vec::new(), every_byte, vec![0x5a; 64 * 1024]] {
        let key = new_key();
        let record = Record {
            sealed,
            ..indexed(&[new_entry(), new_entry()], 0, now)
        };
        created(store.create(&key, record.clone(), now).await);
        assert_eq!(
            done(store.load(&key, now).await),
            Some(record),
            "as it was given"
        );
        assert_eq!(
            done(store.load(&new_key(), now).await),
            None,
            "under another key"
        );
    }
    assert_eq!(done(store.load(&new_key(), now).await), None);
}

/// A record does not exist from the second of its expiry on, whether or not it was cleaned up.
///
/// # Panics
///
/// When the store breaks the rule.
pub async fn ends_when_it_expires(store: impl SessionStore) {
    let (now, key) = (start(), new_key());
    created(store.create(&key, record(0, now.plus(60)), now).await);
    assert!(
        done(store.load(&key, now.plus(59)).await).is_some(),
        "a second before"
    );
    assert_eq!(
        done(store.load(&key, now.plus(60)).await),
        None,
        "at its expiry"
    );
    let late = record(1, now.plus(600));
    let replaced = done(store.replace(&key, 0, late, now.plus(60)).await);
    assert_eq!(replaced, Replaced::No, "what has expired cannot be changed");
    let key = new_key();
    created(store.create(&key, record(0, now.plus(60)), now).await);
    let longer = done(store.replace(&key, 0, record(1, now.plus(600)), now).await);
    assert_eq!(longer, Replaced::Yes);
    let held = done(store.load(&key, now.plus(599)).await);
    assert_eq!(
        held,
        Some(record(1, now.plus(600))),
        "a change moves the expiry"
    );
    let shorter = done(store.replace(&key, 1, record(2, now.plus(10)), now).await);
    assert_eq!(shorter, Replaced::Yes);
    assert_eq!(
        done(store.load(&key, now.plus(10)).await),
        None,
        "in both directions"
    );
}

/// A change is written if the version is the expected one, and leaves everything as it was otherwise.
///
/// # Panics
///
/// When the store breaks the rule.
pub async fn replaces_the_expected_version_only(store: impl SessionStore) {
    let (now, key) = (start(), new_key());
    let until = now.plus(3600);
    created(store.create(&key, record(0, until), now).await);
    for (expected, next, outcome, held) in [
        (1, 2, Replaced::No, 0),
        (0, 1, Replaced::Yes, 1),
        (0, 9, Replaced::No, 1),
        (u64::MAX >> 1, 9, Replaced::No, 1),
        (1, 2, Replaced::Yes, 2),
    ] {
        let replaced = done(
            store
                .replace(&key, expected, record(next, until), now)
                .await,
        );
        assert_eq!(replaced, outcome, "expected {expected}");
        assert_eq!(done(store.load(&key, now).await), Some(record(held, until)));
    }
}

/// Of many changes that expect the same version, one is written.
///
/// # Panics
///
/// When the store breaks the rule.
pub async fn lets_one_of_many_replace(store: impl SessionStore) {
    let (now, key) = (start(), new_key());
    let until = now.plus(3600);
    created(store.create(&key, record(0, until), now).await);
    let won = race(store, move |store, caller| {
        let key = key.clone();
        async move {
            let mine = Record {
                sealed: caller.to_be_bytes().to_vec(),
                ..record(1, until)
            };
            let replaced = done(store.replace(&key, 0, mine.clone(), now).await);
            let held = done(store.load(&key, now).await).map(|held| held.sealed);
            (replaced == Replaced::Yes).then(|| assert_eq!(held, Some(mine.sealed)))
        }
    });
    assert_eq!(won.await, 1, "one change is written");
}

/// What was removed cannot be changed back into being, and removing nothing is no error.
///
/// # Panics
///
/// When the store breaks the rule.
pub async fn keeps_what_is_gone_gone(store: impl SessionStore) {
    let (now, key, other) = (start(), new_key(), new_key());
    let until = now.plus(3600);
    created(store.create(&key, record(0, until), now).await);
    created(store.create(&other, record(0, until), now).await);
    done(store.delete(&key).await);
    assert_eq!(done(store.load(&key, now).await), None);
    let replaced = done(store.replace(&key, 0, record(1, until), now).await);
    assert_eq!(
        replaced,
        Replaced::No,
        "a slow request saves after the log-out"
    );
    assert_eq!(done(store.load(&key, now).await), None);
    done(store.delete(&key).await);
    assert!(
        done(store.load(&other, now).await).is_some(),
        "the others stay"
    );
}

/// Every record of an entry that was issued in time is removed, in one call, and no other.
///
/// # Panics
///
/// When the store breaks the rule.
pub async fn ends_what_an_entry_finds(store: impl SessionStore) {
    let now = start();
    let (person, other, session) = (new_entry(), new_entry(), new_entry());
    let keys: Vec<SessionKey> = (0..5).map(|_| new_key()).collect();
    let records = [
        indexed(&[person.clone(), session.clone()], -20, now),
        indexed(&[new_entry(), person.clone()], -10, now),
        indexed(&[person.clone(), new_entry()], -9, now),
        indexed(&[other.clone(), new_entry()], -20, now),
        record(0, now.plus(3600)),
    ];
    for (key, record) in keys.iter().zip(records) {
        created(store.create(key, record, now).await);
    }
    let before = now.minus(10);
    assert_eq!(done(store.end_all(&new_entry(), before, now).await), 0);
    assert_eq!(done(store.end_all(&session, now.minus(21), now).await), 0);
    assert_eq!(
        done(store.end_all(&person, before, now).await),
        2,
        "issued at that moment or before"
    );
    let mut held = Vec::new();
    for key in &keys {
        held.push(done(store.load(key, now).await).is_some());
    }
    assert_eq!(held, [false, false, true, true, true]);
    let change = indexed(std::slice::from_ref(&person), -20, now);
    let replaced = done(store.replace(&keys[0], 0, change, now).await);
    assert_eq!(replaced, Replaced::No, "what was ended stays ended");
    assert_eq!(done(store.end_all(&person, before, now).await), 0);
    let end_of_time = Timestamp::from_unix(i64::MAX);
    assert_eq!(done(store.end_all(&person, end_of_time, now).await), 1);
    assert_eq!(done(store.load(&keys[2], now).await), None);
    done(store.delete(&keys[3]).await);
    assert_eq!(done(store.end_all(&other, end_of_time, now).await), 0);
}

/// A change replaces the entries as it replaces everything else.
///
/// # Panics
///
/// When the store breaks the rule.
pub async fn finds_by_the_entries_of_the_last_change(store: impl SessionStore) {
    let (now, key) = (start(), new_key());
    let (first, second, third) = (new_entry(), new_entry(), new_entry());
    let record = indexed(&[first.clone(), second.clone()], 0, now);
    created(store.create(&key, record, now).await);
    let change = Record {
        version: 1,
        ..indexed(&[second.clone(), third.clone()], 30, now)
    };
    let replaced = store.replace(&key, 0, change, now).await;
    assert_eq!(done(replaced), Replaced::Yes);
    assert_eq!(done(store.end_all(&first, now.plus(30), now).await), 0);
    assert_eq!(done(store.end_all(&third, now.plus(29), now).await), 0);
    assert!(done(store.load(&key, now).await).is_some());
    assert_eq!(done(store.end_all(&second, now.plus(30), now).await), 1);
    assert_eq!(done(store.load(&key, now).await), None);
    assert_eq!(done(store.end_all(&third, now.plus(30), now).await), 0);
}

/// A transaction is used up by one of many callers, and each transaction by its own.
///
/// # Panics
///
/// When the store breaks the rule.
pub async fn consumes_once(store: impl SessionStore) {
    let now = start();
    let until = now.plus(1200);
    let (first, second) = (new_transaction(), new_transaction());
    assert!(done(store.consume(first, until, now).await));
    assert!(
        !done(store.consume(first, until, now).await),
        "a second time"
    );
    assert!(done(store.consume(second, until, now).await), "another one");
    let contested = new_transaction();
    let won = race(store, move |store, _| async move {
        done(store.consume(contested, until, now).await).then_some(())
    });
    assert_eq!(won.await, 1, "one of many callers");
}

/// A used transaction is remembered until the moment that was asked for.
///
/// # Panics
///
/// When the store breaks the rule.
pub async fn forgets_a_transaction_no_sooner_than_asked(store: impl SessionStore) {
    let (now, transaction) = (start(), new_transaction());
    let until = now.plus(1200);
    assert!(done(store.consume(transaction, until, now).await));
    let later = now.plus(1199);
    assert!(!done(store.consume(transaction, until, later).await));
    for _ in 0..50 {
        let others = new_transaction();
        assert!(done(store.consume(others, until, later).await));
    }
    assert!(
        !done(store.consume(transaction, until, later).await),
        "others push none out"
    );
}

/// Counts how many of many callers at once got something.
async fn race<S: SessionStore, F: Future<Output = Option<()>> + Send + 'static>(
    store: S,
    call: impl Fn(Arc<S>, u64) -> F,
) -> usize {
    let store = Arc::new(store);
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        callers.spawn(call(store.clone(), caller));
    }
    let results = callers.join_all().await;
    results.into_iter().flatten().count()
}

#[track_caller]
fn done<T>(result: Result<T, codegrant_web::StoreError>) -> T {
    result.unwrap_or_else(|error| panic!("the store works: {error}"))
}

#[track_caller]
fn created(result: Result<Created, codegrant_web::StoreError>) {
    assert_eq!(done(result), Created::Yes, "its key is new");
}

fn record(version: u64, expires_at: Timestamp) -> Record {
    Record {
        sealed: format!("version {version}").into_bytes(),
        version,
        expires_at,
        index: Vec::new(),
        issued_at: expires_at.minus(3600),
    }
}

/// A record that was issued `seconds` after `now` and is found by some entries.
fn indexed(entries: &[IndexKey], seconds: i64, now: Timestamp) -> Record {
    Record {
        index: entries.to_vec(),
        issued_at: now.plus(seconds),
        ..record(0, now.plus(3600))
    }
}

/// A store that deletes what is over by a clock of its own is right to do so, so the rules play now.
fn start() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = since.map_or(0, |since| since.as_secs());
    Timestamp::from_unix(i64::try_from(seconds).unwrap_or(i64::MAX))
}

fn new_key() -> SessionKey {
    SessionKey::of_id(&unique())
}

/// As long as a real one, which is a hash.
fn new_entry() -> IndexKey {
    let unique = unique();
    IndexKey::new(SessionKey::of_id(&unique).as_str())
}

fn new_transaction() -> TransactionId {
    TransactionId::of_state(&unique())
}

/// Differs at each call, also between two runs against one database.
fn unique() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let nanoseconds = SystemTime::now().duration_since(UNIX_EPOCH);
    let nanoseconds = nanoseconds.map_or(0, |since| since.as_nanos());
    let count = COUNT.fetch_add(1, Ordering::SeqCst);
    format!("{nanoseconds}.{count}.{}", std::process::id())
}
