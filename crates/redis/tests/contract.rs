//! The contract of stores, kept by a server and by a cluster.

use std::time::Duration;

use codegrant_redis::{RedisStore, redis};
use codegrant_testkit::servers::RedisServer;
use codegrant_testkit::store_contract;

/// Long enough for a machine that does everything else as well.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_keeps_the_contract() {
    let Some(server) = RedisServer::shared() else {
        return;
    };
    store_contract::holds(async || {
        let builder = RedisStore::builder(server.url()).deadline(PATIENCE);
        builder.connect().await.expect("the server runs")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connection_of_the_apps_own_keeps_the_contract() {
    let Some(server) = RedisServer::shared() else {
        return;
    };
    let client = redis::Client::open(server.url()).expect("a URL");
    let config = redis::aio::ConnectionManagerConfig::new().set_response_timeout(Some(PATIENCE));
    let manager = client.get_connection_manager_with_config(config).await;
    let manager = manager.expect("the server runs");
    store_contract::holds(async || RedisStore::with_connection(manager.clone())).await;
}
