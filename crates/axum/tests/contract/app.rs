//! The app of the contract.

use std::any::Any;

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::{Router, routing::get};
use codegrant_axum::{Auth, Login, Only, Rule, User, require, routes};
use codegrant_testkit::contract::{Admin, Recent};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Serves the app until what it returns is dropped.
pub(crate) fn start(auth: Auth, listener: std::net::TcpListener) -> impl Any {
    let app = Router::new()
        .route("/", get(greet).post(greet))
        .route("/files/{*rest}", get(greet))
        .nest("/nested", Router::new().route("/page", get(greet)))
        .route("/maybe", get(greet_anybody))
        .route("/plain", get(async || "plain"))
        .merge(guarded(&auth))
        .merge(routes(&auth))
        .layer(from_fn(tell_who_logged_in))
        .with_state(auth);
    serve(app, listener)
}

/// Serves a router until the runtime is dropped.
pub(crate) fn serve(app: Router, listener: std::net::TcpListener) -> Runtime {
    let runtime = Runtime::new().unwrap();
    listener.set_nonblocking(true).unwrap();
    runtime.spawn(async move {
        let listener = TcpListener::from_std(listener).unwrap();
        axum::serve(listener, app).await.unwrap();
    });
    runtime
}

async fn greet(user: User) -> String {
    format!("Hello, {user}!")
}

pub(crate) async fn greet_anybody(user: Option<User>) -> String {
    let name = user.map_or_else(|| "stranger".to_owned(), |user| user.to_string());
    format!("Hello, {name}!")
}

/// The pages that want more than a login.
pub(crate) fn guarded(auth: &Auth) -> Router<Auth> {
    let greet_recent = async |user: Only<Recent>| format!("Hello, {user}!");
    let fresh = Router::new()
        .route("/page", get(greet))
        .layer(require(auth, Recent::require()));
    Router::new()
        .route("/recent", get(greet_recent).post(greet_recent))
        .route(
            "/admin",
            get(async |user: Only<Admin>| format!("Hello, {user}!")),
        )
        .route("/perhaps", get(greet_whoever_is_recent))
        .nest("/fresh", fresh)
}

async fn greet_whoever_is_recent(user: Option<Only<Recent>>) -> String {
    let name = user.map_or_else(|| "stranger".to_owned(), |user| user.to_string());
    format!("Hello, {name}!")
}

/// A middleware of the app's own, which sees a login end.
pub(crate) async fn tell_who_logged_in(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let login = response.extensions().get::<Login>();
    let subject = login.map(|login| HeaderValue::from_str(&login.identity().subject));
    if let Some(subject) = subject {
        response
            .headers_mut()
            .insert("x-logged-in", subject.unwrap());
    }
    response
}
