//! A server that is down, slow, restarted, or holds what is not ours: an error within the deadline, and no
//! more than that.

use std::time::{Duration, Instant};

use codegrant_redis::{RedisStore, redis};
use codegrant_testkit::servers::RedisServer;
use codegrant_web::{
    Created, Position, Replaced, Revocation, SessionStore, StoreError, Timestamp, TransactionId,
};

use crate::{PATIENCE, beside, entry, key, now, record, store};

/// Short, for tests that wait for it to pass.
const SHORT: Duration = Duration::from_millis(300);

/// Asks everything that a store can be asked, at the same time.
async fn everything(store: &RedisStore) -> Vec<Result<(), StoreError>> {
    let (one, person, now) = (key("one"), entry("a person"), now());
    let revocation = Revocation {
        entry: person.clone(),
        issued_by: now,
        started_by: now,
        until: now.plus(60),
    };
    let transaction = TransactionId::of_state("a state");
    let mut indexed = record(&["a person"]);
    indexed.version = 1;
    let asked = tokio::join!(
        async {
            store
                .create(&one, record(&["a person"]), now)
                .await
                .map(drop)
        },
        async { store.load(&one, now).await.map(drop) },
        async { store.replace(&one, 0, indexed, now).await.map(drop) },
        async { store.delete(&one).await },
        async { store.end_all(&person, now, now).await.map(drop) },
        async { store.list(&person, 10, now).await.map(drop) },
        async { store.revoke(&revocation, now).await },
        async { store.revoked(None, now).await.map(drop) },
        async {
            store
                .consume(transaction, now.plus(60), now)
                .await
                .map(drop)
        },
    );
    let (a, b, c, d, e, f, g, h, i) = asked;
    vec![a, b, c, d, e, f, g, h, i]
}

// attack: LK-21
#[tokio::test]
async fn server_that_is_down_is_an_error_at_once_and_back_again_it_works() {
    let Some(server) = RedisServer::durable() else {
        return;
    };
    let store = store(&server).await;
    let (one, now) = (key("one"), now());
    let created = store.create(&one, record(&["a person"]), now).await;
    assert_eq!(created, Ok(Created::Yes));
    server.kill();
    let asked = Instant::now();
    for answer in everything(&store).await {
        let reason = answer.unwrap_err().reason;
        let place = format!("redis at 127.0.0.1:{}: ", server.port());
        assert!(reason.starts_with(&place), "{reason}");
    }
    assert!(asked.elapsed() < PATIENCE, "it waits for no deadline");
    server.start_again();
    // The very first call: nobody has to fail for the connection to be made anew.
    let held = store.load(&one, now).await.unwrap();
    assert!(held.is_some(), "it was acknowledged");
    assert!(everything(&store).await.iter().all(Result::is_ok));
}

#[tokio::test]
async fn restart_between_two_calls_is_not_seen() {
    let Some(server) = RedisServer::durable() else {
        return;
    };
    let store = store(&server).await;
    let (one, now) = (key("one"), now());
    for version in 0..3 {
        server.restart();
        let mut next = record(&["a person"]);
        next.version = version;
        match version {
            0 => assert_eq!(store.create(&one, next, now).await, Ok(Created::Yes)),
            _ => {
                let replaced = store.replace(&one, version - 1, next, now).await;
                assert_eq!(replaced, Ok(Replaced::Yes));
            }
        }
    }
}

#[tokio::test]
async fn server_that_does_not_answer_is_an_error_at_the_deadline() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let builder = RedisStore::builder(server.url()).deadline(SHORT);
    let store = builder.connect().await.unwrap();
    server.pause();
    for _ in 0..2 {
        let asked = Instant::now();
        for answer in everything(&store).await {
            let reason = answer.unwrap_err().reason;
            assert!(
                reason.contains("no answer within 300 ms") || reason.contains("timed out"),
                "{reason}"
            );
        }
        assert!(asked.elapsed() >= SHORT, "it had its time");
        assert!(asked.elapsed() < PATIENCE, "and no more than that");
    }
    let builder = RedisStore::builder(server.url()).deadline(SHORT);
    assert!(builder.connect().await.is_err(), "nobody answers there");
    server.resume();
    let deadline = Instant::now() + PATIENCE;
    while let Err(error) = store.load(&key("one"), now()).await {
        assert!(Instant::now() < deadline, "it does not come back: {error}");
    }
}

