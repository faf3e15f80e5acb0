//! The list of what is over: every process learns everything on it, whoever wrote it and when.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use codegrant_core::Timestamp;
use codegrant_web::{Position, Revocation, SessionStore};
use tokio::task::JoinSet;

use super::values::{CALLERS, done, new_entry, start};

/// How many times a reader asks for more before it is clear that there is no end.
const PATIENCE: usize = 100_000;

/// Whoever begins to read learns all that still counts, word for word, and goes on from there.
///
/// # Panics
///
/// When the store breaks the rule.
pub async fn tells_everybody_what_is_over(store: impl SessionStore) {
    let now = start();
    let mut reader = Reader::default();
    reader.read_on(&store, now).await;
    let person = new_entry();
    // The same entry again and again: a later one takes nothing back of an earlier one.
    let all = [(0, -5, 60), (-5, 0, 3600), (-9, -9, 7200), (7, 8, 61)].map(
        |(issued_by, started_by, until)| Revocation {
            entry: person.clone(),
            issued_by: now.plus(issued_by),
            started_by: now.plus(started_by),
            until: now.plus(until),
        },
    );
    done(store.revoke(&all[0], now).await);
    done(store.revoke(&all[1], now).await);
    reader.read_on(&store, now).await;
    assert!(reader.knows(&all[..2]), "what was added since");
    done(store.revoke(&all[2], now).await);
    let mut other = Reader::default();
    other.read_on(&store, now).await;
    assert!(other.knows(&all[..3]), "all of it, for who begins");
    done(store.revoke(&all[3], now).await);
    for reader in [&mut reader, &mut other] {
        reader.read_on(&store, now).await;
        assert!(reader.knows(&all), "what was added since, word for word");
    }
}

/// What counts no longer is given out no longer, and what counts a second longer is.
///
/// # Panics
///
/// When the store breaks the rule.
pub async fn forgets_what_counts_no_longer(store: impl SessionStore) {
    let now = start();
    let [short, long] = [60, 61].map(|seconds| revocation(now, now.plus(seconds)));
    let mut reader = Reader::default();
    reader.read_on(&store, now).await;
    let before = reader.position.clone();
    done(store.revoke(&short, now).await);
    done(store.revoke(&long, now).await);
    let mut late = Reader {
        position: before,
        ..Reader::default()
    };
    for reader in [&mut late, &mut Reader::default()] {
        reader.read_on(&store, now.plus(60)).await;
        assert!(reader.knows(std::slice::from_ref(&long)), "it still counts");
        assert!(!reader.knows(std::slice::from_ref(&short)), "at its end");
    }
}

/// A long list comes whole, in as many answers as the store likes, and they end.
///
/// # Panics
///
/// When the store breaks the rule.
pub async fn gives_out_a_long_list(store: impl SessionStore) {
    const EACH: usize = 50;
    let now = start();
    let mut reader = Reader::default();
    reader.read_on(&store, now).await;
    let store = Arc::new(store);
    let mut writers = JoinSet::new();
    for _ in 0..CALLERS {
        let store = store.clone();
        writers.spawn(async move {
            let mine: Vec<_> = (0..EACH).map(|_| revocation(now, now.plus(3600))).collect();
            for revocation in &mine {
                done(store.revoke(revocation, now).await);
            }
            mine
        });
    }
    let all = writers.join_all().await.concat();
    for reader in [&mut reader, &mut Reader::default()] {
        reader.read_on(&store, now).await;
        assert!(reader.knows(&all), "all of it");
    }
}

/// A reader that goes on from each answer misses nothing of what many write meanwhile.
///
/// It holds what it has seen against what had been acknowledged before it asked: nothing may come too late,
/// because it would then not be over for that long.
///
/// # Panics
///
/// When the store breaks the rule.
pub async fn shows_at_once_what_many_write(store: impl SessionStore) {
    const EACH: usize = 10;
    let now = start();
    let store = Arc::new(store);
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let at_work = Arc::new(AtomicUsize::new(CALLERS as usize));
    let mut writers = JoinSet::new();
    for _ in 0..CALLERS {
        let (store, acknowledged, at_work) = (store.clone(), acknowledged.clone(), at_work.clone());
        writers.spawn(async move {
            for _ in 0..EACH {
                let revocation = revocation(now, now.plus(3600));
                done(store.revoke(&revocation, now).await);
                let mut all = acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
                all.push(revocation);
            }
            at_work.fetch_sub(1, Ordering::SeqCst);
        });
    }
    let mut reader = Reader::default();
    loop {
        let last = at_work.load(Ordering::SeqCst) == 0;
        let before = {
            let all = acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
            all.clone()
        };
        reader.read_on(&*store, now).await;
        assert!(
            reader.knows(&before),
            "what was acknowledged before it was asked for"
        );
        if last {
            break;
        }
        tokio::task::yield_now().await;
    }
    let _written = writers.join_all().await;
    let all = acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(all.len(), CALLERS as usize * EACH);
}

pub(super) fn revocation(now: Timestamp, until: Timestamp) -> Revocation {
    Revocation {
        entry: new_entry(),
        issued_by: now,
        started_by: now,
        until,
    }
}

/// One process that reads the list.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) seen: Vec<Revocation>,
    pub(super) position: Option<Position>,
}

impl Reader {
    /// Reads from where it was to the end.
    pub(super) async fn read_on(&mut self, store: &impl SessionStore, now: Timestamp) {
        for _ in 0..PATIENCE {
            let answer = done(store.revoked(self.position.as_ref(), now).await);
            self.seen.extend(answer.revocations);
            self.position = Some(answer.position);
            if !answer.more {
                return;
            }
        }
        panic!("the list has no end");
    }

    pub(super) fn knows(&self, revocations: &[Revocation]) -> bool {
        revocations.iter().all(|one| self.seen.contains(one))
    }
}
