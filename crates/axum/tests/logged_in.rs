//! `LoggedIn`: a user in a test, without a provider.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::routing::get;
use codegrant_axum::test::{LoggedIn, TestUser};
use codegrant_axum::{AccessToken, Auth, MemoryStore, User, provider, routes};
use tower::ServiceExt;

fn app(auth: &Auth) -> Router {
    let tell = async |user: User, headers: HeaderMap| {
        let theme = headers.get_all("cookie").iter();
        let theme = theme.filter(|cookie| *cookie == "theme=dark").count();
        format!(
            "{user} {} {:?} {theme}",
            user.identity().provider,
            user.account()
        )
    };
    Router::new()
        .route("/me", get(tell))
        .merge(routes(auth))
        .with_state(auth.clone())
}

async fn text(app: &Router, request: Request<Body>) -> String {
    let response = app.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

fn auths() -> [Auth; 2] {
    let builder = || {
        Auth::builder("http://localhost:3000")
            .login_with(provider::GITHUB, "id", "secret")
            .login_with(provider::GOOGLE, "id", "secret")
    };
    let stored = builder().store(MemoryStore::new(10));
    [builder().build().unwrap(), stored.build().unwrap()]
}

#[tokio::test]
async fn a_request_and_its_builder_are_logged_in_alike() {
    for auth in auths() {
        let app = app(&auth);
        let ada = || {
            TestUser::new("7")
                .name("Ada")
                .provider("google")
                .account("17")
        };
        let building = Request::get("/me").header("cookie", "theme=dark");
        let built = building.logged_in(&auth, ada()).await;
        let built = built.body(Body::empty()).unwrap();
        assert_eq!(text(&app, built).await, "Ada google Some(\"17\") 1");

        let whole = Request::get("/me").header("cookie", "theme=dark");
        let whole = whole.body(Body::empty()).unwrap();
        let whole = whole.logged_in(&auth, ada()).await;
        assert_eq!(text(&app, whole).await, "Ada google Some(\"17\") 1");
    }
}

#[tokio::test]
async fn a_user_of_one_app_is_nobody_in_another() {
    let [sealed, stored] = auths();
    for (from, to) in [(&sealed, &stored), (&stored, &sealed)] {
        let request = Request::get("/me").logged_in(from, "ada").await;
        let request = request.body(Body::empty()).unwrap();
        let response = app(to).oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_log_out_ends_it() {
    for auth in auths() {
        let app = app(&auth);
        let request = Request::post("/auth/logout").header("origin", "http://localhost:3000");
        let request = request.logged_in(&auth, "ada").await;
        let cookie = request.headers_ref().unwrap()["cookie"].clone();
        let request = request.body(Body::empty()).unwrap();
        let out = app.clone().oneshot(request).await.unwrap();
        assert_eq!(out.status(), StatusCode::SEE_OTHER);
        let again = Request::get("/me").header("cookie", cookie);
        let again = app.oneshot(again.body(Body::empty()).unwrap()).await;
        assert_eq!(again.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_handler_takes_a_token_that_is_good_and_nobody_gets_there_without_a_login() {
    for auth in auths() {
        let tell = async |token: AccessToken| {
            let subject = token.session().identity().subject.clone();
            format!("{subject} {}", token.access_token().secret())
        };
        let app = Router::new().route("/token", get(tell));
        let app = app.merge(routes(&auth)).with_state(auth.clone());
        let request = Request::get("/token").logged_in(&auth, "ada").await;
        let request = request.body(Body::empty()).unwrap();
        assert_eq!(text(&app, request).await, "ada test-access-token");
        let nobody = Request::get("/token").header("accept", "text/html");
        let nobody = nobody.body(Body::empty()).unwrap();
        let refused = app.clone().oneshot(nobody).await.unwrap();
        assert_eq!(refused.status(), StatusCode::SEE_OTHER);
        let login = "/auth/login?return_to=%2Ftoken";
        assert_eq!(refused.headers()["location"], login);
    }
}
