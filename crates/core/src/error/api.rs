//! The app's own calls: what is refused before a token leaves.

use super::{Code, Quoted};

crate::codes! {
    ADDRESS = "api.address",
        "a call with an access token goes to an address where it could be read on the way",
        "call the API by https; http is for loopback only";
    HEADER = "api.header_taken",
        "a call that the token is added to carries an authorization of its own",
        "leave `authorization` and `dpop` to the call, or make the request with an HTTP client of your own";
    NOT_FOR_CALLS = "api.token_not_for_calls",
        "a token that was exchanged is of a type that opens no API (`token_type` N_A)",
        "ask for an access token in the exchange, or use the token for what it was issued as";
}

/// Why a call of the app's own is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// Where it goes.
    #[error("address {url} is refused: {reason}")]
    Address {
        /// The address without its query.
        url: Quoted,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// What it brings along.
    #[error("the request has a header {header} already")]
    HeaderTaken {
        /// The header.
        header: Quoted,
    },
    /// What it would be made with (RFC 8693 section 2.2.1).
    #[error("a token of type {issued_token_type} opens no API")]
    TokenNotForCalls {
        /// What the token is.
        issued_token_type: Quoted,
    },
}

impl ApiError {
    /// Returns the stable name with the likely cause and the remedy.
    pub fn code(&self) -> &'static Code {
        match self {
            Self::Address { .. } => &ADDRESS,
            Self::HeaderTaken { .. } => &HEADER,
            Self::TokenNotForCalls { .. } => &NOT_FOR_CALLS,
        }
    }
}
