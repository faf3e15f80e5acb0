//! `POST {base}/refresh`: new tokens for the present session, once whoever asks.

use codegrant_core::jose::KeySet;
use codegrant_core::{ReturnTo, TransactionId};

use crate::auth::Auth;
use crate::cookie::Jar;
use crate::error::{Error, RequestError, SessionError};
use crate::parameter;
use crate::request::Request;
use crate::response::Response;
use crate::seal;
use crate::session::SessionData;

/// Fetches new tokens and goes to `return_to`.
pub(super) async fn perform(auth: &Auth, request: &Request<'_>) -> Response {
    let Some(form) = request.form() else {
        return super::too_large(auth);
    };
    let correlation_id = auth.new_correlation_id();
    let asked = parameter::single(form, "return_to").unwrap_or_default();
    let return_to = ReturnTo::parse(&asked, auth.base());
    match renew(auth, request, &correlation_id).await {
        Ok(cookies) => Response::see_other(return_to.as_str()).with_cookies(cookies),
        Err(error) => {
            auth.0.events.failed(&correlation_id, None, &error);
            // Nobody can be logged in any longer on these tokens: the way on is a login.
            if matches!(error, Error::Session(_)) || error.ends_grant() {
                return auth.challenge_towards(request, &return_to);
            }
            // The session stays as it is: a provider that is down is no log-out.
            auth.problem(
                error.problem(),
                &correlation_id,
                Some(return_to.as_str()),
                None,
            )
        }
    }
}

async fn renew(
    auth: &Auth,
    request: &Request<'_>,
    correlation_id: &str,
) -> Result<Vec<String>, Error> {
    if !request
        .fetch_metadata()
        .is_same_origin(auth.public_origin().as_str())
    {
        return Err(RequestError::WrongOrigin.into());
    }
    let jar = Jar::read(request.cookies());
    let seen = auth.found(&jar).await?.ok_or(SessionError::Gone)?;
    let mut last = slot(auth, seen.session.data().transaction).lock().await;
    // Another request may have fetched them while this one waited: its result is read, not repeated. A
    // store has it; a cookie came with the request and is as old as before, so the last result is kept.
    let found = auth.found(&jar).await?.ok_or(SessionError::Gone)?;
    let data = found.session.data();
    if data.access_token.secret() != seen.session.data().access_token.secret() {
        return Ok(Vec::new());
    }
    let refresh_token = data
        .refresh_token
        .as_ref()
        .ok_or(SessionError::NoRefreshToken)?;
    let used = seal::hash(refresh_token.secret().as_bytes());
    if let Some(last) = last.as_ref().filter(|last| last.used == used) {
        return auth
            .0
            .sessions
            .renew(&found, last.renewed.clone(), &jar, auth.now())
            .await;
    }
    let registered = auth
        .registered(&data.identity.provider)
        .ok_or(SessionError::Gone)?;
    let metadata = auth.metadata(correlation_id, registered).await?;
    let step = registered
        .client
        .refresh(&metadata, refresh_token, auth.now())?;
    let refreshed = auth.drive(correlation_id, &registered.client, step).await?;
    let lacking = |keys: &KeySet| refreshed.lacks_key(keys);
    let keys = auth
        .keys(correlation_id, registered, &metadata, lacking)
        .await?;
    let renewed = data
        .clone()
        .renewed(refreshed.accept(&data.identity, &keys)?);
    *last = Some(Renewal {
        used,
        renewed: renewed.clone(),
    });
    let cookies = auth
        .0
        .sessions
        .renew(&found, renewed, &jar, auth.now())
        .await?;
    auth.0
        .events
        .tokens_refreshed(correlation_id, registered.id());
    Ok(cookies)
}

/// The last refresh of a slot: which refresh token it used up, and what came of it.
pub(crate) struct Renewal {
    used: String,
    renewed: SessionData,
}

/// Lets one refresh of a session run at a time in this process.
fn slot(auth: &Auth, session: TransactionId) -> &tokio::sync::Mutex<Option<Renewal>> {
    let hex = session.to_hex();
    let at = usize::from_str_radix(&hex[..4], 16).unwrap_or_default() % auth.0.refreshing.len();
    &auth.0.refreshing[at]
}
