//! After the login: new tokens and revocation, held to the login that they belong to.

use codegrant_core::error::{Error, ProviderError, Purpose};
use codegrant_core::http::{HttpResponse, Method};
use codegrant_core::oauth2::RefreshToken;
use codegrant_core::{Timestamp, TokenResponse};
use codegrant_testkit::World;
use codegrant_testkit::world::{Outcome, Script, drive};
use serde_json::{Value, json};

/// Logs in, waits, and refreshes.
fn refreshed(alter: impl FnOnce(&mut Script)) -> Outcome<TokenResponse> {
    let mut world = World::openid();
    let login = world.login(|_honest| {}).result.unwrap();
    world.wait(3_600);
    world.refresh(&login, alter)
}

#[test]
fn a_refresh_sends_the_refresh_token_and_nothing_of_the_login() {
    let outcome = refreshed(|_honest| {});
    let sent = outcome.sent(Purpose::Token);
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", "refresh-token-1"),
    ];
    let expected = form.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(sent.form(), expected);
    assert!(
        sent.request
            .header("authorization")
            .unwrap()
            .starts_with("Basic ")
    );
    let tokens = outcome.value();
    assert_eq!(tokens.access_token.secret(), "access-token-2");
    assert_eq!(
        tokens.expires_at,
        Some(Timestamp::from_unix(1_800_000_000 + 2 * 3_600))
    );
}

// attack: RF-04
#[test]
fn without_a_new_refresh_token_the_answer_says_so() {
    let kept = refreshed(|script| script.token.remove("refresh_token"));
    assert!(kept.value().refresh_token.is_none());
    let new = refreshed(|_honest| {});
    assert_eq!(
        new.value().refresh_token.as_ref().unwrap().secret(),
        "refresh-token-2"
    );
}

// attack: RF-05 RF-06
#[test]
fn an_id_token_of_another_account_discards_the_tokens() {
    for (claim, value, code) in [
        ("iss", "https://evil.example", "id_token.issuer_mismatch"),
        ("iss", "https://op.example/", "id_token.issuer_mismatch"),
        ("sub", "victim", "id_token.subject_mismatch"),
        ("sub", "", "id_token.claim_type"),
    ] {
        let outcome = refreshed(|script| script.claims.set(claim, value));
        assert_eq!(outcome.code(), Some(code), "{claim} {value:?}");
        assert!(!outcome.called(Purpose::Userinfo));
    }
}

// attack: RF-07
#[test]
fn an_id_token_for_another_client_discards_the_tokens() {
    for (claim, value, code) in [
        ("aud", json!("another"), "id_token.audience_mismatch"),
        (
            "aud",
            json!(["app", "another"]),
            "id_token.untrusted_audience",
        ),
        (
            "azp",
            json!("another"),
            "id_token.authorized_party_mismatch",
        ),
        ("exp", json!(0), "id_token.expired"),
        (
            "at_hash",
            json!("AAAAAAAAAAAAAAAAAAAAAA"),
            "id_token.access_token_hash",
        ),
        ("auth_time", Value::Null, "id_token.claim_type"),
    ] {
        let outcome = refreshed(|script| script.claims.set(claim, value));
        assert_eq!(outcome.code(), Some(code), "{claim}");
    }
}

// attack: RF-09
#[test]
fn a_refresh_without_an_id_token_is_accepted() {
    assert_eq!(refreshed(|script| script.leave_out_id_token()).code(), None);
}

#[test]
fn an_ended_grant_is_told_apart_from_a_failure() {
    let ended = |status: u16, body: Value| {
        let outcome = refreshed(|script| {
            script.token.status = status;
            script.token.body = body;
            script.leave_out_id_token();
        });
        let error = outcome.result.unwrap_err();
        matches!(
            error,
            Error::Provider(ProviderError::TokenRefused {
                grant_ended: true,
                ..
            })
        )
    };
    assert!(ended(400, json!({"error": "invalid_grant"})));
    assert!(ended(200, json!({"error": "invalid_grant"})));
    for (status, body) in [
        (400, json!({"error": "invalid_client"})),
        (400, json!({})),
        (500, json!({"error": "server_error"})),
        (503, Value::Null),
        (302, json!({"error": "invalid_grant"})),
    ] {
        assert!(!ended(status, body.clone()), "{status} {body}");
    }
}

#[test]
fn a_refused_refresh_never_repeats_the_refresh_token() {
    let outcome = refreshed(|script| {
        script.token.status = 400;
        let text = "refresh-token-1 of client-secret";
        script.token.body = json!({"error": text, "error_description": text});
    });
    let shown = format!("{} {:?}", outcome.error(), outcome.error());
    assert!(
        !shown.contains("refresh-token-1") && !shown.contains("client-secret"),
        "{shown}"
    );
}

fn revoked(world: &mut World, response: &HttpResponse) -> (Result<(), Error>, usize) {
    let metadata = world.start().metadata;
    let token = RefreshToken::new("refresh-token-1".to_owned());
    let step = world
        .client
        .revoke(&metadata, &token, world.moment())
        .unwrap();
    let mut calls = 0;
    let result = drive(step, |request| {
        calls += 1;
        assert_eq!(request.method, Method::Post);
        let body = String::from_utf8(request.body).unwrap();
        assert_eq!(body, "token=refresh-token-1&token_type_hint=refresh_token");
        assert_eq!(Some(&request.url), metadata.revocation_endpoint.as_ref());
        response.clone()
    });
    (result, calls)
}

#[test]
fn a_refresh_token_is_revoked_by_one_request() {
    let mut world = World::openid();
    assert_eq!(revoked(&mut world, &HttpResponse::new(200)), (Ok(()), 1));
    for status in [302, 400, 503] {
        let (result, calls) = revoked(&mut world, &HttpResponse::new(status));
        assert!(result.is_err() && calls == 1, "{status}");
    }
    world.metadata.remove("revocation_endpoint");
    assert_eq!(revoked(&mut world, &HttpResponse::new(500)), (Ok(()), 0));
    let mut loopback = World::new(codegrant_core::Client::new(
        codegrant_core::provider::Provider::openid("op", "OP", "http://localhost:9000"),
        "app",
        "http://localhost:3000/auth/callback/op",
    ));
    let metadata = loopback.start().metadata;
    assert_eq!(
        metadata.revocation_endpoint.as_deref(),
        Some("http://localhost:9000/revoke")
    );
}
