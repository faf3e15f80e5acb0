//! The ID token's side: which rule of OpenID Connect Core 1.0 section 3.1.3.7 it breaks.

use super::{Code, Quoted};
use crate::jose::{JsonError, JweError, JwsError};
use crate::time::Timestamp;

crate::codes! {
    MISSING = "id_token.missing",
        "the token answer holds no ID token although the scope openid was asked for",
        "allow the scope openid for this client at the provider, or configure it as an OAuth provider";
    CLAIMS_JSON = "id_token.claims_json",
        "the claims are no JSON object, or repeat a member",
        "report it to the provider; nobody was logged in";
    CLAIM_MISSING = "id_token.claim_missing",
        "a claim that has to be there is absent",
        "report it to the provider, or check how the client is registered there";
    CLAIM_TYPE = "id_token.claim_type",
        "a claim has another type than the specification gives it",
        "report it to the provider; nobody was logged in";
    TOKEN_TYPE = "id_token.token_type",
        "the token's `typ` says that it is something else than an ID token",
        "report it to the provider: it puts another kind of token into id_token";
    LOGOUT = "id_token.logout_token",
        "the token holds `events`: it is a logout token",
        "report it to the provider; nobody was logged in";
    ISSUER = "id_token.issuer_mismatch",
        "the token was issued by somebody else than the configured issuer",
        "configure the issuer exactly as the tokens write it";
    AUDIENCE = "id_token.audience_mismatch",
        "the token was issued for another client",
        "compare the client id with the provider's registration";
    UNTRUSTED = "id_token.untrusted_audience",
        "the token is meant for somebody else as well, whom nobody declared trustworthy",
        "if that audience is yours, add it to `trusted_audiences`";
    AUTHORIZED_PARTY = "id_token.authorized_party_mismatch",
        "the token was issued to another client (`azp`)",
        "compare the client id with the provider's registration";
    EXPIRED = "id_token.expired",
        "the token has expired: usually this machine's clock or the provider's is wrong",
        "compare the two times in the error and set the clock";
    FUTURE = "id_token.from_the_future",
        "the token is not valid yet: usually this machine's clock or the provider's is wrong",
        "compare the two times in the error and set the clock";
    STALE = "id_token.stale",
        "the token was issued before this login began: replayed, or a clock is wrong",
        "compare the two times in the error and set the clock";
    NONCE = "id_token.nonce_mismatch",
        "the token belongs to another login: replayed, or a stolen code was injected",
        "treat it as an attack when it happens to one user; as a broken provider when to all";
    AUTH_AGE = "id_token.authentication_too_old",
        "the user signed in at the provider longer ago than this login allows",
        "send the user to the provider with prompt=login";
    AUTH_CONTEXT = "id_token.authentication_context",
        "the user signed in by weaker means than this login asks for",
        "check which acr values the provider supports";
    SUBJECT = "id_token.subject_mismatch",
        "another account signed in than the one that had to",
        "the user signs in with the account that is asked for";
    OLDER = "id_token.older_than_before",
        "a refresh brought an ID token that was issued before the one that it follows: replayed, or a clock is wrong",
        "compare the two times in the error; the tokens of that answer were thrown away, and the session has ended";
    SIGN_IN = "id_token.sign_in_changed",
        "a refresh brought an ID token of another sign-in at the provider than the session began with (OpenID Connect Core 1.0 section 12.2)",
        "nothing, if the user signed in at the provider again meanwhile; the session has ended, and the user logs in again";
    AT_HASH = "id_token.access_token_hash",
        "the access token is not the one that the ID token was issued with",
        "treat it as an attack or a broken provider; nobody was logged in";
}

