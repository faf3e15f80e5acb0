//! Agreeing on a key over a curve (RFC 7518 section 4.6).

use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::kdf::{SskdfDigestAlgorithmId, get_sskdf_digest_algorithm, sskdf_digest};
use aws_lc_rs::key_wrap::{self, AesBlockCipher, AesKek, KeyWrap as _};
use serde_json::{Map, Value};

use super::{ContentEncryption, KeyManagement};
use crate::jose::base64url;
use crate::jose::private_key::Kind;

/// The curves that keys are agreed on, with the length of a coordinate in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    pub(super) fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::P256 => Some(Self::P256),
            Kind::P384 => Some(Self::P384),
            Kind::P521 => Some(Self::P521),
            Kind::Rsa | Kind::Ed25519 => None,
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        let all = [Self::P256, Self::P384, Self::P521];
        all.into_iter().find(|curve| curve.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    fn length(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    pub(super) fn algorithm(self) -> &'static agreement::Algorithm {
        match self {
            Self::P256 => &ECDH_P256,
            Self::P384 => &ECDH_P384,
            Self::P521 => &ECDH_P521,
        }
    }

    /// Reads a public JWK on this curve as an uncompressed point, which is not proven to lie on it yet.
    pub(super) fn point(self, jwk: &Map<String, Value>) -> Option<Vec<u8>> {
        let text = |name| jwk.get(name).and_then(Value::as_str);
        if text("kty") != Some("EC") || text("crv") != Some(self.name()) {
            return None;
        }
        let coordinate =
            |name| base64url::decode(text(name)?).filter(|bytes| bytes.len() == self.length());
        let (x, y) = (coordinate("x")?, coordinate("y")?);
        Some([&[4], x.as_slice(), y.as_slice()].concat())
    }
}

/// What both sides derive the same key from, besides the secret that they agree on.
pub(super) struct Parties<'a> {
    pub(super) management: KeyManagement,
    pub(super) encryption: ContentEncryption,
    /// The header's `apu` and `apv`, decoded.
    pub(super) producer: &'a [u8],
    pub(super) recipient: &'a [u8],
}

impl Parties<'_> {
    /// Agrees with the other side's point; `None` if that is not on the curve of the key.
    ///
    /// The library checks that it is, without which every answer would tell a part of the private key.
    pub(super) fn agree(&self, private: &PrivateKey, point: &[u8]) -> Option<Vec<u8>> {
        let public = UnparsedPublicKey::new(private.algorithm(), point);
        agreement::agree(private, public, (), |secret| self.derive(secret).ok_or(())).ok()
    }

    /// Concat KDF with SHA-256 (RFC 7518 section 4.6.2), which is the one-step KDF of NIST SP 800-56C.
    pub(super) fn derive(&self, secret: &[u8]) -> Option<Vec<u8>> {
        let (name, length) = match self.wrapping() {
            None => (self.encryption.as_str(), self.encryption.key_length()),
            Some((_, length)) => (self.management.as_str(), length),
        };
        let mut info = Vec::new();
        for field in [name.as_bytes(), self.producer, self.recipient] {
            info.extend_from_slice(&u32::try_from(field.len()).ok()?.to_be_bytes());
            info.extend_from_slice(field);
        }
        info.extend_from_slice(&u32::try_from(length * 8).ok()?.to_be_bytes());
        let mut key = vec![0; length];
        let hash = get_sskdf_digest_algorithm(SskdfDigestAlgorithmId::Sha256)?;
        sskdf_digest(hash, secret, &info, &mut key).ok()?;
        Some(key)
    }

    /// Returns the key of the content from the agreed one.
    pub(super) fn unwrap(&self, agreed: &[u8], encrypted_key: &[u8]) -> Option<Vec<u8>> {
        let Some((cipher, _)) = self.wrapping() else {
            return encrypted_key.is_empty().then(|| agreed.to_vec());
        };
        let mut key = vec![0; encrypted_key.len()];
        let wrapping = AesKek::new(cipher, agreed).ok()?;
        let unwrapped = wrapping.unwrap(encrypted_key, &mut key).ok()?;
        Some(unwrapped.to_vec())
    }

    /// Wraps a key of the content, made by the caller, under the agreed one.
    pub(super) fn wrap(&self, agreed: &[u8], key: &[u8]) -> Option<Vec<u8>> {
        let (cipher, _) = self.wrapping()?;
        let mut wrapped = vec![0; key.len() + 8];
        let wrapping = AesKek::new(cipher, agreed).ok()?;
        wrapping.wrap(key, &mut wrapped).ok()?;
        Some(wrapped)
    }

    /// Returns the cipher that wraps and the length of its key; nothing where the agreed key is the key.
    fn wrapping(&self) -> Option<(&'static AesBlockCipher, usize)> {
        match self.management {
            KeyManagement::EcdhEsA128Kw => Some((&key_wrap::AES_128, 16)),
            KeyManagement::EcdhEsA256Kw => Some((&key_wrap::AES_256, 32)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7518 appendix C.
    #[test]
    fn the_derived_key_is_that_of_the_published_example() {
        let jwk = |x: &str, y: &str| {
            let jwk = serde_json::json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y });
            Curve::P256.point(jwk.as_object().unwrap()).unwrap()
        };
        let bob = jwk(
            "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
            "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
        );
        let alice = base64url::decode("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo").unwrap();
        let alice = PrivateKey::from_private_key(&ECDH_P256, &alice).unwrap();
        let parties = Parties {
            management: KeyManagement::EcdhEs,
            encryption: ContentEncryption::A128Gcm,
            producer: b"Alice",
            recipient: b"Bob",
        };
        let key = parties.agree(&alice, &bob).unwrap();
        assert_eq!(base64url::encode(&key), "VqqN6vgjbSBcIijNcacQGg");
    }

    #[test]
    fn a_point_off_the_curve_agrees_on_nothing() {
        let parties = Parties {
            management: KeyManagement::EcdhEs,
            encryption: ContentEncryption::A128Gcm,
            producer: b"",
            recipient: b"",
        };
        for curve in [Curve::P256, Curve::P384, Curve::P521] {
            let own = PrivateKey::generate(curve.algorithm()).unwrap();
            let mut point = own.compute_public_key().unwrap().as_ref().to_vec();
            assert!(parties.agree(&own, &point).is_some(), "{}", curve.name());
            *point.last_mut().unwrap() ^= 1;
            assert!(parties.agree(&own, &point).is_none(), "{}", curve.name());
            assert!(parties.agree(&own, &[]).is_none());
            assert!(parties.agree(&own, &[0]).is_none());
            assert!(parties.agree(&own, &vec![0; point.len()]).is_none());
        }
    }
}
