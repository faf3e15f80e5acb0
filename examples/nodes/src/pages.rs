//! The pages: who is logged in, what the provider's API says with a token, and the way out of everything.

use axum::Router;
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use codegrant_axum::http::{HttpRequest, Method};
use codegrant_axum::{Auth, HttpClient as _, ReqwestClient, User, routes};
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
async fn token(State(app): State<App>, user: User) -> Response {
    let mut request = HttpRequest::new(Method::Get, app.api);
    request.set_header(
        "authorization",
        format!("Bearer {}", user.access_token().secret()),
    );
    let client = ReqwestClient::new(None).expect("x");
    match client.send(request).await {
        Ok(answer) => {
            let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let said = json!({ "status": answer.status, "name": body["name"] });
            ([(CONTENT_TYPE, "application/json")], said.to_string()).into_response()
        }
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}
