//! The token endpoint's answer (RFC 6749 section 5): what is believed of it, and what ends the login.

use codegrant_core::Login;
use codegrant_core::error::{Error, ProviderError, Purpose};
use codegrant_core::http::HttpResponse;
use codegrant_core::provider::{AuthenticationMethod, Quirk};
use codegrant_testkit::World;
use codegrant_testkit::world::{Answer, Outcome};
use serde_json::{Value, json};

use crate::{login, start, with_quirks};

/// Asserts that the provider's answer ended the login: one token request and nothing after it.
#[track_caller]
pub(crate) fn provider_failure(outcome: &Outcome<Login>, code: &str) {
    assert_eq!(outcome.code(), Some(code));
    assert_eq!(outcome.calls(Purpose::Token), 1, "token requests");
    let after = [Purpose::Keys, Purpose::Userinfo, Purpose::Emails];
    assert!(
        !after.iter().any(|purpose| outcome.called(*purpose)),
        "something followed"
    );
}

pub(crate) fn answered(alter: impl FnOnce(&mut Answer)) -> Outcome<Login> {
    login(|script| alter(&mut script.token))
}

// attack: TK-01
#[test]
fn a_web_page_is_no_answer() {
    for body in [
        "<html><body>s3cret</body></html>",
        "",
        "{}",
        "access_token=a",
    ] {
        for media_type in [
            "text/html",
            "text/html; charset=utf-8",
            "application/xhtml+xml",
        ] {
            let outcome = answered(|token| token.replace_body(media_type, body));
            provider_failure(&outcome, "provider.media_type");
            assert!(!outcome.error().to_string().contains("s3cret"));
        }
    }
}

// attack: TK-02
#[test]
fn a_redirect_is_never_followed() {
    for status in [300, 301, 302, 303, 304, 305, 307, 308, 399] {
        for location in [
            "https://evil.example/",
            "http://169.254.169.254/",
            "/token",
            "",
        ] {
            // A complete answer in the body makes it no better.
            let outcome = answered(|token| {
                token.status = status;
                token.header("location", location);
            });
            provider_failure(&outcome, "provider.redirect");
            assert!(
                outcome
                    .requests
                    .iter()
                    .all(|sent| sent.request.url.starts_with("https://op.example/"))
            );
        }
    }
}

// attack: TK-04
#[test]
fn an_error_counts_whatever_stands_beside_it() {
    for status in [200, 400] {
        for error in [
            json!("x"),
            json!(""),
            json!(5),
            json!({}),
            json!([]),
            json!(false),
            json!({"type": "t"}),
        ] {
            let outcome = answered(|token| {
                token.status = status;
                token.set("error", error);
            });
            provider_failure(&outcome, "provider.token_refused");
        }
    }
    let none = answered(|token| token.set("error", Value::Null));
    assert_eq!(none.code(), None, "null is no error");
}

// attack: TK-05
#[test]
fn an_error_page_is_reported_by_its_status_alone() {
    for status in [400, 401, 403, 404, 500, 502, 503] {
        for body in [
            "s3cret".repeat(1_000),
            String::new(),
            "{\"error\":".to_owned(),
            "[]".to_owned(),
        ] {
            for media_type in ["text/plain", "text/html", "application/json"] {
                let response = HttpResponse::new(status)
                    .with_header("content-type", media_type)
                    .with_body(body.as_str());
                let outcome = answered(|token| token.replace(response));
                provider_failure(&outcome, "provider.status");
                let shown = format!("{} {:?}", outcome.error(), outcome.error());
                assert!(
                    shown.contains(&status.to_string()) && !shown.contains("s3cret"),
                    "{shown}"
                );
            }
        }
    }
}

#[test]
fn only_status_200_brings_tokens() {
    for status in [100, 199, 201, 202, 204, 206, 400, 401, 500, 999] {
        let outcome = answered(|token| token.status = status);
        provider_failure(&outcome, "provider.status");
    }
}

