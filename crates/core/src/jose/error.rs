//! What can be wrong with JSON, a signed token, a key set or a signing key.

use crate::error::{Code, Quoted};

use super::Algorithm;

/// A JSON text that is not accepted.
///
/// Never holds a value of the text, which may be a secret: only where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// The text is not UTF-8 (RFC 8259 section 8.1).
    #[error("not utf-8 at byte {offset}")]
    NotUtf8 {
        /// The number of bytes before the first bad one.
        offset: usize,
    },
    /// The text is not one JSON value and nothing else.
    #[error("syntax error at line {line}, column {column}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// A name stands twice in one object, possibly in two spellings (RFC 7519 section 4).
    #[error("duplicate member {name}")]
    DuplicateMember {
        /// The name.
        name: Quoted,
    },
    /// A name is one that `serde_json` keeps for itself.
    #[error("reserved member name")]
    ReservedMember,
    /// Arrays and objects are nested too deeply.
    #[error("nested deeper than {limit} levels")]
    TooDeep {
        /// The deepest level that is accepted.
        limit: usize,
    },
    /// The text is a value of another kind than an object.
    #[error("not an object")]
    NotAnObject,
}

/// A name that is not one of the accepted signature algorithms.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown signature algorithm {name}")]
pub struct UnknownAlgorithm {
    /// The name.
    pub name: Quoted,
}

/// A part of the compact serialisation (RFC 7515 section 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The protected header, before the first dot.
    Header,
    /// The payload, between the dots.
    Payload,
    /// The signature, after the second dot.
    Signature,
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Payload => "payload",
            Self::Signature => "signature",
        })
    }
}

/// A signed token that is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwsError {
    /// The token is longer than any that is accepted.
    #[error("{length} bytes, at most {limit} are accepted")]
    TooLarge {
        /// The token's length in bytes.
        length: usize,
        /// The longest that is accepted.
        limit: usize,
    },
    /// The header is longer than any that is accepted.
    #[error("header of {length} characters, at most {limit} are accepted")]
    HeaderTooLarge {
        /// The length of the encoded header.
        length: usize,
        /// The longest that is accepted.
        limit: usize,
    },
    /// The token has five parts: it is encrypted (RFC 7516).
    #[error("encrypted")]
    Encrypted,
    /// The token does not consist of three parts.
    #[error("not three parts")]
    Parts,
    /// A part that must not be empty is.
    #[error("empty {part}")]
    Empty {
        /// Which part.
        part: Part,
    },
    /// A part is not base64url without padding.
    #[error("{part} is not base64url")]
    Base64 {
        /// Which part.
        part: Part,
    },
    /// The header is not a JSON object with distinct member names.
    #[error("header is not a strict json object")]
    Header(#[source] JsonError),
    /// The header names no algorithm that is accepted.
    #[error("unsupported algorithm {}", shown(name.as_ref()))]
    UnsupportedAlgorithm {
        /// The name; `None` when `alg` is absent or not a string.
        name: Option<Quoted>,
    },
    /// The header has a `crit` member (RFC 7515 section 4.1.11); no extension is supported.
    #[error("critical header")]
    CriticalHeader,
    /// The header has a `b64` member (RFC 7797); unencoded payloads are not supported.
    #[error("unencoded payload")]
    UnencodedPayload,
    /// The header's `kid` is not a string, or longer than any that is accepted.
    #[error("key id is not a string of at most {limit} bytes")]
    KeyId {
        /// The longest that is accepted, in bytes.
        limit: usize,
    },
    /// The header's `typ` is not a string.
    #[error("token type is not a string")]
    TokenType,
    /// The header names another algorithm than the one that was registered.
    #[error("algorithm {found} where {expected} is registered")]
    AlgorithmMismatch {
        /// The header's.
        found: Algorithm,
        /// The caller's.
        expected: Algorithm,
    },
    /// No key of the set fits the header.
    #[error("no key for key id {} and algorithm {algorithm}", shown(key_id.as_ref()))]
    UnknownKey {
        /// The header's `kid`.
        key_id: Option<Quoted>,
        /// The header's algorithm.
        algorithm: Algorithm,
    },
    /// No key that fits the header verifies the signature.
    #[error("signature does not verify")]
    BadSignature,
    /// The secret is shorter than the algorithm's hash (RFC 7518 section 3.2).
    #[error("secret of {length} bytes, at least {least} are needed")]
    SecretTooShort {
        /// The secret's length in bytes.
        length: usize,
        /// The shortest that is accepted.
        least: usize,
    },
}

