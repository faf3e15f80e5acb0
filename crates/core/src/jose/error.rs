//! What can be wrong with JSON, a signed token, a key set or a signing key.

use crate::error::Code;

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
    #[error("duplicate member \"{name}\"")]
    DuplicateMember {
        /// The name, escaped and shortened.
        name: String,
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
#[error("unknown signature algorithm \"{name}\"")]
pub struct UnknownAlgorithm {
    name: String,
}

impl UnknownAlgorithm {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: excerpt(name),
        }
    }

    /// Returns the name, escaped and shortened.
    pub fn name(&self) -> &str {
        &self.name
    }
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
    #[error("unsupported algorithm {}", quoted(name.as_deref()))]
    UnsupportedAlgorithm {
        /// The name, escaped and shortened; `None` when `alg` is absent or not a string.
        name: Option<String>,
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
    #[error("no key for key id {} and algorithm {algorithm}", quoted(key_id.as_deref()))]
    UnknownKey {
        /// The header's `kid`, escaped and shortened.
        key_id: Option<String>,
        /// The header's algorithm.
        algorithm: Algorithm,
    },
    /// No key that fits the header verifies the signature.
    #[error("signature does not verify")]
    BadSignature,
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

/// A signing key that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SigningKeyError {
    /// The bytes are not a PKCS#8 key for the algorithm.
    #[error("not a private key for {algorithm}")]
    Rejected {
        /// The algorithm that was asked for.
        algorithm: Algorithm,
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
            Self::Rejected { .. } => &SIGNING_KEY_REJECTED,
            Self::Failed { .. } => &SIGNING_KEY_FAILED,
        }
    }
}

/// Escapes and shortens a string that an attacker may have chosen, so that a log line survives it.
pub(super) fn excerpt(text: &str) -> String {
    const LIMIT: usize = 40;
    let mut short: String = text
        .chars()
        .take(LIMIT)
        .flat_map(char::escape_default)
        .collect();
    if text.chars().nth(LIMIT).is_some() {
        short.push_str("...");
    }
    short
}

fn quoted(name: Option<&str>) -> String {
    name.map_or_else(|| "(none)".to_owned(), |name| format!("\"{name}\""))
}

crate::codes! {
    TOO_LARGE = "id_token.too_large",
        "The ID token, or its header, is longer than any that this application reads.",
        "Ask the provider for fewer scopes or claims in the ID token, and read the rest from userinfo.";
    MALFORMED = "id_token.malformed",
        "The provider sent something as ID token that is not a JSON Web Signature in compact form.",
        "Check that the issuer is really an OpenID Provider and that no proxy rewrites its answers; if it persists, report it to the provider.";
    ENCRYPTED = "id_token.encrypted",
        "The provider encrypts its ID tokens, which this application does not decrypt.",
        "Turn off ID token encryption for this client at the provider (id_token_encrypted_response_alg).";
    ALGORITHM_UNSUPPORTED = "id_token.algorithm_unsupported",
        "The ID token is unsigned, or signed with an algorithm that is not accepted, such as none or HS256.",
        "Set the ID token signature algorithm of this client at the provider to RS256, PS256, ES256 or EdDSA. If the provider is set so already, somebody may be forging tokens.";
    ALGORITHM_MISMATCH = "id_token.algorithm_mismatch",
        "The ID token is signed with another algorithm than the one configured for this client.",
        "Configure the algorithm that the provider uses for this client (id_token_signed_response_alg), RS256 unless it was changed there.";
    CRITICAL_HEADER = "id_token.critical_header",
        "The ID token's header demands an extension (crit or b64) that this application does not implement.",
        "Turn the extension off for this client at the provider.";
    UNKNOWN_KEY = "id_token.unknown_key",
        "None of the provider's published keys fits the key id and algorithm in the ID token's header.",
        "If the provider has just rotated its keys, try again in a minute. Otherwise compare the keys at its jwks_uri with the token's kid, and check that the issuer belongs to the same tenant.";
    BAD_SIGNATURE = "id_token.bad_signature",
        "The ID token's signature does not verify with the provider's published keys: it was altered, or signed by somebody else.",
        "Check that jwks_uri and token endpoint belong to the same provider and tenant. If they do, treat the token as forged.";
    KEYS_MALFORMED = "keys.malformed",
        "The provider's jwks_uri did not answer with a JSON Web Key Set.",
        "Open the jwks_uri by hand: it must show a JSON object with a keys array. A proxy's or a log-in page in its place is the usual cause.";
    KEYS_TOO_LARGE = "keys.too_large",
        "The provider's key set is longer than any that this application reads.",
        "Check that jwks_uri points at a key set, and ask the provider to retire old keys.";
    KEYS_TOO_MANY = "keys.too_many",
        "The provider's key set has more keys than this application reads.",
        "Ask the provider to retire old keys.";
    SIGNING_KEY_REJECTED = "signing_key.rejected",
        "The signing key is not a PKCS#8 private key of the kind and size that its algorithm needs.",
        "Generate a key for the algorithm (RSA of 2048 to 8192 bits, the curve of the algorithm's name, or Ed25519) and encode it as PKCS#8 DER.";
    SIGNING_KEY_FAILED = "signing_key.failed",
        "The cryptographic library refused to sign.",
        "Check the machine's memory and source of randomness, then replace the key.";
}
