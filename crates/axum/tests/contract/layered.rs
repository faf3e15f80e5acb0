//! The app of the contract again, with a layer in the place of the extractor and around the login as well.

use std::any::Any;

use axum::extract::Extension;
use axum::middleware::from_fn;
use axum::{Router, routing::get};
use codegrant_axum::{Auth, User, require_login, routes};

use super::app;

/// Serves the app until what it returns is dropped.
pub(crate) fn start(auth: Auth, listener: std::net::TcpListener) -> impl Any {
    let open = Router::new()
        .route("/maybe", get(app::greet_anybody))
        .route("/plain", get(async || "plain"))
        .merge(app::guarded(&auth));
    let guarded = Router::new()
        .route("/", get(greet).post(greet))
        .route("/files/{*rest}", get(greet))
        .nest("/nested", Router::new().route("/page", get(greet)))
        .merge(routes(&auth))
        .route_layer(require_login(&auth));
    let app = open
        .merge(guarded)
        .layer(from_fn(app::tell_who_logged_in))
        .with_state(auth);
    app::serve(app, listener)
}

async fn greet(Extension(user): Extension<User>) -> String {
    format!("Hello, {user}!")
}
