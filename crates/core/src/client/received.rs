//! What the client is registered to receive: how its ID tokens and its userinfo are signed and encrypted.

use std::borrow::Cow;
use std::sync::Arc;

use super::Client;
use crate::error::ConfigurationError;
use crate::jose::{
    Algorithm, DecryptionKey, Encryption, Jwe, JweError, Jws, JwsError, KeySet, SigningKey,
    Verified,
};
use crate::metadata::ProviderMetadata;
use crate::provider::Protocol;
use crate::token::TokenResponse;

/// What was registered with the provider; nothing of it is ever read from a header or from metadata.
#[derive(Clone, Default)]
pub(crate) struct Received {
    decryption_keys: Vec<Arc<DecryptionKey>>,
    id_token_encryption: Option<Encryption>,
    userinfo_encryption: Option<Encryption>,
    userinfo_algorithm: Option<Algorithm>,
}

impl Client {
    /// Returns the client with a private key that tokens are encrypted for; a second one is tried as well,
    /// so that a new key can be published before the old one is forgotten.
    #[must_use]
    pub fn with_decryption_key(self, key: Arc<DecryptionKey>) -> Self {
        self.with(|client| client.received.decryption_keys.push(key))
    }

    /// Returns the client whose ID tokens are encrypted like this (OpenID Connect Core 1.0 section 10.2).
    ///
    /// One that is not encrypted is then refused.
    #[must_use]
    pub fn with_id_token_encryption(self, encryption: Encryption) -> Self {
        self.with(|client| client.received.id_token_encryption = Some(encryption))
    }

    /// Returns the client whose userinfo is encrypted like this (OpenID Connect Core 1.0 section 5.3.2).
    ///
    /// An answer that is not encrypted is then refused.
    #[must_use]
    pub fn with_userinfo_encryption(self, encryption: Encryption) -> Self {
        self.with(|client| client.received.userinfo_encryption = Some(encryption))
    }

    /// Returns the client whose userinfo is signed with this algorithm (OpenID Connect Core 1.0 section
    /// 5.3.2).
    ///
    /// An answer that is not signed is then refused.
    #[must_use]
    pub fn with_userinfo_algorithm(self, algorithm: Algorithm) -> Self {
        self.with(|client| client.received.userinfo_algorithm = Some(algorithm))
    }

    /// Returns the private keys that tokens are encrypted for; their public halves are for the provider.
    pub fn decryption_keys(&self) -> &[Arc<DecryptionKey>] {
        &self.0.received.decryption_keys
    }

    /// Returns how its ID tokens are encrypted, if they are.
    pub fn id_token_encryption(&self) -> Option<Encryption> {
        self.0.received.id_token_encryption
    }

    /// Returns how its userinfo is encrypted, if it is.
    pub fn userinfo_encryption(&self) -> Option<Encryption> {
        self.0.received.userinfo_encryption
    }

    /// Returns what its userinfo is signed with, if it is.
    pub fn userinfo_algorithm(&self) -> Option<Algorithm> {
        self.0.received.userinfo_algorithm
    }

    /// Tells whether there is an ID token that the provider's keys have to prove.
    pub(crate) fn is_proven_by_keys(
        &self,
        metadata: &ProviderMetadata,
        tokens: &TokenResponse,
    ) -> bool {
        self.provider().is_openid()
            && tokens.id_token.is_some()
            && !metadata.id_token_algorithm.is_symmetric()
    }

    /// Verifies a signature: with the secret where the registered algorithm shares one, else with the
    /// provider's keys.
    pub(crate) fn verify(
        &self,
        jws: Jws<'_>,
        keys: &KeySet,
        registered: Algorithm,
    ) -> Result<Verified, JwsError> {
        if !registered.is_symmetric() {
            return jws.verify(keys, registered);
        }
        let secret = self.secret().map(|secret| secret.secret().as_bytes());
        jws.verify_with_secret(secret.unwrap_or_default(), registered)
    }

    /// Decrypts a signed token where encryption is registered, and returns any other as it is: the
    /// signature's rules refuse one that is encrypted all the same.
    pub(crate) fn decrypted<'a>(
        &self,
        compact: &'a str,
        registered: Option<Encryption>,
    ) -> Result<Cow<'a, str>, JweError> {
        let Some(Encryption {
            algorithm,
            encryption,
        }) = registered
        else {
            return Ok(Cow::Borrowed(compact));
        };
        if compact.split('.').count() == 3 {
            return Err(JweError::NotEncrypted);
        }
        Jwe::parse(compact)?
            .decrypt_nested(&self.own_keys(), algorithm, encryption)
            .map(Cow::Owned)
    }

    pub(crate) fn own_keys(&self) -> Vec<&DecryptionKey> {
        self.decryption_keys().iter().map(AsRef::as_ref).collect()
    }

    /// Lists what cannot work about the algorithms and keys of what it receives.
    pub(crate) fn unsound_reception(&self) -> Vec<ConfigurationError> {
        let mut mistakes = Vec::new();
        let mut mistake = |setting, reason| {
            mistakes.push(ConfigurationError::Setting {
                provider: self.provider().id.to_string(),
                setting,
                reason,
            });
        };
        let id_token_algorithm = match &self.provider().protocol {
            Protocol::OpenId { algorithm, .. } => *algorithm,
            _ => None,
        };
        for (setting, algorithm) in [
            ("algorithm", id_token_algorithm),
            ("userinfo_algorithm", self.userinfo_algorithm()),
        ] {
            let Some(algorithm) = algorithm.filter(|it| it.is_symmetric()) else {
                continue;
            };
            match self.secret().map(|secret| secret.secret()) {
                None => mistake(
                    setting,
                    "HS256 and its kin are computed with a client secret, and there is none",
                ),
                Some(secret) if SigningKey::from_secret(secret, algorithm).is_err() => mistake(
                    setting,
                    "the client secret is too short for it: HS256 needs 32 bytes, HS384 48, HS512 64",
                ),
                Some(_) => {}
            }
        }
        let encryptions = [
            ("id_token_encryption", self.id_token_encryption()),
            ("userinfo_encryption", self.userinfo_encryption()),
        ];
        for (setting, encryption) in encryptions {
            let fits = |encryption: Encryption| {
                let mut keys = self.decryption_keys().iter();
                keys.any(|key| key.fits(encryption.algorithm))
            };
            if encryption.is_some_and(|encryption| !fits(encryption)) {
                mistake(
                    setting,
                    "it needs a decryption_key of its kind: RSA for RSA-OAEP, a curve for ECDH-ES",
                );
            }
        }
        if self.id_token_encryption().is_some() && !self.provider().is_openid() {
            mistake(
                "id_token_encryption",
                "this provider's entry expects no ID token: leave it out, or name an OpenID Connect issuer",
            );
        }
        let nothing = encryptions
            .iter()
            .all(|(_, registered)| registered.is_none());
        if nothing && !self.decryption_keys().is_empty() {
            mistake(
                "decryption_key",
                "nothing is encrypted for it: set id_token_encryption or userinfo_encryption",
            );
        }
        mistakes
    }
}
