//! The userinfo endpoint (OpenID Connect Core 1.0 section 5.3) and its relatives: what is believed of them.

use codegrant_core::error::Purpose;
use codegrant_core::http::HttpResponse;
use codegrant_core::provider::{GITHUB, Path};
use codegrant_core::{Client, Email, Login};
use codegrant_testkit::World;
use codegrant_testkit::world::{Answer, Outcome, stranger_key};
use serde_json::{Value, json};

use crate::{login, with_quirks};

fn answered(alter: impl FnOnce(&mut Answer)) -> Outcome<Login> {
    login(|script| alter(&mut script.userinfo))
}

#[track_caller]
fn refused(outcome: &Outcome<Login>, code: &str) {
    assert_eq!(outcome.code(), Some(code));
    assert_eq!(outcome.calls(Purpose::Userinfo), 1);
    assert!(!outcome.called(Purpose::Emails));
}

// attack: UI-01
#[test]
fn userinfo_of_another_account_ends_the_login() {
    for other in [
        "2482897610011",
        "24828976100",
        "248289761001 ",
        "",
        "VICTIM",
    ] {
        refused(
            &answered(|userinfo| userinfo.set("sub", other)),
            "provider.subject_mismatch",
        );
    }
}

// attack: UI-03
#[test]
fn a_subject_that_is_no_text_ends_the_login() {
    for odd in [
        json!(248_289_761_001_u64),
        json!(["248289761001"]),
        json!({}),
        json!(true),
    ] {
        refused(
            &answered(|userinfo| userinfo.set("sub", odd)),
            "provider.member_type",
        );
    }
    refused(
        &answered(|userinfo| userinfo.set("sub", Value::Null)),
        "provider.member_missing",
    );
    refused(
        &answered(|userinfo| userinfo.remove("sub")),
        "provider.member_missing",
    );
}

// attack: UI-04
#[test]
fn a_body_that_is_no_object_ends_the_login() {
    for body in [
        json!([{"sub": "248289761001"}]),
        json!("x"),
        Value::Null,
        json!(5),
        json!([]),
    ] {
        refused(&answered(|userinfo| userinfo.body = body), "provider.json");
    }
    for body in ["", "{", "{}{}", r#"{"sub":"248289761001","sub":"victim"}"#] {
        let outcome = answered(|userinfo| userinfo.replace_body("application/json", body));
        refused(&outcome, "provider.json");
    }
}

// attack: UI-05
#[test]
fn userinfo_replaces_nothing_that_the_id_token_said() {
    let outcome = login(|script| {
        script.claims.set("email", "jane@signed.example");
        script.claims.set("email_verified", false);
        for (name, value) in [
            ("iss", json!("https://evil.example")),
            ("aud", json!("another")),
            ("exp", json!(0)),
            ("nonce", json!("another")),
            ("azp", json!("another")),
            ("email", json!("jane@said.example")),
            ("email_verified", json!(true)),
        ] {
            script.userinfo.set(name, value);
        }
    });
    let identity = outcome.identity();
    assert_eq!(identity.issuer, "https://op.example");
    assert_eq!(
        identity.email,
        Email::Claimed("jane@signed.example".to_owned())
    );
    assert_eq!(identity.claims.userinfo()["email"], "jane@said.example");
    assert_eq!(identity.claims.id_token()["email"], "jane@signed.example");
    for protocol in ["iss", "aud", "exp", "nonce", "azp", "sub"] {
        assert!(
            !identity.claims.userinfo().contains_key(protocol),
            "{protocol}"
        );
        assert!(
            !identity.claims.id_token().contains_key(protocol),
            "{protocol}"
        );
    }
    assert_eq!(
        outcome.value().id_token.as_ref().unwrap().claims()["aud"],
        "app"
    );
}

