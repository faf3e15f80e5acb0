//! The apps of the adapters' own contract tests: one app, four times.

#[path = "../../../../crates/actix/tests/contract/app.rs"]
mod actix;
#[path = "../../../../crates/axum/tests/contract/app.rs"]
mod axum_app;
#[path = "../../../adapter-poem/tests/contract/app.rs"]
mod poem_app;
#[path = "../../../../crates/rocket/tests/contract/app.rs"]
mod rocket_app;

use std::any::Any;
use std::net::TcpListener;

use codegrant_axum::Auth;

/// Starts one of the apps on a listener; dropping what it returns stops it.
pub(crate) type Start = fn(Auth, TcpListener) -> Box<dyn Any>;

/// Lists the four, each with the name of its framework.
pub(crate) const APPS: [(&str, Start); 4] = [
    ("axum", |auth, listener| {
        Box::new(axum_app::start(auth, listener))
    }),
    ("Rocket", |auth, listener| {
        Box::new(rocket_app::start(auth, listener))
    }),
    ("Actix-web", |auth, listener| {
        Box::new(actix::start(auth, listener))
    }),
    ("Poem", |auth, listener| {
        Box::new(poem_app::start(auth, listener))
    }),
];
