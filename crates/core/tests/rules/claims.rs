//! The ID token's claims that are no times, in the order of OpenID Connect Core 1.0 section 3.1.3.7.

use codegrant_core::provider::GOOGLE;
use codegrant_core::{Client, error::Purpose};
use codegrant_testkit::World;
use serde_json::{Value, json};

use crate::{login, refused_at_the_id_token};

/// Refuses every value of another JSON type than text.
fn must_be_text(claim: &'static str) {
    for odd in [
        Value::Null,
        json!(5),
        json!(true),
        json!({}),
        json!([]),
        json!(["app"]),
    ] {
        let shown = odd.to_string();
        let outcome = login(|script| script.claims.set(claim, odd));
        assert_eq!(
            outcome.code(),
            Some("id_token.claim_type"),
            "{claim}: {shown}"
        );
        assert!(!outcome.called(Purpose::Userinfo));
    }
}

fn must_be_there(claim: &'static str) {
    let outcome = login(|script| script.claims.remove(claim));
    refused_at_the_id_token(&outcome, "id_token.claim_missing");
    assert!(outcome.error().to_string().contains(claim));
}

// attack: JW-19
#[test]
fn a_wrong_issuer_is_refused_to_the_byte() {
    for issuer in [
        "https://op.example1",
        "https://op.example/",
        "https://OP.example",
        "http://op.example",
        "op.example",
        "https://op.example ",
        "https://op.exampl\u{435}",
        "",
    ] {
        let outcome = login(|script| script.claims.set("iss", issuer));
        refused_at_the_id_token(&outcome, "id_token.issuer_mismatch");
    }
    must_be_text("iss");
}

// attack: JW-20
#[test]
fn a_missing_issuer_is_refused() {
    must_be_there("iss");
}

#[test]
fn an_issuer_by_its_other_name_is_accepted_where_the_entry_lists_it() {
    let world = || World::new(Client::new(GOOGLE, "app", "https://app.example/cb"));
    let outcome = world().login(|script| script.claims.set("iss", "accounts.google.com"));
    // The account's key does not follow the spelling of the day.
    assert_eq!(outcome.identity().issuer, "https://accounts.google.com");
    let outcome = world().login(|script| script.claims.set("iss", "accounts.google.com."));
    refused_at_the_id_token(&outcome, "id_token.issuer_mismatch");
}

// attack: JW-21
#[test]
fn a_token_for_another_client_is_refused() {
    for audience in ["app1", "another", "", "APP", "app ", "https://app"] {
        let plain = login(|script| script.claims.set("aud", audience));
        refused_at_the_id_token(&plain, "id_token.audience_mismatch");
        let listed = login(|script| script.claims.set("aud", [audience]));
        refused_at_the_id_token(&listed, "id_token.audience_mismatch");
    }
}

// attack: JW-22
#[test]
fn a_missing_or_misshapen_audience_is_refused() {
    must_be_there("aud");
    let empty = login(|script| script.claims.set("aud", json!([])));
    refused_at_the_id_token(&empty, "id_token.audience_mismatch");
    for odd in [
        Value::Null,
        json!(5),
        json!({}),
        json!({"app": true}),
        json!([1]),
        json!(["app", 1]),
        json!(["app", null]),
        json!([["app"]]),
        json!(false),
    ] {
        let outcome = login(|script| script.claims.set("aud", odd));
        refused_at_the_id_token(&outcome, "id_token.claim_type");
    }
}

// attack: JW-23
#[test]
fn our_audience_alone_in_a_list_is_accepted() {
    assert_eq!(
        login(|script| script.claims.set("aud", ["app"])).code(),
        None
    );
}

// attack: JW-24 JW-25
#[test]
fn a_second_audience_is_refused_unless_it_was_declared() {
    for party in [None, Some("app")] {
        for audiences in [["app", "api"], ["api", "app"]] {
            let alter = |script: &mut codegrant_testkit::world::Script| {
                script.claims.set("aud", audiences);
                if let Some(party) = party {
                    script.claims.set("azp", party);
                }
            };
            refused_at_the_id_token(&login(alter), "id_token.untrusted_audience");
            let mut trusting = World::openid();
            trusting.client = trusting.client.clone().with_trusted_audience("api");
            let outcome = trusting.login(alter);
            match party {
                Some(_) => assert_eq!(outcome.code(), None),
                None => refused_at_the_id_token(&outcome, "id_token.claim_missing"),
            }
        }
    }
    let mut trusting = World::openid();
    trusting.client = trusting.client.clone().with_trusted_audience("api");
    let alone = trusting.login(|script| script.claims.set("aud", "api"));
    refused_at_the_id_token(&alone, "id_token.audience_mismatch");
}

// attack: JW-26
#[test]
fn a_token_issued_to_another_party_is_refused() {
    for party in ["another", "", "app1", "App"] {
        let outcome = login(|script| script.claims.set("azp", party));
        refused_at_the_id_token(&outcome, "id_token.authorized_party_mismatch");
    }
    must_be_text("azp");
    assert_eq!(login(|script| script.claims.set("azp", "app")).code(), None);
}

// attack: JW-37
#[test]
fn a_missing_nonce_is_refused() {
    must_be_there("nonce");
    must_be_text("nonce");
}

