//! What lies in the server: how long, how much, and what is left behind.

use std::collections::HashSet;

use codegrant_redis::redis::aio::MultiplexedConnection;
use codegrant_redis::{RedisStore, redis};
use codegrant_testkit::servers::RedisServer;
use codegrant_web::{Created, Record, Replaced, Revocation, SessionStore, TransactionId};

use crate::{PATIENCE, beside, entry, key, now, record, store};

/// Asks past the store.
async fn ask<T: redis::FromRedisValue>(
    connection: &mut MultiplexedConnection,
    words: &[&str],
) -> T {
    let mut command = redis::cmd(words[0]);
    command.arg(&words[1..]);
    command.query_async(connection).await.unwrap()
}

async fn keys(connection: &mut MultiplexedConnection) -> HashSet<String> {
    ask(connection, &["KEYS", "*"]).await
}

/// Counts the commands that the server was sent since it was asked last; not what a script does in it.
async fn commands(connection: &mut MultiplexedConnection) -> usize {
    let told: String = ask(connection, &["INFO", "commandstats"]).await;
    let _: String = ask(connection, &["CONFIG", "RESETSTAT"]).await;
    let calls = |name: &str| {
        let mut lines = told.lines();
        let line = lines.find_map(|line| line.strip_prefix(&format!("cmdstat_{name}:calls=")));
        line.map_or(0, |line| line.split(',').next().unwrap().parse().unwrap())
    };
    // A script that the server does not know yet is sent once more.
    match calls("evalsha") {
        0 => calls("get") + calls("xrange"),
        scripts => scripts,
    }
}

// attack: DO-06 DO-07
#[tokio::test]
async fn every_key_ends_by_itself_and_has_the_prefix() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let builder = RedisStore::builder(server.url())
        .prefix("shop:")
        .deadline(PATIENCE);
    let (store, mut beside) = (builder.connect().await.unwrap(), beside(&server).await);
    let now = now();
    let one = key("one");
    assert_eq!(
        store.create(&one, record(&["a", "b"]), now).await,
        Ok(Created::Yes)
    );
    let moved = Record {
        version: 1,
        expires_at: now.plus(7200 + 60),
        ..record(&["b", "c"])
    };
    assert_eq!(store.replace(&one, 0, moved, now).await, Ok(Replaced::Yes));
    let transaction = TransactionId::of_state("a state");
    assert_eq!(
        store.consume(transaction, now.plus(60), now).await,
        Ok(true)
    );
    let revocation = |seconds| Revocation {
        entry: entry("a"),
        issued_by: now,
        started_by: now,
        until: now.plus(seconds),
    };
    for seconds in [600, 60] {
        store.revoke(&revocation(seconds), now).await.unwrap();
    }
    let all = keys(&mut beside).await;
    let session = format!("shop:s:{}", one.as_str());
    let index = |name| format!("shop:i:{}", entry(name).as_str());
    let used = format!("shop:t:{}", transaction.to_hex());
    let expected = [
        session.clone(),
        index("b"),
        index("c"),
        used.clone(),
        "shop:r".to_owned(),
    ];
    assert_eq!(all, expected.clone().into_iter().collect());
    let mut seconds = Vec::new();
    for key in &expected {
        let left: i64 = ask(&mut beside, &["PTTL", key]).await;
        assert!(left > 0, "{key} has no end");
        seconds.push((left + 999) / 1000);
    }
    let [session, before, after, used, over] = seconds.try_into().unwrap();
    assert!((7250..=7261).contains(&session), "{session}");
    assert!(
        (before - after).abs() < 10,
        "the one that stays lasts as long as the new one"
    );
    assert!(after > session, "an entry outlasts its session");
    assert!((50..=61).contains(&used), "{used}");
    assert!(
        (4190..=4201).contains(&over),
        "{over}: the longest one counts"
    );
}

#[tokio::test]
async fn delete_and_end_leave_nothing_behind() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let (store, mut beside) = (store(&server).await, beside(&server).await);
    let now = now();
    for name in ["one", "two", "three"] {
        let created = store.create(&key(name), record(&["a person"]), now).await;
        assert_eq!(created, Ok(Created::Yes));
    }
    store.delete(&key("one")).await.unwrap();
    let index = format!("codegrant:i:{}", entry("a person").as_str());
    let named: usize = ask(&mut beside, &["ZCARD", &index]).await;
    assert_eq!(named, 2, "the others stay");
    assert_eq!(store.end_all(&entry("a person"), now, now).await, Ok(2));
    assert_eq!(keys(&mut beside).await, HashSet::new());
    // Nor does one that was not written.
    assert_eq!(
        store.create(&key("one"), record(&[]), now).await,
        Ok(Created::Yes)
    );
    let taken = store.create(&key("one"), record(&["a person"]), now).await;
    assert_eq!(taken, Ok(Created::No));
    assert_eq!(keys(&mut beside).await.len(), 1);
}

