//! The frame that watches the provider's session, and the silent question that follows.

use codegrant_testkit::site::{AuthorizationUrl, Reply};
use codegrant_testkit::{Browser, Site};
use codegrant_web::{LogOutReason, StepUp};

use super::Desk;

const STATE: &str = "1vO3YeeIlejo7VELPzUYetJ3Ovvpl9AA7sLIQyUEvBM.0N8wJYFjJ-tNyMTROxq4lg";

/// A site whose provider has the frame that is asked.
fn watching(desk: &Desk) {
    desk.site.alter("openid-configuration", |metadata| {
        metadata.set("check_session_iframe", "http://op.localhost:9000/check");
    });
}

async fn logged_in(desk: &Desk, session_state: &str) -> Browser {
    let mut browser = desk.site.browser();
    let mut callback = browser.begin_and_sign_in("op", "ada").await;
    callback.parameters.set("session_state", session_state);
    browser.bring(&callback).await;
    assert!(browser.session().await.is_some());
    browser
}

#[track_caller]
fn policy(reply: &Reply) -> &str {
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(reply.header("x-frame-options"), Some("SAMEORIGIN"));
    reply.header("content-security-policy").unwrap()
}

// attack: LO-32
#[tokio::test]
async fn the_frame_speaks_with_the_providers_origin_alone() {
    for desk in Desk::both() {
        watching(&desk);
        let mut ada = logged_in(&desk, STATE).await;
        let reply = ada.get("/auth/session/op").await;
        let policy = policy(&reply);
        assert!(policy.contains("frame-src http://op.localhost:9000;"));
        assert!(policy.ends_with("frame-ancestors 'self'"));
        assert!(!policy.contains("unsafe") && !policy.contains('*'));
        let page = &reply.body;
        assert!(page.contains("src=\"http://op.localhost:9000/check\""));
        assert!(page.contains(&format!("data-message=\"app {STATE}\"")));
        assert!(page.contains("data-origin=\"http://op.localhost:9000\""));
        assert!(page.contains("data-check=\"/auth/login/op?silent=1\""));
        assert!(
            page.contains("event.origin !== own.origin || event.source !== frame.contentWindow")
        );
        assert!(
            !page.contains("\"*\"") && !page.contains("'*'"),
            "no message to everybody"
        );
        let told = format!("{:?}", desk.site.events());
        assert!(!told.contains(STATE));
    }
}

// attack: LO-33
#[tokio::test]
async fn the_frame_takes_no_parameters() {
    let desk = Desk::new(Site::builder());
    watching(&desk);
    let mut ada = logged_in(&desk, STATE).await;
    let plain = ada.get("/auth/session/op").await;
    let query =
        "login_uri=https://evil.example&return_to=//evil.example&op=x&session_state=y&origin=*";
    let asked = ada.get(&format!("/auth/session/op?{query}")).await;
    assert_eq!((asked.body, asked.headers), (plain.body, plain.headers));
}

#[tokio::test]
async fn there_is_nothing_to_watch_without_a_session_a_state_or_a_frame() {
    for desk in Desk::both() {
        let empty = |reply: Reply| {
            let policy = policy(&reply).to_owned();
            assert_eq!(
                policy,
                "default-src 'none'; base-uri 'none'; frame-ancestors 'self'"
            );
            assert!(!reply.body.contains("<script") && !reply.body.contains("<iframe"));
        };
        empty(desk.site.browser().get("/auth/session/op").await);
        let mut unwatched = logged_in(&desk, STATE).await;
        empty(unwatched.get("/auth/session/op").await);
        let mut odd = logged_in(&desk, "not one word").await;
        empty(odd.get("/auth/session/op").await);
    }
    let desk = Desk::new(Site::builder());
    watching(&desk);
    let mut hostile = logged_in(&desk, "\"><script>alert(1)</script>").await;
    let reply = hostile.get("/auth/session/op").await;
    assert!(reply.body.contains("&lt;script&gt;alert(1)"));
    assert_eq!(reply.body.matches("<script").count(), 1);
}

/// Follows the silent question to the provider.
async fn asked(ada: &mut Browser) -> AuthorizationUrl {
    let reply = ada.get("/auth/login/op?silent=1&return_to=/orders").await;
    let url = AuthorizationUrl::parse(reply.location().unwrap());
    assert_eq!(url.parameter("prompt"), "none");
    url
}

