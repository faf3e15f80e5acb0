//! Logout tokens (OpenID Connect Back-Channel Logout 1.0): what they say, whom they reach, and how they can
//! be wrong.

use std::sync::{Arc, Mutex};

use codegrant_core::http::{HttpRequest, HttpResponse};
use codegrant_core::jose::{Algorithm, Jws, KeySet};
use codegrant_dev_provider::{Fault, Feature, Outbox};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::support::{ISSUER, START, World, browse, customised, part, redeem, text};

const ADDRESS: &str = "http://localhost:3000/auth/backchannel-logout/dev";

/// An app that writes down what it is sent and answers with status 200.
fn world() -> (World, Arc<Mutex<Vec<HttpRequest>>>) {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let kept = sent.clone();
    let outbox = Outbox::new(move |request: &HttpRequest| {
        kept.lock().unwrap().push(request.clone());
        Some(HttpResponse::new(200).with_header("cache-control", "no-store"))
    });
    let settings = customised(
        &[Feature::BackChannelLogOut],
        json!({ "backchannel_logout_uri": ADDRESS }),
    );
    (World::with(settings.with_outbox(outbox)), sent)
}

/// Signs ada in with the world's browser and logs her out by her ID token.
fn log_in_and_out(world: &World) -> Value {
    let tokens = redeem(world, &browse(world, "ada", &[]));
    let hint = tokens["id_token"].as_str().unwrap();
    let page = world.get(&format!("{ISSUER}/end_session?id_token_hint={hint}"));
    assert!(text(&page).contains("You are logged out"));
    part(hint, 1)
}

fn logout_token(request: &HttpRequest) -> String {
    let mut fields = form_urlencoded::parse(&request.body);
    let (name, token) = fields.next().unwrap();
    assert_eq!(name, "logout_token");
    token.into_owned()
}

