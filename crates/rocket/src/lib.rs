//! Log in with Google, GitHub, Facebook, Keycloak or your own OAuth server, in a Rocket app.

pub use codegrant_web::app::*;
