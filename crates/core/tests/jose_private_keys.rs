//! Private keys as operators have them, secrets as providers issue them, and the weak ones among both.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use codegrant_core::error::Quoted;
use codegrant_core::jose::{
    Algorithm, DecryptionKey, DecryptionKeyError, Jws, JwsError, KeyFlaw, KeyManagement, KeySet,
    SigningKey, SigningKeyError,
};
use serde_json::{Map, Value, json};

#[path = "data/keys.rs"]
mod keys;

use keys::{claims, rsa, set, signed, verify};

/// Keys made by OpenSSL, as PEM and as JWK, with their thumbprints as another implementation computes them.
fn made_elsewhere(group: &str, name: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("data/private_keys.json")).unwrap();
    all[group][name].clone()
}

fn pem(name: &str) -> String {
    made_elsewhere("pem", name).as_str().unwrap().to_owned()
}

const USUAL: [(&str, Algorithm); 5] = [
    ("P-256", Algorithm::Es256),
    ("P-384", Algorithm::Es384),
    ("P-521", Algorithm::Es512),
    ("Ed25519", Algorithm::EdDsa),
    ("RSA", Algorithm::Rs256),
];

fn assert_signs(key: &SigningKey) {
    let token = key.sign(None, &claims()).unwrap();
    let keys = set(&[key.public_jwk()]);
    assert!(verify(&token, &keys, key.algorithm()).is_ok(), "{key:?}");
}

#[test]
fn a_key_in_pem_signs_with_the_algorithm_of_its_kind() {
    for (name, algorithm) in USUAL {
        let key = SigningKey::from_pem(&pem(&format!("p8-{name}")), None, None).unwrap();
        assert_eq!(key.algorithm(), algorithm, "{name}");
        let thumbprint = made_elsewhere("thumbprint", name);
        assert_eq!(thumbprint, key.thumbprint(), "{name}");
        assert_eq!(thumbprint, key.key_id(), "{name}");
        assert_signs(&key);
    }
}

#[test]
fn the_older_forms_of_openssl_are_the_same_keys() {
    for (older, name) in [
        ("sec1-P-256", "P-256"),
        ("sec1-P-384", "P-384"),
        ("sec1-P-521", "P-521"),
        ("pkcs1-RSA", "RSA"),
    ] {
        let key = SigningKey::from_pem(&pem(older), None, Some("k1")).unwrap();
        assert_eq!(made_elsewhere("thumbprint", name), key.thumbprint());
        assert_eq!(key.key_id(), "k1");
        assert_signs(&key);
    }
}

#[test]
fn a_private_jwk_is_the_same_key() {
    for (name, algorithm) in USUAL {
        let jwk = made_elsewhere("jwk", name);
        let key = SigningKey::from_jwk(jwk.to_string()).unwrap();
        assert_eq!(key.algorithm(), algorithm, "{name}");
        assert_eq!(made_elsewhere("thumbprint", name), key.key_id());
        assert_signs(&key);
    }
}

