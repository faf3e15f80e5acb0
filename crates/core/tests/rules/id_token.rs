//! The ID token as a container: whose signature, which algorithm, what kind of token, and only one reading.

use aws_lc_rs::hmac;
use codegrant_core::error::{Error, IdTokenError, Purpose};
use codegrant_core::jose::{Algorithm, base64url};
use codegrant_testkit::World;
use codegrant_testkit::world::{signing_key, stranger_key};
use serde_json::{Value, json};

use crate::{login, refused_at_the_id_token};

#[test]
fn every_algorithm_that_may_be_registered_logs_in() {
    for &algorithm in Algorithm::ASYMMETRIC {
        let outcome = World::openid_signed_with(algorithm).login(|_honest| {});
        assert_eq!(outcome.code(), None, "{algorithm}");
    }
}

// attack: JW-01 JW-16
#[test]
fn an_unsigned_token_logs_nobody_in() {
    for name in [
        "none", "None", "nOnE", "NONE", "", "rs256", "RS256 ", "RS256\0",
    ] {
        for signature in ["", "c2lnbmVk"] {
            let outcome = login(|script| {
                script.header.set("alg", name);
                let [header, claims] = [script.header.to_string(), script.claims.to_string()]
                    .map(|part| base64url::encode(part.as_bytes()));
                script
                    .token
                    .set("id_token", format!("{header}.{claims}.{signature}"));
            });
            refused_at_the_id_token(&outcome, "id_token.algorithm_unsupported");
        }
    }
    for odd in [
        Value::Null,
        json!(256),
        json!(["RS256"]),
        json!({"RS256": 1}),
    ] {
        let outcome = login(|script| script.header.set("alg", odd));
        refused_at_the_id_token(&outcome, "id_token.algorithm_unsupported");
    }
    let absent = login(|script| script.header.remove("alg"));
    refused_at_the_id_token(&absent, "id_token.algorithm_unsupported");
}

// attack: JW-03 JW-04
#[test]
fn a_token_keyed_with_the_client_secret_or_the_public_key_logs_nobody_in() {
    let public = signing_key(Algorithm::Rs256, "k1").public_jwk();
    let modulus = base64url::decode(public["n"].as_str().unwrap()).unwrap();
    for secret in [
        b"client-secret".to_vec(),
        public.to_string().into_bytes(),
        modulus,
    ] {
        let outcome = login(|script| {
            script.header.set("alg", "HS256");
            let [header, claims] = [script.header.to_string(), script.claims.to_string()]
                .map(|part| base64url::encode(part.as_bytes()));
            let message = format!("{header}.{claims}");
            let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
            let mac = base64url::encode(hmac::sign(&key, message.as_bytes()).as_ref());
            script.token.set("id_token", format!("{message}.{mac}"));
        });
        refused_at_the_id_token(&outcome, "id_token.algorithm_unsupported");
    }
}

// attack: JW-05 JW-06
#[test]
fn a_token_of_another_algorithm_logs_nobody_in_though_its_key_is_published() {
    for &other in Algorithm::ASYMMETRIC
        .iter()
        .filter(|&&other| other != Algorithm::Rs256)
    {
        let outcome = login(|script| {
            let key = signing_key(other, "k2");
            let published = json!([
                signing_key(Algorithm::Rs256, "k1").public_jwk(),
                key.public_jwk()
            ]);
            script.keys.set("keys", published);
            script.header.set("kid", "k2");
            script.sign_with(key);
        });
        refused_at_the_id_token(&outcome, "id_token.algorithm_mismatch");
    }
}

// attack: JW-07 JW-08 JW-09
#[test]
fn a_key_that_the_token_brings_along_logs_nobody_in() {
    let theirs = stranger_key(Algorithm::Rs256, "k1").public_jwk();
    for (name, value) in [
        ("jwk", theirs.clone()),
        ("jku", json!("https://evil.example/jwks")),
        ("x5u", json!("http://169.254.169.254/")),
        ("x5c", json!([theirs["n"]])),
    ] {
        let outcome = login(|script| {
            script.header.set(name, value);
            script.sign_with(stranger_key(Algorithm::Rs256, "k1"));
        });
        refused_at_the_id_token(&outcome, "id_token.bad_signature");
        let hosts = outcome
            .requests
            .iter()
            .all(|sent| sent.request.url.starts_with("https://op.example/"));
        assert!(hosts, "{name} was fetched");
    }
}

