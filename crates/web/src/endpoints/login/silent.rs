//! Asking the provider whether somebody is still logged in there, without a word to the person
//! (OpenID Connect Session Management 1.0 section 3.1, OpenID Connect Core 1.0 section 3.1.2.1).
//!
//! A page of the app leads here when the frame told that something has changed. The browser goes to the
//! provider and comes straight back: with a login of the same person, and all goes on; or with a no, and the
//! session here ends.

use codegrant_core::error::{CallbackError, Error as CoreError, IdTokenError};

use crate::auth::Auth;
use crate::clients::Registered;
use crate::cookie::Jar;
use crate::error::Error;
use crate::events::LogOutReason;
use crate::hooks::LoggedOut;
use crate::request::Request;

/// How old a session has to be to be asked about, in seconds: a provider that always says "changed" must not
/// send a browser round and round.
const PAUSE_SECONDS: i64 = 30;

/// Returns whom the provider is to be asked about: nobody who is not logged in there, or was just asked about.
///
/// A no ends the session, so that a page of ours has to ask: a link elsewhere, at a moment of its choice, would
/// log people out whose session at the provider is merely over.
pub(super) async fn to_check(
    auth: &Auth,
    registered: &Registered,
    request: &Request<'_>,
) -> Result<Option<String>, Error> {
    if !registered.switches.session_management || request.is_led_by_others() {
        return Ok(None);
    }
    let found = auth.found(&Jar::read(request.cookies())).await?;
    let checked = found.filter(|found| {
        let data = found.session.data();
        data.identity.provider == registered.id()
            && auth.now().seconds_since(data.started_at) >= PAUSE_SECONDS
    });
    Ok(checked.map(|found| found.session.identity().subject.clone()))
}

/// Tells whether a silent question was answered with a no: nobody is logged in there, or somebody else is.
pub(in crate::endpoints) fn says_no(error: &Error) -> bool {
    matches!(
        error,
        Error::Protocol(
            CoreError::Callback(
                CallbackError::InteractionRequired { .. } | CallbackError::Denied { .. }
            ) | CoreError::IdToken(IdTokenError::Subject { .. })
        )
    )
}

/// Ends the session that came from this provider, after a no.
pub(in crate::endpoints) async fn end(
    auth: &Auth,
    registered: &Registered,
    jar: &Jar<'_>,
    id: &str,
) -> Result<Vec<String>, Error> {
    let found = auth.found(jar).await?;
    let Some(found) = found.filter(|found| found.session.identity().provider == registered.id())
    else {
        return Ok(Vec::new());
    };
    let cookies = auth.0.sessions.end(Some(&found), jar, auth.now()).await?;
    let reason = LogOutReason::SignedOutAtProvider;
    let ended = LoggedOut::of(found.session.data(), reason, auth.now());
    auth.has_logged_out(id, ended).await;
    Ok(cookies)
}
