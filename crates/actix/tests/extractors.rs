//! `User` and `Option<User>` the way Actix-web apps use them: scopes, middleware, and bodies beside them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod shared;

use std::cell::Cell;
use std::future::pending;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Next, from_fn};
use actix_web::rt::spawn;
use actix_web::rt::time::timeout;
use actix_web::test::TestRequest;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, Error, FromRequest, HttpMessage, HttpRequest, HttpResponse, ResponseError};
use codegrant_actix::{Auth, LoginRequired, User, answer_store_errors, require_login, routes};
use codegrant_testkit::Site;
use shared::{ada, asked, greet, greet_anybody, serve, site, stored_site};

#[actix_web::test]
async fn a_user_tells_everything_that_the_session_holds() {
    async fn tell(user: User) -> String {
        let identity = user.identity();
        let live = user.ends_at() > user.started_at() && !user.access_token().secret().is_empty();
        format!("{user} {} {} {live}", identity.subject, identity.provider)
    }
    let (site, cookies) = site().await;
    let app = App::new().configure(routes(site.auth()));
    let app = serve(app.route("/me", web::get().to(tell))).await;
    let answer = app.open_as(&cookies, "/me").await;
    assert_eq!(answer.body, "Ada Lovelace ada op true");
}

#[actix_web::test]
async fn debug_of_a_user_shows_who_it_is_and_no_token() {
    async fn tell(user: User) -> String {
        let shown = format!("{user:?}");
        assert!(!shown.contains(user.access_token().secret().as_str()));
        shown
    }
    let (site, cookies) = site().await;
    let app = App::new().configure(routes(site.auth()));
    let app = serve(app.route("/me", web::get().to(tell))).await;
    let answer = app.open_as(&cookies, "/me").await;
    assert!(answer.body.contains("\"ada\""), "{}", answer.body);
}

#[actix_web::test]
async fn a_handler_may_take_the_auth_itself() {
    async fn link(auth: Data<Auth>) -> String {
        auth.login_url(Some("op"), "/me")
    }
    let (site, _) = site().await;
    let app = App::new().configure(routes(site.auth()));
    let app = serve(app.route("/", web::get().to(link))).await;
    assert_eq!(app.open("/").await.body, "/auth/login/op?return_to=%2Fme");
}

#[actix_web::test]
async fn nested_scopes_lead_back_to_the_whole_path() {
    let (site, cookies) = site().await;
    let inner = || {
        web::scope("/two")
            .route("/page/{id}", web::get().to(greet))
            .default_service(web::to(greet))
    };
    let app = App::new()
        .configure(routes(site.auth()))
        .service(web::scope("/one").service(inner()))
        .service(inner());
    let app = serve(app).await;
    for (target, encoded) in [
        ("/one/two/page/7?a=b", "%2Fone%2Ftwo%2Fpage%2F7%3Fa%3Db"),
        ("/two/elsewhere/", "%2Ftwo%2Felsewhere%2F"),
        ("/two/page/%37?a=%2F", "%2Ftwo%2Fpage%2F%2537%3Fa%3D%252F"),
    ] {
        let answer = app.open(target).await;
        let expected = format!("/auth/login?return_to={encoded}");
        assert_eq!(answer.location, expected, "{target}");
        let answer = app.open_as(&cookies, target).await;
        assert_eq!(answer.body, "Hello, Ada Lovelace!");
    }
}

#[actix_web::test]
async fn user_stands_beside_other_extractors() {
    async fn page(id: web::Path<u32>, user: User, request: HttpRequest, body: String) -> String {
        format!("{id} {user} {} {body}", request.query_string())
    }
    let (site, cookies) = site().await;
    let app = App::new().configure(routes(site.auth()));
    let app = serve(app.route("/items/{id}", web::post().to(page))).await;
    let request = TestRequest::post().uri("/items/7?a=b");
    let request = request
        .insert_header(("cookie", cookies))
        .set_payload("text");
    assert_eq!(app.send(request).await.body, "7 Ada Lovelace a=b text");
}