impl JwsError {
    /// Returns what the operator is told.
    pub fn code(&self) -> &'static Code {
        match self {
            Self::TooLarge { .. } | Self::HeaderTooLarge { .. } => &TOO_LARGE,
            Self::Encrypted => &ENCRYPTED,
            Self::Parts
            | Self::Empty { .. }
            | Self::Base64 { .. }
            | Self::Header(_)
            | Self::KeyId { .. }
            | Self::TokenType => &MALFORMED,
            Self::UnsupportedAlgorithm { .. } => &ALGORITHM_UNSUPPORTED,
            Self::CriticalHeader | Self::UnencodedPayload => &CRITICAL_HEADER,
            Self::AlgorithmMismatch { .. } => &ALGORITHM_MISMATCH,
            Self::UnknownKey { .. } => &UNKNOWN_KEY,
            Self::BadSignature => &BAD_SIGNATURE,
            Self::SecretTooShort { .. } => &SECRET_TOO_SHORT,
        }
    }
}

/// A key set that is not accepted as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeySetError {
    /// The body is longer than any that is accepted.
    #[error("{length} bytes, at most {limit} are accepted")]
    TooLarge {
        /// The body's length in bytes.
        length: usize,
        /// The longest that is accepted.
        limit: usize,
    },
    /// The body is not a JSON object with distinct member names.
    #[error("not a strict json object")]
    Json(#[source] JsonError),
    /// The object has no `keys` array (RFC 7517 section 5.1).
    #[error("no array of keys")]
    NoKeys,
    /// The set has more keys than are accepted.
    #[error("{count} keys, at most {limit} are accepted")]
    TooManyKeys {
        /// The number of keys.
        count: usize,
        /// The most that are accepted.
        limit: usize,
    },
}

impl KeySetError {
    /// Returns what the operator is told.
    pub fn code(&self) -> &'static Code {
        match self {
            Self::TooLarge { .. } => &KEYS_TOO_LARGE,
            Self::Json(_) | Self::NoKeys => &KEYS_MALFORMED,
            Self::TooManyKeys { .. } => &KEYS_TOO_MANY,
        }
    }
}

/// What is wrong with the text of a private key; never holds a part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFlaw {
    /// There is no block between `-----BEGIN` and `-----END`, or it is not base64 (RFC 7468).
    #[error("no pem block")]
    NotPem,
    /// The key is encrypted with a passphrase.
    #[error("encrypted with a passphrase")]
    Encrypted,
    /// The block is something else than a private key.
    #[error("a pem block named {label}")]
    NotPrivate {
        /// The block's label.
        label: Quoted,
    },
    /// The text is not a JSON object with distinct member names.
    #[error("not a strict json object")]
    Json(#[source] JsonError),
    /// A member of the JWK is absent or is not what it must be (RFC 7518 section 6).
    #[error("jwk member {member} is absent or malformed")]
    Member {
        /// Its name.
        member: &'static str,
    },
    /// The JWK's `use` or `alg` is for another purpose (RFC 7517 section 4).
    #[error("jwk is for {purpose}")]
    Purpose {
        /// What it is for.
        purpose: Quoted,
    },
    /// The key is of no kind that is supported, or its parts contradict each other.
    #[error("not an rsa, p-256, p-384, p-521 or ed25519 private key")]
    Kind,
    /// The RSA key is shorter than 2048 bits (RFC 7518 sections 3.3 and 4.3).
    #[error("rsa key of less than 2048 bits")]
    RsaTooShort,
}

/// A signing key that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SigningKeyError {
    /// The text or the bytes are not a private key that can be used.
    #[error("unusable private key: {0}")]
    Unusable(#[from] KeyFlaw),
    /// The key is of another kind than the algorithm needs.
    #[error("not a private key for {algorithm}")]
    Rejected {
        /// The algorithm that was asked for.
        algorithm: Algorithm,
    },
    /// The secret is shorter than the algorithm's hash (RFC 7518 section 3.2).
    #[error("secret of {length} bytes, {algorithm} needs at least {least}")]
    SecretTooShort {
        /// The algorithm that was asked for.
        algorithm: Algorithm,
        /// The secret's length in bytes.
        length: usize,
        /// The shortest that is accepted.
        least: usize,
    },
    /// The key could not sign.
    #[error("signing with {algorithm} failed")]
    Failed {
        /// The key's algorithm.
        algorithm: Algorithm,
    },
}

