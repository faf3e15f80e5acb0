//! `require_login` wherever axum takes a layer: who passes, what runs, how often the store is asked.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, to_bytes};
use axum::extract::{Extension, Request};
use axum::handler::Handler;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use axum::routing::{MethodRouter, any, get, post};
use axum::{Router, ServiceExt as _};
use codegrant_axum::test::LoggedIn;
use codegrant_axum::{Auth, AuthBuilder, User, provider, require_login, routes};
use codegrant_testkit::SwitchedStore;
use tower::{Layer, ServiceExt};

fn builder() -> AuthBuilder {
    Auth::builder("http://localhost:3000")
        .secret("a secret that both of two processes know")
        .login_with(provider::GITHUB, "id", "secret")
}

fn auth() -> Auth {
    builder().build().unwrap()
}

/// A page that counts how often it runs.
#[derive(Clone, Default)]
struct Page(Arc<AtomicUsize>);

impl Page {
    fn methods<S: Clone + Send + Sync + 'static>(&self) -> MethodRouter<S> {
        let runs = self.0.clone();
        any(async move || {
            runs.fetch_add(1, Ordering::SeqCst);
            "inside"
        })
    }

    fn runs(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

fn open(target: &str) -> axum::http::request::Builder {
    Request::get(target).header("accept", "text/html")
}

async fn send(app: &Router, request: axum::http::request::Builder) -> Response {
    let request = request.body(Body::empty()).unwrap();
    app.clone().oneshot(request).await.unwrap()
}

async fn text(response: Response) -> String {
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

fn location(response: &Response) -> &str {
    response.headers()["location"].to_str().unwrap()
}

#[tokio::test]
async fn it_stands_wherever_axum_takes_a_layer() {
    let auth = auth();
    let page = Page::default();
    let guard = || require_login(&auth);
    let inner = || Router::new().route("/page", page.methods());
    let counted = page.0.clone();
    let handler = async move || {
        counted.fetch_add(1, Ordering::SeqCst);
        "inside"
    };
    let app: Router = Router::new()
        .merge(
            Router::new()
                .route("/router", page.methods())
                .layer(guard()),
        )
        .merge(
            Router::new()
                .route("/routes", page.methods())
                .route_layer(guard()),
        )
        .route("/methods", page.methods().layer(guard()))
        .route("/method-routes", get(handler.clone()).route_layer(guard()))
        .route("/handler", get(handler.layer(guard())))
        .nest("/inside", inner().layer(guard()))
        .nest("/deep", Router::new().nest("/er", inner()).layer(guard()))
        .nest_service("/service", guard().layer(inner()))
        .nest(
            "/stack",
            inner().layer(tower::ServiceBuilder::new().layer(guard())),
        );
    for path in [
        "/router",
        "/routes",
        "/methods",
        "/method-routes",
        "/handler",
        "/inside/page",
        "/deep/er/page",
        "/service/page",
        "/stack/page",
    ] {
        let target = format!("{path}?a=b%2Fc");
        let before = page.runs();
        let stranger = send(&app, open(&target)).await;
        assert_eq!(stranger.status(), StatusCode::SEE_OTHER, "{path}");
        let back = target.replace('%', "%25").replace('/', "%2F");
        let back = back.replace('?', "%3F").replace('=', "%3D");
        assert_eq!(location(&stranger), format!("/auth/login?return_to={back}"));
        assert_eq!(page.runs(), before, "{path} ran for a stranger");

        let alice = send(&app, open(&target).logged_in(&auth, "alice").await).await;
        assert_eq!(text(alice).await, "inside", "{path}");
        assert_eq!(page.runs(), before + 1, "{path}");
    }
}

#[tokio::test]
async fn a_path_that_nobody_mounted_is_guarded_where_the_layer_covers_a_fallback() {
    let auth = auth();
    let inner = || Router::new().route("/page", get(async || "inside"));
    let app: Router = Router::new()
        .nest("/inherits", inner().layer(require_login(&auth)))
        .nest(
            "/own",
            inner()
                .fallback(async || StatusCode::NOT_FOUND)
                .layer(require_login(&auth)),
        )
        .nest_service("/service", require_login(&auth).layer(inner()));
    for (path, status) in [
        ("/inherits/nothing", StatusCode::NOT_FOUND),
        ("/own/nothing", StatusCode::SEE_OTHER),
        ("/service/nothing", StatusCode::SEE_OTHER),
    ] {
        let stranger = send(&app, open(path)).await;
        assert_eq!(stranger.status(), status, "{path}");
        let alice = send(&app, open(path).logged_in(&auth, "alice").await).await;
        assert_eq!(alice.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn it_stands_around_a_whole_app() {
    let auth = auth();
    let page = Page::default();
    let app: Router = Router::new().route("/", page.methods());
    let app = require_login(&auth).layer(app);
    let stranger = open("/?a").body(Body::empty()).unwrap();
    let stranger = app.clone().oneshot(stranger).await.unwrap();
    assert_eq!(location(&stranger), "/auth/login?return_to=%2F%3Fa");
    assert_eq!(page.runs(), 0);
    let alice = open("/").logged_in(&auth, "alice").await;
    let alice = app
        .clone()
        .oneshot(alice.body(Body::empty()).unwrap())
        .await;
    assert_eq!(text(alice.unwrap()).await, "inside");
    // It can be served as it is.
    let _ = app.into_make_service();
}

// attack: LK-21
#[tokio::test]
async fn no_method_and_no_forged_cookie_gets_past_it() {
    let auth = auth();
    let page = Page::default();
    let app: Router = Router::new()
        .route("/page", page.methods())
        .fallback(any(async || "fallback"))
        .layer(require_login(&auth));
    let unheard_of = Method::from_bytes(b"BREW").unwrap();
    for cookie in [
        "",
        "codegrant3000.session=1forged",
        "codegrant3000.session=",
    ] {
        for target in [
            "/page",
            "/page/",
            "//page",
            "/elsewhere",
            "/auth",
            "/authentic",
        ] {
            for method in [
                Method::GET,
                Method::HEAD,
                Method::POST,
                Method::PUT,
                Method::DELETE,
                Method::OPTIONS,
                Method::PATCH,
                Method::TRACE,
                unheard_of.clone(),
            ] {
                let request = open(target).method(method).header("cookie", cookie);
                let answer = send(&app, request).await;
                assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{target} {cookie}");
                assert!(location(&answer).starts_with("/auth/login"));
            }
        }
    }
    assert_eq!(page.runs(), 0);
}

#[tokio::test]
async fn a_script_gets_401_and_no_page() {
    let auth = auth();
    let page = Page::default();
    let app: Router = Router::new()
        .route("/api", page.methods())
        .layer(require_login(&auth));
    let answer = send(
        &app,
        Request::get("/api").header("accept", "application/json"),
    )
    .await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert!(text(answer).await.contains("\"login_required\""));
    assert_eq!(page.runs(), 0);
}

// attack: LK-20
#[tokio::test]
async fn a_body_arrives_from_users_and_is_not_read_from_strangers() {
    let auth = auth();
    let app: Router = Router::new()
        .route("/notes", post(async |body: String| body))
        .layer(require_login(&auth));
    let note = || Body::from("a note");
    let alice = open("/notes")
        .method("POST")
        .logged_in(&auth, "alice")
        .await;
    let answer = app.clone().oneshot(alice.body(note()).unwrap()).await;
    assert_eq!(text(answer.unwrap()).await, "a note");

    let read = Arc::new(AtomicUsize::new(0));
    let counted = read.clone();
    let body = http_body_util::BodyExt::map_frame(note(), move |frame| {
        counted.fetch_add(1, Ordering::SeqCst);
        frame
    });
    let stranger = open("/notes").method("POST").body(Body::new(body)).unwrap();
    let answer = app.oneshot(stranger).await.unwrap();
    // A form cannot be sent again after the login, so it does not come back here.
    assert_eq!(location(&answer), "/auth/login");
    assert_eq!(read.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_login_itself_may_stand_behind_it() {
    let auth = auth();
    let page = Page::default();
    let app: Router = Router::new()
        .route("/", page.methods())
        .merge(routes(&auth))
        .layer(require_login(&auth));
    let login = send(&app, open("/auth/login/github")).await;
    assert!(location(&login).starts_with("https://github.com/login/oauth/authorize?"));
    let out = send(&app, open("/auth/logged-out")).await;
    assert_eq!(out.status(), StatusCode::OK);
    let posted = send(&app, open("/auth/logout").method("POST")).await;
    assert_eq!(posted.status(), StatusCode::FORBIDDEN); // no origin; the endpoint has the say
    let elsewhere = send(&app, open("/")).await;
    assert_eq!(location(&elsewhere), "/auth/login");
    assert_eq!(page.runs(), 0);
}

#[tokio::test]
async fn a_page_below_the_base_does_not_get_past_it_with_the_login() {
    let auth = auth();
    let page = Page::default();
    let app: Router = Router::new()
        .route("/auth/secret", page.methods())
        .nest("/auth/more", Router::new().route("/secret", page.methods()))
        .fallback_service(page.methods::<()>())
        .layer(require_login(&auth));
    for target in ["/auth/secret", "/auth/more/secret", "/auth/any", "/auth/"] {
        let answer = send(&app, open(target)).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{target}");
    }
    assert_eq!(page.runs(), 0);
}

#[tokio::test]
async fn a_handler_takes_the_user_without_any_state() {
    async fn greet(Extension(user): Extension<User>) -> String {
        format!("Hello, {}!", user.identity().subject)
    }
    let auth = auth();
    let app: Router = Router::new()
        .route("/me", get(greet))
        .layer(require_login(&auth));
    let alice = send(&app, open("/me").logged_in(&auth, "alice").await).await;
    assert_eq!(text(alice).await, "Hello, alice!");
    let bob = send(&app, open("/me").logged_in(&auth, "bob").await).await;
    assert_eq!(text(bob).await, "Hello, bob!");
}

#[tokio::test]
async fn the_store_is_asked_once_whatever_stands_behind_it() {
    async fn greet(user: User, same: Option<User>, Extension(again): Extension<User>) -> String {
        format!(
            "{} {} {}",
            subject(&user),
            subject(&same.unwrap()),
            subject(&again)
        )
    }
    fn subject(user: &User) -> &str {
        &user.identity().subject
    }
    let store = SwitchedStore::new();
    let auth = builder().store(store.clone()).build().unwrap();
    let app = Router::new()
        .route("/", get(greet))
        .layer(require_login(&auth))
        .layer(require_login(&auth))
        .with_state(auth.clone());
    let request = open("/").logged_in(&auth, "alice").await;
    let before = store.loads();
    assert_eq!(text(send(&app, request).await).await, "alice alice alice");
    assert_eq!(store.loads(), before + 1);
}

#[tokio::test]
async fn a_store_that_is_down_is_503_and_nothing_runs() {
    let store = SwitchedStore::new();
    let auth = builder().store(store.clone()).build().unwrap();
    let page = Page::default();
    let app: Router = Router::new()
        .route("/", page.methods())
        .layer(require_login(&auth));
    let request = open("/").logged_in(&auth, "alice").await;
    store.switch_off();
    let answer = send(&app, request).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(page.runs(), 0);
}

// Two logins in one app, as for staff and for customers.
#[tokio::test]
async fn a_user_of_one_login_is_nobody_at_another() {
    let customers = auth();
    let staff = Auth::builder("http://localhost:3000")
        .base("/staff")
        .secret("a secret that both of two processes know")
        .login_with(provider::GITHUB, "id", "secret")
        .build()
        .unwrap();
    let app = Router::new()
        .route("/", get(async |user: User| user.identity().subject.clone()))
        .route(
            "/maybe",
            get(async |user: Option<User>| user.is_none().to_string()),
        )
        .layer(require_login(&customers))
        .with_state(staff.clone());
    let alice = open("/").logged_in(&customers, "alice").await;
    let answer = send(&app, alice).await;
    assert_eq!(location(&answer), "/staff/login");
    let alice = open("/maybe").logged_in(&customers, "alice").await;
    assert_eq!(text(send(&app, alice).await).await, "true");

    let both = open("/").logged_in(&customers, "alice").await;
    let both = both.logged_in(&staff, "bob").await;
    assert_eq!(text(send(&app, both).await).await, "bob");
}
