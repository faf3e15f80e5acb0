//! OpenID Connect Discovery 1.0: what a provider may say about itself, and when nobody is sent to it.

use codegrant_core::error::Purpose;
use codegrant_core::http::HttpResponse;
use codegrant_core::jose::Algorithm;
use codegrant_core::provider::{GITHUB, Provider};
use codegrant_core::{Client, Login};
use codegrant_testkit::World;
use codegrant_testkit::world::{Answer, Outcome, drive};
use serde_json::{Value, json};

pub(crate) fn told(alter: impl FnOnce(&mut Answer)) -> Outcome<Login> {
    let mut world = World::openid();
    alter(&mut world.metadata);
    world.login(|_honest| {})
}

/// Asserts that nobody is sent to the provider: one discovery request, and no login starts.
#[track_caller]
pub(crate) fn set_up_refused(outcome: &Outcome<Login>, code: &str) {
    assert_eq!(outcome.code(), Some(code));
    assert_eq!(outcome.requests.len(), 1);
    assert!(outcome.called(Purpose::Metadata));
}

pub(crate) fn issuer(issuer: &str) -> World {
    let provider = Provider::openid("op", "OP", issuer.to_owned());
    World::new(Client::new(
        provider,
        "app",
        "https://app.example/auth/callback/op",
    ))
}

#[test]
fn another_issuer_in_the_metadata_is_refused_to_the_byte() {
    for other in [
        "https://op.example/",
        "https://OP.example",
        "http://op.example",
        "https://op.example.evil.example",
        "https://evil.example",
        "https://op.example:443",
        "",
    ] {
        set_up_refused(
            &told(|metadata| metadata.set("issuer", other)),
            "discovery.issuer_mismatch",
        );
    }
    let slash = told(|metadata| metadata.set("issuer", "https://op.example/"));
    assert!(
        slash
            .error()
            .to_string()
            .contains("only the trailing slash differs")
    );
    let other = told(|metadata| metadata.set("issuer", "https://op.example//"));
    assert!(!other.error().to_string().contains("slash differs"));
    for odd in [json!(5), json!(["https://op.example"]), json!({})] {
        set_up_refused(
            &told(|metadata| metadata.set("issuer", odd)),
            "provider.member_type",
        );
    }
    set_up_refused(
        &told(|metadata| metadata.remove("issuer")),
        "provider.member_missing",
    );
}

// attack: DS-03
#[test]
fn a_redirect_of_the_metadata_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let outcome = told(|metadata| {
            metadata.status = status;
            metadata.header(
                "location",
                "https://evil.example/.well-known/openid-configuration",
            );
        });
        set_up_refused(&outcome, "provider.redirect");
    }
    for status in [201, 204, 400, 404, 500] {
        set_up_refused(
            &told(|metadata| metadata.status = status),
            "provider.status",
        );
    }
    let page = told(|metadata| metadata.replace(HttpResponse::new(200).with_body("{}")));
    set_up_refused(&page, "provider.media_type");
}

pub(crate) const ENDPOINTS: [&str; 6] = [
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
    "revocation_endpoint",
    "end_session_endpoint",
];

// attack: DS-07
#[test]
fn an_issuer_is_a_plain_https_url() {
    for bad in [
        "https://op.example?x=1",
        "https://op.example?",
        "https://op.example/#f",
        "https://op.example#",
        "https://u:p@op.example",
        "https://u@op.example",
        "http://op.example",
        "op.example",
        "",
        "https://",
        "https://op.example/\u{e9}",
        "https://op.example/a b",
        "javascript:alert(1)",
    ] {
        let world = issuer(bad);
        let outcome = issuer(bad).login(|_honest| {});
        assert_eq!(
            outcome.code(),
            Some("configuration.provider_address"),
            "{bad:?}"
        );
        assert!(outcome.requests.is_empty(), "{bad:?} was asked");
        assert!(world.client.validate().is_err(), "{bad:?}");
    }
}

