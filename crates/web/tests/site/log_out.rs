//! Log-out: by a form of our own, complete whatever the provider does, and on to the provider if asked.

use std::sync::{Arc, Mutex};

use codegrant_core::jose::{Algorithm, base64url};
use codegrant_testkit::site::{AuthorizationUrl, Visit};
use codegrant_testkit::world::signing_key;
use codegrant_testkit::{Browser, Fault, Site};
use codegrant_web::{Event, TransportError};

use serde_json::{Map, Value};

use crate::{both_kinds, refused, settled};

// attack: LO-01
#[tokio::test]
async fn nobody_is_logged_out_by_a_link_or_by_another_origin() {
    for site in both_kinds() {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let held = browser.cookies().to_vec();
        let page = browser.get("/auth/logout").await;
        assert_eq!(page.status, 200);
        assert!(page.set_cookies().is_empty());
        let post = || Visit::post("/auth/logout", &[("return_to", "/bye")]);
        for forged in [
            post().from_page("https://evil.example"),
            post().from_page("https://evil.app.example"),
            post().from_page("http://app.example"),
            post().from_page("https://app.example:8443"),
            post().from_page("null"),
            post().without_header("origin").without_fetch_metadata(),
            post()
                .with_header("origin", "null")
                .without_fetch_metadata(),
            post().with_header("origin", "").without_fetch_metadata(),
            post().with_header("origin", "https://app.example.evil.example"),
            post().with_header("origin", "https://APP.example"),
            post().with_header("sec-fetch-site", "cross-site"),
            post().with_header("sec-fetch-site", "same-site"),
            post().with_header("sec-fetch-site", "none"),
        ] {
            let reply = browser.visit(forged.clone()).await;
            assert_eq!(reply.status, 403, "{forged:?}");
            refused(&reply);
        }
        assert_eq!(browser.cookies(), held);
        assert_eq!(browser.subject().await.as_deref(), Some("ada"));
        settled().await;
        assert_eq!(site.calls("/revoke"), 0);
        assert!(
            site.failures()
                .iter()
                .all(|code| *code == "request.wrong_origin")
        );
    }
}

#[tokio::test]
async fn the_page_that_asks_logs_out_in_every_browser() {
    for change in [
        |visit: Visit| visit,
        |visit: Visit| visit.without_fetch_metadata(),
        // A page of the app with the policy `no-referrer`.
        |visit: Visit| visit.with_header("origin", "null"),
        |visit: Visit| visit.without_header("origin"),
    ] {
        for site in both_kinds() {
            let mut browser = site.browser();
            browser.log_in("op", "ada").await;
            let out = change(Visit::post("/auth/logout", &[("return_to", "/bye")]));
            let reply = browser.visit(out).await;
            assert_eq!((reply.status, reply.location()), (303, Some("/bye")));
            assert!(browser.session_cookies().is_empty());
            assert_eq!(browser.subject().await, None);
        }
    }
    let site = Site::new();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let page = browser.get("/auth/logout?return_to=/bye").await;
    assert_eq!(browser.submit(&page, &[]).await.location(), Some("/bye"));
}

#[tokio::test]
async fn a_log_out_ends_the_grant_at_the_provider() {
    for site in both_kinds() {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let reply = browser.log_out().await;
        assert_eq!(reply.location(), Some("/auth/logged-out"));
        assert_eq!(browser.follow(&reply).await.status, 200);
        settled().await;
        assert_eq!(site.calls("/revoke"), 1, "the refresh token");
        let again = browser.log_out().await;
        assert_eq!(again.status, 303, "twice is no error");
        settled().await;
        assert_eq!(site.calls("/revoke"), 1);
    }
}

// attack: RF-14
#[tokio::test]
async fn a_log_out_is_complete_when_the_provider_fails() {
    for site in both_kinds() {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let mut saved = browser.clone();
        site.provider("op").inject(Fault::RevocationServerError);
        let reply = browser.log_out().await;
        assert_eq!(reply.location(), Some("/auth/logged-out"));
        assert_eq!(browser.subject().await, None);
        settled().await;
        assert_eq!(site.failures(), ["provider.status"], "the operator is told");
        site.script(|request| {
            let url = request.loggable_url().to_owned();
            Some(Err(TransportError::Timeout { url, seconds: 10 }))
        });
        assert_eq!(saved.log_out().await.location(), Some("/auth/logged-out"));
        assert!(saved.session_cookies().is_empty());
    }
}

