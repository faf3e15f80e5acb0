//! Keeps sessions in a folder, in a store of its own: restart it, and whoever was logged in still is.
//!
//! The store is `folder.rs`. It is held to what every store is held to, and its process is killed: see `tests.rs`.

mod folder;
#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::{Router, routing::get};
use codegrant_axum::{Auth, Timestamp, User, routes};

use folder::FolderStore;

const ORIGIN: &str = "http://localhost:3000";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sessions = FolderStore::open("sessions")?;
    // The dev provider is part of the app, so that this runs without an account anywhere.
    let auth = Auth::builder(ORIGIN)
        .dev()
        .store(sessions.clone())
        .build()?;
    let app = Router::new()
        .route(
            "/",
            get(|user: User| async move { format!("Hello, {user}!") }),
        )
        .merge(routes(&auth))
        .with_state(auth);
    tokio::spawn(sweep(sessions));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, app).await?)
}

/// Removes what has expired once an hour.
async fn sweep(sessions: FolderStore) {
    loop {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let seconds = since.unwrap_or_default().as_secs();
        // What fails now is tried again in an hour: nothing that has expired is ever given out.
        let _swept = sessions.sweep(Timestamp::from_unix(seconds as i64)).await;
        tokio::time::sleep(Duration::from_secs(3600)).await;
    }
}
