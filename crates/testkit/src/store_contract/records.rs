//! Single records: put once, changed by who has seen the last change, gone when they are gone.

use std::sync::Arc;

use codegrant_core::Timestamp;
use codegrant_web::{Created, Record, Replaced, SessionStore};

use super::values::{
    CALLERS, bare, created, done, indexed, loaded, new_entry, new_key, race, record, start,
};

/// A record comes back as it was given, any bytes and a large one too, and only under its own key. Its entries may be
/// left out.
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
            sealed: sealed.into(),
            ..indexed(&[new_entry(), new_entry()], 0, now)
        };
        created(store.create(&key, record.clone(), now).await);
        let mut held = done(store.load(&key, now).await).expect("it was kept");
        if held.index.is_empty() {
            held.index.clone_from(&record.index);
        }
        assert_eq!(held, record, "as it was given, with its entries or without");
        assert_eq!(
            done(store.load(&new_key(), now).await),
            None,
            "under another key"
        );
    }
    assert_eq!(done(store.load(&new_key(), now).await), None);
}

/// A new record is kept unless there is one under its key, by one of many callers.
///
/// # Panics
///
/// When the store breaks the rule.
pub async fn creates_once(store: impl SessionStore) {
    let (now, key) = (start(), new_key());
    let (old, new) = (new_entry(), new_entry());
    let first = Record {
        expires_at: now.plus(60),
        ..indexed(std::slice::from_ref(&old), 0, now)
    };
    let second = Record {
        sealed: (*b"another").into(),
        ..indexed(std::slice::from_ref(&new), 0, now)
    };
    created(store.create(&key, first.clone(), now).await);
    let again = done(store.create(&key, second.clone(), now.plus(59)).await);
    assert_eq!(again, Created::No, "its key is taken");
    assert_eq!(loaded(store.load(&key, now).await), Some(bare(first)));
    assert_eq!(
        done(store.end_all(&new, now, now).await),
        0,
        "nothing was written"
    );
    let later = now.plus(60);
    created(store.create(&key, second.clone(), later).await);
    assert_eq!(
        loaded(store.load(&key, later).await),
        Some(bare(second.clone())),
        "in place of one that has expired"
    );
    assert_eq!(
        done(store.list(&old, 10, later).await),
        [],
        "whose entries went with it"
    );
    assert_eq!(done(store.end_all(&old, later, later).await), 0);
    done(store.delete(&key).await);
    created(store.create(&key, second, later).await);
    assert_eq!(done(store.end_all(&new, later, later).await), 1);
    one_of_many_creates(&Arc::new(store), now).await;
}

async fn one_of_many_creates<S: SessionStore>(store: &Arc<S>, now: Timestamp) {
    let (fresh, expired) = (new_key(), new_key());
    created(store.create(&expired, record(0, now.plus(60)), now).await);
    let later = now.plus(60);
    for key in [fresh, expired] {
        let won = race(store, move |store, caller| {
            let key = key.clone();
            async move {
                let mine = Record {
                    sealed: caller.to_be_bytes().into(),
                    ..record(0, later.plus(60))
                };
                let kept = done(store.create(&key, mine.clone(), later).await);
                let held = done(store.load(&key, later).await).map(|held| held.sealed);
                (kept == Created::Yes).then(|| assert_eq!(held, Some(mine.sealed)))
            }
        });
        assert_eq!(won.await, 1, "one of many callers creates");
    }
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
    let store = Arc::new(store);
    let won = race(&store, move |store, caller| {
        let key = key.clone();
        async move {
            let mine = Record {
                sealed: caller.to_be_bytes().into(),
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

/// No change is lost that was acknowledged: whoever loses the race reads again and has his turn.
///
/// # Panics
///
/// When the store breaks the rule.
pub async fn loses_no_change(store: impl SessionStore) {
    const CHANGES: u64 = 5;
    let (now, key) = (start(), new_key());
    let until = now.plus(3600);
    let store = Arc::new(store);
    created(store.create(&key, record(0, until), now).await);
    let counted = key.clone();
    let finished = race(&store, move |store, _| {
        let key = counted.clone();
        async move {
            for _ in 0..CHANGES {
                loop {
                    let held = done(store.load(&key, now).await).expect("nobody removes it");
                    let next = record(held.version + 1, until);
                    if done(store.replace(&key, held.version, next, now).await) == Replaced::Yes {
                        break;
                    }
                }
            }
            Some(())
        }
    });
    assert_eq!(finished.await as u64, CALLERS);
    let last = record(CALLERS * CHANGES, until);
    assert_eq!(
        done(store.load(&key, now).await),
        Some(last),
        "every change counts"
    );
}
