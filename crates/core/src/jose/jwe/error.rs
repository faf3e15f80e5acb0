//! What can be wrong with an encrypted token and with the keys for it.

use crate::error::{Code, Quoted};
use crate::jose::{JsonError, KeyFlaw};

use super::KeyManagement;

/// A name that is no accepted way to encrypt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown encryption {name}")]
pub struct UnknownEncryption {
    /// The name.
    pub name: Quoted,
}

/// An encrypted token that is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JweError {
    /// The token or its header is longer than any that is accepted.
    #[error("{length} bytes, at most {limit} are accepted")]
    TooLarge {
        /// The length in bytes.
        length: usize,
        /// The longest that is accepted.
        limit: usize,
    },
    /// The token is signed only, where encryption is registered.
    #[error("not encrypted")]
    NotEncrypted,
    /// The token does not consist of five parts of base64url (RFC 7516 section 7.1).
    #[error("not five parts of base64url")]
    Parts,
    /// The header is not a JSON object with distinct member names.
    #[error("header is not a strict json object")]
    Header(#[source] JsonError),
    /// A member of the header is absent or is not what it must be.
    #[error("header member {member} is absent or malformed")]
    Member {
        /// Its name.
        member: &'static str,
    },
    /// The header demands an extension, or that the content be decompressed: neither is supported.
    #[error("header demands {member}")]
    Extension {
        /// `crit` or `zip`.
        member: &'static str,
    },
    /// The header names something else than what was registered.
    #[error("{member} {found} where {expected} is registered")]
    Mismatch {
        /// `alg` or `enc`.
        member: &'static str,
        /// The header's.
        found: Quoted,
        /// The registered one.
        expected: &'static str,
    },
    /// None of our keys is of the kind that the algorithm needs.
    #[error("no decryption key for {algorithm}")]
    NoKey {
        /// The registered algorithm.
        algorithm: KeyManagement,
    },
    /// It cannot be decrypted. Why is not told to anybody, not even here (RFC 7516 section 11.5).
    #[error("does not decrypt with any of our keys")]
    Undecryptable,
    /// What was encrypted is no signed token (RFC 7519 section 5.2).
    #[error("encrypts something else than a signed token")]
    NotNested,
}

impl JweError {
    /// Returns what the operator is told.
    pub fn code(&self) -> &'static Code {
        match self {
            Self::TooLarge { .. } => &TOO_LARGE,
            Self::NotEncrypted => &NOT_ENCRYPTED,
            Self::Parts | Self::Header(_) | Self::Member { .. } => &MALFORMED,
            Self::Extension { .. } => &EXTENSION,
            Self::Mismatch { .. } => &MISMATCH,
            Self::NoKey { .. } => &NO_KEY,
            Self::Undecryptable => &UNDECRYPTABLE,
            Self::NotNested => &NOT_NESTED,
        }
    }
}

/// A key that cannot be used to decrypt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecryptionKeyError {
    /// The text or the bytes are not a private key that can be used.
    #[error("unusable private key: {0}")]
    Unusable(#[from] KeyFlaw),
    /// The library failed to generate or to export the key.
    #[error("the key could not be generated or exported")]
    Failed,
}

impl DecryptionKeyError {
    /// Returns what the operator is told.
    pub fn code(&self) -> &'static Code {
        match self {
            Self::Unusable(KeyFlaw::RsaTooShort) => &DECRYPTION_KEY_WEAK,
            Self::Unusable(_) => &DECRYPTION_KEY_UNUSABLE,
            Self::Failed => &DECRYPTION_KEY_FAILED,
        }
    }
}

/// A public key with which nothing can be encrypted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncryptionError {
    /// The JWK is not an RSA key of at least 2048 bits or a point on P-256, P-384 or P-521.
    #[error("not a public key for encryption")]
    Key,
    /// The key is of another kind than the algorithm needs.
    #[error("not a key for {algorithm}")]
    Kind {
        /// The algorithm that was asked for.
        algorithm: KeyManagement,
    },
    /// The library failed to encrypt.
    #[error("encryption failed")]
    Failed,
}

