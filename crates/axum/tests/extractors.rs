//! `User` and `Option<User>` the way axum apps use them: state, nesting, guards, and bodies beside them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRef, FromRequestParts, Path, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::middleware::from_extractor_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use codegrant_axum::{Auth, LoginRequired, User, routes};
use codegrant_testkit::Site;
use http_body_util::{BodyExt, Full};
use tower::ServiceExt;

/// An answer with its body read.
struct Seen {
    status: StatusCode,
    location: Option<String>,
    body: String,
}

async fn seen(response: Response) -> Seen {
    let location = response.headers().get("location");
    Seen {
        status: response.status(),
        location: location.map(|location| location.to_str().unwrap().to_owned()),
        body: {
            let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
            String::from_utf8(body.to_vec()).unwrap()
        },
    }
}

/// A site, and the cookies of a browser in which Ada is logged in.
async fn site() -> (Site, String) {
    let site = Site::new();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let cookies = browser.cookies().iter();
    let pairs: Vec<String> = cookies.map(|c| format!("{}={}", c.name, c.value)).collect();
    (site, pairs.join("; "))
}

fn asked(method: &str, target: &str) -> axum::http::request::Builder {
    let request = Request::builder().method(method).uri(target);
    request.header("accept", "text/html")
}

async fn open(app: &Router, target: &str) -> Seen {
    let request = asked("GET", target).body(Body::empty()).unwrap();
    seen(app.clone().oneshot(request).await.unwrap()).await
}

async fn open_as(app: &Router, cookies: &str, target: &str) -> Seen {
    let request = asked("GET", target).header("cookie", cookies);
    let request = request.body(Body::empty()).unwrap();
    seen(app.clone().oneshot(request).await.unwrap()).await
}

async fn greet(user: User) -> String {
    format!("Hello, {user}!")
}

#[tokio::test]
async fn a_user_tells_everything_that_the_session_holds() {
    let (site, cookies) = site().await;
    let tell = async |user: User| {
        let identity = user.identity();
        let live = user.ends_at() > user.started_at() && !user.access_token().secret().is_empty();
        format!("{user} {} {} {live}", identity.subject, identity.provider)
    };
    let app = Router::new()
        .route("/me", get(tell))
        .with_state(site.auth().clone());
    let answer = open_as(&app, &cookies, "/me").await;
    assert_eq!(answer.body, "Ada Lovelace ada op true");
}

#[tokio::test]
async fn debug_of_a_user_shows_who_it_is_and_no_token() {
    let (site, cookies) = site().await;
    let tell = async |user: User| {
        let shown = format!("{user:?}");
        let token = user.access_token().secret();
        assert!(!shown.contains(token.as_str()));
        shown
    };
    let app = Router::new()
        .route("/me", get(tell))
        .with_state(site.auth().clone());
    let answer = open_as(&app, &cookies, "/me").await;
    assert!(answer.body.contains("\"ada\""), "{}", answer.body);
}

