//! `POST {base}/backchannel-logout/{provider}`: the provider's server says whose sessions are over
//! (OpenID Connect Back-Channel Logout 1.0).
//!
//! No browser is involved: no cookie is read and no origin compared, the signature of the logout token is all
//! that counts. The answer is 200 or 400, as section 2.8 has it, with the same body whatever was found or
//! wrong; what it was stands in the log. 400 is also the answer where the log-out failed on our side, because
//! the keys cannot be fetched or the store does not work: the specification asks for that, so that a provider
//! which tries again does so.

use codegrant_core::LogoutToken;
use codegrant_core::error::{Error as CoreError, LogoutTokenError};
use codegrant_core::jose::KeySet;
use serde_json::json;

use crate::auth::Auth;
use crate::clients::Registered;
use crate::error::Error;
use crate::events::LogOutReason;
use crate::hooks::LoggedOut;
use crate::request::Request;
use crate::response::Response;
use crate::session::{Named, Said};

/// Ends what a logout token names.
pub(in crate::endpoints) async fn receive(
    auth: &Auth,
    registered: &Registered,
    request: &Request<'_>,
) -> Response {
    let Some(form) = request.form() else {
        return super::super::too_large(auth);
    };
    let id = auth.new_correlation_id();
    match end(auth, registered, form, &id).await {
        Ok(()) => Response::empty(200),
        Err(error) => {
            auth.0.events.failed(&id, Some(registered.id()), &error);
            Response::json(400, &json!({ "error": "invalid_request" }))
        }
    }
}

async fn end(auth: &Auth, registered: &Registered, form: &str, id: &str) -> Result<(), Error> {
    let raw = LogoutToken::in_form(form).map_err(refused)?;
    // Before anything is fetched: whoever sends something else costs nobody a request.
    let signed = LogoutToken::signed(&raw, &registered.client()).map_err(refused)?;
    let metadata = auth.metadata(id, registered).await?;
    let client = registered.client();
    let lacking = |keys: &KeySet| {
        LogoutToken::lacks_key(&signed, &client, &metadata, keys)
            && registered.may_fetch_for_a_stranger(auth.now())
    };
    let keys = auth.keys(id, registered, &metadata, lacking).await?;
    let token =
        LogoutToken::prove(&signed, &client, &metadata, &keys, auth.now()).map_err(refused)?;
    let sessions = &auth.0.sessions;
    let first = sessions.consume(token.id(), token.good_until(), auth.now());
    let first = first.await?;
    let named = Named {
        issuer: token.issuer(),
        session_id: token.session_id(),
        subject: token.subject(),
        at: token.issued_at(),
    };
    // A copy ends nothing that is newer than itself, so that it may finish what failed when the token came.
    let said = if first { Said::Proven } else { Said::Again };
    let ended = sessions.end_named(&named, said, auth.now()).await;
    if !first {
        ended?;
        return Err(refused(LogoutTokenError::Replayed));
    }
    let told = LoggedOut {
        provider: Some(registered.id().to_owned()),
        issuer: Some(token.issuer().to_owned()),
        subject: token.subject().map(str::to_owned),
        session_id: token.session_id().map(str::to_owned),
        ..LoggedOut::new(LogOutReason::BackChannel, token.issued_at())
    };
    // An app with sessions of its own ends them also where ours cannot be had: no copy of the token tells it again.
    match ended {
        Ok(()) => auth.has_logged_out(id, told).await,
        Err(_) => auth.tell_hook(id, told).await,
    }
    ended
}

fn refused(error: LogoutTokenError) -> Error {
    CoreError::from(error).into()
}
