//! The authorization response: what a browser may bring back, and what is refused unseen.

use codegrant_core::AuthorizationResponse;
use codegrant_core::error::{CallbackError, Purpose};

use crate::{login, refused_at_the_callback};

// attack: CB-01
#[test]
fn a_repeated_code_is_refused() {
    for second in ["another", "", "code-1"] {
        let outcome = login(|script| script.callback.append("code", second));
        refused_at_the_callback(&outcome, "callback.duplicate_parameter");
    }
}

// attack: CB-02
#[test]
fn a_repeated_state_is_refused_in_either_order() {
    let last = login(|script| script.callback.append("state", "another"));
    refused_at_the_callback(&last, "callback.duplicate_parameter");
    let first = login(|script| {
        let state = script.callback.value("state").to_owned();
        script.callback.set("state", "another");
        script.callback.append("state", &state);
    });
    refused_at_the_callback(&first, "callback.duplicate_parameter");
    let twice_the_same = login(|script| {
        let state = script.callback.value("state").to_owned();
        script.callback.append("state", &state);
    });
    refused_at_the_callback(&twice_the_same, "callback.duplicate_parameter");
}

#[test]
fn no_other_parameter_of_the_protocol_may_stand_twice() {
    for name in ["error", "error_description", "error_uri", "iss", "response"] {
        let outcome = login(|script| {
            script.callback.append(name, "a");
            script.callback.append(name, "a");
        });
        refused_at_the_callback(&outcome, "callback.duplicate_parameter");
    }
}

// attack: CB-04
#[test]
fn a_code_beside_an_error_is_refused() {
    for error in ["access_denied", "server_error", ""] {
        let outcome = login(|script| script.callback.set("error", error));
        refused_at_the_callback(&outcome, "callback.code_and_error");
    }
}

// attack: CB-05
#[test]
fn neither_a_code_nor_an_error_is_refused() {
    let outcome = login(|script| script.callback.remove("code"));
    refused_at_the_callback(&outcome, "callback.code_missing");
    let described = login(|script| {
        script.callback.remove("code");
        script
            .callback
            .set("error_description", "no error goes with this");
    });
    refused_at_the_callback(&described, "callback.code_missing");
}

// attack: CB-06
#[test]
fn a_denial_is_told_apart_from_every_other_error() {
    let answered = |error: &str| {
        login(|script| {
            script.callback.remove("code");
            script.callback.set("error", error);
            script.callback.set("error_description", "The user said no");
        })
    };
    for error in [
        "access_denied",
        "user_cancelled_authorize",
        "user_cancelled_login",
    ] {
        let outcome = answered(error);
        refused_at_the_callback(&outcome, "callback.denied");
        let shown = outcome.error().to_string();
        assert!(
            shown.contains(error) && shown.contains("The user said no"),
            "{shown}"
        );
    }
    for error in [
        "invalid_request",
        "unauthorized_client",
        "unsupported_response_type",
        "invalid_scope",
        "server_error",
        "temporarily_unavailable",
        "Login_Required",
        "Access_Denied",
        "access_denied ",
        "",
    ] {
        refused_at_the_callback(&answered(error), "callback.provider_error");
    }
}

// attack: CB-07
#[test]
fn an_error_with_a_foreign_state_is_not_believed() {
    for state in ["", "another"] {
        let outcome = login(|script| {
            script.callback.remove("code");
            script.callback.set("error", "server_error");
            script.callback.set("state", state);
        });
        let code = if state.is_empty() {
            "state_missing"
        } else {
            "state_mismatch"
        };
        refused_at_the_callback(&outcome, &format!("callback.{code}"));
        assert!(!outcome.error().to_string().contains("server_error"));
    }
}

// attack: CB-09
#[test]
fn an_empty_code_is_refused() {
    let outcome = login(|script| script.callback.set("code", ""));
    refused_at_the_callback(&outcome, "callback.code_malformed");
    let bare = login(|script| {
        let state = script.callback.value("state").to_owned();
        script.callback.replace(format!("code&state={state}"));
    });
    refused_at_the_callback(&bare, "callback.code_malformed");
}

