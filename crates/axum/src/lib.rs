//! Log in with Google, GitHub, Facebook, Keycloak or your own OAuth server, in an axum app.
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use codegrant_axum::{Auth, User, provider::GITHUB, routes};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let auth = Auth::from_env("http://localhost:3000", [GITHUB])?;
//!     let app = Router::new()
//!         .route("/", get(|user: User| async move { format!("Hello, {user}!") }))
//!         .merge(routes(&auth))
//!         .with_state(auth);
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//!     Ok(axum::serve(listener, app).await?)
//! }
//! ```
//!
//! A handler that takes a [`User`] runs for logged-in users only: a person is sent to the login and comes
//! back, a script gets 401. A handler that takes `Option<User>` runs for everybody.
//!
//! An app with a state of its own gives out the [`Auth`] by [`FromRef`]:
//!
//! ```
//! use axum::extract::FromRef;
//! use codegrant_axum::Auth;
//!
//! #[derive(Clone)]
//! struct App {
//!     auth: Auth,
//!     greeting: String,
//! }
//!
//! impl FromRef<App> for Auth {
//!     fn from_ref(app: &App) -> Self {
//!         app.auth.clone()
//!     }
//! }
//! ```
//!
//! [`require_login`] guards a whole router in place of one handler. [`Only`] and [`require`] want more than a login:
//! a role, a scope, a claim, a sign-in that is recent or strong. In the app's own tests, `test::LoggedIn` logs a
//! user in without a provider.
//!
//! This crate translates between axum's types and `codegrant-web`'s, and decides nothing.

mod access_token;
mod layer;
mod only;
#[cfg(feature = "test")]
pub mod test;
mod translate;

use std::fmt;
use std::ops::Deref;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{FromRef, FromRequestParts, OptionalFromRequestParts, Request};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::any;

pub use access_token::AccessToken;
pub use codegrant_web::app::*;
pub use layer::{RequireLogin, require, require_login};
pub use only::Only;

use layer::Found;

/// Makes the routes that the login needs: everything below [`Auth::base`].
pub fn routes<S: Clone + Send + Sync + 'static>(auth: &Auth) -> Router<S> {
    let mounted = auth.clone();
    let answer = async move |request: Request| answer(&mounted, request).await;
    // A wildcard does not match an empty rest, and every path below the base is for `Auth` to answer.
    Router::new()
        .route(&format!("{}/", auth.base()), any(answer.clone()))
        .route(&format!("{}/{{*rest}}", auth.base()), any(answer))
}

/// Answers a request below the base.
async fn answer(auth: &Auth, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let read = async { to_bytes(body, codegrant_web::BODY_LIMIT).await.ok() };
    let body = auth.body(parts.method.as_str(), read).await;
    let request = translate::request(&parts).with_body(body.as_deref());
    translate::response(auth.handle(request).await)
}

/// A logged-in user, as a handler's argument; everything that [`Session`] tells.
///
/// `Display` gives the name. Nobody logged in is [`LoginRequired`] before the handler runs.
///
/// ```
/// use codegrant_axum::User;
/// async fn profile(user: User) -> String {
///     format!("{user}, {} at {}", user.identity().subject, user.identity().issuer)
/// }
/// ```
#[derive(Debug, Clone)]
pub struct User(Session);

impl Deref for User {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.0
    }
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.identity().fmt(f)
    }
}

/// The answer to a request that is not let in: a redirect to the login, 401, 403, or 503 when sessions cannot be read.
#[derive(Debug)]
pub struct LoginRequired(codegrant_web::Response);

impl IntoResponse for LoginRequired {
    fn into_response(self) -> Response {
        translate::response(self.0)
    }
}

impl<S> FromRequestParts<S> for User
where
    Auth: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = LoginRequired;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, LoginRequired> {
        let auth = Auth::from_ref(state);
        if let Some(user) = Found::in_request(parts, &auth) {
            return Ok(user);
        }
        let found = auth.require(translate::request(parts)).await;
        found.map(User).map_err(LoginRequired)
    }
}

impl<S> OptionalFromRequestParts<S> for User
where
    Auth: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = LoginRequired;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &S,
    ) -> Result<Option<Self>, LoginRequired> {
        let auth = Auth::from_ref(state);
        if let Some(user) = Found::in_request(parts, &auth) {
            return Ok(Some(user));
        }
        let found = auth.identify(translate::request(parts)).await;
        found
            .map(|session| session.map(User))
            .map_err(|error| LoginRequired(auth.refuse(&error)))
    }
}

/// Compiles the examples of the guide.
#[cfg(all(doctest, feature = "dev"))]
#[doc = include_str!("../../../docs/start/axum.md")]
struct StartGuide;
