//! The authorization endpoint: the request that leaves, and the response that comes back
//! (RFC 6749 section 4.1.1 and 4.1.2).

mod login_options;
mod object;
mod options;
mod parameters;
mod pushed;
mod request;
mod response;
mod signed_response;

pub use login_options::LoginOptions;
pub use options::AuthorizationOptions;
pub use request::AuthorizationRequest;
pub use response::AuthorizationResponse;

pub(crate) use response::Outcome;

/// Parameters whose effect has to be checked in the ID token, so that a provider's entry cannot just send
/// them along.
pub(crate) const CHECKED_PARAMETERS: &[&str] = &["acr_values", "max_age"];

/// Parameters that this library alone sets in an authorization request.
pub(crate) const PROTOCOL_PARAMETERS: &[&str] = &[
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "dpop_jkt",
    "nonce",
    "redirect_uri",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
];
