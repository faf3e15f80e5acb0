//! Greets whoever logs in with GitHub: `GITHUB_CLIENT_ID` and `GITHUB_CLIENT_SECRET` say as which app.
//!
//! Without an account anywhere: `Auth::dev("http://localhost:3000")?` in place of `Auth::from_env`.

use axum::{Router, routing::get};
use codegrant_axum::{Auth, User, provider::GITHUB, routes};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let auth = Auth::from_env("http://localhost:3000", [GITHUB])?;
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