// attack: JW-10
#[test]
fn a_hostile_key_id_logs_nobody_in() {
    for key_id in ["../../../../dev/null", "x' OR 1=1--", "", "K1", "k1 ", "*"] {
        let outcome = login(|script| script.header.set("kid", key_id));
        refused_at_the_id_token(&outcome, "id_token.unknown_key");
    }
    for odd in [
        json!(1),
        Value::Null,
        json!(["k1"]),
        json!({}),
        json!("k".repeat(64 * 1024 / 6)),
    ] {
        let outcome = login(|script| script.header.set("kid", odd));
        refused_at_the_id_token(&outcome, "id_token.malformed");
    }
}

// attack: JW-11
#[test]
fn a_critical_extension_logs_nobody_in() {
    for (name, value) in [
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("crit", Value::Null),
        ("b64", json!(false)),
        ("b64", json!(true)),
    ] {
        let outcome = login(|script| script.header.set(name, value));
        refused_at_the_id_token(&outcome, "id_token.critical_header");
    }
}

// attack: JW-12
#[test]
fn a_signature_that_does_not_fit_logs_nobody_in() {
    let forged = login(|script| script.sign_with(stranger_key(Algorithm::Rs256, "k1")));
    refused_at_the_id_token(&forged, "id_token.bad_signature");
    let altered = login(|script| {
        let signed = script.signed_id_token();
        let (message, signature) = signed.rsplit_once('.').unwrap();
        let mut bytes = base64url::decode(signature).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        let token = format!("{message}.{}", base64url::encode(&bytes));
        script.token.set("id_token", token);
    });
    refused_at_the_id_token(&altered, "id_token.bad_signature");
    let transplanted = login(|script| {
        let honest = script.signed_id_token();
        script.claims.set("sub", "victim");
        let victims = script.signed_id_token();
        let message = victims.rsplit_once('.').unwrap().0;
        let signature = honest.rsplit_once('.').unwrap().1;
        script
            .token
            .set("id_token", format!("{message}.{signature}"));
    });
    refused_at_the_id_token(&transplanted, "id_token.bad_signature");
    let empty = login(|script| {
        let signed = script.signed_id_token();
        let message = signed.rsplit_once('.').unwrap().0.to_owned();
        script.token.set("id_token", message + ".");
    });
    refused_at_the_id_token(&empty, "id_token.malformed");
}

// attack: JW-17
#[test]
fn a_logout_token_logs_nobody_in() {
    let typed = login(|script| script.header.set("typ", "logout+jwt"));
    refused_at_the_id_token(&typed, "id_token.token_type");
    for events in [
        json!({"http://schemas.openid.net/event/backchannel-logout": {}}),
        json!({}),
        Value::Null,
    ] {
        let outcome = login(|script| script.claims.set("events", events));
        refused_at_the_id_token(&outcome, "id_token.logout_token");
    }
}

// attack: JW-18
#[test]
fn a_token_of_another_kind_logs_nobody_in() {
    for typ in [
        "at+jwt",
        "application/at+jwt",
        "dpop+jwt",
        "oauth-authz-req+jwt",
        "client-authentication+jwt",
        "secevent+jwt",
        "JOSE",
        "JWT ",
        "",
    ] {
        let outcome = login(|script| script.header.set("typ", typ));
        refused_at_the_id_token(&outcome, "id_token.token_type");
    }
    for odd in [json!(1), Value::Null, json!(["JWT"])] {
        let outcome = login(|script| script.header.set("typ", odd));
        refused_at_the_id_token(&outcome, "id_token.malformed");
    }
    for plain in ["JWT", "jwt"] {
        assert_eq!(login(|script| script.header.set("typ", plain)).code(), None);
    }
    assert_eq!(login(|script| script.header.remove("typ")).code(), None);
}

// attack: JW-39 JW-40
#[test]
fn a_repeated_member_logs_nobody_in() {
    for twice in [
        r#"{"sub":"a","sub":"victim",REST"#,
        r#"{"s\u0075b":"a","sub":"victim",REST"#,
        r#"{"aud":"app","aud":"app",REST"#,
        r#"{"deep":[{"a":1,"\u0061":2}],REST"#,
    ] {
        let outcome = login(|script| {
            let rest = script.claims.to_string();
            let claims = twice.replace("REST", &rest[1..]);
            let token = script.signed_text(&script.header.to_string(), &claims);
            script.token.set("id_token", token);
        });
        refused_at_the_id_token(&outcome, "id_token.claims_json");
    }
    let header = login(|script| {
        let header = r#"{"alg":"none","alg":"RS256","kid":"k1"}"#;
        let token = script.signed_text(header, &script.claims.to_string());
        script.token.set("id_token", token);
    });
    refused_at_the_id_token(&header, "id_token.malformed");
}

