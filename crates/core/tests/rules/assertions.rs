//! Clients that prove themselves by a signature (RFC 7523, OpenID Connect Core 1.0 section 9), or by a secret
//! that is one.

use codegrant_core::error::Purpose;
use codegrant_core::jose::{Algorithm, Jws, KeySet};
use codegrant_core::provider::{APPLE, AuthenticationMethod, Provider};
use codegrant_core::{Client, DpopKey};
use codegrant_testkit::World;
use codegrant_testkit::world::{Sent, claims, signing_key};
use serde_json::{Value, json};

use crate::distinct;

const SECRET: &str = "a client secret of thirty-two bytes or more";

fn world(method: AuthenticationMethod) -> World {
    let provider = Provider::openid("op", "OP", "https://op.example");
    let client = Client::new(provider, "app", "https://app.example/cb").with_authentication(method);
    let client = match method {
        AuthenticationMethod::ClientSecretJwt => client.with_secret(SECRET),
        _ => client.with_signing_key(signing_key(Algorithm::Es256, "client-1")),
    };
    let mut world = World::new(client);
    world
        .metadata
        .remove("token_endpoint_auth_methods_supported");
    world
}

fn assertion(sent: &Sent) -> String {
    let form = distinct(sent.form());
    assert_eq!(sent.request.header("authorization"), None);
    assert_eq!(form["client_id"], "app");
    assert_eq!(
        form["client_assertion_type"],
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    );
    assert!(!form.contains_key("client_secret"));
    form["client_assertion"].clone()
}

fn header(token: &str) -> Value {
    let jws = Jws::parse(token).unwrap();
    json!([
        jws.header().algorithm().as_str(),
        jws.header().key_id(),
        jws.header().token_type()
    ])
}

// attack: FA-05
#[test]
fn a_signed_assertion_is_for_the_issuer_as_one_string_and_for_a_minute() {
    let mut world = world(AuthenticationMethod::PrivateKeyJwt);
    let outcome = world.login(|_honest| {});
    assert_eq!(outcome.code(), None);
    let assertion = assertion(outcome.sent(Purpose::Token));
    assert_eq!(header(&assertion), json!(["ES256", "client-1", "JWT"]));
    let keys = json!({"keys": [signing_key(Algorithm::Es256, "client-1").public_jwk()]});
    let keys = KeySet::parse(keys.to_string().as_bytes()).unwrap();
    let verified = Jws::parse(&assertion)
        .unwrap()
        .verify(&keys, Algorithm::Es256);
    let mut claims = verified.unwrap().claims().unwrap();
    assert_eq!(claims.remove("jti").unwrap().as_str().unwrap().len(), 22);
    let now = world.now.as_unix();
    assert_eq!(
        Value::Object(claims),
        json!({
            "iss": "app", "sub": "app", "aud": "https://op.example",
            "iat": now, "exp": now + 60,
        })
    );
}

#[test]
fn an_assertion_by_the_secret_is_an_hmac_of_it() {
    let mut world = world(AuthenticationMethod::ClientSecretJwt);
    let outcome = world.login(|_honest| {});
    let assertion = assertion(outcome.sent(Purpose::Token));
    assert_eq!(header(&assertion), json!(["HS256", null, "JWT"]));
    let jws = || Jws::parse(&assertion).unwrap();
    let verified = jws().verify_with_secret(SECRET.as_bytes(), Algorithm::Hs256);
    let claims = verified.unwrap().claims().unwrap();
    assert_eq!(claims["aud"], "https://op.example");
    let other = b"another secret of thirty-two bytes or more";
    assert!(jws().verify_with_secret(other, Algorithm::Hs256).is_err());
    for sent in &outcome.requests {
        let sent = format!("{} {:?}", sent.request.url, sent.form());
        assert!(!sent.contains(SECRET));
    }
}

#[test]
fn a_request_that_is_attempted_again_carries_a_new_assertion() {
    let mut world = world(AuthenticationMethod::PrivateKeyJwt);
    world.client = world.client.clone().with_dpop();
    world.options.dpop_key = Some(DpopKey::generate().unwrap());
    let outcome = world.login(|script| {
        script.token.status = 400;
        script.token.header("dpop-nonce", "n-1");
        script.token.set("error", "use_dpop_nonce");
    });
    let sent = outcome.requests.iter();
    let sent = sent.filter(|sent| sent.purpose == Purpose::Token);
    let names: Vec<Value> = sent
        .map(|sent| claims(&assertion(sent)).unwrap()["jti"].clone())
        .collect();
    assert_eq!(names.len(), 2, "one more attempt and no third");
    assert_ne!(names[0], names[1]);
}

#[test]
fn a_pushed_request_is_authenticated_for_the_issuer_too() {
    let mut world = world(AuthenticationMethod::PrivateKeyJwt);
    world.client = world.client.clone().with_pushed_requests();
    let member = "pushed_authorization_request_endpoint";
    world.metadata.set(member, "https://op.example/par");
    let pushed = assertion(world.login(|_honest| {}).sent(Purpose::PushedRequest));
    assert_eq!(claims(&pushed).unwrap()["aud"], "https://op.example");
}

