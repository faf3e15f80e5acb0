//! Where `routes` may stand, what a forgotten one looks like, and several workers.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod shared;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::http::StatusCode;
use actix_web::middleware::{NormalizePath, TrailingSlash};
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer, ResponseError};
use codegrant_actix::{LoginRequired, User, answer_store_errors, require_login, routes};
use codegrant_testkit::Site;
use shared::{Served, greet, greet_anybody, serve, site};

fn based(base: &'static str) -> Site {
    Site::builder()
        .configure(move |auth| auth.base(base))
        .build()
}

/// The login below `base` answers, and a page at `page` leads there and back.
async fn is_mounted(app: &Served, base: &str, page: &str) {
    let login = app.open(&format!("{base}/login/op")).await;
    assert_eq!(login.status, StatusCode::SEE_OTHER, "{base}");
    let callback = format!("app.example{base}/callback/op").replace('/', "%2F");
    assert!(login.location.contains(&callback), "{}", login.location);
    let nothing = app.open(&format!("{base}/nothing")).await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND, "{base}");
    assert!(nothing.body.contains("<html"), "{}", nothing.body);
    let answer = app.open(page).await;
    let expected = format!("{base}/login?return_to={}", page.replace('/', "%2F"));
    assert_eq!(answer.location, expected);
}

#[actix_web::test]
async fn routes_stand_in_an_app() {
    let site = Site::new();
    let app = App::new().configure(routes(site.auth()));
    let app = serve(app.route("/page", web::get().to(greet))).await;
    is_mounted(&app, "/auth", "/page").await;
    for target in [
        "/auth",
        "/authors/login",
        "/AUTH/login",
        "/%61uth/login",
        "/x/auth/login",
    ] {
        let answer = app.open(target).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{target}");
        assert_eq!(answer.body, "", "{target}: the app's own answer");
    }
}

#[actix_web::test]
async fn routes_stand_in_scopes_above_the_base() {
    for (scope, base, page) in [
        ("", "/auth", "/page"),
        ("/app", "/app/auth", "/app/page"),
        ("/app", "/app/deep/auth", "/app/page"),
        ("/{tenant}", "/app/auth", "/app/page"),
    ] {
        let site = based(base);
        let inner = web::scope(scope).configure(routes(site.auth()));
        let app = App::new().service(inner.route("/page", web::get().to(greet)));
        is_mounted(&serve(app).await, base, page).await;
    }
}

#[actix_web::test]
async fn routes_stand_in_a_scope_that_is_the_base() {
    let site = based("/app/auth");
    let inner = web::scope("/app/auth").configure(routes(site.auth()));
    let app = App::new()
        .app_data(Data::new(site.auth().clone()))
        .service(inner)
        .route("/page", web::get().to(greet));
    is_mounted(&serve(app).await, "/app/auth", "/page").await;
}

#[actix_web::test]
async fn routes_stand_in_a_scope_inside_a_scope() {
    let site = based("/one/two/auth");
    let inner = web::scope("/two").configure(routes(site.auth()));
    let inner = inner.route("/page", web::get().to(greet));
    let app = serve(App::new().service(web::scope("/one").service(inner))).await;
    is_mounted(&app, "/one/two/auth", "/one/two/page").await;
}

async fn tell(user: Result<User, LoginRequired>) -> HttpResponse {
    let required = user.err().unwrap();
    let status = required.status_code();
    HttpResponse::build(status).body(format!("{required}"))
}

const REMEDY: &str = ".configure(codegrant_actix::routes(&auth))";

#[actix_web::test]
async fn a_forgotten_configure_is_500_and_says_what_to_write() {
    let app = App::new()
        .wrap(answer_store_errors())
        .route("/", web::get().to(greet))
        .route("/maybe", web::get().to(greet_anybody));
    let app = serve(app).await;
    for target in ["/", "/maybe"] {
        let answer = app.open(target).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{target}");
        assert!(
            !answer.body.contains("configure"),
            "the browser is told nothing"
        );
    }
    let app = serve(App::new().route("/", web::get().to(tell))).await;
    let answer = app.open("/").await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(answer.body.contains(REMEDY), "{}", answer.body);
}

#[actix_web::test]
async fn a_guard_without_routes_is_500_and_no_way_to_nowhere() {
    let (site, cookies) = site().await;
    let inside = web::resource("/inside").wrap(require_login(site.auth()));
    let app = serve(App::new().service(inside.to(async || "inside"))).await;
    let answer = app.open("/inside").await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(app.open_as(&cookies, "/inside").await.body, "inside");
}

