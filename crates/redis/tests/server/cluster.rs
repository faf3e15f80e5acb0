//! Three servers that share the keys: no command may name keys of two.

use std::net::TcpListener;
use std::time::Instant;

use codegrant_redis::{RedisStore, redis};
use codegrant_testkit::servers::RedisServer;
use codegrant_testkit::store_contract;
use codegrant_web::{Created, SessionStore};

use crate::{PATIENCE, beside, entry, key, now, record};

/// How many slots there are.
const SLOTS: u16 = 16_384;

/// Starts three servers and makes them one cluster.
async fn cluster() -> Option<Vec<RedisServer>> {
    let mut servers = Vec::new();
    for _ in 0..3 {
        // They talk to each other on a second port, which is 10,000 higher unless it is said.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
        let port = port.unwrap().port().to_string();
        let options = ["--cluster-enabled", "yes", "--cluster-port", &port];
        let server = RedisServer::start_with(&options)?;
        servers.push((server, port));
    }
    let (first, bus) = (servers[0].0.port().to_string(), servers[0].1.clone());
    for (number, (server, _)) in (0..3).zip(&servers) {
        let mut connection = beside(server).await;
        let third = SLOTS / 3;
        let end = if number == 2 {
            SLOTS - 1
        } else {
            (number + 1) * third - 1
        };
        let mut slots = redis::cmd("CLUSTER");
        slots.arg("ADDSLOTSRANGE").arg(number * third).arg(end);
        slots.exec_async(&mut connection).await.unwrap();
        if number > 0 {
            let mut meet = redis::cmd("CLUSTER");
            meet.arg(&["MEET", "127.0.0.1", &first, &bus]);
            meet.exec_async(&mut connection).await.unwrap();
        }
    }
    let deadline = Instant::now() + PATIENCE;
    for (server, _) in &servers {
        let mut connection = beside(server).await;
        loop {
            let mut info = redis::cmd("CLUSTER");
            info.arg("INFO");
            let told: String = info.query_async(&mut connection).await.unwrap();
            if told.contains("cluster_state:ok") && told.contains("cluster_known_nodes:3") {
                break;
            }
            assert!(Instant::now() < deadline, "no cluster: {told}");
        }
    }
    Some(servers.into_iter().map(|(server, _)| server).collect())
}

async fn store(servers: &[RedisServer]) -> RedisStore {
    // It learns of the others from one.
    let builder = RedisStore::cluster([servers[0].url()]).deadline(PATIENCE);
    builder.connect().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cluster_keeps_the_contract_and_shares_the_keys() {
    let Some(servers) = cluster().await else {
        return;
    };
    store_contract::holds(async || store(&servers).await).await;
    let store = store(&servers).await;
    let now = now();
    for n in 0..60 {
        let created = store
            .create(&key(&format!("{n}")), record(&["a person"]), now)
            .await;
        assert_eq!(created, Ok(Created::Yes));
    }
    for server in &servers {
        let mut connection = beside(server).await;
        let size = redis::cmd("DBSIZE");
        let size: usize = size.query_async(&mut connection).await.unwrap();
        assert!(size > 5, "each server has its share");
    }
    assert_eq!(
        store
            .list(&entry("a person"), 100, now)
            .await
            .unwrap()
            .len(),
        60
    );
    assert_eq!(store.end_all(&entry("a person"), now, now).await, Ok(60));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cluster_that_was_restarted_works_again() {
    let Some(servers) = cluster().await else {
        return;
    };
    let store = store(&servers).await;
    let now = now();
    for server in &servers {
        server.restart();
    }
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut all = Vec::new();
        for n in 0..10 {
            all.push(
                store
                    .create(&key(&format!("{n}")), record(&["a person"]), now)
                    .await,
            );
        }
        if all.iter().all(Result::is_ok) {
            break;
        }
        assert!(Instant::now() < deadline, "it does not come back: {all:?}");
    }
}
