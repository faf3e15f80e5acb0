//! Adopts codegrant one route at a time in an app that has axum-login.
//!
//! The app keeps its users, its sessions and its protected pages. What is new is one more way to log in:
//! codegrant proves who somebody is, `on_login` says which account that is, and axum-login's session goes on.

mod app;
mod users;

use std::io::Write as _;

use codegrant_axum::Auth;
use users::Users;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let users = Users::default();
    users.add("mary", Some("a long password"));
    let auth = Auth::builder("http://localhost:3000").dev();
    let auth = app::hand_over(auth, &users).build()?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    writeln!(
        std::io::stdout(),
        "{}/account - log in as mary with \"a long password\", or with the provider",
        auth.public_origin()
    )?;
    Ok(axum::serve(listener, app::router(&auth, &users)).await?)
}

#[cfg(test)]
mod tests;
