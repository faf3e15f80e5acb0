//! The store over PostgreSQL: the contract from two pools, servers that die, and what is PostgreSQL's own.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use codegrant_sqlx::PostgresStore;
use codegrant_sqlx::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use codegrant_sqlx::sqlx::{self, PgPool};
use codegrant_testkit::servers::PostgresServer;
use codegrant_testkit::store_contract;
use codegrant_web::{Position, Revocation, SessionStore};
use common::Tested;

tested!(PostgresStore, "explain");

async fn connect(url: &str) -> PostgresStore {
    PostgresStore::new(PgPool::connect(url).await.unwrap())
}

/// A new database with the tables in it, unless there is no server.
async fn new_store() -> Option<PostgresStore> {
    let store = connect(&PostgresServer::shared()?.new_database()).await;
    store.migrate().await.unwrap();
    Some(store)
}

#[tokio::test(flavor = "multi_thread")]
async fn contract_holds_for_two_processes() {
    let Some(server) = PostgresServer::shared() else {
        return;
    };
    let url = server.new_database();
    connect(&url).await.migrate().await.unwrap();
    store_contract::holds(async || connect(&url).await).await;
    store_contract::holds_for_two(async || (connect(&url).await, connect(&url).await)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contract_holds_where_transactions_are_serializable() {
    let Some(server) = PostgresServer::shared() else {
        return;
    };
    let url = server.new_database();
    let options: PgConnectOptions = url.parse().unwrap();
    let options = options.options([("default_transaction_isolation", "serializable")]);
    let store = async || PostgresStore::new(PgPool::connect_with(options.clone()).await.unwrap());
    store().await.migrate().await.unwrap();
    store_contract::holds(async || store().await.with_deadline(Duration::from_secs(30))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_crash_of_the_server() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let url = server.new_database();
    connect(&url).await.migrate().await.unwrap();
    let crash = async || {
        server.kill();
        server.start_again();
    };
    store_contract::survives(async || connect(&url).await, crash).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_is_got_over_and_a_server_that_is_down_is_an_error() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let store = connect(&server.new_database()).await;
    store.migrate().await.unwrap();
    common::works(&store).await;
    server.restart();
    assert_eq!(common::reached(&store, &common::new_key()).await, None);
    common::works(&store).await;
    server.stop();
    let down = store.clone().with_deadline(Duration::from_millis(500));
    assert!(
        down.load(&common::new_key(), common::clock())
            .await
            .is_err()
    );
    assert!(down.migrate().await.is_err());
    server.start_again();
    assert_eq!(common::reached(&store, &common::new_key()).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_server_is_given_up() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let store = connect(&server.new_database()).await;
    store.migrate().await.unwrap();
    let hasty = store.clone().with_deadline(Duration::from_millis(300));
    common::a_silent_server_is_given_up(store, hasty, || server.pause(), || server.resume()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_was_given_up_goes_back_to_nobody() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let released = Arc::new(AtomicU32::new(0));
    let counted = released.clone();
    // Without the question before it, so that it is the call itself which has no answer.
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .test_before_acquire(false)
        .after_release(move |_, _| {
            counted.fetch_add(1, Ordering::SeqCst);
            Box::pin(async { Ok(true) })
        });
    let pool = pool.connect(&server.new_database()).await.unwrap();
    let store = PostgresStore::new(pool);
    store.migrate().await.unwrap();
    common::works(&store).await;
    idle(&store).await;
    let before = released.load(Ordering::SeqCst);
    assert!(before > 0, "a call that has its answer gives it back");
    server.pause();
    let hasty = store.clone().with_deadline(Duration::from_millis(300));
    let (key, now) = (common::new_key(), common::clock());
    assert!(hasty.load(&key, now).await.is_err());
    server.resume();
    assert_eq!(common::reached(&store, &key).await, None);
    idle(&store).await;
    let after = released.load(Ordering::SeqCst);
    assert_eq!(after, before + 1, "that of the last call alone");
}

/// Waits until the pool has its connection back.
async fn idle(store: &PostgresStore) {
    while store.pool().num_idle() == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_error_tells_no_password() {
    let Some(server) = PostgresServer::shared() else {
        return;
    };
    let port = server.port();
    let url = format!("postgres://nobody:hunter2@127.0.0.1:{port}/postgres");
    let store = PostgresStore::new(PgPool::connect_lazy(&url).unwrap());
    let error = store.migrate().await.unwrap_err().to_string();
    assert!(
        error.contains("nobody") && !error.contains("hunter2"),
        "{error}"
    );
    assert!(!format!("{store:?}").contains("hunter2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_migrate_at_once() {
    let Some(server) = PostgresServer::shared() else {
        return;
    };
    let url = server.new_database();
    let few = PgPoolOptions::new().max_connections(1);
    let few = async || PostgresStore::new(few.clone().connect(&url).await.unwrap());
    common::twenty_migrate_at_once(few).await;
}

#[tokio::test]
async fn older_tables_are_brought_up_to_date() {
    let Some(server) = PostgresServer::shared() else {
        return;
    };
    let store = connect(&server.new_database()).await;
    common::older_tables_are_brought_up_to_date(store).await;
    let store = connect(&server.new_database()).await;
    common::tables_of_the_app_are_left_alone(store).await;
}

#[tokio::test]
async fn a_sweep_removes_what_expired_and_no_more() {
    let Some(store) = new_store().await else {
        return;
    };
    common::a_sweep_removes_what_expired_and_no_more(store).await;
}

#[tokio::test]
async fn the_index_knows_what_is_there_and_nothing_else() {
    let Some(store) = new_store().await else {
        return;
    };
    common::the_index_knows_what_is_there_and_nothing_else(store).await;
}

#[tokio::test]
async fn junk_and_odd_names_are_kept_apart() {
    let Some(store) = new_store().await else {
        return;
    };
    common::a_row_of_junk_is_an_error_of_its_own(store.clone()).await;
    common::names_are_compared_byte_by_byte(store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_that_meet_are_tried_again() {
    let Some(store) = new_store().await else {
        return;
    };
    common::steps_that_meet_are_tried_again(store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_reads_a_whole_table() {
    let Some(store) = new_store().await else {
        return;
    };
    common::fill(&store).await;
    store.run("analyze").await;
    for sql in [
        "select sealed from codegrant_session where id = 'x' and expires_at > 5",
        "delete from codegrant_session s using codegrant_session_index i where i.entry = 'x' \
         and s.id = i.id and 'x' = any(s.entries) and s.issued_at <= 5 and s.expires_at > 5",
        "delete from codegrant_session_index where id = 'x'",
        "select id from codegrant_session where expires_at <= 5 order by expires_at limit 1000",
        "select id from codegrant_used where expires_at <= 5 order by expires_at limit 1000",
        "select id from codegrant_revocation where expires_at <= 5 order by expires_at limit 1000",
        "select entry from codegrant_revocation where (written, id) > ('999999999'::xid8, 0) \
         and expires_at > 5 order by written, id limit 1000",
    ] {
        let plan = store.plan(sql).await;
        assert!(
            plan.contains("Index") && !plan.contains("Seq Scan"),
            "{sql}\n{plan}"
        );
    }
}

#[tokio::test]
async fn a_revocation_that_commits_late_is_not_missed() {
    let Some(store) = new_store().await else {
        return;
    };
    let now = common::clock();
    let late = common::revocation("late", now.plus(60));
    let early = common::revocation("early", now.plus(60));
    // Written first, and visible last.
    let mut slow = store.pool().begin().await.unwrap();
    let insert = "insert into codegrant_revocation (entry, issued_by, started_by, expires_at) \
                  values ('late', $1, 0, $2)";
    let insert = sqlx::query(insert)
        .bind(i64::MAX)
        .bind(now.plus(60).as_unix());
    insert.execute(&mut *slow).await.unwrap();
    store.revoke(&early, now).await.unwrap();
    let first = store.revoked(None, now).await.unwrap();
    assert_eq!(first.revocations, std::slice::from_ref(&early));
    let second = store.revoked(Some(&first.position), now).await.unwrap();
    assert_eq!(second.revocations, [early], "again, while another is open");
    slow.commit().await.unwrap();
    let third = store.revoked(Some(&second.position), now).await.unwrap();
    assert!(third.revocations.contains(&late), "{third:?}");
    let fourth = store.revoked(Some(&third.position), now).await.unwrap();
    assert_eq!(fourth.revocations, [], "everything has been read");
}

#[tokio::test]
async fn a_late_one_is_not_missed_between_pages_either() {
    let Some(store) = new_store().await else {
        return;
    };
    let now = common::clock();
    let mut slow = store.pool().begin().await.unwrap();
    let insert = "insert into codegrant_revocation (entry, issued_by, started_by, expires_at) \
                  values ($1, 0, 0, $2)";
    let until = now.plus(60).as_unix();
    let late = sqlx::query(insert).bind("late").bind(until);
    late.execute(&mut *slow).await.unwrap();
    for _ in 0..2_500 {
        let one = sqlx::query(insert).bind("one").bind(until);
        one.execute(store.pool()).await.unwrap();
    }
    let page = store.revoked(None, now).await.unwrap();
    assert!(page.more && page.revocations.len() == 1_000);
    slow.commit().await.unwrap();
    let rest = read_on(&store, page.position).await;
    assert!(rest.1.len() >= 1_500, "{}", rest.1.len());
    let (_, next) = read_on(&store, rest.0).await;
    let is_late = |over: &Revocation| over.entry.as_str() == "late";
    assert!(rest.1.iter().chain(&next).any(is_late));
}

async fn read_on(store: &PostgresStore, mut position: Position) -> (Position, Vec<Revocation>) {
    let mut read = Vec::new();
    loop {
        let page = store
            .revoked(Some(&position), common::clock())
            .await
            .unwrap();
        read.extend(page.revocations);
        position = page.position;
        if !page.more {
            return (position, read);
        }
    }
}
