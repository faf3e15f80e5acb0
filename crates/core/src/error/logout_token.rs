//! The logout token's side: which rule of OpenID Connect Back-Channel Logout 1.0 section 2.6 it breaks.

use super::{Code, Quoted};
use crate::jose::{JsonError, JweError, JwsError};
use crate::time::Timestamp;

crate::codes! {
    MISSING = "logout_token.missing",
        "a back-channel log-out came without exactly one logout_token in a form: not from a provider, or sent as JSON",
        "nothing, unless the provider's own log says that it sent it: then report it to the provider";
    CLAIMS_JSON = "logout_token.claims_json",
        "the claims are no JSON object, or repeat a member",
        "report it to the provider; nobody was logged out";
    CLAIM_MISSING = "logout_token.claim_missing",
        "a claim that has to be there is absent",
        "report it to the provider; nobody was logged out";
    CLAIM_TYPE = "logout_token.claim_type",
        "a claim has another type than the specification gives it",
        "report it to the provider; nobody was logged out";
    TOKEN_TYPE = "logout_token.token_type",
        "the token's `typ` says that it is something else than a logout token",
        "treat it as an attack, or report it to the provider; nobody was logged out";
    ISSUER = "logout_token.issuer_mismatch",
        "the token was issued by somebody else than the configured issuer",
        "compare the issuer with what is configured, and the log-out address with what is registered there";
    AUDIENCE = "logout_token.audience_mismatch",
        "the token was issued for another client",
        "compare the client id with the provider's registration of this log-out address";
    UNTRUSTED = "logout_token.untrusted_audience",
        "the token is meant for somebody else as well, whom nobody declared trustworthy",
        "if that audience is yours, add it to `trusted_audiences`";
    EXPIRED = "logout_token.expired",
        "the token has expired: kept back on the way, sent again, or a clock is wrong",
        "compare the two times in the error and set the clock; nobody was logged out";
    FUTURE = "logout_token.from_the_future",
        "the token is not valid yet: usually this machine's clock or the provider's is wrong",
        "compare the two times in the error and set the clock; nobody was logged out";
    STALE = "logout_token.stale",
        "the token was issued too long ago: kept back on the way, sent again, or a clock is wrong",
        "compare the two times in the error and set the clock; nobody was logged out";
    EVENT = "logout_token.no_logout_event",
        "the token does not say that it is about a log-out: an ID token or another kind of token was sent",
        "treat it as an attack, or report it to the provider; nobody was logged out";
    NONCE = "logout_token.nonce_present",
        "the token holds a nonce, as an ID token does and a logout token must not",
        "treat it as an attack, or report it to the provider; nobody was logged out";
    NOBODY = "logout_token.nobody_named",
        "the token holds neither `sub` nor `sid`, so that it is about nobody",
        "report it to the provider; nobody was logged out";
    REPLAYED = "logout_token.replayed",
        "the same token came before: a provider that sends it again, or somebody who kept a copy",
        "nothing; what it asked for was done when it first came, unless an error stands in the log for that";
}

/// Why a logout token is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogoutTokenError {
    /// The form does not hold exactly one.
    #[error("the form does not hold exactly one logout_token")]
    Missing,
    /// The signature or the container.
    #[error("{0}")]
    Jws(#[from] JwsError),
    /// The encryption.
    #[error("{0}")]
    Jwe(#[from] JweError),
    /// The claims are not strict JSON.
    #[error("claims are refused: {0}")]
    ClaimsJson(#[from] JsonError),
    /// A claim is absent.
    #[error("no {claim}")]
    ClaimMissing {
        /// The claim.
        claim: &'static str,
    },
    /// A claim has the wrong type.
    #[error("{claim} is not {expected}")]
    ClaimType {
        /// The claim.
        claim: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// The header's `typ` (section 2.4, RFC 8725 section 3.11).
    #[error("typ is {received}, expected none, \"JWT\" or \"logout+jwt\"")]
    TokenType {
        /// What it says.
        received: Quoted,
    },
    /// From somebody else.
    #[error("iss is {received}, expected \"{expected}\"")]
    Issuer {
        /// The configured issuer.
        expected: String,
        /// The token's.
        received: Quoted,
    },
    /// Not for us.
    #[error("aud is {received}, expected \"{expected}\"")]
    Audience {
        /// Our client id.
        expected: String,
        /// The token's.
        received: Quoted,
    },
    /// For somebody else as well.
    #[error("aud holds {received}, which is not trusted")]
    UntrustedAudience {
        /// The stranger.
        received: Quoted,
    },
    /// `exp` is past.
    #[error("expired at {expires}, now {now}: {} seconds ago, allowed skew {skew}", now.seconds_since(*expires))]
    Expired {
        /// `exp`.
        expires: Timestamp,
        /// This machine's clock.
        now: Timestamp,
        /// The allowance, in seconds.
        skew: i64,
    },
    /// `iat` lies ahead.
    #[error("{claim} is {at}, now {now}: {} seconds ahead", at.seconds_since(*now))]
    FromTheFuture {
        /// The claim.
        claim: &'static str,
        /// Its value.
        at: Timestamp,
        /// This machine's clock.
        now: Timestamp,
    },
    /// `iat` is too long ago.
    #[error("issued at {issued}, now {now}: {} seconds ago, limit {limit}", now.seconds_since(*issued))]
    Stale {
        /// `iat`.
        issued: Timestamp,
        /// This machine's clock.
        now: Timestamp,
        /// How old it may be, in seconds.
        limit: i64,
    },
    /// `events` does not hold the one event that a logout token is about.
    #[error("events holds no back-channel log-out")]
    NoLogoutEvent,
    /// There is a `nonce`.
    #[error("holds a nonce, as an id token does")]
    NoncePresent,
    /// Neither `sub` nor `sid`.
    #[error("neither sub nor sid")]
    NobodyNamed,
    /// Its `jti` was used.
    #[error("the same jti came before")]
    Replayed,
}

impl LogoutTokenError {
    /// Returns the stable name with the likely cause and the remedy.
    pub fn code(&self) -> &'static Code {
        match self {
            Self::Missing => &MISSING,
            Self::Jws(error) => error.code(),
            Self::Jwe(error) => error.code(),
            Self::ClaimsJson(_) => &CLAIMS_JSON,
            Self::ClaimMissing { .. } => &CLAIM_MISSING,
            Self::ClaimType { .. } => &CLAIM_TYPE,
            Self::TokenType { .. } => &TOKEN_TYPE,
            Self::Issuer { .. } => &ISSUER,
            Self::Audience { .. } => &AUDIENCE,
            Self::UntrustedAudience { .. } => &UNTRUSTED,
            Self::Expired { .. } => &EXPIRED,
            Self::FromTheFuture { .. } => &FUTURE,
            Self::Stale { .. } => &STALE,
            Self::NoLogoutEvent => &EVENT,
            Self::NoncePresent => &NONCE,
            Self::NobodyNamed => &NOBODY,
            Self::Replayed => &REPLAYED,
        }
    }
}
