//! Crashes: of the server, of a process of the app, and of the connection between them.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use codegrant_core::Timestamp;
use codegrant_web::{Created, IndexKey, Record, Replaced, SessionKey, SessionStore, StoreError};
use tokio::task::JoinSet;

use super::revocations::{Reader, revocation};
use super::values::{
    bare, created, done, indexed, listed, loaded, new_entry, new_key, new_transaction, start,
};

/// How long a store may take until it has a connection again.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many steps of an operation are tried as its last.
const STEPS: usize = 60;

/// An operation that is broken off leaves everything done or nothing, after whichever of its steps.
///
/// A process that dies does this to whatever it was doing, and so does a browser that goes away.
///
/// # Panics
///
/// When the store breaks the rule.
pub async fn breaks_off_whole(store: impl SessionStore) {
    let now = start();
    for steps in 0..STEPS {
        let (key, person) = (new_key(), new_entry());
        let first = indexed(&[person.clone(), new_entry()], 0, now);
        let ended = break_off(steps, store.create(&key, first.clone(), now)).await;
        let mut finished = ended.is_some();
        settle(&store, &person, &key, &[None, Some(&first)], now).await;
        if done(store.create(&key, first.clone(), now).await) == Created::No {
            assert_eq!(
                loaded(store.load(&key, now).await),
                Some(bare(first.clone())),
                "whole"
            );
        }
        let moved = new_entry();
        let second = Record {
            version: 1,
            ..indexed(&[person.clone(), moved.clone()], 0, now)
        };
        let ended = break_off(steps, store.replace(&key, 0, second.clone(), now)).await;
        finished &= ended.is_some();
        let either = [Some(&first), Some(&second)];
        settle(&store, &person, &key, &either, now).await;
        // Somebody else does what was left undone, or finds it done.
        let again = done(store.replace(&key, 0, second.clone(), now).await);
        if again == Replaced::No {
            assert_eq!(
                loaded(store.load(&key, now).await),
                Some(bare(second.clone())),
                "whole"
            );
        }
        settle(&store, &moved, &key, &[Some(&second)], now).await;
        let ended = break_off(steps, store.end_all(&person, now, now)).await;
        finished &= ended.is_some();
        settle(&store, &person, &key, &[None, Some(&second)], now).await;
        let ended = break_off(steps, store.delete(&key)).await;
        finished &= ended.is_some();
        settle(&store, &moved, &key, &[None, Some(&second)], now).await;
        done(store.delete(&key).await);
        settle(&store, &person, &key, &[None], now).await;
        finished &= break_off_the_rest(steps, &store, now).await;
        if finished {
            return;
        }
    }
}

/// The same for what is no record: done or not, and the next caller gets an answer.
async fn break_off_the_rest(steps: usize, store: &impl SessionStore, now: Timestamp) -> bool {
    let until = now.plus(3600);
    let transaction = new_transaction();
    let used = break_off(steps, store.consume(transaction, until, now)).await;
    let second = done(store.consume(transaction, until, now).await);
    assert!(!second || used.is_none(), "it was used");
    assert!(
        !done(store.consume(transaction, until, now).await),
        "it is used now"
    );
    let over = revocation(now, until);
    let told = break_off(steps, store.revoke(&over, now)).await;
    let mut reader = Reader::default();
    reader.read_on(store, now).await;
    if told.is_some() {
        assert!(
            reader.knows(std::slice::from_ref(&over)),
            "it was acknowledged"
        );
    }
    let another = revocation(now, until);
    done(store.revoke(&another, now).await);
    reader.read_on(store, now).await;
    assert!(reader.knows(&[another]), "what comes after is told as ever");
    used.is_some() && told.is_some()
}

