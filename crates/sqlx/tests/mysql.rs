//! The store over MariaDB: the contract from two pools, servers that die, and what is MySQL's own.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::time::Duration;

use codegrant_sqlx::MySqlStore;
use codegrant_sqlx::sqlx;
use codegrant_sqlx::sqlx::mysql::{MySqlPool, MySqlPoolOptions};
use codegrant_testkit::servers::MariaDbServer;
use codegrant_testkit::store_contract;
use codegrant_web::SessionStore;
use common::Tested;

tested!(MySqlStore, "explain");

async fn connect(url: &str) -> MySqlStore {
    MySqlStore::new(MySqlPool::connect(url).await.unwrap())
}

/// A new database with the tables in it, unless there is no server.
async fn new_store() -> Option<MySqlStore> {
    let store = connect(&MariaDbServer::shared()?.new_database()).await;
    store.migrate().await.unwrap();
    Some(store)
}

#[tokio::test(flavor = "multi_thread")]
async fn contract_holds_for_two_processes() {
    let Some(server) = MariaDbServer::shared() else {
        return;
    };
    let url = server.new_database();
    connect(&url).await.migrate().await.unwrap();
    store_contract::holds(async || connect(&url).await).await;
    store_contract::holds_for_two(async || (connect(&url).await, connect(&url).await)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_crash_of_the_server() {
    let Some(server) = MariaDbServer::start() else {
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
    let Some(server) = MariaDbServer::start() else {
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
    let Some(server) = MariaDbServer::start() else {
        return;
    };
    let store = connect(&server.new_database()).await;
    store.migrate().await.unwrap();
    let hasty = store.clone().with_deadline(Duration::from_millis(300));
    common::a_silent_server_is_given_up(store, hasty, || server.pause(), || server.resume()).await;
}

#[tokio::test]
async fn an_error_tells_no_password() {
    let Some(server) = MariaDbServer::shared() else {
        return;
    };
    let url = format!("mysql://nobody:hunter2@127.0.0.1:{}/mysql", server.port());
    let store = MySqlStore::new(MySqlPool::connect_lazy(&url).unwrap());
    let error = store.migrate().await.unwrap_err().to_string();
    assert!(
        error.contains("nobody") && !error.contains("hunter2"),
        "{error}"
    );
    assert!(!format!("{store:?}").contains("hunter2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_migrate_at_once() {
    let Some(server) = MariaDbServer::shared() else {
        return;
    };
    let url = server.new_database();
    let few = MySqlPoolOptions::new().max_connections(1);
    let few = async || MySqlStore::new(few.clone().connect(&url).await.unwrap());
    common::twenty_migrate_at_once(few).await;
}

#[tokio::test]
async fn older_tables_are_brought_up_to_date() {
    let Some(server) = MariaDbServer::shared() else {
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
    store
        .run("analyze table codegrant_session, codegrant_session_index, codegrant_used, codegrant_revocation")
        .await;
    for sql in [
        "select sealed from codegrant_session where id = (select max(id) from codegrant_session) \
         and expires_at > 5",
        "delete s from codegrant_session_index i join codegrant_session s on s.id = i.id \
         where i.entry = 'person-1-1' and s.issued_at <= 5 and s.expires_at > 5",
        "delete from codegrant_session where expires_at <= 5 order by expires_at limit 1000",
        "delete from codegrant_used where expires_at <= 5 order by expires_at limit 1000",
        "delete from codegrant_revocation where expires_at <= 5 order by expires_at limit 1000",
        "select entry from codegrant_revocation where number > 1990 and expires_at > 5 \
         order by number limit 1000",
    ] {
        let plan = store.plan(sql).await;
        assert!(
            !plan.contains(" ALL ") && !plan.contains("filesort"),
            "{sql}\n{plan}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_that_commits_late_holds_up_those_after_it() {
    // Of its own, because what waits is counted for the whole server.
    let Some(server) = MariaDbServer::start() else {
        return;
    };
    let store = connect(&server.new_database()).await;
    store.migrate().await.unwrap();
    let now = common::clock();
    let early = common::revocation("early", now.plus(60));
    // Written first, and visible last if the other one did not wait. The lock that is held here is one that two may
    // hold at once, so that only a writer who wants the row for itself waits.
    let mut slow = store.pool().begin().await.unwrap();
    let lock = "select only_row from codegrant_revocation_order lock in share mode";
    sqlx::query(lock).execute(&mut *slow).await.unwrap();
    let insert = "insert into codegrant_revocation (entry, issued_by, started_by, expires_at) \
                  values ('late', 0, 0, ?)";
    let insert = sqlx::query(insert).bind(now.plus(60).as_unix());
    insert.execute(&mut *slow).await.unwrap();
    let second = tokio::spawn({
        let (store, early) = (store.clone(), early.clone());
        async move { store.revoke(&early, now).await }
    });
    let waiting = "select cast(variable_value as signed) from information_schema.global_status \
                   where variable_name = 'INNODB_ROW_LOCK_CURRENT_WAITS'";
    while store.count(waiting).await == 0 {
        assert!(!second.is_finished(), "it did not wait");
        tokio::task::yield_now().await;
    }
    let first = store.revoked(None, now).await.unwrap();
    assert_eq!(first.revocations, []);
    slow.commit().await.unwrap();
    second.await.unwrap().unwrap();
    let both = store.revoked(Some(&first.position), now).await.unwrap();
    let entries = both.revocations.iter().map(|over| over.entry.as_str());
    assert_eq!(entries.collect::<Vec<_>>(), ["late", "early"]);
}

#[tokio::test]
async fn a_revocation_that_was_not_written_is_an_error() {
    let Some(store) = new_store().await else {
        return;
    };
    store.run("delete from codegrant_revocation_order").await;
    let now = common::clock();
    let over = common::revocation("lost", now.plus(60));
    let error = store.revoke(&over, now).await.unwrap_err();
    assert!(
        error.reason.contains("codegrant_revocation_order"),
        "{error}"
    );
}
