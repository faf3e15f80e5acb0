//! The callback of a login that is to add an identity: it opens nothing, and lets what was proved wait for a yes.

use codegrant_core::TransactionId;

use super::the_session;
use crate::auth::Auth;
use crate::clients::Registered;
use crate::cookie::Jar;
use crate::error::{Error, LinkError};
use crate::response::Response;
use crate::session::{Held, SessionData};
use crate::transactions::Intent;

/// Checks that the session that asked is the one that is here, before anything is sent to the provider.
pub(in crate::endpoints) async fn is_live(
    auth: &Auth,
    intent: &Intent,
    jar: &Jar<'_>,
) -> Result<(), Error> {
    the_session(auth, intent.session, jar).await.map(drop)
}

/// Lets an identity that was proved wait for the person's yes.
pub(in crate::endpoints) async fn propose(
    auth: &Auth,
    registered: &Registered,
    intent: &Intent,
    mut login: SessionData,
    jar: &Jar<'_>,
) -> Result<Response, Error> {
    // It takes seconds to ask a provider: once more.
    let found = the_session(auth, intent.session, jar).await?;
    if found.session.identity().key() == login.identity.key() {
        // Its tokens are not given back: some providers take back with them what the session holds.
        return Err(LinkError::OwnIdentity.into());
    }
    // It opens no session, and what only a session needs would not fit beside the one that is open.
    login.id_token_hint = None;
    login.session_state = None;
    login.id_token = None;
    let to = auth.landing(Some(&login.return_to));
    let page = auth.link_path(registered.id(), &to);
    let held = auth
        .0
        .sessions
        .hold_proof(intent.session, login, jar, auth.now())
        .await?;
    Ok(Response::see_other(page).with_cookies(held))
}

/// Tells where a callback leads that was seen before: to the page that asks, or to where it all ended.
pub(in crate::endpoints) async fn seen(
    auth: &Auth,
    registered: &Registered,
    transaction: TransactionId,
    jar: &Jar<'_>,
) -> Result<Option<String>, Error> {
    let sessions = &auth.0.sessions;
    let held = sessions
        .held_proof(registered.id(), jar, auth.now())
        .await?;
    Ok(match held {
        Some(Held::Proof(proof)) if proof.login.transaction == transaction => {
            let to = auth.landing(Some(&proof.login.return_to));
            Some(auth.link_path(registered.id(), &to))
        }
        Some(Held::Settled(settled)) if settled.transaction == transaction => {
            Some(settled.return_to)
        }
        _ => None,
    })
}