#[test]
fn a_code_with_invisible_characters_is_refused() {
    for code in [
        "a\nb",
        "a\r\nb",
        "\0",
        "a\u{7f}",
        "caf\u{e9}",
        "\u{202e}abc",
        "a\tb",
    ] {
        let outcome = login(|script| script.callback.set("code", code));
        refused_at_the_callback(&outcome, "callback.code_malformed");
    }
}

#[test]
fn a_code_of_any_visible_characters_reaches_the_token_endpoint_unchanged() {
    for code in ["4/0AX4XfWh-_.~", "a b", "a+b/c==", "%2e%2e", "<&>\"';=?#"] {
        let outcome = login(|script| script.callback.set("code", code));
        assert_eq!(outcome.code(), None, "{code}");
        let sent = outcome.sent(Purpose::Token);
        assert_eq!(sent.parameter("code").as_deref(), Some(code));
    }
}

// attack: CB-12
#[test]
fn unknown_parameters_are_ignored() {
    let outcome = login(|script| {
        for (name, value) in [
            ("foo", "bar"),
            ("foo", "again"),
            ("session_state", "zzz"),
            ("scope", "openid admin"),
            ("authuser", "0"),
            ("", ""),
            ("STATE", "upper"),
            ("redirect_uri", "https://evil.example/"),
            ("client_id", "another"),
        ] {
            script.callback.append(name, value);
        }
    });
    assert_eq!(outcome.code(), None);
    assert_eq!(
        outcome.value().tokens.scopes,
        ["openid", "profile", "email"]
    );
    let sent = outcome.sent(Purpose::Token);
    let callback = "https://app.example/auth/callback/op";
    assert_eq!(sent.parameter("redirect_uri").as_deref(), Some(callback));
}

// attack: CB-13
#[test]
fn tokens_in_the_front_channel_are_no_login() {
    for tokens in [
        &[("access_token", "AT"), ("token_type", "bearer")][..],
        &[("id_token", "a.b.c")],
        &[
            ("access_token", "AT"),
            ("id_token", "a.b.c"),
            ("expires_in", "3600"),
        ],
    ] {
        let outcome = login(|script| {
            script.callback.remove("code");
            for (name, value) in tokens {
                script.callback.append(name, value);
            }
        });
        refused_at_the_callback(&outcome, "callback.code_missing");
    }
}

// attack: CB-14 PK-13
#[test]
fn tokens_beside_the_code_are_never_read() {
    let outcome = login(|script| {
        let mut victims = script.claims.clone();
        victims.set("sub", "victim");
        let token = script.signed_text(&script.header.to_string(), &victims.to_string());
        script.callback.append("id_token", &token);
        script
            .callback
            .append("access_token", "victims-access-token");
    });
    assert_eq!(outcome.identity().subject, "248289761001");
    let login = outcome.value();
    assert_eq!(login.tokens.access_token.secret(), "access-token-1");
    for sent in &outcome.requests {
        let authorization = sent.request.header("authorization").unwrap_or_default();
        assert!(!authorization.contains("victim"), "{}", sent.purpose);
    }
}

// attack: CB-15
#[test]
fn names_are_decoded_before_they_are_counted() {
    for hidden in ["c%6fde=C2", "%63%6F%64%65=", "stat%65=X", "%69ss=a&iss=a"] {
        let before = login(|script| {
            let honest = script.callback.encoded();
            script.callback.replace(format!("{hidden}&{honest}"));
        });
        refused_at_the_callback(&before, "callback.duplicate_parameter");
        let after = login(|script| {
            let honest = script.callback.encoded();
            script.callback.replace(format!("{honest}&{hidden}"));
        });
        refused_at_the_callback(&after, "callback.duplicate_parameter");
    }
    for another_name in [
        "code[]=C",
        "code%00=C",
        "%20code=C",
        "code+=C",
        "Code=C",
        "code%5B0%5D=C",
    ] {
        let outcome = login(|script| {
            let state = script.callback.value("state").to_owned();
            script
                .callback
                .replace(format!("{another_name}&state={state}"));
        });
        refused_at_the_callback(&outcome, "callback.code_missing");
    }
}

