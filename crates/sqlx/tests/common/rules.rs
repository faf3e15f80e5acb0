//! Rules of these stores that are no rules of every store.

use std::time::{Duration, Instant};

use codegrant_sqlx::Swept;
use codegrant_web::{IndexKey, Replaced, SessionKey, TransactionId};
use tokio::task::JoinSet;

use super::{Tested, clock, created, new_key, reached, record, revocation, unique, works};

/// Processes that start at the same moment make the tables together.
pub async fn twenty_migrate_at_once<S: Tested>(connect: impl AsyncFn() -> S) {
    let mut starting = JoinSet::new();
    for _ in 0..20 {
        let store = connect().await;
        starting.spawn(async move { store.make_tables().await });
    }
    for ended in starting.join_all().await {
        assert_eq!(ended, Ok(()));
    }
    let store = connect().await;
    let versions = store
        .count("select count(*) from codegrant_migration")
        .await;
    assert_eq!(usize::try_from(versions), Ok(S::all_migrations().len()));
    works(&store).await;
}

/// Tables of an older version become those of this one, and what is in them stays.
pub async fn older_tables_are_brought_up_to_date<S: Tested>(store: S) {
    store.run(S::all_migrations()[0].sql).await;
    let (now, key) = (clock(), new_key());
    created(store.create(&key, record(&["a", "b"], now), now).await);
    let error = store.revoked(None, now).await.unwrap_err();
    assert!(error.reason.contains("codegrant_revocation"), "{error}");
    store.make_tables().await.unwrap();
    assert_eq!(
        store.load(&key, now).await,
        Ok(Some(record(&["a", "b"], now)))
    );
    works(&store).await;
    store.make_tables().await.unwrap();
    // Also by hand, and all of it again.
    for migration in S::all_migrations() {
        store.run(migration.sql).await;
    }
    assert_eq!(
        store.load(&key, now).await,
        Ok(Some(record(&["a", "b"], now)))
    );
}

/// A table of the app's own, and the one in which sqlx counts the app's migrations, are left alone.
pub async fn tables_of_the_app_are_left_alone<S: Tested>(store: S) {
    store
        .run("create table _sqlx_migrations (version bigint primary key)")
        .await;
    store
        .run("insert into _sqlx_migrations (version) values (1)")
        .await;
    store.make_tables().await.unwrap();
    let count = "select count(*) from _sqlx_migrations where version = 1";
    assert_eq!(store.count(count).await, 1);
    works(&store).await;
}

/// What expired is removed with its entries, five minutes later, and nothing else.
pub async fn a_sweep_removes_what_expired_and_no_more<S: Tested>(store: S) {
    let now = clock();
    let later = now.plus(10_000);
    let mut live = Vec::new();
    for number in 0..2_100 {
        let key = new_key();
        let mut record = record(&["everybody"], now);
        if number % 300 == 0 {
            record.expires_at = later.plus(1);
            live.push(key.clone());
        } else if number == 1 {
            record.expires_at = later.minus(299);
        }
        created(store.create(&key, record, now).await);
    }
    let used = TransactionId::of_state(&unique());
    assert_eq!(store.consume(used, later, now).await, Ok(true));
    let gone = TransactionId::of_state(&unique());
    assert_eq!(store.consume(gone, now.plus(1), now).await, Ok(true));
    for until in [later, now.plus(1)] {
        store
            .revoke(&revocation("swept", until), now)
            .await
            .unwrap();
    }
    let swept = store.sweep_by(later).await.unwrap();
    let numbers = (swept.sessions, swept.transactions, swept.revocations);
    assert_eq!(numbers, (2_100 - 8, 1, 1));
    let sessions = "select count(*) from codegrant_session";
    assert_eq!(
        store.count(sessions).await,
        8,
        "seven live, one in its grace"
    );
    let entries = "select count(*) from codegrant_session_index";
    assert_eq!(store.count(entries).await, 8);
    for key in live {
        assert!(store.load(&key, later).await.unwrap().is_some());
    }
    assert_eq!(
        store.consume(used, later.plus(9), later.minus(1)).await,
        Ok(false)
    );
    assert_eq!(store.revoked(None, now).await.unwrap().revocations.len(), 1);
    let again = store.sweep_by(later).await.unwrap();
    assert_eq!(again, Swept::default());
}

