//! Signing: for a provider under test, and for a client that authenticates with a key.

use std::fmt;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RsaEncoding,
    RsaKeyPair,
};
use serde_json::{Map, Value, json};

use super::error::KeyFlaw;
use super::private_key::{Pkcs8, PrivateKey};
use super::{Algorithm, SigningKeyError, base64url, public_jwk};
use crate::error::Quoted;

/// A private key with the one algorithm and the key id that it signs with.
///
/// ```
/// use codegrant_core::jose::{Algorithm, Jws, KeySet, SigningKey};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let key = SigningKey::generate(Algorithm::Es256, Some("k1"))?;
/// let claims = serde_json::Map::from_iter([("iss".to_owned(), "app".into())]);
/// let token = key.sign(Some("JWT"), &claims)?;
///
/// let published = serde_json::json!({ "keys": [key.public_jwk()] }).to_string();
/// let keys = KeySet::parse(published.as_bytes())?;
/// assert_eq!(Jws::parse(&token)?.verify(&keys, Algorithm::Es256)?.claims()?, claims);
/// # Ok(()) }
/// ```
pub struct SigningKey {
    algorithm: Algorithm,
    key_id: String,
    private: Private,
}

enum Private {
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Secret(Box<hmac::Key>),
}

impl SigningKey {
    /// Parses a private key in PEM: `PRIVATE KEY`, `EC PRIVATE KEY` or `RSA PRIVATE KEY`.
    ///
    /// Without an algorithm it signs with the one that goes with the curve, and with `RS256` for RSA.
    /// Without a key id it gets its [thumbprint](Self::thumbprint) as one.
    ///
    /// # Errors
    ///
    /// When the text is not an unencrypted private key, when it is an RSA key under 2048 bits, and when
    /// it is of another kind than the algorithm needs.
    pub fn from_pem(
        pem: &str,
        algorithm: Option<Algorithm>,
        key_id: Option<&str>,
    ) -> Result<Self, SigningKeyError> {
        let key = PrivateKey::from_pem(pem)?;
        let algorithm = algorithm.unwrap_or_else(|| key.kind.algorithm());
        Self::from_private_key(&key, algorithm, key_id)
    }

    /// Parses a private JWK (RFC 7517 section 4), whose `alg` and `kid` it takes over.
    ///
    /// Without `alg` it signs with the one that goes with the curve, and with `RS256` for RSA; without
    /// `kid` it gets its [thumbprint](Self::thumbprint) as one. An RSA key needs its primes.
    ///
    /// # Errors
    ///
    /// When the text is not a private JWK for signing, when its private and public parts do not fit, and
    /// when it is an RSA key under 2048 bits.
    pub fn from_jwk(jwk: impl AsRef<[u8]>) -> Result<Self, SigningKeyError> {
        let key = PrivateKey::from_jwk(jwk.as_ref())?;
        let foreign = |purpose: &str| {
            let purpose = Quoted::new(purpose);
            SigningKeyError::from(KeyFlaw::Purpose { purpose })
        };
        if let Some(usage) = key.usage.as_deref().filter(|usage| *usage != "sig") {
            return Err(foreign(usage));
        }
        let algorithm = match &key.algorithm {
            Some(name) => name.parse().map_err(|_| foreign(name))?,
            None => key.kind.algorithm(),
        };
        Self::from_private_key(&key, algorithm, key.key_id.as_deref())
    }

