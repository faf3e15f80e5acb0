//! What one browser's bad luck, or ill will, must not do to the others.

use codegrant_testkit::Site;
use codegrant_web::{Request, TransportError};

use crate::both_kinds;

const DISCOVERY: &str = "/.well-known/openid-configuration";

// attack: DO-03 DO-04
#[tokio::test]
async fn browsers_that_hang_up_during_discovery_cost_nobody_a_login() {
    let site = Site::new();
    let held = site.hold(DISCOVERY);
    let mut gone = Vec::new();
    for _ in 0..8 {
        let mut browser = site.browser();
        gone.push(tokio::spawn(
            async move { browser.get("/auth/login/op").await },
        ));
    }
    held.reached().await;
    for start in gone {
        start.abort();
        assert!(start.await.is_err(), "nobody waits for the answer");
    }
    held.release();
    // The fetch ended all the same, and its answer serves everybody.
    assert_eq!(site.browser().get("/auth/login/op").await.status, 303);
    assert_eq!(site.calls(DISCOVERY), 1);
    assert!(site.failures().is_empty());
}

// attack: RF-01
#[tokio::test]
async fn a_refresh_token_whose_answer_is_lost_is_sent_once_and_not_by_everybody_who_waited() {
    for site in both_kinds() {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let before = site.calls("/token");
        site.script(|request| {
            request.url.ends_with("/token").then(|| {
                Err(TransportError::Timeout {
                    url: "http://op.localhost:9000/token".to_owned(),
                    seconds: 10,
                })
            })
        });
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let mut copy = browser.clone();
            waiting.spawn(async move { copy.post("/auth/refresh", &[]).await.status });
        }
        assert_eq!(waiting.join_all().await, [503; 20]);
        assert_eq!(site.calls("/token"), before + 1);
        assert_eq!(
            browser.subject().await.as_deref(),
            Some("ada"),
            "no log-out"
        );
        // A moment later it is tried again.
        site.behave();
        site.wait(6);
        assert_eq!(browser.post("/auth/refresh", &[]).await.status, 303);
    }
}

// attack: DO-01
#[tokio::test]
async fn a_provider_that_is_silent_holds_up_no_refresh_at_another() {
    let site = Site::builder().two_providers().build();
    let mut stuck = Vec::new();
    for subject in ["ada", "grace", "alan"] {
        let mut browser = site.browser();
        browser.log_in("ev", subject).await;
        stuck.push(browser);
    }
    let mut other = site.browser();
    other.log_in("op", "ada").await;
    let held = site.hold("ev.localhost:9000/token");
    let mut waiting = tokio::task::JoinSet::new();
    for mut browser in stuck {
        waiting.spawn(async move { browser.post("/auth/refresh", &[]).await.status });
    }
    held.reached().await;
    assert_eq!(other.post("/auth/refresh", &[]).await.status, 303);
    held.release();
    assert_eq!(waiting.join_all().await, [303; 3]);
}

/// Asks who is there with this `Cookie` field, as an adapter hands it over.
async fn there(site: &Site, field: String) -> bool {
    let request = Request::new("GET", "/", None, [("cookie", field.as_bytes())]);
    site.auth().identify(request).await.unwrap().is_some()
}

// attack: CK-04
#[tokio::test]
async fn a_space_that_browsers_do_not_strip_makes_no_foreign_cookie_ours() {
    let site = Site::new();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let name = browser.session_cookies()[0].clone();
    let session = format!("{name}={}", browser.cookie(&name).unwrap());
    assert!(there(&site, format!("a=1;\t {session}")).await);
    assert!(there(&site, format!("city=Z\u{fc}rich; {session}")).await);
    for space in ['\u{a0}', '\u{85}', '\u{2000}', '\u{3000}', '\u{b}', '\u{c}'] {
        assert!(
            !there(&site, format!("{space}{session}")).await,
            "{space:?}"
        );
    }
}

// attack: CK-12
#[tokio::test]
async fn all_cookies_of_the_app_fit_into_one_header_line_of_eight_kilobytes() {
    let site = Site::new();
    site.alter("/userinfo", |answer| {
        answer.set("groups", "g".repeat(3_000));
    });
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    for number in 0..20 {
        let long = format!("/orders?{number}&{}", "q".repeat(900));
        browser.begin_to("op", &long).await;
        let bytes: usize = browser
            .cookies()
            .iter()
            .map(|cookie| cookie.name.len() + cookie.value.len() + 3)
            .sum();
        assert!(bytes < 8 * 1024, "{bytes} bytes after {number} logins");
    }
    assert_eq!(browser.subject().await.as_deref(), Some("ada"));
}