#[tokio::test]
async fn entry_of_a_dead_record_does_no_harm_to_the_next_one_of_its_key() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let (store, mut beside) = (store(&server).await, beside(&server).await);
    let now = now();
    let (one, person) = (key("one"), entry("a person"));
    assert_eq!(
        store.create(&one, record(&["a person"]), now).await,
        Ok(Created::Yes)
    );
    // The process that ended it died before it had tidied up.
    let session = format!("codegrant:s:{}", one.as_str());
    let _: i64 = ask(&mut beside, &["DEL", &session]).await;
    assert_eq!(store.list(&person, 10, now).await, Ok(vec![]));
    assert_eq!(store.end_all(&person, now, now).await, Ok(0));
    assert_eq!(
        store.create(&one, record(&["a person"]), now).await,
        Ok(Created::Yes)
    );
    assert_eq!(store.list(&person, 10, now).await.unwrap().len(), 1, "once");
    assert_eq!(
        store.end_all(&person, now, now).await,
        Ok(1),
        "and counted once"
    );
    // What such a crash left goes when the session would have ended, by the next one of that person.
    let later = now.plus(4 * 3600);
    let next = Record {
        expires_at: later.plus(60),
        ..record(&["a person"])
    };
    assert_eq!(
        store.create(&key("two"), next, later).await,
        Ok(Created::Yes)
    );
    let index = format!("codegrant:i:{}", person.as_str());
    let named: usize = ask(&mut beside, &["ZCARD", &index]).await;
    assert_eq!(named, 1);
}

#[tokio::test]
async fn stream_is_trimmed_by_those_who_add_to_it() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let (store, mut beside) = (store(&server).await, beside(&server).await);
    let now = now();
    for n in 0..100 {
        let revocation = Revocation {
            entry: entry(&format!("{n}")),
            issued_by: now,
            started_by: now,
            until: now.plus(60),
        };
        store.revoke(&revocation, now).await.unwrap();
    }
    let length: usize = ask(&mut beside, &["XLEN", "codegrant:r"]).await;
    assert_eq!(length, 100);
    let later = now.plus(2 * 3600);
    let mut left = Vec::new();
    for _ in 0..8 {
        let revocation = Revocation {
            entry: entry("late"),
            issued_by: later,
            started_by: later,
            until: later.plus(60),
        };
        store.revoke(&revocation, later).await.unwrap();
        left.push(ask::<usize>(&mut beside, &["XLEN", "codegrant:r"]).await);
    }
    assert_eq!(left, [85, 70, 55, 40, 25, 10, 7, 8]);
}

#[tokio::test]
async fn ten_thousand_sessions_of_one_person_are_listed_and_ended() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let (store, mut beside) = (store(&server).await, beside(&server).await);
    let now = now();
    let mut tasks = tokio::task::JoinSet::new();
    for part in 0..100 {
        let store = store.clone();
        tasks.spawn(async move {
            for n in 0..100 {
                let one = key(&format!("{part} {n}"));
                let created = store.create(&one, record(&["a person"]), now).await;
                assert_eq!(created, Ok(Created::Yes));
            }
        });
    }
    let _done = tasks.join_all().await;
    let person = entry("a person");
    assert_eq!(
        store.list(&person, 10, now).await.unwrap().len(),
        10,
        "as many as asked for"
    );
    let listed = store.list(&person, 20_000, now).await.unwrap();
    let distinct: HashSet<_> = listed.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!((listed.len(), distinct.len()), (10_000, 10_000));
    assert_eq!(store.end_all(&person, now, now).await, Ok(10_000));
    assert_eq!(keys(&mut beside).await, HashSet::new());
}

#[tokio::test]
async fn request_costs_one_command_and_a_session_costs_few_bytes() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let (store, mut beside) = (store(&server).await, beside(&server).await);
    let now = now();
    let one = key("one");
    commands(&mut beside).await;
    // The entries at once, each in a command of its own, then the record.
    assert_eq!(
        store.create(&one, record(&["a", "b"]), now).await,
        Ok(Created::Yes)
    );
    let mut costs = vec![("create", commands(&mut beside).await)];
    assert!(store.load(&one, now).await.unwrap().is_some());
    costs.push(("load", commands(&mut beside).await));
    let touched = Record {
        version: 1,
        expires_at: now.plus(3600 + 600),
        ..record(&["a", "b"])
    };
    assert_eq!(
        store.replace(&one, 0, touched, now).await,
        Ok(Replaced::Yes)
    );
    costs.push(("replace", commands(&mut beside).await));
    let transaction = TransactionId::of_state("a state");
    assert_eq!(
        store.consume(transaction, now.plus(60), now).await,
        Ok(true)
    );
    costs.push(("consume", commands(&mut beside).await));
    store.revoked(None, now).await.unwrap();
    costs.push(("revoked", commands(&mut beside).await));
    let expected = [
        ("create", 3),
        ("load", 1),
        ("replace", 1),
        ("consume", 1),
        ("revoked", 1),
    ];
    assert_eq!(costs, expected);
    let mut bytes = 0;
    let mut shares = Vec::new();
    for name in keys(&mut beside).await {
        let used: usize = ask(&mut beside, &["MEMORY", "USAGE", &name]).await;
        bytes += used;
        shares.push(format!("{name}: {used}"));
    }
    shares.sort();
    println!("{bytes} bytes for a sealed session of 600 with two entries: {shares:#?}");
    assert!(bytes < 1500, "{shares:#?}");
}