/// Nothing stays behind in the index, whatever became of the records.
pub async fn the_index_knows_what_is_there_and_nothing_else<S: Tested>(store: S) {
    let now = clock();
    let entries = "select count(*) from codegrant_session_index";
    let before = store.count(entries).await;
    let key = new_key();
    created(store.create(&key, record(&["a", "b", "a"], now), now).await);
    assert_eq!(store.count(entries).await, before + 2, "each once");
    let mut change = record(&["b", "c", "d"], now);
    change.version = 1;
    assert_eq!(store.replace(&key, 0, change, now).await, Ok(Replaced::Yes));
    assert_eq!(store.count(entries).await, before + 3);
    let mut change = record(&[], now);
    change.version = 2;
    assert_eq!(store.replace(&key, 1, change, now).await, Ok(Replaced::Yes));
    assert_eq!(store.count(entries).await, before);
    // Taken over after it expired, with other entries.
    let key = new_key();
    created(store.create(&key, record(&["a", "b"], now), now).await);
    let later = now.plus(4_000);
    created(store.create(&key, record(&["b", "c"], later), later).await);
    assert_eq!(store.count(entries).await, before + 2);
    assert_eq!(
        store.end_all(&IndexKey::new("a"), later, later).await,
        Ok(0)
    );
    assert_eq!(
        store.end_all(&IndexKey::new("c"), later, later).await,
        Ok(1)
    );
    assert_eq!(store.count(entries).await, before);
    let key = new_key();
    created(store.create(&key, record(&["a", "b"], now), now).await);
    store.delete(&key).await.unwrap();
    assert_eq!(store.count(entries).await, before);
}

/// A row that nobody here wrote is told to the operator, and spoils nothing else.
pub async fn a_row_of_junk_is_an_error_of_its_own<S: Tested>(store: S) {
    let now = clock();
    let (bad, good) = (new_key(), new_key());
    created(store.create(&bad, record(&["junk"], now), now).await);
    created(store.create(&good, record(&["fine"], now), now).await);
    store
        .run(
            "update codegrant_session set version = -1 \
             where id in (select id from codegrant_session_index where entry = 'junk')",
        )
        .await;
    let error = store.load(&bad, now).await.unwrap_err();
    assert!(error.reason.contains("version -1"), "{error}");
    assert!(store.list(&IndexKey::new("junk"), 10, now).await.is_err());
    assert!(store.load(&good, now).await.unwrap().is_some());
    assert_eq!(store.end_all(&IndexKey::new("junk"), now, now).await, Ok(1));
}

/// Names that a database could compare otherwise than byte by byte are told apart or refused.
pub async fn names_are_compared_byte_by_byte<S: Tested>(store: S) {
    let now = clock();
    for name in ["Name", "name", "NAME", "name-", "nam_", "na%"] {
        let key = SessionKey::new(name);
        created(store.create(&key, record(&[name], now), now).await);
    }
    for refused in ["", "name ", "näme", "name\0"] {
        let (key, entry) = (SessionKey::new(refused), IndexKey::new(refused));
        assert!(store.load(&key, now).await.is_err(), "{refused:?}");
        assert!(store.list(&entry, 1, now).await.is_err(), "{refused:?}");
        assert!(
            store.end_all(&entry, now, now).await.is_err(),
            "{refused:?}"
        );
    }
    let found = store.list(&IndexKey::new("name"), 10, now).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(store.end_all(&IndexKey::new("na%"), now, now).await, Ok(1));
    assert_eq!(store.end_all(&IndexKey::new("NAME"), now, now).await, Ok(1));
}

/// A call to a server that does not answer fails when it was told to, as often as it is called.
pub async fn a_silent_server_is_given_up<S: Tested>(
    patient: S,
    hasty: S,
    pause: impl FnOnce(),
    resume: impl FnOnce(),
) {
    let now = clock();
    let key = new_key();
    created(patient.create(&key, record(&["a"], now), now).await);
    pause();
    let begun = Instant::now();
    let mut calls = JoinSet::new();
    for _ in 0..30 {
        let (hasty, key) = (hasty.clone(), key.clone());
        calls.spawn(async move { hasty.load(&key, now).await });
    }
    for ended in calls.join_all().await {
        let reason = ended.unwrap_err().reason;
        assert!(reason.contains("no answer within 300 ms"), "{reason}");
    }
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");
    resume();
    assert_eq!(reached(&hasty, &key).await, Some(record(&["a"], now)));
}

/// A log-out everywhere while the person's sessions change, and others log in: no step is lost to a deadlock.
pub async fn steps_that_meet_are_tried_again<S: Tested>(store: S) {
    let now = clock();
    let mut meeting = JoinSet::new();
    for part in 0..16_u32 {
        let store = store.clone();
        meeting.spawn(async move {
            for number in 0..12_u64 {
                let key = new_key();
                let own = format!("own-{}", number % 3);
                created(
                    store
                        .create(&key, record(&["shared", &own], now), now)
                        .await,
                );
                let mut change = record(&["shared", "moved"], now);
                change.version = 1;
                let replaced = store.replace(&key, 0, change, now).await;
                assert!(replaced.is_ok(), "{replaced:?}");
                if part % 4 == 0 {
                    let entry = IndexKey::new(if number % 2 == 0 { "shared" } else { "moved" });
                    store
                        .end_all(&entry, now, now)
                        .await
                        .unwrap_or_else(|e| panic!("{e}"));
                }
            }
        });
    }
    meeting.join_all().await;
    store
        .end_all(&IndexKey::new("shared"), now, now)
        .await
        .unwrap();
    assert_eq!(
        store.count("select count(*) from codegrant_session").await,
        0
    );
    assert_eq!(
        store
            .count("select count(*) from codegrant_session_index")
            .await,
        0
    );
}
