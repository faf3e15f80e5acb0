//! Which keys of a set are tried for a token.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use codegrant_core::error::Quoted;
use codegrant_core::jose::{Algorithm, Jws, JwsError, KeySet};
use serde_json::json;

#[path = "data/keys.rs"]
mod keys;

use keys::{claims, fresh, rsa, set, signed, verify, with, without};

// attack: KY-05
#[test]
fn every_key_of_the_id_is_tried() {
    let (first, second) = (rsa(Algorithm::Rs256, "k1"), fresh(Algorithm::Rs256, "k1"));
    let other_kind = fresh(Algorithm::Es256, "k1");
    let jwks = [
        other_kind.public_jwk(),
        first.public_jwk(),
        second.public_jwk(),
    ];
    for signer in [&first, &second, &other_kind] {
        let token = signer.sign(None, &claims()).unwrap();
        assert!(verify(&token, &set(&jwks), signer.algorithm()).is_ok());
    }
    let stranger = fresh(Algorithm::Es256, "k1").sign(None, &claims()).unwrap();
    let error = verify(&stranger, &set(&jwks), Algorithm::Es256).unwrap_err();
    assert_eq!(error, JwsError::BadSignature);
}

// attack: KY-05 KY-07
#[test]
fn no_more_than_eight_keys_are_tried() {
    let key = fresh(Algorithm::Ed25519, "k1");
    let decoy = fresh(Algorithm::Ed25519, "k1").public_jwk();
    for header in [
        json!({ "alg": "Ed25519", "kid": "k1" }),
        json!({ "alg": "Ed25519" }),
    ] {
        let token = signed(&key, &header);
        let mut jwks = vec![decoy.clone(); 7];
        jwks.push(key.public_jwk());
        assert!(verify(&token, &set(&jwks), Algorithm::Ed25519).is_ok());
        jwks.insert(0, decoy.clone());
        let error = verify(&token, &set(&jwks), Algorithm::Ed25519).unwrap_err();
        assert_eq!(error, JwsError::BadSignature);
    }
}

// attack: KY-06
#[test]
fn without_a_key_id_the_only_fitting_key_is_found() {
    let key = rsa(Algorithm::Rs256, "k1");
    let others =
        [Algorithm::Es256, Algorithm::Ed25519].map(|other| fresh(other, "k2").public_jwk());
    let encryption = with(&fresh(Algorithm::Rs256, "k3").public_jwk(), "use", "enc");
    let keys = set(&[
        others[0].clone(),
        encryption,
        key.public_jwk(),
        others[1].clone(),
    ]);
    assert_eq!(keys.len(), 3);
    let token = signed(&key, &json!({ "alg": "RS256" }));
    assert!(verify(&token, &keys, Algorithm::Rs256).is_ok());
}

// attack: KY-07
#[test]
fn without_a_key_id_all_fitting_keys_are_tried() {
    let signers = ["k1", "k2", "k3"].map(|id| fresh(Algorithm::Es256, id));
    let keys = set(&signers.each_ref().map(|signer| signer.public_jwk()));
    for signer in &signers {
        let token = signed(signer, &json!({ "alg": "ES256" }));
        assert!(verify(&token, &keys, Algorithm::Es256).is_ok());
    }
    let stranger = signed(&fresh(Algorithm::Es256, "k1"), &json!({ "alg": "ES256" }));
    let error = verify(&stranger, &keys, Algorithm::Es256).unwrap_err();
    assert_eq!(error, JwsError::BadSignature);
}

#[test]
fn a_key_without_id_serves_an_unknown_id_and_only_that() {
    let (plain, named) = (fresh(Algorithm::Es256, "k9"), fresh(Algorithm::Es256, "k1"));
    let keys = set(&[without(&plain.public_jwk(), &["kid"]), named.public_jwk()]);
    let token = |kid: &str| signed(&plain, &json!({ "alg": "ES256", "kid": kid }));
    assert!(verify(&token("k9"), &keys, Algorithm::Es256).is_ok());
    let error = verify(&token("k1"), &keys, Algorithm::Es256).unwrap_err();
    assert_eq!(
        error,
        JwsError::BadSignature,
        "the set knows k1, so no other key stands in for it"
    );
}

#[test]
fn a_candidate_is_known_before_the_signature_is_checked() {
    let keys = set(&[fresh(Algorithm::Es256, "k1").public_jwk()]);
    let candidate = |kid: &str, algorithm: Algorithm| {
        let token = fresh(algorithm, kid).sign(None, &claims()).unwrap();
        let jws = Jws::parse(&token).unwrap();
        keys.has_candidate(jws.header(), algorithm)
    };
    assert!(candidate("k1", Algorithm::Es256));
    assert!(!candidate("k2", Algorithm::Es256));
    assert!(!candidate("k1", Algorithm::Es384));
    assert!(!candidate("k1", Algorithm::Ed25519));
}

// attack: KY-13
#[test]
fn a_key_for_one_algorithm_is_no_candidate_for_another() {
    let key = rsa(Algorithm::Rs256, "k1");
    let token = key.sign(None, &claims()).unwrap();
    let keys = set(&[with(&key.public_jwk(), "alg", "PS256")]);
    let error = verify(&token, &keys, Algorithm::Rs256).unwrap_err();
    let key_id = Some(Quoted::new("k1"));
    assert_eq!(
        error,
        JwsError::UnknownKey {
            key_id,
            algorithm: Algorithm::Rs256
        }
    );
}

// attack: KY-19
#[test]
fn a_key_set_knows_only_its_own_provider() {
    let providers = ["op", "ev"].map(|_| fresh(Algorithm::Es256, "k1"));
    let sets = providers.each_ref().map(|key| set(&[key.public_jwk()]));
    for (signer, key) in providers.iter().enumerate() {
        let token = key.sign(None, &claims()).unwrap();
        for (owner, keys) in sets.iter().enumerate() {
            let accepted = verify(&token, keys, Algorithm::Es256).is_ok();
            assert_eq!(accepted, signer == owner);
        }
    }
}

#[test]
fn an_empty_set_verifies_nothing() {
    let token = fresh(Algorithm::Es256, "k1").sign(None, &claims()).unwrap();
    assert!(KeySet::empty().is_empty());
    let error = verify(&token, &KeySet::empty(), Algorithm::Es256).unwrap_err();
    assert!(matches!(error, JwsError::UnknownKey { .. }), "{error}");
}
