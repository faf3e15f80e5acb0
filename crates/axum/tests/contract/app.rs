//! The app of the contract.

use std::any::Any;

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::{Router, routing::get};
use codegrant_axum::{Auth, Login, User, routes};
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
