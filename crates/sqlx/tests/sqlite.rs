//! The store over SQLite: the contract from two pools, a process that is killed, and what is SQLite's own.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use codegrant_sqlx::SqliteStore;
use codegrant_sqlx::sqlx;
use codegrant_sqlx::sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use codegrant_testkit::store_contract;
use codegrant_web::{SessionKey, SessionStore};
use common::Tested;

tested!(SqliteStore, "explain query plan");

/// A folder that is gone when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("codegrant-sqlite-{}", common::unique()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    async fn store(&self) -> SqliteStore {
        SqliteStore::open(self.0.join("sessions.db")).await.unwrap()
    }

    async fn new_store(&self) -> SqliteStore {
        let store = self.store().await;
        store.migrate().await.unwrap();
        store
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn contract_holds_for_two_processes() {
    let folder = Folder::new();
    folder.new_store().await;
    store_contract::holds(async || folder.store().await).await;
    store_contract::holds_for_two(async || (folder.store().await, folder.store().await)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contract_holds_over_a_pool_of_the_app_without_foreign_keys() {
    let folder = Folder::new();
    let options = SqliteConnectOptions::new()
        .filename(folder.0.join("app.db"))
        .create_if_missing(true)
        .foreign_keys(false);
    let one = SqlitePoolOptions::new().max_connections(1);
    let pool = one.connect_with(options).await.unwrap();
    let store = SqliteStore::new(pool);
    store.migrate().await.unwrap();
    store_contract::holds(async || store.clone()).await;
    common::the_index_knows_what_is_there_and_nothing_else(store).await;
}

/// The variable by which this file's tests, run again as another process, know that they are the one to kill.
const VICTIM: &str = "CODEGRANT_SQLITE_VICTIM";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_process_that_is_killed() {
    let name = "what_was_acknowledged_survives_a_process_that_is_killed";
    if let Some(file) = std::env::var_os(VICTIM) {
        write_until_killed(Path::new(&file)).await;
    }
    let folder = Folder::new();
    let store = folder.new_store().await;
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(VICTIM, folder.0.join("sessions.db"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let acknowledged = lines.map_while(Result::ok);
    let acknowledged = acknowledged.filter_map(|line| Some(line.split_once("kept ")?.1.to_owned()));
    let acknowledged: Vec<String> = acknowledged.take(200).collect();
    victim.kill().unwrap();
    victim.wait().unwrap();
    assert_eq!(acknowledged.len(), 200);
    for id in acknowledged {
        let held = store.load(&SessionKey::of_id(&id), common::clock()).await;
        assert!(held.unwrap().is_some(), "{id}");
    }
    common::works(&store).await;
}

#[expect(clippy::print_stdout, reason = "the other process reads it")]
async fn write_until_killed(file: &Path) -> ! {
    let store = SqliteStore::open(file).await.unwrap();
    loop {
        let (id, now) = (common::unique(), common::clock());
        let record = common::record(&["a", "b"], now);
        common::created(store.create(&SessionKey::of_id(&id), record, now).await);
        println!("kept {id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_does_not_end_is_given_up_and_readers_go_on() {
    let folder = Folder::new();
    let store = folder.new_store().await;
    let (now, key) = (common::clock(), common::new_key());
    common::created(store.create(&key, common::record(&["a"], now), now).await);
    let writing = store.pool().begin_with("begin immediate").await.unwrap();
    let hasty = store.clone().with_deadline(Duration::from_millis(100));
    let error = hasty.delete(&key).await.unwrap_err();
    assert_eq!(error.reason, "no answer within 100 ms");
    assert!(store.load(&key, now).await.unwrap().is_some());
    drop(writing);
    // The first one may have gone through by now: that nobody heard of it does not undo it.
    store.delete(&key).await.unwrap();
    assert_eq!(store.load(&key, now).await, Ok(None));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_an_error() {
    let folder = Folder::new();
    let file = folder.0.join("sessions.db");
    std::fs::write(
        &file,
        "not a database, but long enough to look like one".repeat(100),
    )
    .unwrap();
    let error = SqliteStore::open(&file).await.unwrap_err();
    assert!(error.reason.contains("not a database"), "{error}");
    let nowhere = folder.0.join("no/such/folder/sessions.db");
    assert!(SqliteStore::open(nowhere).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_migrate_at_once() {
    let folder = Folder::new();
    common::twenty_migrate_at_once(async || folder.store().await).await;
}

#[tokio::test]
async fn older_tables_are_brought_up_to_date() {
    let folder = Folder::new();
    common::older_tables_are_brought_up_to_date(folder.store().await).await;
    let folder = Folder::new();
    common::tables_of_the_app_are_left_alone(folder.store().await).await;
}

#[tokio::test]
async fn a_sweep_removes_what_expired_and_no_more() {
    let folder = Folder::new();
    common::a_sweep_removes_what_expired_and_no_more(folder.new_store().await).await;
}

#[tokio::test]
async fn the_index_knows_what_is_there_and_nothing_else() {
    let folder = Folder::new();
    common::the_index_knows_what_is_there_and_nothing_else(folder.new_store().await).await;
}

#[tokio::test]
async fn junk_and_odd_names_are_kept_apart() {
    let folder = Folder::new();
    let store = folder.new_store().await;
    common::a_row_of_junk_is_an_error_of_its_own(store.clone()).await;
    common::names_are_compared_byte_by_byte(store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_that_meet_are_tried_again() {
    let folder = Folder::new();
    common::steps_that_meet_are_tried_again(folder.new_store().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweeper_sweeps_by_itself() {
    let folder = Folder::new();
    let store = folder.new_store().await;
    let long_ago = common::clock().minus(10_000);
    let old = common::record(&["a"], long_ago);
    common::created(store.create(&common::new_key(), old, long_ago).await);
    let sweeper = store.sweep_every(Duration::from_millis(10));
    while store.count("select count(*) from codegrant_session").await > 0 {
        tokio::task::yield_now().await;
    }
    drop(sweeper);
}

#[tokio::test]
async fn nothing_reads_a_whole_table() {
    let folder = Folder::new();
    let store = folder.new_store().await;
    for sql in [
        "select sealed from codegrant_session where id = 'x' and expires_at > 5",
        "delete from codegrant_session where id in (select id from codegrant_session_index \
         where entry = 'x') and issued_at <= 5 and expires_at > 5",
        "delete from codegrant_session_index where id = 'x'",
        "select id from codegrant_session where expires_at <= 5 order by expires_at limit 1000",
        "select id from codegrant_used where expires_at <= 5 order by expires_at limit 1000",
        "select number from codegrant_revocation where expires_at <= 5 order by expires_at limit 9",
        "select entry from codegrant_revocation where number > 5 and expires_at > 5 \
         order by number limit 1000",
    ] {
        let plan = store.plan(sql).await;
        assert!(
            plan.contains("SEARCH") && !plan.contains("SCAN"),
            "{sql}\n{plan}"
        );
    }
}