// attack: UI-05 AC-03
#[test]
fn one_documents_word_never_verifies_the_others_address() {
    let outcome = login(|script| {
        script.claims.set("email_verified", true);
        script.userinfo.set("email", "victim@corp.example");
        script.userinfo.remove("email_verified");
    });
    let claimed = Email::Claimed("victim@corp.example".to_owned());
    assert_eq!(outcome.identity().email, claimed);
}

// attack: UI-07
#[test]
fn signed_userinfo_that_nobody_registered_is_refused() {
    for media_type in ["application/jwt", "application/json", "text/plain"] {
        let outcome = login(|script| {
            let forged = stranger_key(codegrant_core::jose::Algorithm::Rs256, "k1")
                .sign(None, &script.claims.0)
                .unwrap();
            let honest = script.signed_id_token();
            let body = if media_type == "text/plain" {
                honest
            } else {
                forged
            };
            script.userinfo.replace_body(media_type, body);
        });
        let code = match media_type {
            "application/json" => "json",
            "application/jwt" => "userinfo_form",
            _ => "media_type",
        };
        refused(&outcome, &format!("provider.{code}"));
    }
}

// attack: UI-08
#[test]
fn a_redirect_takes_the_access_token_nowhere() {
    for status in [301, 302, 303, 307, 308] {
        let outcome = answered(|userinfo| {
            userinfo.status = status;
            userinfo.header("location", "https://evil.example/");
        });
        refused(&outcome, "provider.redirect");
        assert!(
            outcome
                .requests
                .iter()
                .all(|sent| !sent.request.url.contains("evil"))
        );
    }
}

#[test]
fn any_other_status_than_200_ends_the_login() {
    for status in [201, 204, 401, 403, 404, 429, 500, 503] {
        refused(
            &answered(|userinfo| userinfo.status = status),
            "provider.status",
        );
    }
}

#[test]
fn another_media_type_ends_the_login() {
    for media_type in ["", "text/html", "text/plain", "application/xml"] {
        let outcome = answered(|userinfo| media_type.clone_into(&mut userinfo.media_type));
        refused(&outcome, "provider.media_type");
    }
}

// attack: UI-14
#[test]
fn only_the_token_of_our_own_exchange_asks_who_the_user_is() {
    let outcome = World::facebook().login(|script| {
        script
            .callback
            .append("access_token", "token-of-another-app");
        script.userinfo.set("access_token", "token-of-another-app");
    });
    let sent = outcome.sent(Purpose::Userinfo);
    assert_eq!(
        sent.request.header("authorization"),
        Some("Bearer access-token-1")
    );
    assert_eq!(
        outcome.value().tokens.access_token.secret(),
        "access-token-1"
    );
    // And with OpenID Connect userinfo alone never names anybody.
    let without = login(|script| script.leave_out_id_token());
    assert_eq!(without.code(), Some("id_token.missing"));
    assert!(!without.called(Purpose::Userinfo));
}

#[test]
fn an_oauth_account_is_text_or_a_whole_number() {
    let account = |id: Value| {
        let mut world = with_quirks([]);
        world.userinfo = json!({ "id": id });
        world.login(|_honest| {})
    };
    for (id, subject) in [
        (json!("abc"), "abc"),
        (json!(1), "1"),
        (json!(-1), "-1"),
        (json!(u64::MAX), "18446744073709551615"),
        (json!("1"), "1"),
    ] {
        assert_eq!(account(id).identity().subject, subject);
    }
    for odd in [
        json!(""),
        json!(1.5),
        json!(1e300),
        json!(true),
        json!([1]),
        json!({}),
        json!("a\nb"),
    ] {
        assert_eq!(
            account(odd.clone()).code(),
            Some("provider.member_type"),
            "{odd}"
        );
    }
    assert_eq!(
        account(json!("a".repeat(256))).code(),
        Some("provider.member_type")
    );
    assert_eq!(account(Value::Null).code(), Some("provider.member_missing"));
    // A number that only a float could hold would be somebody else's.
    let outcome = with_quirks([]).login(|script| {
        let body = r#"{"id":18446744073709551616}"#;
        script.userinfo.replace_body("application/json", body);
    });
    assert_eq!(outcome.code(), Some("provider.member_type"));
}

