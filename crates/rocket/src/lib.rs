//! Log in with Google, GitHub, Facebook, Keycloak or your own OAuth server, in a Rocket app.
//!
//! ```no_run
//! use codegrant_rocket::{Auth, User, fairing, provider::GITHUB};
//! use rocket::{get, routes};
//!
//! #[get("/")]
//! fn index(user: User) -> String {
//!     format!("Hello, {user}!")
//! }
//!
//! #[rocket::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let auth = Auth::from_env("http://localhost:8000", [GITHUB])?;
//!     let app = rocket::build().mount("/", routes![index]);
//!     app.attach(fairing(&auth)).launch().await?;
//!     Ok(())
//! }
//! ```
//!
//! A handler that takes a [`User`] runs for logged-in users only: a person is sent to the login and comes
//! back, a script gets 401. A handler that takes `Option<User>` runs for everybody.
//!
//! [`Only`] wants more than a login: a role, a scope, a claim, a sign-in that is recent or strong.
//!
//! The [`Auth`] is managed state as well: `&State<Auth>` in a handler.
//!
//! This crate translates between Rocket's types and `codegrant-web`'s, and decides nothing.

mod access_token;
mod fairing;
mod guard;
mod only;
#[cfg(feature = "test")]
pub mod test;
mod translate;

pub use access_token::AccessToken;
pub use codegrant_web::app::*;
pub use fairing::{fairing, fairing_from_config, fairing_from_config_with, finished_login};
pub use guard::{LoginRequired, User};
pub use only::Only;

/// Compiles the examples of the guide.
#[cfg(all(doctest, feature = "dev", feature = "test"))]
#[doc = include_str!("../../../docs/start/rocket.md")]
struct StartGuide;
