//! Hostile and odd key sets: which keys are eligible.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use codegrant_core::jose::{Algorithm, KeySet, KeySetError, base64url};
use serde_json::{Value, json};

#[path = "data/keys.rs"]
mod keys;

use keys::{claims, fresh, rsa, set, verify, with, without};

fn error_of(body: &[u8]) -> KeySetError {
    KeySet::parse(body).unwrap_err()
}

/// The provider's JWK with nothing but the key itself.
fn bare(algorithm: Algorithm) -> Value {
    let key = if algorithm == Algorithm::Rs256 {
        rsa(algorithm, "")
    } else {
        fresh(algorithm, "")
    };
    without(&key.public_jwk(), &["kid", "alg", "use"])
}

fn number(bytes: &[u8]) -> String {
    base64url::encode(bytes)
}

// attack: KY-09
#[test]
fn a_weak_rsa_key_is_left_out() {
    let strong = bare(Algorithm::Rs256);
    let modulus = base64url::decode(strong["n"].as_str().unwrap()).unwrap();
    let mut even = modulus.clone();
    even[255] &= 0xfe;
    let mut bits_2047 = modulus.clone();
    bits_2047[0] = 0x7f;
    for (n, e) in [
        (&modulus[192..], &[1, 0, 1][..]),
        (&modulus[128..], &[1, 0, 1]),
        (&bits_2047, &[1, 0, 1]),
        (&even, &[1, 0, 1]),
        (&modulus, &[]),
        (&modulus, &[0]),
        (&modulus, &[1]),
        (&modulus, &[2]),
        (&modulus, &[1, 0, 0]),
        (&[], &[1, 0, 1]),
        (&[0; 256], &[1, 0, 1]),
    ] {
        let jwk = json!({ "kty": "RSA", "n": number(n), "e": number(e) });
        assert!(set(&[jwk]).is_empty(), "{} bytes, exponent {e:?}", n.len());
    }
    assert_eq!(
        set(&[with(&strong, "e", "Aw")]).len(),
        1,
        "an exponent of 3 is allowed"
    );
    assert_eq!(set(&[strong]).len(), 1);
}

// attack: KY-10
#[test]
fn a_huge_rsa_key_is_left_out() {
    let modulus = |bytes: usize| number(&vec![0xff; bytes]);
    let largest = json!({ "kty": "RSA", "n": modulus(1024), "e": number(&[0xff; 4]) });
    assert_eq!(set(std::slice::from_ref(&largest)).len(), 1);
    for huge in [
        with(&largest, "n", modulus(1025)),
        with(&largest, "n", modulus(8192)),
        with(&largest, "e", number(&[1, 0, 0, 0, 1])),
        with(&largest, "e", number(&[0xff; 512])),
        with(&largest, "e", modulus(8192)),
    ] {
        assert!(set(&[huge]).is_empty());
    }
}

#[test]
fn leading_zeros_of_a_modulus_are_ignored_and_count_for_nothing() {
    let key = rsa(Algorithm::Rs256, "k1");
    let jwk = key.public_jwk();
    let modulus = base64url::decode(jwk["n"].as_str().unwrap()).unwrap();
    let keys = set(&[with(
        &jwk,
        "n",
        number(&[&[0], modulus.as_slice()].concat()),
    )]);
    assert!(verify(&key.sign(None, &claims()).unwrap(), &keys, Algorithm::Rs256).is_ok());
    let short = [&[0; 128], &modulus[128..]].concat();
    assert!(set(&[with(&jwk, "n", number(&short))]).is_empty());
}

// attack: KY-11
#[test]
fn a_symmetric_key_from_the_network_is_ignored() {
    let secret = number(&[7; 32]);
    for jwk in [
        json!({ "kty": "oct", "k": secret }),
        json!({ "kty": "oct", "k": secret, "kid": "k1", "use": "sig", "alg": "HS256" }),
        json!({ "kty": "oct", "k": secret, "alg": "RS256", "n": secret, "e": "AQAB" }),
        with(&bare(Algorithm::Rs256), "alg", "HS256"),
    ] {
        assert!(set(&[jwk]).is_empty());
    }
}

// attack: KY-13
#[test]
fn a_key_for_another_use_is_left_out() {
    let jwk = bare(Algorithm::Rs256);
    for (name, value) in [
        ("use", json!("enc")),
        ("use", json!("")),
        ("use", json!("SIG")),
        ("use", json!(1)),
        ("use", Value::Null),
        ("key_ops", json!(["encrypt"])),
        ("key_ops", json!(["sign"])),
        ("key_ops", json!([])),
        ("key_ops", json!("verify")),
        ("key_ops", json!([["verify"]])),
        ("alg", json!("RSA-OAEP")),
        ("alg", json!("none")),
        ("alg", json!("ES256")),
        ("alg", json!("")),
        ("alg", json!(256)),
        ("kid", json!(1)),
    ] {
        assert!(
            set(&[with(&jwk, name, value.clone())]).is_empty(),
            "{name} {value}"
        );
    }
    for (name, value) in [
        ("use", json!("sig")),
        ("key_ops", json!(["verify"])),
        ("key_ops", json!(["sign", "verify"])),
        ("alg", json!("RS256")),
        ("d", json!("private")),
        ("x5c", json!(5)),
    ] {
        assert_eq!(
            set(&[with(&jwk, name, value.clone())]).len(),
            1,
            "{name} {value}"
        );
    }
    assert!(
        set(&[with(
            &with(&jwk, "use", "sig"),
            "key_ops",
            json!(["encrypt"])
        )])
        .is_empty()
    );
}

