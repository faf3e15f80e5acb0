//! Hostile tokens: headers that must not pass.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use aws_lc_rs::hmac;
use codegrant_core::error::Quoted;
use codegrant_core::jose::{Algorithm, Jws, JwsError, KeySet, SigningKey, base64url};
use serde_json::{Value, json};

#[path = "data/keys.rs"]
mod keys;

use keys::{claims, forged, fresh, own, rsa, set, signed, verify, with, without};

/// A provider with one RS256 key, as most are.
fn provider() -> (SigningKey, KeySet) {
    let key = rsa(Algorithm::Rs256, "k1");
    let keys = set(&[key.public_jwk()]);
    (key, keys)
}

fn unsupported(name: &str) -> JwsError {
    JwsError::UnsupportedAlgorithm {
        name: Some(Quoted::new(name)),
    }
}

// attack: JW-01
#[test]
fn an_unsigned_token_is_refused_whatever_its_case() {
    let (key, keys) = provider();
    for name in ["none", "None", "nOnE", "NONE"] {
        for header in [
            json!({ "alg": name }),
            json!({ "alg": name, "kid": "k1", "typ": "JWT" }),
        ] {
            let token = forged(&header.to_string(), b"");
            assert_eq!(
                verify(&token, &keys, Algorithm::Rs256).unwrap_err(),
                unsupported(name)
            );
            let token = signed(&key, &header);
            assert_eq!(
                verify(&token, &keys, Algorithm::Rs256).unwrap_err(),
                unsupported(name)
            );
        }
    }
}

// attack: JW-03 JW-04
#[test]
fn a_token_signed_with_a_shared_secret_is_refused() {
    let (key, keys) = provider();
    let jwk = key.public_jwk();
    let modulus = base64url::decode(jwk["n"].as_str().unwrap()).unwrap();
    let secrets = [
        jwk.to_string().into_bytes(),
        modulus,
        b"client_secret".to_vec(),
        Vec::new(),
    ];
    for (name, hash) in [
        ("HS256", hmac::HMAC_SHA256),
        ("HS384", hmac::HMAC_SHA384),
        ("HS512", hmac::HMAC_SHA512),
    ] {
        for secret in &secrets {
            let unsigned = forged(&json!({ "alg": name, "kid": "k1" }).to_string(), b"");
            let message = unsigned.trim_end_matches('.');
            let mac = hmac::sign(&hmac::Key::new(hash, secret), message.as_bytes());
            let token = format!("{message}.{}", base64url::encode(mac.as_ref()));
            assert_eq!(
                verify(&token, &keys, Algorithm::Rs256).unwrap_err(),
                unsupported(name)
            );
        }
    }
}

// attack: JW-05 JW-06
#[test]
fn only_the_registered_algorithm_is_accepted_even_from_published_keys() {
    let signers: Vec<_> = Algorithm::ASYMMETRIC
        .iter()
        .map(|&algorithm| own(algorithm, algorithm.as_str()))
        .collect();
    // Published with and without `alg`: neither lets a token choose.
    let named: Vec<_> = signers.iter().map(SigningKey::public_jwk).collect();
    let plain: Vec<_> = named.iter().map(|jwk| without(jwk, &["alg"])).collect();
    for keys in [set(&named), set(&plain)] {
        for signer in &signers {
            let token = signer.sign(None, &claims()).unwrap();
            let found = signer.algorithm();
            for &expected in Algorithm::ASYMMETRIC {
                let result = verify(&token, &keys, expected);
                if found == expected {
                    assert!(result.is_ok(), "{found}");
                } else {
                    let mismatch = JwsError::AlgorithmMismatch { found, expected };
                    assert_eq!(result.unwrap_err(), mismatch);
                }
            }
        }
    }
}

// attack: JW-06
#[test]
fn a_signature_of_another_algorithm_under_the_registered_name_is_refused() {
    let keys = set(&[without(&rsa(Algorithm::Rs256, "k1").public_jwk(), &["alg"])]);
    let family = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
    for signer in family {
        let key = rsa(signer.parse().unwrap(), "k1");
        for named in family {
            let token = signed(&key, &json!({ "alg": named, "kid": "k1" }));
            let result = verify(&token, &keys, named.parse().unwrap());
            if signer == named {
                assert!(result.is_ok(), "{named}");
            } else {
                assert_eq!(
                    result.unwrap_err(),
                    JwsError::BadSignature,
                    "{signer} as {named}"
                );
            }
        }
    }
}

// attack: JW-07 JW-08 JW-09
#[test]
fn a_key_that_the_token_brings_along_is_never_used() {
    let (_, keys) = provider();
    let attacker = fresh(Algorithm::Rs256, "k1");
    for (name, member) in [
        ("jwk", attacker.public_jwk()),
        ("jku", json!("https://evil.example/jwks")),
        ("x5u", json!("http://169.254.169.254/")),
        ("x5c", json!(["MIIBattackerscertificate=="])),
        ("x5t", json!("c2hhMQ")),
        ("x5t#S256", json!("c2hhMjU2")),
        ("jwk", json!(5)),
    ] {
        let header = with(&json!({ "alg": "RS256" }), name, member);
        let token = signed(&attacker, &header);
        assert_eq!(
            verify(&token, &keys, Algorithm::Rs256).unwrap_err(),
            JwsError::BadSignature
        );
        let empty = verify(&token, &KeySet::empty(), Algorithm::Rs256).unwrap_err();
        assert!(
            matches!(empty, JwsError::UnknownKey { .. }),
            "{name}: {empty}"
        );
        let token = signed(&attacker, &with(&header, "kid", "k1"));
        assert_eq!(
            verify(&token, &keys, Algorithm::Rs256).unwrap_err(),
            JwsError::BadSignature
        );
    }
}

