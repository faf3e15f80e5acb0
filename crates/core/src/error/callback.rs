//! The browser's side: what came back to the callback.

use super::quoted::described;
use super::{Code, Quoted};
use crate::jose::JwsError;
use crate::time::Timestamp;

crate::codes! {
    MALFORMED = "callback.malformed",
        "a parameter of the callback is not form-encoded UTF-8, or there are too many of them",
        "nothing, unless it happens at every login: then compare the provider's redirect with its documentation";
    TOO_LONG = "callback.too_long",
        "a parameter of the callback is longer than any provider's",
        "nothing, unless it happens at every login: then report the provider and the length";
    DUPLICATE = "callback.duplicate_parameter",
        "a parameter stands twice: a forged link, or a proxy that appends the query again",
        "look at what stands between the browser and the app";
    STATE_MISSING = "callback.state_missing",
        "the callback has no state: it was opened by hand or forged, or the provider drops state",
        "start at the login page; a provider that drops state cannot be used";
    STATE_MISMATCH = "callback.state_mismatch",
        "the state is not the one this browser's login was started with: a forged or altered link",
        "start at the login page; if it happens to everybody, look for a proxy that caches redirects";
    EXPIRED = "callback.expired",
        "the user took longer than ten minutes at the provider, or the app's clock jumped",
        "the user starts again; check the clock when it happens to everybody";
    PROVIDER_MISMATCH = "callback.provider_mismatch",
        "a login started with one provider came back at the callback of another (mix-up, RFC 9700 section 4.4), or the issuer was reconfigured meanwhile",
        "start again; make sure that each provider has its own callback registered";
    ISSUER_MISSING = "callback.issuer_missing",
        "the provider's metadata promises `iss` in every response (RFC 9207) and this one has none: forged, or the metadata is wrong",
        "start again; if it happens at every login, ask the provider";
    ISSUER_MISMATCH = "callback.issuer_mismatch",
        "the response names another issuer than the one the login was started with (mix-up, RFC 9207 section 2.4)",
        "compare both sides; if the provider changed its issuer, change the configuration";
    CODE_AND_ERROR = "callback.code_and_error",
        "the response holds a code and an error at once, which no provider sends",
        "treat it as an attack";
    CODE_MISSING = "callback.code_missing",
        "the response holds neither a code nor an error: opened by hand, or the provider answered with tokens in the front channel",
        "register the client for the authorization code flow";
    CODE_MALFORMED = "callback.code_malformed",
        "the code is empty or holds characters that no code has",
        "start again";
    RESPONSE_MODE = "callback.unexpected_response_mode",
        "the response is a JWT (JARM) and none was asked for",
        "switch JARM off for this client at the provider";
    RESPONSE_UNSIGNED = "callback.response_unsigned",
        "the response is plain and a signed one (JARM) was asked for: forged, or the provider does not know the response mode",
        "look whether the provider's metadata lists the response mode; else choose another response_mode";
    RESPONSE_MIXED = "callback.response_mixed",
        "plain parameters stand beside a signed response, which no provider sends",
        "treat it as an attack";
    RESPONSE_SIGNATURE = "callback.response_signature",
        "the signed response is damaged, forged, encrypted, or signed with another algorithm than the registered one",
        "compare response_algorithm with what is registered at the provider";
    RESPONSE_CLAIM = "callback.response_claim",
        "the signed response comes from another issuer or is for another client",
        "treat it as an attack if it happens once; compare issuer and client_id if it happens always";
    RESPONSE_LIFETIME = "callback.response_lifetime",
        "the signed response has expired, does not say when it expires, or is good for longer than ten minutes",
        "the user starts again; check the clocks of app and provider when it happens to everybody";
    INTERACTION = "callback.interaction_required",
        "the provider was asked to show nothing (prompt=none) and could not do without",
        "nothing; start a login without prompt=none when the user wants one";
    DENIED = "callback.denied",
        "the user said no, or may not use this app",
        "nothing; the user was offered a way back";
    REFUSED = "callback.provider_error",
        "the provider refused the authorization request and says why in `error`",
        "look the error up in the provider's documentation; invalid_scope and unauthorized_client are settings of the client there";
}