// The key and the thumbprint of RFC 8037 appendix A.
#[test]
fn the_published_example_has_the_published_thumbprint() {
    let key = SigningKey::from_jwk(
        r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
            "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
    )
    .unwrap();
    assert_eq!(
        key.thumbprint(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
}

#[test]
fn what_a_jwk_says_about_itself_is_taken_over() {
    let mut jwk = made_elsewhere("jwk", "RSA");
    jwk["kid"] = json!("mine");
    jwk["alg"] = json!("PS384");
    jwk["use"] = json!("sig");
    let key = SigningKey::from_jwk(jwk.to_string()).unwrap();
    assert_eq!((key.algorithm(), key.key_id()), (Algorithm::Ps384, "mine"));
    let key = key.with_algorithm(Algorithm::Ps256).unwrap();
    assert_eq!((key.algorithm(), key.key_id()), (Algorithm::Ps256, "mine"));
    assert_signs(&key);
    assert_eq!(
        key.with_algorithm(Algorithm::Es256).unwrap_err(),
        SigningKeyError::Rejected {
            algorithm: Algorithm::Es256
        }
    );
    for (member, value) in [("use", "enc"), ("alg", "RSA-OAEP"), ("alg", "none")] {
        let mut other = jwk.clone();
        other[member] = json!(value);
        let purpose = Quoted::new(value);
        assert_eq!(
            SigningKey::from_jwk(other.to_string()).unwrap_err(),
            KeyFlaw::Purpose { purpose }.into(),
        );
    }
    jwk["alg"] = json!("ES256");
    assert!(SigningKey::from_jwk(jwk.to_string()).is_err());
    jwk["alg"] = json!("HS256");
    assert!(SigningKey::from_jwk(jwk.to_string()).is_err());
}

#[test]
fn a_text_that_is_no_private_key_is_refused_by_its_flaw() {
    let public = KeyFlaw::NotPrivate {
        label: Quoted::new("PUBLIC KEY"),
    };
    let cut = pem("p8-P-256").replace("-----END", "");
    let damaged = pem("p8-P-256").replacen("MI", "M*", 1);
    let other = pem("p8-P-256").replacen("MI", "AA", 1);
    for (text, flaw) in [
        (String::new(), KeyFlaw::NotPem),
        ("-----BEGIN ".to_owned(), KeyFlaw::NotPem),
        (cut, KeyFlaw::NotPem),
        (damaged, KeyFlaw::NotPem),
        (other, KeyFlaw::Kind),
        (pem("public"), public),
        (pem("enc-pkcs8"), KeyFlaw::Encrypted),
        (pem("enc-sec1"), KeyFlaw::Encrypted),
        (pem("p8-secp256k1"), KeyFlaw::Kind),
        (pem("p8-P-224"), KeyFlaw::Kind),
        (pem("p8-X25519"), KeyFlaw::Kind),
    ] {
        let error = SigningKey::from_pem(&text, None, None).unwrap_err();
        assert_eq!(error, flaw.clone().into(), "{text}");
        let error = DecryptionKey::from_pem(&text, None).unwrap_err();
        assert_eq!(error, flaw.into(), "{text}");
    }
}

#[test]
fn a_jwk_whose_parts_do_not_fit_is_refused() {
    for (name, _) in USUAL {
        let jwk = made_elsewhere("jwk", name);
        for (member, _) in jwk.as_object().unwrap() {
            let mut cut = jwk.clone();
            cut.as_object_mut().unwrap().remove(member);
            assert!(SigningKey::from_jwk(cut.to_string()).is_err(), "{member}");
        }
        let public = if name == "RSA" { "n" } else { "x" };
        for member in ["d", public] {
            let mut other = jwk.clone();
            let text = other[member].as_str().unwrap();
            let first = if text.starts_with('A') { "B" } else { "A" };
            other[member] = format!("{first}{}", &text[1..]).into();
            assert!(
                SigningKey::from_jwk(other.to_string()).is_err(),
                "{name} {member}"
            );
        }
    }
    for text in ["", "[]", "{}", r#"{"kty":"oct","k":"c2VjcmV0"}"#] {
        assert!(SigningKey::from_jwk(text).is_err(), "{text}");
        assert!(DecryptionKey::from_jwk(text).is_err(), "{text}");
    }
}

// attack: FA-25
#[test]
fn a_short_rsa_key_neither_signs_nor_decrypts() {
    let jwk = made_elsewhere("jwk", "weak").to_string();
    for pem in [pem("p8-weak"), pem("pkcs1-weak")] {
        let error = SigningKey::from_pem(&pem, Some(Algorithm::Ps256), None).unwrap_err();
        assert_eq!(error, SigningKeyError::Unusable(KeyFlaw::RsaTooShort));
        assert_eq!(error.code().name, "signing_key.weak");
        let error = DecryptionKey::from_pem(&pem, None).unwrap_err();
        assert_eq!(error, DecryptionKeyError::Unusable(KeyFlaw::RsaTooShort));
        assert_eq!(error.code().name, "decryption_key.weak");
    }
    let weak = KeyFlaw::RsaTooShort;
    assert_eq!(SigningKey::from_jwk(&jwk).unwrap_err(), weak.clone().into());
    assert_eq!(DecryptionKey::from_jwk(&jwk).unwrap_err(), weak.into());
}

// attack: FA-25
#[test]
fn a_secret_shorter_than_the_hash_neither_signs_nor_verifies() {
    for (algorithm, least) in [
        (Algorithm::Hs256, 32),
        (Algorithm::Hs384, 48),
        (Algorithm::Hs512, 64),
    ] {
        let secret = vec![b's'; least];
        let key = SigningKey::from_secret(&secret, algorithm).unwrap();
        let token = key.sign(None, &claims()).unwrap();
        let jws = || Jws::parse(&token).unwrap();
        assert!(jws().verify_with_secret(&secret, algorithm).is_ok());

        let length = least - 1;
        let short = &secret[1..];
        assert_eq!(
            SigningKey::from_secret(short, algorithm).unwrap_err(),
            SigningKeyError::SecretTooShort {
                algorithm,
                length,
                least
            }
        );
        assert_eq!(
            jws().verify_with_secret(short, algorithm).unwrap_err(),
            JwsError::SecretTooShort { length, least }
        );
    }
}

#[test]
fn only_the_registered_secret_and_algorithm_verify() {
    let secret = [b's'; 64];
    let mut other = secret;
    other[63] = b't';
    for &algorithm in Algorithm::SYMMETRIC {
        let key = SigningKey::from_secret(secret, algorithm).unwrap();
        let token = key.sign(Some("JWT"), &claims()).unwrap();
        let jws = || Jws::parse(&token).unwrap();
        let verified = jws().verify_with_secret(&secret, algorithm).unwrap();
        assert_eq!(verified.claims().unwrap(), claims());
        assert_eq!(
            jws().verify_with_secret(&other, algorithm).unwrap_err(),
            JwsError::BadSignature
        );
        for &expected in Algorithm::SYMMETRIC {
            if expected != algorithm {
                assert_eq!(
                    jws().verify_with_secret(&secret, expected).unwrap_err(),
                    JwsError::AlgorithmMismatch {
                        found: algorithm,
                        expected
                    }
                );
            }
        }
        for &expected in Algorithm::ASYMMETRIC {
            let error = jws().verify_with_secret(&secret, expected).unwrap_err();
            assert_eq!(error.code().name, "id_token.algorithm_unsupported");
        }
    }
}

// attack: JW-03 KY-11
#[test]
fn a_key_set_never_verifies_a_shared_secrets_token() {
    let published = rsa(Algorithm::Rs256, "k1").public_jwk();
    let secret = published.to_string();
    let oct = json!({ "kty": "oct", "kid": "k2", "k": "c2VjcmV0" });
    for &algorithm in Algorithm::SYMMETRIC {
        let token = SigningKey::from_secret(&secret, algorithm)
            .unwrap()
            .sign(None, &claims())
            .unwrap();
        for keys in [
            set(std::slice::from_ref(&published)),
            set(&[published.clone(), oct.clone()]),
            KeySet::empty(),
        ] {
            for expected in [algorithm, Algorithm::Rs256] {
                assert_eq!(
                    verify(&token, &keys, expected).unwrap_err().code().name,
                    "id_token.algorithm_unsupported"
                );
            }
        }
    }
    // Nor another's token when the caller asks for a secret's algorithm of a key set.
    let token = signed(&rsa(Algorithm::Rs256, "k1"), &json!({ "alg": "RS256" }));
    let error = verify(&token, &set(&[published]), Algorithm::Hs256).unwrap_err();
    assert_eq!(error.code().name, "id_token.algorithm_unsupported");
}

#[test]
fn a_secret_is_shown_nowhere() {
    let secret = "a-secret-of-more-than-thirty-two-bytes";
    let key = SigningKey::from_secret(secret, Algorithm::Hs256).unwrap();
    assert_eq!(
        key.public_jwk(),
        json!({ "kty": "oct", "alg": "HS256", "use": "sig" })
    );
    assert_eq!(key.thumbprint(), "");
    assert!(key.to_pkcs8().is_err());
    let shown = format!("{key:?} {}", key.sign(None, &claims()).unwrap());
    assert!(!shown.contains(secret), "{shown}");
    let key = SigningKey::generate(Algorithm::Es256, None).unwrap();
    assert_eq!(
        format!("{:?}", key.to_pkcs8().unwrap()),
        "Pkcs8([redacted])"
    );
}

#[test]
fn no_secret_is_made_up_and_no_key_is_taken_for_one() {
    for &algorithm in Algorithm::SYMMETRIC {
        let rejected = SigningKeyError::Rejected { algorithm };
        assert_eq!(
            SigningKey::generate(algorithm, None).unwrap_err(),
            rejected.clone()
        );
        assert_eq!(
            SigningKey::from_pem(&pem("p8-RSA"), Some(algorithm), None).unwrap_err(),
            rejected
        );
    }
    assert!(SigningKey::from_secret([b's'; 64], Algorithm::Rs256).is_err());
}

#[test]
fn a_generated_key_survives_being_stored() {
    for &algorithm in Algorithm::ASYMMETRIC {
        let key = SigningKey::generate(algorithm, Some("k1")).unwrap();
        let stored = key.to_pkcs8().unwrap();
        let again = SigningKey::from_pkcs8(stored.as_bytes(), algorithm, "k1").unwrap();
        assert_eq!(again.public_jwk(), key.public_jwk(), "{algorithm}");
        assert_signs(&again);
    }
    for &algorithm in KeyManagement::ALL {
        let key = DecryptionKey::generate(algorithm, None).unwrap();
        let again = DecryptionKey::from_pkcs8(key.to_pkcs8().as_bytes(), None).unwrap();
        assert_eq!(again.key_id(), key.key_id(), "{algorithm}");
    }
}

#[test]
fn a_header_may_carry_more_but_never_another_algorithm() {
    let key = SigningKey::generate(Algorithm::Es256, Some("k1")).unwrap();
    let mut header = Map::new();
    header.insert("typ".to_owned(), "dpop+jwt".into());
    header.insert("alg".to_owned(), "none".into());
    header.insert("jwk".to_owned(), key.public_jwk());
    let token = key.sign_with(&header, &claims()).unwrap();
    let jws = Jws::parse(&token).unwrap();
    assert_eq!(jws.header().algorithm(), Algorithm::Es256);
    assert_eq!(jws.header().token_type(), Some("dpop+jwt"));
    assert_eq!(jws.header().key_id(), None);
    header.remove("jwk");
    let token = key.sign_with(&header, &claims()).unwrap();
    assert_eq!(Jws::parse(&token).unwrap().header().key_id(), Some("k1"));
}