// attack: LO-34
#[tokio::test]
async fn a_silent_no_ends_the_session_here_once() {
    for desk in Desk::both() {
        let mut ada = desk.logged_in("ada").await;
        desk.site.wait(60);
        let url = asked(&mut ada).await;
        // Nobody is signed in at the provider with this browser.
        let callback = ada.get(url.as_str()).await;
        let back = ada.follow(&callback).await;
        assert_eq!(back.location(), Some("/orders"), "the page that asked");
        assert!(ada.session().await.is_none());
        assert!(ada.session_cookies().is_empty());
        assert_eq!(desk.log_outs(), [LogOutReason::SignedOutAtProvider]);
        let again = ada.get("/auth/login/op?silent=1&return_to=/orders").await;
        assert_eq!(
            again.location(),
            Some("/orders"),
            "there is nobody to ask about"
        );
    }
}

#[tokio::test]
async fn a_silent_yes_goes_on_with_a_new_session_state() {
    for desk in Desk::both() {
        watching(&desk);
        let mut ada = logged_in(&desk, STATE).await;
        desk.site.wait(60);
        let url = asked(&mut ada).await;
        // With a browser that is signed in there.
        let mut callback = ada.at_provider(&url.without("prompt"), "ada");
        callback.parameters.set("session_state", "newer");
        assert_eq!(ada.bring(&callback).await.location(), Some("/orders"));
        assert_eq!(ada.subject().await.as_deref(), Some("ada"));
        let frame = ada.get("/auth/session/op").await;
        assert!(frame.body.contains("data-message=\"app newer\""));
    }
}

#[tokio::test]
async fn somebody_else_at_the_provider_is_a_no() {
    for desk in Desk::both() {
        let mut ada = desk.logged_in("ada").await;
        desk.site.wait(60);
        let url = asked(&mut ada).await;
        let callback = ada.at_provider(&url.without("prompt"), "grace");
        let reply = ada.bring(&callback).await;
        assert_eq!(reply.location(), Some("/orders"));
        assert_eq!(ada.subject().await, None, "neither of them");
        assert_eq!(desk.log_outs(), [LogOutReason::SignedOutAtProvider]);
    }
}

// attack: LO-34
#[tokio::test]
async fn a_session_is_asked_about_twice_a_minute_at_most() {
    for desk in Desk::both() {
        let mut ada = desk.logged_in("ada").await;
        let calls = desk.site.sent().len();
        for _ in 0..10 {
            let reply = ada.get("/auth/login/op?silent=1&return_to=/orders").await;
            assert_eq!(reply.location(), Some("/orders"), "too soon");
        }
        assert_eq!(desk.site.sent().len(), calls);
        assert!(ada.session().await.is_some());
        desk.site.wait(30);
        asked(&mut ada).await;
    }
    let mut stranger = Site::new().browser();
    let reply = stranger.get("/auth/login/op?silent=1").await;
    assert_eq!(reply.location(), Some("/"));
}

// attack: LO-01
#[tokio::test]
async fn a_link_cannot_make_the_silent_question_one_that_is_answered_with_a_no() {
    for desk in Desk::both() {
        let mut ada = desk.logged_in("ada").await;
        desk.site.wait(60);
        // Each of these a provider has to answer with `login_required`, whoever is signed in there.
        for more in ["max_age=0", "login_hint=grace", "acr_values=gold"] {
            let target = format!("/auth/login/op?silent=1&{more}");
            let reply = ada.get(&target).await;
            let url = AuthorizationUrl::parse(reply.location().unwrap());
            let (name, _) = more.split_once('=').unwrap();
            assert_eq!(url.parameter("prompt"), "none");
            assert_eq!(url.parameter(name), "", "{target}");
        }
        // Nor can somebody else's step-up, which is for their own account.
        let mut grace = desk.logged_in("grace").await;
        desk.site.wait(60);
        let session = grace.session().await.unwrap();
        let step_up = StepUp::new().max_age(60);
        let step_up = desk.site.auth().step_up_url(&session, &step_up, "/orders");
        let reply = ada.get(&format!("{}&prompt=none", step_up.unwrap())).await;
        let url = AuthorizationUrl::parse(reply.location().unwrap());
        let callback = ada.at_provider(&url.without("prompt"), "ada");
        assert_eq!(ada.bring(&callback).await.status, 403);
        assert_eq!(ada.subject().await.as_deref(), Some("ada"));
        assert_eq!(desk.log_outs(), []);
    }
}

#[tokio::test]
async fn a_provider_that_fails_when_asked_ends_no_session() {
    for desk in Desk::both() {
        let mut ada = desk.logged_in("ada").await;
        desk.site.wait(60);
        let url = asked(&mut ada).await;
        let state = url.parameter("state");
        let target = format!(
            "/auth/callback/op?error=server_error&state={state}&iss={}",
            super::ISSUER
        );
        ada.get(&target).await;
        assert!(ada.session().await.is_some());
    }
}
