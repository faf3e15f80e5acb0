//! Security profiles: what they switch on, what they refuse in a registration, and what in a provider.

use codegrant_core::error::Purpose;
use codegrant_core::jose::Algorithm;
use codegrant_core::provider::{AuthenticationMethod, GITHUB, Provider};
use codegrant_core::{Client, DpopKey, Profile, RequestObject, ResponseMode};
use codegrant_testkit::World;
use codegrant_testkit::world::signing_key;
use serde_json::json;

use crate::certificate;

fn client(profile: Profile, algorithm: Algorithm) -> Client {
    let provider = Provider::openid("op", "OP", "https://op.example");
    Client::new(
        provider.with_algorithm(Algorithm::Ps256),
        "app",
        "https://app.example/auth/callback/op",
    )
    .with_authentication(AuthenticationMethod::PrivateKeyJwt)
    .with_signing_key(signing_key(algorithm, "client-1"))
    .with_profile(profile)
}

/// A provider that keeps FAPI 2.0.
fn world(profile: Profile) -> World {
    let mut world = World::new(client(profile, Algorithm::Ps256));
    for (member, value) in [
        (
            "pushed_authorization_request_endpoint",
            json!("https://op.example/par"),
        ),
        ("require_pushed_authorization_requests", json!(true)),
        (
            "authorization_response_iss_parameter_supported",
            json!(true),
        ),
        (
            "token_endpoint_auth_methods_supported",
            json!(["private_key_jwt"]),
        ),
        (
            "dpop_signing_alg_values_supported",
            json!(["ES256", "PS256"]),
        ),
    ] {
        world.metadata.set(member, value);
    }
    world.options.dpop_key = Some(DpopKey::generate().unwrap());
    world
}

#[test]
fn a_profile_switches_on_what_needs_no_choice() {
    let standard = client(Profile::Standard, Algorithm::Ps256);
    assert!(!standard.pushes_requests() && !standard.uses_dpop());
    assert_eq!(standard.request_object(), None);
    assert_eq!(standard.response_mode(), ResponseMode::Query);

    let fapi = client(Profile::Fapi2, Algorithm::Ps256);
    assert!(fapi.pushes_requests() && fapi.uses_dpop());
    assert_eq!(fapi.request_object(), None);
    assert_eq!(fapi.response_mode(), ResponseMode::Query);
    // Tokens that are bound to the certificate need no other key.
    assert!(!fapi.with_certificate_bound_access_tokens().uses_dpop());

    let signing = client(Profile::Fapi2MessageSigning, Algorithm::Ps256);
    assert!(signing.pushes_requests() && signing.uses_dpop());
    assert_eq!(signing.request_object(), Some(RequestObject::ByValue));
    assert_eq!(signing.response_mode(), ResponseMode::QueryJwt);
    let posted = signing.with_response_mode(ResponseMode::FormPostJwt);
    assert_eq!(posted.response_mode(), ResponseMode::FormPostJwt);
}

#[test]
fn a_login_keeps_the_security_profile() {
    let mut world = world(Profile::Fapi2);
    let pending = world.start();
    assert_eq!(pending.parameters().len(), 2);
    let pushed = &pending.requests[1];
    assert_eq!(
        pushed.parameter("code_challenge_method").as_deref(),
        Some("S256")
    );
    assert!(pushed.request.header("dpop").is_some());
    let outcome = world.finish(pending, |script| {
        script.callback.set("iss", "https://op.example");
        script.token.set("token_type", "DPoP");
    });
    assert_eq!(outcome.code(), None);
    assert!(
        outcome
            .sent(Purpose::Token)
            .request
            .header("dpop")
            .is_some()
    );
}

#[test]
fn a_login_keeps_message_signing() {
    let mut world = world(Profile::Fapi2MessageSigning);
    let pending = world.start();
    let pushed: Vec<String> = pending.requests[1]
        .form()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert!(pushed.contains(&"request".to_owned()));
    assert!(!pushed.contains(&"redirect_uri".to_owned()));
    let outcome = world.finish(pending, |script| script.token.set("token_type", "DPoP"));
    assert_eq!(outcome.code(), None);
}

