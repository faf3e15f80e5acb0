//! The keys of the two sides: the recipient's private one, and its public half for who encrypts.

use std::fmt;

use aws_lc_rs::agreement::PrivateKey as AgreementKey;
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey,
    OaepPublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey, PublicKeyComponents,
};
use aws_lc_rs::signature::{KeyPair as _, RsaKeyPair};
use serde_json::{Map, Value};

use super::agreement::{Curve, Parties};
use super::error::{DecryptionKeyError, EncryptionError};
use super::{ContentEncryption, KeyManagement};
use crate::error::Quoted;
use crate::jose::private_key::{Kind, Pkcs8, PrivateKey};
use crate::jose::{KeyFlaw, base64url, public_jwk};

/// A private key with which tokens for us are decrypted.
///
/// RSA of 2048 to 8192 bits, or a point on P-256, P-384 or P-521.
///
/// ```
/// use codegrant_core::jose::{ContentEncryption, DecryptionKey, EncryptionKey, Jwe, KeyManagement};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (algorithm, encryption) = (KeyManagement::EcdhEs, ContentEncryption::A256Gcm);
/// let ours = DecryptionKey::generate(algorithm, Some("k1"))?;
///
/// let theirs = EncryptionKey::from_jwk(&ours.public_jwk())?;
/// let token = theirs.encrypt(b"a secret", algorithm, encryption, None)?;
///
/// assert_eq!(Jwe::parse(&token)?.decrypt(&[&ours], algorithm, encryption)?, b"a secret");
/// # Ok(()) }
/// ```
pub struct DecryptionKey {
    key_id: String,
    algorithm: Option<KeyManagement>,
    pkcs8: Pkcs8,
    private: Private,
}

enum Private {
    Rsa(OaepPrivateDecryptingKey, Value),
    Curve(Curve, AgreementKey),
}

impl DecryptionKey {
    /// Parses a private key in PEM: `PRIVATE KEY`, `EC PRIVATE KEY` or `RSA PRIVATE KEY`.
    ///
    /// Without a key id it gets its thumbprint (RFC 7638) as one.
    ///
    /// # Errors
    ///
    /// When the text is not an unencrypted private key, or one that only signs, or RSA under 2048 bits.
    pub fn from_pem(pem: &str, key_id: Option<&str>) -> Result<Self, DecryptionKeyError> {
        Self::new(PrivateKey::from_pem(pem)?, key_id)
    }

    /// Parses a private JWK (RFC 7517 section 4), whose `kid` and `alg` it takes over.
    ///
    /// With `alg` it serves that algorithm only. An RSA key needs its primes.
    ///
    /// # Errors
    ///
    /// When the text is not a private JWK for encryption, when its private and public parts do not fit,
    /// and when it is an RSA key under 2048 bits.
    pub fn from_jwk(jwk: impl AsRef<[u8]>) -> Result<Self, DecryptionKeyError> {
        let key = PrivateKey::from_jwk(jwk.as_ref())?;
        let foreign = |purpose: &str| {
            let purpose = Quoted::new(purpose);
            DecryptionKeyError::from(KeyFlaw::Purpose { purpose })
        };
        if let Some(usage) = key.usage.as_deref().filter(|usage| *usage != "enc") {
            return Err(foreign(usage));
        }
        let algorithm: Option<KeyManagement> = match &key.algorithm {
            Some(name) => Some(name.parse().map_err(|_| foreign(name))?),
            None => None,
        };
        if let Some(algorithm) = algorithm
            && algorithm.is_rsa() != (key.kind == Kind::Rsa)
        {
            return Err(foreign(algorithm.as_str()));
        }
        let key_id = key.key_id.clone();
        let mut own = Self::new(key, key_id.as_deref())?;
        own.algorithm = algorithm;
        Ok(own)
    }

    /// Parses an unencrypted PKCS#8 key (RFC 5208, DER).
    ///
    /// # Errors
    ///
    /// When the bytes are not such a key, or one that only signs, or RSA under 2048 bits.
    pub fn from_pkcs8(der: &[u8], key_id: Option<&str>) -> Result<Self, DecryptionKeyError> {
        Self::new(PrivateKey::from_pkcs8(der)?, key_id)
    }

