//! The pages: who is logged in, and what the provider's API says with a token that is never stale.

use axum::Router;
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use codegrant_axum::http::{HttpRequest, Method};
use codegrant_axum::{AccessToken, Auth, User, routes};
use serde_json::{Value, json};

#[derive(Clone)]
struct App {
    auth: Auth,
    /// The API that takes the user's tokens.
    api: String,
}

impl FromRef<App> for Auth {
    fn from_ref(app: &App) -> Self {
        app.auth.clone()
    }
}

/// Makes the app around its login.
pub(crate) fn router(auth: Auth, issuer: &str) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/token", get(token))
        .merge(routes(&auth))
        .with_state(App {
            auth,
            api: format!("{issuer}/userinfo"),
        })
}

async fn home(user: User) -> String {
    user.to_string()
}

/// Asks the API who the user is.
async fn token(State(app): State<App>, token: AccessToken) -> Response {
    let Ok(answer) = token.call(HttpRequest::new(Method::Get, app.api)).await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let said = json!({ "status": answer.status, "name": body["name"] });
    ([(CONTENT_TYPE, "application/json")], said.to_string()).into_response()
}
