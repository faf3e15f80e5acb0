//! Hostile tokens: altered bytes, other spellings, sizes and shapes that must not pass.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use codegrant_core::error::Quoted;
use codegrant_core::jose::{
    Algorithm, JsonError, Jws, JwsError, KeySet, Part, SigningKey, base64url,
};
use serde_json::json;

#[path = "data/keys.rs"]
mod keys;

use keys::{claims, fresh, rsa, set, verify};

/// A provider with one RS256 key, as most are.
fn provider() -> (SigningKey, KeySet) {
    let key = rsa(Algorithm::Rs256, "k1");
    let keys = set(&[key.public_jwk()]);
    (key, keys)
}

// attack: JW-12
#[test]
fn an_altered_signature_is_refused() {
    for algorithm in [
        Algorithm::Rs256,
        Algorithm::Ps256,
        Algorithm::Es256,
        Algorithm::EdDsa,
    ] {
        let key = fresh(algorithm, "k1");
        let keys = set(&[key.public_jwk()]);
        let token = key.sign(None, &claims()).unwrap();
        let (message, signature) = token.rsplit_once('.').unwrap();
        let signature = base64url::decode(signature).unwrap();
        let refused = |signature: &[u8]| {
            let token = format!("{message}.{}", base64url::encode(signature));
            verify(&token, &keys, algorithm).unwrap_err()
        };
        for index in [
            0,
            signature.len() / 2,
            signature.len() - 2,
            signature.len() - 1,
        ] {
            let mut altered = signature.clone();
            altered[index] ^= 1;
            assert_eq!(
                refused(&altered),
                JwsError::BadSignature,
                "{algorithm} {index}"
            );
        }
        let longer = [signature.as_slice(), &[0]].concat();
        let padded = [&[0], signature.as_slice()].concat();
        let zero = vec![0; signature.len()];
        for altered in [
            &signature[1..],
            &signature[..signature.len() - 1],
            &longer,
            &padded,
            &zero,
        ] {
            assert_eq!(refused(altered), JwsError::BadSignature, "{algorithm}");
        }
        assert_eq!(
            refused(&[]),
            JwsError::Empty {
                part: Part::Signature
            }
        );

        let other = key.sign(Some("JWT"), &claims()).unwrap();
        let other = base64url::decode(other.rsplit_once('.').unwrap().1).unwrap();
        assert_eq!(refused(&other), JwsError::BadSignature);
    }
}

// attack: JW-12 JW-43
#[test]
fn no_change_of_one_character_survives() {
    let key = fresh(Algorithm::Ed25519, "k1");
    let keys = set(&[key.public_jwk()]);
    let token = key.sign(None, &claims()).unwrap();
    assert!(verify(&token, &keys, Algorithm::Ed25519).is_ok());
    for (index, original) in token.char_indices() {
        for other in [
            'A', 'B', '-', '_', '.', '=', '+', '/', ' ', '\n', '\0', '\u{e9}',
        ] {
            if other == original {
                continue;
            }
            let mut changed = token.clone();
            changed.replace_range(index..=index, other.encode_utf8(&mut [0; 4]));
            assert!(
                verify(&changed, &keys, Algorithm::Ed25519).is_err(),
                "{index} {other:?}"
            );
        }
        let mut shorter = token.clone();
        shorter.remove(index);
        assert!(verify(&shorter, &keys, Algorithm::Ed25519).is_err());
        assert!(verify(&token[..index], &keys, Algorithm::Ed25519).is_err());
    }
}

