//! Many logins: in one browser, in many, at the same time, over one another.

use std::collections::HashSet;

use aws_lc_rs::digest::{SHA256, digest};
use codegrant_core::form;
use codegrant_core::jose::base64url;
use codegrant_testkit::site::{AuthorizationUrl, Visit};
use codegrant_testkit::{Site, SwitchedStore};
use codegrant_web::MemoryStore;
use tokio::task::JoinSet;

use crate::{both_kinds, opens_session, refused};

/// The challenge of a verifier (RFC 7636 section 4.2).
fn hashed(verifier: &str) -> String {
    base64url::encode(digest(&SHA256, verifier.as_bytes()).as_ref())
}

// attack: ST-13 PK-05 PK-06
#[tokio::test]
async fn a_thousand_logins_share_no_secret() {
    let site = Site::new();
    let mut seen = HashSet::new();
    for _ in 0..1_000 {
        // The clock stands still, and every browser is new: chance is all that differs.
        let url = site.browser().begin("op").await;
        for name in ["state", "nonce", "code_challenge"] {
            let value = url.parameter(name);
            assert_eq!(
                base64url::decode(&value).unwrap().len(),
                32,
                "256 bits, URL-safe"
            );
            assert!(value.len() <= 128);
            assert!(
                seen.insert(value[..22].to_owned()),
                "{name} repeats 128 bits"
            );
        }
    }
    assert_eq!(seen.len(), 3_000);
}

// attack: ST-15 PK-05 PK-03
#[tokio::test]
async fn state_nonce_and_verifier_are_drawn_apart() {
    let site = Site::new();
    let mut verifiers = HashSet::new();
    for _ in 0..10 {
        let mut browser = site.browser();
        let url = browser.begin("op").await;
        let callback = browser.at_provider(&url, "ada");
        browser.bring(&callback).await;
        let sent = site.sent();
        let token = sent
            .iter()
            .rfind(|request| request.url.ends_with("/token"))
            .unwrap();
        let parameters = form::parameters(std::str::from_utf8(&token.body).unwrap()).unwrap();
        let (_, verifier) = parameters
            .iter()
            .find(|(name, _)| name == "code_verifier")
            .unwrap();
        assert!((43..=128).contains(&verifier.len()));
        assert!(
            verifier
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
        );
        let (state, nonce) = (url.parameter("state"), url.parameter("nonce"));
        let challenge = url.parameter("code_challenge");
        assert_eq!(hashed(verifier), challenge);
        assert_eq!(url.parameter("code_challenge_method"), "S256");
        for other in [&state, &nonce] {
            assert_ne!(other, verifier);
            assert_ne!(hashed(other), challenge);
        }
        assert_ne!(state, nonce);
        assert!(verifiers.insert(verifier.clone()));
    }
}

// attack: ST-25
#[tokio::test]
async fn a_posted_answer_is_finished_with_the_cookie_or_not_at_all() {
    let site = Site::builder().form_post().build();
    let mut browser = site.browser();
    let url = browser.begin_to("op", "/orders").await;
    assert_eq!(url.parameter("response_mode"), "form_post");
    let callback = browser.at_provider(&url, "ada");
    assert!(callback.posted);

    let page = browser.bring_once(&callback).await;
    assert_eq!(page.status, 200, "the cookie stayed at home");
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert!(page.set_cookies().is_empty());
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'; script-src 'sha256-"),
        "{policy}"
    );
    assert!(
        policy.contains("form-action 'self'") && !policy.contains("unsafe"),
        "{policy}"
    );
    let (action, fields) = page.form().unwrap();
    assert_eq!(action, "/auth/callback/op");
    let value = |name: &str| {
        fields
            .iter()
            .find(|(held, _)| held == name)
            .map(|(_, v)| v.as_str())
    };
    assert_eq!(value("code"), Some(callback.code()));
    assert_eq!(value("state"), Some(callback.state()));
    assert_eq!(value("iss"), Some(site.provider("op").issuer()));
    assert_eq!(site.calls("/token"), 0);

    // Without the cookie the second post is the end, and there is no third.
    let mut stranger = site.browser();
    let reply = stranger.submit(&page, &[]).await;
    refused(&reply);
    assert_eq!(site.failures(), ["callback.cookies_missing"]);
    assert_eq!(site.calls("/token"), 0);

    let reply = browser.submit(&page, &[]).await;
    assert_eq!(reply.location(), Some("/orders"));
    assert_eq!(browser.subject().await.as_deref(), Some("ada"));
    let set = [url.as_str(), &page.body].map(|text| text.contains("SameSite=None"));
    assert_eq!(set, [false, false]);
    assert!(
        reply
            .set_cookies()
            .iter()
            .all(|cookie| cookie.contains("SameSite=Lax"))
    );
}

// attack: ST-25
#[tokio::test]
async fn a_page_in_between_cannot_be_had_for_a_frame_or_a_script() {
    let site = Site::builder().form_post().build();
    let mut browser = site.browser();
    let callback = browser.begin_and_sign_in("op", "ada").await;
    let encoded = callback.parameters.encoded();
    for (name, value) in [("sec-fetch-dest", "iframe"), ("sec-fetch-mode", "cors")] {
        let visit = Visit::post("/auth/callback/op", &[]).with_body(encoded.clone());
        let visit = visit.from_page(&callback.from).with_header(name, value);
        let reply = browser.visit(visit).await;
        refused(&reply);
        assert!(reply.form().is_none());
    }
    assert_eq!(site.calls("/token"), 0);
}