// attack: JW-42
#[test]
fn a_huge_token_logs_nobody_in() {
    for (token, code) in [
        ("a".repeat(10 * 1024 * 1024), "id_token.too_large"),
        (".".repeat(1_000_000), "id_token.too_large"),
        (".".repeat(60_000), "id_token.malformed"),
        (
            format!("{}.e30.AAAA", "a".repeat(20 * 1024)),
            "id_token.too_large",
        ),
    ] {
        refused_at_the_id_token(&login(|script| script.token.set("id_token", token)), code);
    }
}

// attack: JW-43
#[test]
fn a_second_spelling_of_a_good_token_logs_nobody_in() {
    for (place, spelt, code) in [
        ("end", "=", "id_token.malformed"),
        ("end", "==", "id_token.malformed"),
        ("end", "\n", "id_token.malformed"),
        ("start", " ", "id_token.malformed"),
        ("header", "=", "id_token.malformed"),
        ("payload", "=", "id_token.bad_signature"),
        ("payload", "\t", "id_token.bad_signature"),
    ] {
        let outcome = login(|script| {
            let token = script.signed_id_token();
            let token = match place {
                "start" => format!("{spelt}{token}"),
                "header" => token.replacen('.', &format!("{spelt}."), 1),
                "payload" => token.replacen('.', &format!(".{spelt}"), 1),
                _ => token + spelt,
            };
            script.token.set("id_token", token);
        });
        refused_at_the_id_token(&outcome, code);
    }
}

// attack: JW-45 JW-46 JW-47 JW-48
#[test]
fn an_encrypted_token_logs_nobody_in() {
    for header in [
        json!({"alg": "RSA-OAEP", "enc": "A256GCM"}),
        json!({"alg": "dir", "enc": "A128GCM"}),
        json!({"alg": "RSA1_5", "enc": "A128CBC-HS256", "zip": "DEF"}),
        json!({"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 2_147_483_647_u32, "p2s": "AA"}),
    ] {
        let header = base64url::encode(header.to_string().as_bytes());
        let outcome = login(|script| {
            script
                .token
                .set("id_token", format!("{header}.AAAA.AAAA.AAAA.AAAA"));
        });
        refused_at_the_id_token(&outcome, "id_token.encrypted");
    }
}

// attack: JW-56
#[test]
fn without_an_id_token_nobody_is_logged_in() {
    let absent = login(|script| script.leave_out_id_token());
    refused_at_the_id_token(&absent, "id_token.missing");
    assert!(!absent.called(Purpose::Keys));
    let null = login(|script| script.token.set("id_token", Value::Null));
    refused_at_the_id_token(&null, "id_token.missing");
}

// attack: JW-57
#[test]
fn an_id_token_that_is_no_text_logs_nobody_in() {
    for odd in [
        json!(5),
        json!({}),
        json!([]),
        json!(true),
        json!({"a": "b"}),
        json!(["a.b.c"]),
    ] {
        let outcome = login(|script| script.token.set("id_token", odd));
        refused_at_the_id_token(&outcome, "provider.member_type");
    }
    for text in ["", ".", "..", "a.b", "a.b.c.d", " "] {
        let outcome = login(|script| script.token.set("id_token", text));
        refused_at_the_id_token(&outcome, "id_token.malformed");
    }
}

// attack: JW-59
#[test]
fn nothing_of_a_refused_token_is_seen() {
    let mut world = World::openid();
    let outcome = world.login(|script| {
        script.claims.set("sub", "victim-subject");
        script.claims.set("name", "victim-name");
        script.claims.set("nonce", "another");
    });
    refused_at_the_id_token(&outcome, "id_token.nonce_mismatch");
    let shown = format!("{:?}", outcome.result);
    assert!(!shown.contains("victim"), "{shown}");
    assert_eq!(
        outcome.result.unwrap_err(),
        Error::IdToken(IdTokenError::Nonce)
    );
}

#[test]
fn signed_claims_that_are_no_object_log_nobody_in() {
    for claims in [
        "",
        "[]",
        "null",
        "\"sub\"",
        "{",
        "{}{}",
        "{\"a\":NaN}",
        "{\"exp\":01}",
    ] {
        let outcome = login(|script| {
            let token = script.signed_text(&script.header.to_string(), claims);
            script.token.set("id_token", token);
        });
        refused_at_the_id_token(&outcome, "id_token.claims_json");
    }
}
