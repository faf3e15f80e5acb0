//! The journeys, in front of this app.

#[macro_use]
mod journeys;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::middleware::from_fn;
use axum::routing::get;
use axum_login::AuthSession;
use codegrant_axum::{User, Verdict};
use codegrant_testkit::Site;
use journeys::{App, Got, Sent, Variant};
use tower::ServiceExt as _;

use crate::app::{open_session, pages, router, sessions};
use crate::users::Users;

journeys!(start);
journeys!(start; basket_stays_with_its_owner);

#[test]
fn guide_shows_what_the_examples_do() {
    let words = |text: &str| text.split_whitespace().collect::<String>();
    let examples = [
        include_str!("app.rs"),
        include_str!("../../beside-actix-identity/src/app.rs"),
        include_str!("../../beside-rocket-state/src/app.rs"),
    ];
    let examples = examples.map(words);
    let guide = include_str!("../../../docs/guide/beside-what-is-there.md");
    let blocks: Vec<&str> = guide.split("```rust\n").skip(1).collect();
    assert_eq!(blocks.len(), 7);
    for block in blocks {
        let (code, _) = block.split_once("```").unwrap();
        let shown = examples.iter().any(|text| text.contains(&words(code)));
        assert!(shown, "no example holds {code}");
    }
}

/// Logs a member in by password, with the cookies that a browser holds; returns its session cookie.
async fn by_password(app: &axum::Router, name: &str, cookie: &str) -> String {
    let request = Request::post("/login")
        .header("cookie", cookie)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(format!("name={name}&password=secret")))
        .unwrap();
    let answer = app.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 303);
    let set = answer.headers()["set-cookie"].to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}

async fn account_with(app: &axum::Router, cookie: &str) -> u16 {
    let request = Request::get("/account").header("cookie", cookie);
    let request = request.body(Body::empty()).unwrap();
    app.clone().oneshot(request).await.unwrap().status().into()
}

#[tokio::test]
async fn a_session_whose_account_was_closed_is_not_taken_over() {
    let (site, users) = journeys::site(Variant::AsItIs);
    let app = router(site.auth(), &users);
    let mallory = users.add("mallory", Some("secret"));
    users.add("victim", Some("secret"));
    let planted = by_password(&app, "mallory", "").await;
    users.close(mallory);
    let victim = by_password(&app, "victim", &planted).await;
    assert_eq!(account_with(&app, &victim).await, 200);
    assert_eq!(account_with(&app, &planted).await, 307);
}

async fn fill(visit: AuthSession<Users>) {
    visit.session.insert("basket", "apples").await.unwrap();
}

async fn basket(visit: AuthSession<Users>) -> String {
    let held = visit.session.get("basket").await.unwrap();
    held.unwrap_or_default()
}

fn start(variant: Variant) -> (Site, App) {
    let (site, users) = journeys::site(variant);
    let auth = site.auth().clone();
    let login = codegrant_axum::routes(&auth);
    let orders = |user: User| async move {
        format!("Orders of account {}", user.account().unwrap_or_default())
    };
    let moved = axum::Router::new().route("/orders", get(orders));
    let app = match variant {
        Variant::WithoutBridge => pages(&auth).merge(login).layer(sessions(&auth, &users)),
        Variant::WithBasket => pages(&auth)
            .merge(login.layer(from_fn(open_session)))
            .route("/basket/fill", get(fill))
            .route("/basket", get(basket))
            .layer(sessions(&auth, &users)),
        Variant::BothSessions => router(&auth, &users).merge(moved.with_state(auth)),
        _ => router(&auth, &users),
    };
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    let send = move |sent: &Sent| {
        let cookies = sent
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let cookies = cookies.collect::<Vec<_>>().join("; ");
        let mut request = Request::builder().method(sent.method).uri(&sent.target);
        for (name, value) in &sent.headers {
            request = request.header(*name, value);
        }
        let request = request.header("cookie", cookies);
        let request = request.body(Body::from(sent.body.clone())).unwrap();
        runtime.block_on(async {
            let response = app.clone().oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap();
            let headers = parts.headers.iter();
            let headers =
                headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
            Got {
                status: parts.status.as_u16(),
                headers: headers.collect(),
                body: String::from_utf8(body.to_vec()).unwrap(),
            }
        })
    };
    (site, Box::new(send))
}
