//! The signature algorithms that are accepted, by their registered names.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::{digest, hmac};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{base64url, error::UnknownAlgorithm};
use crate::error::Quoted;

/// A JWS signature algorithm (RFC 7518 section 3.1, RFC 8037, RFC 9864).
///
/// `none` has no variant, so no input can select it. The symmetric ones, `HS256` and its kin, count only
/// where the registration names them: no header and no metadata can select them, and a published key is
/// never taken for a secret. Written and read as the registered name, exactly and with its case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes.
    Ps256,
    /// RSASSA-PSS with SHA-384, MGF1 with SHA-384 and a salt of 48 bytes.
    Ps384,
    /// RSASSA-PSS with SHA-512, MGF1 with SHA-512 and a salt of 64 bytes.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// `EdDSA` as in RFC 8037, with an Ed25519 key (Ed448 is not supported).
    EdDsa,
    /// `Ed25519`, the fully-specified name of the same algorithm (RFC 9864 section 2.2).
    Ed25519,
    /// HMAC with SHA-256, under a secret of at least 32 bytes.
    Hs256,
    /// HMAC with SHA-384, under a secret of at least 48 bytes.
    Hs384,
    /// HMAC with SHA-512, under a secret of at least 64 bytes.
    Hs512,
}

impl Algorithm {
    /// Lists every algorithm whose signatures anybody verifies with a published key.
    pub const ASYMMETRIC: &'static [Self] = &[
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::EdDsa,
        Self::Ed25519,
    ];

    /// Lists every algorithm that is made and verified with the same secret (RFC 7518 section 3.2).
    pub const SYMMETRIC: &'static [Self] = &[Self::Hs256, Self::Hs384, Self::Hs512];

    /// Tells whether it is made and verified with the same secret.
    pub const fn is_symmetric(self) -> bool {
        matches!(self, Self::Hs256 | Self::Hs384 | Self::Hs512)
    }

    /// Returns the registered name, as it stands in a header's `alg`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
            Self::Ed25519 => "Ed25519",
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    /// Computes the value of `at_hash` or `c_hash` for a token or a code.
    ///
    /// The left half of the hash that the algorithm names, in base64url (OpenID Connect Core
    /// section 3.1.3.6). Ed25519 names none; SHA-512, which it uses inside, stands in for it, as is
    /// done in the field.
    pub fn half_hash(self, value: &[u8]) -> String {
        let hash = digest::digest(self.hash(), value);
        let bytes = hash.as_ref();
        base64url::encode(&bytes[..bytes.len() / 2])
    }

    fn hash(self) -> &'static digest::Algorithm {
        match self {
            Self::Rs256 | Self::Ps256 | Self::Es256 | Self::Hs256 => &digest::SHA256,
            Self::Rs384 | Self::Ps384 | Self::Es384 | Self::Hs384 => &digest::SHA384,
            Self::Rs512 | Self::Ps512 | Self::Es512 | Self::EdDsa | Self::Ed25519 | Self::Hs512 => {
                &digest::SHA512
            }
        }
    }

    /// Returns the HMAC of a symmetric algorithm.
    pub(super) fn hmac(self) -> Option<hmac::Algorithm> {
        match self {
            Self::Hs256 => Some(hmac::HMAC_SHA256),
            Self::Hs384 => Some(hmac::HMAC_SHA384),
            Self::Hs512 => Some(hmac::HMAC_SHA512),
            _ => None,
        }
    }

    /// Returns the fewest bytes that a secret for it has: as many as its hash (RFC 7518 section 3.2).
    pub(super) fn least_secret(self) -> usize {
        self.hash().output_len()
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        let mut all = Self::ASYMMETRIC.iter().chain(Self::SYMMETRIC);
        let found = all.find(|algorithm| algorithm.as_str() == name);
        found.copied().ok_or_else(|| UnknownAlgorithm {
            name: Quoted::new(name),
        })
    }
}

impl Serialize for Algorithm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Algorithm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_is_written_and_read_by_its_registered_name() {
        for &algorithm in Algorithm::ASYMMETRIC.iter().chain(Algorithm::SYMMETRIC) {
            assert_eq!(algorithm.as_str().parse(), Ok(algorithm));
            let text = serde_json::to_string(&algorithm).unwrap();
            assert_eq!(text, format!("\"{algorithm}\""));
            assert_eq!(serde_json::from_str::<Algorithm>(&text).unwrap(), algorithm);
        }
    }

    #[test]
    fn what_needs_a_secret_is_told_apart_from_what_needs_a_key() {
        assert!(Algorithm::SYMMETRIC.iter().all(|it| it.is_symmetric()));
        assert!(!Algorithm::ASYMMETRIC.iter().any(|it| it.is_symmetric()));
    }

    // attack: JW-01 JW-16
    #[test]
    fn no_other_name_is_an_algorithm() {
        for name in [
            "",
            "none",
            "None",
            "nOnE",
            "NONE",
            "hs256",
            "HS256 ",
            "HS1",
            "rs256",
            "Rs256",
            "RS256 ",
            " RS256",
            "RS256\0",
            "RS1",
            "ES256K",
            "EDDSA",
            "ed25519",
            "Ed448",
            "RSA1_5",
            "PBES2-HS256+A128KW",
            "dir",
        ] {
            assert!(name.parse::<Algorithm>().is_err(), "{name:?}");
            let text = serde_json::to_string(name).unwrap();
            assert!(
                serde_json::from_str::<Algorithm>(&text).is_err(),
                "{name:?}"
            );
        }
    }

    #[test]
    fn half_a_hash_is_the_left_half_of_the_named_hash() {
        // The access token and at_hash of OpenID Connect Core appendix A.3.
        assert_eq!(
            Algorithm::Rs256.half_hash(b"jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
            "77QmUPtjPfzWtF2AnpK9RQ"
        );
        let left_half = |bits: usize| (bits / 2).div_ceil(6);
        for (algorithm, bits) in [
            (Algorithm::Es384, 384),
            (Algorithm::Ps512, 512),
            (Algorithm::EdDsa, 512),
            (Algorithm::Ed25519, 512),
            (Algorithm::Hs256, 256),
            (Algorithm::Hs384, 384),
            (Algorithm::Hs512, 512),
        ] {
            assert_eq!(
                algorithm.half_hash(b"token").len(),
                left_half(bits),
                "{algorithm}"
            );
        }
    }
}