// attack: LO-02 LO-06
#[tokio::test]
async fn a_log_out_goes_on_to_the_provider_and_comes_back() {
    for memory in [false, true] {
        let builder = Site::builder().log_out_at_provider();
        let builder = if memory {
            builder.memory_sessions()
        } else {
            builder
        };
        let site = builder.build();
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let fields = [
            ("return_to", "/orders"),
            ("post_logout_redirect_uri", "https://evil.example/"),
            ("id_token_hint", "another"),
        ];
        let reply = browser.post("/auth/logout", &fields).await;
        assert!(
            browser.session_cookies().is_empty(),
            "the session here is over first"
        );
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
        let url = AuthorizationUrl::parse(reply.location().unwrap());
        assert_eq!(url.endpoint(), "http://op.localhost:9000/end_session");
        assert_eq!(url.parameter("client_id"), "app");
        assert_eq!(
            url.parameter("post_logout_redirect_uri"),
            "https://app.example/auth/logged-out"
        );
        let hint = url.parameter("id_token_hint");
        assert_eq!(hint.split('.').count(), 3);
        let told = format!("{:?}", site.events());
        assert!(!told.contains(&hint), "the hint is in no event");
        let at_provider = browser.follow(&reply).await;
        let end = browser.follow(&at_provider).await;
        let state = url.parameter("state");
        assert!(state.len() >= 22, "nobody guesses it");
        assert_eq!(
            (end.status, end.url),
            (
                200,
                format!("https://app.example/auth/logged-out?state={state}")
            )
        );
        assert!(end.body.contains("You are logged out"));
        assert_eq!(returns(&site), [(Some("op".to_owned()), true)]);
        let told = format!("{:?}", site.events());
        assert!(!told.contains(&state), "the state is in no event");
    }
}

#[tokio::test]
async fn without_a_page_at_the_provider_a_log_out_ends_here() {
    let site = Site::builder().log_out_at_provider().build();
    site.alter("openid-configuration", |metadata| {
        metadata.remove("end_session_endpoint");
    });
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let reply = browser.post("/auth/logout", &[("return_to", "/bye")]).await;
    assert_eq!(reply.location(), Some("/bye"));
}

// attack: LO-36
#[tokio::test]
async fn going_back_after_log_out_shows_nothing() {
    for site in both_kinds() {
        let mut browser = site.browser();
        let callback = browser.begin_and_sign_in("op", "ada").await;
        browser.bring(&callback).await;
        browser.log_out().await;
        assert_eq!(browser.get("/orders").await.status, 303);
        refused(&browser.bring(&callback).await);
        assert_eq!(browser.subject().await, None);
        assert_eq!(site.calls("/token"), 1);
    }
}

#[tokio::test]
async fn nobody_waits_for_a_slow_revocation() {
    for site in both_kinds() {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let held = site.hold("/revoke");
        assert_eq!(browser.log_out().await.location(), Some("/auth/logged-out"));
        held.reached().await;
        held.release();
    }
}

/// Lists how browsers came back from the provider: where from, and whether that is proved.
fn returns(site: &Site) -> Vec<(Option<String>, bool)> {
    let returned = |(_, event)| match event {
        Event::ReturnedFromLogOut { provider, verified } => Some((provider, verified)),
        _ => None,
    };
    site.events().into_iter().filter_map(returned).collect()
}

/// Logs in and out, and stops before the provider's page; gives back the state that went there.
async fn gone_to_the_provider(site: &Site, browser: &mut Browser) -> String {
    browser.log_in("op", "ada").await;
    let reply = browser.log_out().await;
    assert!(browser.subject().await.is_none());
    AuthorizationUrl::parse(reply.location().unwrap_or_else(|| panic!("{site:?}")))
        .parameter("state")
}