#[test]
fn a_refusal_says_what_the_provider_said() {
    let outcome = answered(|token| {
        token.status = 400;
        token.body = json!({"error": "invalid_grant", "error_description": "code expired"});
    });
    let Err(Error::Provider(ProviderError::TokenRefused {
        grant_ended,
        error,
        description,
    })) = &outcome.result
    else {
        panic!("{:?}", outcome.result);
    };
    assert!(*grant_ended);
    assert_eq!(error.to_string(), "\"invalid_grant\"");
    assert_eq!(
        description.as_ref().unwrap().to_string(),
        "\"code expired\""
    );
    for other in [
        "invalid_client",
        "invalid_grant ",
        "INVALID_GRANT",
        "temporarily_unavailable",
    ] {
        let outcome = answered(|token| token.set("error", other));
        let ended = matches!(
            outcome.error(),
            Error::Provider(ProviderError::TokenRefused {
                grant_ended: true,
                ..
            })
        );
        assert!(!ended, "{other}");
    }
}

// attack: TK-10
#[test]
fn json_under_another_name_is_refused() {
    for media_type in [
        "",
        "text/html",
        "text/plain",
        "text/json",
        "application/jwt",
        "application/jsonp",
        "json",
    ] {
        let outcome = answered(|token| media_type.clone_into(&mut token.media_type));
        provider_failure(&outcome, "provider.media_type");
    }
    for media_type in [
        "application/json;charset=UTF-8",
        "Application/JSON ; x=\"y;z\"",
    ] {
        let outcome = answered(|token| media_type.clone_into(&mut token.media_type));
        assert_eq!(outcome.code(), None, "{media_type}");
    }
}

// attack: TK-11
#[test]
fn a_form_is_read_only_where_it_was_declared() {
    const FORM: &str = "application/x-www-form-urlencoded";
    let good = "access_token=a&token_type=bearer&expires_in=60&scope=x+y";
    let undeclared = answered(|token| token.replace_body(FORM, good));
    provider_failure(&undeclared, "provider.media_type");
    let declared = |body: &str| {
        with_quirks([Quirk::TokenFormEncoded]).login(|script| script.token.replace_body(FORM, body))
    };
    let outcome = declared(good);
    let tokens = &outcome.value().tokens;
    assert_eq!(tokens.access_token.secret(), "a");
    assert_eq!(tokens.expires_at, Some(start().plus(60)));
    assert_eq!(tokens.scopes, ["x", "y"]);
    for twice in [
        "&access_token=b",
        "&access_token=a",
        "&token%5Ftype=bearer",
        "&unknown=1&unknown=2",
    ] {
        provider_failure(&declared(&format!("{good}{twice}")), "provider.form");
    }
    provider_failure(
        &declared("error=bad_verification_code"),
        "provider.token_refused",
    );
    provider_failure(&declared("token_type=bearer"), "provider.member_missing");
    provider_failure(&declared(""), "provider.member_missing");
    // JSON stays what it was.
    assert_eq!(
        with_quirks([Quirk::TokenFormEncoded])
            .login(|_honest| {})
            .code(),
        None
    );
}

// attack: TK-22
#[test]
fn a_repeated_member_is_refused() {
    for body in [
        r#"{"access_token":"a","access_token":"b","token_type":"bearer"}"#,
        r#"{"access_token":"a","access\u005ftoken":"b","token_type":"bearer"}"#,
        r#"{"access_token":"a","token_type":"bearer","x":{"y":1,"y":1}}"#,
    ] {
        let outcome = answered(|token| token.replace_body("application/json", body));
        provider_failure(&outcome, "provider.json");
    }
}

// attack: DO-05 LK-08
#[test]
fn broken_json_is_refused_without_a_word_of_it() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for body in [
        "",
        "{",
        "[]",
        "null",
        "\"s3cret\"",
        "{\"access_token\":\"s3cret\"",
        "{\"a\":s3cret}",
        &deep,
    ] {
        let outcome = answered(|token| token.replace_body("application/json", body));
        provider_failure(&outcome, "provider.json");
        let shown = format!("{} {:?}", outcome.error(), outcome.error());
        assert!(!shown.contains("s3cret"), "{shown}");
    }
    let not_text = answered(|token| token.replace_body("application/json", *b"{\"a\":\"\xff\"}"));
    provider_failure(&not_text, "provider.json");
}

