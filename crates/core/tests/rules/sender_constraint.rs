//! Tokens that only we can use: proofs at every request (RFC 9449), certificates and the addresses that are
//! for them (RFC 8705).

use std::cell::RefCell;

use codegrant_core::error::{Code, Error, Purpose};
use codegrant_core::http::{ClientCertificate, HttpRequest, HttpResponse, Method};
use codegrant_core::jose::base64url;
use codegrant_core::oauth2::AccessToken;
use codegrant_core::provider::AuthenticationMethod;
use codegrant_core::{Client, DpopKey, TokenExchange};
use codegrant_testkit::World;
use codegrant_testkit::world::{Outcome, Script, drive};
use serde_json::{Value, json};

use crate::certificate;

fn bound_world() -> World {
    let mut world = World::openid();
    world.client = world.client.clone().with_dpop();
    world.options.dpop_key = Some(DpopKey::generate().unwrap());
    world
}

fn bound(alter: impl FnOnce(&mut Script)) -> Outcome<codegrant_core::Login> {
    bound_world().login(|script| {
        script.token.set("token_type", "DPoP");
        alter(script);
    })
}

fn claims(request: &HttpRequest) -> Value {
    let proof = request.header("dpop").expect("there is a proof");
    let part = proof.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64url::decode(part).unwrap()).unwrap()
}

#[test]
fn token_and_userinfo_requests_carry_a_proof_and_nothing_else_does() {
    let outcome = bound(|_honest| {});
    let token = &outcome.sent(Purpose::Token).request;
    assert_eq!(claims(token)["htu"], "https://op.example/token");
    assert_eq!(claims(token).get("ath"), None);
    let userinfo = &outcome.sent(Purpose::Userinfo).request;
    assert_eq!(
        userinfo.header("authorization"),
        Some("DPoP access-token-1")
    );
    assert!(claims(userinfo)["ath"].is_string());
    assert_ne!(claims(token)["jti"], claims(userinfo)["jti"]);
    for purpose in [Purpose::Metadata, Purpose::Keys] {
        assert_eq!(
            outcome.sent(purpose).request.header("dpop"),
            None,
            "{purpose}"
        );
    }
    assert!(outcome.value().dpop_key.is_some());
    let plain = World::openid().login(|_honest| {});
    assert!(
        plain
            .requests
            .iter()
            .all(|sent| sent.request.header("dpop").is_none())
    );
}

// attack: FA-13 TK-15
#[test]
fn a_bearer_token_in_place_of_a_bound_one_is_refused() {
    for kind in ["Bearer", "bearer", "", "N_A"] {
        let outcome = bound(|script| script.token.set("token_type", kind));
        assert_eq!(outcome.code(), Some("provider.token_type"), "{kind}");
        assert!(!outcome.called(Purpose::Userinfo));
    }
    for kind in ["DPoP", "dpop", "dpOp"] {
        let outcome = bound(|script| script.token.set("token_type", kind));
        assert_eq!(outcome.code(), None, "{kind}");
    }
    // And the other way round: what was not asked for cannot be used.
    let outcome = World::openid().login(|script| script.token.set("token_type", "DPoP"));
    assert_eq!(outcome.code(), Some("provider.token_type"));
}

/// Calls an API that answers like this, one answer after the other.
fn called(answers: &[HttpResponse]) -> (Result<u16, Error>, Vec<HttpRequest>) {
    let world = bound_world();
    let key = DpopKey::generate().unwrap();
    let request = HttpRequest::new(Method::Post, "https://api.example/things?a=b#c");
    let token = AccessToken::new("token".to_owned());
    let step = world
        .client
        .call_api(&token, Some(&key), request, world.moment());
    let sent = RefCell::new(Vec::new());
    let result = drive(step.unwrap(), |request| {
        let answer = answers[sent.borrow().len()].clone();
        sent.borrow_mut().push(request);
        answer
    });
    (result.map(|answer| answer.status), sent.into_inner())
}

fn challenge(nonce: &str) -> HttpResponse {
    HttpResponse::new(401)
        .with_header("www-authenticate", "dPoP error=\"use_dpop_nonce\"")
        .with_header("dpop-nonce", nonce)
}

