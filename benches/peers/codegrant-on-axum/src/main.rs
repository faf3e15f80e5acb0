//! codegrant in axum, as `examples/hello-axum` has it.
//!
//! `MODE` is where sessions are: `cookie` or `memory`. `LOGIN` is the protocol: `oauth2` (the user comes from the
//! userinfo endpoint), `oidc` (from the ID token), or `oidc+userinfo` (from both).

use std::env;
use std::error::Error;
use std::net::Ipv4Addr;

use axum::Router;
use axum::routing::get;
use codegrant_axum::jose::Algorithm;
use codegrant_axum::provider::{Endpoints, Path, Protocol, Provider, UserMapping};
use codegrant_axum::{Auth, MemoryStore, Registration, User, routes};
use tokio::net::TcpListener;

/// More sessions than a run opens.
const CAPACITY: usize = 4_000_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let port: u16 = env::var("PORT")?.parse()?;
    let registration = Registration::new(provider()?, env::var("CLIENT_ID")?);
    let mut auth = Auth::builder(format!("http://127.0.0.1:{port}"))
        .registration(registration.secret(env::var("CLIENT_SECRET")?))
        .secret("a secret of the yardstick that is long enough");
    if env::var("MODE")? == "memory" {
        auth = auth.store(MemoryStore::new(CAPACITY));
    }
    let auth = auth.build()?;
    let app = Router::new()
        .route("/page", get(async |user: User| format!("Hello, {user}")))
        .merge(routes(&auth))
        .with_state(auth);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    Ok(axum::serve(listener, app).await?)
}

/// The provider, as the mode wants it.
fn provider() -> Result<Provider, Box<dyn Error>> {
    let (issuer, login) = (env::var("ISSUER")?, env::var("LOGIN")?);
    if login == "oauth2" {
        let endpoints = Endpoints {
            authorization: format!("{issuer}/authorize").into(),
            token: format!("{issuer}/token").into(),
            userinfo: format!("{issuer}/userinfo").into(),
            revocation: None,
        };
        let user = UserMapping::new(Path::new("id")).name(Path::new("name"));
        return Ok(Provider::oauth("stub", "Stub", endpoints, user).with_scopes(["user"]));
    }
    let mut provider = Provider::openid("stub", "Stub", issuer);
    if let Protocol::OpenId { algorithm, .. } = &mut provider.protocol
        && env::var("ALGORITHM")? == "ES256"
    {
        *algorithm = Some(Algorithm::Es256);
    }
    if login == "oidc+userinfo" {
        // The ID token has no telephone number: so userinfo is asked for it.
        provider = provider.with_scopes(["openid", "profile", "email", "phone"]);
    }
    Ok(provider)
}
