//! openidconnect in axum after the example in its documentation (`Examples`, with PKCE): one HTTP client and one OIDC
//! client for all logins. What the example keeps in variables between its two halves is in a session of tower-sessions.

use std::env;
use std::error::Error;
use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, Scope, TokenResponse, reqwest,
};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tower_sessions::cookie::SameSite;
use tower_sessions::{MemoryStore, Session, SessionManagerLayer};

const PENDING: &str = "pending";
const NAME: &str = "name";

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

struct App {
    client: Client,
    http_client: reqwest::Client,
}

/// What the callback has to know of the start.
#[derive(Serialize, Deserialize)]
struct Pending {
    csrf_token: CsrfToken,
    nonce: Nonce,
    pkce_verifier: PkceCodeVerifier,
}

#[derive(Deserialize)]
struct Callback {
    code: String,
    state: CsrfToken,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let port: u16 = env::var("PORT")?.parse()?;
    let http_client = reqwest::ClientBuilder::new()
        // Following redirects opens the client up to SSRF vulnerabilities.
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    let issuer = IssuerUrl::new(env::var("ISSUER")?)?;
    let metadata = CoreProviderMetadata::discover_async(issuer, &http_client).await?;
    let secret = ClientSecret::new(env::var("CLIENT_SECRET")?);
    let id = ClientId::new(env::var("CLIENT_ID")?);
    let client = CoreClient::from_provider_metadata(metadata, id, Some(secret)).set_redirect_uri(
        RedirectUrl::new(format!("http://127.0.0.1:{port}/callback"))?,
    );
    let sessions = SessionManagerLayer::new(MemoryStore::default())
        .with_secure(false)
        .with_same_site(SameSite::Lax);
    let app = Router::new()
        .route("/page", get(page))
        .route("/login", get(login))
        .route("/callback", get(callback))
        .layer(sessions)
        .with_state(Arc::new(App {
            client,
            http_client,
        }));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    Ok(axum::serve(listener, app).await?)
}

async fn page(session: Session) -> Response {
    match session.get::<String>(NAME).await {
        Ok(Some(name)) => format!("Hello, {name}").into_response(),
        _ => Redirect::to("/login").into_response(),
    }
}

async fn login(State(app): State<Arc<App>>, session: Session) -> Response {
    let (pkce_challenge, pkce_verifier) = PkceCodeChallenge::new_random_sha256();
    let (auth_url, csrf_token, nonce) = app
        .client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        )
        .add_scope(Scope::new("profile".to_owned()))
        .add_scope(Scope::new("email".to_owned()))
        .set_pkce_challenge(pkce_challenge)
        .url();
    let pending = Pending {
        csrf_token,
        nonce,
        pkce_verifier,
    };
    match session.insert(PENDING, pending).await {
        Ok(()) => Redirect::to(auth_url.as_str()).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn callback(
    State(app): State<Arc<App>>,
    session: Session,
    Query(callback): Query<Callback>,
) -> Response {
    match finish(&app, &session, callback).await {
        Ok(()) => Redirect::to("/page").into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}

async fn finish(app: &App, session: &Session, callback: Callback) -> Result<(), Box<dyn Error>> {
    let pending: Pending = session.remove(PENDING).await?.ok_or("no login was begun")?;
    if pending.csrf_token.secret() != callback.state.secret() {
        return Err("another state".into());
    }
    let token_response = app
        .client
        .exchange_code(AuthorizationCode::new(callback.code))?
        .set_pkce_verifier(pending.pkce_verifier)
        .request_async(&app.http_client)
        .await?;
    // Extract the ID token claims after verifying its authenticity and nonce.
    let id_token = token_response
        .id_token()
        .ok_or("server did not return an ID token")?;
    let id_token_verifier = app.client.id_token_verifier();
    let claims = id_token.claims(&id_token_verifier, &pending.nonce)?;
    // Verify the access token hash to ensure that the access token hasn't been substituted for another user's.
    if let Some(expected) = claims.access_token_hash() {
        let actual = AccessTokenHash::from_token(
            token_response.access_token(),
            id_token.signing_alg()?,
            id_token.signing_key(&id_token_verifier)?,
        )?;
        if actual != *expected {
            return Err("invalid access token".into());
        }
    }
    let name = claims
        .name()
        .and_then(|names| names.get(None))
        .ok_or("no name")?;
    session.cycle_id().await?;
    session.insert(NAME, name.as_str()).await?;
    Ok(())
}
