//! A signed token, its header, and what it says once its signature is verified.

use std::fmt;

use aws_lc_rs::hmac;
use serde_json::{Map, Value};

use super::error::{JsonError, JwsError, Part};
use super::{Algorithm, KeySet, base64url, json};
use crate::error::Quoted;

/// The longest token that is read, in bytes.
const MAX_LENGTH: usize = 64 * 1024;
/// The longest encoded header that is read; a chain of certificates in `x5c` fits.
const MAX_HEADER: usize = 16 * 1024;
/// The longest `kid` that is read, in bytes.
const MAX_KEY_ID: usize = 1024;

/// What a protected header says about its token (RFC 7515 section 4.1).
///
/// Nothing here is trusted before the signature is verified; it only helps to find the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    algorithm: Algorithm,
    key_id: Option<String>,
    token_type: Option<String>,
}

impl Header {
    /// Returns `alg`.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns `kid`, at most 1 KiB.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Returns `typ`, as it was sent.
    pub fn token_type(&self) -> Option<&str> {
        self.token_type.as_deref()
    }

    /// Reads the members that matter.
    ///
    /// `jwk`, `jku`, `x5u`, `x5c` and the like are not read at all: a key that a token brings along
    /// proves nothing about who signed it.
    fn parse(bytes: &[u8]) -> Result<Self, JwsError> {
        let mut members = json::object(bytes).map_err(JwsError::Header)?;
        let name = members.get("alg").and_then(Value::as_str);
        let algorithm = name.and_then(|name| name.parse().ok()).ok_or_else(|| {
            JwsError::UnsupportedAlgorithm {
                name: name.map(Quoted::new),
            }
        })?;
        if members.contains_key("crit") {
            return Err(JwsError::CriticalHeader);
        }
        if members.contains_key("b64") {
            return Err(JwsError::UnencodedPayload);
        }
        let key_id = match members.remove("kid") {
            None => None,
            Some(Value::String(id)) if id.len() <= MAX_KEY_ID => Some(id),
            Some(_) => return Err(JwsError::KeyId { limit: MAX_KEY_ID }),
        };
        let token_type = match members.remove("typ") {
            None => None,
            Some(Value::String(name)) => Some(name),
            Some(_) => return Err(JwsError::TokenType),
        };
        Ok(Self {
            algorithm,
            key_id,
            token_type,
        })
    }
}

