//! A session by tower-sessions in axum, after its `examples/counter.rs`: the memory store, and the user's name in
//! the session.
//!
//! The version is the one that axum-login 0.18 stands on.

use std::env;
use std::error::Error;
use std::net::Ipv4Addr;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tower_sessions::cookie::time::Duration;
use tower_sessions::{Expiry, MemoryStore, Session, SessionManagerLayer};

const NAME: &str = "name";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let sessions = SessionManagerLayer::new(MemoryStore::default())
        .with_secure(false)
        .with_expiry(Expiry::OnInactivity(Duration::days(1)));
    let app = Router::new()
        .route("/page", get(page))
        .route("/seed", get(seed))
        .layer(sessions);
    let port: u16 = env::var("PORT")?.parse()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    Ok(axum::serve(listener, app).await?)
}

async fn page(session: Session) -> Response {
    match session.get::<String>(NAME).await {
        Ok(Some(name)) => format!("Hello, {name}").into_response(),
        _ => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn seed(session: Session) -> Response {
    match session.insert(NAME, "Jane Doe").await {
        Ok(()) => Redirect::to("/page").into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
