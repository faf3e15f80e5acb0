//! The adapter contract, held by this adapter.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use axum::Router;
use axum::routing::get;
use codegrant_axum::{Auth, User, routes};
use codegrant_testkit::contract::Adapter;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

#[test]
fn the_adapter_keeps_the_contract() {
    Adapter::new(start).check();
}

/// Serves the contract's app until the runtime is dropped.
fn start(auth: Auth, listener: std::net::TcpListener) -> Runtime {
    let app = Router::new()
        .route("/", get(greet).post(greet))
        .route("/files/{*rest}", get(greet))
        .nest("/nested", Router::new().route("/page", get(greet)))
        .route("/maybe", get(greet_anybody))
        .route("/plain", get(async || "plain"))
        .merge(routes(&auth))
        .with_state(auth);
    let runtime = Runtime::new().unwrap();
    listener.set_nonblocking(true).unwrap();
    runtime.spawn(async move {
        let listener = TcpListener::from_std(listener).unwrap();
        axum::serve(listener, app).await.unwrap();
    });
    runtime
}

async fn greet(user: User) -> String {
    format!("Hello, {user}!")
}

async fn greet_anybody(user: Option<User>) -> String {
    let name = user.map_or_else(|| "stranger".to_owned(), |user| user.to_string());
    format!("Hello, {name}!")
}
