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
//! The tests of this crate take the apps of the adapter contract: a greeting that needs a login, one that
//! does not, a page for everybody. They send all four the same corpus of requests, ordinary and hostile,
//! and compare what comes: status, headers, body and the calls to the provider, byte for byte. What a
//! framework refuses by itself stands in the test, request by request.