// attack: CB-16
#[test]
fn only_the_ampersand_separates_and_a_plus_is_a_space() {
    let semicolon = login(|script| {
        let joined = script.callback.encoded().replace('&', ";");
        script.callback.replace(joined);
    });
    refused_at_the_callback(&semicolon, "callback.state_missing");
    for (encoded, code) in [
        ("a+b", "a b"),
        ("a%2Bb", "a+b"),
        ("a%20b", "a b"),
        ("a%2bb%3B", "a+b;"),
        ("a=b", "a=b"),
        ("a%26b", "a&b"),
        ("a?b", "a?b"),
        ("%252B", "%2B"),
    ] {
        let outcome = login(|script| {
            let state = script.callback.value("state").to_owned();
            script
                .callback
                .replace(format!("&&code={encoded}&&state={state}&"));
        });
        assert_eq!(outcome.code(), None, "{encoded}");
        let sent = outcome.sent(Purpose::Token);
        assert_eq!(sent.parameter("code").as_deref(), Some(code));
    }
}

#[test]
fn broken_percent_escapes_and_foreign_bytes_are_refused() {
    for broken in [
        "%", "%4", "%zz", "%C3%28", "%ff", "a%", "%%41", "%+1", "%-1", "%u0041",
    ] {
        for query in [
            format!("code={broken}&state=s"),
            format!("{broken}=1&state=s"),
        ] {
            let refused = AuthorizationResponse::parse(&query).unwrap_err();
            assert_eq!(refused.code().name, "callback.malformed", "{query}");
        }
    }
}

// attack: CB-19
#[test]
fn a_jwt_response_that_nobody_asked_for_is_refused() {
    let beside = login(|script| script.callback.append("response", "a.b.c"));
    refused_at_the_callback(&beside, "callback.unexpected_response_mode");
    let instead = login(|script| {
        script.callback.remove("code");
        script.callback.append("response", "");
    });
    refused_at_the_callback(&instead, "callback.unexpected_response_mode");
    let alone = login(|script| script.callback.replace("response=a.b.c"));
    refused_at_the_callback(&alone, "callback.state_missing");
}

#[test]
fn each_parameter_has_a_longest_length() {
    for (name, limit) in [
        ("code", 8192),
        ("state", 512),
        ("iss", 2048),
        ("error", 256),
    ] {
        let of =
            |bytes: usize| AuthorizationResponse::parse(&format!("{name}={}", "a".repeat(bytes)));
        assert!(of(limit).is_ok(), "{name}");
        let too_long = CallbackError::TooLong {
            name,
            bytes: limit + 1,
            limit,
        };
        assert_eq!(of(limit + 1).unwrap_err(), too_long);
    }
}

// attack: DO-05
#[test]
fn a_query_is_bounded_before_it_is_decoded() {
    let code = |query: &str| AuthorizationResponse::parse(query).unwrap_err().code().name;
    assert_eq!(code(&"&".repeat(100_000)), "callback.too_long");
    assert_eq!(code(&"&".repeat(32 * 1024 + 1)), "callback.too_long");
    assert_eq!(code(&"a=1&".repeat(100_000)), "callback.too_long");
    assert_eq!(code(&"%61=%62&".repeat(4_000)), "callback.malformed");
    assert_eq!(code(&"a&".repeat(65)), "callback.malformed");
    assert!(AuthorizationResponse::parse(&"a&".repeat(64)).is_ok());
    // Empty parts are no parameters, however many there are.
    assert!(AuthorizationResponse::parse(&"&".repeat(32 * 1024)).is_ok());
}
