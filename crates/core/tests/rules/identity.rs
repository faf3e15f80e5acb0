//! Who logged in: the account key, and what an e-mail address is worth.

use codegrant_core::provider::{EmailTrust, Provider, Quirk};
use codegrant_core::{Client, Email, Identity};
use codegrant_testkit::World;
use codegrant_testkit::world::Script;
use serde_json::{Value, json};

use crate::login;

fn identity(alter: impl FnOnce(&mut Script)) -> Identity {
    login(alter).identity().clone()
}

fn claimed(address: &str) -> Email {
    Email::Claimed(address.to_owned())
}

/// What becomes of an address that the provider calls verified.
fn verified(address: &str) -> Email {
    identity(|script| script.userinfo.set("email", address)).email
}

// attack: AC-01
#[test]
fn the_account_is_issuer_and_subject_whatever_the_address() {
    let mallory = identity(|script| {
        script.claims.set("sub", "mallory");
        script.userinfo.set("sub", "mallory");
        script.userinfo.set("email", "jane@mail.example");
    });
    let jane = identity(|_honest| {});
    assert_eq!(mallory.email.as_str(), jane.email.as_str());
    assert_ne!(mallory.key(), jane.key());
    assert_eq!(mallory.key(), ("https://op.example", "mallory"));
}

// attack: AC-03
#[test]
fn only_json_true_verifies_an_address() {
    let said = |value: Value| identity(|script| script.userinfo.set("email_verified", value)).email;
    assert!(matches!(said(json!(true)), Email::Verified(_)));
    for other in [
        json!("true"),
        json!("false"),
        json!("TRUE"),
        json!(1),
        json!(0),
        json!(1.0),
        Value::Null,
        json!([]),
        json!([true]),
        json!({}),
        json!(false),
        json!(""),
    ] {
        assert_eq!(said(other.clone()), claimed("jane@mail.example"), "{other}");
    }
    let absent = identity(|script| script.userinfo.remove("email_verified"));
    assert_eq!(absent.email, claimed("jane@mail.example"));
}

// attack: AC-03
#[test]
fn the_text_true_verifies_only_where_it_was_declared() {
    let mut provider = Provider::openid("op", "OP", "https://op.example");
    provider.quirks = vec![Quirk::VerifiedString].into();
    let mut world = World::new(Client::new(provider, "app", "https://app.example/cb"));
    let mut said = |value: Value| {
        let outcome = world.login(|script| script.userinfo.set("email_verified", value));
        matches!(outcome.identity().email, Email::Verified(_))
    };
    assert!(said(json!("true")) && said(json!(true)));
    for other in [
        json!("false"),
        json!("True"),
        json!("true "),
        json!("1"),
        json!(1),
        json!(""),
    ] {
        assert!(!said(other.clone()), "{other}");
    }
}

#[test]
fn a_provider_whose_word_does_not_count_verifies_nothing() {
    let mut provider = Provider::openid("op", "OP", "https://op.example");
    provider.email_trust = EmailTrust::Never;
    let mut world = World::new(Client::new(provider, "app", "https://app.example/cb"));
    assert_eq!(
        world.login(|_honest| {}).identity().email,
        claimed("jane@mail.example")
    );
    let facebook = World::facebook().login(|script| {
        script.userinfo.set("email_verified", true);
        script.userinfo.set("verified", true);
    });
    assert_eq!(facebook.identity().email, claimed("jane@mail.example"));
}

// attack: AC-05
#[test]
fn an_address_that_could_be_read_twice_is_not_verified() {
    for address in [
        "a@evil.example,victim@corp.example",
        "a@evil.example;victim@corp.example",
        "victim@corp.example@evil.example",
        "victim\u{ff20}corp.example",
        "victim@corp.ex\u{430}mple",
        "v\u{131}ctim@corp.example",
        "Victim <victim@corp.example>",
        "\"victim@corp.example\"@evil.example",
        "victim@corp.example\n",
        "victim@corp.example\0",
        "vic tim@corp.example",
        " victim@corp.example",
        "victim@corp.example ",
        "victim\\@corp.example",
        "@corp.example",
        "victim@",
        "@",
        "victim",
    ] {
        assert_eq!(verified(address), claimed(address), "{address:?}");
    }
    // RFC 5321 section 4.5.3.1.3 leaves 254 characters for an address.
    let of = |length: usize| "a".repeat(length - 13) + "@corp.example";
    assert!(matches!(verified(&of(254)), Email::Verified(_)));
    assert_eq!(verified(&of(255)), claimed(&of(255)));
    assert_eq!(verified(""), Email::Absent);
    for odd in [json!(5), json!(["a@b.example"]), json!({}), Value::Null] {
        let email = identity(|script| script.userinfo.set("email", odd)).email;
        assert_eq!(email, Email::Absent);
    }
}

