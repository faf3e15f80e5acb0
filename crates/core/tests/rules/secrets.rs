//! What must never be seen in a log: secrets, and a stranger's text as the stranger wrote it.

use codegrant_core::error::Error;
use codegrant_core::http::HttpResponse;
use codegrant_core::{AuthorizationOptions, AuthorizationResponse, Seed};
use codegrant_testkit::World;

use crate::login;

// attack: LK-03
#[test]
fn a_strangers_text_is_escaped_and_cut_in_errors() {
    let hostile = [
        "<script>alert(1)</script>\n2026-01-01 INFO admin login ok".to_owned(),
        "\u{1b}[2J\u{1b}]0;owned\u{7}".to_owned(),
        "\u{202e}txt.exe \u{85} \u{2028} \0".to_owned(),
        "x".repeat(20_000),
    ];
    for text in hostile {
        for name in ["error", "error_description", "iss"] {
            let outcome = World::openid().login(|script| {
                script.callback.remove("code");
                script.callback.set("error", "server_error");
                let short: String = text.chars().take(250).collect();
                script
                    .callback
                    .set(name, if name == "error" { &short } else { &text });
            });
            let error = outcome.result.unwrap_err();
            let shown = format!("{error}\n{error:?}");
            let lines = shown.lines().count();
            assert!(
                lines == 2 && shown.len() < 3_000,
                "{lines} lines, {} bytes",
                shown.len()
            );
            assert!(
                shown.chars().all(|c| c == '\n' || (' '..='~').contains(&c)),
                "{shown}"
            );
        }
    }
}

#[test]
fn what_a_login_asks_for_shows_no_token_and_no_address_of_a_request() {
    let mut options = AuthorizationOptions::default();
    options.id_token_hint = Some("s3cret.id.token".to_owned());
    options.request_uri = Some("https://app.example/auth/request/s3cret".to_owned());
    options.login_hint = Some("s3cret@example.test".to_owned());
    options.max_age = Some(300);
    let shown = format!("{options:?}");
    assert!(
        shown.contains("300") && !shown.contains("s3cret"),
        "{shown}"
    );
}

#[test]
fn a_response_shows_neither_code_nor_state() {
    let response =
        AuthorizationResponse::parse("code=s3cret-code&state=s3cret-state&iss=a&error=b");
    let shown = format!("{:?}", response.unwrap());
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[test]
fn no_error_of_the_callback_shows_code_or_state() {
    let mut world = World::openid();
    let pending = world.start();
    let state = pending.parameter("state");
    let queries = [
        format!("code=s3cret&code=s3cret&state={state}"),
        format!("code=s3cret&state={state}x"),
        format!("code=s3cret&state={state}&iss=https://evil.example"),
        format!("code=s3cret%0a&state={state}"),
        format!("code=s3cret%zz&state={state}"),
        format!("code=c&state={state}%"),
        format!("code=s3cret&state={state}&error=access_denied"),
        format!("code=s3cret&state={state}&response=x"),
        "code=s3cret".to_owned(),
    ];
    for query in queries {
        let outcome = world.finish(pending.clone(), |script| script.callback.replace(query));
        let error: &Error = outcome.error();
        let shown = format!("{error} {error:?}");
        assert!(
            !shown.contains("s3cret") && !shown.contains(&state),
            "{shown}"
        );
    }
}

#[test]
fn requests_and_responses_show_no_secret() {
    let outcome = login(|_honest| {});
    let shown = format!("{:?} {:?}", outcome.requests, outcome.result);
    for secret in [
        "client-secret",
        "code-1",
        "access-token-1",
        "refresh-token-1",
    ] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    let response = HttpResponse::new(200).with_body("access-token-1");
    assert!(!format!("{response:?}").contains("access-token"));
}

#[test]
fn a_transaction_shows_no_secret() {
    let mut world = World::openid();
    let pending = world.start();
    let shown = format!("{:?} {:?}", pending.transaction, pending.request);
    let stored = serde_json::to_value(&pending.transaction).unwrap();
    for member in ["s", "n", "v"] {
        let secret = stored[member].as_str().unwrap();
        assert!(
            !secret.is_empty() && !shown.contains(secret),
            "{member}: {shown}"
        );
    }
    let seed = format!("{:?}", Seed::new([65; Seed::BYTES]));
    assert_eq!(seed, "Seed([redacted])");
}
