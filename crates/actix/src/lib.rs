//! Log in with Google, GitHub, Facebook, Keycloak or your own OAuth server, in a Actix app.

pub use codegrant_web::app::*;
