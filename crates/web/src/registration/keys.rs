//! The keys of a registration: texts as they were written, read when everything is known.

use std::fmt;
use std::sync::Arc;

use codegrant_core::Profile;
use codegrant_core::jose::{Algorithm, SigningKey, SigningKeyError, json};

use super::Registration;
use crate::error::SetupError;

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

/// How a token is encrypted for us: names of RFC 7518 section 4.1 and 5.1.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EncryptedAs {
    pub(crate) algorithm: String,
    pub(crate) encryption: String,
}

impl Registration {
    /// Returns the registration with the private key that signs what we send: PEM, or a JWK.
    ///
    /// Assertions (`private_key_jwt`), request objects and Apple's secret are signed with it.
    #[must_use]
    pub fn signing_key(mut self, pem_or_jwk: impl Into<String>) -> Self {
        self.signing_key = Some(Key::Text(pem_or_jwk.into()));
        self
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

    pub(crate) fn signing_key_of(mut self, key: Key) -> Self {
        self.signing_key = Some(key);
        self
    }

    /// Reads the signing key; one that cannot be read is one mistake, and not a missing key besides.
    pub(super) fn parsed_signing_key(
        &self,
        mistakes: &mut Vec<SetupError>,
    ) -> Option<Arc<SigningKey>> {
        let stand_in = || SigningKey::generate(Algorithm::Es256, None).ok();
        let key = match self.signing_key.as_ref()? {
            Key::Unread => stand_in(),
            Key::Text(text) => match self.read_signing_key(text) {
                Ok(key) => Some(key),
                Err(error) => {
                    mistakes.push(SetupError::Key {
                        provider: self.provider_id().to_owned(),
                        setting: "signing_key",
                        reason: error.to_string(),
                    });
                    stand_in()
                }
            },
        };
        key.map(Arc::new)
    }

    fn read_signing_key(&self, text: &str) -> Result<SigningKey, SigningKeyError> {
        let is_jwk = text.trim_start().starts_with('{');
        let mut key = if is_jwk {
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
        key = key.with_algorithm(chosen)?;
        Ok(match &self.signing_key_id {
            Some(id) => key.with_key_id(id),
            None => key,
        })
    }
}