#[test]
fn an_answer_without_its_issuer_or_with_a_bearer_token_breaks_the_profile() {
    let mut world = world(Profile::Fapi2);
    let missing = world.login(|script| script.token.set("token_type", "DPoP"));
    assert_eq!(missing.code(), Some("callback.issuer_missing"));
    let bearer = world.login(|script| script.callback.set("iss", "https://op.example"));
    assert_eq!(bearer.code(), Some("provider.token_type"));
}

fn mistakes(client: &Client) -> Vec<String> {
    let mistakes = client.validate().err().unwrap_or_default();
    for mistake in &mistakes {
        assert_eq!(mistake.code().name, "configuration.profile", "{mistake}");
    }
    mistakes.iter().map(ToString::to_string).collect()
}

// attack: FA-26
#[test]
fn everything_that_does_not_fit_is_listed_at_once_with_what_to_change() {
    for profile in [Profile::Fapi2, Profile::Fapi2MessageSigning] {
        for good in [
            Algorithm::Ps256,
            Algorithm::Es256,
            Algorithm::EdDsa,
            Algorithm::Ed25519,
        ] {
            assert_eq!(mistakes(&client(profile, good)), [""; 0]);
        }
        for bad in [Algorithm::Rs256, Algorithm::Ps512, Algorithm::Es384] {
            let told = mistakes(&client(profile, bad));
            assert_eq!(told.len(), 1);
            assert!(told[0].contains("signing_key: use PS256"), "{}", told[0]);
        }
    }
    let provider = Provider::openid("op", "OP", "https://op.example");
    let weak = Client::new(
        provider.with_algorithm(Algorithm::Rs256),
        "app",
        "https://app.example/cb",
    )
    .with_secret("s")
    .with_authentication(AuthenticationMethod::ClientSecretBasic)
    .with_response_algorithm(Algorithm::Rs256)
    .with_response_mode(ResponseMode::QueryJwt)
    .with_profile(Profile::Fapi2);
    let told = mistakes(&weak);
    for setting in [
        "authentication: use private_key_jwt",
        "algorithm: use PS256",
        "response_algorithm: use PS256",
    ] {
        assert!(told.iter().any(|line| line.contains(setting)), "{told:?}");
    }
    assert_eq!(told.len(), 3, "{told:?}");
    let userinfo =
        client(Profile::Fapi2, Algorithm::Ps256).with_userinfo_algorithm(Algorithm::Rs256);
    let told = mistakes(&userinfo);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("userinfo_algorithm: use PS256"),
        "{told:?}"
    );
    let plain = client(Profile::Fapi2MessageSigning, Algorithm::Ps256)
        .with_response_mode(ResponseMode::FormPost);
    assert!(mistakes(&plain)[0].contains("response_mode: leave it out"));
}

#[test]
fn endpoints_without_metadata_cannot_keep_a_profile() {
    let github = Client::new(GITHUB, "app", "https://app.example/cb")
        .with_authentication(AuthenticationMethod::PrivateKeyJwt)
        .with_signing_key(signing_key(Algorithm::Es256, "k"))
        .with_profile(Profile::Fapi2);
    let told = github.validate().unwrap_err();
    let names: Vec<&str> = told.iter().map(|mistake| mistake.code().name).collect();
    assert!(names.contains(&"configuration.profile"), "{names:?}");
}

