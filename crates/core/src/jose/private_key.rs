//! Reading a private key: PEM, JWK or DER, whatever an operator has, into PKCS#8.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::error::KeyRejected;
use aws_lc_rs::rsa::{KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
    RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::error::KeyFlaw;
use super::{Algorithm, base64url, json};
use crate::error::Quoted;

/// A private key in PKCS#8 (RFC 5208, DER), which is a secret: never printed.
pub struct Pkcs8(Vec<u8>);

impl Pkcs8 {
    /// Returns the bytes, for storing them where nobody else reads.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn new(der: &[u8]) -> Self {
        Self(der.to_vec())
    }
}

impl std::fmt::Debug for Pkcs8 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pkcs8([redacted])")
    }
}

/// The kinds of keys that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Rsa,
    P256,
    P384,
    P521,
    Ed25519,
}

impl Kind {
    /// Returns the algorithm that such a key signs with unless somebody says otherwise.
    pub(super) fn algorithm(self) -> Algorithm {
        match self {
            Self::Rsa => Algorithm::Rs256,
            Self::P256 => Algorithm::Es256,
            Self::P384 => Algorithm::Es384,
            Self::P521 => Algorithm::Es512,
            Self::Ed25519 => Algorithm::EdDsa,
        }
    }
}

/// A private key as it was read, checked by the library.
pub(super) struct PrivateKey {
    pub(super) kind: Kind,
    pub(super) pkcs8: Pkcs8,
    /// What a JWK says about itself (RFC 7517 section 4); nothing in PEM.
    pub(super) key_id: Option<String>,
    pub(super) usage: Option<String>,
    pub(super) algorithm: Option<String>,
}

const CURVES: [(Kind, &EcdsaSigningAlgorithm, usize, &str); 3] = [
    (Kind::P256, &ECDSA_P256_SHA256_FIXED_SIGNING, 32, "P-256"),
    (Kind::P384, &ECDSA_P384_SHA384_FIXED_SIGNING, 48, "P-384"),
    (Kind::P521, &ECDSA_P521_SHA512_FIXED_SIGNING, 66, "P-521"),
];

impl PrivateKey {
    /// Reads DER and finds out of which kind the key is.
    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self, KeyFlaw> {
        let kind = match RsaKeyPair::from_pkcs8(der) {
            Ok(_) => Kind::Rsa,
            Err(error) if too_short(error) => return Err(KeyFlaw::RsaTooShort),
            Err(_) if Ed25519KeyPair::from_pkcs8(der).is_ok() => Kind::Ed25519,
            Err(_) => {
                let mut curves = CURVES.iter();
                curves
                    .find(|(_, curve, _, _)| EcdsaKeyPair::from_pkcs8(curve, der).is_ok())
                    .map(|(kind, ..)| *kind)
                    .ok_or(KeyFlaw::Kind)?
            }
        };
        Ok(Self::new(kind, der))
    }

    /// Reads PEM (RFC 7468): PKCS#8, or the older forms of OpenSSL for RSA and for a curve.
    ///
    /// Other blocks before the key, such as the parameters of its curve, are passed over.
    pub(super) fn from_pem(text: &str) -> Result<Self, KeyFlaw> {
        let mut other = None;
        for (label, body) in blocks(text) {
            let der = || decoded(body);
            match label {
                "PRIVATE KEY" => return Self::from_pkcs8(&der()?),
                "RSA PRIVATE KEY" => return Self::from_pair(RsaKeyPair::from_der(&der()?)),
                "EC PRIVATE KEY" => return Self::from_sec1(&der()?),
                "ENCRYPTED PRIVATE KEY" => return Err(KeyFlaw::Encrypted),
                label => {
                    other.get_or_insert_with(|| Quoted::new(label));
                }
            }
        }
        Err(other.map_or(KeyFlaw::NotPem, |label| KeyFlaw::NotPrivate { label }))
    }

    /// Reads a private JWK (RFC 7518 section 6, RFC 8037 section 2), whose public part must fit.
    pub(super) fn from_jwk(text: &[u8]) -> Result<Self, KeyFlaw> {
        let jwk = json::object(text).map_err(KeyFlaw::Json)?;
        let mut key = match string(&jwk, "kty")? {
            "RSA" => Self::from_rsa_jwk(&jwk),
            "EC" => Self::from_ec_jwk(&jwk),
            "OKP" if string(&jwk, "crv")? == "Ed25519" => {
                let (seed, public) = (octets(&jwk, "d")?, octets(&jwk, "x")?);
                if seed.len() != 32 {
                    return Err(KeyFlaw::Member { member: "d" });
                }
                let pair = Ed25519KeyPair::from_seed_and_public_key(&seed, &public);
                let document = pair.map_err(|_| KeyFlaw::Kind)?.to_pkcs8();
                Ok(Self::new(
                    Kind::Ed25519,
                    document.map_err(|_| KeyFlaw::Kind)?.as_ref(),
                ))
            }
            _ => Err(KeyFlaw::Kind),
        }?;
        key.key_id = optional(&jwk, "kid")?;
        key.usage = optional(&jwk, "use")?;
        key.algorithm = optional(&jwk, "alg")?;
        Ok(key)
    }