// attack: JW-38
#[test]
fn the_token_of_an_earlier_login_is_refused() {
    let mut world = World::openid();
    let earlier = world.login(|_honest| {});
    let raw = earlier.value().id_token.as_ref().unwrap().raw().to_owned();
    let replayed = world.login(|script| script.token.set("id_token", raw));
    refused_at_the_id_token(&replayed, "id_token.nonce_mismatch");
    for nonce in ["", "another"] {
        let outcome = world.login(|script| script.claims.set("nonce", nonce));
        refused_at_the_id_token(&outcome, "id_token.nonce_mismatch");
    }
    let longer = world.login(|script| {
        let nonce = script.claims.0["nonce"].as_str().unwrap().to_owned();
        script.claims.set("nonce", nonce + "1");
    });
    refused_at_the_id_token(&longer, "id_token.nonce_mismatch");
}

// attack: JW-49
#[test]
fn an_access_token_that_the_hash_does_not_name_is_refused() {
    let exchanged = login(|script| script.token.set("access_token", "victims-access-token"));
    refused_at_the_id_token(&exchanged, "id_token.access_token_hash");
    let mut world = World::openid();
    let other = world.login(|_honest| {});
    let hash = other.value().id_token.as_ref().unwrap().claims()["at_hash"].clone();
    let hash_of_another = world.login(|script| script.claims.set("at_hash", hash));
    refused_at_the_id_token(&hash_of_another, "id_token.access_token_hash");
}

// attack: JW-50
#[test]
fn a_token_without_the_hash_is_accepted() {
    assert_eq!(login(|script| script.claims.remove("at_hash")).code(), None);
}

// attack: JW-51
#[test]
fn a_truncated_or_misshapen_hash_is_refused() {
    for keep in [0, 1, 8, 21] {
        let outcome = login(|script| {
            let whole = script.claims.0["at_hash"].as_str().unwrap().to_owned();
            script.claims.set("at_hash", &whole[..keep]);
        });
        refused_at_the_id_token(&outcome, "id_token.access_token_hash");
    }
    let padded = login(|script| {
        let whole = script.claims.0["at_hash"].as_str().unwrap().to_owned();
        script.claims.set("at_hash", whole + "==");
    });
    refused_at_the_id_token(&padded, "id_token.access_token_hash");
    must_be_text("at_hash");
}

// attack: JW-54
#[test]
fn a_weaker_sign_in_than_was_asked_for_is_refused() {
    let asking = || {
        let mut world = World::openid();
        world.options.acr_values = vec!["phr".to_owned(), "phrh".to_owned()];
        world
    };
    let absent = asking().login(|_honest| {});
    refused_at_the_id_token(&absent, "id_token.authentication_context");
    for weaker in ["0", "", "phr phrh", "PHR", "phrhx"] {
        let outcome = asking().login(|script| script.claims.set("acr", weaker));
        refused_at_the_id_token(&outcome, "id_token.authentication_context");
    }
    for odd in [Value::Null, json!(2), json!(["phr"])] {
        let outcome = asking().login(|script| script.claims.set("acr", odd));
        refused_at_the_id_token(&outcome, "id_token.claim_type");
    }
    for enough in ["phr", "phrh"] {
        assert_eq!(
            asking()
                .login(|script| script.claims.set("acr", enough))
                .code(),
            None
        );
    }
    assert_eq!(
        login(|script| script.claims.set("acr", "0")).code(),
        None,
        "nobody asked"
    );
}

// attack: JW-55
#[test]
fn another_account_than_the_one_that_has_to_sign_in_is_refused() {
    let expecting = |subject: &str| {
        let mut world = World::openid();
        world.options.expected_subject = Some(subject.to_owned());
        world.login(|_honest| {})
    };
    assert_eq!(expecting("248289761001").code(), None);
    for other in ["248289761002", "24828976100", "248289761001 ", ""] {
        refused_at_the_id_token(&expecting(other), "id_token.subject_mismatch");
    }
}

#[test]
fn a_subject_is_1_to_255_bytes_of_text() {
    must_be_there("sub");
    must_be_text("sub");
    for bad in [
        String::new(),
        "a".repeat(256),
        "a\nb".to_owned(),
        "\0".to_owned(),
        "\u{85}".to_owned(),
    ] {
        let outcome = login(|script| script.claims.set("sub", bad));
        refused_at_the_id_token(&outcome, "id_token.claim_type");
    }
    for good in [
        "a",
        &"a".repeat(255),
        "user|with:odd@chars/ and space",
        "\u{e9}\u{1f511}",
    ] {
        let outcome = login(|script| {
            script.claims.set("sub", good);
            script.userinfo.set("sub", good);
        });
        assert_eq!(outcome.identity().subject, good);
    }
}

#[test]
fn claims_that_nobody_knows_are_kept_and_judged_by_nobody() {
    let outcome = login(|script| {
        script.claims.set("groups", json!(["staff"]));
        script.claims.set("hd", "corp.example");
    });
    let claims = &outcome.identity().claims;
    assert_eq!(claims.id_token()["groups"], json!(["staff"]));
    assert!(claims.userinfo().get("groups").is_none());
}
