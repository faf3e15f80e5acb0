//! Keys to sign with, and the published examples, for the tests of `jose`.
#![allow(dead_code, reason = "every test file uses a part")]

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
};
use codegrant_core::jose::{Algorithm, Jws, JwsError, KeySet, SigningKey, Verified, base64url};
use serde_json::{Map, Value, json};

/// One signed example of an RFC, with its key.
pub(crate) struct Example {
    pub(crate) source: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) jwk: Value,
    pub(crate) pkcs8: Option<Vec<u8>>,
    pub(crate) compact: String,
    pub(crate) deterministic: bool,
}

pub(crate) fn examples() -> Vec<Example> {
    let text = include_str!("jose.json");
    let list: Vec<Value> = serde_json::from_str(text).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    list.iter()
        .map(|example| Example {
            source: text(&example["source"]),
            algorithm: text(&example["algorithm"]).parse().unwrap(),
            jwk: example["jwk"].clone(),
            pkcs8: example["pkcs8"]
                .as_str()
                .map(|der| base64url::decode(der).unwrap()),
            compact: text(&example["compact"]),
            deterministic: example["deterministic"].as_bool().unwrap(),
        })
        .collect()
}

/// Makes a fresh key for the algorithm; an RSA key is always the same stranger's.
pub(crate) fn fresh(algorithm: Algorithm, key_id: &str) -> SigningKey {
    let random = SystemRandom::new();
    let ec = |curve| {
        EcdsaKeyPair::generate_pkcs8(curve, &random)
            .unwrap()
            .as_ref()
            .to_vec()
    };
    let der = match algorithm {
        Algorithm::Es256 => ec(&ECDSA_P256_SHA256_FIXED_SIGNING),
        Algorithm::Es384 => ec(&ECDSA_P384_SHA384_FIXED_SIGNING),
        Algorithm::Es512 => ec(&ECDSA_P521_SHA512_FIXED_SIGNING),
        Algorithm::EdDsa | Algorithm::Ed25519 => Ed25519KeyPair::generate_pkcs8(&random)
            .unwrap()
            .as_ref()
            .to_vec(),
        _ => STRANGER.clone(),
    };
    SigningKey::from_pkcs8(&der, algorithm, key_id).unwrap()
}

/// The RSA key of RFC 7520 section 3.4 as the provider's, for the algorithm of the RSA family.
pub(crate) fn rsa(algorithm: Algorithm, key_id: &str) -> SigningKey {
    let example = examples()
        .into_iter()
        .find(|example| example.source.contains("7520"))
        .unwrap();
    SigningKey::from_pkcs8(&example.pkcs8.unwrap(), algorithm, key_id).unwrap()
}

/// The provider's key for any algorithm.
pub(crate) fn own(algorithm: Algorithm, key_id: &str) -> SigningKey {
    match algorithm.as_str().as_bytes()[0] {
        b'R' | b'P' => rsa(algorithm, key_id),
        _ => fresh(algorithm, key_id),
    }
}

/// An RSA key of 2048 bits that is not the provider's; made once, because that takes its time.
static STRANGER: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    der.as_ref().to_vec()
});

/// Makes a key set of JWKs.
pub(crate) fn set(jwks: &[Value]) -> KeySet {
    KeySet::parse(json!({ "keys": jwks }).to_string().as_bytes()).unwrap()
}

/// Takes members away from a JWK or a header.
pub(crate) fn without(value: &Value, names: &[&str]) -> Value {
    let mut rest = value.clone();
    for name in names {
        rest.as_object_mut().unwrap().remove(*name);
    }
    rest
}

/// Adds or replaces one member of a JWK or a header.
pub(crate) fn with(value: &Value, name: &str, member: impl Into<Value>) -> Value {
    let mut more = value.clone();
    more[name] = member.into();
    more
}

pub(crate) fn claims() -> Map<String, Value> {
    let claims = json!({ "iss": "https://op.example", "sub": "248289761001", "aud": "app" });
    claims.as_object().unwrap().clone()
}

/// Parses and verifies in one step.
pub(crate) fn verify(
    token: &str,
    keys: &KeySet,
    expected: Algorithm,
) -> Result<Verified, JwsError> {
    Jws::parse(token)?.verify(keys, expected)
}

/// Signs the usual claims under a header of the caller's choice.
pub(crate) fn signed(key: &SigningKey, header: &Value) -> String {
    let payload = serde_json::to_vec(&claims()).unwrap();
    key.sign_raw(header.to_string().as_bytes(), &payload)
        .unwrap()
}

/// Writes a token with any header and signature.
pub(crate) fn forged(header: &str, signature: &[u8]) -> String {
    let payload = serde_json::to_vec(&claims()).unwrap();
    let parts = [header.as_bytes(), &payload, signature].map(base64url::encode);
    parts.join(".")
}