// attack: LO-03 LO-04
#[tokio::test]
async fn a_return_without_the_right_state_is_shown_and_told_to_nobody_but_the_operator() {
    for builder in [Site::builder(), Site::builder().memory_sessions()] {
        let site = builder.log_out_at_provider().build();
        let stranger = site.browser().get("/auth/logged-out").await;
        assert!(stranger.body.contains("The provider may still know you"));
        let mut expected = Vec::new();
        let honest = {
            let mut browser = site.browser();
            let state = gone_to_the_provider(&site, &mut browser).await;
            expected.push((Some("op".to_owned()), true));
            browser
                .get(&format!("/auth/logged-out?state={state}"))
                .await
        };
        assert!(!honest.body.contains("The provider may still know you"));
        for change in [
            |state: &str| format!("?state={state}_INVALID"),
            |_: &str| "?state=".to_owned(),
            |_: &str| String::new(),
            |state: &str| format!("?state={state}&state={state}"),
            |state: &str| format!("?STATE={state}"),
        ] {
            let mut browser = site.browser();
            let state = gone_to_the_provider(&site, &mut browser).await;
            let target = format!("/auth/logged-out{}", change(&state));
            let reply = browser.get(&target).await;
            expected.push((Some("op".to_owned()), false));
            assert_eq!(
                (reply.status, &reply.body),
                (200, &stranger.body),
                "{target}"
            );
            assert_eq!(reply.headers, honest.headers);
            assert_eq!(browser.subject().await, None);
            let again = browser
                .get(&format!("/auth/logged-out?state={state}"))
                .await;
            expected.push((None, false));
            assert_eq!(again.body, stranger.body, "a state is good once");
        }
        let mut late = site.browser();
        let state = gone_to_the_provider(&site, &mut late).await;
        site.wait(600);
        late.get(&format!("/auth/logged-out?state={state}")).await;
        expected.push((None, false));
        let mut somebody = site.browser();
        let other = gone_to_the_provider(&site, &mut somebody).await;
        let mut stranger = site.browser();
        stranger
            .get(&format!("/auth/logged-out?state={other}"))
            .await;
        expected.push((None, false));
        assert_eq!(returns(&site), expected);
        stranger.get("/auth/logged-out").await;
        assert_eq!(
            returns(&site),
            expected,
            "whoever opens the page came from nowhere"
        );
    }
}

// attack: LO-06
#[tokio::test]
async fn an_id_token_that_is_too_long_for_a_url_goes_by_a_form() {
    let site = Site::builder()
        .memory_sessions()
        .log_out_at_provider()
        .build();
    let key = signing_key(Algorithm::Es256, "long");
    site.alter("/jwks", {
        let key = key.public_jwk();
        move |answer| {
            answer.body["keys"]
                .as_array_mut()
                .unwrap()
                .push(key.clone());
        }
    });
    let sent: Arc<Mutex<String>> = Arc::default();
    let seen = sent.clone();
    site.alter("/token", move |answer| {
        let token = answer.body["id_token"].as_str().unwrap();
        let claims = base64url::decode(token.split('.').nth(1).unwrap()).unwrap();
        let mut claims: Map<String, Value> = serde_json::from_slice(&claims).unwrap();
        claims.insert("groups".to_owned(), "g".repeat(2000).into());
        let long = key.sign(None, &claims).unwrap();
        *seen.lock().unwrap() = long.clone();
        answer.set("id_token", long);
    });
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let page = browser.log_out().await;
    assert_eq!(page.status, 200);
    assert!(
        browser.session_cookies().is_empty(),
        "the session here is over first"
    );
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("script-src 'sha256-") && !policy.contains("unsafe"));
    let (action, fields) = page.form().unwrap();
    assert_eq!(action, "http://op.localhost:9000/end_session");
    let field = |name: &str| {
        let found = fields.iter().find(|(held, _)| held == name);
        found.map(|(_, value)| value.clone()).unwrap()
    };
    assert_eq!(field("id_token_hint"), *sent.lock().unwrap());
    assert_eq!(field("client_id"), "app");
    assert_eq!(
        field("post_logout_redirect_uri"),
        "https://app.example/auth/logged-out"
    );
    let target = format!("/auth/logged-out?state={}", field("state"));
    assert_eq!(browser.get(&target).await.status, 200);
    assert_eq!(returns(&site), [(Some("op".to_owned()), true)]);
}
