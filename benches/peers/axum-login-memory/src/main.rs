//! axum-login with its memory store, after its `examples/oauth2`, and kinder to it in three ways: users are in a
//! map and not in SQLite, all calls share one HTTP client, and a `GET` begins the login.
//!
//! It asks the userinfo endpoint who the user is, as the example asks GitHub, and checks the state. There is no ID
//! token.

use std::collections::HashMap;
use std::env;
use std::error::Error;
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum_login::tower_sessions::cookie::SameSite;
use axum_login::tower_sessions::cookie::time::Duration;
use axum_login::tower_sessions::{Expiry, MemoryStore, Session, SessionManagerLayer};
use axum_login::{AuthManagerLayerBuilder, AuthUser, AuthnBackend, UserId, login_required};
use oauth2::basic::BasicClient;
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    RedirectUrl, TokenResponse, TokenUrl,
};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

const CSRF_STATE_KEY: &str = "oauth.csrf-state";
const NEXT_URL_KEY: &str = "auth.next-url";

type Client = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

#[derive(Clone, Serialize, Deserialize)]
struct User {
    id: i64,
    username: String,
    access_token: String,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

impl AuthUser for User {
    type Id = i64;

    fn id(&self) -> i64 {
        self.id
    }

    fn session_auth_hash(&self) -> &[u8] {
        self.access_token.as_bytes()
    }
}

#[derive(Debug, Clone)]
struct Credentials {
    code: String,
    old_state: CsrfToken,
    new_state: CsrfToken,
}

#[derive(Debug, Deserialize)]
struct UserInfo {
    id: i64,
    name: String,
}

/// An error of the provider, as text.
#[derive(Debug)]
struct Failed(String);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Failed {}

impl Failed {
    fn by(error: impl Error) -> Self {
        Self(error.to_string())
    }
}

#[derive(Debug, Clone)]
struct Backend {
    users: Arc<Mutex<HashMap<i64, User>>>,
    client: Client,
    http_client: reqwest::Client,
    userinfo: String,
}

impl AuthnBackend for Backend {
    type User = User;
    type Credentials = Credentials;
    type Error = Failed;

    async fn authenticate(&self, given: Credentials) -> Result<Option<User>, Failed> {
        // Ensure the CSRF state has not been tampered with.
        if given.old_state.secret() != given.new_state.secret() {
            return Ok(None);
        }
        let code = AuthorizationCode::new(given.code);
        let tokens = self
            .client
            .exchange_code(code)
            .request_async(&self.http_client)
            .await;
        let access_token = tokens.map_err(Failed::by)?.access_token().secret().clone();
        let request = self
            .http_client
            .get(&self.userinfo)
            .bearer_auth(&access_token);
        let answer = request.send().await.map_err(Failed::by)?;
        let info = answer.json::<UserInfo>().await.map_err(Failed::by)?;
        let user = User {
            id: info.id,
            username: info.name,
            access_token,
        };
        self.users
            .lock()
            .expect("no panic under the lock")
            .insert(user.id, user.clone());
        Ok(Some(user))
    }

    async fn get_user(&self, id: &UserId<Self>) -> Result<Option<User>, Failed> {
        Ok(self
            .users
            .lock()
            .expect("no panic under the lock")
            .get(id)
            .cloned())
    }
}

type AuthSession = axum_login::AuthSession<Backend>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let port: u16 = env::var("PORT")?.parse()?;
    let issuer = env::var("ISSUER")?;
    let client = BasicClient::new(ClientId::new(env::var("CLIENT_ID")?))
        .set_client_secret(ClientSecret::new(env::var("CLIENT_SECRET")?))
        .set_auth_uri(AuthUrl::new(format!("{issuer}/authorize"))?)
        .set_token_uri(TokenUrl::new(format!("{issuer}/token"))?)
        .set_redirect_uri(RedirectUrl::new(format!(
            "http://127.0.0.1:{port}/oauth/callback"
        ))?);
    let redirect = reqwest::redirect::Policy::none();
    let backend = Backend {
        users: Arc::default(),
        client,
        http_client: reqwest::Client::builder().redirect(redirect).build()?,
        userinfo: format!("{issuer}/userinfo"),
    };
    let sessions = SessionManagerLayer::new(MemoryStore::default())
        .with_secure(false)
        .with_same_site(SameSite::Lax)
        .with_expiry(Expiry::OnInactivity(Duration::days(1)));
    let app = Router::new()
        .route("/page", get(page))
        .route_layer(login_required!(Backend, login_url = "/login"))
        .route("/login", get(login))
        .route("/oauth/callback", get(callback))
        .layer(AuthManagerLayerBuilder::new(backend, sessions).build());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    Ok(axum::serve(listener, app).await?)
}

async fn page(auth: AuthSession) -> Response {
    match auth.user {
        Some(user) => format!("Hello, {}", user.username).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[derive(Debug, Deserialize)]
struct NextUrl {
    next: Option<String>,
}

async fn login(auth: AuthSession, session: Session, Query(query): Query<NextUrl>) -> Response {
    let (url, state) = auth
        .backend
        .client
        .authorize_url(CsrfToken::new_random)
        .url();
    session
        .insert(CSRF_STATE_KEY, state.secret())
        .await
        .expect("it is text");
    session
        .insert(NEXT_URL_KEY, query.next)
        .await
        .expect("it is text");
    Redirect::to(url.as_str()).into_response()
}

#[derive(Debug, Clone, Deserialize)]
struct AuthzResp {
    code: String,
    state: CsrfToken,
}

async fn callback(
    mut auth: AuthSession,
    session: Session,
    Query(AuthzResp {
        code,
        state: new_state,
    }): Query<AuthzResp>,
) -> Response {
    let Ok(Some(old_state)) = session.get(CSRF_STATE_KEY).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let user = match auth
        .authenticate(Credentials {
            code,
            old_state,
            new_state,
        })
        .await
    {
        Ok(Some(user)) => user,
        Ok(None) => return StatusCode::UNAUTHORIZED.into_response(),
        Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    if auth.login(&user).await.is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    if let Ok(Some(next)) = session.remove::<String>(NEXT_URL_KEY).await {
        Redirect::to(&next).into_response()
    } else {
        Redirect::to("/").into_response()
    }
}
