//! Every fault, and what the core says about it.

use std::collections::BTreeSet;

use codegrant_core::error::Error;
use codegrant_core::{Email, Login};
use codegrant_dev_provider::Fault;

use crate::support::World;

/// Logs in, refreshes and revokes; returns the login, or the first error.
fn everything(world: &World) -> Result<Login, Error> {
    let login = world.login_as("ada")?;
    let tokens = world.refresh(&login)?;
    let token = tokens.refresh_token.as_ref();
    let token = token.or(login.tokens.refresh_token.as_ref()).unwrap();
    world.drive(
        world
            .client
            .revoke(&world.metadata()?, token, world.moment())?,
    )?;
    Ok(login)
}

/// What the core answers to each fault; `ok` where it is right to go on.
const EXPECTED: &[(Fault, &str)] = &[
    (Fault::Down, "provider.status"),
    (Fault::DiscoveryOtherIssuer, "discovery.issuer_mismatch"),
    (Fault::DiscoveryTrailingSlash, "discovery.issuer_mismatch"),
    (Fault::DiscoveryHttpEndpoints, "discovery.endpoint_refused"),
    (Fault::DiscoveryNotJson, "provider.media_type"),
    (Fault::DiscoveryBrokenJson, "provider.json"),
    (Fault::DiscoveryDuplicateMember, "provider.json"),
    (Fault::DiscoveryRedirect, "provider.redirect"),
    (Fault::DiscoveryNoKeys, "provider.member_missing"),
    (
        Fault::DiscoveryStateInEndpoint,
        "discovery.endpoint_refused",
    ),
    (
        Fault::DiscoveryOtherAlgorithm,
        "discovery.algorithm_not_offered",
    ),
    (
        Fault::DiscoveryOtherAuthentication,
        "discovery.authentication_not_offered",
    ),
    (Fault::NoUserinfoEndpoint, "ok"),
    (Fault::JwksNotJson, "provider.media_type"),
    (Fault::JwksEmpty, "id_token.unknown_key"),
    (Fault::JwksNoKeys, "provider.keys"),
    (Fault::JwksRedirect, "provider.redirect"),
    (Fault::JwksServerError, "provider.status"),
    (Fault::CallbackWrongState, "callback.state_mismatch"),
    (Fault::CallbackNoState, "callback.state_missing"),
    (
        Fault::CallbackDuplicateState,
        "callback.duplicate_parameter",
    ),
    (Fault::CallbackWrongIss, "callback.issuer_mismatch"),
    (Fault::CallbackNoIss, "callback.issuer_missing"),
    (Fault::CallbackDuplicateCode, "callback.duplicate_parameter"),
    (Fault::CallbackCodeAndError, "callback.code_and_error"),
    (Fault::CallbackNoCode, "callback.code_missing"),
    (Fault::CallbackEmptyCode, "callback.code_malformed"),
    (Fault::CallbackHugeCode, "callback.too_long"),
    (Fault::CallbackTokens, "callback.code_missing"),
    (Fault::CallbackJwt, "callback.unexpected_response_mode"),
    (Fault::CallbackAccessDenied, "callback.denied"),
    (
        Fault::CallbackLoginRequired,
        "callback.interaction_required",
    ),
    (
        Fault::CallbackInteractionRequired,
        "callback.interaction_required",
    ),
    (Fault::CallbackServerError, "callback.provider_error"),
    (Fault::TokenRedirect, "provider.redirect"),
    (Fault::TokenHtml, "provider.media_type"),
    (Fault::TokenEmptyBody, "provider.json"),
    (Fault::TokenBrokenJson, "provider.json"),
    (Fault::TokenDuplicateMember, "provider.json"),
    (Fault::TokenFormEncoded, "provider.media_type"),
    (Fault::HugeTokenBody, "provider.member_type"),
    (Fault::TokenCreated, "provider.status"),
    (Fault::TokenNoAccessToken, "provider.member_missing"),
    (Fault::TokenNoTokenType, "provider.member_missing"),
    (Fault::TokenTypeMac, "provider.token_type"),
    (Fault::TokenExpiresInString, "provider.member_type"),
    (Fault::TokenTypeOtherCase, "ok"),
    (Fault::TokenNoExpiresIn, "ok"),
    (Fault::TokenNoScope, "ok"),
    (Fault::TokenScopeArray, "provider.member_type"),
    (Fault::TokenServerError, "provider.status"),
    (Fault::TokenErrorWith200, "provider.token_refused"),
    (Fault::TokenInvalidClient, "provider.token_refused"),
    (Fault::TokenInvalidGrant, "provider.token_refused"),
    (Fault::TokenErrorEchoesRequest, "provider.token_refused"),
    (Fault::RefreshInvalidGrant, "provider.token_refused"),
    (Fault::RefreshServerError, "provider.status"),
    (Fault::RefreshNoNewToken, "ok"),
    (Fault::RefreshNoIdToken, "ok"),
    (Fault::RefreshWrongSub, "id_token.subject_mismatch"),
    (Fault::RefreshWrongIss, "id_token.issuer_mismatch"),
    (Fault::RefreshWrongAud, "id_token.audience_mismatch"),
    (Fault::RefreshWrongAzp, "id_token.authorized_party_mismatch"),
    (Fault::RefreshOlderIat, "id_token.older_than_before"),
    (Fault::RefreshWrongNonce, "id_token.nonce_mismatch"),
    (Fault::RefreshOtherAuthTime, "id_token.sign_in_changed"),
    (Fault::IdTokenMissing, "id_token.missing"),
    (Fault::IdTokenGarbage, "id_token.malformed"),
    (Fault::IdTokenEncrypted, "id_token.encrypted"),
    (Fault::WrongIssuerInIdToken, "id_token.issuer_mismatch"),
    (Fault::MissingIss, "id_token.claim_missing"),
    (Fault::MissingAud, "id_token.claim_missing"),
    (Fault::MissingSub, "id_token.claim_missing"),
    (Fault::EmptySub, "id_token.claim_type"),
    (Fault::DuplicateSub, "id_token.claims_json"),
    (Fault::WrongAudience, "id_token.audience_mismatch"),
    (Fault::SecondAudience, "id_token.untrusted_audience"),
    (
        Fault::WrongAuthorizedParty,
        "id_token.authorized_party_mismatch",
    ),
    (Fault::SecondAudienceNoAzp, "id_token.untrusted_audience"),
    (Fault::AudienceArray, "ok"),
    (Fault::ExpiredSixMinutes, "id_token.expired"),
    (Fault::PublishedRsaKey, "id_token.algorithm_mismatch"),
    (Fault::MissingExp, "id_token.claim_missing"),
    (Fault::ExpString, "id_token.claim_type"),
    (Fault::ExpiredIdToken, "id_token.expired"),
    (Fault::MissingIat, "id_token.claim_missing"),
    (Fault::FutureIat, "id_token.from_the_future"),
    (Fault::StaleIat, "id_token.stale"),
    (Fault::FutureNbf, "id_token.from_the_future"),
    (Fault::WrongNonce, "id_token.nonce_mismatch"),
    (Fault::MissingNonce, "id_token.claim_missing"),
    (Fault::MissingAuthTime, "id_token.claim_missing"),
    (Fault::OldAuthTime, "id_token.authentication_too_old"),
    (Fault::NoAcr, "ok"),
    (Fault::OtherAcr, "ok"),
    (Fault::NoSid, "ok"),
    (Fault::BadAtHash, "id_token.access_token_hash"),
    (Fault::LogoutTokenAsIdToken, "id_token.logout_token"),
    (Fault::AccessTokenAsIdToken, "id_token.token_type"),
    (Fault::UnknownCrit, "id_token.critical_header"),
    (Fault::AlgNone, "id_token.algorithm_unsupported"),
    (Fault::AlgHs256, "id_token.algorithm_unsupported"),
    (Fault::WrongSignature, "id_token.bad_signature"),
    (
        Fault::OtherPublishedKeyOtherAlg,
        "id_token.algorithm_mismatch",
    ),
    (Fault::EmbeddedKey, "id_token.bad_signature"),
    (Fault::UnknownKid, "id_token.unknown_key"),
    (Fault::NoKid, "ok"),
    (Fault::KeysReplacedBeforeSigning, "ok"),
    (Fault::KeysReplacedAtAuthorization, "ok"),
    (Fault::UserinfoOtherSub, "provider.subject_mismatch"),
    (Fault::UserinfoNoSub, "provider.member_missing"),
    (Fault::UserinfoSubNumber, "provider.member_type"),
    (Fault::UserinfoDuplicateSub, "provider.json"),
    (Fault::UserinfoEmailVerifiedString, "ok"),
    (Fault::UserinfoHtml, "provider.media_type"),
    (Fault::UserinfoJwt, "provider.userinfo_form"),
    (Fault::UserinfoRedirect, "provider.redirect"),
    (Fault::UserinfoUnauthorized, "provider.status"),
    (Fault::UserinfoServerError, "provider.status"),
    (Fault::RevocationServerError, "provider.status"),
];