#[test]
fn github_is_asked_for_addresses_at_their_own_endpoint() {
    let outcome = World::github().login(|_honest| {});
    assert_eq!(
        outcome.sent(Purpose::Emails).request.url,
        "https://api.github.com/user/emails"
    );
    let Email::Verified(email) = &outcome.identity().email else {
        panic!("{:?}", outcome.identity().email);
    };
    assert_eq!(email.as_str(), "octocat@github.example");
}

#[test]
fn an_address_that_is_called_verified_already_is_not_asked_for_again() {
    let asked = |verified: Value| {
        let outcome = World::github().login(|script| {
            script.userinfo.set("email", "octocat@github.example");
            script.userinfo.set("email_verified", verified);
        });
        outcome.called(Purpose::Emails)
    };
    assert!(!asked(json!(true)));
    for not_yet in [json!(false), json!("true"), json!(1), Value::Null] {
        assert!(asked(not_yet));
    }
}

#[test]
fn only_githubs_primary_address_is_taken_and_only_true_verifies_it() {
    let addresses = |emails: Value| {
        let mut world = World::github();
        world.emails = emails;
        world.login(|_honest| {}).identity().email.clone()
    };
    let claimed = Email::Claimed("a@x.example".to_owned());
    for verified in [json!(false), json!("true"), json!(1), Value::Null] {
        let list = json!([{"email": "a@x.example", "primary": true, "verified": verified}]);
        assert_eq!(addresses(list), claimed);
    }
    assert_eq!(
        addresses(json!([{"email": "a@x.example", "primary": true}])),
        claimed
    );
    for nothing in [
        json!([]),
        json!([{"email": "a@x.example", "verified": true}]),
        json!([{"email": "a@x.example", "primary": "true", "verified": true}]),
        json!([{"email": 5, "primary": true, "verified": true}]),
        json!([null, 5, "a@x.example", []]),
    ] {
        assert_eq!(addresses(nothing), Email::Absent);
    }
}

#[test]
fn a_withheld_address_ends_no_login() {
    for status in [401, 403, 404] {
        let outcome = World::github().login(|script| script.emails.status = status);
        assert_eq!(outcome.identity().email, Email::Absent);
    }
    for status in [302, 500] {
        let outcome = World::github().login(|script| script.emails.status = status);
        assert!(outcome.code().is_some(), "{status}");
    }
    for (body, code) in [
        (json!({}), "member_type"),
        (json!("x"), "member_type"),
        (Value::Null, "member_type"),
    ] {
        let outcome = World::github().login(|script| script.emails.body = body);
        assert_eq!(outcome.code(), Some(format!("provider.{code}").as_str()));
    }
    let page = World::github().login(|script| script.emails.replace_body("text/html", "[]"));
    assert_eq!(page.code(), Some("provider.media_type"));
    let broken = World::github().login(|script| {
        script
            .emails
            .replace(HttpResponse::new(200).with_header("content-type", "application/json"));
    });
    assert_eq!(broken.code(), Some("provider.json"));
}

#[test]
fn an_address_from_a_list_is_worth_what_the_list_says_and_not_what_userinfo_says() {
    let mut provider = GITHUB;
    provider.user = provider.user.email_verified(Path::new("confirmed"));
    let mut world =
        World::new(Client::new(provider, "app", "https://app.example/cb").with_secret("s"));
    world.userinfo = json!({"id": 1, "email": "me,me@evil.example", "confirmed": true});
    world.emails = json!([{"email": "ceo@corp.example", "primary": true, "verified": false}]);
    let outcome = world.login(|_honest| {});
    assert_eq!(
        outcome.identity().email,
        Email::Claimed("ceo@corp.example".to_owned())
    );
}
