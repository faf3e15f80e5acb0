//! `Only<R>` and `require` the way Actix-web apps use them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, web};
use codegrant_actix::test::{LoggedIn, TestUser};
use codegrant_actix::{Auth, Only, Require, Rule, User, require, routes};
use codegrant_testkit::{Site, SwitchedStore};

struct Admin;

impl Rule for Admin {
    fn require() -> Require {
        Require::new().role("admin")
    }
}

async fn status(auth: &Auth, target: &str, user: TestUser) -> StatusCode {
    let maybe = async |admin: Option<Only<Admin>>| admin.map_or("somebody", |_| "admin");
    let inside = web::scope("/inside")
        .wrap(require(auth, Admin::require()))
        .route("/user", web::get().to(async |user: User| user.to_string()))
        .route(
            "/only",
            web::get().to(async |user: Only<Admin>| user.to_string()),
        );
    let app = App::new()
        .configure(routes(auth))
        .route("/maybe", web::get().to(maybe))
        .route(
            "/only",
            web::get().to(async |user: Only<Admin>| user.to_string()),
        )
        .service(inside);
    let app = init_service(app).await;
    let request = TestRequest::get().uri(target).logged_in(auth, user).await;
    call_service(&app, request.to_request()).await.status()
}

#[actix_web::test]
async fn an_optional_guard_is_none_without_a_line_in_the_log() {
    let site = Site::new();
    let answer = status(site.auth(), "/maybe", "ada".into()).await;
    assert_eq!(answer, StatusCode::OK);
    assert_eq!(site.failures(), [""; 0]);
    let answer = status(site.auth(), "/only", "ada".into()).await;
    assert_eq!(answer, StatusCode::FORBIDDEN);
    assert_eq!(site.failures(), ["request.forbidden"]);
}

#[actix_web::test]
async fn inside_a_guarded_scope_sessions_are_asked_once() {
    let store = SwitchedStore::new();
    let given = store.clone();
    let site = Site::builder().configure(|auth| auth.store(given)).build();
    for target in ["/inside/user", "/inside/only", "/only"] {
        let before = store.loads();
        let admin = TestUser::new("ada").roles(["admin"]);
        assert_eq!(status(site.auth(), target, admin).await, StatusCode::OK);
        assert_eq!(store.loads(), before + 1, "{target}");
        let answer = status(site.auth(), target, "ada".into()).await;
        assert_eq!(answer, StatusCode::FORBIDDEN, "{target}");
    }
}
