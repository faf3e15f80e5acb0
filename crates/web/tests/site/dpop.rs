//! Tokens that are bound to a key of the session (RFC 9449), through a whole login and after it.

use codegrant_core::http::{HttpRequest, HttpResponse, Method};
use codegrant_core::jose::base64url;
use codegrant_dev_provider::Feature;
use codegrant_testkit::site::SiteBuilder;
use codegrant_testkit::{Fault, Site};
use serde_json::{Value, json};

use crate::{both_kinds_of, provider_failed, settled};

/// A site whose tokens are bound, at a provider that insists on it and asks for nonces.
fn builder() -> SiteBuilder {
    Site::builder()
        .registered(|registration| registration.dpop())
        .client_metadata(json!({ "dpop_bound_access_tokens": true }))
        .provided(|settings| settings.with_features([Feature::Dpop, Feature::DpopNonces]))
}

fn api() -> HttpRequest {
    HttpRequest::new(Method::Get, "http://op.localhost:9000/api/me?page=2#top")
}

/// The claims of the proof that a request carries.
fn proof(request: &HttpRequest) -> Value {
    part(request, 1)
}

fn part(request: &HttpRequest, number: usize) -> Value {
    let proof = request.header("dpop").expect("there is a proof");
    let part = proof.split('.').nth(number).unwrap();
    serde_json::from_slice(&base64url::decode(part).unwrap()).unwrap()
}

/// The requests to an endpoint.
fn sent(site: &Site, endpoint: &str) -> Vec<HttpRequest> {
    let mut sent = site.sent();
    sent.retain(|request| request.loggable_url().ends_with(endpoint));
    sent
}

// attack: FA-06 FA-08
#[tokio::test]
async fn a_login_an_api_call_and_a_refresh_prove_the_key_wherever_the_token_goes() {
    for site in both_kinds_of(builder) {
        let mut browser = site.browser();
        let reply = browser.log_in("op", "ada").await;
        assert_eq!((reply.status, reply.location()), (303, Some("/")));
        let session = browser.session().await.unwrap();
        let answer = site.auth().call_api(&session, api()).await.unwrap();
        assert_eq!(answer.status, 200);
        assert_eq!(browser.post("/auth/refresh", &[]).await.status, 303);
        let session = browser.session().await.unwrap();
        let answer = site.auth().call_api(&session, api()).await.unwrap();
        assert_eq!(answer.status, 200, "with the new token and the old key");
        assert_eq!(site.provider("op").violations(), Vec::<String>::new());
        assert!(site.failures().is_empty());
        for endpoint in ["/token", "/userinfo", "/api/me"] {
            let sent = sent(&site, endpoint);
            let keys: Vec<Value> = sent
                .iter()
                .map(|request| part(request, 0)["jwk"].take())
                .collect();
            assert!(keys.iter().all(|key| *key == keys[0]), "{endpoint}");
            let bearer = |request: &&HttpRequest| {
                let header = request.header("authorization").unwrap_or_default();
                header.starts_with("Bearer")
            };
            assert_eq!(sent.iter().filter(bearer).count(), 0, "{endpoint}");
        }
    }
}

// attack: FA-12
#[tokio::test]
async fn every_attempt_has_a_proof_of_its_own_for_this_address_and_this_token() {
    let site = builder().build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let session = browser.session().await.unwrap();
    site.auth().call_api(&session, api()).await.unwrap();
    let proving: Vec<HttpRequest> = site
        .sent()
        .into_iter()
        .filter(|request| request.header("dpop").is_some())
        .collect();
    let mut names: Vec<String> = proving
        .iter()
        .map(|request| proof(request)["jti"].to_string())
        .collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count, "no proof is sent twice");
    for request in &proving {
        let claims = proof(request);
        assert_eq!(claims["htm"], request.method.as_str());
        assert_eq!(claims["htu"], request.loggable_url());
        let names_token = claims.get("ath").is_some();
        assert_eq!(
            names_token,
            !request.url.ends_with("/token"),
            "{}",
            request.url
        );
    }
}

// attack: FA-11
#[tokio::test]
async fn every_login_has_a_key_of_its_own() {
    let site = builder().build();
    let (mut one, mut other) = (site.browser(), site.browser());
    one.log_in("op", "ada").await;
    other.log_in("op", "ada").await;
    one.log_in("op", "ada").await;
    let mut keys: Vec<String> = sent(&site, "/userinfo")
        .iter()
        .map(|request| part(request, 0)["jwk"].to_string())
        .collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 3);
}

// attack: FA-11
#[tokio::test]
async fn the_private_key_is_in_nothing_that_the_browser_gets_readable() {
    for site in both_kinds_of(builder) {
        let mut browser = site.browser();
        let callback = browser.begin_and_sign_in("op", "ada").await;
        let started = browser.cookies().to_vec();
        let reply = browser.bring(&callback).await;
        let session = browser.session().await.unwrap();
        assert!(!format!("{session:?}").contains("dpop"));
        // What a request shows of the key is its public half, of which the cookies hold nothing either.
        let public = part(&sent(&site, "/userinfo")[0], 0)["jwk"].take();
        let held = format!("{started:?} {:?} {}", reply.headers, reply.body);
        for member in ["x", "y"] {
            assert!(!held.contains(public[member].as_str().unwrap()));
        }
        let mut thief = site.browser();
        for cookie in browser.cookies() {
            let broken = cookie.value.chars().rev().collect::<String>();
            thief.plant(&cookie.name, &broken);
        }
        assert!(thief.session().await.is_none(), "sealed, not encoded");
    }
}

