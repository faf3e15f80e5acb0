//! The code and PKCE: sent once, with its verifier, to the one endpoint, by redirects that keep it.

use codegrant_core::form;
use codegrant_core::http::HttpResponse;
use codegrant_testkit::Site;
use codegrant_testkit::site::Visit;
use codegrant_web::TransportError;

use crate::{both_kinds, fixed_page, provider_failed, refused};

/// The parameters of the last token request.
fn token_request(site: &Site) -> Vec<(String, String)> {
    let sent = site.sent();
    let token = sent.iter().rfind(|request| request.url.ends_with("/token"));
    let body = String::from_utf8(token.expect("the code was sent").body.clone()).unwrap();
    form::parameters(&body).unwrap()
}

fn value(parameters: &[(String, String)], name: &str) -> String {
    let mut values = parameters.iter().filter(|(held, _)| held == name);
    let (_, value) = values.next().expect("the parameter is sent");
    assert_eq!(values.next(), None, "{name} stands once");
    value.clone()
}

// attack: PK-01
#[tokio::test]
async fn a_stolen_code_does_not_fit_the_thiefs_own_login() {
    for site in both_kinds() {
        let (mut victim, mut thief) = (site.browser(), site.browser());
        let stolen = victim.begin_and_sign_in("op", "ada").await;
        let mut callback = thief.begin_and_sign_in("op", "grace").await;
        callback.parameters.set("code", stolen.code());
        let reply = thief.bring(&callback).await;
        provider_failed(&reply);
        assert_eq!(
            site.failures(),
            ["provider.token_refused"],
            "the verifier does not fit"
        );
        assert_eq!(thief.subject().await, None);
    }
}

// attack: PK-02 PK-03
#[tokio::test]
async fn s256_is_sent_whatever_the_metadata_says() {
    for offered in [
        Some(serde_json::json!(["plain"])),
        Some(serde_json::json!([])),
        None,
    ] {
        let site = Site::new();
        site.alter("openid-configuration", move |metadata| match &offered {
            Some(offered) => metadata.set("code_challenge_methods_supported", offered.clone()),
            None => metadata.remove("code_challenge_methods_supported"),
        });
        let mut browser = site.browser();
        let url = browser.begin("op").await;
        assert_eq!(url.parameter("code_challenge_method"), "S256");
        let callback = browser.at_provider(&url, "ada");
        browser.bring(&callback).await;
        assert_eq!(value(&token_request(&site), "code_verifier").len(), 43);
        assert_eq!(browser.subject().await.as_deref(), Some("ada"));
    }
}

// attack: PK-04
#[tokio::test]
async fn without_its_challenge_a_login_ends_and_is_not_tried_another_way() {
    let site = Site::new();
    let mut browser = site.browser();
    for stripped in ["code_challenge", "code_challenge_method"] {
        let url = browser.begin("op").await;
        let callback = browser.at_provider(&url.without(stripped), "ada");
        let reply = browser.bring(&callback).await;
        refused(&reply);
        assert_eq!(reply.refresh(), None);
    }
    assert_eq!(site.calls("/token"), 0);
}

// attack: PK-07 TK-30 TK-08
#[tokio::test]
async fn the_code_is_sent_once_whatever_becomes_of_it() {
    for (answer, status) in [
        (Answer::Timeout, 503),
        (Answer::Broken, 503),
        (Answer::TryLater, 502),
        (Answer::Redirect, 502),
    ] {
        for site in both_kinds() {
            site.script(move |request| {
                request
                    .url
                    .ends_with("/token")
                    .then(|| answer.made(request))
            });
            let mut browser = site.browser();
            let callback = browser.begin_and_sign_in("op", "ada").await;
            let reply = browser.bring(&callback).await;
            assert_eq!(reply.status, status);
            fixed_page(&reply);
            assert_eq!(reply.refresh(), None, "nothing starts by itself");
            assert!(reply.body.contains("Try again"));
            refused(&browser.bring(&callback).await);
            assert_eq!(site.calls("/token"), 1);
            assert_eq!(browser.subject().await, None);
        }
    }
}

