//! Greets whoever logs in with GitHub: `GITHUB_CLIENT_ID` and `GITHUB_CLIENT_SECRET` say as which app.
//!
//! Without an account anywhere: `Auth::dev("http://localhost:3000")?` in place of `Auth::from_env`.

use actix_web::{App, HttpServer, get};
use codegrant_actix::{Auth, User, provider::GITHUB, routes};

#[get("/")]
async fn index(user: User) -> String {
    format!("Hello, {user}!")
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let auth = Auth::from_env("http://localhost:3000", [GITHUB])?;
    let app = move || App::new().configure(routes(&auth)).service(index);
    Ok(HttpServer::new(app).bind("127.0.0.1:3000")?.run().await?)
}
