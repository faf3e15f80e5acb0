//! Userinfo as it is registered: plain, signed, encrypted, or signed and encrypted.

use codegrant_core::Client;
use codegrant_core::error::Purpose;
use codegrant_core::jose::{Algorithm, SigningKey};
use codegrant_testkit::World;
use codegrant_testkit::world::{Script, signing_key, stranger_key};
use serde_json::{Map, Value, json};

use super::{REGISTERED, SECRET, decryption_key, encrypted, registered};

/// What userinfo says when it is signed: about whom, by whom, for whom.
pub(super) fn said() -> Map<String, Value> {
    let said = json!({
        "iss": "https://op.example", "aud": "app", "sub": "248289761001", "name": "Signed Doe",
    });
    said.as_object().unwrap().clone()
}

fn signed_userinfo(script: &mut Script, claims: &Map<String, Value>, algorithm: Algorithm) {
    let token = signing_key(algorithm, "k1").sign(None, claims).unwrap();
    script.userinfo.replace_body("application/jwt", token);
}

pub(super) fn with_signed_userinfo() -> World {
    World::new(registered(Algorithm::Rs256).with_userinfo_algorithm(Algorithm::Rs256))
}

#[test]
fn signed_userinfo_is_verified_and_believed() {
    let outcome = with_signed_userinfo().login(|script| {
        signed_userinfo(script, &said(), Algorithm::Rs256);
    });
    assert_eq!(outcome.identity().name.as_deref(), Some("Signed Doe"));
    let asked = outcome
        .requests
        .iter()
        .find(|sent| sent.purpose == Purpose::Userinfo);
    let accept = asked.unwrap().request.header("accept");
    assert_eq!(accept, Some("application/jwt"));
    assert_eq!(outcome.calls(Purpose::Keys), 1);

    let mut list = said();
    list.insert("aud".to_owned(), json!(["other", "app"]));
    list.insert("exp".to_owned(), 1_800_000_000.into());
    let outcome = with_signed_userinfo().login(|script| {
        signed_userinfo(script, &list, Algorithm::Rs256);
    });
    assert_eq!(outcome.code(), None);
}

#[test]
fn userinfo_comes_in_the_registered_form_or_not_at_all() {
    let plain = with_signed_userinfo().login(|_honest| {});
    assert_eq!(plain.code(), Some("provider.userinfo_form"));
    let signed = World::openid().login(|script| {
        signed_userinfo(script, &said(), Algorithm::Rs256);
    });
    assert_eq!(signed.code(), Some("provider.userinfo_form"));
    let page = with_signed_userinfo().login(|script| {
        script.userinfo.replace_body("text/html", "<html>");
    });
    assert_eq!(page.code(), Some("provider.media_type"));
}

#[test]
fn userinfo_that_is_not_signed_as_registered_ends_the_login() {
    let code = Some("provider.userinfo_token");
    let answered = |body: Vec<u8>| {
        let outcome = with_signed_userinfo().login(|script| {
            script.userinfo.replace_body("application/jwt", body);
        });
        outcome.code()
    };
    let none = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIyNDgyODk3NjEwMDEifQ.";
    for body in ["", none, "a.b.c", "{}"] {
        assert_eq!(answered(body.into()), code, "{body}");
    }
    assert_eq!(answered(vec![0xff]), code);
    let stranger = stranger_key(Algorithm::Rs256, "k1");
    assert_eq!(answered(stranger.sign(None, &said()).unwrap().into()), code);
    let other = signing_key(Algorithm::Ps256, "k1");
    assert_eq!(answered(other.sign(None, &said()).unwrap().into()), code);
    let secret = SigningKey::from_secret(SECRET, Algorithm::Hs256).unwrap();
    assert_eq!(answered(secret.sign(None, &said()).unwrap().into()), code);
}

