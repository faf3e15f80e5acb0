//! Signing: for a provider under test, and for a client that authenticates with a key.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RsaEncoding,
    RsaKeyPair,
};
use serde_json::{Map, Value, json};

use super::{Algorithm, SigningKeyError, base64url};

/// A private key with the one algorithm and the key id that it signs with.
pub struct SigningKey {
    algorithm: Algorithm,
    key_id: String,
    private: Private,
}

enum Private {
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Parses an unencrypted PKCS#8 key (RFC 5208, DER) of the kind that the algorithm needs.
    pub fn from_pkcs8(
        der: &[u8],
        algorithm: Algorithm,
        key_id: impl Into<String>,
    ) -> Result<Self, SigningKeyError> {
        let rejected = |_| SigningKeyError::Rejected { algorithm };
        let rsa = |encoding: &'static dyn RsaEncoding| {
            RsaKeyPair::from_pkcs8(der).map(|pair| Private::Rsa(pair, encoding))
        };
        let ec = |curve: &'static EcdsaSigningAlgorithm| {
            EcdsaKeyPair::from_pkcs8(curve, der).map(Private::Ec)
        };
        let private = match algorithm {
            Algorithm::Rs256 => rsa(&signature::RSA_PKCS1_SHA256),
            Algorithm::Rs384 => rsa(&signature::RSA_PKCS1_SHA384),
            Algorithm::Rs512 => rsa(&signature::RSA_PKCS1_SHA512),
            Algorithm::Ps256 => rsa(&signature::RSA_PSS_SHA256),
            Algorithm::Ps384 => rsa(&signature::RSA_PSS_SHA384),
            Algorithm::Ps512 => rsa(&signature::RSA_PSS_SHA512),
            Algorithm::Es256 => ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING),
            Algorithm::Es384 => ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING),
            Algorithm::Es512 => ec(&signature::ECDSA_P521_SHA512_FIXED_SIGNING),
            Algorithm::EdDsa | Algorithm::Ed25519 => {
                Ed25519KeyPair::from_pkcs8(der).map(Private::Ed25519)
            }
        }
        .map_err(rejected)?;
        Ok(Self {
            algorithm,
            key_id: key_id.into(),
            private,
        })
    }

    /// Returns the algorithm that it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns the `kid` that it puts into headers.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Returns the public key as a JWK with `kid`, `alg` and `use` (RFC 7517 section 4).
    pub fn public_jwk(&self) -> Value {
        let mut jwk = match &self.private {
            Private::Rsa(pair, _) => {
                let (n, e) = modulus_and_exponent(pair.public_key().as_ref());
                json!({ "kty": "RSA", "n": base64url::encode(n), "e": base64url::encode(e) })
            }
            Private::Ec(pair) => {
                // An uncompressed point: the byte 4, then x and y of equal length.
                let point = pair.public_key().as_ref();
                let (x, y) = point[1..].split_at(point.len() / 2);
                let curve = match self.algorithm {
                    Algorithm::Es256 => "P-256",
                    Algorithm::Es384 => "P-384",
                    _ => "P-521",
                };
                json!({ "kty": "EC", "crv": curve, "x": base64url::encode(x), "y": base64url::encode(y) })
            }
            Private::Ed25519(pair) => {
                let x = base64url::encode(pair.public_key().as_ref());
                json!({ "kty": "OKP", "crv": "Ed25519", "x": x })
            }
        };
        jwk["kid"] = self.key_id.as_str().into();
        jwk["alg"] = self.algorithm.as_str().into();
        jwk["use"] = "sig".into();
        jwk
    }

    /// Signs claims as a token in compact serialisation (RFC 7515 section 7.1).
    ///
    /// The header has `alg`, `kid` and, if given, `typ`.
    pub fn sign(
        &self,
        typ: Option<&str>,
        claims: &Map<String, Value>,
    ) -> Result<String, SigningKeyError> {
        let mut header = json!({ "alg": self.algorithm.as_str(), "kid": self.key_id });
        if let Some(typ) = typ {
            header["typ"] = typ.into();
        }
        let payload = serde_json::to_vec(claims).map_err(|_| self.failed())?;
        self.sign_raw(header.to_string().as_bytes(), &payload)
    }

    /// Signs any header and payload, also ones that no verifier should accept.
    ///
    /// For tests that play a hostile provider.
    #[doc(hidden)]
    pub fn sign_raw(&self, protected: &[u8], payload: &[u8]) -> Result<String, SigningKeyError> {
        let mut token = base64url::encode(protected);
        token.push('.');
        token.push_str(&base64url::encode(payload));
        let signature = self.signature(token.as_bytes())?;
        token.push('.');
        token.push_str(&base64url::encode(&signature));
        Ok(token)
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, SigningKeyError> {
        // ECDSA's nonce and the salt of PSS are made inside the library, the only randomness that
        // core cannot take as an argument; nothing that core decides depends on it.
        let random = SystemRandom::new();
        match &self.private {
            Private::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature)
                    .map(|()| signature)
                    .map_err(|_| self.failed())
            }
            Private::Ec(pair) => {
                let signature = pair.sign(&random, message).map_err(|_| self.failed())?;
                Ok(signature.as_ref().to_vec())
            }
            Private::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }

    fn failed(&self) -> SigningKeyError {
        SigningKeyError::Failed {
            algorithm: self.algorithm,
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// Takes an RSAPublicKey apart (RFC 8017 appendix A.1.1), which our own library has just encoded.
fn modulus_and_exponent(der: &[u8]) -> (&[u8], &[u8]) {
    let (sequence, _) = element(der);
    let (n, rest) = element(sequence);
    let (e, _) = element(rest);
    let unsigned = |number| <[u8]>::strip_prefix(number, &[0]).unwrap_or(number);
    (unsigned(n), unsigned(e))
}

/// Splits DER into the contents of its first element and what follows; empty if it is cut short.
fn element(der: &[u8]) -> (&[u8], &[u8]) {
    let (length, contents) = match der.get(1..) {
        Some([length, contents @ ..]) if *length < 0x80 => (usize::from(*length), contents),
        Some([form, tail @ ..]) => {
            let (octets, contents) = tail.split_at(tail.len().min(usize::from(form & 0x0f)));
            (
                octets
                    .iter()
                    .fold(0, |sum, octet| sum << 8 | usize::from(*octet)),
                contents,
            )
        }
        _ => (0, [].as_slice()),
    };
    contents.split_at(length.min(contents.len()))
}
