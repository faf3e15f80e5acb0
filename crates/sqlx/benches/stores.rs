//! What a session costs in a database, against throw-away servers: `cargo xtask bench`.

#![allow(clippy::print_stdout, reason = "the figures are what this is for")]

use codegrant_sqlx::sqlx::{self, MySqlPool, PgPool};
use codegrant_sqlx::{MySqlStore, PostgresStore, SqliteStore};
use codegrant_testkit::servers::{MariaDbServer, PostgresServer};
use codegrant_testkit::store_costs::Filled;
use codegrant_web::SessionStore;

const SESSIONS: usize = 10_000;
/// As large as a session is with an ID token and two short opaque tokens.
const BYTES: usize = 1_500;

#[tokio::main]
async fn main() {
    postgres("PostgreSQL, a commit on disk", PostgresServer::durable()).await;
    postgres("PostgreSQL, fsync=off", PostgresServer::start()).await;
    mariadb().await;
    sqlite().await;
}

async fn postgres(name: &str, server: Option<PostgresServer>) {
    const BYTES_USED: &str = "SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
    let Some(server) = server else { return };
    let pool = PgPool::connect(&server.url()).await.expect("it answers");
    let store = PostgresStore::new(pool.clone());
    store.migrate().await.expect("tables");
    let used = async || -> i64 {
        let used = sqlx::query_scalar(BYTES_USED).fetch_one(&pool).await;
        used.expect("a number")
    };
    measure(name, store, used).await;
}

async fn mariadb() {
    const BYTES_USED: &str = "SELECT CAST(sum(file_size) AS SIGNED)
        FROM information_schema.innodb_sys_tablespaces WHERE name LIKE 'codegrant/%'";
    let Some(server) = MariaDbServer::durable() else {
        return;
    };
    let pool = MySqlPool::connect(&server.url()).await.expect("it answers");
    let store = MySqlStore::new(pool.clone());
    store.migrate().await.expect("tables");
    let used = async || -> i64 {
        let used = sqlx::query_scalar(BYTES_USED).fetch_one(&pool).await;
        used.expect("a number")
    };
    measure("MariaDB, a commit on disk", store, used).await;
}

async fn sqlite() {
    const BYTES_USED: &str =
        "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    let name = format!("codegrant-bench-{}.db", std::process::id());
    let file = std::env::temp_dir().join(name);
    let store = SqliteStore::open(&file).await.expect("a file");
    store.migrate().await.expect("tables");
    let pool = store.pool().clone();
    let used = async || -> i64 {
        let used = sqlx::query_scalar(BYTES_USED).fetch_one(&pool).await;
        used.expect("a number")
    };
    measure("SQLite, in a file", store, used).await;
    pool.close().await;
    for end in ["", "-wal", "-shm"] {
        let mut file = file.clone().into_os_string();
        file.push(end);
        drop(std::fs::remove_file(file));
    }
}

async fn measure<S: SessionStore>(name: &str, store: S, used: impl AsyncFn() -> i64) {
    let before = used().await;
    let filled = Filled::new(store, SESSIONS, BYTES).await;
    let each = (used().await - before) / SESSIONS as i64;
    println!("\n{name}: {SESSIONS} sessions of {BYTES} sealed bytes");
    println!("{:<22} {each:>9} bytes on disk", "a session");
    println!("{}", filled.times().await);
}