/// Why a callback is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackError {
    /// A parameter is not form-encoded UTF-8.
    #[error("parameter {parameter} is not form-encoded utf-8")]
    Malformed {
        /// Its name; its value may be a secret.
        parameter: Quoted,
    },
    /// There are more parameters than any provider sends.
    #[error("more than {limit} parameters")]
    TooManyParameters {
        /// The most that are read.
        limit: usize,
    },
    /// A parameter, or all of them together, is too long.
    #[error("{name} has {bytes} bytes, limit {limit}")]
    TooLong {
        /// The parameter.
        name: &'static str,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
    /// A parameter stands twice (RFC 6749 section 3.1).
    #[error("parameter {name} stands twice")]
    DuplicateParameter {
        /// The parameter.
        name: &'static str,
    },
    /// There is no state.
    #[error("no state")]
    StateMissing,
    /// The state is another one; neither side is shown, because each is a secret of a browser.
    #[error("state differs from the transaction's")]
    StateMismatch,
    /// The transaction is too old.
    #[error("transaction is {age} seconds old, limit {limit}")]
    Expired {
        /// Its age, in seconds.
        age: i64,
        /// How old it may be, in seconds.
        limit: i64,
    },
    /// The transaction belongs to another provider.
    #[error("started with {started}, answered by {answered}")]
    ProviderMismatch {
        /// Whom it was started with.
        started: String,
        /// Whose callback was called.
        answered: String,
    },
    /// `iss` is absent although it was promised (RFC 9207 section 2.4).
    #[error("no iss, expected \"{expected}\"")]
    IssuerMissing {
        /// The issuer that was asked.
        expected: String,
    },
    /// `iss` is another issuer (RFC 9207 section 2.4).
    #[error("iss is {received}, expected \"{expected}\"")]
    IssuerMismatch {
        /// The issuer that was asked.
        expected: String,
        /// The issuer that is named.
        received: Quoted,
    },
    /// A code and an error at once.
    #[error("code and error {error} at once")]
    CodeAndError {
        /// The error.
        error: Quoted,
    },
    /// Neither a code nor an error.
    #[error("neither code nor error")]
    CodeMissing,
    /// The code cannot be one (RFC 6749 appendix A.11).
    #[error("code is empty or holds an invisible character")]
    CodeMalformed,
    /// A JWT response that was not asked for.
    #[error("response is a jwt and none was asked for")]
    UnexpectedResponseMode,
    /// A plain response where a signed one was asked for.
    #[error("response is plain, a signed one was asked for")]
    ResponseUnsigned,
    /// A plain parameter beside a signed response.
    #[error("parameter {name} stands beside a signed response")]
    ResponseMixed {
        /// The parameter.
        name: &'static str,
    },
    /// The signed response's token itself.
    #[error("signed response refused: {0}")]
    ResponseSignature(#[source] JwsError),
    /// Another issuer or client (JARM section 2.4).
    #[error("signed response's {claim} is {received}, expected \"{expected}\"")]
    ResponseClaim {
        /// The claim.
        claim: &'static str,
        /// What it has to be.
        expected: String,
        /// What it is.
        received: Quoted,
    },
    /// When it is good for (JARM section 2.4).
    #[error("signed response refused at {now}: {reason}")]
    ResponseLifetime {
        /// What is wrong.
        reason: &'static str,
        /// The time of the callback.
        now: Timestamp,
    },
    /// Nobody could be asked because of `prompt=none` (OpenID Connect Core 1.0 section 3.1.2.6).
    #[error("provider would have to ask: {error}{}", described(description))]
    InteractionRequired {
        /// The provider's error.
        error: Quoted,
        /// The provider's description.
        description: Option<Quoted>,
    },
    /// The user, or the provider on the user's behalf, said no (RFC 6749 section 4.1.2.1).
    #[error("user denied: {error}{}", described(description))]
    Denied {
        /// The provider's error.
        error: Quoted,
        /// The provider's description.
        description: Option<Quoted>,
    },
    /// The provider refused for another reason (RFC 6749 section 4.1.2.1).
    #[error("provider says {error}{}", described(description))]
    Refused {
        /// The provider's error.
        error: Quoted,
        /// The provider's description.
        description: Option<Quoted>,
    },
}

impl CallbackError {
    /// Returns the stable name with the likely cause and the remedy.
    pub fn code(&self) -> &'static Code {
        match self {
            Self::Malformed { .. } | Self::TooManyParameters { .. } => &MALFORMED,
            Self::TooLong { .. } => &TOO_LONG,
            Self::DuplicateParameter { .. } => &DUPLICATE,
            Self::StateMissing => &STATE_MISSING,
            Self::StateMismatch => &STATE_MISMATCH,
            Self::Expired { .. } => &EXPIRED,
            Self::ProviderMismatch { .. } => &PROVIDER_MISMATCH,
            Self::IssuerMissing { .. } => &ISSUER_MISSING,
            Self::IssuerMismatch { .. } => &ISSUER_MISMATCH,
            Self::CodeAndError { .. } => &CODE_AND_ERROR,
            Self::CodeMissing => &CODE_MISSING,
            Self::CodeMalformed => &CODE_MALFORMED,
            Self::UnexpectedResponseMode => &RESPONSE_MODE,
            Self::ResponseUnsigned => &RESPONSE_UNSIGNED,
            Self::ResponseMixed { .. } => &RESPONSE_MIXED,
            Self::ResponseSignature(_) => &RESPONSE_SIGNATURE,
            Self::ResponseClaim { .. } => &RESPONSE_CLAIM,
            Self::ResponseLifetime { .. } => &RESPONSE_LIFETIME,
            Self::InteractionRequired { .. } => &INTERACTION,
            Self::Denied { .. } => &DENIED,
            Self::Refused { .. } => &REFUSED,
        }
    }
}
