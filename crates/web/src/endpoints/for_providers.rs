//! What providers fetch from us: `GET {base}/jwks/{provider}`, the public keys of our registration there, and
//! `GET {base}/request/{id}`, the request object of a login that has just begun.
//!
//! Both are nobody's secret, and neither is there unless it is configured.

use crate::auth::Auth;
use crate::clients::Registered;
use crate::response::Response;

/// Gives the public keys (RFC 7517 section 5); nothing where the registration has none.
pub(super) fn keys(registered: &Registered) -> Option<Response> {
    let keys = registered.client().public_keys();
    let any = keys["keys"].as_array().is_some_and(|keys| !keys.is_empty());
    any.then(|| Response::document("application/jwk-set+json", keys.to_string()))
}

/// Gives a request object (RFC 9101 section 5.2); nothing where there is none of this id, or no longer.
pub(super) fn request_object(auth: &Auth, id: &str) -> Option<Response> {
    let object = auth.0.hosted.find(id, auth.now())?;
    Some(Response::document(
        "application/oauth-authz-req+jwt",
        object,
    ))
}
