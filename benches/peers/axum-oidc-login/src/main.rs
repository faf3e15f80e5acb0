//! axum-oidc after its `examples/basic`: sessions by tower-sessions in memory, claims of the ID token as an argument.
//!
//! A visitor of the page without a session is sent to the provider, and back to the page's own path: so the login
//! starts at `/page`.

use std::env;
use std::error::Error;
use std::net::Ipv4Addr;

use axum::Router;
use axum::error_handling::HandleErrorLayer;
use axum::http::Uri;
use axum::response::IntoResponse;
use axum::routing::get;
use axum_oidc::error::MiddlewareError;
use axum_oidc::{EmptyAdditionalClaims, OidcAuthLayer, OidcClaims, OidcLoginLayer};
use tokio::net::TcpListener;
use tower::ServiceBuilder;
use tower_sessions::cookie::SameSite;
use tower_sessions::cookie::time::Duration;
use tower_sessions::{Expiry, MemoryStore, SessionManagerLayer};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let port: u16 = env::var("PORT")?.parse()?;
    let sessions = SessionManagerLayer::new(MemoryStore::default())
        .with_secure(false)
        .with_same_site(SameSite::Lax)
        .with_expiry(Expiry::OnInactivity(Duration::seconds(120)));
    let login = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(async |error: MiddlewareError| {
            error.into_response()
        }))
        .layer(OidcLoginLayer::<EmptyAdditionalClaims>::new());
    let client = OidcAuthLayer::<EmptyAdditionalClaims>::discover_client(
        Uri::try_from(format!("http://127.0.0.1:{port}"))?,
        env::var("ISSUER")?,
        env::var("CLIENT_ID")?,
        Some(env::var("CLIENT_SECRET")?),
        vec!["profile".to_owned(), "email".to_owned()],
    );
    let auth = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(async |error: MiddlewareError| {
            error.into_response()
        }))
        .layer(client.await?);
    let app = Router::new()
        .route("/page", get(page))
        .layer(login)
        .layer(auth)
        .layer(sessions);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    Ok(axum::serve(listener, app).await?)
}

async fn page(claims: OidcClaims<EmptyAdditionalClaims>) -> impl IntoResponse {
    let name = claims.name().and_then(|names| names.get(None));
    format!("Hello, {}", name.map_or("", |name| name.as_str()))
}
