//! The members of a token answer (RFC 6749 section 5.1): their types, and the departures that are declared.

use codegrant_core::Timestamp;
use codegrant_core::provider::Quirk;
use serde_json::{Value, json};

use crate::token_endpoint::{answered, provider_failure};
use crate::{login, start, with_quirks};

fn expiry(value: impl Into<Value>) -> Result<Option<Timestamp>, &'static str> {
    let outcome = answered(|token| token.set("expires_in", value));
    match &outcome.result {
        Ok(login) => Ok(login.tokens.expires_at),
        Err(error) => Err(error.code().name),
    }
}

// attack: TK-16
#[test]
fn without_expires_in_the_expiry_is_unknown() {
    let absent = answered(|token| token.remove("expires_in"));
    assert_eq!(absent.value().tokens.expires_at, None);
    assert_eq!(expiry(Value::Null), Ok(None));
}

// attack: TK-17
#[test]
fn expires_in_overflows_nothing_and_is_a_whole_number() {
    let ten_years = 10 * 365 * 86_400;
    assert_eq!(expiry(3_600), Ok(Some(start().plus(3_600))));
    for gone in [json!(0), json!(-1), json!(i64::MIN)] {
        assert_eq!(expiry(gone), Ok(Some(start())));
    }
    for far in [json!(i64::MAX), json!(u64::MAX), json!(ten_years + 1)] {
        assert_eq!(expiry(far), Ok(Some(start().plus(ten_years))));
    }
    for odd in [
        json!(1e308),
        json!(3600.5),
        json!("3600"),
        json!(true),
        json!([]),
        json!({}),
        json!(""),
    ] {
        assert_eq!(expiry(odd.clone()), Err("provider.member_type"), "{odd}");
    }
    for written in ["18446744073709551616", "-9223372036854775809", "1e2"] {
        let body =
            format!(r#"{{"access_token":"a","token_type":"bearer","expires_in":{written}}}"#);
        let outcome = answered(|token| token.replace_body("application/json", body));
        provider_failure(&outcome, "provider.member_type");
    }
}

#[test]
fn expires_in_as_text_is_read_only_where_it_was_declared() {
    let declared = |value: &str| {
        let outcome = with_quirks([Quirk::ExpiresInString])
            .login(|script| script.token.set("expires_in", value));
        match outcome.result {
            Ok(login) => Ok(login.tokens.expires_at),
            Err(error) => Err(error.code().name),
        }
    };
    assert_eq!(declared("3600"), Ok(Some(start().plus(3_600))));
    for bad in [
        "",
        "-1",
        "3600.5",
        " 3600",
        "1e3",
        "99999999999999999999",
        "one hour",
    ] {
        assert_eq!(declared(bad), Err("provider.member_type"), "{bad:?}");
    }
}

// attack: TK-20
#[test]
fn what_was_granted_is_recorded_word_for_word() {
    let granted = |scope: &str| {
        answered(|token| token.set("scope", scope))
            .value()
            .tokens
            .scopes
            .clone()
    };
    assert_eq!(granted("openid admin"), ["openid", "admin"]);
    assert_eq!(granted("  openid   profile "), ["openid", "profile"]);
    assert_eq!(granted("openid,profile"), ["openid,profile"]);
    assert!(granted("").is_empty());
    let silent = login(|_honest| {});
    assert_eq!(
        silent.value().tokens.scopes,
        ["openid", "profile", "email"],
        "as requested"
    );
    let listed = answered(|token| token.set("scope", ["openid"]));
    provider_failure(&listed, "provider.member_type");
}

#[test]
fn a_list_of_scopes_is_read_only_where_it_was_declared() {
    let declared = |scope: Value| {
        with_quirks([Quirk::ScopeArray]).login(|script| script.token.set("scope", scope))
    };
    assert_eq!(
        declared(json!(["a", "b"])).value().tokens.scopes,
        ["a", "b"]
    );
    for odd in [json!([1]), json!(["a", null]), json!({})] {
        provider_failure(&declared(odd), "provider.member_type");
    }
}

// attack: LK-08
#[test]
fn a_member_of_the_wrong_type_is_named_and_not_shown() {
    for member in [
        "access_token",
        "token_type",
        "refresh_token",
        "scope",
        "id_token",
    ] {
        for odd in [
            json!(["s3cret"]),
            json!({"s3cret": 1}),
            json!(5),
            json!(true),
        ] {
            let outcome = answered(|token| token.set(member, odd));
            provider_failure(&outcome, "provider.member_type");
            let shown = format!("{} {:?}", outcome.error(), outcome.error());
            assert!(
                shown.contains(member) && !shown.contains("s3cret"),
                "{shown}"
            );
        }
    }
}

#[test]
fn a_token_that_fits_into_no_header_is_refused() {
    for member in ["access_token", "refresh_token"] {
        for bad in [
            "",
            "a\nb",
            "a\r\nX: y",
            "caf\u{e9}",
            "\0",
            "\u{7f}",
            &"a".repeat(16 * 1024 + 1),
        ] {
            let outcome = answered(|token| token.set(member, bad));
            provider_failure(&outcome, "provider.member_type");
        }
        let longest =
            with_quirks([]).login(|script| script.token.set(member, "a".repeat(16 * 1024)));
        assert_eq!(longest.code(), None);
    }
    let missing = answered(|token| token.remove("access_token"));
    provider_failure(&missing, "provider.member_missing");
    let null = answered(|token| token.set("access_token", Value::Null));
    provider_failure(&null, "provider.member_missing");
    let none = answered(|token| token.set("refresh_token", Value::Null));
    assert!(none.value().tokens.refresh_token.is_none());
}

#[test]
fn only_bearer_tokens_are_used() {
    for bearer in ["Bearer", "bearer", "BEARER"] {
        assert_eq!(
            answered(|token| token.set("token_type", bearer)).code(),
            None
        );
    }
    for other in ["DPoP", "mac", "N_A", "", "Bearer ", "bearer,dpop"] {
        let outcome = answered(|token| token.set("token_type", other));
        provider_failure(&outcome, "provider.token_type");
    }
    let missing = answered(|token| token.remove("token_type"));
    provider_failure(&missing, "provider.member_missing");
    let declared =
        with_quirks([Quirk::TokenTypeMissing]).login(|script| script.token.remove("token_type"));
    assert_eq!(declared.code(), None);
    let declared = with_quirks([Quirk::TokenTypeMissing])
        .login(|script| script.token.set("token_type", "mac"));
    provider_failure(&declared, "provider.token_type");
}
