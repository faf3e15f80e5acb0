//! The store against real servers: thrown away afterwards, and broken in between.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[cfg(feature = "cluster")]
mod cluster;
mod contract;
mod failures;
mod layout;
mod lost_answer;
#[cfg(feature = "tls")]
mod tls;

use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use codegrant_redis::RedisStore;
use codegrant_redis::redis::aio::MultiplexedConnection;
use codegrant_redis::redis::{AsyncConnectionConfig, Client};
use codegrant_testkit::servers::Server;
use codegrant_web::{IndexKey, Record, SessionKey, Timestamp};

/// Long enough for a machine that does everything else as well.
const PATIENCE: Duration = Duration::from_secs(20);

/// Connects with patience.
async fn store(server: &Server) -> RedisStore {
    let builder = RedisStore::builder(server.url()).deadline(PATIENCE);
    builder.connect().await.unwrap()
}

/// Connects past the store, to see and to spoil what it writes.
async fn beside(server: &Server) -> MultiplexedConnection {
    let client = Client::open(server.url()).unwrap();
    let config = AsyncConnectionConfig::new()
        .set_response_timeout(Some(PATIENCE))
        .set_connection_timeout(Some(PATIENCE));
    let connection = client.get_multiplexed_async_connection_with_config(&config);
    connection.await.unwrap()
}

/// The same moment all the time.
fn now() -> Timestamp {
    static NOW: LazyLock<u64> = LazyLock::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.unwrap().as_secs()
    });
    Timestamp::from_unix((*NOW).try_into().unwrap())
}

fn key(name: &str) -> SessionKey {
    SessionKey::of_id(name)
}

fn entry(name: &str) -> IndexKey {
    IndexKey::new(SessionKey::of_id(name).as_str())
}

/// A record of 600 bytes that lasts an hour, with some index entries.
fn record(entries: &[&str]) -> Record {
    Record {
        sealed: [0x5a; 600].into(),
        version: 0,
        expires_at: now().plus(3600),
        index: entries.iter().map(|name| entry(name)).collect(),
        issued_at: now(),
    }
}