#[test]
fn a_verified_address_is_kept_letter_for_letter_with_its_whole_domain() {
    for (address, domain) in [
        ("Jane.Doe+tag@Mail.Example", "Mail.Example"),
        ("o'hara@corp.example", "corp.example"),
        ("user@evil-corp.example", "evil-corp.example"),
        ("a@b", "b"),
    ] {
        let Email::Verified(email) = verified(address) else {
            panic!("{address}");
        };
        assert_eq!((email.as_str(), email.domain()), (address, domain));
    }
}

// attack: AC-06
#[test]
fn a_name_that_changes_hands_changes_no_account() {
    let before = identity(|_honest| {});
    let after = identity(|script| {
        script.userinfo.set("preferred_username", "victim");
        script.userinfo.set("name", "Victim");
        script.userinfo.set("email", "victim@corp.example");
    });
    assert_eq!(before.key(), after.key());
    assert_eq!(after.username.as_deref(), Some("victim"));
    let github = |login: &str| {
        let outcome = World::github().login(|script| script.userinfo.set("login", login));
        outcome.identity().subject.clone()
    };
    assert_eq!(github("octocat"), github("victim"));
}

// attack: AC-07
#[test]
fn nothing_else_is_taken_for_an_address() {
    let none = identity(|script| {
        script.userinfo.remove("email");
        for claim in [
            "preferred_username",
            "upn",
            "unique_name",
            "nickname",
            "name",
            "mail",
        ] {
            script.userinfo.set(claim, "victim@corp.example");
        }
    });
    assert_eq!(none.email, Email::Absent);
    assert_eq!(none.email.as_str(), None);
}

// attack: AC-11
#[test]
fn every_claim_keeps_its_source() {
    let identity = identity(|script| {
        script.claims.set("groups", json!(["signed"]));
        script.userinfo.set("groups", json!(["said"]));
        script
            .userinfo
            .set("_claim_names", json!({"roles": "src1"}));
        script.userinfo.set(
            "_claim_sources",
            json!({"src1": {"endpoint": "https://evil.example"}}),
        );
    });
    assert_eq!(identity.claims.id_token()["groups"], json!(["signed"]));
    assert_eq!(identity.claims.userinfo()["groups"], json!(["said"]));
    assert!(!identity.claims.id_token().contains_key("roles"));
    assert!(!identity.claims.userinfo().contains_key("roles"));
}

#[test]
fn a_picture_is_shown_by_https_alone() {
    for bad in [
        "http://cdn.example/a.png",
        "javascript:alert(1)",
        "data:image/png;base64,x",
        "//cdn.example/a",
        "",
    ] {
        let identity = identity(|script| script.userinfo.set("picture", bad));
        assert_eq!(identity.picture, None, "{bad}");
    }
    let good = identity(|script| script.userinfo.set("picture", "https://cdn.example/a.png"));
    assert_eq!(good.picture.as_deref(), Some("https://cdn.example/a.png"));
}

#[test]
fn a_person_is_called_by_the_best_name_there_is() {
    let called = |remove: &[&str]| {
        let identity = identity(|script| {
            for name in remove {
                script.userinfo.remove(name);
            }
        });
        identity.to_string()
    };
    assert_eq!(called(&[]), "Jane Doe");
    assert_eq!(called(&["name"]), "jane");
    assert_eq!(called(&["name", "preferred_username"]), "jane@mail.example");
    assert_eq!(
        called(&["name", "preferred_username", "email"]),
        "248289761001"
    );
    let empty = identity(|script| script.userinfo.set("name", ""));
    assert_eq!(empty.to_string(), "jane");
}

#[test]
fn an_identity_survives_being_stored_and_shows_no_claim() {
    let identity = identity(|script| script.userinfo.set("secret_note", "s3cret"));
    let text = serde_json::to_string(&identity).unwrap();
    assert_eq!(serde_json::from_str::<Identity>(&text).unwrap(), identity);
    let shown = format!("{identity:?}");
    assert!(
        !shown.contains("s3cret") && !shown.contains("mail.example"),
        "{shown}"
    );
}

// attack: AC-09
#[test]
fn an_address_is_in_its_own_domain_and_in_no_other() {
    for (address, inside) in [
        ("ada@corp.example", true),
        ("ada@CORP.example", true),
        ("ada@evil-corp.example", false),
        ("ada@sub.corp.example", false),
        ("ada@corp.example.evil.example", false),
        ("ada@corp.example.", false),
        ("corp.example@evil.example", false),
    ] {
        let Email::Verified(email) = verified(address) else {
            panic!("{address}");
        };
        assert_eq!(email.is_in_domain("corp.example"), inside, "{address}");
        assert!(!email.is_in_domain("") && !email.is_in_domain("example"));
    }
}