// attack: JW-39 JW-40
#[test]
fn a_duplicate_member_is_refused_in_header_and_claims() {
    let (key, keys) = provider();
    let duplicate = |name: &str| JsonError::DuplicateMember {
        name: Quoted::new(name),
    };
    for header in [
        r#"{"alg":"RS256","kid":"k1","alg":"none"}"#,
        r#"{"alg":"none","kid":"k1","alg":"RS256"}"#,
        r#"{"alg":"RS256","kid":"k1","\u0061lg":"RS256"}"#,
    ] {
        let token = key.sign_raw(header.as_bytes(), b"{}").unwrap();
        let error = verify(&token, &keys, Algorithm::Rs256).unwrap_err();
        assert_eq!(error, JwsError::Header(duplicate("alg")));
    }
    let header = r#"{"alg":"RS256","kid":"k1"}"#;
    for (payload, name) in [
        (r#"{"sub":"a","sub":"victim"}"#, "sub"),
        (r#"{"sub":"a","s\u0075b":"victim"}"#, "sub"),
        (r#"{"aud":"app","aud":["other"]}"#, "aud"),
        (
            r#"{"sub":"a","address":{"country":"a","country":"b"}}"#,
            "country",
        ),
    ] {
        let token = key.sign_raw(header.as_bytes(), payload.as_bytes()).unwrap();
        let verified = verify(&token, &keys, Algorithm::Rs256).unwrap();
        assert_eq!(verified.claims(), Err(duplicate(name)));
    }
}

#[test]
fn a_header_that_is_not_an_object_is_refused() {
    let (key, _) = provider();
    for header in [
        "",
        " ",
        "[]",
        "\"RS256\"",
        "null",
        "{\"alg\":\"RS256\"",
        "{} {}",
        "\u{feff}{}",
    ] {
        let token = key.sign_raw(header.as_bytes(), b"{}").unwrap();
        let error = Jws::parse(&token).unwrap_err();
        let empty = JwsError::Empty { part: Part::Header };
        assert!(
            matches!(error, JwsError::Header(_)) || error == empty,
            "{header}: {error}"
        );
    }
    let token = key
        .sign_raw(b"{\"alg\":\"RS256\",\"x\":\"\xff\"}", b"{}")
        .unwrap();
    assert!(matches!(
        Jws::parse(&token),
        Err(JwsError::Header(JsonError::NotUtf8 { .. }))
    ));
}

#[test]
fn signed_claims_that_are_not_an_object_are_refused() {
    let (key, keys) = provider();
    for payload in ["", "[]", "null", "\"sub\"", "{\"sub\":\"a\"", "{}{}"] {
        let header = br#"{"alg":"RS256","kid":"k1"}"#;
        let token = key.sign_raw(header, payload.as_bytes()).unwrap();
        let verified = verify(&token, &keys, Algorithm::Rs256).unwrap();
        assert_eq!(verified.payload(), payload.as_bytes());
        assert!(verified.claims().is_err(), "{payload}");
    }
}

// attack: JW-42
#[test]
fn a_huge_token_is_refused_before_it_is_decoded() {
    let long = "A".repeat(10 * 1024 * 1024);
    for token in [
        long.clone(),
        format!("e30.{long}.AA"),
        ".".repeat(1_000_000),
    ] {
        let length = token.len();
        let error = Jws::parse(&token).unwrap_err();
        assert_eq!(
            error,
            JwsError::TooLarge {
                length,
                limit: 65_536
            }
        );
    }
    let many = ".".repeat(60_000);
    assert_eq!(Jws::parse(&many).unwrap_err(), JwsError::Parts);
    // Not even base64url, and nobody looks.
    let header = "*".repeat(20_000);
    let error = Jws::parse(&format!("{header}.e30.AA")).unwrap_err();
    assert_eq!(
        error,
        JwsError::HeaderTooLarge {
            length: 20_000,
            limit: 16_384
        }
    );
}

#[test]
fn anything_but_three_parts_is_refused() {
    let (key, keys) = provider();
    let token = key.sign(None, &claims()).unwrap();
    for wrong in ["", "e30", "e30.e30", "....", ".....", "e30.e30.AA.AA"] {
        let error = Jws::parse(wrong).unwrap_err();
        let encrypted = wrong.matches('.').count() == 4;
        let expected = if encrypted {
            JwsError::Encrypted
        } else {
            JwsError::Parts
        };
        assert_eq!(error, expected, "{wrong}");
    }
    for near in [
        format!("{token}."),
        format!(".{token}"),
        token.replacen('.', "..", 1),
    ] {
        assert!(verify(&near, &keys, Algorithm::Rs256).is_err());
    }
    assert_eq!(
        Jws::parse("..").unwrap_err(),
        JwsError::Empty { part: Part::Header }
    );
}

// attack: JW-43
#[test]
fn only_one_spelling_of_a_token_is_accepted() {
    let key = fresh(Algorithm::Ed25519, "k1");
    let keys = set(&[key.public_jwk()]);
    let token = key.sign(None, &claims()).unwrap();
    let parts: Vec<_> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        panic!("three parts")
    };
    // 64 bytes end in a character of which four bits belong to no byte.
    let last = if signature.ends_with('A') { 'B' } else { 'R' };
    let trailing = format!("{}{last}", &signature[..85]);
    for other in [
        format!("{header}.{payload}.{signature}="),
        format!("{header}.{payload}.{signature}=="),
        format!("{header}.{payload}.{signature}\n"),
        format!("{header}.{payload}. {signature}"),
        format!(
            "{header}.{payload}.{}",
            signature.replace('-', "+").replace('_', "/") + "+/"
        ),
        format!("{header}.{payload}.{trailing}"),
    ] {
        let error = verify(&other, &keys, Algorithm::Ed25519).unwrap_err();
        assert_eq!(
            error,
            JwsError::Base64 {
                part: Part::Signature
            },
            "{other}"
        );
    }
    for other in [
        format!("{header}="),
        format!(" {header}"),
        header.replace('e', "e\r\n"),
    ] {
        let error = Jws::parse(&format!("{other}.{payload}.{signature}")).unwrap_err();
        assert_eq!(error, JwsError::Base64 { part: Part::Header }, "{other}");
    }
    for other in [format!("{payload}="), format!("{payload}\n")] {
        let token = format!("{header}.{other}.{signature}");
        assert_eq!(
            verify(&token, &keys, Algorithm::Ed25519).unwrap_err(),
            JwsError::BadSignature
        );
    }
}

// attack: JW-45 JW-46 JW-47 JW-48
#[test]
fn an_encrypted_token_is_refused_before_its_header_is_read() {
    for header in [
        json!({ "alg": "RSA-OAEP", "enc": "A256GCM" }),
        json!({ "alg": "RSA1_5", "enc": "A128CBC-HS256" }),
        json!({ "alg": "dir", "enc": "A256GCM", "cty": "JWT" }),
        json!({ "alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 2_147_483_648_u64, "p2s": "AA" }),
        json!({ "alg": "dir", "enc": "A256GCM", "zip": "DEF" }),
    ] {
        let header = base64url::encode(header.to_string().as_bytes());
        for token in [format!("{header}.AA.AA.AA.AA"), format!("{header}....")] {
            assert_eq!(Jws::parse(&token).unwrap_err(), JwsError::Encrypted);
        }
        // The same header on a token of three parts names no signature algorithm.
        let error = Jws::parse(&format!("{header}.AA.AA")).unwrap_err();
        assert!(
            matches!(error, JwsError::UnsupportedAlgorithm { .. }),
            "{error}"
        );
    }
}