// attack: LK-20
#[actix_web::test]
async fn a_strangers_body_is_never_read() {
    async fn page(_user: User, _body: Bytes) -> &'static str {
        "stored"
    }
    async fn guarded(_body: Bytes) -> &'static str {
        "stored"
    }
    let (site, cookies) = site().await;
    // A body that is read ends with 413.
    let app = App::new()
        .app_data(web::PayloadConfig::new(4))
        .configure(routes(site.auth()))
        .route("/page", web::post().to(page))
        .service(
            web::resource("/guarded")
                .wrap(require_login(site.auth()))
                .to(guarded),
        );
    let app = serve(app).await;
    for target in ["/page", "/guarded"] {
        let sent = || {
            let request = asked(target).method(Method::POST);
            request.set_payload("too long")
        };
        let stranger = app.send(sent()).await;
        assert_eq!(stranger.status, StatusCode::SEE_OTHER, "{target}");
        let known = sent().insert_header(("cookie", cookies.clone()));
        let known = app.send(known).await;
        assert_eq!(known.status, StatusCode::PAYLOAD_TOO_LARGE, "{target}");
    }
}

#[actix_web::test]
async fn limits_and_types_that_the_app_sets_for_bodies_are_not_the_logins() {
    let (site, cookies) = site().await;
    let limits = web::PayloadConfig::new(4).mimetype("application/json".parse().unwrap());
    let app = App::new().app_data(limits).configure(routes(site.auth()));
    let app = serve(app).await;
    let request = TestRequest::post().uri("/auth/logout");
    let request = request
        .insert_header(("cookie", cookies))
        .insert_header(("origin", "https://app.example"))
        .insert_header(("sec-fetch-site", "same-origin"))
        .insert_header(("content-type", "application/x-www-form-urlencoded"))
        .set_payload("return_to=%2Fgoodbye");
    let answer = app.send(request).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.location, "/goodbye");
}

#[actix_web::test]
async fn a_script_is_told_where_the_login_is() {
    let (site, _) = site().await;
    let app = App::new().configure(routes(site.auth()));
    let app = serve(app.route("/api", web::get().to(greet))).await;
    let request = TestRequest::with_uri("/api?a=b").insert_header(("accept", "application/json"));
    let answer = app.send(request).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let expected =
        r#"{"error":"login_required","login_url":"/auth/login?return_to=%2Fapi%3Fa%3Db"}"#;
    assert_eq!(answer.body, expected);
}

#[actix_web::test]
async fn a_handler_may_look_at_the_rejection_itself() {
    async fn page(user: Result<User, LoginRequired>) -> HttpResponse {
        match user {
            Ok(user) => HttpResponse::Ok().body(format!("Hello, {user}!")),
            Err(required) => {
                assert_eq!(required.to_string(), "nobody is logged in");
                assert_eq!(required.status_code(), StatusCode::SEE_OTHER);
                let mut response = required.error_response();
                let (name, value) = (
                    HeaderName::from_static("location"),
                    HeaderValue::from_static("/elsewhere"),
                );
                response.headers_mut().insert(name, value);
                response
            }
        }
    }
    let (site, cookies) = site().await;
    let app = App::new().configure(routes(site.auth()));
    let app = serve(app.route("/", web::get().to(page))).await;
    let nobody = app.open("/").await;
    assert_eq!(nobody.status, StatusCode::SEE_OTHER);
    assert_eq!(nobody.location, "/elsewhere");
    let answer = app.open_as(&cookies, "/").await;
    assert_eq!(answer.body, "Hello, Ada Lovelace!");
}

#[actix_web::test]
async fn a_middleware_of_the_app_may_ask_for_the_user() {
    async fn remember(
        user: Option<User>,
        request: ServiceRequest,
        next: Next<impl MessageBody>,
    ) -> Result<ServiceResponse<impl MessageBody>, Error> {
        let name = user.map(|user| user.to_string()).unwrap_or_default();
        request.extensions_mut().insert(name);
        next.call(request).await
    }
    async fn page(name: web::ReqData<String>) -> String {
        format!("<{}>", name.into_inner())
    }
    let (site, cookies) = site().await;
    let app = App::new()
        .wrap(answer_store_errors())
        .wrap(from_fn(remember))
        .configure(routes(site.auth()))
        .route("/", web::get().to(page));
    let app = serve(app).await;
    assert_eq!(app.open("/").await.body, "<>");
    assert_eq!(app.open_as(&cookies, "/").await.body, "<Ada Lovelace>");
}

