//! Authorization responses as a JWT (JARM).

use codegrant_core::jose::{Algorithm, Jws, base64url};
use codegrant_dev_provider::{ClientRegistration, Fault, Feature};
use serde_json::{Map, Value, json};

use crate::support::{
    CALLBACK, ISSUER, START, World, authorization_url, hidden, parameter, redirect, settings, text,
};

fn world() -> World {
    World::with(settings().with_features([Feature::ResponseObjects]))
}

fn response(world: &World, mode: &str) -> String {
    let url = authorization_url(&[("response_mode", mode)]);
    let answer = world.provider.authorize_as(&url, "ada", START);
    parameter(&answer, "response").unwrap_or_default()
}

fn claims(world: &World, response: &str) -> Option<Map<String, Value>> {
    let keys = world.keys().unwrap();
    let verified = Jws::parse(response).ok()?.verify(&keys, Algorithm::Es256);
    verified.ok()?.claims().ok()
}

#[test]
fn a_signed_response_holds_everything_and_stands_alone() {
    let world = world();
    for mode in ["jwt", "query.jwt"] {
        let url = authorization_url(&[("response_mode", mode)]);
        let answer = world.provider.authorize_as(&url, "ada", START);
        let (address, fields) = redirect(&answer);
        assert_eq!(address, CALLBACK);
        assert_eq!(fields.len(), 1);
        let claims = claims(&world, &fields[0].1).unwrap();
        assert_eq!(claims["iss"], ISSUER);
        assert_eq!(claims["aud"], "app");
        assert_eq!(claims["exp"], START.plus(600).as_unix());
        assert_eq!(claims["state"], "the-state");
        assert!(claims["code"].is_string());
    }
    let url = authorization_url(&[("response_mode", "form_post.jwt")]);
    let page = text(&world.provider.authorize_as(&url, "ada", START));
    let signed = hidden(&page, "response").unwrap();
    assert_eq!(claims(&world, &signed).unwrap()["iss"], ISSUER);
    assert!(hidden(&page, "code").is_none());
}

#[test]
fn an_error_is_signed_as_well() {
    let world = world();
    let url = authorization_url(&[("response_mode", "jwt"), ("prompt", "none")]);
    let answer = world.get(&url);
    let signed = parameter(&answer, "response").unwrap();
    assert_eq!(claims(&world, &signed).unwrap()["error"], "login_required");
}

#[test]
fn a_response_is_signed_with_the_registered_algorithm() {
    let client = ClientRegistration::any_on_loopback("edward", None)
        .with_metadata(json!({ "authorization_signed_response_alg": "EdDSA" }));
    let settings = settings().with_client(client);
    let world = World::with(settings.with_features([Feature::ResponseObjects]));
    let url = authorization_url(&[("client_id", "edward"), ("response_mode", "jwt")]);
    let answer = world.provider.authorize_as(&url, "ada", START);
    let signed = parameter(&answer, "response").unwrap();
    let keys = world.keys().unwrap();
    let jws = Jws::parse(&signed).unwrap();
    assert!(jws.verify(&keys, Algorithm::EdDsa).is_ok());
}

#[test]
fn signed_responses_have_to_be_switched_on() {
    let world = World::new();
    let answer = world.get(&authorization_url(&[("response_mode", "query.jwt")]));
    assert_eq!(
        parameter(&answer, "error").as_deref(),
        Some("invalid_request")
    );
}

#[test]
fn each_fault_of_a_signed_response_shows_in_it() {
    let world = world();
    let with = |fault| {
        world.provider.inject(fault);
        let signed = response(&world, "jwt");
        world.provider.heal();
        signed
    };
    let member = |fault, name: &str| {
        let claims = claims(&world, &with(fault)).unwrap();
        claims.get(name).cloned().unwrap_or_default()
    };
    assert_eq!(member(Fault::JarmWithoutIss, "iss"), Value::Null);
    assert_eq!(member(Fault::JarmWithoutAud, "aud"), Value::Null);
    assert_eq!(member(Fault::JarmWithoutExp, "exp"), Value::Null);
    assert_eq!(
        member(Fault::JarmWrongIss, "iss"),
        "https://stranger.example"
    );
    assert_eq!(member(Fault::JarmWrongAud, "aud"), "another-client");
    assert_eq!(
        member(Fault::JarmExpired, "exp"),
        START.minus(3600).as_unix()
    );
    assert!(member(Fault::JarmLongLived, "exp").as_i64() > Some(START.plus(86_400).as_unix()));
    assert_eq!(member(Fault::CallbackWrongState, "state"), "another-state");
    assert_eq!(member(Fault::CallbackNoState, "state"), Value::Null);
    for fault in [
        Fault::JarmWrongSignature,
        Fault::JarmAlgNone,
        Fault::JarmOtherAlgorithm,
    ] {
        let signed = with(fault);
        assert!(claims(&world, &signed).is_none(), "{fault}");
        let header = base64url::decode(signed.split('.').next().unwrap()).unwrap();
        let header: Value = serde_json::from_slice(&header).unwrap();
        let expected = match fault {
            Fault::JarmAlgNone => "none",
            Fault::JarmOtherAlgorithm => "EdDSA",
            _ => "ES256",
        };
        assert_eq!(header["alg"], expected);
    }
    assert_eq!(with(Fault::JarmPlainInstead), "");
    world.provider.inject(Fault::JarmWithPlainParameters);
    let url = authorization_url(&[("response_mode", "jwt")]);
    let answer = world.provider.authorize_as(&url, "ada", START);
    assert!(parameter(&answer, "response").is_some() && parameter(&answer, "code").is_some());
}
