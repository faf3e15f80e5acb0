//! Greets whoever logs in with GitHub: `GITHUB_CLIENT_ID` and `GITHUB_CLIENT_SECRET` say as which app.
//!
//! Without an account anywhere: `Auth::dev("http://localhost:8000")?` in place of `Auth::from_env`.

use codegrant_rocket::{Auth, User, fairing, provider::GITHUB};
use rocket::{get, routes};

#[get("/")]
fn index(user: User) -> String {
    format!("Hello, {user}!")
}

#[rocket::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let auth = Auth::from_env("http://localhost:8000", [GITHUB])?;
    let app = rocket::build().mount("/", routes![index]);
    app.attach(fairing(&auth)).launch().await?;
    Ok(())
}
