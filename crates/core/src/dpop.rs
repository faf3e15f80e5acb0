//! Demonstrating Proof of Possession (RFC 9449): tokens that are worth nothing without the key that they
//! were issued to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::json;
use url::Url;

use crate::error::{Error, ProviderError};
use crate::http::HttpResponse;
use crate::jose::{Algorithm, SigningKey, base64url};
use crate::time::Timestamp;

/// The longest nonce that is believed, in bytes.
const NONCE_LIMIT: usize = 1024;

/// The most origins whose nonces are remembered.
const ORIGINS: usize = 64;

/// The key that one session's tokens are bound to.
///
/// It is serialised as what it is, a private key: only ever put it where tokens may stand.
#[derive(Clone)]
pub struct DpopKey {
    key: Arc<SigningKey>,
    pkcs8: Arc<[u8]>,
}

impl DpopKey {
    /// Makes a new key for ES256, the one algorithm that every server knows.
    ///
    /// # Errors
    ///
    /// When the library cannot make a key.
    pub fn generate() -> Result<Self, Error> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .map_err(|_| ProviderError::RequestNotBuilt)?;
        let pkcs8 = pair
            .to_pkcs8v1()
            .map_err(|_| ProviderError::RequestNotBuilt)?;
        Self::from_pkcs8(pkcs8.as_ref()).ok_or_else(|| ProviderError::RequestNotBuilt.into())
    }

    fn from_pkcs8(pkcs8: &[u8]) -> Option<Self> {
        let key = SigningKey::from_pkcs8(pkcs8, Algorithm::Es256, "").ok()?;
        Some(Self {
            key: Arc::new(key),
            pkcs8: pkcs8.into(),
        })
    }

    /// Makes the proof for one request (RFC 9449 section 4.2).
    pub(crate) fn proof(&self, proof: &Proof<'_>) -> Result<String, Error> {
        let mut jwk = self.key.public_jwk();
        if let Some(members) = jwk.as_object_mut() {
            members.retain(|name, _| matches!(name.as_str(), "kty" | "crv" | "x" | "y"));
        }
        let header = json!({ "typ": "dpop+jwt", "alg": Algorithm::Es256.as_str(), "jwk": jwk });
        let mut claims = json!({
            "jti": proof.jti,
            "htm": proof.method,
            "htu": target(proof.url),
            "iat": proof.now.as_unix(),
        });
        if let Some(nonce) = proof.nonce {
            claims["nonce"] = nonce.into();
        }
        if let Some(token) = proof.access_token {
            claims["ath"] = base64url::encode(digest(&SHA256, token.as_bytes()).as_ref()).into();
        }
        self.key
            .sign_raw(header.to_string().as_bytes(), claims.to_string().as_bytes())
            .map_err(|_| ProviderError::RequestNotBuilt.into())
    }
}

/// What one proof speaks of.
pub(crate) struct Proof<'a> {
    pub(crate) method: &'static str,
    pub(crate) url: &'a str,
    pub(crate) jti: String,
    pub(crate) nonce: Option<&'a str>,
    pub(crate) access_token: Option<&'a str>,
    pub(crate) now: Timestamp,
}

impl Serialize for DpopKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url::encode(&self.pkcs8))
    }
}

impl<'de> Deserialize<'de> for DpopKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        base64url::decode(&text)
            .and_then(|pkcs8| Self::from_pkcs8(&pkcs8))
            .ok_or_else(|| de::Error::custom("not a private key"))
    }
}

impl std::fmt::Debug for DpopKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DpopKey([redacted])")
    }
}

/// The latest nonce that each server has handed out (RFC 9449 section 8): a handle, shared by its clones.
#[derive(Clone, Default)]
pub(crate) struct DpopNonces(Arc<Mutex<HashMap<String, String>>>);

impl DpopNonces {
    /// Returns the nonce to use at the server that an address belongs to.
    pub(crate) fn latest(&self, url: &str) -> Option<String> {
        self.held().get(&origin(url)?).cloned()
    }

    /// Remembers the nonce that an answer brings, if it brings a sound one.
    ///
    /// Returns it. One that is repeated, too long or of other characters than a nonce has (NQCHAR, RFC 6749
    /// appendix A) counts as none.
    pub(crate) fn learn(&self, url: &str, response: &HttpResponse) -> Option<String> {
        let mut brought = response
            .headers
            .iter()
            .filter(|(name, _)| name == "dpop-nonce")
            .map(|(_, value)| value.as_str());
        let nonce = brought.next().filter(|nonce| is_sound(nonce))?;
        if brought.next().is_some() {
            return None;
        }
        let origin = origin(url)?;
        let mut held = self.held();
        if held.len() >= ORIGINS && !held.contains_key(&origin) {
            held.clear();
        }
        held.insert(origin, nonce.to_owned());
        Some(nonce.to_owned())
    }

    fn held(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_sound(nonce: &str) -> bool {
    (1..=NONCE_LIMIT).contains(&nonce.len())
        && nonce
            .bytes()
            .all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

fn origin(url: &str) -> Option<String> {
    Some(Url::parse(url).ok()?.origin().ascii_serialization())
}

/// Returns an address without query and fragment, as `htu` (RFC 9449 section 4.2).
fn target(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}