    /// Parses an unencrypted PKCS#8 key (RFC 5208, DER) of the kind that the algorithm needs.
    ///
    /// # Errors
    ///
    /// When the bytes are not such a key, or an RSA key under 2048 bits.
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
            Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => {
                return Err(SigningKeyError::Rejected { algorithm });
            }
        };
        Ok(Self {
            algorithm,
            key_id: key_id.into(),
            private: private.map_err(rejected)?,
        })
    }

    /// Makes a key of a secret that the verifier has as well, such as the client secret.
    ///
    /// It has no key id, and its [`public_jwk`](Self::public_jwk) shows nothing of it.
    ///
    /// # Errors
    ///
    /// When the algorithm is not symmetric, and when the secret is shorter than its hash (RFC 7518
    /// section 3.2).
    pub fn from_secret(
        secret: impl AsRef<[u8]>,
        algorithm: Algorithm,
    ) -> Result<Self, SigningKeyError> {
        let secret = secret.as_ref();
        let hash = algorithm.hmac();
        let hash = hash.ok_or(SigningKeyError::Rejected { algorithm })?;
        let (length, least) = (secret.len(), algorithm.least_secret());
        if length < least {
            return Err(SigningKeyError::SecretTooShort {
                algorithm,
                length,
                least,
            });
        }
        Ok(Self {
            algorithm,
            key_id: String::new(),
            private: Private::Secret(Box::new(hmac::Key::new(hash, secret))),
        })
    }

    /// Generates a key; RSA with 2048 bits, which takes a good part of a second.
    ///
    /// Without a key id it gets its [thumbprint](Self::thumbprint) as one. The randomness comes from the
    /// library, as that of every signature.
    ///
    /// # Errors
    ///
    /// For a symmetric algorithm, whose secret the other side issues, and when the library fails.
    pub fn generate(algorithm: Algorithm, key_id: Option<&str>) -> Result<Self, SigningKeyError> {
        let failed = |_| SigningKeyError::Failed { algorithm };
        let ec = |curve: &'static EcdsaSigningAlgorithm| {
            let document = EcdsaKeyPair::generate(curve).and_then(|pair| pair.to_pkcs8v1());
            document.map(|document| Pkcs8::new(document.as_ref()))
        };
        let pkcs8 = match algorithm {
            Algorithm::Es256 => ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING),
            Algorithm::Es384 => ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING),
            Algorithm::Es512 => ec(&signature::ECDSA_P521_SHA512_FIXED_SIGNING),
            Algorithm::EdDsa | Algorithm::Ed25519 => Ed25519KeyPair::generate()
                .and_then(|pair| pair.to_pkcs8v1())
                .map(|document| Pkcs8::new(document.as_ref())),
            Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => {
                return Err(SigningKeyError::Rejected { algorithm });
            }
            _rsa => RsaKeyPair::generate(KeySize::Rsa2048).and_then(|pair| {
                let der: Pkcs8V1Der<'static> = pair.as_der()?;
                Ok(Pkcs8::new(der.as_ref()))
            }),
        };
        let key = Self::from_pkcs8(pkcs8.map_err(failed)?.as_bytes(), algorithm, "")?;
        Ok(key.named(key_id))
    }

    /// Returns the key signing with another algorithm that it is fit for, such as `PS256` for RSA.
    ///
    /// # Errors
    ///
    /// When it is not of the kind that the algorithm needs.
    pub fn with_algorithm(self, algorithm: Algorithm) -> Result<Self, SigningKeyError> {
        if algorithm == self.algorithm {
            return Ok(self);
        }
        let der = self.to_pkcs8()?;
        let rejected = |_| SigningKeyError::Rejected { algorithm };
        Self::from_pkcs8(der.as_bytes(), algorithm, self.key_id).map_err(rejected)
    }

    /// Returns the key with this key id.
    #[must_use]
    pub fn with_key_id(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = key_id.into();
        self
    }

    /// Returns the algorithm that it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns the `kid` that it puts into headers; empty for a shared secret, which has none.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Returns the private key for storing it, encoded as PKCS#8 (RFC 5208).
    ///
    /// # Errors
    ///
    /// For a shared secret, which has no such form.
    pub fn to_pkcs8(&self) -> Result<Pkcs8, SigningKeyError> {
        let document = match &self.private {
            Private::Rsa(pair, _) => {
                let der: Pkcs8V1Der<'static> = pair.as_der().map_err(|_| self.failed())?;
                return Ok(Pkcs8::new(der.as_ref()));
            }
            Private::Ec(pair) => pair.to_pkcs8v1(),
            Private::Ed25519(pair) => pair.to_pkcs8v1(),
            Private::Secret(_) => return Err(self.failed()),
        };
        document
            .map(|document| Pkcs8::new(document.as_ref()))
            .map_err(|_| self.failed())
    }

    /// Returns the public key as a JWK with `kid`, `alg` and `use` (RFC 7517 section 4).
    ///
    /// Of a shared secret it says only that there is one.
    pub fn public_jwk(&self) -> Value {
        let mut jwk = self.public_members();
        if !self.key_id.is_empty() {
            jwk["kid"] = self.key_id.as_str().into();
        }
        jwk["alg"] = self.algorithm.as_str().into();
        jwk["use"] = "sig".into();
        jwk
    }

    /// Computes the SHA-256 thumbprint of the public key (RFC 7638), which is `jkt` in RFC 9449.
    ///
    /// Empty for a shared secret: its thumbprint would help to guess it (RFC 7638 section 7).
    pub fn thumbprint(&self) -> String {
        match self.private {
            Private::Secret(_) => String::new(),
            _ => public_jwk::thumbprint(&self.public_members()),
        }
    }

    /// Signs claims as a token in compact serialisation (RFC 7515 section 7.1).
    ///
    /// The header has `alg`, `kid` and, if given, `typ`.
    ///
    /// # Errors
    ///
    /// When the library fails.
    pub fn sign(
        &self,
        typ: Option<&str>,
        claims: &Map<String, Value>,
    ) -> Result<String, SigningKeyError> {
        let mut header = Map::new();
        if let Some(typ) = typ {
            header.insert("typ".to_owned(), typ.into());
        }
        self.sign_with(&header, claims)
    }

    /// Signs claims under a header with more members, such as `typ` and `jwk` for a proof (RFC 9449
    /// section 4.2).
    ///
    /// `alg` is always the key's. `kid` is added unless there is a `jwk`, which says it all.
    ///
    /// # Errors
    ///
    /// When the library fails.
    pub fn sign_with(
        &self,
        header: &Map<String, Value>,
        claims: &Map<String, Value>,
    ) -> Result<String, SigningKeyError> {
        let mut protected = header.clone();
        protected.insert("alg".to_owned(), self.algorithm.as_str().into());
        if !self.key_id.is_empty() && !header.contains_key("jwk") {
            protected.insert("kid".to_owned(), self.key_id.as_str().into());
        }
        let encode = |members| serde_json::to_vec(members).map_err(|_| self.failed());
        self.sign_raw(&encode(&protected)?, &encode(claims)?)
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
            Private::Secret(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
        }
    }

    /// Lists the members that a thumbprint covers, in their order (RFC 7638 section 3.2).
    fn public_members(&self) -> Value {
        match &self.private {
            Private::Rsa(pair, _) => public_jwk::rsa(pair.public_key().as_ref()),
            Private::Ec(pair) => {
                let curve = match self.algorithm {
                    Algorithm::Es256 => "P-256",
                    Algorithm::Es384 => "P-384",
                    _ => "P-521",
                };
                public_jwk::point(curve, pair.public_key().as_ref())
            }
            Private::Ed25519(pair) => {
                let x = base64url::encode(pair.public_key().as_ref());
                json!({ "crv": "Ed25519", "kty": "OKP", "x": x })
            }
            Private::Secret(_) => json!({ "kty": "oct" }),
        }
    }

    fn from_private_key(
        key: &PrivateKey,
        algorithm: Algorithm,
        key_id: Option<&str>,
    ) -> Result<Self, SigningKeyError> {
        let own = Self::from_pkcs8(key.pkcs8.as_bytes(), algorithm, "")?;
        Ok(own.named(key_id))
    }

    fn named(self, key_id: Option<&str>) -> Self {
        let key_id = key_id.map_or_else(|| self.thumbprint(), str::to_owned);
        self.with_key_id(key_id)
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
