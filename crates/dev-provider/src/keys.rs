//! The signing keys: the one in use, the one before, and another of a different kind.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
};
use codegrant_core::jose::{Algorithm, SigningKey, SigningKeyError};
use serde_json::{Value, json};

/// What the provider signs with and what it publishes.
pub(crate) struct Keys {
    pub(crate) current: SigningKey,
    previous: Option<Value>,
    /// A second published key, as many providers have; ID tokens are never signed with it.
    pub(crate) other: SigningKey,
}

impl Keys {
    pub(crate) fn new(
        algorithm: Algorithm,
        pkcs8: Option<&[u8]>,
        mut next_id: impl FnMut() -> String,
    ) -> Result<Self, SigningKeyError> {
        let current = match pkcs8 {
            Some(der) => SigningKey::from_pkcs8(der, algorithm, next_id())?,
            None => generate(algorithm, next_id())?,
        };
        let other = match algorithm {
            Algorithm::Es256 => Algorithm::EdDsa,
            _ => Algorithm::Es256,
        };
        Ok(Self {
            current,
            previous: None,
            other: generate(other, next_id())?,
        })
    }

    /// Takes a new key into use; the one before stays published, so that tokens on their way verify.
    pub(crate) fn rotate(&mut self, key_id: String) -> Result<(), SigningKeyError> {
        let next = generate(self.current.algorithm(), key_id)?;
        let before = std::mem::replace(&mut self.current, next);
        self.previous = Some(before.public_jwk());
        Ok(())
    }

    /// Returns the published set (RFC 7517 section 5).
    pub(crate) fn published(&self) -> Value {
        let mut keys = vec![self.current.public_jwk()];
        keys.extend(self.previous.clone());
        keys.push(self.other.public_jwk());
        json!({ "keys": keys })
    }
}

/// Makes a new key; RSA with 2048 bits, which takes a good part of a second.
pub(crate) fn generate(
    algorithm: Algorithm,
    key_id: String,
) -> Result<SigningKey, SigningKeyError> {
    let failed = |_| SigningKeyError::Failed { algorithm };
    let random = SystemRandom::new();
    let ec = |curve: &'static EcdsaSigningAlgorithm| {
        EcdsaKeyPair::generate_pkcs8(curve, &random).map(|document| document.as_ref().to_vec())
    };
    let der = match algorithm {
        Algorithm::Es256 => ec(&ECDSA_P256_SHA256_FIXED_SIGNING),
        Algorithm::Es384 => ec(&ECDSA_P384_SHA384_FIXED_SIGNING),
        Algorithm::Es512 => ec(&ECDSA_P521_SHA512_FIXED_SIGNING),
        Algorithm::EdDsa | Algorithm::Ed25519 => {
            Ed25519KeyPair::generate_pkcs8(&random).map(|document| document.as_ref().to_vec())
        }
        _rsa => KeyPair::generate(KeySize::Rsa2048).and_then(|pair| {
            let der: Pkcs8V1Der<'static> = pair.as_der()?;
            Ok(der.as_ref().to_vec())
        }),
    };
    SigningKey::from_pkcs8(&der.map_err(failed)?, algorithm, key_id)
}
