//! A finished login.

use crate::claim_source::ClaimSource;
use crate::dpop::DpopKey;
use crate::error::Quoted;
use crate::id_token::IdToken;
use crate::identity::Identity;
use crate::return_to::ReturnTo;
use crate::token::TokenResponse;
use crate::transaction::TransactionId;

/// A finished login: who it is, the tokens, and where the user wanted to go.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Login {
    /// Who logged in.
    pub identity: Identity,
    /// What to call the provider's API with.
    pub tokens: TokenResponse,
    /// The proven ID token; absent with OAuth 2.0 alone.
    pub id_token: Option<IdToken>,
    /// Where the user goes now.
    pub return_to: ReturnTo,
    /// Which transaction this login finished.
    pub transaction: TransactionId,
    /// The key that the tokens are bound to, where the client uses DPoP (RFC 9449).
    pub dpop_key: Option<DpopKey>,
    /// What the provider's frame tells changes of its session by, where it said so (OpenID Connect Session
    /// Management 1.0 section 2).
    pub session_state: Option<String>,
    /// Claims of others that the provider passes on or points to, unverified (OpenID Connect Core 1.0
    /// section 5.6.2).
    pub claim_sources: Vec<ClaimSource>,
    /// An `iss` that the callback carried and nobody declared: worth a line in the operator's log.
    pub undeclared_issuer: Option<Quoted>,
}