// attack: FA-06 FA-08
#[test]
fn a_challenge_is_answered_once_with_a_new_proof_that_holds_the_nonce() {
    let (result, sent) = called(&[challenge("n1"), HttpResponse::new(200)]);
    assert_eq!((result, sent.len()), (Ok(200), 2));
    assert_eq!(claims(&sent[0]).get("nonce"), None);
    assert_eq!(claims(&sent[1])["nonce"], "n1");
    assert_ne!(claims(&sent[0])["jti"], claims(&sent[1])["jti"]);
    let (result, sent) = called(&[challenge("n1"), challenge("n2")]);
    assert_eq!(result.unwrap_err().code().name, "provider.nonce_refused");
    assert_eq!(sent.len(), 2);
}

// attack: FA-07
#[test]
fn a_challenge_without_a_usable_nonce_is_an_error_at_once() {
    let mut without = challenge("");
    without.headers.retain(|(name, _)| name != "dpop-nonce");
    for answer in [
        without,
        challenge(""),
        challenge("a b"),
        challenge(&"n".repeat(2000)),
    ] {
        let (result, sent) = called(&[answer]);
        assert_eq!(result.unwrap_err().code().name, "provider.nonce_missing");
        assert_eq!(sent.len(), 1);
    }
}

// attack: FA-12
#[test]
fn the_proof_names_the_address_without_query_and_fragment() {
    let (_, sent) = called(&[HttpResponse::new(200)]);
    assert_eq!(
        sent[0].url, "https://api.example/things?a=b",
        "and no fragment"
    );
    assert_eq!(claims(&sent[0])["htu"], "https://api.example/things");
    assert_eq!(claims(&sent[0])["htm"], "POST");
}

fn certified(method: AuthenticationMethod) -> World {
    let mut world = World::openid();
    let client = Client::new(
        world.client.provider().clone(),
        "app",
        "https://app.example/auth/callback/op",
    );
    world.client = client
        .with_authentication(method)
        .with_certificate(certificate());
    world.metadata.set(
        "mtls_endpoint_aliases",
        json!({
            "token_endpoint": "https://mtls.op.example/token",
            "revocation_endpoint": "https://mtls.op.example/revoke",
            "introspection_endpoint": "https://mtls.op.example/introspect",
            "pushed_authorization_request_endpoint": "https://mtls.op.example/par",
            "userinfo_endpoint": "https://mtls.op.example/userinfo",
        }),
    );
    world
        .metadata
        .remove("token_endpoint_auth_methods_supported");
    world
}

/// Every request that a client makes in its life, by its address, with the certificate that it presents.
fn whole_life(mut world: World) -> Vec<(String, Option<ClientCertificate>)> {
    world
        .metadata
        .set("introspection_endpoint", "https://op.example/introspect");
    world.metadata.set(
        "pushed_authorization_request_endpoint",
        "https://op.example/par",
    );
    world.client = world.client.clone().with_pushed_requests();
    world.pushed.status = 201;
    let login = world.login(|_honest| {});
    let mut sent: Vec<HttpRequest> = login
        .requests
        .iter()
        .map(|sent| sent.request.clone())
        .collect();
    let login = login.result.unwrap();
    let refreshed = world.refresh(&login, |_honest| {});
    sent.extend(refreshed.requests.iter().map(|sent| sent.request.clone()));
    let metadata = world.start().metadata;
    let (client, token) = (&world.client, &login.tokens.access_token);
    let active = HttpResponse::json(&json!({ "active": false }));
    let step = client.introspect(&metadata, token, world.moment()).unwrap();
    drive(step, |request| {
        sent.push(request);
        active.clone()
    })
    .unwrap();
    let granted = HttpResponse::json(&json!({
        "access_token": "a", "token_type": "Bearer", "issued_token_type": "t",
    }));
    let wanted = TokenExchange::new();
    let step = client.exchange_token(&metadata, token, &wanted, None, world.moment());
    drive(step.unwrap(), |request| {
        sent.push(request);
        granted.clone()
    })
    .unwrap();
    let step = client.client_credentials(&metadata, &[], &[], None, world.moment());
    drive(step.unwrap(), |request| {
        sent.push(request);
        granted.clone()
    })
    .unwrap();
    let step = client.revoke(&metadata, token, world.moment()).unwrap();
    drive(step, |request| {
        sent.push(request);
        HttpResponse::new(200)
    })
    .unwrap();
    let request = HttpRequest::new(Method::Get, "https://api.example/");
    let step = client
        .call_api(token, None, request, world.moment())
        .unwrap();
    drive(step, |request| {
        sent.push(request);
        HttpResponse::new(200)
    })
    .unwrap();
    let shown = sent.into_iter();
    shown
        .map(|request| (request.url, request.certificate))
        .collect()
}

