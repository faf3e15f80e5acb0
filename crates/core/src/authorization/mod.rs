//! The authorization endpoint: the request that leaves, and the response that comes back
//! (RFC 6749 section 4.1.1 and 4.1.2).

mod request;
mod response;

pub use request::{AuthorizationOptions, AuthorizationRequest};
pub use response::AuthorizationResponse;

pub(crate) use response::Outcome;

/// Parameters that this library alone sets in an authorization request.
pub(crate) const PROTOCOL_PARAMETERS: &[&str] = &[
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "nonce",
    "redirect_uri",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
];