/// A token in compact serialisation whose signature is not verified yet (RFC 7515 section 7.1).
///
/// Shows its header only; there is no way to its payload but through its signature.
///
/// ```compile_fail,E0616
/// # fn peek(token: &str) -> Result<(), codegrant_core::jose::JwsError> {
/// let claims = codegrant_core::jose::Jws::parse(token)?.payload;
/// # Ok(()) }
/// ```
pub struct Jws<'a> {
    header: Header,
    /// Header and payload with the dot between them: what is signed, as it was sent.
    signed: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Jws<'a> {
    /// Parses the header of a token of at most 64 KiB.
    ///
    /// Length and number of parts are checked before anything is decoded.
    pub fn parse(compact: &'a str) -> Result<Self, JwsError> {
        let length = compact.len();
        if length > MAX_LENGTH {
            return Err(JwsError::TooLarge {
                length,
                limit: MAX_LENGTH,
            });
        }
        let mut parts = compact.splitn(6, '.');
        let (Some(header), Some(payload), Some(signature)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return Err(JwsError::Parts);
        };
        match parts.count() {
            0 => {}
            2 => return Err(JwsError::Encrypted),
            _ => return Err(JwsError::Parts),
        }
        if header.is_empty() {
            return Err(JwsError::Empty { part: Part::Header });
        }
        if header.len() > MAX_HEADER {
            return Err(JwsError::HeaderTooLarge {
                length: header.len(),
                limit: MAX_HEADER,
            });
        }
        let signed = &compact[..header.len() + 1 + payload.len()];
        let header = Header::parse(&decode(Part::Header, header)?)?;
        // Only now, so that an unsigned token is called that and not a damaged one.
        if signature.is_empty() {
            return Err(JwsError::Empty {
                part: Part::Signature,
            });
        }
        Ok(Self {
            header,
            signed,
            payload,
            signature,
        })
    }

    /// Returns the header, unverified.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Verifies the signature with the provider's keys and the one algorithm that was registered.
    ///
    /// If the header has a `kid`, tries the keys of that id, or those without an id if the set has none
    /// of that id; else all keys. Never a key of another kind, curve, use or `alg`, and never more than
    /// eight.
    ///
    /// # Errors
    ///
    /// Besides what is wrong with the token: always for a symmetric algorithm, whether the header names
    /// it or the caller. A key set is public, and what everybody knows is no secret to compute an HMAC
    /// with.
    pub fn verify(self, keys: &KeySet, expected: Algorithm) -> Result<Verified, JwsError> {
        let found = self.header.algorithm;
        if found.is_symmetric() || expected.is_symmetric() {
            return Err(unsupported(found));
        }
        if found != expected {
            return Err(JwsError::AlgorithmMismatch { found, expected });
        }
        let signature = decode(Part::Signature, self.signature)?;
        if !keys.has_candidate(&self.header, expected) {
            let key_id = self.header.key_id().map(Quoted::new);
            return Err(JwsError::UnknownKey {
                key_id,
                algorithm: expected,
            });
        }
        if !keys.verify(
            self.header.key_id(),
            expected,
            self.signed.as_bytes(),
            &signature,
        ) {
            return Err(JwsError::BadSignature);
        }
        self.verified()
    }

    /// Verifies an HMAC with the secret shared with the provider, which is the octets of the client secret
    /// (OpenID Connect Core 1.0 section 10.1), and the one algorithm that was registered.
    ///
    /// Compares in constant time. The header's `kid` does not matter: there is one secret.
    ///
    /// # Errors
    ///
    /// Besides what is wrong with the token: for an algorithm that is not symmetric, and for a secret that
    /// is shorter than the hash (RFC 7518 section 3.2).
    pub fn verify_with_secret(
        self,
        secret: &[u8],
        expected: Algorithm,
    ) -> Result<Verified, JwsError> {
        let found = self.header.algorithm;
        let Some(hash) = expected.hmac() else {
            return Err(unsupported(found));
        };
        if found != expected {
            return Err(JwsError::AlgorithmMismatch { found, expected });
        }
        let (length, least) = (secret.len(), expected.least_secret());
        if length < least {
            return Err(JwsError::SecretTooShort { length, least });
        }
        let signature = decode(Part::Signature, self.signature)?;
        let key = hmac::Key::new(hash, secret);
        hmac::verify(&key, self.signed.as_bytes(), &signature)
            .map_err(|_| JwsError::BadSignature)?;
        self.verified()
    }

    fn verified(self) -> Result<Verified, JwsError> {
        let payload = decode(Part::Payload, self.payload)?;
        Ok(Verified {
            header: self.header,
            payload,
        })
    }
}

fn unsupported(found: Algorithm) -> JwsError {
    JwsError::UnsupportedAlgorithm {
        name: Some(Quoted::new(found.as_str())),
    }
}

/// A token whose signature was verified; only [`Jws::verify`] and [`Jws::verify_with_secret`] make one.
///
/// Proves who signed, and nothing about for whom, when or why: that is in the claims.
pub struct Verified {
    header: Header,
    payload: Vec<u8>,
}

impl Verified {
    /// Returns the header, which is covered by the signature.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Returns the payload as it was signed.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Parses the payload as claims, strictly (RFC 7519 section 4).
    pub fn claims(&self) -> Result<Map<String, Value>, JsonError> {
        json::object(&self.payload)
    }
}

impl fmt::Debug for Jws<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jws")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

fn decode(part: Part, text: &str) -> Result<Vec<u8>, JwsError> {
    base64url::decode(text).ok_or(JwsError::Base64 { part })
}
