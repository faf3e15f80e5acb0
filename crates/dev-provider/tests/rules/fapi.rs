//! The client of the core under FAPI 2.0 with message signing, against all of it at once: it breaks no rule,
//! and meets every fault with the error that names it.

use std::sync::Arc;

use codegrant_core::error::Error;
use codegrant_core::http::{HttpRequest, Method};
use codegrant_core::jose::base64url;
use codegrant_core::provider::{AuthenticationMethod, Provider};
use codegrant_core::{Client, Login, Profile};
use codegrant_dev_provider::{Fault, Feature};
use serde_json::json;

use crate::signer::{Signer, rules};
use crate::support::{CALLBACK, ISSUER, START, World};

const FEATURES: &[Feature] = &[
    Feature::PushedRequests,
    Feature::RequirePushedRequests,
    Feature::RequestObjects,
    Feature::ResponseObjects,
    Feature::Dpop,
    Feature::DpopNonces,
    Feature::Introspection,
];

fn world() -> World {
    let signer = Signer::new();
    let metadata = json!({
        "request_object_signing_alg": "ES256",
        "require_signed_request_object": true,
        "dpop_bound_access_tokens": true,
    });
    let mut world = signer.world(metadata, FEATURES);
    let entry = Provider::openid("dev", "Dev", ISSUER)
        .with_algorithm(codegrant_core::jose::Algorithm::Es256);
    world.client = Client::new(entry, "signer", CALLBACK)
        .with_signing_key(Arc::new(signer.key))
        .with_authentication(AuthenticationMethod::PrivateKeyJwt)
        .with_profile(Profile::Fapi2MessageSigning);
    world
}

/// Logs in, calls the API, refreshes, introspects and revokes; returns the login, or the first error.
fn everything(world: &World) -> Result<Login, Error> {
    let login = world.login_as("ada")?;
    let metadata = world.metadata()?;
    let token = &login.tokens.access_token;
    let key = login.dpop_key.as_ref();
    let request = HttpRequest::new(Method::Get, format!("{ISSUER}/api/me?page=1"));
    let call = world.client.call_api(token, key, request, world.moment())?;
    assert_eq!(world.drive(call)?.status, 200);
    let tokens = world.refresh(&login)?;
    let step = world
        .client
        .introspect(&metadata, &tokens.access_token, world.moment())?;
    assert!(world.drive(step)?.is_active());
    let token = tokens.refresh_token.unwrap();
    let step = world.client.revoke(&metadata, &token, world.moment())?;
    world.drive(step)?;
    Ok(login)
}

#[test]
fn a_login_with_everything_on_breaks_no_rule() {
    let world = world();
    let login = everything(&world).unwrap();
    assert_eq!(login.identity.subject, "ada");
    assert_eq!(rules(&world), [""; 0], "{:?}", world.provider.violations());
    world.wait(100);
    assert!(everything(&world).is_ok());
    assert_eq!(rules(&world), [""; 0], "{:?}", world.provider.violations());
    let front = world.provider.requests();
    let front = front.iter().filter(|request| request.path == "/authorize");
    assert_eq!(
        front
            .map(|request| request.query.matches('&').count())
            .max(),
        Some(1)
    );
    assert_eq!(world.now.get(), START.plus(100));
}