// attack: DS-08
#[test]
fn metadata_that_is_no_strict_object_is_refused() {
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    for body in [
        r#"{"issuer":"https://op.example","issuer":"https://evil.example"}"#,
        r#"{"issuer":"https://op.example","\u0069ssuer":"https://op.example"}"#,
        deep.as_str(),
        "[]",
        "null",
        "",
        "{\"issuer\":",
    ] {
        let outcome = told(|metadata| metadata.replace_body("application/json", body));
        set_up_refused(&outcome, "provider.json");
    }
    for member in ENDPOINTS {
        for odd in [
            Value::Null,
            json!(5),
            json!({}),
            json!(["https://op.example/x"]),
            json!(true),
        ] {
            set_up_refused(
                &told(|metadata| metadata.set(member, odd)),
                "provider.member_type",
            );
        }
    }
    for (member, odd) in [
        ("id_token_signing_alg_values_supported", json!("RS256")),
        ("id_token_signing_alg_values_supported", json!(["RS256", 5])),
        ("token_endpoint_auth_methods_supported", json!({})),
        ("token_endpoint_auth_methods_supported", json!([null])),
        (
            "authorization_response_iss_parameter_supported",
            json!("true"),
        ),
        ("authorization_response_iss_parameter_supported", json!(1)),
    ] {
        set_up_refused(
            &told(|metadata| metadata.set(member, odd)),
            "provider.member_type",
        );
    }
    for member in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
        set_up_refused(
            &told(|metadata| metadata.remove(member)),
            "provider.member_missing",
        );
    }
    for optional in [
        "userinfo_endpoint",
        "revocation_endpoint",
        "end_session_endpoint",
    ] {
        assert_eq!(
            told(|metadata| metadata.remove(optional)).code(),
            None,
            "{optional}"
        );
    }
}

// attack: DS-09
#[test]
fn one_well_known_address_is_asked_and_no_other() {
    for (configured, asked) in [
        (
            "https://op.example",
            "https://op.example/.well-known/openid-configuration",
        ),
        (
            "https://op.example/",
            "https://op.example/.well-known/openid-configuration",
        ),
        (
            "https://op.example/realm",
            "https://op.example/realm/.well-known/openid-configuration",
        ),
        (
            "https://op.example/realm/",
            "https://op.example/realm/.well-known/openid-configuration",
        ),
        (
            "https://op.example//",
            "https://op.example//.well-known/openid-configuration",
        ),
        (
            "https://op.example:8443/a%20b",
            "https://op.example:8443/a%20b/.well-known/openid-configuration",
        ),
    ] {
        let mut world = issuer(configured);
        let outcome = world.login(|_honest| {});
        assert_eq!(outcome.code(), None, "{configured}");
        assert_eq!(outcome.calls(Purpose::Metadata), 1);
        assert_eq!(outcome.sent(Purpose::Metadata).request.url, asked);
        world.metadata.status = 404;
        let refused = world.login(|_honest| {});
        set_up_refused(&refused, "provider.status");
    }
}

#[test]
fn the_registered_algorithm_has_to_be_offered() {
    let offered = |algorithm: Option<Algorithm>, names: &[&str]| {
        let mut provider = Provider::openid("op", "OP", "https://op.example");
        if let Some(algorithm) = algorithm {
            provider = provider.with_algorithm(algorithm);
        }
        let mut world = World::new(Client::new(provider, "app", "https://app.example/cb"));
        world
            .metadata
            .set("id_token_signing_alg_values_supported", names);
        let found = drive(world.client.discover().unwrap(), |_| {
            world.metadata.response()
        });
        found
            .map(|found| found.value.id_token_algorithm)
            .map_err(|error| error.code().name)
    };
    let refused = Err("discovery.algorithm_not_offered");
    assert_eq!(offered(None, &["RS256", "none"]), Ok(Algorithm::Rs256));
    assert_eq!(offered(None, &[]), Ok(Algorithm::Rs256));
    // One algorithm that we know leaves nothing to choose; two would let the provider choose.
    assert_eq!(offered(None, &["ES256"]), Ok(Algorithm::Es256));
    assert_eq!(
        offered(None, &["HS256", "none", "PS256"]),
        Ok(Algorithm::Ps256)
    );
    assert_eq!(offered(None, &["ES256", "PS256"]), refused);
    assert_eq!(offered(None, &["none", "HS256"]), refused);
    assert_eq!(
        offered(Some(Algorithm::Ps256), &["RS256", "PS256"]),
        Ok(Algorithm::Ps256)
    );
    assert_eq!(offered(Some(Algorithm::Ps256), &["RS256"]), refused);
    assert_eq!(offered(Some(Algorithm::Rs256), &["ES256"]), refused);
}

#[test]
fn a_provider_without_metadata_is_never_asked_for_it() {
    let client = Client::new(GITHUB, "app", "https://app.example/cb").with_secret("s");
    let found = drive(client.discover().unwrap(), |request| panic!("{request:?}")).unwrap();
    assert_eq!(found.value.issuer, "https://github.com/login/oauth");
    assert_eq!(found.value.jwks_uri, None);
}