#[test]
fn apples_secret_is_signed_by_the_teams_key_for_each_request() {
    let client = Client::new(APPLE, "com.example.app", "https://app.example/cb")
        .with_signing_key(signing_key(Algorithm::Es256, "ABC123"))
        .with_team_id("TEAM123456");
    assert!(client.validate().is_ok());
    let mut world = World::new(client);
    world.metadata.set(
        "token_endpoint_auth_methods_supported",
        ["client_secret_post"],
    );
    let pending = world.start();
    assert_eq!(pending.parameter("response_mode"), "form_post");
    assert_eq!(pending.parameter("scope"), "openid email");
    let outcome = world.finish(pending, |_honest| {});
    let form = distinct(outcome.sent(Purpose::Token).form());
    assert_eq!(form["client_id"], "com.example.app");
    let secret = &form["client_secret"];
    assert_eq!(header(secret), json!(["ES256", "ABC123", null]));
    let now = world.now.as_unix();
    assert_eq!(
        Value::Object(claims(secret).unwrap()),
        json!({
            "iss": "TEAM123456", "sub": "com.example.app", "aud": "https://appleid.apple.com",
            "iat": now, "exp": now + 60,
        })
    );
}

#[test]
fn a_provider_that_does_not_take_our_algorithm_is_refused_before_anything_is_sent() {
    let member = "token_endpoint_auth_signing_alg_values_supported";
    for (method, ours) in [
        (AuthenticationMethod::PrivateKeyJwt, "ES256"),
        (AuthenticationMethod::ClientSecretJwt, "HS256"),
    ] {
        let mut world = world(method);
        world.metadata.set(member, [ours]);
        assert_eq!(world.login(|_honest| {}).code(), None);
        world.metadata.set(member, ["PS384"]);
        let refused = world.login(|_honest| {});
        assert_eq!(refused.code(), Some("discovery.not_offered"));
        assert!(!refused.called(Purpose::Token));
    }
}

fn mistakes(client: Client) -> Vec<&'static str> {
    let mistakes = client.validate().err().unwrap_or_default();
    mistakes.iter().map(|mistake| mistake.code().name).collect()
}

// attack: FA-25
#[test]
fn a_method_goes_with_the_key_or_the_secret_that_it_needs() {
    let bare = || {
        let provider = Provider::openid("op", "OP", "https://op.example");
        Client::new(provider, "app", "https://app.example/cb")
    };
    let key = || signing_key(Algorithm::Es256, "k");
    let by = AuthenticationMethod::PrivateKeyJwt;
    assert_eq!(
        mistakes(bare().with_authentication(by)),
        ["configuration.signing_key"]
    );
    assert_eq!(
        mistakes(bare().with_authentication(by).with_signing_key(key())),
        [""; 0]
    );
    // A key that nothing uses was meant for something.
    assert_eq!(
        mistakes(bare().with_signing_key(key())),
        ["configuration.signing_key"]
    );
    let both = bare().with_authentication(by).with_signing_key(key());
    assert_eq!(
        mistakes(both.with_secret("s")),
        ["configuration.client_secret"]
    );
    let by = AuthenticationMethod::ClientSecretJwt;
    let short = bare().with_authentication(by).with_secret("8 bytes!");
    let told = short.validate().unwrap_err()[0].to_string();
    assert!(told.contains("8 bytes, at least 32"), "{told}");
    assert!(!told.contains("8 bytes!"), "{told}");
    assert_eq!(mistakes(short), ["configuration.client_secret_short"]);
    assert_eq!(
        mistakes(bare().with_authentication(by)),
        ["configuration.client_secret"]
    );
    let by = AuthenticationMethod::TlsClientAuth;
    assert_eq!(
        mistakes(bare().with_authentication(by)),
        ["configuration.setting"]
    );
}

#[test]
fn apples_entry_needs_its_team_its_key_and_no_secret() {
    let bare = || Client::new(APPLE, "com.example.app", "https://app.example/cb");
    let key = |algorithm| signing_key(algorithm, "k");
    assert_eq!(
        mistakes(bare()),
        ["configuration.signing_key", "configuration.setting"]
    );
    let with_key = || bare().with_signing_key(key(Algorithm::Es256));
    assert_eq!(mistakes(with_key()), ["configuration.setting"]);
    assert_eq!(mistakes(with_key().with_team_id("T")), [""; 0]);
    assert_eq!(
        mistakes(with_key().with_team_id("T").with_secret("s")),
        ["configuration.client_secret"]
    );
    let other = bare().with_signing_key(key(Algorithm::EdDsa));
    assert_eq!(mistakes(other.with_team_id("T")), ["configuration.setting"]);
}
