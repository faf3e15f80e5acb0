//! One app, as many processes of it as you like: put any balancer in front, and no session is tied to any of them.
//!
//! Sessions are in Redis or PostgreSQL, or in sealed cookies whose log-outs the nodes learn from there.

mod named;
mod pages;
mod settings;
mod store;

use std::error::Error;
use std::sync::Arc;

use codegrant_axum::{Auth, BuiltInClient, Registration, SessionStore, provider::Provider};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use named::Named;
use settings::{Kind, Settings};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    let settings = Settings::from(|name| std::env::var(name).ok())?;
    let (store, _sweeper) = store::open(&settings.store).await?;
    let listener = TcpListener::bind(settings.listen).await?;
    let address = listener.local_addr()?;
    let app = pages::router(auth(&settings, store)?, &settings.issuer);
    settings::say(&format!("listening on {address}\n"))?;
    let server = axum::serve(listener, app);
    Ok(server
        .with_graceful_shutdown(told_to_stop(settings.until_input_ends))
        .await?)
}

/// Configures the login, the same in every process.
fn auth(settings: &Settings, store: Arc<dyn SessionStore>) -> Result<Auth, Box<dyn Error>> {
    let provider = Provider::openid("op", "the provider", settings.issuer.clone());
    let algorithm = "ES256".parse()?;
    let registration = Registration::new(provider.with_algorithm(algorithm), &*settings.client_id)
        .secret(&*settings.client_secret);
    let client = Named {
        client: BuiltInClient::new(None)?,
        name: format!("nodes/{}", settings.name),
    };
    let builder = Auth::builder(&*settings.origin)
        .registration(registration)
        .http_client(client);
    // The secrets come from CODEGRANT_SECRET: to rotate, first the new one last in every process, then first.
    let builder = match settings.kind {
        Kind::Store => builder.store(store),
        Kind::Cookie => builder.revocation_index(store),
    };
    Ok(builder.build()?)
}

/// Waits for the end of standard input, where whoever started this holds the other end of it.
async fn told_to_stop(until_input_ends: bool) {
    if !until_input_ends {
        return std::future::pending().await;
    }
    let mut nothing = [0];
    while tokio::io::stdin()
        .read(&mut nothing)
        .await
        .is_ok_and(|read| read > 0)
    {}
}