#[test]
fn every_client_of_the_session_is_sent_a_token() {
    let (world, sent) = world();
    let id_token = log_in_and_out(&world);
    let sent = sent.lock().unwrap();
    let [request] = sent.as_slice() else {
        panic!("{} requests", sent.len());
    };
    assert_eq!(request.url, ADDRESS);
    assert_eq!(
        request.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    let body = String::from_utf8(request.body.clone()).unwrap();
    assert!(body.ends_with("&ignored_parameter=ignored"));
    let token = logout_token(request);
    let header = part(&token, 0);
    assert!(header["kid"].is_string() && header.get("typ").is_none());
    let keys = KeySet::parse(&world.get(&format!("{ISSUER}/jwks")).body).unwrap();
    let verified = Jws::parse(&token).unwrap().verify(&keys, Algorithm::Es256);
    let claims = Value::Object(verified.unwrap().claims().unwrap());
    for claim in ["iss", "sub", "aud", "sid"] {
        assert_eq!(claims[claim], id_token[claim], "{claim}");
    }
    assert_eq!(claims["iat"], json!(START.as_unix()));
    assert_eq!(claims["exp"], json!(START.plus(120).as_unix()));
    assert!(claims["jti"].is_string() && claims["ignored_claim"].is_string());
    let events = json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
    assert_eq!(claims["events"], events);
    assert!(claims.get("nonce").is_none());
}

#[test]
fn what_the_client_answered_can_be_read() {
    let (world, _) = world();
    log_in_and_out(&world);
    let deliveries = world.provider.deliveries();
    let [delivery] = deliveries.as_slice() else {
        panic!("{} deliveries", deliveries.len());
    };
    assert_eq!(delivery.request.url, ADDRESS);
    let answer = delivery.response.as_ref().unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[test]
fn an_administrator_ends_every_session_of_one_person() {
    let (world, sent) = world();
    for _ in 0..2 {
        browse(&world, "ada", &[("prompt", "login")]);
    }
    browse(&world, "grace", &[("prompt", "login")]);
    // Each sign-in in the same browser ends the session before it; other browsers have theirs.
    let url = crate::support::authorization_url(&[]);
    world.provider.authorize_as(&url, "ada", START);
    world.provider.authorize_as(&url, "ada", START);
    assert_eq!(world.provider.log_out_everywhere("ada", START), 2);
    let sent = sent.lock().unwrap();
    assert_eq!(sent.len(), 2);
    for request in sent.iter() {
        assert_eq!(part(&logout_token(request), 1)["sub"], "ada");
    }
    assert_eq!(world.provider.log_out_everywhere("ada", START), 0);
}

#[test]
fn a_token_is_made_by_hand_while_the_session_goes_on() {
    let (world, sent) = world();
    let id_token = redeem(&world, &browse(&world, "ada", &[]));
    let token = world.provider.logout_token("app", "ada", START).unwrap();
    let sid = part(id_token["id_token"].as_str().unwrap(), 1)["sid"].clone();
    assert_eq!(part(&token, 1)["sid"], sid);
    assert!(sent.lock().unwrap().is_empty());
    for (client, subject) in [("app", "grace"), ("other", "ada"), ("nobody", "ada")] {
        let none = world.provider.logout_token(client, subject, START);
        assert_eq!(none, None, "{client} {subject}");
    }
}

#[test]
fn nothing_is_sent_while_the_feature_is_off_or_the_client_has_no_address() {
    for (features, metadata) in [
        (vec![], json!({ "backchannel_logout_uri": ADDRESS })),
        (vec![Feature::BackChannelLogOut], json!({})),
    ] {
        let outbox = Outbox::new(|_: &HttpRequest| panic!("sent"));
        let world = World::with(customised(&features, metadata).with_outbox(outbox));
        log_in_and_out(&world);
        assert!(world.provider.deliveries().is_empty());
    }
}

/// What a fault does to the claims: the name and the new value, or nothing where the claim is gone.
type Change = (Fault, &'static str, Option<Value>);

#[test]
fn each_fault_changes_one_thing_of_the_token() {
    let (world, _) = world();
    browse(&world, "ada", &[]);
    let make = || world.provider.logout_token("app", "ada", START).unwrap();
    let good = part(&make(), 1);
    let event = "http://schemas.openid.net/event/backchannel-logout";
    let changes: Vec<Change> = vec![
        (
            Fault::LogoutTokenWrongIss,
            "iss",
            Some(json!("https://stranger.example")),
        ),
        (
            Fault::LogoutTokenWrongAud,
            "aud",
            Some(json!("another-client")),
        ),
        (Fault::LogoutTokenNoEvents, "events", None),
        (
            Fault::LogoutTokenWrongEvent,
            "events",
            Some(json!({ "http://schemas.openid.net/event/something-else": {} })),
        ),
        (
            Fault::LogoutTokenEventNotObject,
            "events",
            Some(json!({ event: 5 })),
        ),
        (Fault::LogoutTokenWithNonce, "nonce", Some(json!("a-nonce"))),
        (Fault::LogoutTokenNullNonce, "nonce", Some(Value::Null)),
        (
            Fault::LogoutTokenExpired,
            "exp",
            Some(json!(START.minus(3600).as_unix())),
        ),
        (
            Fault::LogoutTokenStale,
            "iat",
            Some(json!(START.minus(3600).as_unix())),
        ),
        (Fault::LogoutTokenNoJti, "jti", None),
        (Fault::LogoutTokenNoIat, "iat", None),
        (Fault::LogoutTokenNoExp, "exp", None),
        (Fault::LogoutTokenNoSub, "sub", None),
        (Fault::LogoutTokenNoSid, "sid", None),
        (Fault::NoSid, "sid", None),
        (Fault::LogoutTokenIsIdToken, "events", None),
    ];
    for (fault, claim, value) in changes {
        world.provider.inject(fault);
        let claims = part(&make(), 1);
        assert_eq!(claims.get(claim), value.as_ref(), "{fault}");
        for other in ["iss", "sub", "aud", "sid", "events", "exp"] {
            let expired = fault == Fault::LogoutTokenExpired && other == "iat";
            if other != claim && !expired {
                assert_eq!(claims[other], good[other], "{fault} {other}");
            }
        }
        world.provider.heal();
    }
}

#[test]
fn a_token_can_be_signed_by_nobody_by_a_stranger_or_by_the_other_key() {
    let (world, _) = world();
    browse(&world, "ada", &[]);
    let make = || world.provider.logout_token("app", "ada", START).unwrap();
    let keys = KeySet::parse(&world.get(&format!("{ISSUER}/jwks")).body).unwrap();
    let published = part(&make(), 0)["kid"].clone();

    world.provider.inject(Fault::LogoutTokenAlgNone);
    let unsigned = make();
    assert!(unsigned.ends_with('.'));
    assert_eq!(part(&unsigned, 0), json!({ "alg": "none" }));
    world.provider.heal();

    world.provider.inject(Fault::LogoutTokenForged);
    let forged = make();
    assert_eq!(part(&forged, 0)["kid"], published);
    let refused = Jws::parse(&forged).unwrap().verify(&keys, Algorithm::Es256);
    assert!(refused.is_err());
    world.provider.heal();

    world.provider.inject(Fault::LogoutTokenOtherAlg);
    let other = make();
    assert_eq!(part(&other, 0)["alg"], "EdDSA");
    let verified = Jws::parse(&other).unwrap().verify(&keys, Algorithm::EdDsa);
    assert!(verified.is_ok());
}

#[test]
fn the_same_token_can_arrive_twice() {
    let (world, sent) = world();
    world.provider.inject(Fault::LogoutTokenTwice);
    log_in_and_out(&world);
    let sent = sent.lock().unwrap();
    assert_eq!(sent.len(), 2);
    assert_eq!(logout_token(&sent[0]), logout_token(&sent[1]));
}

#[test]
fn a_client_may_be_told_by_its_registered_algorithm() {
    let settings = customised(
        &[Feature::BackChannelLogOut],
        json!({ "backchannel_logout_uri": ADDRESS, "id_token_signed_response_alg": "EdDSA" }),
    );
    let world = World::with(settings);
    browse(&world, "ada", &[]);
    let token = world.provider.logout_token("app", "ada", START).unwrap();
    assert_eq!(part(&token, 0)["alg"], "EdDSA");
    world.provider.inject(Fault::LogoutTokenOtherAlg);
    let token = world.provider.logout_token("app", "ada", START).unwrap();
    assert_eq!(part(&token, 0)["alg"], "ES256");
}
