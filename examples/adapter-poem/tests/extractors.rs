//! What is poem's own: errors that `Option` swallows, prefixes that `nest` strips, a middleware that is forgotten.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use adapter_poem::{Auth, AuthBuilder, LoginRequired, User, login, provider};
use codegrant_testkit::SwitchedStore;
use poem::http::{StatusCode, Uri};
use poem::web::Data;
use poem::{Endpoint, EndpointExt, Request, Response, Route, get, handler};

/// How often a handler ran.
#[derive(Clone, Default)]
struct Runs(Arc<AtomicUsize>);

#[handler]
fn maybe(user: Option<User>, Data(Runs(runs)): Data<&Runs>) -> String {
    runs.fetch_add(1, Ordering::SeqCst);
    user.map_or_else(|| "stranger".to_owned(), |user| subject(&user))
}

#[handler]
fn whatever(user: poem::Result<User>, Data(Runs(runs)): Data<&Runs>) -> String {
    runs.fetch_add(1, Ordering::SeqCst);
    match user {
        Ok(user) => subject(&user),
        Err(error) => format!("{} {}", error.is::<LoginRequired>(), error.status()),
    }
}

#[handler]
fn needed(user: User) -> String {
    subject(&user)
}

fn subject(user: &User) -> String {
    user.identity().subject.clone()
}

fn builder() -> AuthBuilder {
    Auth::builder("http://localhost:3000").login_with(provider::GITHUB, "id", "secret")
}

/// The app without the login around it.
fn pages(runs: &Runs) -> impl Endpoint + 'static {
    let pages = Route::new()
        .at("/maybe", get(maybe))
        .at("/whatever", get(whatever))
        .at("/needed", get(needed));
    let deep = Route::new().nest("/er", pages);
    Route::new().nest("/deep", deep).data(runs.clone())
}

async fn open(app: &impl Endpoint, target: &str, cookie: &str) -> Response {
    let request = Request::builder().uri(target.parse::<Uri>().unwrap());
    let request = request
        .header("accept", "text/html")
        .header("cookie", cookie);
    app.get_response(request.finish()).await
}

async fn text(response: Response) -> String {
    response.into_body().into_string().await.unwrap()
}

#[tokio::test]
async fn users_are_found_however_the_extractor_is_written() {
    let (auth, runs) = (builder().build().unwrap(), Runs::default());
    let app = pages(&runs).with(login(&auth));
    let alice = auth.test_cookie("alice").await;
    for path in ["/deep/er/maybe", "/deep/er/whatever", "/deep/er/needed"] {
        assert_eq!(
            text(open(&app, path, &alice).await).await,
            "alice",
            "{path}"
        );
    }
    assert_eq!(
        text(open(&app, "/deep/er/maybe", "").await).await,
        "stranger"
    );
    let seen = text(open(&app, "/deep/er/whatever", "").await).await;
    assert_eq!(seen, "true 303 See Other");
}

#[tokio::test]
async fn a_nested_page_leads_back_to_its_whole_path() {
    let (auth, runs) = (builder().build().unwrap(), Runs::default());
    let app = pages(&runs).with(login(&auth));
    let stranger = open(&app, "/deep/er/needed?a=b", "").await;
    assert_eq!(stranger.status(), StatusCode::SEE_OTHER);
    let back = "/auth/login?return_to=%2Fdeep%2Fer%2Fneeded%3Fa%3Db";
    assert_eq!(stranger.header("location"), Some(back));
}

#[tokio::test]
async fn the_endpoints_answer_in_poems_own_tests_too() {
    let (auth, runs) = (builder().build().unwrap(), Runs::default());
    let app = pages(&runs).with(login(&auth));
    let begun = open(&app, "/auth/login/github", "").await;
    let provider = begun.header("location").unwrap_or_default();
    assert!(provider.starts_with("https://github.com/login/oauth/authorize?"));
    assert_eq!(
        open(&app, "/auth", "").await.status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        open(&app, "/authentic", "").await.status(),
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_store_that_is_down_answers_before_the_handler_runs() {
    let store = SwitchedStore::new();
    let auth = builder().store(store.clone()).build().unwrap();
    let runs = Runs::default();
    let app = pages(&runs).with(login(&auth));
    let cookie = auth.test_cookie("alice").await;
    store.switch_off();
    for path in ["/deep/er/maybe", "/deep/er/whatever", "/deep/er/needed"] {
        let answer = open(&app, path, &cookie).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
    }
    assert_eq!(runs.0.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_forgotten_middleware_is_500_and_lets_nobody_in() {
    let (auth, runs) = (builder().build().unwrap(), Runs::default());
    let alice = auth.test_cookie("alice").await;
    let app = pages(&runs);
    let answer = open(&app, "/deep/er/needed", &alice).await;
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(
        text(open(&app, "/deep/er/maybe", &alice).await).await,
        "stranger"
    );
}
