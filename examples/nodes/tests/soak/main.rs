//! Many nodes behind a balancer, killed and restarted all the while: nobody is logged out, nothing is sent twice.
//!
//! `cargo xtask soak` runs the same with twenty nodes, 10,000 logins and 100,000 requests.

#![cfg(unix)]

mod browser;
mod chance;
mod client;
mod driver;
mod log_out;
mod nodes;
mod plan;
mod provider;
mod proxy;
mod store;
mod verdict;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chance::Chance;
use driver::Driver;
use nodes::Nodes;
use plan::{Kind, Plan};
use provider::{CLIENT, Provider};
use proxy::{Addresses, Proxy};
use store::Store;
use tokio::sync::Notify;
use verdict::Course;

/// The machine is for one run at a time.
static MACHINE: Mutex<()> = Mutex::new(());

const OLD: &str = "the-secret-of-last-year-0123456789abcdef";
const NEW: &str = "the-secret-of-this-year-fedcba9876543210";

#[test]
fn sessions_in_redis_outlive_their_nodes() {
    soak(Kind::Store, Store::redis);
}

#[test]
fn sessions_in_postgres_outlive_their_nodes() {
    soak(Kind::Store, Store::postgres);
}

#[test]
fn sessions_in_cookies_with_redis_outlive_their_nodes() {
    soak(Kind::Cookie, Store::redis);
}

#[test]
fn sessions_in_cookies_with_postgres_outlive_their_nodes() {
    soak(Kind::Cookie, Store::postgres);
}

fn soak(kind: Kind, start: fn() -> Option<Store>) {
    let _alone = MACHINE.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(store) = start() else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime takes a few threads");
    let (figures, wrong) = runtime.block_on(run(Plan::new(kind), Arc::new(store)));
    #[expect(
        clippy::print_stdout,
        reason = "the figures are what the full run is for"
    )]
    {
        println!("{figures}");
    }
    assert!(
        wrong.is_empty(),
        "{} findings, the first of them:\n{}",
        wrong.len(),
        wrong
            .iter()
            .take(20)
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join("\n")
    );
}

async fn run(plan: Plan, store: Arc<Store>) -> (String, Vec<String>) {
    let began = Instant::now();
    let provider = Provider::start(plan.access_token_seconds, plan.remembered());
    let addresses = Addresses::default();
    let proxy = Proxy::start(addresses.clone()).await;
    let (id, secret) = CLIENT;
    let variables = vec![
        ("NODES_ORIGIN", proxy.origin().to_owned()),
        ("NODES_STORE", store.url()),
        ("NODES_KIND", plan.kind.name().to_owned()),
        ("NODES_ISSUER", provider.issuer().to_owned()),
        ("NODES_CLIENT_ID", id.to_owned()),
        ("NODES_CLIENT_SECRET", secret.to_owned()),
    ];
    let log = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let log = log.join(format!("soak-{}-{}.log", store.name(), plan.kind.name()));
    let _none_yet = std::fs::remove_file(&log);
    let nodes = Nodes::start(plan.nodes, variables, OLD, log, addresses).await;
    let nodes = Arc::new(nodes);
    let driver = Arc::new(Driver::new(plan.clone(), proxy.origin(), provider.issuer()));

    let over = Arc::new(Notify::new());
    let kills = tokio::spawn(kill_at_random(nodes.clone(), plan.clone(), over.clone()));
    let events = tokio::spawn(in_between(driver.clone(), nodes.clone(), store.clone()));
    driver.run().await;
    let store_away = events
        .await
        .expect("what happens in between does not panic");
    let everywhere = log_out::everywhere(&driver, &nodes.addresses()).await;
    let alone = log_out::alone(&driver, &nodes.addresses()).await;
    over.notify_one();
    kills.await.expect("the killer does not panic");

    // The reckoning: whoever did not log out is logged in.
    for visitor in driver.visitors() {
        if !visitor.has_ended() {
            driver.open(&visitor, "/").await;
        }
    }
    let course = Course {
        began,
        took: began.elapsed(),
        kills: nodes.kills(),
        store_away,
        everywhere,
        alone,
    };
    let size = store.size();
    let (figures, wrong) = verdict::judge(&driver, &provider, proxy.counts(), &course);
    (format!("{figures}| the store | {size} |\n"), wrong)
}

/// Kills one node after the other, whichever chance names, and starts it again.
async fn kill_at_random(nodes: Arc<Nodes>, plan: Plan, over: Arc<Notify>) {
    let mut chance = Chance::new(plan.seed, 0);
    loop {
        let part = u32::try_from(50 + chance.below(100)).unwrap_or(100);
        tokio::select! {
            () = over.notified() => return,
            () = tokio::time::sleep(plan.kill_every * part / 100) => {}
        }
        nodes.kill(chance.below(nodes.len())).await;
    }
}

/// Kills the store at a quarter of the way, and rotates the keys at half of it. Returns how long the store was
/// away.
async fn in_between(
    driver: Arc<Driver>,
    nodes: Arc<Nodes>,
    store: Arc<Store>,
) -> (Instant, Instant) {
    let reached = async |percent: usize| {
        while driver.progress() < percent {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    reached(25).await;
    let away = Instant::now();
    let restarted = tokio::task::spawn_blocking(move || store.restart());
    restarted.await.expect("the store comes back");
    let back = Instant::now();
    reached(50).await;
    // The new key can be opened by every node before any seals with it.
    nodes.restart_with(&format!("{OLD},{NEW}")).await;
    nodes.restart_with(&format!("{NEW},{OLD}")).await;
    (away, back)
}
