//! Layers that let logged-in users through, all of them or some, and nobody else.

use std::pin::Pin;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::middleware::{FromFnLayer, Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

use crate::only::admitted;
use crate::{Auth, Require, User, answer, translate};

/// A layer for routers and routes; [`require_login`] and [`require`] make it.
pub type RequireLogin = FromFnLayer<Guard, Wanted, (State<Wanted>, Request)>;

type Guard = fn(State<Wanted>, Request, Next) -> Pin<Box<dyn Future<Output = Response> + Send>>;

type Wanted = (Auth, Require);

/// Makes a layer that runs what is behind it for logged-in users only.
///
/// It stands wherever axum takes a layer: over a router, a nested one, all methods of a path, one handler. Nobody
/// logged in gets [`LoginRequired`](crate::LoginRequired), and nothing behind the layer runs.
///
/// ```
/// use axum::{Router, routing::get};
/// use codegrant_axum::{Auth, User, require_login, routes};
///
/// fn app(auth: &Auth) -> Router {
///     let admin = Router::new()
///         .route("/", get(|user: User| async move { format!("At your orders, {user}.") }))
///         .route("/orders", get(async || "orders"))
///         .layer(require_login(auth));
///     Router::new()
///         .nest("/admin", admin)
///         .route("/", get(async || "come in"))
///         .merge(routes(auth))
///         .with_state(auth.clone())
/// }
/// ```
///
/// Sessions are asked once: [`User`] and `Option<User>` behind the layer are the user that it found. Where the state
/// of the app does not give out an [`Auth`], a handler takes `Extension<User>`.
///
/// The login itself may stand behind the layer: below [`Auth::base`] it answers as [`routes`](crate::routes) does,
/// because a login that needs a login would never begin. So keep pages of your own away from there. As every layer of
/// axum, it covers the routes that were added before it, and the fallback of a router that has one of its own.
pub fn require_login(auth: &Auth) -> RequireLogin {
    require(auth, Require::new())
}

/// Makes a layer that runs what is behind it for users only who have what is wanted.
///
/// It stands and behaves as [`require_login`] does; everybody else gets what [`Only`](crate::Only) answers.
///
/// ```
/// use axum::{Router, routing::get};
/// use codegrant_axum::{Auth, Require, User, require, routes};
///
/// fn app(auth: &Auth) -> Router {
///     let admin = Router::new()
///         .route("/", get(|user: User| async move { format!("At your orders, {user}.") }))
///         .layer(require(auth, Require::new().role("admin")));
///     Router::new().nest("/admin", admin).merge(routes(auth)).with_state(auth.clone())
/// }
/// ```
pub fn require(auth: &Auth, require: Require) -> RequireLogin {
    from_fn_with_state((auth.clone(), require), |State(wanted), request, next| {
        Box::pin(guard(wanted, request, next))
    })
}

async fn guard((auth, require): Wanted, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    if auth.serves(translate::target(&parts).path()) {
        return answer(&auth, Request::from_parts(parts, body)).await;
    }
    match admitted(&mut parts, &auth, &require).await {
        Ok(user) => {
            parts.extensions.insert(user);
            parts.extensions.insert(Found(auth));
            next.run(Request::from_parts(parts, body)).await
        }
        Err(required) => required.into_response(),
    }
}

/// Whose layer found the user that a request carries.
#[derive(Clone)]
pub(crate) struct Found(Auth);

impl Found {
    /// Returns the user that a layer found, if it asked the same login: an app may have two.
    pub(crate) fn in_request(parts: &Parts, auth: &Auth) -> Option<User> {
        let Self(asked) = parts.extensions.get()?;
        let user = (asked == auth).then(|| parts.extensions.get());
        user.flatten().cloned()
    }
}
