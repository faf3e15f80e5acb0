//! `require_login` around resources, scopes and whole apps.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod shared;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Condition, NormalizePath, TrailingSlash};
use actix_web::test::TestRequest;
use actix_web::{App, HttpRequest, web};
use codegrant_actix::{User, require_login, routes};
use codegrant_testkit::Site;
use shared::{ada, asked, greet, greet_anybody, serve, site, stored_site};

// attack: LK-21
#[actix_web::test]
async fn a_guarded_scope_lets_no_stranger_in() {
    let (site, cookies) = site().await;
    let ran = Arc::new(AtomicUsize::new(0));
    let count = ran.clone();
    let page = move || {
        count.fetch_add(1, Ordering::SeqCst);
        async { "inside" }
    };
    let auth = site.auth();
    let inside = web::scope("/inside")
        .wrap(require_login(auth))
        .route("/page", web::to(page.clone()))
        .service(web::scope("/deeper").route("/page", web::to(page.clone())))
        .default_service(web::to(page));
    let app = App::new()
        .configure(routes(auth))
        .service(inside)
        .route("/outside", web::get().to(async || "outside"));
    let app = serve(app).await;
    for cookie in [
        "",
        "__Host-codegrant.session=1forged",
        "__Host-codegrant.session=",
    ] {
        for method in [
            "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW",
        ] {
            for target in [
                "/inside/page",
                "/inside/deeper/page",
                "/inside/none",
                "/inside",
            ] {
                let request = asked(target).method(Method::from_bytes(method.as_bytes()).unwrap());
                let request = request.insert_header(("cookie", cookie));
                let answer = app.send(request).await;
                assert_eq!(answer.status, StatusCode::SEE_OTHER, "{method} {target}");
                assert!(answer.location.starts_with("/auth/login"), "{method}");
            }
        }
    }
    assert_eq!(ran.load(Ordering::SeqCst), 0);
    for target in ["/inside/page", "/inside/deeper/page", "/inside/none"] {
        assert_eq!(app.open_as(&cookies, target).await.body, "inside");
    }
    assert_eq!(app.open("/outside").await.body, "outside");
    let login = app.open("/auth/login/op").await;
    assert_eq!(login.status, StatusCode::SEE_OTHER);
    assert!(login.location.contains("code_challenge="));
}

