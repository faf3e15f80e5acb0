//! Encrypted tokens: the published examples, another implementation's, and hostile ones.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use codegrant_core::jose::{
    Algorithm, ContentEncryption, DecryptionKey, EncryptionError, EncryptionKey, Jwe, JweError,
    Jws, KeyManagement, SigningKey, base64url,
};
use serde_json::{Map, Value, json};

struct Example {
    source: String,
    algorithm: String,
    encryption: ContentEncryption,
    jwk: Value,
    compact: String,
    plaintext: Vec<u8>,
}

fn examples() -> Vec<Example> {
    let list: Vec<Value> = serde_json::from_str(include_str!("data/jwe.json")).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    list.iter()
        .map(|example| Example {
            source: text(&example["source"]),
            algorithm: text(&example["algorithm"]),
            encryption: text(&example["encryption"]).parse().unwrap(),
            jwk: example["jwk"].clone(),
            compact: text(&example["compact"]),
            plaintext: base64url::decode(&text(&example["plaintext"])).unwrap(),
        })
        .collect()
}

fn decrypt(
    compact: &str,
    key: &DecryptionKey,
    management: KeyManagement,
    encryption: ContentEncryption,
) -> Result<Vec<u8>, JweError> {
    Jwe::parse(compact)?.decrypt(&[key], management, encryption)
}

const GCM: ContentEncryption = ContentEncryption::A256Gcm;

#[test]
fn the_examples_of_the_rfcs_and_of_another_implementation_decrypt() {
    let mut seen = 0;
    for example in examples() {
        let Ok(management) = example.algorithm.parse() else {
            continue;
        };
        let key = DecryptionKey::from_jwk(example.jwk.to_string()).unwrap();
        let plaintext = decrypt(&example.compact, &key, management, example.encryption);
        assert_eq!(
            plaintext.as_ref(),
            Ok(&example.plaintext),
            "{}",
            example.source
        );
        seen += 1;
    }
    assert_eq!(seen, 10);
}

// attack: JW-47
#[test]
fn the_example_with_the_padding_that_betrays_its_key_is_refused() {
    let example = examples()
        .into_iter()
        .find(|example| example.algorithm == "RSA1_5")
        .unwrap();
    let key = DecryptionKey::from_jwk(example.jwk.to_string()).unwrap();
    for &management in KeyManagement::ALL {
        let refused = decrypt(&example.compact, &key, management, example.encryption);
        assert!(
            matches!(refused, Err(JweError::Mismatch { member: "alg", .. })),
            "{refused:?}"
        );
    }
}

#[test]
fn every_algorithm_with_every_encryption_goes_there_and_back() {
    for &management in KeyManagement::ALL {
        let key = DecryptionKey::generate(management, Some("k1")).unwrap();
        let public = EncryptionKey::from_jwk(&key.public_jwk()).unwrap();
        for &encryption in ContentEncryption::ALL {
            let token = public
                .encrypt(b"text", management, encryption, None)
                .unwrap();
            assert_eq!(
                decrypt(&token, &key, management, encryption).unwrap(),
                b"text"
            );
        }
    }
}

#[test]
fn the_header_must_repeat_what_was_registered() {
    let key = DecryptionKey::generate(KeyManagement::EcdhEs, None).unwrap();
    let public = EncryptionKey::from_jwk(&key.public_jwk()).unwrap();
    let token = public
        .encrypt(b"text", KeyManagement::EcdhEs, GCM, None)
        .unwrap();
    for &management in KeyManagement::ALL {
        for &encryption in ContentEncryption::ALL {
            let outcome = decrypt(&token, &key, management, encryption);
            let registered = (management, encryption) == (KeyManagement::EcdhEs, GCM);
            assert_eq!(outcome.is_ok(), registered, "{management} {encryption}");
            if let Err(error) = outcome {
                assert_eq!(error.code().name, "encryption.algorithm_mismatch");
            }
        }
    }
}