#[test]
fn signed_userinfo_is_held_to_issuer_audience_subject_and_time() {
    for (claim, value, code) in [
        (
            "iss",
            json!("https://evil.example"),
            "provider.userinfo_claim",
        ),
        (
            "iss",
            json!("https://op.example/"),
            "provider.userinfo_claim",
        ),
        ("iss", Value::Null, "provider.member_missing"),
        ("aud", json!("other"), "provider.userinfo_claim"),
        ("aud", json!(["other"]), "provider.userinfo_claim"),
        ("aud", json!([]), "provider.userinfo_claim"),
        ("aud", Value::Null, "provider.userinfo_claim"),
        ("aud", json!(7), "provider.member_type"),
        ("sub", json!("victim"), "provider.subject_mismatch"),
        ("sub", Value::Null, "provider.member_missing"),
        ("exp", json!(1_799_999_940), "provider.userinfo_claim"),
        ("exp", json!("soon"), "provider.member_type"),
    ] {
        let mut claims = said();
        claims.insert(claim.to_owned(), value.clone());
        let outcome = with_signed_userinfo().login(|script| {
            signed_userinfo(script, &claims, Algorithm::Rs256);
        });
        assert_eq!(outcome.code(), Some(code), "{claim} {value}");
    }
}

#[test]
fn a_key_that_came_since_the_id_token_is_fetched_once() {
    let new = signing_key(Algorithm::Rs256, "k2");
    let forger = stranger_key(Algorithm::Rs256, "k2");
    for (signer, code) in [(&new, None), (&forger, Some("provider.userinfo_token"))] {
        let outcome = with_signed_userinfo().login(|script| {
            let token = signer.sign(None, &said()).unwrap();
            script.userinfo.replace_body("application/jwt", token);
            script.renewed_keys.body = json!({ "keys": [new.public_jwk()] });
        });
        assert_eq!(outcome.code(), code);
        assert_eq!(outcome.calls(Purpose::Keys), 2);
        assert_eq!(outcome.calls(Purpose::Userinfo), 1);
    }
}

#[test]
fn userinfo_under_the_secret_needs_no_key() {
    let client = registered(Algorithm::Rs256).with_userinfo_algorithm(Algorithm::Hs256);
    for (secret, code) in [
        (SECRET, None),
        (&*"x".repeat(64), Some("provider.userinfo_token")),
    ] {
        let outcome = World::new(client.clone()).login(|script| {
            let key = SigningKey::from_secret(secret, Algorithm::Hs256).unwrap();
            let token = key.sign(None, &said()).unwrap();
            script.userinfo.replace_body("application/jwt", token);
        });
        assert_eq!(outcome.code(), code);
        assert_eq!(outcome.calls(Purpose::Keys), 1);
    }
}

#[test]
fn encrypted_userinfo_is_decrypted_and_its_signature_still_checked() {
    let key = decryption_key();
    let client = registered(Algorithm::Rs256)
        .with_decryption_key(key.clone())
        .with_userinfo_encryption(REGISTERED);
    let plain = json!({"sub": "248289761001", "name": "Hidden Doe"}).to_string();
    let answered = |client: &Client, body: String| {
        World::new(client.clone()).login(|script| {
            script.userinfo.replace_body("application/jwt", body);
        })
    };
    // Encrypted alone: as good as plain, because TLS says whose it is.
    let outcome = answered(&client, encrypted(&key, &plain, None));
    assert_eq!(outcome.identity().name.as_deref(), Some("Hidden Doe"));
    let open = World::new(client.clone()).login(|_honest| {});
    assert_eq!(open.code(), Some("provider.userinfo_form"));
    let foreign = answered(&client, encrypted(&decryption_key(), &plain, None));
    assert_eq!(foreign.code(), Some("encryption.undecryptable"));
    let odd = answered(&client, encrypted(&key, "[]", None));
    assert_eq!(odd.code(), Some("provider.json"));

    // Signed and encrypted.
    let both = client.with_userinfo_algorithm(Algorithm::Rs256);
    let signer = signing_key(Algorithm::Rs256, "k1");
    let inner = signer.sign(None, &said()).unwrap();
    let outcome = answered(&both, encrypted(&key, &inner, Some("JWT")));
    assert_eq!(outcome.identity().name.as_deref(), Some("Signed Doe"));
    let only_signed = answered(&both, inner);
    assert_eq!(only_signed.code(), Some("encryption.missing"));
    let only_encrypted = answered(&both, encrypted(&key, &plain, Some("JWT")));
    assert_eq!(only_encrypted.code(), Some("provider.userinfo_token"));
    let stranger = stranger_key(Algorithm::Rs256, "k1");
    let forged = stranger.sign(None, &said()).unwrap();
    let forged = answered(&both, encrypted(&key, &forged, Some("JWT")));
    assert_eq!(forged.code(), Some("provider.userinfo_token"));
}
