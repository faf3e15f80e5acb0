//! The index: all records of a person, an account or a provider's session, to list and to end.

use codegrant_core::Timestamp;
use codegrant_web::{Record, Replaced, SessionKey, SessionStore};

use super::values::{bare, created, done, indexed, listed, new_entry, new_key, record, start};

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

/// The live records of an entry are listed whole, as many as asked for, and no others.
///
/// # Panics
///
/// When the store breaks the rule.
pub async fn lists_what_an_entry_finds(store: impl SessionStore) {
    let now = start();
    let (person, other) = (new_entry(), new_entry());
    let mut live = Vec::new();
    // Those that expire first come first and last: they take no live one's place.
    for (number, seconds) in [600, 600, 600, 3600, 3600, 3600, 600, 600]
        .into_iter()
        .enumerate()
    {
        let key = new_key();
        let record = Record {
            sealed: number.to_string().into_bytes().into(),
            expires_at: now.plus(seconds),
            ..indexed(&[new_entry(), person.clone()], 0, now)
        };
        created(store.create(&key, record.clone(), now).await);
        if seconds > 600 {
            live.push((key, bare(record)));
        }
    }
    let elsewhere = indexed(std::slice::from_ref(&other), 0, now);
    created(store.create(&new_key(), elsewhere, now).await);
    assert_eq!(done(store.list(&new_entry(), 10, now).await), []);
    assert_eq!(
        done(store.list(&person, 10, now).await).len(),
        8,
        "before any expired"
    );
    let later = now.plus(600);
    assert_eq!(
        sorted(listed(store.list(&person, 10, later).await)),
        sorted(live.clone())
    );
    assert_eq!(
        sorted(listed(store.list(&person, 3, later).await)),
        sorted(live.clone())
    );
    let two = listed(store.list(&person, 2, later).await);
    assert_eq!(two.len(), 2, "as many as asked for");
    assert!(two.iter().all(|found| live.contains(found)) && two[0] != two[1]);
    let (moved, gone, left) = (live[0].clone(), live[1].clone(), live[2].clone());
    let change = Record {
        version: 1,
        index: vec![other.clone()],
        ..moved.1
    };
    let replaced = store.replace(&moved.0, 0, change.clone(), later).await;
    assert_eq!(done(replaced), Replaced::Yes);
    done(store.delete(&gone.0).await);
    assert_eq!(
        listed(store.list(&person, 10, later).await),
        [left],
        "what is left"
    );
    let moved = (moved.0, bare(change));
    assert!(
        listed(store.list(&other, 10, later).await).contains(&moved),
        "where it is now"
    );
    assert_eq!(done(store.end_all(&person, later, later).await), 1);
    assert_eq!(
        done(store.list(&person, 10, later).await),
        [],
        "all are over"
    );
}

fn sorted(mut found: Vec<(SessionKey, Record)>) -> Vec<(SessionKey, Record)> {
    found.sort_by(|a, b| a.0.as_str().cmp(b.0.as_str()));
    found
}
