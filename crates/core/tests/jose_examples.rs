//! The signed examples of RFC 7515, 7520 and 8037, and a round trip for every algorithm.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use codegrant_core::jose::{Algorithm, Jws, JwsError, SigningKey, SigningKeyError, base64url};
use serde_json::json;

#[path = "data/keys.rs"]
mod keys;

use keys::{claims, examples, fresh, own, rsa, set, signed, verify, with, without};

#[test]
fn every_published_example_verifies() {
    for example in examples() {
        let verified = verify(&example.compact, &set(&[example.jwk]), example.algorithm);
        let verified = verified.unwrap_or_else(|error| panic!("{}: {error}", example.source));
        let payload = example.compact.split('.').nth(1).unwrap();
        assert_eq!(
            base64url::encode(verified.payload()),
            payload,
            "{}",
            example.source
        );
    }
}

#[test]
fn no_published_example_verifies_after_any_part_was_swapped() {
    let examples = examples();
    for one in &examples {
        for other in examples.iter().filter(|other| other.source != one.source) {
            let (keys, parts) = (set(std::slice::from_ref(&one.jwk)), one.compact.split('.'));
            for swapped in 0..3 {
                let mix: Vec<_> = parts
                    .clone()
                    .zip(other.compact.split('.'))
                    .enumerate()
                    .map(|(index, (one, other))| if index == swapped { other } else { one })
                    .collect();
                if mix.join(".") == one.compact {
                    continue;
                }
                assert!(
                    verify(&mix.join("."), &keys, one.algorithm).is_err(),
                    "{}",
                    one.source
                );
            }
        }
    }
}

#[test]
fn the_claims_of_an_example_are_read() {
    let example = examples()
        .into_iter()
        .find(|one| one.source.ends_with("A.2"))
        .unwrap();
    let verified = verify(&example.compact, &set(&[example.jwk]), example.algorithm).unwrap();
    let claims = verified.claims().unwrap();
    assert_eq!(
        (&claims["iss"], &claims["exp"]),
        (&json!("joe"), &json!(1_300_819_380))
    );
    assert_eq!(verified.header().algorithm(), Algorithm::Rs256);
}

#[test]
fn a_deterministic_signature_is_the_published_one() {
    let mut compared = 0;
    for example in examples()
        .into_iter()
        .filter(|example| example.deterministic)
    {
        let key =
            SigningKey::from_pkcs8(&example.pkcs8.unwrap(), example.algorithm, "any").unwrap();
        let mut parts = example
            .compact
            .split('.')
            .map(|part| base64url::decode(part).unwrap());
        let (header, payload) = (parts.next().unwrap(), parts.next().unwrap());
        assert_eq!(
            key.sign_raw(&header, &payload).unwrap(),
            example.compact,
            "{}",
            example.source
        );
        compared += 1;
    }
    assert_eq!(compared, 2);
}

#[test]
fn a_public_jwk_is_the_published_one() {
    for example in examples() {
        let Some(der) = example.pkcs8 else { continue };
        let key = SigningKey::from_pkcs8(&der, example.algorithm, "k1").unwrap();
        let jwk = key.public_jwk();
        assert_eq!(jwk["kid"], "k1");
        assert_eq!(jwk["alg"], example.algorithm.as_str());
        assert_eq!(jwk["use"], "sig");
        let names = ["kid", "alg", "use", "d"];
        assert_eq!(
            without(&jwk, &names),
            without(&example.jwk, &names),
            "{}",
            example.source
        );
    }
}

#[test]
fn every_algorithm_signs_what_it_verifies() {
    for &algorithm in Algorithm::ASYMMETRIC {
        let key = own(algorithm, "k1");
        let (keys, token) = (
            set(&[key.public_jwk()]),
            key.sign(Some("JWT"), &claims()).unwrap(),
        );
        let verified = verify(&token, &keys, algorithm).unwrap();
        assert_eq!(verified.claims(), Ok(claims()));
        assert_eq!(verified.header().key_id(), Some("k1"));
        assert_eq!(verified.header().token_type(), Some("JWT"));

        let stranger = set(&[fresh(algorithm, "k1").public_jwk()]);
        assert_eq!(
            verify(&token, &stranger, algorithm).unwrap_err(),
            JwsError::BadSignature
        );
    }
}

#[test]
fn a_token_without_type_has_none() {
    let key = fresh(Algorithm::Ed25519, "k1");
    let token = key.sign(None, &claims()).unwrap();
    assert_eq!(Jws::parse(&token).unwrap().header().token_type(), None);
}

#[test]
fn both_names_of_ed25519_are_one_key_and_two_registrations() {
    let key = fresh(Algorithm::EdDsa, "k1");
    for (name, algorithm) in [("EdDSA", Algorithm::EdDsa), ("Ed25519", Algorithm::Ed25519)] {
        let token = signed(&key, &json!({ "alg": name, "kid": "k1" }));
        for published in ["EdDSA", "Ed25519"] {
            let keys = set(&[with(&key.public_jwk(), "alg", published)]);
            assert!(
                verify(&token, &keys, algorithm).is_ok(),
                "{name} {published}"
            );
        }
        let other = if algorithm == Algorithm::EdDsa {
            Algorithm::Ed25519
        } else {
            Algorithm::EdDsa
        };
        let keys = set(&[key.public_jwk()]);
        assert!(matches!(
            verify(&token, &keys, other),
            Err(JwsError::AlgorithmMismatch { found, expected }) if (found, expected) == (algorithm, other)
        ));
    }
}

#[test]
fn a_key_of_another_kind_does_not_sign() {
    let der = |source: &str| {
        let example = examples()
            .into_iter()
            .find(|example| example.source.ends_with(source));
        example.unwrap().pkcs8.unwrap()
    };
    let (p256, p521, rsa, ed25519) = (der("A.3"), der("4.3"), der("4.1"), der("A.4"));
    for (der, fitting) in [
        (&p256, "ES256"),
        (&p521, "ES512"),
        (&rsa, "RS256 RS384 RS512 PS256 PS384 PS512"),
        (&ed25519, "EdDSA Ed25519"),
        (&Vec::new(), ""),
        (&vec![0x30, 0x80, 0, 0], ""),
    ] {
        for &algorithm in Algorithm::ASYMMETRIC {
            let made = SigningKey::from_pkcs8(der, algorithm, "k1");
            if fitting.split(' ').any(|name| name == algorithm.as_str()) {
                assert_eq!(made.unwrap().algorithm(), algorithm);
            } else {
                assert_eq!(made.unwrap_err(), SigningKeyError::Rejected { algorithm });
            }
        }
    }
}

#[test]
fn a_signing_key_shows_nothing_private() {
    let key = rsa(Algorithm::Rs256, "k1");
    assert_eq!(
        format!("{key:?}"),
        "SigningKey { algorithm: Rs256, key_id: \"k1\", .. }"
    );
    let names: Vec<_> = key
        .public_jwk()
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert!(
        names
            .iter()
            .all(|name| ["alg", "e", "kid", "kty", "n", "use"].contains(&&**name))
    );
}

#[test]
fn a_token_shows_only_its_header() {
    let key = fresh(Algorithm::Ed25519, "k1");
    let token = key.sign(None, &claims()).unwrap();
    let jws = Jws::parse(&token).unwrap();
    let shown = format!(
        "{jws:?} {:?}",
        verify(&token, &set(&[key.public_jwk()]), Algorithm::Ed25519)
    );
    for part in token.split('.') {
        assert!(!shown.contains(part), "{shown}");
    }
    assert!(!shown.contains("248289761001"), "{shown}");
}
