//! A login that somebody else starts (OpenID Connect Core 1.0 section 4): configured issuers, three parameters.

use codegrant_core::form;
use codegrant_core::provider::Provider;
use codegrant_testkit::Site;
use codegrant_testkit::site::{Reply, Visit};
use codegrant_web::Registration;

use crate::refused;

const ISSUER: &str = "http://op.localhost:9000";

fn site() -> Site {
    let provider = Provider::openid("op", "OP", ISSUER);
    let registration = Registration::new(provider, "app").secret("op: a client's secret & more");
    Site::builder()
        .only(registration.third_party_login())
        .build()
}

fn from_elsewhere(query: &str) -> Visit {
    Visit::get(format!("/auth/initiate/op?{query}")).from_page("https://portal.example")
}

fn parameters(reply: &Reply) -> Vec<(String, String)> {
    let location = reply
        .location()
        .unwrap_or_else(|| panic!("{} at {}", reply.status, reply.url));
    form::parameters(location.split_once('?').unwrap().1).unwrap()
}

fn parameter(reply: &Reply, name: &str) -> Option<String> {
    let found = parameters(reply).into_iter().find(|(held, _)| held == name);
    found.map(|(_, value)| value)
}

#[tokio::test]
async fn a_link_or_a_form_of_a_third_party_ends_in_a_login() {
    let site = site();
    let issuer = form::encode(ISSUER);
    let target = form::encode("https://app.example/orders?page=2");
    let query = format!("iss={issuer}&login_hint=ada&target_link_uri={target}");
    let form = Visit::post(
        "/auth/initiate/op",
        &[
            ("iss", ISSUER),
            ("target_link_uri", "https://app.example/orders?page=2"),
        ],
    )
    .from_page("https://portal.example");
    for visit in [from_elsewhere(&query), form] {
        let mut browser = site.browser();
        let reply = browser.visit(visit).await;
        assert_eq!(reply.status, 303);
        let url = codegrant_testkit::site::AuthorizationUrl::parse(reply.location().unwrap());
        let callback = browser.at_provider(&url, "ada");
        let end = browser.bring(&callback).await;
        assert_eq!(end.location(), Some("/orders?page=2"));
        assert_eq!(browser.subject().await.as_deref(), Some("ada"));
    }
}

// attack: DS-11
#[tokio::test]
async fn no_other_issuer_is_ever_asked() {
    let site = site();
    for issuer in [
        "https://evil.example",
        "http://op.localhost:9000/",
        "http://OP.localhost:9000",
        "",
    ] {
        refused(
            &site
                .browser()
                .visit(from_elsewhere(&format!("iss={}", form::encode(issuer))))
                .await,
        );
    }
    refused(&site.browser().visit(from_elsewhere("")).await);
    let twice = format!("iss={ISSUER}&iss={ISSUER}");
    refused(&site.browser().visit(from_elsewhere(&twice)).await);
    assert_eq!(site.failures(), ["request.wrong_issuer"; 6]);
    assert!(site.sent().is_empty(), "somebody was asked");
    let unknown = Visit::get(format!("/auth/initiate/ev?iss={ISSUER}"));
    assert_eq!(site.browser().visit(unknown).await.status, 404);
}

// attack: DS-12
#[tokio::test]
async fn whatever_else_a_third_party_says_is_left_alone() {
    let site = site();
    let mut browser = site.browser();
    let plain = browser
        .visit(from_elsewhere(&format!("iss={ISSUER}")))
        .await;
    let more = "scope=admin&prompt=none&max_age=0&acr_values=x&redirect_uri=https://evil.example/&client_id=x\
                &state=x&nonce=x&response_type=token&again=1&other_account=1&return_to=/evil&code_challenge=x";
    let query = format!("iss={ISSUER}&{more}");
    let rich = browser.visit(from_elsewhere(&query)).await;
    let names = |reply: &Reply| {
        parameters(reply)
            .into_iter()
            .map(|(name, _)| name)
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&plain), names(&rich));
    for name in ["scope", "redirect_uri", "client_id", "response_type"] {
        assert_eq!(parameter(&plain, name), parameter(&rich, name), "{name}");
    }
    let hint = |query: String| {
        let site = site.clone();
        async move {
            parameter(
                &site.browser().visit(from_elsewhere(&query)).await,
                "login_hint",
            )
        }
    };
    let hinted = hint(format!("iss={ISSUER}&login_hint=ada%40orchard.example")).await;
    assert_eq!(hinted.as_deref(), Some("ada@orchard.example"));
    assert_eq!(
        hint(format!("iss={ISSUER}&login_hint=%0d%0aSet-Cookie:x")).await,
        None
    );
    assert_eq!(
        hint(format!("iss={ISSUER}&login_hint={}", "x".repeat(257))).await,
        None
    );
}

// attack: DS-12
#[tokio::test]
async fn a_target_elsewhere_becomes_the_start_of_the_app() {
    let site = site();
    for target in [
        "https://evil.example/",
        "//evil.example",
        "https://app.example.evil.example/",
        "/auth/logout",
        "javascript:x",
    ] {
        let mut browser = site.browser();
        let query = format!("iss={ISSUER}&target_link_uri={}", form::encode(target));
        let reply = browser.visit(from_elsewhere(&query)).await;
        let url = codegrant_testkit::site::AuthorizationUrl::parse(reply.location().unwrap());
        let callback = browser.at_provider(&url, "ada");
        assert_eq!(
            browser.bring(&callback).await.location(),
            Some("/"),
            "{target}"
        );
    }
}

#[tokio::test]
async fn only_a_person_in_a_tab_is_sent_on_and_only_where_it_is_switched_on() {
    let site = site();
    let query = format!("iss={ISSUER}");
    for (name, value) in [
        ("sec-fetch-dest", "iframe"),
        ("sec-fetch-mode", "no-cors"),
        ("sec-purpose", "prefetch"),
    ] {
        let visit = from_elsewhere(&query).with_header(name, value);
        refused(&site.browser().visit(visit).await);
    }
    assert!(site.sent().is_empty());
    let other = Visit::new("PUT", format!("/auth/initiate/op?{query}"));
    let reply = site.browser().visit(other).await;
    assert_eq!(
        (reply.status, reply.header("allow")),
        (405, Some("GET, POST"))
    );
    let off = Site::new();
    let reply = off.browser().visit(from_elsewhere(&query)).await;
    assert_eq!(reply.status, 404);
}