/// What the core answers to each fault; `ok` where it is right to go on.
const EXPECTED: &[(Fault, &str)] = &[
    (Fault::JarmWithoutIss, "callback.response_claim"),
    (Fault::JarmWrongIss, "callback.response_claim"),
    (Fault::JarmWithoutAud, "callback.response_claim"),
    (Fault::JarmWrongAud, "callback.response_claim"),
    (Fault::JarmWithoutExp, "callback.response_lifetime"),
    (Fault::JarmExpired, "callback.response_lifetime"),
    (Fault::JarmLongLived, "callback.response_lifetime"),
    (Fault::JarmWrongSignature, "callback.response_signature"),
    (Fault::JarmAlgNone, "callback.response_signature"),
    (Fault::JarmOtherAlgorithm, "callback.response_signature"),
    (Fault::JarmWithPlainParameters, "callback.response_mixed"),
    (Fault::JarmPlainInstead, "callback.response_unsigned"),
    (Fault::CallbackWrongState, "callback.state_mismatch"),
    (Fault::CallbackNoState, "callback.state_missing"),
    (Fault::ParStatus200, "ok"),
    (Fault::ParNoRequestUri, "provider.member_missing"),
    (Fault::ParRequestUriNumber, "provider.member_type"),
    (Fault::ParHostileRequestUri, "provider.member_type"),
    (Fault::ParHugeRequestUri, "provider.member_type"),
    (Fault::ParNoExpiresIn, "provider.member_type"),
    (Fault::ParZeroExpiresIn, "provider.member_type"),
    (Fault::ParInvalidRequest, "provider.request_refused"),
    (Fault::ParServerError, "provider.status"),
    (Fault::ParHtml, "provider.media_type"),
    (Fault::ParRedirect, "provider.redirect"),
    (Fault::DpopNonceForever, "provider.nonce_refused"),
    (Fault::DpopNonceMissing, "provider.nonce_missing"),
    (Fault::DpopNonceTwice, "provider.nonce_missing"),
    (Fault::DpopNonceHuge, "provider.nonce_missing"),
    (Fault::DpopNonceOddCharacters, "provider.nonce_missing"),
    (Fault::DpopSchemeOtherCase, "ok"),
    (Fault::TokenTypeOtherCase, "ok"),
    (Fault::TokenTypeBearer, "provider.token_type"),
    (Fault::TokenNoExpiresIn, "ok"),
    (Fault::PublishedRsaKey, "id_token.algorithm_mismatch"),
];

// attack: FA-01 FA-06 FA-07 FA-08 FA-09 FA-13 FA-14 FA-15 FA-16 FA-17 FA-18 FA-19 FA-20 FA-21
#[test]
fn every_fault_meets_the_error_that_names_it_and_ends_the_login() {
    for (fault, expected) in EXPECTED {
        let world = world();
        world.provider.inject(*fault);
        let outcome = everything(&world);
        let code = outcome
            .as_ref()
            .map_or_else(|error| error.code().name, |_| "ok");
        assert_eq!(code, *expected, "{fault}: {:?}", outcome.err());
        let calls = world.provider.requests();
        let count = |path: &str| calls.iter().filter(|call| call.path == path).count();
        match code.split('.').next() {
            Some("callback") => assert_eq!(count("/token"), 0, "{fault}"),
            Some("id_token") => assert_eq!(count("/userinfo"), 0, "{fault}"),
            Some("provider") if *fault != Fault::TokenTypeBearer => {
                assert_eq!(count("/authorize"), 0, "{fault}");
                // One more try with the nonce that was given, none without, and never a third.
                let usable = code != "provider.nonce_missing";
                assert!(count("/par") <= 1 + usize::from(usable), "{fault}");
            }
            _ => {}
        }
        world.provider.heal();
        assert!(everything(&world).is_ok(), "after {fault}");
    }
}

// attack: FA-02 FA-03 FA-05
#[test]
fn each_login_pushes_anew_and_every_assertion_is_for_the_issuer() {
    let world = world();
    for _ in 0..2 {
        everything(&world).unwrap();
    }
    let calls = world.provider.requests();
    let pushed = calls.iter().filter(|call| call.path == "/par").count();
    assert_eq!(pushed, 4, "two logins, each asked for a nonce once");
    let mut assertions = 0;
    for call in calls
        .iter()
        .filter(|call| call.body.contains("client_assertion="))
    {
        let assertion = url::form_urlencoded::parse(call.body.as_bytes())
            .find(|(name, _)| name == "client_assertion")
            .unwrap()
            .1;
        let payload = base64url::decode(assertion.split('.').nth(1).unwrap()).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!(claims["aud"], ISSUER, "{call:?}");
        assertions += 1;
    }
    // Pushed request, token and refresh twice each for their nonces, introspection, revocation.
    assert_eq!(assertions, 2 * (2 + 2 + 2 + 1 + 1));
    assert_eq!(rules(&world), [""; 0]);
}
