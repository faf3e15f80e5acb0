//! What is signed: no bytes that a fuzzer invents are ever believed.

use std::sync::OnceLock;

use codegrant_core::jose::{Algorithm, Jws, KeySet};

use crate::world::signing_key;

/// An ID token, held against real keys with every algorithm.
pub(super) fn id_token(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    for &algorithm in Algorithm::ASYMMETRIC {
        let verified = Jws::parse(text).map(|jws| jws.verify(keys(), algorithm));
        assert!(!matches!(verified, Ok(Ok(_))), "{text}");
    }
}

fn keys() -> &'static KeySet {
    static KEYS: OnceLock<KeySet> = OnceLock::new();
    KEYS.get_or_init(|| {
        let algorithms = [
            Algorithm::Rs256,
            Algorithm::Ps256,
            Algorithm::Es256,
            Algorithm::EdDsa,
        ];
        let jwks: Vec<_> = algorithms
            .iter()
            .map(|&algorithm| signing_key(algorithm, algorithm.as_str()).public_jwk())
            .collect();
        let set = serde_json::json!({ "keys": jwks });
        KeySet::parse(set.to_string().as_bytes()).expect("a sound key set")
    })
}
