//! Demonstrating Proof of Possession (RFC 9449): tokens that are worth nothing without the key that they
//! were issued to.

mod nonces;

use std::sync::{Arc, OnceLock};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::AsBigEndian;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};
use url::Url;

use crate::error::{Error, ProviderError};
use crate::jose::{Algorithm, SigningKey, base64url};
use crate::time::Timestamp;

pub(crate) use nonces::{DpopNonces, Server};

/// How many bytes a private key of P-256 has.
const SECRET: usize = 32;

/// What stands before those bytes in PKCS#8 (RFC 5208) with an ECPrivateKey (RFC 5915) of P-256 inside.
const PKCS8: [u8; 35] = [
    0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x27, 0x30, 0x25, 0x02, 0x01,
    0x01, 0x04, 0x20,
];

/// The key that one session's tokens are bound to: cheap to clone, and never printed.
///
/// It is serialised as what it is, a private key, in 43 characters: only ever put it where tokens may stand.
/// Reading it back costs nothing until it signs.
///
/// ```
/// use codegrant_core::DpopKey;
/// let key = DpopKey::generate()?;
/// assert_eq!(key.thumbprint()?.len(), 43);
///
/// let sealed = serde_json::to_string(&key)?; // and only then sealed, in real life
/// let opened: DpopKey = serde_json::from_str(&sealed)?;
/// assert_eq!(opened.thumbprint()?, key.thumbprint()?);
/// assert_eq!(format!("{key:?}"), "DpopKey([redacted])");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct DpopKey(Arc<Held>);

struct Held {
    secret: [u8; SECRET],
    key: OnceLock<Option<SigningKey>>,
}

impl DpopKey {
    /// Makes a new key for ES256, the one algorithm that every server knows.
    ///
    /// # Errors
    ///
    /// When the library cannot make a key.
    pub fn generate() -> Result<Self, Error> {
        let made = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .and_then(|pair| pair.private_key().as_be_bytes());
        let secret = made.map_err(|_| ProviderError::ProofNotSigned)?;
        let secret = secret.as_ref().try_into();
        Ok(Self::new(
            secret.map_err(|_| ProviderError::ProofNotSigned)?,
        ))
    }

    /// Computes the thumbprint of its public half (RFC 7638), which is `jkt` in a bound token and
    /// `dpop_jkt` in an authorization request (RFC 9449 sections 6.1 and 10).
    ///
    /// # Errors
    ///
    /// When what was read back is no key.
    pub fn thumbprint(&self) -> Result<String, Error> {
        Ok(self.key()?.thumbprint())
    }

    /// Makes the proof for one request (RFC 9449 section 4.2).
    pub(crate) fn proof(&self, proof: &Proof<'_>) -> Result<String, Error> {
        let key = self.key()?;
        let mut jwk = key.public_jwk();
        if let Some(members) = jwk.as_object_mut() {
            members.retain(|name, _| matches!(name.as_str(), "kty" | "crv" | "x" | "y"));
        }
        let header = Map::from_iter([
            ("typ".to_owned(), "dpop+jwt".into()),
            ("jwk".to_owned(), jwk),
        ]);
        let mut claims = Map::from_iter([
            ("jti".to_owned(), proof.jti.as_str().into()),
            ("htm".to_owned(), proof.method.into()),
            ("htu".to_owned(), target(proof.url).into()),
            ("iat".to_owned(), proof.now.as_unix().into()),
        ]);
        if let Some(nonce) = proof.nonce {
            claims.insert("nonce".to_owned(), nonce.into());
        }
        if let Some(token) = proof.access_token {
            let hash = base64url::encode(digest(&SHA256, token.as_bytes()).as_ref());
            claims.insert("ath".to_owned(), Value::String(hash));
        }
        key.sign_with(&header, &claims)
            .map_err(|_| ProviderError::ProofNotSigned.into())
    }

    fn new(secret: [u8; SECRET]) -> Self {
        Self(Arc::new(Held {
            secret,
            key: OnceLock::new(),
        }))
    }

    fn key(&self) -> Result<&SigningKey, Error> {
        let read = self.0.key.get_or_init(|| {
            let pkcs8 = [&PKCS8[..], &self.0.secret].concat();
            SigningKey::from_pkcs8(&pkcs8, Algorithm::Es256, "").ok()
        });
        read.as_ref()
            .ok_or_else(|| ProviderError::ProofNotSigned.into())
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
        serializer.serialize_str(&base64url::encode(&self.0.secret))
    }
}