#[actix_web::test]
async fn two_apps_in_one_process_do_not_believe_each_others_sessions() {
    let (site, cookies) = site().await;
    let other = Site::builder()
        .configure(|auth| auth.secret("another secret of another app altogether"))
        .build();
    let ours = App::new().configure(routes(site.auth()));
    let ours = serve(ours.route("/", web::get().to(greet))).await;
    let theirs = App::new().configure(routes(other.auth()));
    let theirs = serve(theirs.route("/", web::get().to(greet))).await;
    assert_eq!(ours.open_as(&cookies, "/").await.status, StatusCode::OK);
    let answer = theirs.open_as(&cookies, "/").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

#[actix_web::test]
async fn a_session_that_has_ended_asks_for_a_login_again() {
    let (site, cookies) = site().await;
    let app = App::new().configure(routes(site.auth()));
    let app = serve(app.route("/", web::get().to(greet))).await;
    assert_eq!(app.open_as(&cookies, "/").await.status, StatusCode::OK);
    site.wait(12 * 3600);
    let answer = app.open_as(&cookies, "/").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

#[actix_web::test]
async fn a_store_that_is_down_is_503_for_an_optional_user_and_nothing_runs() {
    let (site, store) = stored_site();
    let cookies = ada(&site).await;
    let ran = Arc::new(AtomicUsize::new(0));
    let count = ran.clone();
    let page = move |_user: Option<User>| {
        count.fetch_add(1, Ordering::SeqCst);
        async { "inside" }
    };
    let app = App::new()
        .wrap(answer_store_errors())
        .configure(routes(site.auth()))
        .route("/maybe", web::get().to(page))
        .service(web::scope("/deep").route("/maybe", web::get().to(greet_anybody)))
        .route("/user", web::get().to(greet))
        .route("/plain", web::get().to(async || "plain"));
    let app = serve(app).await;
    store.switch_off();
    for target in ["/maybe", "/deep/maybe", "/user"] {
        let answer = app.open_as(&cookies, target).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{target}");
        assert!(answer.body.contains("<html"), "{}", answer.body);
    }
    assert_eq!(ran.load(Ordering::SeqCst), 0);
    assert_eq!(site.failures().len(), 3);
    assert_eq!(app.open_as(&cookies, "/plain").await.body, "plain");
    store.switch_on();
    assert_eq!(app.open_as(&cookies, "/maybe").await.body, "inside");
    let answer = app.open_as(&cookies, "/deep/maybe").await;
    assert_eq!(answer.body, "Hello, Ada Lovelace!");
    assert_eq!(app.open("/deep/maybe").await.body, "Hello, stranger!");
}

#[actix_web::test]
async fn without_the_middleware_actix_makes_nobody_of_a_store_error_and_the_operator_is_told() {
    let (site, store) = stored_site();
    let cookies = ada(&site).await;
    let app = App::new()
        .configure(routes(site.auth()))
        .route("/maybe", web::get().to(greet_anybody))
        .route("/user", web::get().to(greet));
    let app = serve(app).await;
    store.switch_off();
    let answer = app.open_as(&cookies, "/maybe").await;
    assert_eq!(answer.body, "Hello, stranger!");
    assert_eq!(site.failures(), ["store.unavailable"]);
    let answer = app.open_as(&cookies, "/user").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[actix_web::test]
async fn a_store_error_reaches_the_middleware_from_a_task_of_its_own() {
    async fn page(request: HttpRequest) -> String {
        let asked = spawn(async move { Option::<User>::extract(&request).await });
        let user = asked.await.unwrap().unwrap();
        format!("{}", user.is_some())
    }
    let (site, store) = stored_site();
    let cookies = ada(&site).await;
    let app = App::new()
        .wrap(answer_store_errors())
        .configure(routes(site.auth()))
        .route("/", web::get().to(page));
    let app = serve(app).await;
    assert_eq!(app.open_as(&cookies, "/").await.body, "true");
    store.switch_off();
    // In a task of its own, so that the deadline does not wake what should have been woken.
    let asked = spawn(async move { app.open_as(&cookies, "/").await });
    let answer = timeout(Duration::from_secs(10), asked).await;
    let answer = answer.expect("nobody waits for a task that has given up");
    let answer = answer.unwrap();
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[actix_web::test]
async fn a_task_that_asks_for_the_user_ends_when_the_request_is_answered() {
    let (site, store) = stored_site();
    let cookies = ada(&site).await;
    let kept = Rc::new(Cell::new(None));
    let keep = kept.clone();
    let page = move |request: HttpRequest| {
        keep.set(Some(spawn(async move {
            User::extract(&request).await.is_err()
        })));
        pending::<String>()
    };
    let app = App::new()
        .wrap(answer_store_errors())
        .configure(routes(site.auth()))
        .route("/", web::get().to(page));
    let app = serve(app).await;
    store.switch_off();
    let answer = app.open_as(&cookies, "/").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    let ended = timeout(Duration::from_secs(10), kept.take().unwrap()).await;
    assert!(ended.expect("the task ends").unwrap());
}
