//! The signing keys: the one in use, the one before, those that clients asked for, and another of a
//! different kind.

use std::sync::Arc;

use codegrant_core::jose::{Algorithm, SigningKey, SigningKeyError};
use serde_json::Value;

use crate::key_set::{KeySetStyle, key_set};

/// What the provider signs with and what it publishes.
pub(crate) struct Keys {
    pub(crate) current: Arc<SigningKey>,
    previous: Option<Value>,
    /// A second published key, as many providers have; ID tokens are signed with it only for a client that
    /// registered its algorithm.
    other: Arc<SigningKey>,
    /// Keys for clients that registered yet another algorithm.
    further: Vec<Arc<SigningKey>>,
    style: KeySetStyle,
}

impl Keys {
    pub(crate) fn new(
        algorithm: Algorithm,
        pkcs8: Option<&[u8]>,
        style: KeySetStyle,
        mut next_id: impl FnMut() -> String,
    ) -> Result<Self, SigningKeyError> {
        // A shared secret is nobody's but one client's; something is published all the same.
        let published = if algorithm.is_symmetric() {
            Algorithm::Es256
        } else {
            algorithm
        };
        let current = match pkcs8 {
            Some(der) => SigningKey::from_pkcs8(der, published, next_id())?,
            None => generate(published, next_id())?,
        };
        let other = match published {
            Algorithm::Es256 => Algorithm::EdDsa,
            _ => Algorithm::Es256,
        };
        Ok(Self {
            current: Arc::new(current),
            previous: None,
            other: Arc::new(generate(other, next_id())?),
            further: Vec::new(),
            style,
        })
    }

    /// Finds the key that signs with an algorithm.
    pub(crate) fn for_algorithm(&self, algorithm: Algorithm) -> Option<Arc<SigningKey>> {
        let mut all = self.signing();
        all.find(|key| key.algorithm() == algorithm).cloned()
    }

    /// Finds a published key that signs with any other algorithm.
    pub(crate) fn with_another_algorithm(&self, algorithm: Algorithm) -> &SigningKey {
        if self.other.algorithm() == algorithm {
            &self.current
        } else {
            &self.other
        }
    }

    /// Makes a key for an algorithm unless there is one.
    pub(crate) fn provide(
        &mut self,
        algorithm: Algorithm,
        key_id: impl FnOnce() -> String,
    ) -> Result<(), SigningKeyError> {
        if algorithm.is_symmetric() || self.for_algorithm(algorithm).is_some() {
            return Ok(());
        }
        // One modulus serves all algorithms of RSA, and making another takes its time.
        let rsa = self.signing().find(|key| is_rsa(key.algorithm())).cloned();
        let key = match rsa.filter(|_| is_rsa(algorithm)) {
            Some(rsa) => SigningKey::from_pkcs8(rsa.to_pkcs8()?.as_bytes(), algorithm, key_id())?,
            None => generate(algorithm, key_id())?,
        };
        self.further.push(Arc::new(key));
        Ok(())
    }

    /// Takes a new key into use; the one before stays published, so that tokens on their way verify.
    pub(crate) fn rotate(&mut self, key_id: String) -> Result<(), SigningKeyError> {
        let next = generate(self.current.algorithm(), key_id)?;
        let before = std::mem::replace(&mut self.current, Arc::new(next));
        self.previous = Some(before.public_jwk());
        Ok(())
    }

    /// Takes new keys into use and publishes none of the old ones any longer.
    pub(crate) fn replace(
        &mut self,
        mut next_id: impl FnMut() -> String,
    ) -> Result<(), SigningKeyError> {
        self.current = Arc::new(generate(self.current.algorithm(), next_id())?);
        self.other = Arc::new(generate(self.other.algorithm(), next_id())?);
        self.previous = None;
        for algorithm in std::mem::take(&mut self.further)
            .iter()
            .map(|key| key.algorithm())
        {
            self.provide(algorithm, &mut next_id)?;
        }
        Ok(())
    }

    /// Returns the published set (RFC 7517 section 5).
    pub(crate) fn published(&self) -> Value {
        let mut keys = vec![self.current.public_jwk()];
        keys.extend(self.previous.clone());
        keys.extend(self.further.iter().map(|key| key.public_jwk()));
        keys.push(self.other.public_jwk());
        key_set(keys, self.style)
    }

    /// Tells whether keys have ids, in the published set and in the header of a token.
    pub(crate) fn have_ids(&self) -> bool {
        !matches!(
            self.style,
            KeySetStyle::OneWithoutId | KeySetStyle::SeveralWithoutIds
        )
    }

    fn signing(&self) -> impl Iterator<Item = &Arc<SigningKey>> {
        let two = [&self.current, &self.other];
        two.into_iter().chain(&self.further)
    }
}

fn is_rsa(algorithm: Algorithm) -> bool {
    let name = algorithm.as_str();
    name.starts_with("RS") || name.starts_with("PS")
}

/// Makes a new key; RSA with 2048 bits, which takes a good part of a second.
pub(crate) fn generate(
    algorithm: Algorithm,
    key_id: String,
) -> Result<SigningKey, SigningKeyError> {
    SigningKey::generate(algorithm, Some(&key_id))
}
