//! `{base}/sessions`: people see where they are logged in, and end it.

use super::log_out::{self, Reach};
use crate::auth::Auth;
use crate::cookie::Jar;
use crate::device;
use crate::error::Error;
use crate::pages::{SessionLine, SessionsPage};
use crate::parameter;
use crate::request::Request;
use crate::response::Response;

/// Lists the sessions of whoever is logged in.
pub(super) async fn show(auth: &Auth, request: &Request<'_>) -> Response {
    let session = match auth.require(request.clone()).await {
        Ok(session) => session,
        Err(answer) => return answer,
    };
    let entries = match auth.sessions(&session).await {
        Ok(entries) => entries,
        Err(error) => return auth.refuse(&error),
    };
    // What is kept in a cookie has no room for it, and the browser says it anyway.
    let here = device::label(request.device().as_deref());
    let lines = entries.iter().map(|entry| {
        let is_here = entry.is_this_one() && entry.user_agent().is_none();
        let registered = auth.registered(entry.provider());
        SessionLine {
            handle: entry.handle(),
            device: if is_here { &here } else { entry.device() },
            provider: registered.map_or(entry.provider(), |held| &held.provider().name),
            started_at: entry.started_at(),
            last_seen: entry.last_seen(),
            is_this_one: entry.is_this_one(),
        }
    });
    let page = auth.0.pages.sessions(&SessionsPage {
        sessions: lines.collect(),
        lists_all: auth.0.sessions.lists_all(),
        everywhere: auth.0.sessions.ends_everywhere(),
        action: &path(auth),
        now: auth.now(),
        home: &auth.0.home,
    });
    Response::page(200, page)
}

/// Ends the session that the form names, or all of them.
///
/// The present one ends as by the log-out page, at the provider too where that is configured.
pub(super) async fn end(auth: &Auth, request: &Request<'_>) -> Response {
    let Some(form) = request.form() else {
        return super::too_large(auth);
    };
    let id = auth.new_correlation_id();
    match end_one(auth, request, form, &id).await {
        Ok(response) => response,
        Err(error) => {
            auth.0.events.failed(&id, None, &error);
            auth.problem(error.problem(), &id, Some(&path(auth)), None)
        }
    }
}

async fn end_one(
    auth: &Auth,
    request: &Request<'_>,
    form: &str,
    id: &str,
) -> Result<Response, Error> {
    request.is_from(auth.public_origin())?;
    if parameter::single(form, "all").is_some() {
        return log_out::end(auth, request, None, Reach::Everywhere, id).await;
    }
    let Some(found) = auth.found(&Jar::read(request.cookies())).await? else {
        return Ok(auth.challenge(request.clone()));
    };
    let handle = parameter::single(form, "handle").unwrap_or_default();
    if handle == found.handle() {
        return log_out::end(auth, request, None, Reach::Here, id).await;
    }
    auth.end_one_of(&found.session, &handle, id).await?;
    Ok(Response::see_other(path(auth)))
}

fn path(auth: &Auth) -> String {
    format!("{}/sessions", auth.base())
}
