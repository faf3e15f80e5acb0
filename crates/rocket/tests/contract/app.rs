//! The contract's app, on Rocket.

use std::net::TcpListener;

use codegrant_rocket::{Auth, Only, User, fairing, finished_login};
use codegrant_testkit::contract::{Admin, Recent};
use rocket::config::{Config, LogLevel, Shutdown};
use rocket::fairing::AdHoc;
use rocket::{get, post, routes};
use tokio::runtime::Runtime;

/// Serves the app until what it returns is dropped. Rocket binds by itself.
pub(crate) fn start(auth: Auth, listener: TcpListener) -> impl std::any::Any {
    let address = listener.local_addr().expect("a bound listener");
    drop(listener);
    let shutdown = Shutdown {
        ctrlc: false,
        ..Shutdown::default()
    };
    let config = Config {
        address: address.ip(),
        port: address.port(),
        log_level: LogLevel::Off,
        shutdown,
        ..Config::debug_default()
    };
    let app = rocket::custom(config)
        .mount("/", routes![index, submitted, files, maybe, plain])
        .mount("/", routes![recent, recent_form, admin, perhaps, fresh])
        .mount("/nested", routes![page])
        .attach(fairing(&auth))
        .attach(AdHoc::on_response("x-logged-in", |request, response| {
            Box::pin(async move {
                if let Some(login) = finished_login(request) {
                    response.set_raw_header("x-logged-in", login.identity().subject.clone());
                }
            })
        }));
    let runtime = Runtime::new().expect("a runtime");
    runtime.spawn(async move {
        app.launch().await.expect("an app that starts");
    });
    runtime
}

#[get("/")]
fn index(user: User) -> String {
    format!("Hello, {user}!")
}

#[post("/")]
fn submitted(user: User) -> String {
    format!("Hello, {user}!")
}

#[get("/files/<_..>")]
fn files(user: User) -> String {
    format!("Hello, {user}!")
}

#[get("/page")]
fn page(user: User) -> String {
    format!("Hello, {user}!")
}

#[get("/maybe")]
fn maybe(user: Option<User>) -> String {
    let name = user.map_or_else(|| "stranger".to_owned(), |user| user.to_string());
    format!("Hello, {name}!")
}

#[get("/recent")]
fn recent(user: Only<Recent>) -> String {
    format!("Hello, {user}!")
}

#[post("/recent")]
fn recent_form(user: Only<Recent>) -> String {
    format!("Hello, {user}!")
}

#[get("/admin")]
fn admin(user: Only<Admin>) -> String {
    format!("Hello, {user}!")
}

#[get("/perhaps")]
fn perhaps(user: Option<Only<Recent>>) -> String {
    let name = user.map_or_else(|| "stranger".to_owned(), |user| user.to_string());
    format!("Hello, {name}!")
}

#[get("/fresh/page")]
fn fresh(user: Only<Recent>) -> String {
    format!("Hello, {user}!")
}

#[get("/plain")]
fn plain() -> &'static str {
    "plain"
}
