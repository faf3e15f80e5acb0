//! What a provider answers: each way to misbehave, and the one page that it ends on.

mod harmless;

use codegrant_core::http::HttpResponse;
use codegrant_testkit::{Fault, Site};

use self::harmless::HARMLESS;
use crate::{fixed_page, provider_failed, refused};

/// Faults of the metadata: no login starts.
const AT_THE_START: &[(Fault, &str)] = &[
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
];

/// Faults of the authorization response: the code is not sent.
const AT_THE_CALLBACK: &[(Fault, &str)] = &[
    (Fault::CallbackWrongState, "callback.transaction_unknown"),
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
];

/// Faults of the token endpoint: the code is sent once, and nothing is asked afterwards.
const AT_THE_TOKEN_ENDPOINT: &[(Fault, &str)] = &[
    (Fault::TokenRedirect, "provider.redirect"),
    (Fault::TokenHtml, "provider.media_type"),
    (Fault::TokenEmptyBody, "provider.json"),
    (Fault::TokenBrokenJson, "provider.json"),
    (Fault::TokenDuplicateMember, "provider.json"),
    (Fault::TokenFormEncoded, "provider.media_type"),
    (Fault::HugeTokenBody, "transport.too_large"),
    (Fault::TokenCreated, "provider.status"),
    (Fault::TokenNoAccessToken, "provider.member_missing"),
    (Fault::TokenNoTokenType, "provider.member_missing"),
    (Fault::TokenTypeMac, "provider.token_type"),
    (Fault::TokenExpiresInString, "provider.member_type"),
    (Fault::TokenScopeArray, "provider.member_type"),
    (Fault::TokenServerError, "provider.status"),
    (Fault::TokenErrorWith200, "provider.token_refused"),
    (Fault::TokenInvalidClient, "provider.token_refused"),
    (Fault::TokenInvalidGrant, "provider.token_refused"),
    (Fault::TokenErrorEchoesRequest, "provider.token_refused"),
];

/// Faults of the key set.
const AT_THE_KEYS: &[(Fault, &str)] = &[
    (Fault::JwksNotJson, "provider.media_type"),
    (Fault::JwksNoKeys, "provider.keys"),
    (Fault::JwksRedirect, "provider.redirect"),
    (Fault::JwksServerError, "provider.status"),
];

/// Faults of the ID token: userinfo is not asked.
const IN_THE_ID_TOKEN: &[(Fault, &str)] = &[
    (Fault::JwksEmpty, "id_token.unknown_key"),
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
    (Fault::MissingExp, "id_token.claim_missing"),
    (Fault::ExpString, "id_token.claim_type"),
    (Fault::ExpiredIdToken, "id_token.expired"),
    (Fault::MissingIat, "id_token.claim_missing"),
    (Fault::FutureIat, "id_token.from_the_future"),
    (Fault::StaleIat, "id_token.stale"),
    (Fault::FutureNbf, "id_token.from_the_future"),
    (Fault::WrongNonce, "id_token.nonce_mismatch"),
    (Fault::MissingNonce, "id_token.claim_missing"),
    (Fault::SecondAudienceNoAzp, "id_token.untrusted_audience"),
    (Fault::ExpiredSixMinutes, "id_token.expired"),
    (Fault::PublishedRsaKey, "id_token.algorithm_mismatch"),
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
];

/// Faults of userinfo.
const AT_USERINFO: &[(Fault, &str)] = &[
    (Fault::UserinfoOtherSub, "provider.subject_mismatch"),
    (Fault::UserinfoNoSub, "provider.member_missing"),
    (Fault::UserinfoSubNumber, "provider.member_type"),
    (Fault::UserinfoDuplicateSub, "provider.json"),
    (Fault::UserinfoHtml, "provider.media_type"),
    (Fault::UserinfoJwt, "provider.userinfo_form"),
    (Fault::UserinfoRedirect, "provider.redirect"),
    (Fault::UserinfoUnauthorized, "provider.status"),
    (Fault::UserinfoServerError, "provider.status"),
];

/// How often a login asked: the token endpoint, userinfo.
type Asked = (usize, usize);

/// Logs in under each fault and asserts that it ends with its code and without a session.
async fn each(faults: &[(Fault, &str)], asked: Asked, judge: fn(&codegrant_testkit::site::Reply)) {
    for (fault, code) in faults {
        let site = Site::new();
        site.provider("op").inject(*fault);
        let mut browser = site.browser();
        let reply = browser.log_in("op", "ada").await;
        assert_eq!(site.failures(), [*code], "{fault}");
        judge(&reply);
        assert_eq!(
            (site.calls("/token"), site.calls("/userinfo")),
            asked,
            "{fault}"
        );
        assert!(browser.session_cookies().is_empty(), "{fault}");
        assert!(browser.login_cookies().len() <= 1, "{fault}");
        // The next login is none the worse for it.
        site.behave();
        browser.log_in("op", "ada").await;
        assert_eq!(
            browser.subject().await.as_deref(),
            Some("ada"),
            "after {fault}"
        );
    }
}

#[tokio::test]
async fn a_misbehaving_callback_sends_no_code() {
    each(AT_THE_CALLBACK, (0, 0), refused).await;
}

// attack: TK-01 TK-02 TK-06 TK-10 TK-11 TK-17 TK-22 TK-30
#[tokio::test]
async fn a_misbehaving_token_endpoint_is_asked_once() {
    each(AT_THE_TOKEN_ENDPOINT, (1, 0), provider_failed).await;
}