// attack: TP-06
#[test]
fn every_altered_part_is_the_same_error() {
    for management in [KeyManagement::RsaOaep256, KeyManagement::EcdhEsA256Kw] {
        let key = DecryptionKey::generate(management, None).unwrap();
        let public = EncryptionKey::from_jwk(&key.public_jwk()).unwrap();
        for &encryption in ContentEncryption::ALL {
            let token = public
                .encrypt(b"text", management, encryption, None)
                .unwrap();
            let parts: Vec<&str> = token.split('.').collect();
            for part in 1..5 {
                let bytes = base64url::decode(parts[part]).unwrap();
                let mut flipped = bytes.clone();
                flipped[0] ^= 1;
                let shorter = bytes[1..].to_vec();
                let longer = [bytes.as_slice(), &[0]].concat();
                for altered in [flipped, shorter, longer, Vec::new()] {
                    let altered = base64url::encode(&altered);
                    let mut parts = parts.clone();
                    parts[part] = &altered;
                    assert_eq!(
                        decrypt(&parts.join("."), &key, management, encryption),
                        Err(JweError::Undecryptable),
                        "{management} {encryption} {part}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_header_is_covered_by_the_tag() {
    let key = DecryptionKey::generate(KeyManagement::RsaOaep, None).unwrap();
    let public = EncryptionKey::from_jwk(&key.public_jwk()).unwrap();
    let token = public
        .encrypt(b"text", KeyManagement::RsaOaep, GCM, None)
        .unwrap();
    let (_, rest) = token.split_once('.').unwrap();
    let header = json!({ "alg": "RSA-OAEP", "enc": "A256GCM", "cty": "JWT" });
    let token = format!(
        "{}.{rest}",
        base64url::encode(header.to_string().as_bytes())
    );
    assert_eq!(
        decrypt(&token, &key, KeyManagement::RsaOaep, GCM),
        Err(JweError::Undecryptable)
    );
}

#[test]
fn another_recipients_token_does_not_decrypt() {
    for &management in KeyManagement::ALL {
        let theirs = DecryptionKey::generate(management, Some("k1")).unwrap();
        let ours = DecryptionKey::generate(management, Some("k1")).unwrap();
        let token = EncryptionKey::from_jwk(&theirs.public_jwk())
            .unwrap()
            .encrypt(b"text", management, GCM, None)
            .unwrap();
        assert_eq!(
            decrypt(&token, &ours, management, GCM),
            Err(JweError::Undecryptable)
        );
    }
}

#[test]
fn a_key_is_found_by_its_id_or_without_one() {
    let management = KeyManagement::EcdhEs;
    let make = |id| DecryptionKey::generate(management, Some(id)).unwrap();
    let (old, new) = (make("old"), make("new"));
    let rsa = DecryptionKey::generate(KeyManagement::RsaOaep, Some("old")).unwrap();
    let keys = [&rsa, &new, &old];
    for id in [json!("old"), json!("unknown"), Value::Null] {
        let mut public = old.public_jwk();
        public["kid"] = id.clone();
        let token = EncryptionKey::from_jwk(&public)
            .unwrap()
            .encrypt(b"text", management, GCM, None)
            .unwrap();
        let plaintext = Jwe::parse(&token).unwrap().decrypt(&keys, management, GCM);
        assert_eq!(plaintext.unwrap(), b"text", "{id}");
    }
    let token = EncryptionKey::from_jwk(&old.public_jwk())
        .unwrap()
        .encrypt(b"text", management, GCM, None)
        .unwrap();
    let without = Jwe::parse(&token)
        .unwrap()
        .decrypt(&[&rsa], management, GCM);
    assert_eq!(without.unwrap_err().code().name, "encryption.no_key");
}

#[test]
fn a_key_for_one_algorithm_serves_no_other() {
    let key = DecryptionKey::generate(KeyManagement::RsaOaep256, None).unwrap();
    let public = EncryptionKey::from_jwk(&key.public_jwk()).unwrap();
    let token = public
        .encrypt(b"text", KeyManagement::RsaOaep, GCM, None)
        .unwrap();
    let outcome = decrypt(&token, &key, KeyManagement::RsaOaep, GCM);
    assert_eq!(outcome.unwrap_err().code().name, "encryption.no_key");
    let any = DecryptionKey::from_pkcs8(key.to_pkcs8().as_bytes(), None).unwrap();
    assert!(decrypt(&token, &any, KeyManagement::RsaOaep, GCM).is_ok());
    assert_eq!(
        public
            .encrypt(b"text", KeyManagement::EcdhEs, GCM, None)
            .unwrap_err(),
        EncryptionError::Kind {
            algorithm: KeyManagement::EcdhEs
        }
    );
}

/// Encrypts to a fresh key under a header of the caller's choice.
fn under(change: impl FnOnce(&mut Map<String, Value>)) -> (String, DecryptionKey) {
    let key = DecryptionKey::generate(KeyManagement::EcdhEs, None).unwrap();
    let public = EncryptionKey::from_jwk(&key.public_jwk()).unwrap();
    let mut header = Map::new();
    header.insert("alg".to_owned(), "ECDH-ES".into());
    header.insert("enc".to_owned(), "A256GCM".into());
    change(&mut header);
    let token = public.encrypt_raw(b"text", KeyManagement::EcdhEs, GCM, header);
    (token.unwrap(), key)
}

// attack: JW-48
#[test]
fn compression_and_extensions_are_refused_before_anything_is_decrypted() {
    for (member, value) in [
        ("zip", json!("DEF")),
        ("zip", Value::Null),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
    ] {
        let (token, _) = under(|header| {
            header.insert(member.to_owned(), value);
        });
        let error = Jwe::parse(&token).unwrap_err();
        assert_eq!(error, JweError::Extension { member });
        assert_eq!(error.code().name, "encryption.extension");
    }
}

#[test]
fn an_ephemeral_key_off_the_curve_tells_nothing() {
    let (good, key) = under(|_| {});
    assert!(decrypt(&good, &key, KeyManagement::EcdhEs, GCM).is_ok());
    let p384 = json!({ "kty": "EC", "crv": "P-384", "x": "AA", "y": "AA" });
    let zeros = base64url::encode(&[0; 32]);
    let ones = base64url::encode(&[1; 32]);
    for epk in [
        json!({}),
        p384,
        json!({ "kty": "EC", "crv": "P-256", "x": zeros, "y": zeros }),
        json!({ "kty": "EC", "crv": "P-256", "x": ones, "y": ones }),
        json!({ "kty": "EC", "crv": "P-256", "x": ones }),
        json!({ "kty": "OKP", "crv": "X25519", "x": ones }),
        json!({ "kty": "EC", "crv": "P-256", "x": 1, "y": ones }),
    ] {
        let (token, key) = under(|header| {
            header.insert("epk".to_owned(), epk.clone());
        });
        assert_eq!(
            decrypt(&token, &key, KeyManagement::EcdhEs, GCM),
            Err(JweError::Undecryptable),
            "{epk}"
        );
    }
    for epk in [Value::Null, json!("x"), json!([])] {
        let (token, key) = under(|header| {
            header.insert("epk".to_owned(), epk);
        });
        assert_eq!(
            decrypt(&token, &key, KeyManagement::EcdhEs, GCM),
            Err(JweError::Member { member: "epk" })
        );
    }
}

#[test]
fn the_parties_names_are_part_of_the_key() {
    let name = |text: &[u8]| Value::from(base64url::encode(text));
    let (token, key) = under(|header| {
        header.insert("apu".to_owned(), name(b"Alice"));
        header.insert("apv".to_owned(), name(b"Bob"));
    });
    assert!(decrypt(&token, &key, KeyManagement::EcdhEs, GCM).is_ok());
    for (member, value) in [
        ("apu", json!("not base64url!")),
        ("apv", json!(1)),
        ("kid", json!(7)),
    ] {
        let (token, key) = under(|header| {
            header.insert(member.to_owned(), value);
        });
        assert_eq!(
            decrypt(&token, &key, KeyManagement::EcdhEs, GCM),
            Err(JweError::Member { member })
        );
    }
}

#[test]
fn a_text_that_is_no_encrypted_token_is_refused() {
    let (good, _) = under(|_| {});
    let parts: Vec<&str> = good.split('.').collect();
    for text in [
        String::new(),
        "....".to_owned(),
        "a.b.c".to_owned(),
        format!("{good}."),
        format!("{good}.x"),
        parts[..4].join("."),
        good.replacen('.', ".=", 1),
        format!("{good}\n"),
    ] {
        let error = Jwe::parse(&text).unwrap_err();
        assert_eq!(error.code().name, "encryption.malformed", "{text}");
    }
    let twice = base64url::encode(br#"{"alg":"ECDH-ES","alg":"ECDH-ES","enc":"A256GCM"}"#);
    let text = [&[twice.as_str()], &parts[1..]].concat().join(".");
    assert!(matches!(Jwe::parse(&text), Err(JweError::Header(_))));
    for text in [
        format!("{good}{}", "A".repeat(96 * 1024)),
        format!("{}{good}", "A".repeat(16 * 1024)),
    ] {
        let error = Jwe::parse(&text).unwrap_err();
        assert_eq!(error.code().name, "encryption.too_large");
    }
}

#[test]
fn a_public_key_that_is_none_is_refused() {
    let weak = base64url::encode(&[255; 128]);
    let rsa = DecryptionKey::generate(KeyManagement::RsaOaep, None).unwrap();
    let mut signs = rsa.public_jwk();
    signs["use"] = "sig".into();
    for jwk in [
        json!({}),
        json!([]),
        json!({ "kty": "oct", "k": "AA" }),
        json!({ "kty": "RSA", "n": weak, "e": "AQAB" }),
        json!({ "kty": "EC", "crv": "P-256" }),
        signs,
    ] {
        assert_eq!(
            EncryptionKey::from_jwk(&jwk).unwrap_err(),
            EncryptionError::Key,
            "{jwk}"
        );
    }
}

#[test]
fn a_signed_token_inside_comes_out_as_it_was() {
    let claims = Map::from_iter([("iss".to_owned(), json!("https://op.example"))]);
    let signer = SigningKey::generate(Algorithm::Es256, None).unwrap();
    let inner = signer.sign(None, &claims).unwrap();
    let management = KeyManagement::EcdhEsA128Kw;
    let key = DecryptionKey::generate(management, None).unwrap();
    let public = EncryptionKey::from_jwk(&key.public_jwk()).unwrap();
    let nested = |plaintext: &[u8], content_type| {
        let token = public.encrypt(plaintext, management, GCM, content_type);
        let token = token.unwrap();
        assert!(Jwe::looks_like(&token));
        Jwe::parse(&token)
            .unwrap()
            .decrypt_nested(&[&key], management, GCM)
    };
    assert!(!Jwe::looks_like(&inner));
    for content_type in [Some("JWT"), Some("jwt"), None] {
        let out = nested(inner.as_bytes(), content_type).unwrap();
        assert!(Jws::parse(&out).is_ok());
        assert_eq!(out, inner);
    }
    assert_eq!(
        nested(inner.as_bytes(), Some("json")),
        Err(JweError::NotNested)
    );
    assert_eq!(nested(&[0xff, 0xfe], Some("JWT")), Err(JweError::NotNested));
}
