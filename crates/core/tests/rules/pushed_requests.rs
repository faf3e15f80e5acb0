//! Pushed authorization requests (RFC 9126).

use codegrant_core::error::Purpose;
use codegrant_core::http::HttpResponse;
use codegrant_core::provider::AuthenticationMethod;
use codegrant_core::{DpopKey, Login};
use codegrant_testkit::World;
use codegrant_testkit::world::Outcome;
use serde_json::{Value, json};

use crate::distinct;

const ENDPOINT: &str = "https://op.example/par";

fn world() -> World {
    let mut world = World::openid();
    world.client = world.client.clone().with_pushed_requests();
    world
        .metadata
        .set("pushed_authorization_request_endpoint", ENDPOINT);
    world.pushed.status = 201;
    world
}

/// Asserts that nobody is sent anywhere.
#[track_caller]
fn stopped(outcome: &Outcome<Login>, code: &str) {
    assert_eq!(outcome.code(), Some(code));
    assert_eq!(outcome.calls(Purpose::PushedRequest), 1);
    assert!(!outcome.called(Purpose::Token));
}

// attack: FA-02
#[test]
fn the_browser_carries_the_clients_id_and_the_requests_name_and_nothing_else() {
    let mut world = world();
    world.options.max_age = Some(60);
    world.options.login_hint = Some("jane@mail.example".to_owned());
    let pending = world.start();
    assert_eq!(
        pending.parameters(),
        [
            ("client_id".to_owned(), "app".to_owned()),
            ("request_uri".to_owned(), "urn:example:request:1".to_owned()),
        ]
    );
    let sent = &pending.requests[1];
    assert_eq!(
        (sent.purpose, sent.request.url.as_str()),
        (Purpose::PushedRequest, ENDPOINT)
    );
    let form = distinct(sent.form());
    let names: Vec<&str> = form.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "client_id",
            "code_challenge",
            "code_challenge_method",
            "login_hint",
            "max_age",
            "nonce",
            "redirect_uri",
            "response_type",
            "scope",
            "state",
        ]
    );
    assert_eq!(form["client_id"], "app");
    assert_eq!(form["response_type"], "code");
    let basic = sent.request.header("authorization").unwrap();
    assert!(basic.starts_with("Basic "));
    let outcome = world.finish(pending, |script| {
        script.claims.set("auth_time", world.now.as_unix());
    });
    assert_eq!(outcome.code(), None);
}

#[test]
fn the_client_is_named_once_whatever_its_method() {
    use AuthenticationMethod::{ClientSecretBasic, ClientSecretPost};
    for method in [ClientSecretBasic, ClientSecretPost] {
        let mut world = world();
        world.client = world.client.clone().with_authentication(method);
        let pending = world.start();
        let form = pending.requests[1].form();
        let named = form.iter().filter(|(name, _)| name == "client_id");
        assert_eq!(named.count(), 1, "{}", method.as_str());
    }
}

// attack: FA-01
#[test]
fn only_a_created_request_with_a_sound_name_and_lifetime_is_believed() {
    for status in [200, 201] {
        let mut world = world();
        world.pushed.status = status;
        assert_eq!(world.login(|_honest| {}).code(), None, "{status}");
    }
    for status in [202, 204, 400, 500] {
        let mut world = world();
        world.pushed.status = status;
        stopped(&world.login(|_honest| {}), "provider.status");
    }
    let mut redirects = world();
    redirects.pushed.status = 302;
    redirects.pushed.header("location", "https://evil.example/");
    stopped(&redirects.login(|_honest| {}), "provider.redirect");

    let long = format!("urn:{}", "a".repeat(1024 * 1024));
    for name in [
        Value::Null,
        json!(5),
        json!(""),
        json!("no uri"),
        json!("http://op.example/r/1"),
        json!("https://op.example/r\r\nlocation: https://evil.example"),
        json!("javascript:alert(1)"),
        json!("urn:a b"),
        json!(long),
    ] {
        let mut world = world();
        world.pushed.set("request_uri", name.clone());
        let code = if name.is_null() {
            "provider.member_missing"
        } else {
            "provider.member_type"
        };
        stopped(&world.login(|_honest| {}), code);
    }
    for lifetime in [
        Value::Null,
        json!(0),
        json!(-5),
        json!("60"),
        json!(1.5),
        json!(true),
    ] {
        let mut world = world();
        world.pushed.set("expires_in", lifetime);
        stopped(&world.login(|_honest| {}), "provider.member_type");
    }
    let mut page = world();
    page.pushed.replace(HttpResponse::new(201).with_body("ok"));
    stopped(&page.login(|_honest| {}), "provider.media_type");
}