#[test]
fn a_certificate_in_the_header_does_not_disturb_a_good_token() {
    let (key, keys) = provider();
    let chain = json!(["A".repeat(2000), "B".repeat(2000), "C".repeat(2000)]);
    let header = json!({ "alg": "RS256", "kid": "k1", "x5c": chain, "jku": "https://x.example" });
    assert!(verify(&signed(&key, &header), &keys, Algorithm::Rs256).is_ok());
}

// attack: JW-10
#[test]
fn a_key_id_is_only_ever_compared() {
    let (key, keys) = provider();
    for id in [
        "../../../../dev/null",
        "x' OR 1=1--",
        "",
        "K1",
        "k1 ",
        "k1\0",
        "\u{ff4b}1",
    ] {
        let token = signed(&key, &json!({ "alg": "RS256", "kid": id }));
        match verify(&token, &keys, Algorithm::Rs256).unwrap_err() {
            JwsError::UnknownKey { key_id, algorithm } => {
                assert_eq!(key_id, Some(Quoted::new(id)));
                assert_eq!(algorithm, Algorithm::Rs256);
            }
            other => panic!("{id:?}: {other}"),
        }
    }
}

// attack: JW-10
#[test]
fn a_key_id_that_is_not_a_short_string_is_refused() {
    let (key, keys) = provider();
    let long = "k".repeat(1025);
    for id in [
        json!(1),
        Value::Null,
        json!(["k1"]),
        json!({ "k1": 1 }),
        json!(true),
        json!(long),
    ] {
        let token = signed(&key, &json!({ "alg": "RS256", "kid": id }));
        let error = verify(&token, &keys, Algorithm::Rs256).unwrap_err();
        assert_eq!(error, JwsError::KeyId { limit: 1024 }, "{id}");
    }
    let token = signed(
        &key,
        &json!({ "alg": "RS256", "kid": "k".repeat(64 * 1024) }),
    );
    assert!(matches!(
        Jws::parse(&token).unwrap_err(),
        JwsError::TooLarge { .. }
    ));
}

// attack: JW-11
#[test]
fn a_critical_header_is_refused_in_any_form() {
    let (key, keys) = provider();
    for critical in [
        json!(["exp"]),
        json!([]),
        json!(["b64"]),
        json!(["http://example.invalid/UNDEFINED"]),
        json!("exp"),
        Value::Null,
        json!(false),
    ] {
        let header =
            json!({ "alg": "RS256", "kid": "k1", "crit": critical, "exp": 1, "b64": false });
        let token = signed(&key, &header);
        let error = verify(&token, &keys, Algorithm::Rs256).unwrap_err();
        assert_eq!(error, JwsError::CriticalHeader, "{critical}");
    }
    for encoded in [json!(false), json!(true), Value::Null] {
        let token = signed(
            &key,
            &json!({ "alg": "RS256", "kid": "k1", "b64": encoded }),
        );
        let error = verify(&token, &keys, Algorithm::Rs256).unwrap_err();
        assert_eq!(error, JwsError::UnencodedPayload);
    }
}

// attack: JW-14
#[test]
fn a_key_on_another_curve_is_no_candidate() {
    let p384 = fresh(Algorithm::Es384, "k1");
    let keys = set(&[without(&p384.public_jwk(), &["alg"])]);
    let token = signed(&p384, &json!({ "alg": "ES256", "kid": "k1" }));
    let error = verify(&token, &keys, Algorithm::Es256).unwrap_err();
    assert!(matches!(error, JwsError::UnknownKey { .. }), "{error}");

    let mut bitcoin = without(&fresh(Algorithm::Es256, "k1").public_jwk(), &["alg"]);
    bitcoin["crv"] = "secp256k1".into();
    assert!(set(&[bitcoin.clone()]).is_empty());
    bitcoin["alg"] = "ES256".into();
    assert!(set(&[bitcoin]).is_empty());
}

// attack: JW-16
#[test]
fn a_name_that_is_nearly_an_algorithm_is_none() {
    let (key, keys) = provider();
    for name in ["RS256 ", " RS256", "rs256", "", "RS256\0", "RS256\n"] {
        let token = signed(&key, &json!({ "alg": name, "kid": "k1" }));
        let error = verify(&token, &keys, Algorithm::Rs256).unwrap_err();
        assert_eq!(error, unsupported(name));
    }
    for header in [
        json!({ "kid": "k1" }),
        json!({ "alg": 256 }),
        json!({ "alg": null }),
        json!({ "alg": ["RS256"] }),
        json!({ "alg": { "RS256": true } }),
        json!({ "ALG": "RS256" }),
    ] {
        let error = verify(&signed(&key, &header), &keys, Algorithm::Rs256).unwrap_err();
        assert_eq!(
            error,
            JwsError::UnsupportedAlgorithm { name: None },
            "{header}"
        );
    }
}

#[test]
fn a_type_that_is_not_a_string_is_refused() {
    let (key, keys) = provider();
    for value in [json!(1), Value::Null, json!(["JWT"])] {
        let token = signed(&key, &json!({ "alg": "RS256", "kid": "k1", "typ": value }));
        assert_eq!(
            verify(&token, &keys, Algorithm::Rs256).unwrap_err(),
            JwsError::TokenType
        );
    }
}
