//! The same app in each framework, beside each other.
//!
//! Each of them logs in and greets; only the framework's own words differ.
//!
//! | axum | Rocket | Actix-web | Poem |
//! |---|---|---|---|
//! | `.merge(routes(&auth))` | `.attach(fairing(&auth))` | `.configure(routes(&auth))` | `.with(login(&auth))` |
//! | `async fn(user: User)` | `fn(user: User)` | `async fn(user: User)` | `fn(user: User)` |
//! | `Option<User>` | `Option<User>` | `Option<User>` | `Option<User>` |
//!
//! # axum
//!
//! ```
//! use axum::{Router, routing::get};
//! use codegrant_axum::{Auth, User, routes};
//!
//! async fn index(user: User) -> String {
//!     format!("Hello, {user}!")
//! }
//!
//! fn app(auth: Auth) -> Router {
//!     Router::new().route("/", get(index)).merge(routes(&auth)).with_state(auth)
//! }
//! ```
//!
//! # Rocket
//!
//! ```
//! use codegrant_rocket::{Auth, User, fairing};
//! use rocket::{Build, Rocket, get, routes};
//!
//! #[get("/")]
//! fn index(user: User) -> String {
//!     format!("Hello, {user}!")
//! }
//!
//! fn app(auth: &Auth) -> Rocket<Build> {
//!     rocket::build().mount("/", routes![index]).attach(fairing(auth))
//! }
//! ```
//!
//! # Actix-web
//!
//! ```
//! use actix_web::{get, web::ServiceConfig};
//! use codegrant_actix::{Auth, User, routes};
//!
//! #[get("/")]
//! async fn index(user: User) -> String {
//!     format!("Hello, {user}!")
//! }
//!
//! fn app(auth: &Auth) -> impl FnOnce(&mut ServiceConfig) {
//!     let login = routes(auth);
//!     |app| {
//!         app.configure(login).service(index);
//!     }
//! }
//! ```
//!
//! # Poem
//!
//! The adapter is the example `adapter-poem`, on one page.
//!
//! ```
//! use adapter_poem::{Auth, User, login};
//! use poem::{Endpoint, EndpointExt, Route, get, handler};
//!
//! #[handler]
//! fn index(user: User) -> String {
//!     format!("Hello, {user}!")
//! }
//!
//! fn app(auth: &Auth) -> impl Endpoint {
//!     Route::new().at("/", get(index)).with(login(auth))
//! }
//! ```
//!
//! # They answer alike
//!
//! The apps of this crate are those of the adapter contract: a greeting that needs a login, one that does
//! not, a page for everybody. Its tests send all four the same corpus of requests, ordinary and hostile,
//! and compare what comes: status, headers, body and the calls to the provider, byte for byte. What a
//! framework refuses by itself stands in the test, request by request.

#![allow(
    clippy::unwrap_used,
    reason = "the apps are those of the adapters' tests"
)]

#[path = "../../../crates/actix/tests/contract/app.rs"]
mod actix;
#[path = "../../../crates/axum/tests/contract/app.rs"]
mod axum_app;
#[path = "../../adapter-poem/tests/contract/app.rs"]
mod poem_app;
#[path = "../../../crates/rocket/tests/contract/app.rs"]
mod rocket_app;

use std::any::Any;
use std::net::TcpListener;

use codegrant_axum::Auth;

/// Starts one of the apps on a listener; dropping what it returns stops it.
pub type Start = fn(Auth, TcpListener) -> Box<dyn Any>;

/// Lists the four, each with the name of its framework.
pub const APPS: [(&str, Start); 4] = [
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
