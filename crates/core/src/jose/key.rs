//! A provider's published keys, parsed once.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::{self, ParsedPublicKey, RsaParameters, RsaPublicKeyComponents};
use serde_json::{Map, Value};

use super::{Algorithm, Header, KeySetError, base64url, json};

/// The longest body of a key set that is read, in bytes.
const MAX_BODY: usize = 512 * 1024;
/// The most keys that a set may have, eligible or not.
const MAX_KEYS: usize = 100;
/// The most keys that are tried for one signature.
const MAX_CANDIDATES: usize = 8;
/// The sizes of an RSA modulus that are accepted, in bits (RFC 7518 section 3.3 asks for 2048).
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// The keys with which one provider signs (RFC 7517 section 5).
///
/// Cheap to clone. Belongs to one issuer: key ids of two providers have nothing to do with each other.
///
/// Holds only keys that can verify a signature here: RSA of 2048 to 8192 bits with an odd exponent
/// from 3 to 2^32, the curves P-256, P-384 and P-521, and Ed25519; with `use`, `key_ops` and `alg`,
/// where present, that allow it. Other keys of the set (symmetric ones above all) are left out
/// silently, because a provider may publish what we do not know (RFC 7517 section 5).
#[derive(Clone)]
pub struct KeySet {
    keys: Arc<[Key]>,
}

impl KeySet {
    /// Parses the body of a `jwks_uri`, at most 512 KiB with at most 100 keys.
    ///
    /// One bad key does not spoil the others; a body that is not a key set is an error.
    pub fn parse(body: &[u8]) -> Result<Self, KeySetError> {
        if body.len() > MAX_BODY {
            return Err(KeySetError::TooLarge {
                length: body.len(),
                limit: MAX_BODY,
            });
        }
        let set = json::object(body).map_err(KeySetError::Json)?;
        let Some(Value::Array(keys)) = set.get("keys") else {
            return Err(KeySetError::NoKeys);
        };
        if keys.len() > MAX_KEYS {
            return Err(KeySetError::TooManyKeys {
                count: keys.len(),
                limit: MAX_KEYS,
            });
        }
        Ok(Self {
            keys: keys.iter().filter_map(Key::parse).collect(),
        })
    }

    /// Makes a set without keys, with which nothing verifies.
    pub fn empty() -> Self {
        Self { keys: Arc::new([]) }
    }

    /// Tells whether this is that very set and not one that was fetched later.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.keys, &other.keys)
    }

    /// Counts the eligible keys.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Tells whether no key is eligible.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Tells whether a key of the set could have signed a token with this header.
    ///
    /// If none could, the provider may have rotated its keys: fetching the set again, at a bounded
    /// rate, may help.
    pub fn has_candidate(&self, header: &Header, algorithm: Algorithm) -> bool {
        self.candidates(header.key_id(), algorithm).next().is_some()
    }

    /// Tells whether one of the keys to try made this signature of this message.
    pub(super) fn verify(
        &self,
        key_id: Option<&str>,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        self.candidates(key_id, algorithm)
            .any(|key| key.verify_sig(message, signature).is_ok())
    }

    /// Lists the keys to try for a token, at most eight.
    ///
    /// With a key id, all keys of that id; if the set has none of that id, the keys without one, which
    /// a small provider may publish. Without a key id, all keys. In each case only those that fit the
    /// algorithm.
    fn candidates(
        &self,
        key_id: Option<&str>,
        algorithm: Algorithm,
    ) -> impl Iterator<Item = &ParsedPublicKey> {
        let known = key_id.filter(|&id| self.keys.iter().any(|key| key.id.as_deref() == Some(id)));
        self.keys
            .iter()
            .filter(move |key| match (key_id, known) {
                (None, _) => true,
                (Some(_), wanted) => key.id.as_deref() == wanted,
            })
            .filter_map(move |key| key.verifier(algorithm))
            .take(MAX_CANDIDATES)
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter()).finish()
    }
}

/// One eligible key.
struct Key {
    id: Option<String>,
    /// The key as parsed for each algorithm that it may be used with.
    verifiers: Vec<(Algorithm, ParsedPublicKey)>,
}

impl Key {
    /// Parses a JWK (RFC 7517 section 4) and returns `None` if it is not eligible.
    fn parse(jwk: &Value) -> Option<Self> {
        let jwk = jwk.as_object()?;
        let id = optional_text(jwk, "kid")?.map(str::to_owned);
        if optional_text(jwk, "use")?.is_some_and(|usage| usage != "sig") {
            return None;
        }
        if let Some(operations) = jwk.get("key_ops") {
            operations
                .as_array()?
                .iter()
                .find(|operation| *operation == "verify")?;
        }
        let only = match optional_text(jwk, "alg")? {
            Some(name) => Some(name.parse::<Algorithm>().ok()?),
            None => None,
        };
        let fits = |algorithm: &Algorithm| only.is_none_or(|only| same_operation(only, *algorithm));
        let public = Public::parse(jwk)?;
        let verifiers: Option<Vec<_>> = public
            .algorithms()
            .iter()
            .filter(|algorithm| fits(algorithm))
            .map(|&algorithm| Some((algorithm, public.verifier(algorithm)?)))
            .collect();
        let verifiers = verifiers?;
        if verifiers.is_empty() {
            None
        } else {
            Some(Self { id, verifiers })
        }
    }