// attack: KY-16
#[tokio::test]
async fn a_key_set_that_cannot_be_read_logs_nobody_in() {
    for (fault, code) in AT_THE_KEYS {
        let site = Site::new();
        site.provider("op").inject(*fault);
        let mut browser = site.browser();
        provider_failed(&browser.log_in("op", "ada").await);
        assert_eq!(site.failures(), [*code], "{fault}");
        assert_eq!(site.calls("/userinfo"), 0, "{fault}");
        site.behave();
        site.wait(5);
        browser.log_in("op", "ada").await;
        assert_eq!(
            browser.subject().await.as_deref(),
            Some("ada"),
            "after {fault}"
        );
    }
}

// attack: JW-01 JW-03 JW-05 JW-07 JW-11 JW-12 JW-17 JW-18 JW-19 JW-21 JW-24 JW-26 JW-28 JW-29 JW-30
// attack: JW-32 JW-33 JW-34 JW-35 JW-37 JW-38 JW-39 JW-45 JW-49 JW-56
#[tokio::test]
async fn an_id_token_that_proves_nobody_logs_nobody_in() {
    // A fetched set without a key is kept, so the one that follows waits for its turn.
    let others: Vec<_> = IN_THE_ID_TOKEN[1..].to_vec();
    each(&others, (1, 0), refused).await;
    let site = Site::new();
    let (fault, code) = IN_THE_ID_TOKEN[0];
    site.provider("op").inject(fault);
    refused(&site.browser().log_in("op", "ada").await);
    assert_eq!(site.failures(), [code]);
}

// attack: UI-01 UI-03 UI-07 UI-08
#[tokio::test]
async fn a_misbehaving_userinfo_endpoint_logs_nobody_in() {
    each(AT_USERINFO, (1, 1), provider_failed).await;
}

#[tokio::test]
async fn every_fault_has_a_known_end() {
    let tables = [
        AT_THE_START,
        AT_THE_CALLBACK,
        AT_THE_TOKEN_ENDPOINT,
        AT_THE_KEYS,
        IN_THE_ID_TOKEN,
        AT_USERINFO,
    ];
    let spoiling = tables.into_iter().flatten().map(|(fault, _)| *fault);
    let mut known: Vec<Fault> = spoiling.chain(HARMLESS.iter().copied()).collect();
    known.sort();
    let mut all = Fault::ALL.to_vec();
    all.sort();
    assert_eq!(known, all);
    for fault in HARMLESS {
        let site = Site::new();
        site.provider("op").inject(*fault);
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        assert_eq!(browser.subject().await.as_deref(), Some("ada"), "{fault}");
        assert!(site.failures().is_empty(), "{fault}");
    }
}

#[tokio::test]
async fn metadata_that_is_refused_starts_no_login() {
    for (fault, code) in AT_THE_START {
        let site = Site::new();
        site.provider("op").inject(*fault);
        let mut browser = site.browser();
        let reply = browser.get("/auth/login/op").await;
        provider_failed(&reply);
        assert_eq!(reply.location(), None, "{fault}");
        assert_eq!(site.failures(), [*code], "{fault}");
        assert!(browser.cookies().is_empty(), "{fault}");
        site.behave();
        site.wait(5);
        assert_eq!(
            browser.get("/auth/login/op").await.status,
            303,
            "after {fault}"
        );
    }
}

// attack: UI-01
#[tokio::test]
async fn without_id_tokens_the_same_answers_end_the_login() {
    for (fault, fine) in [
        (Fault::UserinfoOtherSub, true),
        (Fault::UserinfoNoSub, false),
        (Fault::UserinfoSubNumber, true),
        (Fault::UserinfoDuplicateSub, false),
        (Fault::UserinfoHtml, false),
        (Fault::UserinfoJwt, false),
        (Fault::UserinfoRedirect, false),
        (Fault::UserinfoUnauthorized, false),
        (Fault::UserinfoServerError, false),
        (Fault::TokenNoAccessToken, false),
        (Fault::TokenErrorWith200, false),
        (Fault::CallbackWrongState, false),
        (Fault::CallbackNoCode, false),
        (Fault::IdTokenGarbage, true),
        (Fault::JwksServerError, true),
    ] {
        // Without an ID token nothing says who it ought to be: whoever userinfo names has logged in.
        let site = Site::builder().oauth().build();
        site.provider("op").inject(fault);
        let mut browser = site.browser();
        let reply = browser.log_in("op", "ada").await;
        assert_eq!(
            browser.subject().await.is_some(),
            fine,
            "{fault}: {:?}",
            site.failures()
        );
        if !fine {
            fixed_page(&reply);
        }
    }
}

// attack: UI-04
#[tokio::test]
async fn userinfo_that_is_no_object_logs_nobody_in() {
    for body in [
        "[]",
        "\"ada\"",
        "null",
        "7",
        "true",
        "",
        "{",
        "{}",
        "[{\"sub\":\"ada\"}]",
    ] {
        for site in [Site::new(), Site::builder().oauth().build()] {
            site.script(move |request| {
                let answer = HttpResponse::new(200)
                    .with_header("content-type", "application/json")
                    .with_body(body);
                request.url.ends_with("/userinfo").then_some(Ok(answer))
            });
            let mut browser = site.browser();
            provider_failed(&browser.log_in("op", "ada").await);
            assert_eq!(browser.subject().await, None, "{body}");
        }
    }
}