    /// Generates a key for the algorithm: RSA with 2048 bits, or on P-256.
    ///
    /// # Errors
    ///
    /// When the library fails.
    pub fn generate(
        algorithm: KeyManagement,
        key_id: Option<&str>,
    ) -> Result<Self, DecryptionKeyError> {
        let der: Result<Pkcs8V1Der<'static>, _> = if algorithm.is_rsa() {
            PrivateDecryptingKey::generate(KeySize::Rsa2048).and_then(|key| key.as_der())
        } else {
            AgreementKey::generate(Curve::P256.algorithm()).and_then(|key| key.as_der())
        };
        let der = der.map_err(|_| DecryptionKeyError::Failed)?;
        let mut key = Self::from_pkcs8(der.as_ref(), key_id)?;
        key.algorithm = Some(algorithm);
        Ok(key)
    }

    /// Returns its `kid`.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Tells whether it can decrypt what was encrypted with the algorithm.
    pub fn fits(&self, algorithm: KeyManagement) -> bool {
        matches!(self.private, Private::Rsa(..)) == algorithm.is_rsa()
            && self.algorithm.is_none_or(|only| only == algorithm)
    }

    /// Returns the private key for storing it, encoded as PKCS#8 (RFC 5208).
    pub fn to_pkcs8(&self) -> &Pkcs8 {
        &self.pkcs8
    }

    /// Returns the public key as a JWK with `kid`, `use` and, if it is for one only, `alg`
    /// (RFC 7517 section 4), for the provider.
    pub fn public_jwk(&self) -> Value {
        let mut jwk = self.public_members();
        jwk["kid"] = self.key_id.as_str().into();
        jwk["use"] = "enc".into();
        if let Some(algorithm) = self.algorithm {
            jwk["alg"] = algorithm.as_str().into();
        }
        jwk
    }

    /// Recovers the key of the content; `None` for whatever is wrong.
    pub(super) fn content_key(
        &self,
        parties: &Parties<'_>,
        header: &Map<String, Value>,
        encrypted_key: &[u8],
    ) -> Option<Vec<u8>> {
        match &self.private {
            Private::Rsa(key, _) => {
                let mut buffer = vec![0; key.min_output_size()];
                let algorithm = oaep(parties.management)?;
                let decrypted = key.decrypt(algorithm, encrypted_key, &mut buffer, None);
                decrypted.ok().map(|key| key.to_vec())
            }
            Private::Curve(curve, key) => {
                let point = curve.point(header.get("epk")?.as_object()?)?;
                let agreed = parties.agree(key, &point)?;
                parties.unwrap(&agreed, encrypted_key)
            }
        }
    }

    fn new(key: PrivateKey, key_id: Option<&str>) -> Result<Self, DecryptionKeyError> {
        let der = key.pkcs8.as_bytes();
        let failed = |_| DecryptionKeyError::Failed;
        let private = match Curve::of(key.kind) {
            Some(curve) => {
                let own = AgreementKey::from_private_key_der(curve.algorithm(), der);
                Private::Curve(curve, own.map_err(|_| KeyFlaw::Kind)?)
            }
            None if key.kind == Kind::Rsa => {
                let own = PrivateDecryptingKey::from_pkcs8(der).map_err(|_| KeyFlaw::Kind)?;
                let pair = RsaKeyPair::from_pkcs8(der).map_err(|_| KeyFlaw::Kind)?;
                let members = public_jwk::rsa(pair.public_key().as_ref());
                Private::Rsa(OaepPrivateDecryptingKey::new(own).map_err(failed)?, members)
            }
            None => return Err(KeyFlaw::Kind.into()),
        };
        let mut own = Self {
            key_id: String::new(),
            algorithm: None,
            pkcs8: key.pkcs8,
            private,
        };
        own.key_id = match key_id {
            Some(id) => id.to_owned(),
            None => public_jwk::thumbprint(&own.public_members()),
        };
        Ok(own)
    }

    fn public_members(&self) -> Value {
        match &self.private {
            Private::Rsa(_, members) => members.clone(),
            Private::Curve(curve, key) => {
                let public = key
                    .compute_public_key()
                    .expect("a private key that was accepted has a public one");
                public_jwk::point(curve.name(), public.as_ref())
            }
        }
    }
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecryptionKey")
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// A recipient's public key: what a provider, or one under test, encrypts with.
pub struct EncryptionKey {
    key_id: Option<String>,
    public: Public,
}

enum Public {
    Rsa(OaepPublicEncryptingKey),
    Curve(Curve, Vec<u8>),
}

impl EncryptionKey {
    /// Parses a public JWK for encryption (RFC 7517 section 4).
    ///
    /// # Errors
    ///
    /// When it is no RSA key of at least 2048 bits and no point on P-256, P-384 or P-521, and when its
    /// `use` is another than `enc`.
    pub fn from_jwk(jwk: &Value) -> Result<Self, EncryptionError> {
        Self::parse(jwk).ok_or(EncryptionError::Key)
    }

