//! The contract of stores.

use codegrant_redis::{RedisStore, redis};
use codegrant_testkit::servers::RedisServer;
use codegrant_testkit::store_contract;

use crate::{PATIENCE, store};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_keeps_the_contract() {
    let Some(server) = RedisServer::shared() else {
        return;
    };
    store_contract::holds(async || store(server).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_keep_the_contract() {
    let Some(server) = RedisServer::shared() else {
        return;
    };
    store_contract::holds_for_two(async || (store(server).await, store(server).await)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connection_of_the_apps_own_keeps_the_contract() {
    let Some(server) = RedisServer::shared() else {
        return;
    };
    let client = redis::Client::open(server.url()).unwrap();
    let config = redis::aio::ConnectionManagerConfig::new().set_response_timeout(Some(PATIENCE));
    let manager = client.get_connection_manager_with_config(config).await;
    let manager = manager.unwrap();
    store_contract::holds(async || RedisStore::with_connection(manager.clone())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_has_written_down_survives_its_death() {
    let Some(server) = RedisServer::durable() else {
        return;
    };
    let crash = async || {
        server.kill();
        server.start_again();
    };
    store_contract::survives(async || store(&server).await, crash).await;
}
