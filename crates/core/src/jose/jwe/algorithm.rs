//! How tokens are encrypted for us, by the registered names.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::error::UnknownEncryption;
use crate::error::Quoted;

/// How the key of one token reaches its recipient, the header's `alg` (RFC 7518 section 4.1).
///
/// What is missing is missing on purpose: `RSA1_5`, whose padding betrays the key to who may ask often
/// enough, and everything under a shared secret or a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyManagement {
    /// RSAES-OAEP with SHA-1, where a provider knows nothing newer (RFC 7518 section 4.3).
    ///
    /// OAEP does not need its hash to be free of collisions, so this is not broken as SHA-1 signatures are.
    RsaOaep,
    /// RSAES-OAEP with SHA-256 (RFC 7518 section 4.3).
    RsaOaep256,
    /// ECDH whose result is the key itself (RFC 7518 section 4.6).
    EcdhEs,
    /// ECDH whose result wraps the key with AES-128 (RFC 7518 section 4.6).
    EcdhEsA128Kw,
    /// ECDH whose result wraps the key with AES-256 (RFC 7518 section 4.6).
    EcdhEsA256Kw,
}

impl KeyManagement {
    /// Lists every one that is accepted.
    pub const ALL: &'static [Self] = &[
        Self::RsaOaep,
        Self::RsaOaep256,
        Self::EcdhEs,
        Self::EcdhEsA128Kw,
        Self::EcdhEsA256Kw,
    ];

    /// Returns the registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RsaOaep => "RSA-OAEP",
            Self::RsaOaep256 => "RSA-OAEP-256",
            Self::EcdhEs => "ECDH-ES",
            Self::EcdhEsA128Kw => "ECDH-ES+A128KW",
            Self::EcdhEsA256Kw => "ECDH-ES+A256KW",
        }
    }

    /// Tells whether it needs an RSA key; else it needs one on a curve.
    pub const fn is_rsa(self) -> bool {
        matches!(self, Self::RsaOaep | Self::RsaOaep256)
    }
}

/// How the content of a token is encrypted, the header's `enc` (RFC 7518 section 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ContentEncryption {
    /// AES-128 in Galois/Counter Mode.
    A128Gcm,
    /// AES-256 in Galois/Counter Mode.
    A256Gcm,
    /// AES-128 in CBC mode with HMAC-SHA-256: what a provider uses where nothing else is registered
    /// (OpenID Connect Dynamic Client Registration 1.0 section 2).
    #[default]
    A128CbcHs256,
    /// AES-256 in CBC mode with HMAC-SHA-512.
    A256CbcHs512,
}

impl ContentEncryption {
    /// Lists every one that is accepted.
    pub const ALL: &'static [Self] = &[
        Self::A128Gcm,
        Self::A256Gcm,
        Self::A128CbcHs256,
        Self::A256CbcHs512,
    ];

    /// Returns the registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A128Gcm => "A128GCM",
            Self::A256Gcm => "A256GCM",
            Self::A128CbcHs256 => "A128CBC-HS256",
            Self::A256CbcHs512 => "A256CBC-HS512",
        }
    }
}

/// How the provider encrypts one kind of token for us, as registered with it.
///
/// ```
/// use codegrant_core::jose::{ContentEncryption, Encryption, KeyManagement};
///
/// # fn main() -> Result<(), serde_json::Error> {
/// let registered: Encryption = serde_json::from_str(r#"{"algorithm": "RSA-OAEP-256"}"#)?;
/// assert_eq!(registered.algorithm, KeyManagement::RsaOaep256);
/// assert_eq!(registered.encryption, ContentEncryption::A128CbcHs256);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encryption {
    /// `id_token_encrypted_response_alg` or `userinfo_encrypted_response_alg`.
    pub algorithm: KeyManagement,
    /// `id_token_encrypted_response_enc` or `userinfo_encrypted_response_enc`.
    #[serde(default)]
    pub encryption: ContentEncryption,
}

macro_rules! named {
    ($($name:ident),*) => { $(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownEncryption;

            fn from_str(name: &str) -> Result<Self, UnknownEncryption> {
                let found = Self::ALL.iter().find(|one| one.as_str() == name);
                found.copied().ok_or_else(|| UnknownEncryption {
                    name: Quoted::new(name),
                })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = String::deserialize(deserializer)?;
                name.parse().map_err(de::Error::custom)
            }
        }
    )* };
}

named!(KeyManagement, ContentEncryption);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_as_it_is_written() {
        for &one in KeyManagement::ALL {
            let text = serde_json::to_string(&one).unwrap();
            assert_eq!(serde_json::from_str::<KeyManagement>(&text).unwrap(), one);
        }
        for &one in ContentEncryption::ALL {
            let text = serde_json::to_string(&one).unwrap();
            assert_eq!(
                serde_json::from_str::<ContentEncryption>(&text).unwrap(),
                one
            );
        }
    }

    // attack: JW-47
    #[test]
    fn what_is_weak_or_needs_a_password_has_no_name_here() {
        for name in [
            "RSA1_5",
            "dir",
            "A128KW",
            "A256GCMKW",
            "PBES2-HS256+A128KW",
            "ECDH-ES+A192KW",
            "rsa-oaep",
            "none",
            "",
        ] {
            assert!(name.parse::<KeyManagement>().is_err(), "{name}");
        }
        for name in ["none", "", "A128CBC", "A192GCM", "a128gcm", "A128GCM "] {
            assert!(name.parse::<ContentEncryption>().is_err(), "{name}");
        }
    }
}