#[actix_web::test]
async fn the_user_of_a_guarded_scope_is_looked_up_once() {
    let (site, store) = stored_site();
    let cookies = ada(&site).await;
    let inside = web::scope("/inside")
        .wrap(require_login(site.auth()))
        .route("/page", web::get().to(greet))
        .route("/maybe", web::get().to(greet_anybody))
        .service(
            web::resource("/twice")
                .wrap(require_login(site.auth()))
                .to(greet),
        );
    let app = serve(App::new().configure(routes(site.auth())).service(inside)).await;
    for target in ["/inside/page", "/inside/maybe", "/inside/twice"] {
        let before = store.loads();
        let answer = app.open_as(&cookies, target).await;
        assert_eq!(answer.body, "Hello, Ada Lovelace!", "{target}");
        assert_eq!(store.loads(), before + 1, "{target}");
    }
    let answer = app.open("/inside/maybe").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

#[actix_web::test]
async fn a_store_that_is_down_opens_no_guard() {
    let (site, store) = stored_site();
    let cookies = ada(&site).await;
    let inside = web::resource("/inside").wrap(require_login(site.auth()));
    let inside = inside.to(async || "inside");
    let app = serve(App::new().configure(routes(site.auth())).service(inside)).await;
    store.switch_off();
    let answer = app.open_as(&cookies, "/inside").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    store.switch_on();
    assert_eq!(app.open_as(&cookies, "/inside").await.body, "inside");
}

#[actix_web::test]
async fn the_challenge_of_a_guard_leads_back_to_the_whole_path() {
    let (site, _) = site().await;
    let inner = web::scope("/two").wrap(require_login(site.auth()));
    let app = App::new()
        .configure(routes(site.auth()))
        .service(web::scope("/one").service(inner.default_service(web::to(greet))));
    let app = serve(app).await;
    let answer = app.open("/one/two/%70age//x?a=%2F&b").await;
    assert_eq!(
        answer.location,
        "/auth/login?return_to=%2Fone%2Ftwo%2F%2570age%2F%2Fx%3Fa%3D%252F%26b"
    );
    let script = TestRequest::with_uri("/one/two/api").insert_header(("accept", "*/*"));
    let answer = app.send(script).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[actix_web::test]
async fn a_guard_around_the_whole_app_leaves_the_login_open_and_nothing_else() {
    let (site, cookies) = site().await;
    let app = App::new()
        .route("/auth/own", web::get().to(async || "the app's own"))
        .configure(routes(site.auth()))
        .route("/", web::get().to(greet))
        .route("/authors", web::get().to(greet))
        .default_service(web::to(async || "anything"))
        .wrap(require_login(site.auth()));
    let app = serve(app).await;
    for target in [
        "/",
        "/authors",
        "/auth",
        "/none",
        "/AUTH/login",
        "/%61uth/login",
        "//auth/login",
    ] {
        let answer = app.open(target).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{target}");
        assert!(answer.location.starts_with("/auth/login"), "{target}");
    }
    assert!(
        app.open("/auth/login")
            .await
            .location
            .starts_with("/auth/login/op")
    );
    let login = app.open("/auth/login/op").await;
    assert!(login.location.contains("code_challenge="));
    assert_eq!(app.open("/auth/logged-out").await.status, StatusCode::OK);
    assert_eq!(
        app.open_as(&cookies, "/").await.body,
        "Hello, Ada Lovelace!"
    );
    // What is below the base belongs to the login, so that no page is open by its address.
    for target in ["/auth/own", "/auth/none"] {
        for cookies in ["", &cookies] {
            let answer = app.open_as(cookies, target).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{target}");
        }
    }
}

#[actix_web::test]
async fn a_whole_login_works_through_a_guard_around_the_whole_app() {
    let (site, _) = site().await;
    let app = App::new()
        .configure(routes(site.auth()))
        .route("/", web::get().to(greet))
        .wrap(require_login(site.auth()));
    let app = serve(app).await;
    let mut browser = site.browser();
    let callback = browser.begin_and_sign_in("op", "ada").await;
    let cookies = browser.cookies().iter();
    let cookies: Vec<String> = cookies.map(|c| format!("{}={}", c.name, c.value)).collect();
    let answer = app
        .open_as(&cookies.join("; "), &callback.to_string())
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.location, "/");
    let posted = TestRequest::post()
        .uri("/auth/logout")
        .set_payload("return_to=%2F");
    let posted = posted
        .insert_header(("origin", "https://app.example"))
        .insert_header(("sec-fetch-site", "same-origin"))
        .insert_header(("content-type", "application/x-www-form-urlencoded"));
    assert_eq!(app.send(posted).await.status, StatusCode::SEE_OTHER);
}

#[actix_web::test]
async fn tidied_paths_open_no_guard() {
    for slash in [
        TrailingSlash::Trim,
        TrailingSlash::MergeOnly,
        TrailingSlash::Always,
    ] {
        for tidied_before in [false, true] {
            let (site, cookies) = site().await;
            let tidy = |here| Condition::new(here, NormalizePath::new(slash));
            let inside = web::scope("/inside").wrap(require_login(site.auth()));
            let app = App::new()
                .configure(routes(site.auth()))
                .service(inside.default_service(web::to(greet)))
                .default_service(web::to(async || "inside"))
                .wrap(tidy(!tidied_before))
                .wrap(require_login(site.auth()))
                .wrap(tidy(tidied_before));
            let app = serve(app).await;
            for target in [
                "//inside//page/",
                "/inside/",
                "//inside",
                "/auth",
                "/auth/",
                "/auth//",
                "//auth//own",
                "//",
                "/auth/../inside",
            ] {
                let answer = app.open(target).await;
                let is_closed = matches!(answer.status.as_u16(), 303 | 404);
                assert!(
                    is_closed,
                    "{slash:?} {tidied_before} {target}: {}",
                    answer.body
                );
            }
            let answer = app.open_as(&cookies, "//inside//page/").await;
            assert_eq!(
                answer.body, "Hello, Ada Lovelace!",
                "{slash:?} {tidied_before}"
            );
        }
    }
}

#[actix_web::test]
async fn the_user_of_one_login_is_not_the_user_of_another() {
    let (customers, cookies) = site().await;
    let staff = Site::builder()
        .configure(|auth| {
            auth.base("/staff/auth")
                .secret("another secret of another app altogether")
        })
        .build();
    async fn subject(user: User) -> String {
        user.identity().subject.clone()
    }
    let inner = web::scope("/staff")
        .configure(routes(staff.auth()))
        .route("/page", web::get().to(subject))
        .service(
            web::resource("/guarded")
                .wrap(require_login(staff.auth()))
                .to(subject),
        );
    let app = App::new()
        .configure(routes(customers.auth()))
        .service(inner)
        .route("/page", web::get().to(subject))
        .wrap(require_login(customers.auth()));
    let app = serve(app).await;
    assert_eq!(app.open_as(&cookies, "/page").await.body, "ada");
    for target in ["/staff/page", "/staff/guarded"] {
        let answer = app.open_as(&cookies, target).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{target}");
        assert!(
            answer.location.starts_with("/staff/auth/login"),
            "{}",
            answer.location
        );
    }
}

#[actix_web::test]
async fn a_guard_needs_no_extractor_and_hides_nothing_of_the_request() {
    async fn echo(request: HttpRequest, body: String) -> String {
        format!("{} {} {body}", request.method(), request.uri())
    }
    let (site, cookies) = site().await;
    let inside = web::scope("/inside").wrap(require_login(site.auth()));
    let inside = inside.route("/{rest:.*}", web::to(echo));
    let app = serve(App::new().configure(routes(site.auth())).service(inside)).await;
    let request = TestRequest::put()
        .uri("/inside/%70age?a=b")
        .set_payload("text");
    let answer = app.send(request.insert_header(("cookie", cookies))).await;
    assert_eq!(answer.body, "PUT /inside/%70age?a=b text");
}
