//! Signed authorization requests (RFC 9101).

use codegrant_core::error::Purpose;
use codegrant_core::jose::{Algorithm, Jws, KeySet};
use codegrant_core::{LoginOptions, RequestObject};
use codegrant_testkit::World;
use codegrant_testkit::world::{PendingLogin, claims, signing_key};
use serde_json::{Map, Value, json};

use crate::distinct;

fn world(how: RequestObject) -> World {
    let mut world = World::openid();
    world.client = world
        .client
        .clone()
        .with_signing_key(signing_key(Algorithm::Ps256, "client-1"))
        .with_request_object(how);
    world
}

/// Verifies an object with the client's key and returns its claims.
fn opened(object: &str) -> Map<String, Value> {
    let keys = json!({"keys": [signing_key(Algorithm::Ps256, "client-1").public_jwk()]});
    let keys = KeySet::parse(keys.to_string().as_bytes()).unwrap();
    let jws = Jws::parse(object).unwrap();
    assert_eq!(jws.header().token_type(), Some("oauth-authz-req+jwt"));
    assert_eq!(jws.header().key_id(), Some("client-1"));
    jws.verify(&keys, Algorithm::Ps256)
        .unwrap()
        .claims()
        .unwrap()
}

/// Asserts that the claims are a whole request of this moment, for this issuer alone.
fn whole(world: &World, pending: &PendingLogin, claims: &mut Map<String, Value>) {
    let now = world.now.as_unix();
    assert_eq!(claims.remove("jti").unwrap().as_str().unwrap().len(), 22);
    for random in ["state", "nonce", "code_challenge"] {
        let value = claims.remove(random).unwrap();
        assert_eq!(value.as_str().unwrap().len(), 43, "{random}");
        if pending.requests.len() == 1 {
            assert_eq!(pending.parameter(random), "", "{random} stands outside");
        }
    }
    for (name, value) in [
        ("iss", json!("app")),
        ("aud", json!("https://op.example")),
        ("iat", json!(now)),
        ("nbf", json!(now)),
        ("exp", json!(now + 300)),
        ("client_id", json!("app")),
        ("response_type", json!("code")),
        (
            "redirect_uri",
            json!("https://app.example/auth/callback/op"),
        ),
        ("scope", json!("openid profile email")),
        ("code_challenge_method", json!("S256")),
    ] {
        assert_eq!(claims.remove(name), Some(value), "{name}");
    }
}

#[test]
fn a_request_object_holds_every_parameter_and_the_query_repeats_three() {
    let mut world = world(RequestObject::ByValue);
    world.options.max_age = Some(60);
    world.options.acr_values = vec!["phr".to_owned(), "phrh".to_owned()];
    let pending = world.start();
    let query = distinct(pending.parameters());
    let names: Vec<&str> = query.keys().map(String::as_str).collect();
    assert_eq!(names, ["client_id", "request", "response_type", "scope"]);
    assert_eq!(query["client_id"], "app");
    assert_eq!(query["scope"], "openid profile email");
    let mut claims = opened(&query["request"]);
    whole(&world, &pending, &mut claims);
    assert_eq!(
        Value::Object(claims),
        json!({"max_age": 60, "acr_values": "phr phrh"})
    );
    let outcome = world.finish(pending, |script| {
        script.claims.set("auth_time", world.now.as_unix());
        script.claims.set("acr", "phr");
    });
    assert_eq!(outcome.code(), None);
}

#[test]
fn json_stays_json_and_several_resources_become_a_list() {
    let mut world = world(RequestObject::ByValue);
    let object = |value: Value| value.as_object().cloned().unwrap();
    world.client = world
        .client
        .clone()
        .with_claims(object(json!({"userinfo": {"email": null}})))
        .with_authorization_details(vec![object(json!({"type": "payment"}))])
        .with_resources(["https://a.example/", "https://b.example/"]);
    assert!(world.client.validate().is_ok());
    let pending = world.start();
    let mut claims = opened(&pending.parameter("request"));
    whole(&world, &pending, &mut claims);
    assert_eq!(
        Value::Object(claims),
        json!({
            "claims": {"userinfo": {"email": null}},
            "authorization_details": [{"type": "payment"}],
            "resource": ["https://a.example/", "https://b.example/"],
        })
    );
}

#[test]
fn a_pushed_request_object_stands_alone_in_the_form() {
    let mut world = world(RequestObject::ByValue);
    world.client = world.client.clone().with_pushed_requests();
    world.metadata.set(
        "pushed_authorization_request_endpoint",
        "https://op.example/par",
    );
    let pending = world.start();
    let form = distinct(pending.requests[1].form());
    let names: Vec<&str> = form.keys().map(String::as_str).collect();
    assert_eq!(names, ["client_id", "request"]);
    whole(&world, &pending, &mut opened(&form["request"]));
    assert_eq!(pending.parameters().len(), 2);
    let outcome = world.finish(pending, |_honest| {});
    assert_eq!(outcome.code(), None);
}

#[test]
fn an_object_by_reference_is_named_in_the_query_and_handed_over_to_be_hosted() {
    let mut world = world(RequestObject::ByReference);
    let address = "https://app.example/auth/request/one";
    world.options.request_uri = Some(address.to_owned());
    let pending = world.start();
    let query = distinct(pending.parameters());
    let names: Vec<&str> = query.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["client_id", "request_uri", "response_type", "scope"]
    );
    assert_eq!(query["request_uri"], address);
    let object = pending.request.object_to_host().unwrap().to_owned();
    whole(&world, &pending, &mut opened(&object));
    assert_eq!(world.finish(pending, |_honest| {}).code(), None);

    // Without an address there is nothing to name.
    world.options.request_uri = None;
    let refused = world.login(|_honest| {});
    assert_eq!(refused.code(), Some("provider.request_not_built"));
}

#[test]
fn a_plain_request_has_no_object_to_host() {
    assert_eq!(World::openid().start().request.object_to_host(), None);
    let mut by_value = world(RequestObject::ByValue);
    assert_eq!(by_value.start().request.object_to_host(), None);
}

#[test]
fn a_provider_that_does_not_take_our_signature_is_refused_before_anybody_is_sent() {
    let member = "request_object_signing_alg_values_supported";
    let mut world = world(RequestObject::ByValue);
    world.metadata.set(member, ["PS256", "none"]);
    assert_eq!(world.login(|_honest| {}).code(), None);
    world.metadata.set(member, ["RS256", "none"]);
    let refused = world.login(|_honest| {});
    assert_eq!(refused.code(), Some("discovery.not_offered"));
    assert!(!refused.called(Purpose::Token));
}

#[test]
fn a_silent_question_and_a_hint_travel_inside_the_object() {
    let mut world = world(RequestObject::ByValue);
    LoginOptions::new()
        .prompt("none")
        .login_hint("jane@mail.example")
        .apply(&mut world.options);
    let pending = world.start();
    assert_eq!(pending.parameter("prompt"), "");
    let claims = claims(&pending.parameter("request")).unwrap();
    assert_eq!(claims["prompt"], "none");
    assert_eq!(claims["login_hint"], "jane@mail.example");
}
