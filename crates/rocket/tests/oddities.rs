//! What Rocket does to requests on its own, and what of it stays inside.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

use codegrant_rocket::test::LoggedIn;
use codegrant_rocket::{Auth, User, fairing};
use codegrant_testkit::Site;
use rocket::config::{Config, LogLevel};
use rocket::http::{ContentType, Header, Method, Status};
use rocket::local::asynchronous::Client;
use rocket::{Build, Rocket, get, put, routes};

#[get("/auth")]
fn a_page_at_the_base() -> &'static str {
    "a page of the app"
}

#[put("/items")]
fn items(_user: User) -> &'static str {
    "put"
}

#[get("/<_..>", rank = 0)]
fn everything() -> &'static str {
    "a page of the app"
}

fn app(auth: &Auth) -> Rocket<Build> {
    rocket::build()
        .mount("/", routes![items])
        .attach(fairing(auth))
}

/// A log-out form with one field before what it is for.
async fn log_out(client: &Client, first: &str) -> Status {
    let request = client.post("/auth/logout").header(ContentType::Form);
    let request = request.header(Header::new("origin", "https://app.example"));
    let body = format!("{first}&return_to=%2F");
    request
        .logged_in("ada")
        .body(body)
        .dispatch()
        .await
        .status()
}

#[rocket::async_test]
async fn a_posted_form_is_a_post_whatever_its_first_field_says() {
    let site = Site::new();
    let client = Client::untracked(app(site.auth())).await.unwrap();
    let usual = log_out(&client, "a=b").await;
    assert_eq!(usual, Status::SeeOther);
    for method in ["get", "HEAD", "put", "delete", "options", "patch", "trace"] {
        let status = log_out(&client, &format!("_method={method}")).await;
        assert_eq!(status, usual, "{method}");
    }
}

#[rocket::async_test]
async fn another_method_stays_what_it_is() {
    let site = Site::new();
    let client = Client::untracked(app(site.auth())).await.unwrap();
    for method in [Method::Put, Method::Delete, Method::Patch] {
        let request = client.req(method, "/auth/logout").header(ContentType::Form);
        let answer = request.body("_method=brew&return_to=%2F").dispatch().await;
        assert_eq!(answer.status(), Status::MethodNotAllowed, "{method}");
    }
}

#[rocket::async_test]
async fn the_apps_own_forms_keep_rockets_method_field() {
    let site = Site::new();
    let client = Client::untracked(app(site.auth())).await.unwrap();
    let request = client.post("/items").header(ContentType::Form);
    let request = request.body("_method=put").logged_in("ada");
    let answer = request.dispatch().await;
    assert_eq!(answer.into_string().await.unwrap(), "put");
}

#[rocket::async_test]
async fn routes_of_the_app_neither_collide_with_the_login_nor_come_before_it() {
    let site = Site::new();
    let app = app(site.auth()).mount("/", routes![everything, a_page_at_the_base]);
    let client = Client::untracked(app).await.unwrap();
    for (target, status) in [
        ("/auth/login", Status::SeeOther),
        ("/auth/nothing", Status::NotFound),
        ("/auth/", Status::NotFound),
    ] {
        let answer = client.get(target).dispatch().await;
        assert_eq!(answer.status(), status, "{target}");
    }
    for target in ["/auth", "//auth/login", "/%61uth/login", "/elsewhere"] {
        let answer = client.get(target).dispatch().await;
        let text = answer.into_string().await;
        assert_eq!(text.as_deref(), Some("a page of the app"), "{target}");
    }
}

/// Serves the app over a socket, and sends bytes after which nothing comes.
fn sent(auth: &Auth, bytes: &[u8], ends: bool) -> String {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let config = Config {
        port,
        log_level: LogLevel::Off,
        ..Config::debug_default()
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (ready, started) = std::sync::mpsc::channel();
    let liftoff = rocket::fairing::AdHoc::on_liftoff("ready", move |_| {
        Box::pin(async move { ready.send(()).unwrap() })
    });
    let app = rocket::custom(config).attach(fairing(auth)).attach(liftoff);
    runtime.spawn(async move { app.launch().await.map(drop) });
    started.recv().unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(bytes).unwrap();
    if ends {
        stream.shutdown(Shutdown::Write).unwrap();
    }
    let mut answer = String::new();
    let _broken_off = stream.read_to_string(&mut answer);
    answer
}

#[test]
fn a_body_that_breaks_off_while_rocket_peeks_is_none() {
    let site = Site::new();
    let head = "POST /auth/logout HTTP/1.1\r\nhost: app.example\r\norigin: https://app.example\r\n\
                content-type: application/x-www-form-urlencoded\r\n";
    let whole = format!("{head}connection: close\r\ncontent-length: 3\r\n\r\na=b");
    let answer = sent(site.auth(), whole.as_bytes(), false);
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    for rest in [
        "content-length: 100\r\n\r\na=b",
        "transfer-encoding: chunked\r\n\r\n3\r\na=b\r\n",
    ] {
        let answer = sent(site.auth(), format!("{head}{rest}").as_bytes(), true);
        assert!(!answer.starts_with("HTTP/1.1 303"), "{rest}: {answer}");
    }
}