/// Faults of answers that a plain login never gets; each has its test beside the feature that gives it.
const ELSEWHERE: &[Fault] = &[
    Fault::EncryptedAltered,
    Fault::EncryptedForAnother,
    Fault::NotEncrypted,
    Fault::JarmWithoutIss,
    Fault::JarmWrongIss,
    Fault::JarmWithoutAud,
    Fault::JarmWrongAud,
    Fault::JarmWithoutExp,
    Fault::JarmExpired,
    Fault::JarmLongLived,
    Fault::JarmWrongSignature,
    Fault::JarmAlgNone,
    Fault::JarmOtherAlgorithm,
    Fault::JarmWithPlainParameters,
    Fault::JarmPlainInstead,
    Fault::ParStatus200,
    Fault::ParNoRequestUri,
    Fault::ParRequestUriNumber,
    Fault::ParHostileRequestUri,
    Fault::ParHugeRequestUri,
    Fault::ParNoExpiresIn,
    Fault::ParZeroExpiresIn,
    Fault::ParInvalidRequest,
    Fault::ParServerError,
    Fault::ParHtml,
    Fault::ParRedirect,
    Fault::DpopNonceForever,
    Fault::DpopNonceMissing,
    Fault::DpopNonceTwice,
    Fault::DpopNonceHuge,
    Fault::DpopNonceOddCharacters,
    Fault::DpopSchemeOtherCase,
    Fault::TokenTypeBearer,
    Fault::ExchangeNoIssuedType,
    Fault::ApiStepUp,
    Fault::ApiUnauthorized,
    Fault::ApiInsufficientScope,
    Fault::UserinfoPlain,
    Fault::UserinfoAlgNone,
    Fault::UserinfoOtherAlg,
    Fault::UserinfoWrongSignature,
    Fault::UserinfoWrongIss,
    Fault::UserinfoWrongAud,
    Fault::UserinfoNoIss,
    Fault::UserinfoNoAud,
    Fault::ClaimsOfOthersForged,
    Fault::LogOutWrongState,
    Fault::LogOutNoState,
    Fault::LogoutTokenAlgNone,
    Fault::LogoutTokenOtherAlg,
    Fault::LogoutTokenForged,
    Fault::LogoutTokenWrongIss,
    Fault::LogoutTokenWrongAud,
    Fault::LogoutTokenNoEvents,
    Fault::LogoutTokenWrongEvent,
    Fault::LogoutTokenEventNotObject,
    Fault::LogoutTokenWithNonce,
    Fault::LogoutTokenNullNonce,
    Fault::LogoutTokenExpired,
    Fault::LogoutTokenStale,
    Fault::LogoutTokenNoJti,
    Fault::LogoutTokenNoIat,
    Fault::LogoutTokenNoExp,
    Fault::LogoutTokenNoSub,
    Fault::LogoutTokenNoSid,
    Fault::LogoutTokenIsIdToken,
    Fault::LogoutTokenTwice,
    Fault::RegistrationRefused,
    Fault::RegistrationNoClientId,
    Fault::RegistrationOtherRedirectUris,
    Fault::RegistrationNoAuthentication,
    Fault::RegistrationUnsigned,
    Fault::RegistrationSecretExpired,
    Fault::RegistrationNoSecretExpiry,
    Fault::RegistrationNoManagement,
    Fault::RegistrationForeignManagement,
    Fault::WebfingerHttpIssuer,
    Fault::WebfingerOtherSubject,
    Fault::WebfingerNoIssuer,
    Fault::WebfingerRedirect,
    Fault::WebfingerNotJson,
];