// attack: LK-06
#[tokio::test]
async fn wrong_password_is_told_without_the_password() {
    let Some(server) = RedisServer::start_with(&["--requirepass", "right-secret"]) else {
        return;
    };
    let port = server.port();
    let with = |password: &str| format!("redis://:{password}@127.0.0.1:{port}/");
    for url in [with("wrong-secret"), format!("redis://127.0.0.1:{port}/")] {
        let builder = RedisStore::builder(url).deadline(PATIENCE);
        let reason = builder.connect().await.unwrap_err().reason;
        assert!(!reason.contains("secret"), "{reason}");
        assert!(reason.contains("127.0.0.1"), "{reason}");
        assert!(reason.to_lowercase().contains("auth"), "{reason}");
    }
    let builder = RedisStore::builder(with("right-secret")).deadline(PATIENCE);
    let store = builder.connect().await.unwrap();
    let shown = format!("{store:?} {:?}", RedisStore::builder(with("right-secret")));
    assert!(!shown.contains("secret"), "{shown}");
    assert!(everything(&store).await.iter().all(Result::is_ok));
}

#[tokio::test]
async fn user_needs_no_more_rights_than_the_guide_says() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let guide = include_str!("../../../../docs/guide/stores.md");
    let (_, rights) = guide.split_once("ACL SETUSER").unwrap();
    let (rights, _) = rights.split_once("```").unwrap();
    assert!(rights.contains("~codegrant:*"), "{rights}");
    let mut beside = beside(&server).await;
    let mut command = redis::cmd("ACL");
    command
        .arg("SETUSER")
        .arg(rights.split_whitespace().collect::<Vec<_>>());
    command.exec_async(&mut beside).await.unwrap();
    let url = server.url().replace("redis://", "redis://app:secret@");
    let store = RedisStore::builder(&url)
        .deadline(PATIENCE)
        .connect()
        .await
        .unwrap();
    assert!(everything(&store).await.iter().all(Result::is_ok));
    for steps in 0..3 {
        let (one, now) = (key(&format!("{steps}")), now());
        assert_eq!(
            store.create(&one, record(&["a person"]), now).await,
            Ok(Created::Yes)
        );
        let mut moved = record(&["another"]);
        moved.version = 1;
        assert_eq!(store.replace(&one, 0, moved, now).await, Ok(Replaced::Yes));
    }
    assert_eq!(store.end_all(&entry("another"), now(), now()).await, Ok(3));
    let log = redis::cmd("ACL")
        .arg("LOG")
        .query_async::<Vec<redis::Value>>(&mut beside)
        .await;
    let refused = format!("{:?}", log.unwrap());
    assert!(!refused.contains("command"), "{refused}");
    let builder = RedisStore::builder(&url)
        .prefix("other:")
        .deadline(PATIENCE);
    let other = builder.connect().await.unwrap();
    let reason = other.load(&key("one"), now()).await.unwrap_err().reason;
    assert!(
        reason.contains("NOPERM") || reason.contains("permission"),
        "{reason}"
    );
}

#[tokio::test]
async fn address_that_is_none_is_told_without_what_stands_in_it() {
    for url in [
        "",
        "postgres://app:secret@db",
        "redis://app:secret@",
        "redis://a:secret@b:port",
    ] {
        let reason = RedisStore::connect(url).await.unwrap_err().reason;
        assert!(!reason.contains("secret"), "{reason}");
    }
    let builder = RedisStore::builder("redis://127.0.0.1").prefix("{one place}");
    assert!(
        builder
            .connect()
            .await
            .unwrap_err()
            .reason
            .contains("prefix")
    );
}