// attack: TK-26
#[test]
fn a_registered_method_is_never_exchanged_for_another() {
    use AuthenticationMethod::{ClientSecretBasic, ClientSecretPost};
    for (registered, offered) in [
        (ClientSecretBasic, &["none"][..]),
        (
            ClientSecretBasic,
            &["client_secret_post", "private_key_jwt"],
        ),
        (ClientSecretPost, &["client_secret_basic"]),
        (ClientSecretPost, &["CLIENT_SECRET_POST"]),
    ] {
        let mut world = World::openid();
        world.client = world.client.clone().with_authentication(registered);
        world
            .metadata
            .set("token_endpoint_auth_methods_supported", offered);
        let outcome = world.login(|_honest| {});
        assert_eq!(outcome.code(), Some("discovery.authentication_not_offered"));
        assert!(!outcome.called(Purpose::Token));
    }
    for silent in [Value::Null, json!([])] {
        let mut world = World::openid();
        world
            .metadata
            .set("token_endpoint_auth_methods_supported", silent);
        let outcome = world.login(|_honest| {});
        let sent = outcome.sent(Purpose::Token);
        assert!(
            sent.request
                .header("authorization")
                .unwrap()
                .starts_with("Basic ")
        );
    }
}

#[test]
fn a_public_client_logs_in_where_the_metadata_lists_no_method_for_it() {
    let mut world = World::openid();
    world.client = world
        .client
        .clone()
        .with_authentication(AuthenticationMethod::None);
    world.metadata.set(
        "token_endpoint_auth_methods_supported",
        ["client_secret_basic", "private_key_jwt"],
    );
    let outcome = world.login(|_honest| {});
    assert_eq!(outcome.code(), None);
    let sent = outcome.sent(Purpose::Token);
    assert_eq!(sent.request.header("authorization"), None);
}

// attack: TK-31
#[test]
fn a_description_never_repeats_our_secrets() {
    let mut world = World::openid();
    let pending = world.start();
    let verifier = serde_json::to_value(&pending.transaction).unwrap()["v"].clone();
    let verifier = verifier.as_str().unwrap().to_owned();
    let outcome = world.finish(pending, |script| {
        script.token.status = 401;
        let long = "client-secret and code-1 and ".to_owned() + &verifier + "\n\u{1b}[2J";
        script.token.body = json!({"error": long, "error_description": long.repeat(50)});
    });
    provider_failure(&outcome, "provider.token_refused");
    let shown = format!("{} {:?}", outcome.error(), outcome.error());
    for secret in ["client-secret", "code-1", &verifier] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(
        shown.contains("[redacted]") && shown.len() < 4_000,
        "{shown}"
    );
    assert!(shown.chars().all(|c| (' '..='~').contains(&c)), "{shown}");
}

#[test]
fn github_sends_its_errors_with_status_200() {
    let outcome = World::github().login(|script| {
        script.token.body = json!({
            "error": "bad_verification_code",
            "error_description": "The code passed is incorrect or expired.",
        });
    });
    provider_failure(&outcome, "provider.token_refused");
    assert!(
        outcome
            .error()
            .to_string()
            .contains("bad_verification_code")
    );
    let scopes = World::github().login(|script| script.token.set("scope", "read:user,user:email"));
    assert_eq!(scopes.value().tokens.scopes, ["read:user", "user:email"]);
}

#[test]
fn facebook_wraps_its_errors_in_an_object() {
    let wrapped =
        json!({"message": "This code has been used.", "type": "OAuthException", "code": 100});
    let outcome = World::facebook().login(|script| {
        script.token.status = 400;
        script.token.body = json!({ "error": wrapped });
    });
    provider_failure(&outcome, "provider.token_refused");
    let shown = outcome.error().to_string();
    assert!(
        shown.contains("OAuthException") && shown.contains("This code has been used."),
        "{shown}"
    );
}