impl<'de> Deserialize<'de> for DpopKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let secret = base64url::decode(&text).and_then(|bytes| bytes.try_into().ok());
        secret
            .map(Self::new)
            .ok_or_else(|| de::Error::custom("not a private key of 32 bytes"))
    }
}

impl std::fmt::Debug for DpopKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DpopKey([redacted])")
    }
}

/// Returns an address as `htu`: without query and fragment, and spelled as it arrives (RFC 9449
/// sections 4.2 and 4.3).
fn target(url: &str) -> String {
    let Ok(mut parsed) = Url::parse(url) else {
        return url.split(['?', '#']).next().unwrap_or_default().to_owned();
    };
    parsed.set_query(None);
    parsed.set_fragment(None);
    parsed.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::{Jws, KeySet};
    use serde_json::json;

    fn proof(url: &str) -> Proof<'_> {
        Proof {
            method: "POST",
            url,
            jti: "once".to_owned(),
            nonce: None,
            access_token: None,
            now: Timestamp::from_unix(1_800_000_000),
        }
    }

    /// Checks the proof by the key that it carries, as a server does, and returns its claims.
    fn verified(proof: &str) -> Map<String, Value> {
        let header = proof.split('.').next().unwrap();
        let header: Value = serde_json::from_slice(&base64url::decode(header).unwrap()).unwrap();
        let names: Vec<&String> = header.as_object().unwrap().keys().collect();
        assert_eq!(names, ["alg", "jwk", "typ"]);
        assert_eq!(
            (&header["typ"], &header["alg"]),
            (&json!("dpop+jwt"), &json!("ES256"))
        );
        let members: Vec<&String> = header["jwk"].as_object().unwrap().keys().collect();
        assert_eq!(members, ["crv", "kty", "x", "y"], "nothing private");
        let keys = json!({ "keys": [header["jwk"]] }).to_string();
        let keys = KeySet::parse(keys.as_bytes()).unwrap();
        let jws = Jws::parse(proof).unwrap();
        jws.verify(&keys, Algorithm::Es256)
            .unwrap()
            .claims()
            .unwrap()
    }

    #[test]
    fn a_proof_says_what_it_is_for_and_is_signed_by_the_key_that_it_shows() {
        let key = DpopKey::generate().unwrap();
        let claims = verified(&key.proof(&proof("https://op.example/token")).unwrap());
        let expected = json!({
            "jti": "once", "htm": "POST", "htu": "https://op.example/token", "iat": 1_800_000_000,
        });
        assert_eq!(Value::Object(claims), expected);
        let bound = Proof {
            nonce: Some("n-1"),
            access_token: Some("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"),
            ..proof("https://op.example/me")
        };
        let claims = verified(&key.proof(&bound).unwrap());
        assert_eq!(claims["nonce"], "n-1");
        // The example of RFC 9449 section 7.1.
        assert_eq!(claims["ath"], "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
    }

    // attack: FA-12
    #[test]
    fn the_target_has_no_query_and_no_fragment_and_is_spelled_as_it_arrives() {
        for (url, expected) in [
            ("https://api.example/a?b=c&d#e", "https://api.example/a"),
            ("https://api.example/a#e?f", "https://api.example/a"),
            ("https://api.example", "https://api.example/"),
            ("https://API.example:443/A%2f?", "https://api.example/A%2f"),
            ("http://localhost:9000/x/../y", "http://localhost:9000/y"),
            ("no address?a", "no address"),
        ] {
            assert_eq!(target(url), expected);
        }
    }

    #[test]
    fn a_key_that_is_read_back_is_the_same_and_takes_43_characters() {
        let key = DpopKey::generate().unwrap();
        let text = serde_json::to_string(&key).unwrap();
        assert_eq!(text.len(), 43 + 2);
        let back: DpopKey = serde_json::from_str(&text).unwrap();
        assert_eq!(back.thumbprint(), key.thumbprint());
        assert_ne!(DpopKey::generate().unwrap().thumbprint(), key.thumbprint());
    }

    #[test]
    fn what_is_no_key_is_refused_by_its_own_name_at_the_latest_when_it_signs() {
        for text in ["", "AAAA", "not base64url!", "\u{e4}"] {
            let text = serde_json::to_string(text).unwrap();
            assert!(serde_json::from_str::<DpopKey>(&text).is_err(), "{text}");
        }
        // Neither zero nor anything beyond the order of the curve is a key.
        for secret in [[0; SECRET], [0xff; SECRET]] {
            let error = DpopKey::new(secret).proof(&proof("https://op.example/token"));
            assert_eq!(error.unwrap_err().code().name, "provider.proof_not_signed");
        }
    }
}
