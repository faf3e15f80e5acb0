//! Signed authorization responses (JARM): what makes one believable, one defect at a time.

use codegrant_core::error::Purpose;
use codegrant_core::jose::{Algorithm, SigningKey};
use codegrant_core::{AuthorizationResponse, Login, ResponseMode};
use codegrant_testkit::World;
use codegrant_testkit::world::{Outcome, Script, signing_key, stranger_key};
use serde_json::{Map, Value, json};

use crate::{login, refused_at_the_callback};

fn world() -> World {
    let mut world = World::openid();
    world.client = world
        .client
        .clone()
        .with_response_mode(ResponseMode::QueryJwt);
    world
}

fn answered(alter: impl FnOnce(&mut Script)) -> Outcome<Login> {
    world().login(alter)
}

fn claim(name: &str, value: impl Into<Value>) -> Outcome<Login> {
    answered(|script| script.signed_response().set(name, value))
}

fn without(name: &str) -> Outcome<Login> {
    answered(|script| script.signed_response().remove(name))
}

#[test]
fn an_honest_signed_response_logs_in() {
    for (mode, said) in [
        (ResponseMode::QueryJwt, "query.jwt"),
        (ResponseMode::FormPostJwt, "form_post.jwt"),
    ] {
        let mut world = world();
        world.client = world.client.clone().with_response_mode(mode);
        let pending = world.start();
        assert_eq!(pending.parameter("response_mode"), said);
        let outcome = world.finish(pending, |_honest| {});
        assert_eq!(outcome.code(), None);
        assert_eq!(outcome.calls(Purpose::Token), 1);
    }
    assert_eq!(ResponseMode::QueryJwt.method(), "GET");
    assert_eq!(ResponseMode::FormPostJwt.method(), "POST");
}

// attack: FA-14 FA-15
#[test]
fn a_signed_response_names_the_issuer_that_was_asked() {
    for outcome in [
        without("iss"),
        claim("iss", "https://evil.example"),
        claim("iss", "https://op.example/"),
        claim("iss", json!(["https://op.example"])),
        claim("iss", Value::Null),
    ] {
        refused_at_the_callback(&outcome, "callback.response_claim");
    }
}

// attack: FA-16
#[test]
fn a_signed_response_is_for_this_client_alone() {
    assert_eq!(claim("aud", json!(["app"])).code(), None);
    for outcome in [
        without("aud"),
        claim("aud", "another"),
        claim("aud", json!([])),
        claim("aud", json!(["app", "another"])),
        claim("aud", json!(["app", 5])),
        claim("aud", 5),
        claim("aud", "App"),
    ] {
        refused_at_the_callback(&outcome, "callback.response_claim");
    }
}

// attack: FA-17 FA-20
#[test]
fn a_signed_response_expires_and_soon() {
    let now = World::openid().now.as_unix();
    for good in [now + 1, now + 600, now + 660, now - 59] {
        assert_eq!(claim("exp", good).code(), None, "{}", good - now);
    }
    assert_eq!(claim("exp", json!(1_800_000_100.5)).code(), None);
    for outcome in [
        without("exp"),
        claim("exp", now - 60),
        claim("exp", now - 3600),
        claim("exp", 0),
        claim("exp", now + 661),
        claim("exp", now + 365 * 86_400),
        claim("exp", i64::MAX),
        claim("exp", (now + 60).to_string()),
        claim("exp", Value::Null),
        claim("nbf", now + 61),
        claim("iat", now + 3600),
        claim("iat", "now"),
    ] {
        refused_at_the_callback(&outcome, "callback.response_lifetime");
    }
}