// attack: FA-26
#[test]
fn a_provider_that_cannot_keep_the_profile_is_refused_at_its_metadata() {
    let absent = json!(null);
    for (member, value, code) in [
        (
            "pushed_authorization_request_endpoint",
            &absent,
            "provider.member_missing",
        ),
        (
            "authorization_response_iss_parameter_supported",
            &absent,
            "discovery.profile_not_supported",
        ),
        (
            "code_challenge_methods_supported",
            &absent,
            "discovery.profile_not_supported",
        ),
        (
            "code_challenge_methods_supported",
            &json!(["plain"]),
            "discovery.profile_not_supported",
        ),
        (
            "id_token_signing_alg_values_supported",
            &json!(["RS256"]),
            "discovery.algorithm_not_offered",
        ),
        (
            "token_endpoint_auth_methods_supported",
            &json!(["client_secret_basic"]),
            "discovery.authentication_not_offered",
        ),
        (
            "dpop_signing_alg_values_supported",
            &json!(["RS256"]),
            "discovery.not_offered",
        ),
    ] {
        let mut world = world(Profile::Fapi2);
        if value.is_null() {
            world.metadata.remove(member);
        } else {
            world.metadata.set(member, value.clone());
        }
        let refused = world.login(|_honest| {});
        assert_eq!(refused.code(), Some(code), "{member}");
        assert!(!refused.called(Purpose::PushedRequest), "{member}");
    }
    // A signed response names its issuer itself.
    let mut signing = world(Profile::Fapi2MessageSigning);
    signing
        .metadata
        .remove("authorization_response_iss_parameter_supported");
    assert_eq!(
        signing
            .login(|script| script.token.set("token_type", "DPoP"))
            .code(),
        None
    );
}

// attack: FA-13
#[test]
fn tokens_that_a_certificate_shall_bind_need_a_provider_that_says_that_it_binds_them() {
    let certificate = certificate();
    for (said, code) in [
        (json!(null), Some("discovery.profile_not_supported")),
        (json!(false), Some("discovery.profile_not_supported")),
        (json!(true), None),
    ] {
        let mut world = world(Profile::Fapi2);
        world.options.dpop_key = None;
        world.client = client(Profile::Fapi2, Algorithm::Ps256)
            .with_certificate(certificate.clone())
            .with_certificate_bound_access_tokens();
        let member = "tls_client_certificate_bound_access_tokens";
        world.metadata.set(member, said);
        let login = world.login(|script| script.callback.set("iss", "https://op.example"));
        assert_eq!(login.code(), code);
    }
}

#[test]
fn a_login_without_a_key_for_its_tokens_is_not_begun() {
    let mut world = world(Profile::Fapi2);
    world.options.dpop_key = None;
    let refused = world.login(|script| script.callback.set("iss", "https://op.example"));
    assert_eq!(refused.code(), Some("provider.proof_not_signed"));
    assert!(!refused.called(Purpose::PushedRequest));
}

#[test]
fn a_profile_expects_ps256_or_the_one_algorithm_that_it_permits() {
    let unsaid = |offered: &[&str]| {
        let provider = Provider::openid("op", "OP", "https://op.example");
        let client = Client::new(provider, "app", "https://app.example/cb")
            .with_authentication(AuthenticationMethod::PrivateKeyJwt)
            .with_signing_key(signing_key(Algorithm::Es256, "k"))
            .with_profile(Profile::Fapi2);
        let mut world = world(Profile::Fapi2);
        world.client = client;
        world
            .metadata
            .set("id_token_signing_alg_values_supported", offered);
        match world.login(|_honest| {}).code() {
            Some(code) if code.starts_with("discovery") => code,
            _ => world.start().metadata.id_token_algorithm.as_str(),
        }
    };
    assert_eq!(unsaid(&["RS256", "PS256", "ES256"]), "PS256");
    assert_eq!(unsaid(&["RS256", "ES256"]), "ES256");
    assert_eq!(unsaid(&["RS256", "ES384", "Ed25519"]), "Ed25519");
    assert_eq!(unsaid(&["RS256"]), "discovery.algorithm_not_offered");
    assert_eq!(
        unsaid(&["ES256", "EdDSA"]),
        "discovery.algorithm_not_offered"
    );
}