#[tokio::test]
async fn an_app_with_a_state_of_its_own_gives_the_auth_out() {
    #[derive(Clone)]
    struct App {
        auth: Auth,
        greeting: &'static str,
    }
    impl FromRef<App> for Auth {
        fn from_ref(app: &App) -> Self {
            app.auth.clone()
        }
    }
    async fn page(State(app): State<App>, user: Option<User>) -> String {
        let name = user.map_or_else(|| "stranger".to_owned(), |user| user.to_string());
        format!("{}, {name}!", app.greeting)
    }
    let (site, cookies) = site().await;
    let auth = site.auth().clone();
    let app = Router::new()
        .route("/", get(page))
        .route("/me", get(greet))
        .merge(routes(&auth))
        .with_state(App {
            auth,
            greeting: "Good day",
        });
    assert_eq!(open(&app, "/").await.body, "Good day, stranger!");
    assert_eq!(
        open_as(&app, &cookies, "/").await.body,
        "Good day, Ada Lovelace!"
    );
    assert_eq!(
        open_as(&app, &cookies, "/me").await.body,
        "Hello, Ada Lovelace!"
    );
    assert_eq!(open(&app, "/auth/logged-out").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_routes_need_no_state_at_all() {
    let (site, _) = site().await;
    let app: Router = Router::new().merge(routes(site.auth()));
    let login = open(&app, "/auth/login/op").await;
    assert_eq!(login.status, StatusCode::SEE_OTHER);
    assert!(login.location.unwrap().contains("code_challenge="));
    assert_eq!(
        open(&app, "/auth/nothing").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn nested_routers_lead_back_to_the_whole_path() {
    let (site, cookies) = site().await;
    let inner = Router::new()
        .route("/page/{id}", get(greet))
        .fallback(greet);
    let app = Router::new()
        .nest("/one", Router::new().nest("/two", inner.clone()))
        .nest("/three", inner.clone())
        .nest_service("/service", inner.with_state(site.auth().clone()))
        .with_state(site.auth().clone());
    for (target, encoded) in [
        ("/one/two/page/7?a=b", "%2Fone%2Ftwo%2Fpage%2F7%3Fa%3Db"),
        ("/three/elsewhere/", "%2Fthree%2Felsewhere%2F"),
        ("/service/page/7", "%2Fservice%2Fpage%2F7"),
    ] {
        let answer = open(&app, target).await;
        let expected = format!("/auth/login?return_to={encoded}");
        assert_eq!(
            answer.location.as_deref(),
            Some(expected.as_str()),
            "{target}"
        );
        assert_eq!(
            open_as(&app, &cookies, target).await.body,
            "Hello, Ada Lovelace!"
        );
    }
}

#[tokio::test]
async fn user_stands_beside_other_extractors() {
    let (site, cookies) = site().await;
    let page = async |Path(id): Path<u32>, user: User, RawQuery(query): RawQuery, body: String| {
        format!("{id} {user} {query:?} {body}")
    };
    let app = Router::new()
        .route("/items/{id}", post(page))
        .with_state(site.auth().clone());
    let request = asked("POST", "/items/7?a=b").header("cookie", &cookies);
    let request = request.body(Body::from("text")).unwrap();
    let answer = seen(app.oneshot(request).await.unwrap()).await;
    assert_eq!(answer.body, "7 Ada Lovelace Some(\"a=b\") text");
}

// attack: LK-20
#[tokio::test]
async fn a_strangers_body_is_never_read() {
    let (site, _) = site().await;
    let page = async |_user: User, _body: String| "stored";
    let app = Router::new()
        .route("/", post(page))
        .with_state(site.auth().clone());
    let read = Arc::new(AtomicUsize::new(0));
    let counted = read.clone();
    let body = Full::from("a stranger's").map_frame(move |frame| {
        counted.fetch_add(1, Ordering::SeqCst);
        frame
    });
    let answer = app
        .oneshot(asked("POST", "/").body(Body::new(body)).unwrap())
        .await;
    assert_eq!(answer.unwrap().status(), StatusCode::SEE_OTHER);
    assert_eq!(read.load(Ordering::SeqCst), 0);
}

// attack: LK-21
#[tokio::test]
async fn a_guard_over_a_whole_router_lets_no_stranger_in() {
    let (site, cookies) = site().await;
    let ran = Arc::new(AtomicUsize::new(0));
    let count = ran.clone();
    let page = async move || {
        count.fetch_add(1, Ordering::SeqCst);
        "inside"
    };
    let auth = site.auth().clone();
    let app: Router = Router::new()
        .route("/inside", any(page))
        .route_layer(from_extractor_with_state::<User, _>(auth.clone()))
        .route("/outside", get(async || "outside"))
        .merge(routes(&auth));
    for cookie in [
        "",
        "__Host-codegrant.session=1forged",
        "__Host-codegrant.session=",
    ] {
        for method in [
            "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE",
        ] {
            let request = asked(method, "/inside?a=b").header("cookie", cookie);
            let request = request.body(Body::empty()).unwrap();
            let answer = seen(app.clone().oneshot(request).await.unwrap()).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{method} {cookie}");
            assert!(answer.location.unwrap().starts_with("/auth/login"));
        }
    }
    assert_eq!(ran.load(Ordering::SeqCst), 0);
    assert_eq!(open_as(&app, &cookies, "/inside").await.body, "inside");
    assert_eq!(open(&app, "/outside").await.body, "outside");
    assert_eq!(
        open(&app, "/auth/login").await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn a_script_is_told_where_the_login_is() {
    let (site, _) = site().await;
    let app = Router::new()
        .route("/api", get(greet))
        .with_state(site.auth().clone());
    let request = Request::builder().uri("/api?a=b");
    let request = request.header("accept", "application/json");
    let response = app.oneshot(request.body(Body::empty()).unwrap()).await;
    let response = response.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert!(response.headers().contains_key("www-authenticate"));
    let body = seen(response).await.body;
    let expected =
        r#"{"error":"login_required","login_url":"/auth/login?return_to=%2Fapi%3Fa%3Db"}"#;
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_handler_may_look_at_the_rejection_itself() {
    async fn page(user: Result<User, LoginRequired>) -> Response {
        match user {
            Ok(user) => format!("Hello, {user}!").into_response(),
            Err(required) => {
                let mut response = required.into_response();
                response
                    .headers_mut()
                    .insert("x-seen", "1".parse().unwrap());
                response
            }
        }
    }
    let (site, cookies) = site().await;
    let app = Router::new()
        .route("/", get(page))
        .with_state(site.auth().clone());
    let request = asked("GET", "/").body(Body::empty()).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.headers()["x-seen"], "1");
    assert_eq!(
        open_as(&app, &cookies, "/").await.body,
        "Hello, Ada Lovelace!"
    );
}

#[tokio::test]
async fn a_user_is_found_outside_of_any_router() {
    let (site, cookies) = site().await;
    let auth = site.auth();
    let parts = |cookies: &str| {
        let request = asked("GET", "/deep?a=b").header("cookie", cookies);
        request.body(()).unwrap().into_parts().0
    };
    let user = User::from_request_parts(&mut parts(&cookies), auth).await;
    assert_eq!(user.unwrap().to_string(), "Ada Lovelace");
    let nobody = User::from_request_parts(&mut parts(""), auth).await;
    let answer = seen(nobody.unwrap_err().into_response()).await;
    assert_eq!(
        answer.location.unwrap(),
        "/auth/login?return_to=%2Fdeep%3Fa%3Db"
    );
}

#[tokio::test]
async fn two_apps_in_one_process_do_not_believe_each_others_sessions() {
    let (site, cookies) = site().await;
    let other = Site::builder()
        .configure(|auth| auth.secret("another secret of another app altogether"))
        .build();
    let app = |site: &Site| {
        Router::new()
            .route("/", get(greet))
            .with_state(site.auth().clone())
    };
    assert_eq!(
        open_as(&app(&site), &cookies, "/").await.status,
        StatusCode::OK
    );
    let answer = open_as(&app(&other), &cookies, "/").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_session_that_has_ended_asks_for_a_login_again() {
    let (site, cookies) = site().await;
    let app = Router::new()
        .route("/", get(greet))
        .with_state(site.auth().clone());
    assert_eq!(open_as(&app, &cookies, "/").await.status, StatusCode::OK);
    site.wait(12 * 3600);
    assert_eq!(
        open_as(&app, &cookies, "/").await.status,
        StatusCode::SEE_OTHER
    );
}
