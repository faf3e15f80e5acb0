//! The second yes: the app is asked, and the session gets a new id.

use codegrant_core::{Transaction, TransactionId};

use super::{Failed, logged_out, the_session};
use crate::auth::Auth;
use crate::clients::Registered;
use crate::cookie::Jar;
use crate::error::LinkError;
use crate::on_link::Link;
use crate::on_login::Login;
use crate::request::Request;
use crate::response::Response;
use crate::session::{Held, Proof};

/// Adds the identity that waits, if it is the one that the page showed.
pub(super) async fn confirm(
    auth: &Auth,
    registered: &Registered,
    request: &Request<'_>,
    confirmed: &str,
) -> Result<Response, Failed> {
    request.is_from(auth.public_origin())?;
    let jar = Jar::read(request.cookies());
    let (sessions, now) = (&auth.0.sessions, auth.now());
    if auth.found(&jar).await?.is_none() {
        return Ok(logged_out(auth, registered, request));
    }
    let held = sessions.held_proof(registered.id(), &jar, now).await?;
    let proof = match held {
        Some(Held::Proof(proof)) if proof.login.transaction.to_hex() == confirmed => proof,
        // A double click, or the page out of the history.
        Some(Held::Settled(settled)) if settled.transaction.to_hex() == confirmed => {
            return Ok(Response::see_other(settled.return_to));
        }
        _ => return Err(LinkError::NothingToConfirm.into()),
    };
    let mut cookies = Vec::new();
    let done = add(auth, registered, &proof, &jar, &mut cookies).await;
    done.map_err(|mut failed| {
        failed.return_to = Some(proof.login.return_to.clone());
        failed.cookies = cookies;
        failed
    })
}

async fn add(
    auth: &Auth,
    registered: &Registered,
    proof: &Proof,
    jar: &Jar<'_>,
    cookies: &mut Vec<String>,
) -> Result<Response, Failed> {
    let (sessions, now) = (&auth.0.sessions, auth.now());
    let id = super::super::callback::correlation_id(proof.login.transaction);
    let return_to = proof.login.return_to.as_str();
    let until = now.plus(2 * Transaction::LIFETIME_SECONDS);
    if !sessions.consume(confirmation_of(proof), until, now).await? {
        // The app is asked already, by the first of two clicks.
        return Ok(Response::see_other(return_to));
    }
    // From here on it waits no longer, whatever comes of it.
    *cookies = sessions.drop_proof(registered.id(), jar).await?;
    let found = the_session(auth, proof.session, jar).await?;
    let link = Link::new(found.session, Login::new(proof.login.clone()));
    let said = auth.0.on_link.ask(link).await;
    // The other account may be logged in elsewhere, with tokens that some providers would take back as well.
    if said != Err(LinkError::Conflict) {
        let token = proof.login.refresh_token.as_ref();
        auth.give_back(&proof.login.identity, token, &id);
    }
    said?;
    auth.0.events.linked(&id, &proof.login.identity);
    // The app may have taken its time, and tokens may have been renewed meanwhile.
    let renewed = match auth.found(jar).await? {
        Some(found) if found.session.data().transaction == proof.session => {
            sessions.change_id(&found, jar, auth.now()).await?
        }
        _ => None,
    };
    cookies.clear();
    cookies.extend(sessions.settle_proof(proof, jar).await?);
    cookies.extend(renewed.into_iter().flatten());
    Ok(Response::see_other(return_to).with_cookies(std::mem::take(cookies)))
}

/// Names the confirmation of a login, which happens once.
fn confirmation_of(proof: &Proof) -> TransactionId {
    TransactionId::of_state(&format!("confirmed {}", proof.login.transaction.to_hex()))
}
