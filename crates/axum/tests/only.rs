//! `Only<R>` and `require` the way axum apps use them.

#![cfg(feature = "test")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use axum::body::Body;
use axum::http::Request;
use axum::{Router, routing::get};
use codegrant_axum::test::{LoggedIn, TestUser};
use codegrant_axum::{Auth, Only, Require, Rule, User, require, require_login, routes};
use codegrant_testkit::{Site, SwitchedStore};
use tower::ServiceExt;

struct Admin;

impl Rule for Admin {
    fn require() -> Require {
        Require::new().role("admin")
    }
}

async fn status(auth: &Auth, target: &str, user: TestUser) -> u16 {
    let inside = Router::new()
        .route("/user", get(async |user: User| user.to_string()))
        .route("/only", get(async |user: Only<Admin>| user.to_string()))
        .layer(require(auth, Admin::require()))
        .layer(require_login(auth));
    let maybe = async |admin: Option<Only<Admin>>| admin.map_or("somebody", |_| "admin");
    let app = Router::new()
        .route("/maybe", get(maybe))
        .route("/only", get(async |user: Only<Admin>| user.to_string()))
        .nest("/inside", inside)
        .merge(routes(auth))
        .with_state(auth.clone());
    let request = Request::get(target).logged_in(auth, user).await;
    let request = request.body(Body::empty()).unwrap();
    app.oneshot(request).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn an_optional_guard_is_none_without_a_line_in_the_log() {
    let site = Site::new();
    assert_eq!(status(site.auth(), "/maybe", "ada".into()).await, 200);
    assert_eq!(site.failures(), [""; 0]);
    assert_eq!(status(site.auth(), "/only", "ada".into()).await, 403);
    assert_eq!(site.failures(), ["request.forbidden"]);
}

#[tokio::test]
async fn behind_layers_sessions_are_asked_once() {
    let store = SwitchedStore::new();
    let given = store.clone();
    let site = Site::builder().configure(|auth| auth.store(given)).build();
    for target in ["/inside/user", "/inside/only", "/only"] {
        let before = store.loads();
        let admin = TestUser::new("ada").roles(["admin"]);
        assert_eq!(status(site.auth(), target, admin).await, 200);
        assert_eq!(store.loads(), before + 1, "{target}");
        let refused = status(site.auth(), target, "ada".into()).await;
        assert_eq!(refused, 403, "{target}");
    }
}