// attack: FA-03
#[test]
fn every_login_pushes_its_own_request() {
    let mut world = world();
    let (first, second) = (world.start(), world.start());
    assert_ne!(first.asked("state"), second.asked("state"));
    assert_ne!(
        first.asked("code_challenge"),
        second.asked("code_challenge")
    );
}

#[test]
fn a_refused_request_says_why() {
    let mut world = world();
    world.pushed.status = 400;
    world.pushed.body = json!({"error": "invalid_request", "error_description": "no such scope"});
    let refused = world.login(|_honest| {});
    stopped(&refused, "provider.request_refused");
    let told = refused.error().to_string();
    assert!(
        told.contains("invalid_request") && told.contains("no such scope"),
        "{told}"
    );
    // An error wins over whatever stands beside it, and with any status.
    world.pushed.status = 201;
    world.pushed.set("request_uri", "urn:example:request:1");
    stopped(&world.login(|_honest| {}), "provider.request_refused");
}

#[test]
fn what_the_provider_repeats_of_our_request_is_blotted_out() {
    // Two worlds of one kind begin their logins alike.
    let state = world().start().asked("state");
    let mut world = world();
    world.pushed.status = 400;
    world.pushed.body =
        json!({"error": "invalid_request", "error_description": format!("odd state {state}")});
    let refused = world.login(|_honest| {});
    let told = refused.error().to_string();
    assert!(
        told.contains("odd state") && !told.contains(&state),
        "{told}"
    );
}

#[test]
fn a_provider_that_requires_pushed_requests_gets_them_unasked() {
    let mut world = World::openid();
    world
        .metadata
        .set("pushed_authorization_request_endpoint", ENDPOINT);
    assert_eq!(world.start().parameter("request_uri"), "");
    world
        .metadata
        .set("require_pushed_authorization_requests", true);
    let outcome = world.login(|_honest| {});
    assert_eq!(outcome.code(), None);
    assert!(outcome.called(Purpose::PushedRequest));
    world
        .metadata
        .remove("pushed_authorization_request_endpoint");
    let refused = world.login(|_honest| {});
    assert!(refused.result.is_err() && !refused.called(Purpose::PushedRequest));
}

#[test]
fn a_client_that_pushes_needs_an_endpoint_for_it() {
    let mut world = world();
    world
        .metadata
        .remove("pushed_authorization_request_endpoint");
    let refused = world.login(|_honest| {});
    assert_eq!(refused.code(), Some("provider.member_missing"));
    assert!(!refused.called(Purpose::Token));
    let mut inside = self::world();
    inside.metadata.set(
        "pushed_authorization_request_endpoint",
        "https://10.0.0.1/par",
    );
    let refused = inside.login(|_honest| {});
    assert_eq!(refused.code(), Some("discovery.endpoint_refused"));
}

#[test]
fn a_pushed_request_proves_the_key_that_the_code_is_bound_to() {
    let mut pushed = world();
    pushed.client = pushed.client.clone().with_dpop();
    pushed.options.dpop_key = Some(DpopKey::generate().unwrap());
    let pending = pushed.start();
    assert!(pending.requests[1].request.header("dpop").is_some());
    assert_eq!(pending.asked("dpop_jkt"), "");

    // In a plain request the thumbprint says it (RFC 9449 section 10).
    let mut plain = World::openid();
    plain.client = plain.client.clone().with_dpop();
    let key = DpopKey::generate().unwrap();
    plain.options.dpop_key = Some(key.clone());
    let named = plain.start().parameter("dpop_jkt");
    assert_eq!(named, key.thumbprint().unwrap());
}