impl SigningKeyError {
    /// Returns what the operator is told.
    pub fn code(&self) -> &'static Code {
        match self {
            Self::Unusable(KeyFlaw::RsaTooShort) | Self::SecretTooShort { .. } => &SIGNING_KEY_WEAK,
            Self::Unusable(_) => &SIGNING_KEY_UNUSABLE,
            Self::Rejected { .. } => &SIGNING_KEY_REJECTED,
            Self::Failed { .. } => &SIGNING_KEY_FAILED,
        }
    }
}

fn shown(name: Option<&Quoted>) -> String {
    name.map_or_else(|| "(none)".to_owned(), Quoted::to_string)
}

crate::codes! {
    TOO_LARGE = "id_token.too_large",
        "the ID token, or its header, is longer than any that is read",
        "ask the provider for fewer claims in the ID token, and read the rest from userinfo";
    MALFORMED = "id_token.malformed",
        "what the provider sent as ID token is not a JSON Web Signature in compact form",
        "check that the issuer is really an OpenID Provider and that no proxy rewrites its answers; if it persists, report it to the provider";
    ENCRYPTED = "id_token.encrypted",
        "the provider encrypts its ID tokens, and this client is not configured for that",
        "configure id_token_encryption and decryption_key as registered, or turn ID token encryption off for this client at the provider (id_token_encrypted_response_alg)";
    ALGORITHM_UNSUPPORTED = "id_token.algorithm_unsupported",
        "the ID token is unsigned, or signed with an algorithm that is never accepted, such as none, or under a shared secret (HS256) though this client is not configured for that",
        "set the ID token signature algorithm of this client at the provider to RS256, PS256, ES256 or EdDSA, or configure the one that is registered there; if they agree already, treat the token as forged";
    ALGORITHM_MISMATCH = "id_token.algorithm_mismatch",
        "the ID token is signed with another algorithm than the one configured for this client",
        "configure the algorithm that the provider uses for this client (id_token_signed_response_alg); it is RS256 unless somebody changed it there";
    CRITICAL_HEADER = "id_token.critical_header",
        "the ID token's header demands an extension (crit or b64), and none is supported",
        "turn the extension off for this client at the provider";
    UNKNOWN_KEY = "id_token.unknown_key",
        "none of the provider's published keys fits the key id and algorithm in the ID token's header",
        "if the provider has just rotated its keys, try again in a minute; otherwise compare the keys at its jwks_uri with the key id, and check that the issuer belongs to the same tenant";
    BAD_SIGNATURE = "id_token.bad_signature",
        "the ID token was altered, or signed by somebody else than the provider",
        "check that jwks_uri and token endpoint belong to the same provider and tenant; if they do, treat the token as forged";
    SECRET_TOO_SHORT = "id_token.secret_too_short",
        "the client secret is shorter than the hash of the algorithm that ID tokens are registered with",
        "have the provider issue a longer client secret (32 bytes for HS256, 48 for HS384, 64 for HS512), or register an algorithm with a public key, such as RS256 or ES256";
    KEYS_MALFORMED = "keys.malformed",
        "the provider's jwks_uri did not answer with a JSON Web Key Set",
        "fetch the jwks_uri by hand from this machine: it must be a JSON object with an array named keys; a page of a proxy or a log-in page in its place is the usual cause";
    KEYS_TOO_LARGE = "keys.too_large",
        "the provider's key set is longer than any that is read",
        "check that jwks_uri points at a key set, and ask the provider to retire old keys";
    KEYS_TOO_MANY = "keys.too_many",
        "the provider's key set has more keys than are read",
        "ask the provider to retire old keys";
    SIGNING_KEY_UNUSABLE = "signing_key.unusable",
        "the signing key is not the text of an unencrypted private key, in PEM or as a JWK",
        "write the private key as PEM (BEGIN PRIVATE KEY, BEGIN EC PRIVATE KEY or BEGIN RSA PRIVATE KEY) or as a private JWK for signing; take a passphrase off with openssl pkey";
    SIGNING_KEY_WEAK = "signing_key.weak",
        "the signing key is too weak: RSA under 2048 bits, or a secret shorter than the hash of its algorithm",
        "generate a stronger key (RSA of 2048 bits or more, P-256 or Ed25519), or have the provider issue a longer client secret (32 bytes for HS256)";
    SIGNING_KEY_REJECTED = "signing_key.rejected",
        "the signing key is not a private key of the kind that its algorithm needs",
        "generate a key for the algorithm (RSA of 2048 to 8192 bits, the curve that goes with the name, or Ed25519), or configure the algorithm that the key is for";
    SIGNING_KEY_FAILED = "signing_key.failed",
        "the cryptographic library refused to sign",
        "check the machine's memory and source of randomness, then replace the key";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_the_code_that_names_its_rule() {
        let key_id = Some(Quoted::new("k1"));
        let (length, limit, algorithm) = (2, 1, Algorithm::Rs256);
        let (found, expected) = (Algorithm::Es256, algorithm);
        for (error, name) in [
            (JwsError::TooLarge { length, limit }, "id_token.too_large"),
            (
                JwsError::HeaderTooLarge { length, limit },
                "id_token.too_large",
            ),
            (JwsError::Encrypted, "id_token.encrypted"),
            (JwsError::Parts, "id_token.malformed"),
            (JwsError::Empty { part: Part::Header }, "id_token.malformed"),
            (
                JwsError::Base64 {
                    part: Part::Payload,
                },
                "id_token.malformed",
            ),
            (
                JwsError::Header(JsonError::NotAnObject),
                "id_token.malformed",
            ),
            (JwsError::KeyId { limit }, "id_token.malformed"),
            (JwsError::TokenType, "id_token.malformed"),
            (
                JwsError::UnsupportedAlgorithm { name: None },
                "id_token.algorithm_unsupported",
            ),
            (JwsError::CriticalHeader, "id_token.critical_header"),
            (JwsError::UnencodedPayload, "id_token.critical_header"),
            (
                JwsError::AlgorithmMismatch { found, expected },
                "id_token.algorithm_mismatch",
            ),
            (
                JwsError::UnknownKey { key_id, algorithm },
                "id_token.unknown_key",
            ),
            (JwsError::BadSignature, "id_token.bad_signature"),
            (
                JwsError::SecretTooShort {
                    length,
                    least: limit,
                },
                "id_token.secret_too_short",
            ),
        ] {
            assert_eq!(error.code().name, name);
        }
        for (error, name) in [
            (KeySetError::TooLarge { length, limit }, "keys.too_large"),
            (KeySetError::Json(JsonError::NotAnObject), "keys.malformed"),
            (KeySetError::NoKeys, "keys.malformed"),
            (
                KeySetError::TooManyKeys { count: 2, limit },
                "keys.too_many",
            ),
        ] {
            assert_eq!(error.code().name, name);
        }
        for (error, name) in [
            (
                SigningKeyError::Rejected { algorithm },
                "signing_key.rejected",
            ),
            (SigningKeyError::Failed { algorithm }, "signing_key.failed"),
            (KeyFlaw::NotPem.into(), "signing_key.unusable"),
            (KeyFlaw::RsaTooShort.into(), "signing_key.weak"),
            (
                SigningKeyError::SecretTooShort {
                    algorithm,
                    length,
                    least: limit,
                },
                "signing_key.weak",
            ),
        ] {
            assert_eq!(error.code().name, name);
        }
    }

    #[test]
    fn a_strangers_text_cannot_break_a_line_of_the_log() {
        let hostile = "\u{1b}[2J\r\n".to_owned() + &"x".repeat(2000);
        let name = Some(Quoted::new(&hostile));
        for error in [
            JwsError::UnsupportedAlgorithm { name: name.clone() },
            JwsError::UnknownKey {
                key_id: name,
                algorithm: Algorithm::Rs256,
            },
        ] {
            let shown = format!("{error} {error:?}");
            assert!(shown.len() < 1000, "{shown}");
            assert!(
                shown.chars().all(|c| c.is_ascii_graphic() || c == ' '),
                "{shown}"
            );
        }
    }
}
