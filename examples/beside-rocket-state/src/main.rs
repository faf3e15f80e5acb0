//! Adopts codegrant one route at a time in a Rocket app that keeps its own sessions.
//!
//! The app keeps its users, its sessions in managed state and its request guard. What is new is one more way
//! to log in: codegrant proves who somebody is, `on_login` says which account that is, and the app's own
//! session goes on.

mod app;
mod sessions;
// The same accounts as in the example in Actix-web.
#[path = "../../beside-actix-identity/src/users.rs"]
mod users;

use std::io::Write as _;

use codegrant_rocket::{Auth, Identity};
use users::Users;

#[rocket::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let users = Users::default();
    users.add("mary", Some("a long password"));
    let auth = Auth::builder("http://localhost:8000").dev();
    let auth = app::hand_over(auth, &users).build()?;
    writeln!(
        std::io::stdout(),
        "{}/account - log in as mary with \"a long password\", or with the provider",
        auth.public_origin()
    )?;
    app::rocket(&auth, users).launch().await?;
    Ok(())
}

#[cfg(test)]
mod tests;