#[actix_web::test]
async fn routes_in_a_scope_beside_the_base_are_500_and_say_what_to_write() {
    for (scope, base) in [("/app", "/auth"), ("/app", "/apple/auth")] {
        let site = based(base);
        let inner = web::scope(scope).configure(routes(site.auth()));
        let app = App::new()
            .service(inner.route("/page", web::get().to(tell)))
            .service(
                web::resource("/guarded")
                    .wrap(require_login(site.auth()))
                    .to(greet),
            );
        let app = serve(app).await;
        let answer = app.open(&format!("{scope}/page")).await;
        assert_eq!(
            answer.status,
            StatusCode::INTERNAL_SERVER_ERROR,
            "{scope} {base}"
        );
        assert!(answer.body.contains(REMEDY), "{}", answer.body);
        let answer = app.open("/guarded").await;
        assert_eq!(
            answer.status,
            StatusCode::INTERNAL_SERVER_ERROR,
            "{scope} {base}"
        );
    }
}

#[actix_web::test]
async fn an_auth_that_is_handed_out_by_hand_finds_users_of_another_process() {
    let (site, cookies) = site().await;
    let app = App::new().app_data(Data::new(site.auth().clone()));
    let app = serve(app.route("/page", web::get().to(greet))).await;
    assert_eq!(
        app.open_as(&cookies, "/page").await.body,
        "Hello, Ada Lovelace!"
    );
    let answer = app.open("/page").await;
    assert_eq!(answer.location, "/auth/login?return_to=%2Fpage");
}

#[actix_web::test]
async fn tidied_paths_lead_to_the_login() {
    for slash in [TrailingSlash::Trim, TrailingSlash::MergeOnly] {
        let site = Site::new();
        let app = App::new()
            .wrap(NormalizePath::new(slash))
            .configure(routes(site.auth()))
            .route("/page", web::get().to(greet));
        let app = serve(app).await;
        is_mounted(&app, "/auth", "/page").await;
        let answer = app.open("//page?a=//b/").await;
        assert_eq!(
            answer.location,
            "/auth/login?return_to=%2Fpage%3Fa%3D%2F%2Fb%2F"
        );
        let login = app.open("//auth//login/op?return_to=//page").await;
        assert_eq!(login.status, StatusCode::SEE_OTHER);
    }
}

/// Asks on a connection of its own.
fn ask(address: SocketAddr, head: &str, cookies: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "{head} HTTP/1.1\r\nhost: app.example\r\nconnection: close\r\naccept: text/html\r\n\
         origin: https://app.example\r\nsec-fetch-site: same-origin\r\ncontent-length: 0\r\n\
         cookie: {cookies}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Asks on new connections until this worker has answered.
fn ask_worker(address: SocketAddr, worker: usize, head: &str, cookies: &str) -> String {
    let answers = (0..100).map(|_| ask(address, head, cookies));
    let mark = format!("x-worker: {worker}\r\n");
    let mut answers = answers.filter(|answer| answer.contains(&mark));
    answers.next().expect("connections go round the workers")
}

#[actix_web::test]
async fn a_session_that_one_worker_opened_is_seen_and_ended_by_the_other() {
    let site = Site::builder().memory_sessions().build();
    let auth = site.auth().clone();
    let started = Arc::new(AtomicUsize::new(0));
    let app = move || {
        let worker = started.fetch_add(1, Ordering::SeqCst).to_string();
        App::new()
            .wrap(actix_web::middleware::DefaultHeaders::new().add(("x-worker", worker)))
            .configure(routes(&auth))
            .route("/", web::get().to(greet))
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = HttpServer::new(app).workers(2).disable_signals();
    let server = server.listen(listener).unwrap().run();
    let handle = server.handle();
    let running = actix_web::rt::spawn(server);

    let mut browser = site.browser();
    let callback = browser.begin_and_sign_in("op", "ada").await;
    let cookies = browser.cookies().iter();
    let cookies: Vec<String> = cookies.map(|c| format!("{}={}", c.name, c.value)).collect();
    let asked = actix_web::rt::task::spawn_blocking(move || {
        let answer = ask(address, &format!("GET {callback}"), &cookies.join("; "));
        let session = answer.lines().find_map(|line| {
            let value = line.strip_prefix("set-cookie: ")?;
            value
                .contains(".session=")
                .then(|| value.split(';').next().unwrap().to_owned())
        });
        let session = session.expect("the callback opens a session");
        for worker in [0, 1] {
            let answer = ask_worker(address, worker, "GET /", &session);
            assert!(answer.ends_with("Hello, Ada Lovelace!"), "{answer}");
        }
        let answer = ask_worker(address, 0, "POST /auth/logout", &session);
        assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
        for worker in [0, 1] {
            let answer = ask_worker(address, worker, "GET /", &session);
            assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
        }
    });
    asked.await.unwrap();
    handle.stop(false).await;
    running.await.unwrap().unwrap();
}
