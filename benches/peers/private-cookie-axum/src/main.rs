//! A user's name in an encrypted cookie, after the documentation of axum-extra's `PrivateCookieJar`.

use std::env;
use std::error::Error;
use std::net::Ipv4Addr;

use axum::Router;
use axum::extract::FromRef;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum_extra::extract::PrivateCookieJar;
use axum_extra::extract::cookie::{Cookie, Key};
use tokio::net::TcpListener;

#[derive(Clone)]
struct App {
    key: Key,
}

impl FromRef<App> for Key {
    fn from_ref(app: &App) -> Self {
        app.key.clone()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let app = Router::new()
        .route("/page", get(page))
        .route("/seed", get(seed))
        .with_state(App {
            key: Key::generate(),
        });
    let port: u16 = env::var("PORT")?.parse()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    Ok(axum::serve(listener, app).await?)
}

async fn page(jar: PrivateCookieJar) -> Response {
    match jar.get("name") {
        Some(name) => format!("Hello, {}", name.value()).into_response(),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn seed(jar: PrivateCookieJar) -> (PrivateCookieJar, Redirect) {
    let cookie = Cookie::build(("name", "Jane Doe"))
        .path("/")
        .http_only(true);
    (jar.add(cookie), Redirect::to("/page"))
}