    fn from_rsa_jwk(jwk: &Map<String, Value>) -> Result<Self, KeyFlaw> {
        let member = |name| octets(jwk, name);
        let unsigned = |name| {
            let mut bytes = member(name)?;
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            bytes.drain(..zeros);
            Ok(bytes)
        };
        // Without its primes the library would have to compute slowly and without protection.
        let components = KeyPairComponents {
            public_key: PublicKeyComponents {
                n: unsigned("n")?,
                e: unsigned("e")?,
            },
            d: member("d")?,
            p: member("p")?,
            q: member("q")?,
            dP: member("dp")?,
            dQ: member("dq")?,
            qInv: member("qi")?,
        };
        Self::from_pair(RsaKeyPair::from_components(&components))
    }

    fn from_ec_jwk(jwk: &Map<String, Value>) -> Result<Self, KeyFlaw> {
        let name = string(jwk, "crv")?;
        let (kind, curve, length, _) = CURVES
            .iter()
            .find(|(.., curve)| *curve == name)
            .ok_or(KeyFlaw::Kind)?;
        let coordinate = |member| {
            octets(jwk, member).and_then(|bytes| {
                let fits = bytes.len() == *length;
                fits.then_some(bytes).ok_or(KeyFlaw::Member { member })
            })
        };
        let (x, y) = (coordinate("x")?, coordinate("y")?);
        let point = [&[4], x.as_slice(), y.as_slice()].concat();
        let pair = EcdsaKeyPair::from_private_key_and_public_key(curve, &coordinate("d")?, &point);
        Self::from_curve(*kind, &pair.map_err(|_| KeyFlaw::Kind)?)
    }

    /// Reads an ECPrivateKey (RFC 5915), which names its curve or leaves it to be found.
    fn from_sec1(der: &[u8]) -> Result<Self, KeyFlaw> {
        let found = CURVES.iter().find_map(|(kind, curve, ..)| {
            let pair = EcdsaKeyPair::from_private_key_der(curve, der).ok()?;
            Some((*kind, pair))
        });
        let (kind, pair) = found.ok_or(KeyFlaw::Kind)?;
        Self::from_curve(kind, &pair)
    }

    fn from_curve(kind: Kind, pair: &EcdsaKeyPair) -> Result<Self, KeyFlaw> {
        let document = pair.to_pkcs8v1().map_err(|_| KeyFlaw::Kind)?;
        Ok(Self::new(kind, document.as_ref()))
    }

    fn from_pair(pair: Result<RsaKeyPair, KeyRejected>) -> Result<Self, KeyFlaw> {
        let pair = pair.map_err(|error| {
            if too_short(error) {
                KeyFlaw::RsaTooShort
            } else {
                KeyFlaw::Kind
            }
        })?;
        let der: Pkcs8V1Der<'static> = pair.as_der().map_err(|_| KeyFlaw::Kind)?;
        Ok(Self::new(Kind::Rsa, der.as_ref()))
    }

    fn new(kind: Kind, der: &[u8]) -> Self {
        Self {
            kind,
            pkcs8: Pkcs8::new(der),
            key_id: None,
            usage: None,
            algorithm: None,
        }
    }
}

/// Tells the library's one refusal that deserves a word of its own.
fn too_short(error: KeyRejected) -> bool {
    error.to_string() == "TooSmall"
}

/// Splits PEM into the labels and bodies of its blocks.
fn blocks(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split("-----BEGIN ").skip(1).filter_map(|block| {
        let (label, rest) = block.split_once("-----")?;
        let (body, end) = rest.split_once("-----END ")?;
        end.starts_with(label).then_some((label, body))
    })
}

fn decoded(body: &str) -> Result<Vec<u8>, KeyFlaw> {
    // The header of OpenSSL's own encryption, from before PKCS#8.
    if body.contains("ENCRYPTED") {
        return Err(KeyFlaw::Encrypted);
    }
    let packed: String = body.split_ascii_whitespace().collect();
    STANDARD.decode(packed).map_err(|_| KeyFlaw::NotPem)
}

fn string<'a>(jwk: &'a Map<String, Value>, member: &'static str) -> Result<&'a str, KeyFlaw> {
    let value = jwk.get(member).and_then(Value::as_str);
    value.ok_or(KeyFlaw::Member { member })
}

fn optional(jwk: &Map<String, Value>, member: &'static str) -> Result<Option<String>, KeyFlaw> {
    match jwk.get(member) {
        None => Ok(None),
        Some(_) => string(jwk, member).map(|text| Some(text.to_owned())),
    }
}

fn octets(jwk: &Map<String, Value>, member: &'static str) -> Result<Vec<u8>, KeyFlaw> {
    base64url::decode(string(jwk, member)?).ok_or(KeyFlaw::Member { member })
}