/// Why an ID token is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdTokenError {
    /// There is none.
    #[error("no id token in the token answer")]
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
    /// The header's `typ` (RFC 8725 section 3.11).
    #[error("typ is {received}, expected none or \"JWT\"")]
    TokenType {
        /// What it says.
        received: Quoted,
    },
    /// It is a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.4).
    #[error("holds events, as a logout token does")]
    LogoutToken,
    /// Item 2.
    #[error("iss is {received}, expected \"{expected}\"")]
    Issuer {
        /// The configured issuer.
        expected: String,
        /// The token's.
        received: Quoted,
    },
    /// Item 3: not for us.
    #[error("aud is {received}, expected \"{expected}\"")]
    Audience {
        /// Our client id.
        expected: String,
        /// The token's.
        received: Quoted,
    },
    /// Item 3: for somebody else as well.
    #[error("aud holds {received}, which is not trusted")]
    UntrustedAudience {
        /// The stranger.
        received: Quoted,
    },
    /// Item 5.
    #[error("azp is {received}, expected \"{expected}\"")]
    AuthorizedParty {
        /// Our client id.
        expected: String,
        /// The token's.
        received: Quoted,
    },
    /// Item 9.
    #[error("expired at {expires}, now {now}: {} seconds ago, allowed skew {skew}", now.seconds_since(*expires))]
    Expired {
        /// `exp`.
        expires: Timestamp,
        /// This machine's clock.
        now: Timestamp,
        /// The allowance, in seconds.
        skew: i64,
    },
    /// `iat` or `nbf` lies ahead.
    #[error("{claim} is {at}, now {now}: {} seconds ahead", at.seconds_since(*now))]
    FromTheFuture {
        /// The claim.
        claim: &'static str,
        /// Its value.
        at: Timestamp,
        /// This machine's clock.
        now: Timestamp,
    },
    /// Item 10: issued before the login began.
    #[error("issued at {issued}, login began at {start}: {} seconds earlier", start.seconds_since(*issued))]
    Stale {
        /// `iat`.
        issued: Timestamp,
        /// When the login began.
        start: Timestamp,
    },
    /// Item 11; neither side is shown, because a nonce is a secret of a browser.
    #[error("nonce differs from the transaction's")]
    Nonce,
    /// Item 13.
    #[error("signed in {age} seconds ago, limit {limit}")]
    AuthenticationTooOld {
        /// How long ago, in seconds.
        age: i64,
        /// `max_age`, in seconds.
        limit: u32,
    },
    /// Item 12.
    #[error("acr is {received}, expected {expected}")]
    AuthenticationContext {
        /// What was asked for.
        expected: String,
        /// The token's.
        received: Quoted,
    },
    /// Another account than the one that had to sign in.
    #[error("sub is {received}, expected \"{expected}\"")]
    Subject {
        /// Who had to sign in.
        expected: String,
        /// Who did.
        received: Quoted,
    },
    /// After a refresh: issued before the ID token that it follows (OpenID Connect Core 1.0 section 12.2).
    #[error("issued at {issued}, the one before at {before}: {} seconds earlier", before.seconds_since(*issued))]
    OlderThanBefore {
        /// `iat`.
        issued: Timestamp,
        /// `iat` of the one before.
        before: Timestamp,
    },
    /// After a refresh: another sign-in (OpenID Connect Core 1.0 section 12.2).
    #[error("auth_time is {received}, expected {expected}")]
    SignInChanged {
        /// When the user signed in, by the first ID token.
        expected: Timestamp,
        /// By this one.
        received: Timestamp,
    },
    /// OpenID Connect Core 1.0 section 3.1.3.8.
    #[error("at_hash differs from the access token's")]
    AccessTokenHash,
}

impl IdTokenError {
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
            Self::LogoutToken => &LOGOUT,
            Self::Issuer { .. } => &ISSUER,
            Self::Audience { .. } => &AUDIENCE,
            Self::UntrustedAudience { .. } => &UNTRUSTED,
            Self::AuthorizedParty { .. } => &AUTHORIZED_PARTY,
            Self::Expired { .. } => &EXPIRED,
            Self::FromTheFuture { .. } => &FUTURE,
            Self::Stale { .. } => &STALE,
            Self::Nonce => &NONCE,
            Self::AuthenticationTooOld { .. } => &AUTH_AGE,
            Self::AuthenticationContext { .. } => &AUTH_CONTEXT,
            Self::Subject { .. } => &SUBJECT,
            Self::OlderThanBefore { .. } => &OLDER,
            Self::SignInChanged { .. } => &SIGN_IN,
            Self::AccessTokenHash => &AT_HASH,
        }
    }
}
