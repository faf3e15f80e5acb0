//! Adopts codegrant one route at a time in an app that has actix-identity.
//!
//! The app keeps its users, its sessions and its pages. What is new is one more way to log in: codegrant
//! proves who somebody is, `on_login` says which account that is, and actix-identity's session goes on.

mod app;
mod users;

use std::io::Write as _;

use actix_web::cookie::Key;
use actix_web::{App, HttpServer};
use codegrant_actix::{Auth, Identity};
use users::Users;

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let users = Users::default();
    users.add("mary", Some("a long password"));
    let auth = Auth::builder("http://localhost:3000").dev();
    let auth = app::hand_over(auth, &users).build()?;
    // One for all workers. From the app's secrets elsewhere, or a restart logs everybody out.
    let key = Key::generate();
    writeln!(
        std::io::stdout(),
        "{}/account - log in as mary with \"a long password\", or with the provider",
        auth.public_origin()
    )?;
    let app = move || App::new().service(app::site(&auth, &users, &key));
    Ok(HttpServer::new(app).bind("127.0.0.1:3000")?.run().await?)
}

#[cfg(test)]
mod tests;