// attack: DO-08
#[tokio::test]
async fn what_is_not_ours_or_newer_is_an_error_and_is_left_alone() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let (store, mut beside) = (store(&server).await, beside(&server).await);
    let (one, person, now) = (key("one"), entry("a person"), now());
    let session = format!("codegrant:s:{}", one.as_str());
    let mut command = async |words: &[&[u8]]| -> redis::Value {
        let mut command = redis::cmd(str::from_utf8(words[0]).unwrap());
        command.arg(&words[1..]);
        command.query_async(&mut beside).await.unwrap()
    };
    // A list where a string, a set or a stream should be; a piece of a record; one of a version to come.
    for junk in [
        &[&b"RPUSH"[..], session.as_bytes(), b"junk"][..],
        &[b"SET", session.as_bytes(), b"\x01 short"],
        &[b"SET", session.as_bytes(), &[2; 200]],
        &[b"SET", session.as_bytes(), b"{\"json\": true}"],
    ] {
        command(junk).await;
        let reason = store.load(&one, now).await.unwrap_err().reason;
        assert!(
            reason.contains("newer")
                || reason.contains("WRONGTYPE")
                || reason.contains("wrong kind"),
            "{reason}"
        );
        assert!(
            store
                .create(&one, record(&["a person"]), now)
                .await
                .is_err()
        );
        assert!(store.replace(&one, 0, record(&[]), now).await.is_err());
        // The attempt to create it has left the entry.
        assert!(store.end_all(&person, now, now).await.is_err());
        assert!(store.list(&person, 10, now).await.is_err());
        let held = command(&[b"EXISTS", session.as_bytes()]).await;
        assert_eq!(held, redis::Value::Int(1), "left alone");
        command(&[b"DEL", session.as_bytes()]).await;
    }
    let index = format!("codegrant:i:{}", person.as_str());
    let transaction = TransactionId::of_state("a state");
    let used = format!("codegrant:t:{}", transaction.to_hex());
    command(&[b"DEL", index.as_bytes()]).await;
    for name in [&index, &used, "codegrant:r"] {
        command(&[b"SET", name.as_bytes(), b"junk"]).await;
    }
    assert!(
        store
            .create(&one, record(&["a person"]), now)
            .await
            .is_err()
    );
    assert_eq!(
        store.load(&one, now).await,
        Ok(None),
        "not without its entry"
    );
    assert!(store.end_all(&person, now, now).await.is_err());
    assert!(store.consume(transaction, now.plus(60), now).await.is_err());
    assert!(store.revoked(None, now).await.is_err());
    command(&[b"DEL", b"codegrant:r"]).await;
    command(&[
        b"XADD",
        b"codegrant:r",
        b"*",
        b"r",
        b"\x02of a version to come",
    ])
    .await;
    assert!(
        store.revoked(None, now).await.is_err(),
        "nothing that is over is passed over"
    );
}

#[tokio::test]
async fn one_foreign_record_does_not_keep_the_others_from_ending() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let (store, mut beside) = (store(&server).await, beside(&server).await);
    let (person, now) = (entry("a person"), now());
    let keys: Vec<_> = (0..700).map(|n| key(&format!("{n}"))).collect();
    for one in &keys {
        let created = store.create(one, record(&["a person"]), now).await;
        assert_eq!(created, Ok(Created::Yes));
    }
    let mut command = redis::cmd("SET");
    command
        .arg(format!("codegrant:s:{}", keys[0].as_str()))
        .arg("junk");
    command.exec_async(&mut beside).await.unwrap();
    assert!(
        store.end_all(&person, now, now).await.is_err(),
        "it is said"
    );
    for one in &keys[1..] {
        assert_eq!(store.load(one, now).await, Ok(None));
    }
}

#[tokio::test]
async fn server_that_has_forgotten_the_scripts_is_told_them_again() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let (store, mut beside) = (store(&server).await, beside(&server).await);
    assert!(everything(&store).await.iter().all(Result::is_ok));
    let mut flush = redis::cmd("SCRIPT");
    flush.arg("FLUSH");
    flush.exec_async(&mut beside).await.unwrap();
    assert!(everything(&store).await.iter().all(Result::is_ok));
}

#[tokio::test]
async fn position_of_another_store_is_refused() {
    let Some(server) = RedisServer::shared() else {
        return;
    };
    let store = store(server).await;
    for text in ["", "7", "(1-1", "- +"] {
        let answer = store.revoked(Some(&Position::new(text)), now()).await;
        assert!(
            answer.unwrap_err().reason.contains("did not give"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn failover_that_lost_the_clock_hides_nothing() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let (store, mut beside) = (store(&server).await, beside(&server).await);
    let now = now();
    let revocation = |name: &str| Revocation {
        entry: entry(name),
        issued_by: Timestamp::from_unix(i64::MAX),
        started_by: now,
        until: now.plus(3600),
    };
    store.revoke(&revocation("before"), now).await.unwrap();
    let first = store.revoked(None, now).await.unwrap();
    // A replica takes over that had not heard of it, and whose clock is half a minute behind.
    let (milliseconds, _) = first.position.as_str().split_once('-').unwrap();
    let behind = milliseconds.parse::<u64>().unwrap() - 30_000;
    redis::cmd("DEL")
        .arg("codegrant:r")
        .exec_async(&mut beside)
        .await
        .unwrap();
    store.revoke(&revocation("after"), now).await.unwrap();
    let item: Vec<(String, Vec<Vec<u8>>)> = redis::cmd("XRANGE")
        .arg(&["codegrant:r", "-", "+"])
        .query_async(&mut beside)
        .await
        .unwrap();
    redis::cmd("DEL")
        .arg("codegrant:r")
        .exec_async(&mut beside)
        .await
        .unwrap();
    let mut add = redis::cmd("XADD");
    add.arg("codegrant:r")
        .arg(format!("{behind}-0"))
        .arg(&item[0].1);
    add.exec_async(&mut beside).await.unwrap();
    let next = store.revoked(Some(&first.position), now).await.unwrap();
    assert_eq!(next.revocations, [revocation("after")]);
}