#[test]
fn a_client_with_a_certificate_presents_it_everywhere_at_the_addresses_for_it() {
    for method in [
        AuthenticationMethod::TlsClientAuth,
        AuthenticationMethod::SelfSignedTlsClientAuth,
    ] {
        let sent = whole_life(certified(method));
        let presented = |url: &str| {
            sent.iter()
                .any(|(at, certificate)| at.starts_with(url) && certificate.is_some())
        };
        for path in ["par", "token", "userinfo", "introspect", "revoke"] {
            assert!(
                presented(&format!("https://mtls.op.example/{path}")),
                "{path}"
            );
            let ordinary = format!("https://op.example/{path}");
            assert!(
                !sent.iter().any(|(at, _)| at.starts_with(&ordinary)),
                "{path}"
            );
        }
        assert!(
            presented("https://api.example/"),
            "its tokens may be bound to it"
        );
        for url in ["https://op.example/.well-known", "https://op.example/jwks"] {
            assert!(!presented(url), "{url} is for everybody");
        }
    }
}

#[test]
fn bound_access_tokens_take_the_certificate_along_whatever_the_authentication() {
    let mut world = certified(AuthenticationMethod::ClientSecretPost);
    world.client = world
        .client
        .clone()
        .with_secret("client-secret")
        .with_certificate_bound_access_tokens();
    let sent = whole_life(world);
    assert!(
        sent.iter()
            .any(|(url, held)| url == "https://mtls.op.example/token" && held.is_some())
    );
}

#[test]
fn without_use_for_it_no_certificate_is_presented_and_no_alias_is_called() {
    let mut world = certified(AuthenticationMethod::ClientSecretPost);
    world.client = world.client.clone().with_secret("client-secret");
    for (url, held) in whole_life(world) {
        assert!(held.is_none() && !url.contains("mtls"), "{url}");
    }
}

#[test]
fn without_an_alias_the_ordinary_address_is_called_with_the_certificate() {
    let mut world = certified(AuthenticationMethod::TlsClientAuth);
    world.metadata.remove("mtls_endpoint_aliases");
    let sent = whole_life(world);
    assert!(
        sent.iter()
            .any(|(url, held)| url == "https://op.example/token" && held.is_some())
    );
}

#[test]
fn an_alias_in_a_private_network_is_refused_as_any_address() {
    for alias in [
        "http://mtls.op.example/token",
        "https://127.0.0.1/token",
        "nowhere",
    ] {
        let mut world = certified(AuthenticationMethod::TlsClientAuth);
        world
            .metadata
            .set("mtls_endpoint_aliases", json!({ "token_endpoint": alias }));
        let outcome = world.login(|_honest| {});
        assert_eq!(
            outcome.code(),
            Some("discovery.endpoint_refused"),
            "{alias}"
        );
    }
}

pub(crate) fn nonce_missing() -> &'static Code {
    called(&[challenge("")]).0.unwrap_err().code()
}

pub(crate) fn nonce_refused() -> &'static Code {
    called(&[challenge("n1"), challenge("n2")])
        .0
        .unwrap_err()
        .code()
}

/// What was kept of a key is none.
pub(crate) fn proof_not_signed() -> &'static Code {
    let zero = base64url::encode(&[0; 32]);
    let key: DpopKey = serde_json::from_value(zero.into()).unwrap();
    key.thumbprint().unwrap_err().code()
}

/// A call that is refused before it is made.
pub(crate) fn refused_call(url: &str, header: &'static str) -> &'static Code {
    let world = World::openid();
    let mut request = HttpRequest::new(Method::Get, url);
    request.set_header(header, "mine");
    let token = AccessToken::new("token".to_owned());
    let refused = world.client.call_api(&token, None, request, world.moment());
    refused.unwrap_err().code()
}
