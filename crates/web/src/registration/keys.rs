//! The keys of a registration: texts as they were written, read when everything is known.

use std::fmt;

use codegrant_core::Profile;
use codegrant_core::http::{CertificateError, ClientCertificate};
use codegrant_core::jose::{
    Algorithm, DecryptionKey, DecryptionKeyError, Encryption, SigningKey, SigningKeyError, json,
};

use super::Registration;
use crate::error::SetupError;

/// Settings that nothing can be said about while a key cannot be read.
pub(super) const SETTINGS: &[&str] = &[
    "signing_key",
    "decryption_key",
    "id_token_encryption",
    "userinfo_encryption",
    "certificate_file",
];

/// A private key as it was written; never shown.
#[derive(Clone)]
pub(crate) enum Key {
    /// PEM, or a JWK.
    Text(String),
    /// Its file could not be read, which is reported already.
    Unread,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Registration {
    /// Returns the registration with the private key that signs what we send: PEM, or a JWK.
    ///
    /// Assertions (`private_key_jwt`), request objects and Apple's secret are signed with it.
    #[must_use]
    pub fn signing_key(self, pem_or_jwk: impl Into<String>) -> Self {
        self.signing_key_of(Key::Text(pem_or_jwk.into()))
    }

    /// Returns the registration naming its signing key to the provider like this (`kid`).
    ///
    /// Without it, a JWK's own `kid` counts, and else the key's thumbprint (RFC 7638).
    #[must_use]
    pub fn signing_key_id(mut self, id: impl Into<String>) -> Self {
        self.signing_key_id = Some(id.into());
        self
    }

    /// Returns the registration signing with this algorithm, where its key fits several.
    #[must_use]
    pub fn signing_algorithm(mut self, algorithm: Algorithm) -> Self {
        self.signing_algorithm = Some(algorithm);
        self
    }

    /// Returns the registration speaking for this developer's team, which Apple calls the team id.
    #[must_use]
    pub fn team_id(self, team: impl Into<String>) -> Self {
        self.client(|client| client.with_team_id(team))
    }

    /// Returns the registration with the private key that tokens are encrypted for: PEM, or a JWK.
    #[must_use]
    pub fn decryption_key(self, pem_or_jwk: impl Into<String>) -> Self {
        self.decryption_key_of(Key::Text(pem_or_jwk.into()))
    }

    /// Returns the registration whose ID tokens are encrypted like this.
    #[must_use]
    pub fn id_token_encryption(self, encryption: Encryption) -> Self {
        self.client(|client| client.with_id_token_encryption(encryption))
    }

    /// Returns the registration whose userinfo is encrypted like this.
    #[must_use]
    pub fn userinfo_encryption(self, encryption: Encryption) -> Self {
        self.client(|client| client.with_userinfo_encryption(encryption))
    }

    /// Returns the registration whose userinfo is signed with this algorithm (OpenID Connect Core 1.0 section
    /// 5.3.2).
    #[must_use]
    pub fn userinfo_algorithm(self, algorithm: Algorithm) -> Self {
        self.client(|client| client.with_userinfo_algorithm(algorithm))
    }

    /// Returns the registration with the client's certificate and its private key, PEM each (RFC 8705).
    #[must_use]
    pub fn certificate(self, chain: impl Into<String>, key: impl Into<String>) -> Self {
        self.certificate_of(Key::Text(chain.into()), Key::Text(key.into()))
    }

    /// Returns the registration having its tokens bound to the client's certificate (RFC 8705 section 3).
    #[must_use]
    pub fn certificate_bound_access_tokens(self) -> Self {
        self.client(codegrant_core::Client::with_certificate_bound_access_tokens)
    }

    pub(crate) fn signing_key_of(mut self, key: Key) -> Self {
        self.signing_key = Some(key);
        self
    }

    pub(crate) fn decryption_key_of(mut self, key: Key) -> Self {
        self.decryption_key = Some(key);
        self
    }

    pub(crate) fn certificate_of(mut self, chain: Key, key: Key) -> Self {
        self.certificate = Some((chain, key));
        self
    }

    /// Reads every key that was written.
    pub(super) fn keys(&self) -> Keys {
        let mut keys = Keys {
            all_read: true,
            ..Keys::default()
        };
        keys.signing = keys.read(self, "signing_key", &self.signing_key, |text| {
            self.read_signing_key(text)
        });
        keys.decryption = keys.read(self, "decryption_key", &self.decryption_key, |text| {
            Ok::<_, DecryptionKeyError>(if is_jwk(text) {
                DecryptionKey::from_jwk(text)?
            } else {
                DecryptionKey::from_pem(text, None)?
            })
        });
        keys.certificate = match &self.certificate {
            Some((Key::Text(chain), key)) => {
                let read = |key: &str| ClientCertificate::from_pem(chain, key);
                keys.read::<_, CertificateError>(self, "certificate_file", &Some(key.clone()), read)
            }
            Some((Key::Unread, _)) => {
                keys.all_read = false;
                None
            }
            None => None,
        };
        keys
    }

    fn read_signing_key(&self, text: &str) -> Result<SigningKey, SigningKeyError> {
        let is_jwk = is_jwk(text);
        let key = if is_jwk {
            SigningKey::from_jwk(text)?
        } else {
            SigningKey::from_pem(text, None, None)?
        };
        let says = is_jwk
            && json::object(text.as_bytes()).is_ok_and(|members| members.contains_key("alg"));
        let chosen = match (self.signing_algorithm, key.algorithm()) {
            (Some(chosen), _) => chosen,
            // An RSA key fits several; the profile leaves one of them.
            (None, Algorithm::Rs256) if !says && self.client.profile() != Profile::Standard => {
                Algorithm::Ps256
            }
            (None, own) => own,
        };
        let key = key.with_algorithm(chosen)?;
        Ok(match &self.signing_key_id {
            Some(id) => key.with_key_id(id),
            None => key,
        })
    }
}

/// What came of reading the keys.
#[derive(Default)]
pub(super) struct Keys {
    pub(super) signing: Option<SigningKey>,
    pub(super) decryption: Option<DecryptionKey>,
    pub(super) certificate: Option<ClientCertificate>,
    pub(super) all_read: bool,
    pub(super) mistakes: Vec<SetupError>,
}

impl Keys {
    fn read<K, E: fmt::Display>(
        &mut self,
        registration: &Registration,
        setting: &'static str,
        written: &Option<Key>,
        read: impl FnOnce(&str) -> Result<K, E>,
    ) -> Option<K> {
        let Key::Text(text) = written.as_ref()? else {
            self.all_read = false;
            return None;
        };
        match read(text) {
            Ok(key) => Some(key),
            Err(error) => {
                self.all_read = false;
                self.mistakes.push(SetupError::Key {
                    provider: registration.provider_id().to_owned(),
                    setting,
                    reason: error.to_string(),
                });
                None
            }
        }
    }
}

fn is_jwk(text: &str) -> bool {
    text.trim_start().starts_with('{')
}
