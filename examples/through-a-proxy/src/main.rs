//! Logs in with GitHub from a network where everything leaves through a proxy.
//!
//! The built-in HTTP client ignores `HTTP_PROXY` and its relatives. An app that means a proxy says which one, and
//! gives the client that uses it: `proxied.rs`.

mod proxied;
#[cfg(test)]
mod tests;

use axum::{Router, routing::get};
use codegrant_axum::{Auth, User, provider::GITHUB, routes};

use proxied::Proxied;

const ORIGIN: &str = "http://localhost:3000";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let proxy = std::env::var("EGRESS_PROXY")
        .map_err(|_| "EGRESS_PROXY is not set; http://proxy.example.org:3128, for instance")?;
    let auth = Auth::builder(ORIGIN)
        .environment([GITHUB], |name| std::env::var(name).ok())
        .http_client(Proxied::through(&proxy)?)
        .build()?;
    let app = Router::new()
        .route(
            "/",
            get(|user: User| async move { format!("Hello, {user}!") }),
        )
        .merge(routes(&auth))
        .with_state(auth);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, app).await?)
}
