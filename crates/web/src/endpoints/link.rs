//! `{base}/link/{provider}`: adding an identity to the account of whoever is logged in.
//!
//! ```text
//!   GET   asks: add an account at this provider to yours?
//!   POST  begins a login that is sealed with the session that asked
//!         ... the provider, and the callback: is it still that session? ...
//!   GET   shows who came back, and asks again
//!   POST  confirm=...  asks the app, and gives the session a new id
//! ```
//!
//! A link of somebody else's reaches the first line at most. No address that one could be led to begins: the
//! attacker who makes a victim follow it would otherwise own a way into the victim's account, or give one of
//! their own to the victim.

pub(super) mod confirm;
pub(super) mod prove;

use codegrant_core::error::Quoted;
use codegrant_core::{AuthorizationOptions, Identity, TransactionId};

use super::login;
use crate::auth::Auth;
use crate::clients::Registered;
use crate::cookie::Jar;
use crate::error::{Error, LinkError};
use crate::pages::{ConfirmLinkPage, LinkPage, LinkedAccount};
use crate::parameter;
use crate::request::Request;
use crate::response::Response;
use crate::session::{Found, Held, Proof};
use crate::transactions::Intent;

/// Names the form's field that says which identity is meant.
const CONFIRM: &str = "confirm";

/// Shows what is to be confirmed, if anything is, or asks whether to begin.
pub(super) async fn show(auth: &Auth, registered: &Registered, request: &Request<'_>) -> Response {
    match page(auth, registered, request).await {
        Ok(response) => response,
        Err(error) => auth.refuse(&error),
    }
}

async fn page(
    auth: &Auth,
    registered: &Registered,
    request: &Request<'_>,
) -> Result<Response, Error> {
    let jar = Jar::read(request.cookies());
    let Some(found) = auth.found(&jar).await? else {
        return Ok(auth.challenge(request.clone()));
    };
    let sessions = &auth.0.sessions;
    let held = sessions
        .held_proof(registered.id(), &jar, auth.now())
        .await?;
    Ok(match held {
        Some(Held::Proof(proof)) if proof.session == found.session.data().transaction => {
            ask_again(auth, registered, &found, &proof)
        }
        _ => ask(auth, registered, &found, request),
    })
}

fn ask(auth: &Auth, registered: &Registered, found: &Found, request: &Request<'_>) -> Response {
    let return_to = auth.landing(parameter::single(request.query(), "return_to").as_deref());
    let page = auth.0.pages.link(&LinkPage {
        action: request.path(),
        provider: &registered.provider().name,
        user: account_of(auth, found.session.identity()),
        return_to: return_to.as_str(),
    });
    Response::page(200, page)
}

fn ask_again(auth: &Auth, registered: &Registered, found: &Found, proof: &Proof) -> Response {
    let (action, confirm) = (
        format!("{}/link/{}", auth.0.base, registered.id()),
        proof.login.transaction.to_hex(),
    );
    let page = auth.0.pages.confirm_link(&ConfirmLinkPage {
        action: &action,
        confirm: &confirm,
        user: account_of(auth, found.session.identity()),
        account: account_of(auth, &proof.login.identity),
        return_to: &proof.login.return_to,
    });
    Response::page(200, page)
}

fn account_of<'a>(auth: &'a Auth, identity: &'a Identity) -> LinkedAccount<'a> {
    let registered = auth.registered(&identity.provider);
    LinkedAccount {
        provider: registered.map_or(identity.provider.as_str(), |held| &held.provider().name),
        name: identity.name.as_deref(),
        username: identity.username.as_deref(),
        email: identity.email.as_str(),
        subject: &identity.subject,
    }
}

/// Begins, or confirms.
pub(super) async fn perform(
    auth: &Auth,
    registered: &Registered,
    request: &Request<'_>,
) -> Response {
    let Some(form) = request.form() else {
        return super::too_large(auth);
    };
    let done = match parameter::single(form, CONFIRM) {
        Some(confirmed) => confirm::confirm(auth, registered, request, &confirmed).await,
        None => begin(auth, registered, request, form).await,
    };
    done.unwrap_or_else(|failed| {
        let id = auth.new_correlation_id();
        auth.0
            .events
            .failed(&id, Some(registered.id()), &failed.error);
        let to = auth.landing(failed.return_to.as_deref());
        let retry = auth.link_path(registered.id(), &to);
        auth.problem(failed.error.problem(), &id, Some(&retry), None)
            .with_cookies(failed.cookies)
    })
}

/// Why nothing is linked, with where the person was going and what becomes of cookies.
struct Failed {
    error: Error,
    return_to: Option<String>,
    cookies: Vec<String>,
}

impl<E: Into<Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self {
            error: error.into(),
            return_to: None,
            cookies: Vec::new(),
        }
    }
}

async fn begin(
    auth: &Auth,
    registered: &Registered,
    request: &Request<'_>,
    form: &str,
) -> Result<Response, Failed> {
    request.is_from(auth.public_origin())?;
    let return_to = auth.landing(parameter::single(form, "return_to").as_deref());
    let found = auth.found(&Jar::read(request.cookies())).await?;
    let Some(found) = found else {
        return Ok(logged_out(auth, registered, request));
    };
    let mut options = AuthorizationOptions::default();
    options.return_to = return_to;
    // Nobody's account is added because they happen to be signed in there (OpenID Connect Core 1.0 section
    // 3.1.2.1).
    options.prompt = Some("select_account".to_owned());
    let intent = Intent {
        session: found.session.data().transaction,
    };
    Ok(login::begin(auth, registered, request, options, Some(intent)).await)
}

/// Answers a form of somebody who is not logged in any longer, or whose session has got another id just now: by
/// a page, which knows.
fn logged_out(auth: &Auth, registered: &Registered, request: &Request<'_>) -> Response {
    if request.wants_page() {
        let page = auth.link_path(registered.id(), &auth.landing(None));
        return Response::see_other(page);
    }
    auth.challenge(request.clone())
}

/// Finds the session that asked, if it is the one that is here.
async fn the_session(auth: &Auth, asked: TransactionId, jar: &Jar<'_>) -> Result<Found, Error> {
    let found = auth.found(jar).await?;
    let here = match &found {
        Some(found) => super::callback::correlation_id(found.session.data().transaction),
        None => "nobody".to_owned(),
    };
    found
        .filter(|found| found.session.data().transaction == asked)
        .ok_or_else(|| {
            let asked = super::callback::correlation_id(asked);
            let here = Quoted::new(&here);
            LinkError::SessionChanged { asked, here }.into()
        })
}
