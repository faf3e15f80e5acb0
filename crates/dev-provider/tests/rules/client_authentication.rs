//! Client authentication beyond a secret in the header or in the body.

use aws_lc_rs::digest::{SHA256, digest};
use codegrant_core::http::HttpResponse;
use codegrant_core::jose::{Algorithm, SigningKey, base64url};
use codegrant_dev_provider::{ClientRegistration, DevProvider, Outbox};
use serde_json::{Value, json};

use crate::signer::{ASSERTION_TYPE, Signer, changed, rules};
use crate::support::{ISSUER, START, World, form, json_of, settings};

/// What a client is told that was authenticated and asked for nothing that exists.
const AUTHENTICATED: &str = "unsupported_grant_type";

fn by_assertion(world: &World, assertion: &str) -> String {
    let answer = world.token(&[
        ("grant_type", "nothing"),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion),
    ]);
    answer.1["error"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn an_assertion_of_the_registered_key_authenticates_and_breaks_no_rule() {
    let signer = Signer::new();
    let world = signer.world(json!({}), &[]);
    let assertion = signer.assertion(START, json!({}));
    assert_eq!(by_assertion(&world, &assertion), AUTHENTICATED);
    assert_eq!(rules(&world), [""; 0]);
}

#[test]
fn an_assertion_is_good_for_one_request_for_this_issuer_and_for_a_while() {
    let signer = Signer::new();
    let now = START.as_unix();
    for changes in [
        json!({ "iss": "app" }),
        json!({ "iss": null }),
        json!({ "sub": "app" }),
        json!({ "sub": null }),
        json!({ "aud": [ISSUER] }),
        json!({ "aud": format!("{ISSUER}/token") }),
        json!({ "aud": format!("{ISSUER}/") }),
        json!({ "aud": null }),
        json!({ "exp": null }),
        json!({ "exp": now - 61 }),
        json!({ "exp": now + 86_401 }),
        json!({ "exp": "soon" }),
        json!({ "iat": now + 61 }),
        json!({ "nbf": now + 61 }),
        json!({ "jti": null }),
    ] {
        let world = signer.world(json!({}), &[]);
        let assertion = signer.assertion(START, changes.clone());
        assert_eq!(
            by_assertion(&world, &assertion),
            "invalid_client",
            "{changes}"
        );
    }
    let world = signer.world(json!({}), &[]);
    let assertion = signer.assertion(START, json!({}));
    assert_eq!(by_assertion(&world, &assertion), AUTHENTICATED);
    assert_eq!(by_assertion(&world, &assertion), "invalid_client");
    let told = world.provider.violations();
    assert_eq!(
        told,
        ["assertion: client signer: jti was used before (at /token)"]
    );
}

#[test]
fn an_assertion_without_iat_is_taken_and_noted() {
    let signer = Signer::new();
    let world = signer.world(json!({}), &[]);
    let assertion = signer.assertion(START, json!({ "iat": null }));
    assert_eq!(by_assertion(&world, &assertion), AUTHENTICATED);
    assert_eq!(rules(&world), ["assertion-issued"]);
}

#[test]
fn an_assertion_by_another_key_or_algorithm_is_refused() {
    let signer = Signer::new();
    let stranger = Signer::new();
    let world = signer.world(json!({}), &[]);
    let assertion = stranger.assertion(START, json!({}));
    assert_eq!(by_assertion(&world, &assertion), "invalid_client");
    let world = signer.world(json!({ "token_endpoint_auth_signing_alg": "PS256" }), &[]);
    let assertion = signer.assertion(START, json!({}));
    assert_eq!(by_assertion(&world, &assertion), "invalid_client");
    assert_eq!(rules(&world), ["assertion"]);
}

#[test]
fn a_client_is_held_to_the_method_that_it_registered() {
    let signer = Signer::new();
    let assertion = signer.assertion(START, json!({ "iss": "app", "sub": "app" }));
    let world = signer.world(json!({}), &[]);
    assert_eq!(by_assertion(&world, &assertion), "invalid_client");

    let post = json!({ "token_endpoint_auth_method": "client_secret_basic" });
    let client = ClientRegistration::any_on_loopback("basic", Some("a secret")).with_metadata(post);
    let world = World::with(settings().with_client(client));
    let fields = [
        ("grant_type", "nothing"),
        ("client_id", "basic"),
        ("client_secret", "a secret"),
    ];
    assert_eq!(world.token(&fields).1["error"], "invalid_client");
    assert_eq!(rules(&world), ["authentication-method"]);
    let mut request = form("/token", &fields[..1]);
    request.set_header("authorization", "Basic YmFzaWM6YStzZWNyZXQ=");
    assert_eq!(json_of(&world.send(request)).1["error"], AUTHENTICATED);
}

#[test]
fn basic_parts_that_were_not_form_encoded_are_noted() {
    let world = World::new();
    let mut request = form("/token", &[("grant_type", "nothing")]);
    // "app:a secret: 100%" as it is, and then as it has to be.
    request.set_header("authorization", "Basic YXBwOmEgc2VjcmV0OiAxMDAl");
    world.send(request);
    assert_eq!(rules(&world), ["basic-not-form-encoded"]);
    let mut request = form("/token", &[("grant_type", "nothing")]);
    request.set_header("authorization", "Basic YXBwOmErc2VjcmV0JTNBKzEwMCUyNQ==");
    assert_eq!(json_of(&world.send(request)).1["error"], AUTHENTICATED);
    assert_eq!(rules(&world).len(), 1);
}

#[test]
fn a_secret_signs_assertions_where_that_is_registered() {
    let secret = "0123456789abcdef0123456789abcdef";
    let method = json!({ "token_endpoint_auth_method": "client_secret_jwt" });
    let client = ClientRegistration::any_on_loopback("signer", Some(secret)).with_metadata(method);
    let world = World::with(settings().with_client(client));
    let claims = json!({ "iss": "signer", "sub": "signer", "aud": ISSUER, "jti": "1",
        "iat": START.as_unix(), "exp": START.plus(60).as_unix() });
    let sign = |secret: &str, jti: &str| {
        let key = SigningKey::from_secret(secret, Algorithm::Hs256).unwrap();
        key.sign(None, &changed(claims.clone(), json!({ "jti": jti })))
            .unwrap()
    };
    assert_eq!(by_assertion(&world, &sign(secret, "1")), AUTHENTICATED);
    let other = "another-secret-of-the-same-length";
    assert_eq!(by_assertion(&world, &sign(other, "2")), "invalid_client");
    // Its public key is no secret, and its secret no key.
    let signer = Signer::new();
    assert_eq!(
        by_assertion(&world, &signer.assertion(START, json!({}))),
        "invalid_client"
    );
}

#[test]
fn keys_of_a_client_are_fetched_from_its_address_each_time() {
    let signer = Signer::new();
    let keys = json!({ "keys": [signer.key.public_jwk()] });
    let outbox = Outbox::new(move |request| {
        (request.url == "http://localhost:3000/keys").then(|| HttpResponse::json(&keys))
    });
    let uri = |uri: &str| json!({ "jwks": null, "jwks_uri": uri });
    let settings = signer.settings(uri("http://localhost:3000/keys"), &[]);
    let world = World::with(settings.with_outbox(outbox.clone()));
    for _ in 0..2 {
        let assertion = signer.assertion(START, json!({}));
        assert_eq!(by_assertion(&world, &assertion), AUTHENTICATED);
    }
    assert_eq!(world.provider.deliveries().len(), 2);
    // Nobody is asked who is not on this machine.
    let settings = signer.settings(uri("https://app.example/keys"), &[]);
    let world = World::with(settings.with_outbox(outbox));
    let assertion = signer.assertion(START, json!({}));
    assert_eq!(by_assertion(&world, &assertion), "invalid_client");
    assert!(world.provider.deliveries().is_empty());
}

/// A self-signed certificate on P-256 for `CN=app,O=Codegrant`, from `openssl req -x509`.
const CERTIFICATE: &str = include_str!("certificate.b64");

fn certificate() -> Vec<u8> {
    let url_safe = CERTIFICATE.trim().trim_end_matches('=');
    base64url::decode(&url_safe.replace('+', "-").replace('/', "_")).unwrap()
}

fn with_certificate(provider: &DevProvider, der: Option<&[u8]>) -> Value {
    let fields = [("grant_type", "nothing"), ("client_id", "certified")];
    let mut request = form("/token", &fields);
    // A header proves nothing: anybody can write one.
    request.set_header("x-client-certificate", CERTIFICATE.trim());
    json_of(&provider.handle_with_certificate(&request, der, START)).1
}

fn certified(metadata: Value) -> DevProvider {
    let client = ClientRegistration::any_on_loopback("certified", None).with_metadata(metadata);
    DevProvider::new(settings().with_client(client)).unwrap()
}

#[test]
fn a_certificate_authenticates_who_registered_it_and_a_header_does_not() {
    let der = certificate();
    let thumbprint = base64url::encode(digest(&SHA256, &der).as_ref());
    let own = json!({ "x5c": [CERTIFICATE.trim()] });
    for (key, expected) in [
        (own, AUTHENTICATED),
        (json!({ "x5t#S256": thumbprint }), AUTHENTICATED),
        (json!({ "x5t#S256": "another" }), "invalid_client"),
        (json!({}), "invalid_client"),
    ] {
        let provider = certified(json!({
            "token_endpoint_auth_method": "self_signed_tls_client_auth",
            "jwks": { "keys": [key] },
        }));
        assert_eq!(
            with_certificate(&provider, Some(&der))["error"],
            expected,
            "{key}"
        );
        assert_eq!(with_certificate(&provider, None)["error"], "invalid_client");
        assert_eq!(
            with_certificate(&provider, Some(&der[1..]))["error"],
            "invalid_client"
        );
    }
}

#[test]
fn a_certificate_of_the_registered_subject_authenticates() {
    let der = certificate();
    for (subject, expected) in [
        ("CN=app,O=Codegrant\\, Ltd", AUTHENTICATED),
        ("CN=app", "invalid_client"),
        ("", "invalid_client"),
    ] {
        let provider = certified(json!({
            "token_endpoint_auth_method": "tls_client_auth",
            "tls_client_auth_subject_dn": subject,
        }));
        assert_eq!(with_certificate(&provider, Some(&der))["error"], expected);
        // Cut short anywhere, it is nobody's.
        for end in 0..der.len() {
            let refused = with_certificate(&provider, Some(&der[..end]));
            if expected != AUTHENTICATED {
                assert_eq!(refused["error"], "invalid_client", "{end}");
            }
        }
    }
}
