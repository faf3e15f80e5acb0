//! What providers fetch from us: `GET {base}/jwks/{provider}`, the public keys of our registration there,
//! `GET {base}/client/{provider}`, what our client is, where its id is that address, and
//! `GET {base}/request/{id}`, the request object of a login that has just begun.
//!
//! They are nobody's secret, and none is there unless it is configured.

use crate::auth::Auth;
use crate::clients::Registered;
use crate::response::Response;
use crate::self_registration;

/// Gives the public keys (RFC 7517 section 5); nothing where the registration has none.
pub(super) fn keys(registered: &Registered) -> Option<Response> {
    let keys = registered.client().public_keys();
    let any = keys["keys"].as_array().is_some_and(|keys| !keys.is_empty());
    any.then(|| Response::document("application/jwk-set+json", keys.to_string()))
}

/// Gives what the client is, at the address that is its id; nothing where its id is another.
pub(super) fn client(auth: &Auth, registered: &Registered) -> Option<Response> {
    if !registered.switches.client_id_document {
        return None;
    }
    let client = registered.client();
    let wanted = self_registration::wanted(
        &client,
        &registered.switches,
        auth.public_origin(),
        &auth.0.base,
        auth.0.app_name.as_deref(),
    );
    let document = wanted.into_document(&client);
    Some(Response::document("application/json", document.to_string()))
}

/// Gives a request object (RFC 9101 section 5.2); nothing where there is none of this id, or no longer.
pub(super) fn request_object(auth: &Auth, id: &str) -> Option<Response> {
    let object = auth.0.hosted.find(id, auth.now())?;
    Some(Response::document(
        "application/oauth-authz-req+jwt",
        object,
    ))
}