crate::codes! {
    TOO_LARGE = "encryption.too_large",
        "an encrypted token of the provider, or its header, is longer than any that is read",
        "ask the provider for fewer claims in its tokens";
    NOT_ENCRYPTED = "encryption.missing",
        "a token came unencrypted, and this client is configured to receive it encrypted",
        "compare the encryption with what is registered for this client at the provider; if the provider does encrypt, treat the token as forged";
    MALFORMED = "encryption.malformed",
        "what the provider sent in place of an encrypted token is not a JSON Web Encryption in compact form",
        "check that no proxy rewrites the provider's answers; if it persists, report it to the provider";
    EXTENSION = "encryption.extension",
        "the header of an encrypted token demands compression (zip) or an extension (crit), and neither is supported",
        "turn compression off for this client at the provider; a small token that unpacks to gigabytes is an attack";
    MISMATCH = "encryption.algorithm_mismatch",
        "a token is encrypted in another way than the one configured for this client",
        "configure the algorithm and the encryption that are registered for this client at the provider (id_token_encrypted_response_alg and _enc, or those of userinfo)";
    NO_KEY = "encryption.no_key",
        "the provider encrypts for this client, and no decryption key of the needed kind is configured",
        "configure the private key whose public half is registered at the provider: RSA for RSA-OAEP, a P-256, P-384 or P-521 key for ECDH-ES";
    UNDECRYPTABLE = "encryption.undecryptable",
        "a token does not decrypt: it was altered, or encrypted for another key",
        "compare the public key at our jwks endpoint with the one registered at the provider; if they are the same, treat the token as forged";
    NOT_NESTED = "encryption.not_nested",
        "what was encrypted is not a signed token: anybody can encrypt for a public key, so this proves nothing",
        "have the provider sign and then encrypt (set a signature algorithm beside the encryption); if it does, treat the token as forged";
    DECRYPTION_KEY_UNUSABLE = "decryption_key.unusable",
        "the decryption key is not the text of an unencrypted private key, in PEM or as a JWK, of a kind that decrypts",
        "write an RSA, P-256, P-384 or P-521 private key as PEM (BEGIN PRIVATE KEY, BEGIN EC PRIVATE KEY or BEGIN RSA PRIVATE KEY) or as a private JWK for encryption";
    DECRYPTION_KEY_WEAK = "decryption_key.weak",
        "the decryption key is an RSA key under 2048 bits",
        "generate an RSA key of 2048 bits or more, or a key on P-256";
    DECRYPTION_KEY_FAILED = "decryption_key.failed",
        "the cryptographic library could not generate or export a decryption key",
        "check the machine's memory and source of randomness";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_the_code_that_names_its_rule() {
        let algorithm = KeyManagement::EcdhEs;
        let (found, expected) = (Quoted::new("dir"), "ECDH-ES");
        for (error, name) in [
            (
                JweError::TooLarge {
                    length: 2,
                    limit: 1,
                },
                "encryption.too_large",
            ),
            (JweError::NotEncrypted, "encryption.missing"),
            (JweError::Parts, "encryption.malformed"),
            (
                JweError::Header(JsonError::NotAnObject),
                "encryption.malformed",
            ),
            (JweError::Member { member: "epk" }, "encryption.malformed"),
            (
                JweError::Extension { member: "zip" },
                "encryption.extension",
            ),
            (
                JweError::Mismatch {
                    member: "alg",
                    found,
                    expected,
                },
                "encryption.algorithm_mismatch",
            ),
            (JweError::NoKey { algorithm }, "encryption.no_key"),
            (JweError::Undecryptable, "encryption.undecryptable"),
            (JweError::NotNested, "encryption.not_nested"),
        ] {
            assert_eq!(error.code().name, name);
        }
        for (error, name) in [
            (KeyFlaw::Kind.into(), "decryption_key.unusable"),
            (KeyFlaw::RsaTooShort.into(), "decryption_key.weak"),
            (DecryptionKeyError::Failed, "decryption_key.failed"),
        ] {
            assert_eq!(error.code().name, name);
        }
    }
}