#[derive(Clone, Copy)]
enum Answer {
    Timeout,
    Broken,
    TryLater,
    Redirect,
}

impl Answer {
    fn made(
        self,
        request: &codegrant_core::http::HttpRequest,
    ) -> Result<HttpResponse, TransportError> {
        let url = request.loggable_url().to_owned();
        match self {
            Self::Timeout => Err(TransportError::Timeout { url, seconds: 10 }),
            Self::Broken => Err(TransportError::Unreachable {
                url,
                reason: "connection reset".to_owned(),
            }),
            Self::TryLater => Ok(HttpResponse::new(503).with_header("retry-after", "1")),
            Self::Redirect => Ok(
                HttpResponse::new(307).with_header("location", "http://op.localhost:9000/token")
            ),
        }
    }
}

// attack: PK-08 PK-09 PK-10 LK-19
#[tokio::test]
async fn a_finished_login_is_a_redirect_that_keeps_nothing() {
    for site in both_kinds() {
        let mut browser = site.browser();
        let started = browser.get("/auth/login/op").await;
        let finished = browser.log_in("op", "ada").await;
        let out = browser.log_out().await;
        for reply in [&started, &finished, &out] {
            assert_eq!(reply.status, 303);
            assert!(reply.body.is_empty(), "no page in the history");
            assert_eq!(reply.header("cache-control"), Some("no-store"));
            assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
        }
        assert_eq!(finished.location(), Some("/"), "no code goes on");
    }
}

// attack: PK-08
#[tokio::test]
async fn a_page_at_the_callback_loads_nothing() {
    let site = Site::new();
    let mut browser = site.browser();
    let mut callback = browser.begin_and_sign_in("op", "ada").await;
    callback.parameters.set("iss", "https://evil.example");
    let page = browser.bring(&callback).await;
    refused(&page);
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    for loaded in ["src=", "url(", "@import", "http:", "https:", "//"] {
        assert!(!page.body.contains(loaded), "{loaded}");
    }
}

// attack: PK-12 PX-01
#[tokio::test]
async fn the_redirect_uri_is_the_same_byte_for_byte() {
    let site = Site::new();
    let mut browser = site.browser();
    let url = browser.begin("op").await;
    let callback = browser.at_provider(&url, "ada");
    let visit = Visit::get(callback.to_string())
        .with_header("host", "evil.example")
        .with_header("x-forwarded-host", "evil.example")
        .with_header("x-forwarded-proto", "http");
    browser.visit(visit.from_page(&callback.from)).await;
    let sent = value(&token_request(&site), "redirect_uri");
    assert_eq!(sent, "https://app.example/auth/callback/op");
    assert_eq!(sent, url.parameter("redirect_uri"));
    assert_eq!(browser.subject().await.as_deref(), Some("ada"));
}

// attack: PK-13 UI-14
#[tokio::test]
async fn an_access_token_is_no_way_in() {
    let site = Site::builder().oauth().two_providers().build();
    let mut victim = site.browser();
    victim.log_in("op", "ada").await;
    let token = victim
        .session()
        .await
        .unwrap()
        .access_token()
        .secret()
        .clone();
    let mut thief = site.browser();
    let honest = thief.begin_and_sign_in("ev", "grace").await;
    for name in ["access_token", "token", "id_token", "code"] {
        let mut thief = thief.clone();
        let mut callback = honest.clone();
        callback.parameters.remove("code");
        callback.parameters.set(name, &token);
        let reply = thief.bring(&callback).await;
        assert!(reply.status >= 400, "{name}");
        fixed_page(&reply);
        assert_eq!(thief.subject().await, None, "{name}");
    }
    assert_eq!(
        site.calls("op.localhost:9000/userinfo"),
        1,
        "the victim's own login"
    );
    assert_eq!(site.calls("ev.localhost:9000/userinfo"), 0);
}
