//! What a session costs in Redis, against a throw-away server: `cargo xtask bench`.

#![allow(clippy::print_stdout, reason = "the figures are what this is for")]

use codegrant_redis::RedisStore;
use codegrant_testkit::servers::RedisServer;
use codegrant_testkit::store_costs::Filled;

const SESSIONS: usize = 10_000;
/// As large as a session is with an ID token and two short opaque tokens.
const BYTES: usize = 1_500;

#[tokio::main]
async fn main() {
    for (name, server) in [
        ("in memory alone", RedisServer::start()),
        ("every change on disk", RedisServer::durable()),
    ] {
        let Some(server) = server else { return };
        let store = RedisStore::connect(server.url()).await.expect("it answers");
        let before = used(&server).await;
        let filled = Filled::new(store, SESSIONS, BYTES).await;
        let each = (used(&server).await - before) / SESSIONS;
        println!("\nRedis, {name}: {SESSIONS} sessions of {BYTES} sealed bytes");
        println!("{:<22} {each:>9} bytes in memory", "a session");
        println!("{}", filled.times().await);
    }
}

/// Returns how much memory the server uses.
async fn used(server: &RedisServer) -> usize {
    let client = redis::Client::open(server.url()).expect("a URL");
    let connection = client.get_multiplexed_async_connection().await;
    let mut connection = connection.expect("it answers");
    let text: String = redis::cmd("INFO")
        .arg("memory")
        .query_async(&mut connection)
        .await
        .expect("it answers");
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("used_memory:"));
    line.and_then(|number| number.trim().parse().ok())
        .expect("a number")
}