#[test]
fn every_fault_meets_the_error_that_names_it() {
    let elsewhere = ELSEWHERE.iter().map(|fault| (*fault, "ok"));
    let expected: Vec<_> = EXPECTED.iter().copied().chain(elsewhere).collect();
    let listed: BTreeSet<Fault> = expected.iter().map(|(fault, _)| *fault).collect();
    assert_eq!(listed, Fault::ALL.iter().copied().collect());
    assert_eq!(listed.len(), expected.len());
    let world = World::new();
    for (fault, expected) in &expected {
        world.provider.inject(*fault);
        let outcome = everything(&world);
        let code = outcome
            .as_ref()
            .map_or_else(|error| error.code().name, |_| "ok");
        assert_eq!(code, *expected, "{fault}: {:?}", outcome.err());
        world.provider.heal();
        // Nothing stays behind.
        assert!(everything(&world).is_ok(), "after {fault}");
    }
}

#[test]
fn names_are_distinct_and_lead_back_to_their_faults() {
    let names: BTreeSet<&str> = Fault::ALL.iter().map(Fault::name).collect();
    assert_eq!(names.len(), Fault::ALL.len());
    for fault in Fault::ALL {
        assert_eq!(fault.name().parse(), Ok(*fault));
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        assert!(fault.name().bytes().all(plain), "{fault}");
    }
    let unknown = "no-such-fault".parse::<Fault>().unwrap_err();
    assert_eq!(unknown.to_string(), r#"unknown fault "no-such-fault""#);
}

#[test]
fn a_secret_that_an_error_echoes_is_blotted_out() {
    let world = World::new();
    world.provider.inject(Fault::TokenErrorEchoesRequest);
    let error = world.login_as("ada").unwrap_err();
    let requests = world.provider.requests();
    let sent = requests
        .iter()
        .find(|request| request.path == "/token")
        .unwrap();
    let secrets: Vec<&str> = sent
        .body
        .split('&')
        .filter_map(|field| field.split_once('='))
        .filter(|(name, _)| ["code", "code_verifier"].contains(name))
        .map(|(_, value)| value)
        .collect();
    assert_eq!(secrets.len(), 2);
    for secret in secrets {
        assert!(!format!("{error} {error:?}").contains(secret));
    }
}

#[test]
fn a_failed_refresh_costs_nothing_once_the_provider_is_well_again() {
    let world = World::new();
    let login = world.login_as("ada").unwrap();
    for fault in [
        Fault::Down,
        Fault::RefreshServerError,
        Fault::RefreshInvalidGrant,
        Fault::TokenServerError,
    ] {
        world.provider.inject(fault);
        assert!(world.refresh(&login).is_err(), "{fault}");
        world.provider.heal();
    }
    assert!(world.refresh(&login).is_ok());
}

#[test]
fn a_refresh_token_that_is_not_rotated_serves_again() {
    let world = World::new();
    world.provider.inject(Fault::RefreshNoNewToken);
    let login = world.login_as("ada").unwrap();
    for _ in 0..3 {
        assert!(world.refresh(&login).unwrap().refresh_token.is_none());
    }
}

#[test]
fn an_address_verified_in_words_is_only_claimed() {
    let world = World::new();
    world.provider.inject(Fault::UserinfoEmailVerifiedString);
    let login = world.login_as("ada").unwrap();
    assert!(matches!(login.identity.email, Email::Claimed(_)));
}

#[test]
fn faults_add_up_until_they_are_healed() {
    let world = World::new();
    world.provider.inject(Fault::NoUserinfoEndpoint);
    world.provider.inject(Fault::NoKid);
    assert_eq!(world.login_as("ada").unwrap().identity.name, None);
    world.provider.inject(Fault::WrongNonce);
    assert!(world.login_as("ada").is_err());
    world.provider.heal();
    assert_eq!(
        world.login_as("ada").unwrap().identity.to_string(),
        "Ada Lovelace"
    );
}