    fn verifier(&self, algorithm: Algorithm) -> Option<&ParsedPublicKey> {
        let found = self.verifiers.iter().find(|(fits, _)| *fits == algorithm);
        found.map(|(_, verifier)| verifier)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algorithms: Vec<_> = self
            .verifiers
            .iter()
            .map(|(algorithm, _)| algorithm)
            .collect();
        f.debug_struct("Key")
            .field("id", &self.id)
            .field("algorithms", &algorithms)
            .finish()
    }
}

/// The public members of a JWK, decoded and checked; private ones are never read.
enum Public {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
    P521(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl Public {
    fn parse(jwk: &Map<String, Value>) -> Option<Self> {
        let curve = || text(jwk, "crv");
        match text(jwk, "kty")? {
            "RSA" => {
                let n = unsigned(jwk, "n")?;
                let e = unsigned(jwk, "e")?;
                let exponent = e
                    .iter()
                    .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
                let sound = RSA_BITS.contains(&bits(&n))
                    && bits(&e) <= 32
                    && exponent >= 3
                    && exponent % 2 == 1
                    && n.last().is_some_and(|byte| byte % 2 == 1);
                sound.then_some(Self::Rsa { n, e })
            }
            "EC" => match curve()? {
                "P-256" => point(jwk, 32).map(Self::P256),
                "P-384" => point(jwk, 48).map(Self::P384),
                "P-521" => point(jwk, 66).map(Self::P521),
                _ => None,
            },
            "OKP" if curve()? == "Ed25519" => octets(jwk, "x", 32).map(Self::Ed25519),
            _ => None,
        }
    }

    /// Lists the algorithms that a key of this kind can verify.
    fn algorithms(&self) -> &'static [Algorithm] {
        use Algorithm::{EdDsa, Es256, Es384, Es512, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
        match self {
            Self::Rsa { .. } => &[Rs256, Rs384, Rs512, Ps256, Ps384, Ps512],
            Self::P256(_) => &[Es256],
            Self::P384(_) => &[Es384],
            Self::P521(_) => &[Es512],
            Self::Ed25519(_) => &[EdDsa, Algorithm::Ed25519],
        }
    }

    /// Parses the key for one algorithm; `None` if the kinds do not match or the point is off its curve.
    fn verifier(&self, algorithm: Algorithm) -> Option<ParsedPublicKey> {
        match (self, algorithm) {
            (Self::Rsa { n, e }, _) => {
                let parameters = rsa_parameters(algorithm)?;
                RsaPublicKeyComponents { n, e }
                    .to_parsed_public_key(parameters)
                    .ok()
            }
            (Self::P256(point), Algorithm::Es256) => {
                ParsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point).ok()
            }
            (Self::P384(point), Algorithm::Es384) => {
                ParsedPublicKey::new(&signature::ECDSA_P384_SHA384_FIXED, point).ok()
            }
            (Self::P521(point), Algorithm::Es512) => {
                ParsedPublicKey::new(&signature::ECDSA_P521_SHA512_FIXED, point).ok()
            }
            (Self::Ed25519(x), Algorithm::EdDsa | Algorithm::Ed25519) => {
                ParsedPublicKey::new(&signature::ED25519, x).ok()
            }
            _ => None,
        }
    }
}

fn rsa_parameters(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        Algorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

/// Compares algorithms by what they compute: `EdDSA` with an Ed25519 key is `Ed25519` (RFC 9864).
fn same_operation(one: Algorithm, other: Algorithm) -> bool {
    let plain = |algorithm| match algorithm {
        Algorithm::EdDsa => Algorithm::Ed25519,
        other => other,
    };
    plain(one) == plain(other)
}

fn text<'a>(jwk: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    jwk.get(name)?.as_str()
}

/// Reads a member that may be absent; `None` if it is there and not a string.
fn optional_text<'a>(jwk: &'a Map<String, Value>, name: &str) -> Option<Option<&'a str>> {
    match jwk.get(name) {
        None => Some(None),
        Some(Value::String(value)) => Some(Some(value)),
        Some(_) => None,
    }
}

/// Reads a member of exactly `length` octets (RFC 7518 section 6.2.1.2, RFC 8037 section 2).
fn octets(jwk: &Map<String, Value>, name: &str, length: usize) -> Option<Vec<u8>> {
    base64url::decode(text(jwk, name)?).filter(|bytes| bytes.len() == length)
}

/// Reads a Base64urlUInt (RFC 7518 section 2) and drops leading zeros, which some providers write.
fn unsigned(jwk: &Map<String, Value>, name: &str) -> Option<Vec<u8>> {
    let mut bytes = base64url::decode(text(jwk, name)?)?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.drain(..zeros);
    Some(bytes)
}

/// Reads the coordinates as an uncompressed point (SEC 1 section 2.3.3).
fn point(jwk: &Map<String, Value>, length: usize) -> Option<Vec<u8>> {
    let x = octets(jwk, "x", length)?;
    let y = octets(jwk, "y", length)?;
    Some([&[4], x.as_slice(), y.as_slice()].concat())
}

/// Counts the bits of a number without leading zero bytes.
fn bits(number: &[u8]) -> usize {
    let top = number
        .first()
        .map_or(0, |byte| byte.leading_zeros() as usize);
    number.len() * 8 - top
}