// attack: ST-26
#[tokio::test]
async fn two_tabs_finish_in_the_other_order() {
    for site in both_kinds() {
        let mut browser = site.browser();
        let first = browser.begin_to("op", "/first").await;
        let second = browser.begin_to("op", "/second").await;
        assert_eq!(browser.login_cookies().len(), 2);
        let answer = browser.at_provider(&second, "ada");
        assert_eq!(browser.bring(&answer).await.location(), Some("/second"));
        assert_eq!(browser.login_cookies().len(), 1, "the other tab's stays");
        let answer = browser.at_provider(&first, "ada");
        assert_eq!(browser.bring(&answer).await.location(), Some("/first"));
        assert!(browser.login_cookies().is_empty());
        assert_eq!(browser.subject().await.as_deref(), Some("ada"));
        assert_eq!(site.calls("/token"), 2);
    }
}

// attack: ST-28 CK-01
#[tokio::test]
async fn a_login_over_a_login_keeps_nothing_of_the_first() {
    let store = std::sync::Arc::new(MemoryStore::new(100));
    let kept = store.clone();
    for site in [
        Site::builder().two_providers().build(),
        Site::builder()
            .two_providers()
            .configure(|auth| auth.store(kept))
            .build(),
    ] {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let name = browser.session_cookies().remove(0);
        let before = browser.cookie(&name).unwrap().to_owned();
        let mut copied = browser.clone();
        let adas = browser.session().await.unwrap();
        browser.log_in("ev", "grace").await;
        let graces = browser.session().await.unwrap();
        assert_ne!(browser.cookie(&name), Some(before.as_str()), "a new id");
        assert_eq!(browser.session_cookies(), [name], "one session");
        assert_eq!(graces.identity().subject, "grace");
        assert_eq!(graces.identity().issuer, site.provider("ev").issuer());
        assert_ne!(adas.access_token().secret(), graces.access_token().secret());
        assert_eq!(copied.subject().await, None, "a copy is over, too");
    }
    assert_eq!(store.len(), 1, "the old record is deleted");
}

// attack: ST-29
#[tokio::test]
async fn a_hundred_unfinished_logins_leave_a_few_cookies_and_the_newest_works() {
    let long = format!("/{}", "x".repeat(1000));
    for return_to in ["", &long] {
        let site = Site::new();
        let mut browser = site.browser();
        let mut urls = Vec::new();
        for _ in 0..100 {
            urls.push(browser.begin_to("op", return_to).await);
            let header: usize = browser
                .cookies()
                .iter()
                .map(|cookie| cookie.name.len() + cookie.value.len() + "=; ".len())
                .sum();
            assert!(header < 8 * 1024, "{header} bytes");
            assert!(browser.login_cookies().len() <= 8);
        }
        let oldest = browser.at_provider(&urls[0], "ada");
        refused(&browser.bring(&oldest).await);
        let newest = browser.at_provider(&urls[99], "ada");
        let reply = browser.bring(&newest).await;
        assert!(opens_session(&reply), "{:?}", site.failures());
        let before = browser.at_provider(&urls[98], "ada");
        assert!(
            opens_session(&browser.bring(&before).await),
            "and the one before"
        );
    }
}

// attack: ST-30 DO-06
#[tokio::test]
async fn nothing_is_stored_before_somebody_is_logged_in() {
    let store = SwitchedStore::new();
    let kept = store.clone();
    let site = Site::builder().configure(|auth| auth.store(kept)).build();
    // Whoever has no session does not need the store at all.
    store.switch_off();
    for _ in 0..1_000 {
        site.browser().begin("op").await;
    }
    let mut visitor = site.browser();
    for path in [
        "/",
        "/orders",
        "/auth/login",
        "/auth/logout",
        "/auth/callback/op?state=x&code=y",
    ] {
        assert!(visitor.get(path).await.status < 500, "{path}");
    }
    assert_eq!(visitor.log_out().await.status, 303);
    assert_eq!(visitor.post("/auth/refresh", &[]).await.status, 303);
    let login = site.browser().log_in("op", "ada").await;
    assert_eq!(login.status, 503, "now it is needed");
}

// attack: ST-31
#[tokio::test]
async fn a_thousand_logins_at_once_never_mix_people_up() {
    for site in [
        Site::builder().two_providers().build(),
        Site::builder().two_providers().memory_sessions().build(),
    ] {
        let mut logins = JoinSet::new();
        for number in 0..500_usize {
            let mut browser = site.browser();
            // Who, where, and how far ahead of the others, each in its own rhythm.
            let subject = ["ada", "grace", "alan"][number % 3];
            let provider = ["op", "ev"][(number / 2) % 2];
            let site = site.clone();
            logins.spawn(async move {
                let url: AuthorizationUrl = browser.begin(provider).await;
                for _ in 0..(number * 7) % 11 {
                    tokio::task::yield_now().await;
                }
                let callback = browser.at_provider(&url, subject);
                browser.bring(&callback).await;
                let session = browser.session().await.expect("logged in");
                let issuer = site.provider(provider).issuer();
                assert_eq!(session.identity().key(), (issuer, subject));
                assert_eq!(session.identity().provider, provider);
            });
        }
        assert_eq!(logins.join_all().await.len(), 500);
        assert_eq!(site.calls("/token"), 500);
    }
}
