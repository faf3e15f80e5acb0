//! Log in with Google, GitHub, Facebook, Keycloak or your own OAuth server, in an Actix-web app.
//!
//! ```no_run
//! use actix_web::{App, HttpServer, get};
//! use codegrant_actix::{Auth, User, provider::GITHUB, routes};
//!
//! #[get("/")]
//! async fn index(user: User) -> String {
//!     format!("Hello, {user}!")
//! }
//!
//! #[actix_web::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let auth = Auth::from_env("http://localhost:3000", [GITHUB])?;
//!     let app = move || App::new().configure(routes(&auth)).service(index);
//!     Ok(HttpServer::new(app).bind("127.0.0.1:3000")?.run().await?)
//! }
//! ```
//!
//! A handler that takes a [`User`] runs for logged-in users only: a person is sent to the login and comes
//! back, a script gets 401. A handler that takes `Option<User>` runs for everybody; with sessions in a
//! store, wrap the app in [`answer_store_errors`] as well. [`require_login`] guards a whole scope.
//!
//! Handlers that need the [`Auth`] itself take a `web::Data<Auth>`.
//!
//! This crate translates between Actix-web's types and `codegrant-web`'s, and decides nothing.

mod access_token;
mod guard;
mod only;
mod refusal;
#[cfg(feature = "test")]
pub mod test;
mod translate;

use std::fmt;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::guard::fn_guard;
use actix_web::http::StatusCode;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError};

pub use access_token::AccessToken;
pub use codegrant_web::app::*;
pub use guard::{require, require_login};
pub use only::Only;
pub use refusal::answer_store_errors;

/// Makes the routes that the login needs, for `configure` of an app or a scope.
///
/// They answer everything below [`Auth::base`], which is the path as the browser writes it: in a
/// `web::scope("/app")` the base is to be below `/app`. Handlers beside them find the login as well.
///
/// ```
/// use actix_web::{App, web};
/// # use codegrant_actix::{Auth, provider::GITHUB, routes};
/// let auth = Auth::builder("http://localhost:3000")
///     .login_with(GITHUB, "id", "secret")
///     .base("/app/auth")
///     .build()?;
/// App::new().service(web::scope("/app").configure(routes(&auth)));
/// # Ok::<(), codegrant_actix::SetupErrors>(())
/// ```
pub fn routes(auth: &Auth) -> impl FnOnce(&mut ServiceConfig) + Clone + use<> {
    let auth = auth.clone();
    move |app| {
        let mounted = auth.clone();
        let answer = move |request: HttpRequest, body: web::Payload| {
            let auth = mounted.clone();
            async move { translate::answer(&auth, &request, body.into_inner()).await }
        };
        // The pattern fits any rest that a scope leaves, and the guard looks at the whole path.
        let below = auth.clone();
        let resource = web::resource("/{rest:.*}").name(&translate::name(&auth));
        // In a scope, so that the pattern is tried on the login's own paths and not on every page's.
        let scope =
            web::scope("").guard(fn_guard(move |asked| below.serves(asked.head().uri.path())));
        app.app_data(Data::new(auth))
            .service(scope.service(resource.to(answer)));
    }
}

/// A logged-in user, as a handler's argument; everything that [`Session`] tells.
///
/// `Display` gives the name. Nobody logged in is [`LoginRequired`] before the handler runs.
///
/// ```
/// use codegrant_actix::User;
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

impl FromRequest for User {
    type Error = LoginRequired;
    type Future = Pin<Box<dyn Future<Output = Result<Self, LoginRequired>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        Box::pin(guard::extract(request.clone(), Require::new()))
    }
}

/// The answer to a request that is not let in: a redirect to the login, 401, 403, or 503 when sessions cannot be read.
///
/// `Display` says which, for the operator.
#[derive(Debug, Clone)]
pub struct LoginRequired(&'static str, codegrant_web::Refusal);

impl LoginRequired {
    fn not_mounted() -> Self {
        Self(
            "the login is not mounted: add .configure(codegrant_actix::routes(&auth))",
            codegrant_web::not_mounted(
                "add .configure(codegrant_actix::routes(&auth)) to the App, or to a scope above Auth::base",
            )
            .into(),
        )
    }
}

impl fmt::Display for LoginRequired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl ResponseError for LoginRequired {
    fn status_code(&self) -> StatusCode {
        translate::status(self.1.status())
    }

    fn error_response(&self) -> HttpResponse {
        translate::response(self.1.clone().into())
    }
}

/// Compiles the examples of the guide.
#[cfg(all(doctest, feature = "dev", feature = "test"))]
#[doc = include_str!("../../../docs/start/actix.md")]
struct StartGuide;