/// Lets an operation take some steps and drops it then, unless it has ended.
async fn break_off<T>(
    steps: usize,
    operation: impl Future<Output = Result<T, StoreError>>,
) -> Option<T> {
    let mut operation = pin!(operation);
    let mut taken = 0;
    let ended = poll_fn(|context| {
        if taken == steps {
            return Poll::Ready(None);
        }
        taken += 1;
        match operation.as_mut().poll(context) {
            Poll::Ready(ended) => Poll::Ready(Some(ended)),
            Poll::Pending if taken == steps => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    });
    ended.await.map(done)
}

/// Waits until a record is one of these, and its entry finds exactly that: what was sent before an operation
/// was broken off may still arrive.
async fn settle(
    store: &impl SessionStore,
    entry: &IndexKey,
    key: &SessionKey,
    either: &[Option<&Record>],
    now: Timestamp,
) {
    let deadline = Instant::now() + PATIENCE / 10;
    loop {
        let held = loaded(store.load(key, now).await);
        let listed = listed(store.list(entry, 10, now).await);
        let mut either = either.iter();
        let fits = either.find(|one| one.map(|one| bare(one.clone())) == held);
        let whole = fits.is_some();
        let found = fits
            .copied()
            .flatten()
            .filter(|one| one.index.contains(entry));
        let expected: Vec<_> = found
            .map(|one| (key.clone(), bare(one.clone())))
            .into_iter()
            .collect();
        if whole && listed == expected {
            return;
        }
        assert!(
            Instant::now() < deadline,
            "half done: held as expected: {whole}, {} listed of {}",
            listed.len(),
            expected.len()
        );
        tokio::task::yield_now().await;
    }
}

/// Everything that was acknowledged is there after the server was killed and has come back.
///
/// `connect` gives a store value of its own at each call, always to the same server, and `crash` kills that
/// server with `SIGKILL` and starts it again: the feature `servers` has some that can be killed. For a
/// store without a server `crash` is what ends its process. A store that says of itself that it forgets need
/// not pass.
///
/// # Panics
///
/// When the store breaks the rule.
pub async fn survives<S: SessionStore>(connect: impl AsyncFn() -> S, crash: impl AsyncFn()) {
    survives_in_peace(&connect, &crash).await;
    survives_at_work(&connect, &crash).await;
}

/// Nothing is under way when the server is killed.
async fn survives_in_peace<S: SessionStore>(connect: &impl AsyncFn() -> S, crash: &impl AsyncFn()) {
    let now = start();
    let until = now.plus(3600);
    let store = connect().await;
    let (person, other) = (new_entry(), new_entry());
    let keys: Vec<SessionKey> = (0..5).map(|_| new_key()).collect();
    let first = indexed(&[person.clone(), new_entry()], 0, now);
    let ended = indexed(std::slice::from_ref(&other), 0, now);
    let records = [&first, &first, &first, &ended, &first];
    for (key, record) in keys.iter().zip(records) {
        created(store.create(key, record.clone(), now).await);
    }
    let changed = Record {
        version: 1,
        sealed: (*b"changed").into(),
        ..first.clone()
    };
    let replaced = store.replace(&keys[1], 0, changed.clone(), now).await;
    assert_eq!(done(replaced), Replaced::Yes);
    done(store.delete(&keys[2]).await);
    assert_eq!(done(store.end_all(&other, now, now).await), 1);
    let transaction = new_transaction();
    assert!(done(store.consume(transaction, until, now).await));
    let mut reader = Reader::default();
    let before = revocation(now, until);
    done(store.revoke(&before, now).await);
    reader.read_on(&store, now).await;
    let after = revocation(now, until);
    done(store.revoke(&after, now).await);

    crash().await;

    let fresh = connect().await;
    for store in [&fresh, &store] {
        reachable(store, now).await;
        let expected = [Some(&first), Some(&changed), None, None, Some(&first)];
        for (key, expected) in keys.iter().zip(expected) {
            assert_eq!(
                loaded(store.load(key, now).await),
                expected.cloned().map(bare),
                "as it was"
            );
        }
        let listed = done(store.list(&person, 10, now).await);
        assert_eq!(listed.len(), 3, "and found by its entry");
        let again = done(store.consume(transaction, until, now).await);
        assert!(!again, "a used transaction stays used");
        let mut late = Reader::default();
        late.read_on(store, now).await;
        assert!(
            late.knows(&[before.clone(), after.clone()]),
            "what is over stays over"
        );
    }
    reader.read_on(&fresh, now).await;
    let last = revocation(now, until);
    done(store.revoke(&last, now).await);
    reader.read_on(&fresh, now).await;
    assert!(
        reader.knows(&[before, after, last]),
        "from a position before the crash"
    );
    assert_eq!(done(fresh.end_all(&person, now, now).await), 3);
}

/// Many write when the server is killed; what they had an answer to is kept, and the rest is whole or absent.
async fn survives_at_work<S: SessionStore>(connect: &impl AsyncFn() -> S, crash: &impl AsyncFn()) {
    const WRITERS: usize = 8;
    const ENOUGH: usize = 100;
    let now = start();
    let person = new_entry();
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let over = Arc::new(AtomicBool::new(false));
    let log = Arc::new(Mutex::new(Vec::new()));
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let store = connect().await;
        let (person, acknowledged) = (person.clone(), acknowledged.clone());
        let (over, log) = (over.clone(), log.clone());
        writers.spawn(async move {
            while !over.load(Ordering::SeqCst) {
                let key = new_key();
                let kept = write(&store, &key, &person, now).await;
                let failed = kept.is_none_or(|version| version < 2);
                log.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push((key, kept));
                acknowledged.fetch_add(1, Ordering::SeqCst);
                if failed {
                    break;
                }
                tokio::task::yield_now().await;
            }
        });
    }
    let deadline = Instant::now() + PATIENCE;
    while acknowledged.load(Ordering::SeqCst) < ENOUGH && Instant::now() < deadline {
        tokio::task::yield_now().await;
    }
    crash().await;
    over.store(true, Ordering::SeqCst);
    let _ended = writers.join_all().await;
    let store = connect().await;
    reachable(&store, now).await;
    let log = log.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert!(
        log.len() >= ENOUGH,
        "the store is quick enough to be tested"
    );
    let mut live = 0;
    for (key, kept) in log {
        let held = done(store.load(&key, now).await);
        let version = held.as_ref().map(|held| held.version);
        // One more than was acknowledged may have been written, without an answer that came through.
        let next = kept.map_or(0, |kept| kept + 1);
        assert!(
            version == kept || version == Some(next),
            "{version:?} after {kept:?}"
        );
        live += usize::from(held.is_some());
    }
    let listed = done(store.list(&person, 100_000, now).await).len();
    assert_eq!(
        listed, live,
        "found by its entry, if and only if it is there"
    );
    assert_eq!(done(store.end_all(&person, now, now).await), live);
}

/// Creates a record and changes it twice; returns the last version that was acknowledged.
async fn write(
    store: &impl SessionStore,
    key: &SessionKey,
    person: &IndexKey,
    now: Timestamp,
) -> Option<u64> {
    let record = indexed(std::slice::from_ref(person), 0, now);
    if store.create(key, record.clone(), now).await != Ok(Created::Yes) {
        return None;
    }
    for version in 0..2 {
        let next = Record {
            version: version + 1,
            ..record.clone()
        };
        if store.replace(key, version, next, now).await != Ok(Replaced::Yes) {
            return Some(version);
        }
    }
    Some(2)
}

/// Waits until the store answers: a connection that broke is made anew, but by one that asked.
async fn reachable(store: &impl SessionStore, now: Timestamp) {
    let deadline = Instant::now() + PATIENCE;
    while let Err(error) = store.load(&new_key(), now).await {
        assert!(Instant::now() < deadline, "it does not come back: {error}");
        tokio::task::yield_now().await;
    }
}