// attack: FA-13
#[tokio::test]
async fn bearer_tokens_in_place_of_bound_ones_are_thrown_away() {
    for kind in ["Bearer", "bearer", "N_A", "MAC"] {
        let site = builder().build();
        site.alter("/token", move |answer| {
            if answer.status == 200 {
                answer.set("token_type", kind);
            }
        });
        let mut browser = site.browser();
        provider_failed(&browser.log_in("op", "ada").await);
        assert_eq!(site.failures(), ["provider.token_type"]);
        assert_eq!(site.calls("/userinfo"), 0);
        // After the login as well.
        site.behave();
        browser.log_in("op", "ada").await;
        let before = browser.session().await.unwrap();
        site.alter("/token", move |answer| {
            if answer.status == 200 {
                answer.set("token_type", kind);
            }
        });
        assert_eq!(browser.post("/auth/refresh", &[]).await.status, 503);
        assert_eq!(site.failures()[1..], ["provider.token_type"]);
        let after = browser.session().await.unwrap();
        assert_eq!(
            after.access_token().secret(),
            before.access_token().secret()
        );
    }
}

// attack: FA-06 FA-07
#[tokio::test]
async fn a_server_that_asks_without_end_or_without_a_nonce_ends_the_login() {
    for (fault, code, most) in [
        (Fault::DpopNonceForever, "provider.nonce_refused", 2),
        (Fault::DpopNonceMissing, "provider.nonce_missing", 1),
        (Fault::DpopNonceHuge, "provider.nonce_missing", 1),
        (Fault::DpopNonceOddCharacters, "provider.nonce_missing", 1),
        (Fault::DpopNonceTwice, "provider.nonce_missing", 1),
    ] {
        let site = builder().build();
        site.provider("op").inject(fault);
        let mut browser = site.browser();
        provider_failed(&browser.log_in("op", "ada").await);
        assert_eq!(site.failures(), [code], "{fault}");
        assert_eq!(site.calls("/token"), most, "{fault}");
        assert_eq!(site.calls("/userinfo"), 0, "{fault}");
    }
}

// attack: FA-06 FA-07 FA-08 FA-09
#[tokio::test]
async fn an_api_is_asked_once_more_for_its_nonce_and_for_nothing_else() {
    let challenge = |text: &str| HttpResponse::new(401).with_header("WWW-Authenticate", text);
    let nonce = r#"dPoP algs="ES256", error="use_dpop_nonce""#;
    for (answer, calls, outcome) in [
        (
            challenge(nonce).with_header("DPoP-Nonce", "n1"),
            2,
            Err("provider.nonce_refused"),
        ),
        (challenge(nonce), 1, Err("provider.nonce_missing")),
        (
            challenge(nonce).with_header("DPoP-Nonce", "a\u{7f}"),
            1,
            Err("provider.nonce_missing"),
        ),
        (
            challenge(nonce).with_header("DPoP-Nonce", "n".repeat(1 << 20)),
            1,
            Err("provider.nonce_missing"),
        ),
        (
            challenge(r#"Bearer error="use_dpop_nonce""#).with_header("DPoP-Nonce", "n1"),
            1,
            Ok(401),
        ),
        (
            challenge(r#"DPoP error="invalid_token""#).with_header("DPoP-Nonce", "n1"),
            1,
            Ok(401),
        ),
        (
            challenge("DPoP error=\"use_dpop_nonce").with_header("DPoP-Nonce", "n1"),
            1,
            Ok(401),
        ),
        (
            challenge(nonce)
                .with_header("DPoP-Nonce", "n1")
                .with_status(403),
            1,
            Ok(403),
        ),
        (
            HttpResponse::new(302).with_header("location", "https://evil.example/"),
            1,
            Ok(302),
        ),
    ] {
        let site = builder().build();
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let session = browser.session().await.unwrap();
        let shown = format!("{:?}", answer.headers.first());
        site.script(move |request| {
            let api = request.loggable_url().ends_with("/api/me");
            api.then(|| Ok(answer.clone()))
        });
        let came = site.auth().call_api(&session, api()).await;
        let came = came
            .map(|answer| answer.status)
            .map_err(|error| error.code().name);
        assert_eq!(came, outcome, "{shown}");
        assert_eq!(site.calls("/api/me"), calls, "{shown}");
    }
}

#[tokio::test]
async fn a_nonce_is_learned_from_an_answer_that_was_good() {
    let site = Site::builder()
        .registered(|registration| registration.dpop())
        .provided(|settings| {
            settings.with_features([
                Feature::Dpop,
                Feature::DpopNonces,
                Feature::DpopNoncesInAnswers,
            ])
        })
        .build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let session = browser.session().await.unwrap();
    for _ in 0..3 {
        let before = site.calls("/api/me");
        assert_eq!(
            site.auth().call_api(&session, api()).await.unwrap().status,
            200
        );
        let calls = site.calls("/api/me") - before;
        assert!(calls == 1 || before == 0, "{calls} calls");
    }
    assert_eq!(site.provider("op").violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_log_out_revokes_bound_tokens_as_any() {
    let site = builder().build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let session = browser.session().await.unwrap();
    browser.log_out().await;
    settled().await;
    assert_eq!(site.calls("/revoke"), 1);
    assert_eq!(
        site.auth().call_api(&session, api()).await.unwrap().status,
        401
    );
}

#[tokio::test]
async fn a_key_makes_a_sealed_session_longer_by_less_than_a_hundred_bytes() {
    async fn size(site: Site) -> usize {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let cookies = browser.cookies().iter();
        let session = cookies.filter(|cookie| cookie.name.contains(".session"));
        session.map(|cookie| cookie.value.len()).sum()
    }
    let (plain, bound) = (size(Site::new()).await, size(builder().build()).await);
    assert!((40..100).contains(&(bound - plain)), "{plain} and {bound}");
}
