//! Races: log-out against everything that a session may be doing at that moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use codegrant_core::Timestamp;
use codegrant_web::{Created, IndexKey, Record, Replaced, SessionKey, SessionStore};
use tokio::task::JoinSet;

use super::values::{CALLERS, created, done, indexed, new_entry, new_key, race, start};

/// How often each race is run.
const ROUNDS: usize = 5;

/// Nothing survives a log-out everywhere that was there before it, however busily it is being changed.
///
/// What is created meanwhile may come before or after it. In both cases the index knows it while it lives,
/// and not any longer.
///
/// # Panics
///
/// When the store breaks the rule.
pub async fn ends_what_is_being_changed(store: impl SessionStore) {
    let (now, store) = (start(), Arc::new(store));
    for _ in 0..ROUNDS {
        let (person, elsewhere) = (new_entry(), new_entry());
        let before: Vec<SessionKey> = (0..CALLERS).map(|_| new_key()).collect();
        let during: Vec<SessionKey> = (0..CALLERS).map(|_| new_key()).collect();
        for key in &before {
            let record = indexed(&[person.clone(), new_entry()], 0, now);
            created(store.create(key, record, now).await);
        }
        let over = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for (old, new) in before.iter().zip(&during) {
            tasks.spawn(keep_changing(
                store.clone(),
                old.clone(),
                person.clone(),
                now,
                over.clone(),
            ));
            let (store, key, person) = (store.clone(), new.clone(), person.clone());
            tasks.spawn(async move {
                tokio::task::yield_now().await;
                let record = indexed(&[person], 0, now);
                created(store.create(&key, record, now).await);
            });
        }
        tokio::task::yield_now().await;
        done(store.end_all(&person, now, now).await);
        over.store(true, Ordering::SeqCst);
        let _finished = tasks.join_all().await;
        for key in &before {
            let held = done(store.load(key, now).await);
            assert_eq!(held, None, "it was there before the log-out");
        }
        agrees(&*store, &person, &during, now).await;
        let left = done(store.list(&person, 1_000, now).await).len();
        assert_eq!(done(store.end_all(&person, now, now).await), left);
        agrees(&*store, &person, &during, now).await;
        assert_eq!(done(store.end_all(&elsewhere, now, now).await), 0);
    }
}

/// Changes a record until somebody has ended it, or should have.
async fn keep_changing<S: SessionStore>(
    store: Arc<S>,
    key: SessionKey,
    person: IndexKey,
    now: Timestamp,
    over: Arc<AtomicBool>,
) {
    while !over.load(Ordering::SeqCst)
        && let Some(held) = done(store.load(&key, now).await)
    {
        let next = Record {
            version: held.version + 1,
            ..indexed(&[person.clone(), new_entry()], 0, now)
        };
        let _won_or_lost = done(store.replace(&key, held.version, next, now).await);
        tokio::task::yield_now().await;
    }
}

/// A record that was deleted stays deleted, whatever change was under way.
///
/// # Panics
///
/// When the store breaks the rule.
pub async fn deletes_what_is_being_changed(store: impl SessionStore) {
    let (now, store) = (start(), Arc::new(store));
    for _ in 0..ROUNDS {
        let (key, person) = (new_key(), new_entry());
        created(
            store
                .create(&key, indexed(std::slice::from_ref(&person), 0, now), now)
                .await,
        );
        let over = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for _ in 0..CALLERS {
            tasks.spawn(keep_changing(
                store.clone(),
                key.clone(),
                person.clone(),
                now,
                over.clone(),
            ));
        }
        tokio::task::yield_now().await;
        done(store.delete(&key).await);
        over.store(true, Ordering::SeqCst);
        let _finished = tasks.join_all().await;
        assert_eq!(done(store.load(&key, now).await), None, "it was deleted");
        assert_eq!(
            done(store.list(&person, 10, now).await),
            [],
            "and its entries with it"
        );
    }
}

/// Creations and deletions of one key come one after the other, and the index follows.
///
/// # Panics
///
/// When the store breaks the rule.
pub async fn creates_and_deletes_in_turn(store: impl SessionStore) {
    let (now, store) = (start(), Arc::new(store));
    for _ in 0..ROUNDS {
        let (key, person) = (new_key(), new_entry());
        let (raced, entry) = (key.clone(), person.clone());
        let kept = race(&store, move |store, caller| {
            let (key, entry) = (raced.clone(), entry.clone());
            async move {
                if caller % 2 == 0 {
                    done(store.delete(&key).await);
                    return None;
                }
                let record = indexed(&[entry], 0, now);
                let kept = done(store.create(&key, record, now).await);
                (kept == Created::Yes).then_some(())
            }
        });
        assert!(kept.await >= 1, "the first one finds nothing in its way");
        agrees(&*store, &person, std::slice::from_ref(&key), now).await;
        done(store.delete(&key).await);
        agrees(&*store, &person, std::slice::from_ref(&key), now).await;
    }
}

/// A record that moves from one entry to another while both are ended is found by the one it has, or is gone.
///
/// # Panics
///
/// When the store breaks the rule.
pub async fn moves_between_entries_whole(store: impl SessionStore) {
    let (now, store) = (start(), Arc::new(store));
    for _ in 0..ROUNDS {
        let (old, new) = (new_entry(), new_entry());
        let keys: Vec<SessionKey> = (0..CALLERS).map(|_| new_key()).collect();
        let mut tasks = JoinSet::new();
        for (turn, key) in keys.iter().enumerate() {
            let record = indexed(std::slice::from_ref(&old), 0, now);
            created(store.create(key, record, now).await);
            let (store, key, new) = (store.clone(), key.clone(), new.clone());
            tasks.spawn(async move {
                for _ in 0..turn % 4 {
                    tokio::task::yield_now().await;
                }
                let moved = Record {
                    version: 1,
                    ..indexed(&[new], 0, now)
                };
                let replaced = done(store.replace(&key, 0, moved, now).await);
                (key, replaced == Replaced::Yes)
            });
        }
        tokio::task::yield_now().await;
        let ended = done(store.end_all(&old, now, now).await);
        let moved = tasks.join_all().await;
        let moved: Vec<SessionKey> = moved
            .into_iter()
            .filter_map(|(key, moved)| moved.then_some(key))
            .collect();
        assert_eq!(
            ended + moved.len(),
            keys.len(),
            "each was ended or moved, and none both"
        );
        agrees(&*store, &new, &moved, now).await;
        assert_eq!(
            done(store.list(&old, 1_000, now).await),
            [],
            "none is left behind"
        );
        assert_eq!(done(store.end_all(&new, now, now).await), moved.len());
    }
}

/// Checks that an entry finds those of these keys that live, and nothing else.
async fn agrees(store: &impl SessionStore, entry: &IndexKey, keys: &[SessionKey], now: Timestamp) {
    let mut live = Vec::new();
    for key in keys {
        if let Some(record) = done(store.load(key, now).await) {
            live.push((key.clone(), record));
        }
    }
    let listed = done(store.list(entry, 1_000, now).await);
    assert_eq!(listed.len(), live.len(), "listed, if and only if alive");
    assert!(listed.iter().all(|one| live.contains(one)), "as it is held");
}