// attack: KY-15
#[test]
fn a_huge_key_set_is_refused() {
    let body = format!("{{\"keys\":[],\"x\":\"{}\"}}", "a".repeat(512 * 1024));
    let length = body.len();
    assert_eq!(
        error_of(body.as_bytes()),
        KeySetError::TooLarge {
            length,
            limit: 524_288
        }
    );
    let huge = vec![b' '; 10 * 1024 * 1024];
    assert!(matches!(error_of(&huge), KeySetError::TooLarge { .. }));

    let count = |count: usize| json!({ "keys": vec![json!({}); count] }).to_string();
    let error = error_of(count(101).as_bytes());
    assert_eq!(
        error,
        KeySetError::TooManyKeys {
            count: 101,
            limit: 100
        }
    );
    assert!(matches!(
        error_of(count(100_000).as_bytes()),
        KeySetError::TooManyKeys { .. }
    ));
    assert!(KeySet::parse(count(100).as_bytes()).unwrap().is_empty());
}

// attack: KY-16
#[test]
fn a_body_that_is_no_key_set_is_an_error() {
    for body in [
        "",
        "<!doctype html><title>Sign in</title>",
        "{\"keys\":[}",
        "[]",
        "null",
        "\"\"",
    ] {
        assert!(
            matches!(error_of(body.as_bytes()), KeySetError::Json(_)),
            "{body}"
        );
    }
    for body in [
        "{}",
        "{\"keys\":null}",
        "{\"keys\":{}}",
        "{\"keys\":\"\"}",
        "{\"Keys\":[]}",
        "{\"kty\":\"oct\",\"k\":\"AA\"}",
    ] {
        assert_eq!(error_of(body.as_bytes()), KeySetError::NoKeys, "{body}");
    }
    assert!(matches!(
        error_of(b"{\"keys\":[],\"keys\":[]}"),
        KeySetError::Json(_)
    ));
    assert!(matches!(
        error_of(b"{\"keys\":[{\"kty\":\"EC\",\"kty\":\"RSA\"}]}"),
        KeySetError::Json(_)
    ));
    assert!(KeySet::parse(b"{\"keys\":[]}").unwrap().is_empty());
}

// attack: KY-17
#[test]
fn a_point_off_its_curve_is_left_out() {
    for (algorithm, length) in [
        (Algorithm::Es256, 32),
        (Algorithm::Es384, 48),
        (Algorithm::Es512, 66),
    ] {
        let jwk = bare(algorithm);
        assert_eq!(set(std::slice::from_ref(&jwk)).len(), 1);
        let [x, mut y] =
            ["x", "y"].map(|name| base64url::decode(jwk[name].as_str().unwrap()).unwrap());
        let octets = [x.as_slice(), &y].concat();
        y[length - 1] ^= 1;
        let zero = number(&vec![0; length]);
        let full = number(&vec![0xff; length]);
        for off in [
            with(&jwk, "y", number(&y)),
            with(&jwk, "x", jwk["y"].clone()),
            with(&jwk, "x", zero.clone()),
            with(&with(&jwk, "x", zero.clone()), "y", zero),
            with(&with(&jwk, "x", full.clone()), "y", full),
            // The same octets with the border between them moved.
            with(
                &with(&jwk, "x", number(&octets[..length - 1])),
                "y",
                number(&octets[length - 1..]),
            ),
            with(&jwk, "y", number(&y[1..])),
            with(&jwk, "y", number(&[&[0], y.as_slice()].concat())),
            with(&jwk, "y", ""),
            without(&jwk, &["y"]),
            without(&jwk, &["x"]),
            without(&jwk, &["crv"]),
        ] {
            assert!(set(&[off]).is_empty(), "{algorithm}");
        }
    }
    let jwk = bare(Algorithm::Ed25519);
    let octets = base64url::decode(jwk["x"].as_str().unwrap()).unwrap();
    // A SubjectPublicKeyInfo, which the library would read as well.
    let wrapped = [
        b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\0",
        octets.as_slice(),
    ]
    .concat();
    for x in [
        number(&[1; 31]),
        number(&[1; 33]),
        number(&wrapped),
        String::new(),
    ] {
        assert!(set(&[with(&jwk, "x", x)]).is_empty());
    }
    assert!(set(&[with(&jwk, "crv", "X25519")]).is_empty());
    assert!(set(&[with(&jwk, "crv", "Ed448")]).is_empty());
}

#[test]
fn one_bad_key_does_not_spoil_the_others() {
    let key = fresh(Algorithm::Es256, "k1");
    let keys = set(&[
        json!(null),
        json!(5),
        json!([]),
        json!({}),
        json!({ "kty": 5 }),
        json!({ "kty": "AKP", "alg": "ML-DSA-44", "pub": "AA" }),
        json!({ "kty": "RSA", "n": "not base64url!", "e": "AQAB" }),
        json!({ "kty": "RSA", "n": 5, "e": "AQAB" }),
        json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" }),
        key.public_jwk(),
    ]);
    assert_eq!(keys.len(), 1);
    assert!(verify(&key.sign(None, &claims()).unwrap(), &keys, Algorithm::Es256).is_ok());
}

#[test]
fn a_set_shows_ids_and_algorithms() {
    let keys = set(&[fresh(Algorithm::Ed25519, "k1").public_jwk()]);
    assert_eq!(
        format!("{keys:?}"),
        "[Key { id: Some(\"k1\"), algorithms: [EdDsa, Ed25519] }]"
    );
}