// attack: FA-18
#[test]
fn only_the_providers_own_signature_with_the_registered_algorithm_stands() {
    let altered = answered(|script| {
        let claims = script.signed_response().0.clone();
        let mut signed = script.response_key.sign(None, &claims).unwrap();
        let last = signed.pop().unwrap();
        signed.push(if last == 'A' { 'Q' } else { 'A' });
        script.callback.set("response", &signed);
    });
    let unsigned = answered(|script| {
        let claims = script.signed_response().to_string();
        let token = script
            .response_key
            .sign_raw(br#"{"alg":"none"}"#, claims.as_bytes())
            .unwrap();
        let stripped = &token[..=token.rfind('.').unwrap()];
        script.callback.set("response", stripped);
    });
    let with_key = |key: SigningKeyOf| {
        answered(|script| {
            let key = key();
            let claims = script.signed_response().0.clone();
            script
                .callback
                .set("response", &key.sign(None, &claims).unwrap());
        })
    };
    let by_the_clients_secret = answered(|script| {
        let secret = "a client secret of thirty-two bytes or more";
        let key = SigningKey::from_secret(secret, Algorithm::Hs256).unwrap();
        let claims = script.signed_response().0.clone();
        script
            .callback
            .set("response", &key.sign(None, &claims).unwrap());
    });
    for outcome in [
        altered,
        unsigned,
        with_key(|| stranger_key(Algorithm::Rs256, "k1")),
        // The same published key, with another algorithm.
        with_key(|| signing_key(Algorithm::Ps256, "k1")),
        with_key(|| signing_key(Algorithm::Rs256, "k9")),
        by_the_clients_secret,
        answered(|script| script.callback.set("response", "a.b.c.d.e")),
    ] {
        let code = outcome.code();
        assert!(
            matches!(
                code,
                Some("callback.response_signature" | "callback.state_missing")
            ),
            "{code:?}"
        );
        assert!(!outcome.called(Purpose::Token));
    }
}

type SigningKeyOf = fn() -> std::sync::Arc<SigningKey>;

// attack: FA-26
#[test]
fn the_algorithm_is_the_registered_one_and_never_the_headers() {
    let mut world = world();
    world.client = world
        .client
        .clone()
        .with_response_algorithm(Algorithm::Ps256);
    refused_at_the_callback(
        &world.login(|_signed_with_rs256| {}),
        "callback.response_signature",
    );
    let signed = world.login(|script| {
        script.response_key = signing_key(Algorithm::Ps256, "k1");
        // The key of a World names one algorithm; a provider's need not.
        script.keys.body["keys"][0]["alg"] = Value::Null;
        let keys = script.keys.body["keys"][0].as_object_mut().unwrap();
        keys.remove("alg");
    });
    assert_eq!(signed.code(), None);

    let member = "authorization_signing_alg_values_supported";
    world.metadata.set(member, ["RS256"]);
    let refused = world.login(|_honest| {});
    assert_eq!(refused.code(), Some("discovery.not_offered"));
}

#[test]
fn a_provider_that_signs_responses_in_one_way_leaves_nothing_to_choose() {
    let mut world = world();
    let member = "authorization_signing_alg_values_supported";
    world.metadata.set(member, ["ES256", "none", "HS256"]);
    let outcome = world.login(|script| {
        script.response_key = signing_key(Algorithm::Es256, "r1");
        let key = script.response_key.public_jwk();
        let keys = script.keys.body["keys"].as_array_mut().unwrap();
        keys.push(key);
    });
    assert_eq!(outcome.code(), None);
}

// attack: FA-19
#[test]
fn a_foreign_state_inside_a_valid_token_is_no_answer() {
    refused_at_the_callback(&claim("state", "another"), "callback.state_mismatch");
    refused_at_the_callback(&without("state"), "callback.state_missing");
    refused_at_the_callback(&claim("state", 5), "callback.response_claim");
}

// attack: FA-21
#[test]
fn plain_parameters_beside_a_signed_response_are_refused() {
    for name in [
        "code",
        "state",
        "iss",
        "error",
        "error_description",
        "error_uri",
        "access_token",
        "id_token",
        "session_state",
    ] {
        let outcome = answered(|script| script.callback.append(name, "x"));
        refused_at_the_callback(&outcome, "callback.response_mixed");
    }
    // What means nothing does no harm (RFC 6749 section 4.1.2).
    let unknown = answered(|script| script.callback.append("utm_source", "x"));
    assert_eq!(unknown.code(), None);
    let twice = answered(|script| {
        script.callback.append("response", "a.b.c");
        script.callback.append("response", "a.b.c");
    });
    refused_at_the_callback(&twice, "callback.duplicate_parameter");
}

#[test]
fn a_plain_response_is_refused_where_a_signed_one_was_asked_for_and_the_reverse() {
    let mut world = world();
    let pending = world.start();
    let (state, metadata) = (pending.asked("state"), pending.metadata.clone());
    let plain = AuthorizationResponse::parse(&format!("code=c&state={state}")).unwrap();
    let keys = codegrant_core::jose::KeySet::empty();
    let refused = world
        .client
        .open_response(&metadata, plain.clone(), &keys, world.now)
        .unwrap_err();
    assert_eq!(refused.code().name, "callback.response_unsigned");
    // Whoever forgets to open a response is told so, and nothing is sent.
    let step = world
        .client
        .redeem(&metadata, pending.transaction, plain, world.moment());
    let error = step.map(|_| ()).unwrap_err();
    assert_eq!(error.code().name, "callback.response_unsigned");

    let signed = login(|script| {
        let token = script.signed_text("{}", "{}");
        script.callback.append("response", &token);
    });
    refused_at_the_callback(&signed, "callback.unexpected_response_mode");
}

#[test]
fn an_error_inside_a_signed_response_is_told_as_ever() {
    let denied = answered(|script| {
        script.signed_response().remove("code");
        script.signed_response().set("error", "access_denied");
    });
    refused_at_the_callback(&denied, "callback.denied");
    let both = answered(|script| script.signed_response().set("error", "x"));
    refused_at_the_callback(&both, "callback.code_and_error");
    refused_at_the_callback(&without("code"), "callback.code_missing");
}

#[test]
fn a_damaged_signed_response_names_no_transaction() {
    for response in ["", ".", "a.b.c", "a.e30.c", "a.eyJzdGF0ZSI6NX0.c", "a"] {
        let response = AuthorizationResponse::parse(&format!("response={response}")).unwrap();
        assert_eq!(response.state(), None);
        assert!(!response.is_error());
    }
    let long = format!("response={}", "a".repeat(40_000));
    assert!(AuthorizationResponse::parse(&long).is_err());
}

#[test]
fn newer_keys_are_wanted_when_these_cannot_have_signed() {
    let mut world = world();
    let pending = world.start();
    let claims: Map<String, Value> = Map::new();
    let token = signing_key(Algorithm::Rs256, "k1")
        .sign(None, &claims)
        .unwrap();
    let response = AuthorizationResponse::parse(&format!("response={token}")).unwrap();
    let set = |key: &SigningKey| {
        let keys = json!({ "keys": [key.public_jwk()] }).to_string();
        codegrant_core::jose::KeySet::parse(keys.as_bytes()).unwrap()
    };
    let metadata = &pending.metadata;
    let own = set(&signing_key(Algorithm::Rs256, "k1"));
    let other = set(&stranger_key(Algorithm::Rs256, "k2"));
    let client = &world.client;
    assert!(!client.lacks_response_key(metadata, &response, &own));
    assert!(client.lacks_response_key(metadata, &response, &other));
    let damaged = AuthorizationResponse::parse("response=a.b.c").unwrap();
    assert!(!client.lacks_response_key(metadata, &damaged, &other));
}