    fn parse(jwk: &Value) -> Option<Self> {
        let jwk = jwk.as_object()?;
        let text = |name| jwk.get(name).and_then(Value::as_str);
        if text("use").is_some_and(|usage| usage != "enc") {
            return None;
        }
        let public = if text("kty")? == "RSA" {
            let number = |name| base64url::decode(text(name)?);
            let (n, e) = (number("n")?, number("e")?);
            let key: PublicEncryptingKey = PublicKeyComponents { n, e }.try_into().ok()?;
            Public::Rsa(OaepPublicEncryptingKey::new(key).ok()?)
        } else {
            let curve = Curve::named(text("crv")?)?;
            Public::Curve(curve, curve.point(jwk)?)
        };
        Some(Self {
            key_id: text("kid").map(str::to_owned),
            public,
        })
    }

    /// Encrypts as a token in compact serialisation (RFC 7516 section 7.1).
    ///
    /// The header has `alg`, `enc`, the key's `kid` and, if given, `cty`: `JWT` around a signed token.
    ///
    /// # Errors
    ///
    /// When the key is of another kind than the algorithm needs, and when the library fails.
    pub fn encrypt(
        &self,
        plaintext: &[u8],
        management: KeyManagement,
        encryption: ContentEncryption,
        content_type: Option<&str>,
    ) -> Result<String, EncryptionError> {
        let mut header = Map::new();
        let mut member = |name: &str, value: &str| header.insert(name.to_owned(), value.into());
        member("alg", management.as_str());
        member("enc", encryption.as_str());
        if let Some(key_id) = &self.key_id {
            member("kid", key_id);
        }
        if let Some(content_type) = content_type {
            member("cty", content_type);
        }
        self.encrypt_raw(plaintext, management, encryption, header)
    }

    /// Encrypts under any header, also one that no recipient should accept.
    ///
    /// For tests that play a hostile provider. A header without `epk` gets the one that is needed.
    #[doc(hidden)]
    pub fn encrypt_raw(
        &self,
        plaintext: &[u8],
        management: KeyManagement,
        encryption: ContentEncryption,
        mut header: Map<String, Value>,
    ) -> Result<String, EncryptionError> {
        let kind = EncryptionError::Kind {
            algorithm: management,
        };
        let (key, encrypted_key) = match (&self.public, oaep(management)) {
            (Public::Rsa(public), Some(algorithm)) => {
                let key = encryption.fresh_key().ok_or(EncryptionError::Failed)?;
                let mut buffer = vec![0; public.ciphertext_size()];
                let encrypted = public.encrypt(algorithm, &key, &mut buffer, None);
                let encrypted = encrypted.map_err(|_| EncryptionError::Failed)?.to_vec();
                (key, encrypted)
            }
            (Public::Curve(curve, point), None) => {
                agreed(*curve, point, management, encryption, &mut header)?
            }
            _ => return Err(kind),
        };
        let header = Value::Object(header).to_string();
        let protected = base64url::encode(header.as_bytes());
        let sealed = encryption
            .seal(&key, protected.as_bytes(), plaintext)
            .ok_or(EncryptionError::Failed)?;
        let parts = [encrypted_key, sealed.iv, sealed.ciphertext, sealed.tag];
        let parts = parts.map(|part| base64url::encode(&part)).join(".");
        Ok(format!("{protected}.{parts}"))
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptionKey")
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// Makes an ephemeral key, names it in the header, and returns the content's key with its wrapping.
fn agreed(
    curve: Curve,
    point: &[u8],
    management: KeyManagement,
    encryption: ContentEncryption,
    header: &mut Map<String, Value>,
) -> Result<(Vec<u8>, Vec<u8>), EncryptionError> {
    let failed = EncryptionError::Failed;
    let ephemeral = AgreementKey::generate(curve.algorithm()).map_err(|_| failed.clone())?;
    let public = ephemeral.compute_public_key().map_err(|_| failed.clone())?;
    header
        .entry("epk")
        .or_insert_with(|| public_jwk::point(curve.name(), public.as_ref()));
    let party = |name| {
        let value = header.get(name).and_then(Value::as_str);
        value.and_then(base64url::decode).unwrap_or_default()
    };
    let parties = Parties {
        management,
        encryption,
        producer: &party("apu"),
        recipient: &party("apv"),
    };
    let agreed = parties.agree(&ephemeral, point).ok_or(failed.clone())?;
    if management == KeyManagement::EcdhEs {
        return Ok((agreed, Vec::new()));
    }
    let key = encryption.fresh_key().ok_or(EncryptionError::Failed)?;
    let wrapped = parties.wrap(&agreed, &key).ok_or(failed)?;
    Ok((key, wrapped))
}

fn oaep(management: KeyManagement) -> Option<&'static OaepAlgorithm> {
    match management {
        KeyManagement::RsaOaep => Some(&OAEP_SHA1_MGF1SHA1),
        KeyManagement::RsaOaep256 => Some(&OAEP_SHA256_MGF1SHA256),
        _ => None,
    }
}
