//! `POST {base}/logout` ends the session; `GET` asks first, because a link must not log anybody out.

pub(super) mod back_channel;
pub(super) mod front_channel;

use codegrant_core::{LogOutOptions, LogOutRequest};

use crate::auth::Auth;
use crate::cookie::Jar;
use crate::error::Error;
use crate::events::LogOutReason;
use crate::hooks::LoggedOut;
use crate::pages::{self, LogOutPage, LoggedOutPage};
use crate::parameter;
use crate::request::Request;
use crate::response::Response;
use crate::session::SessionData;

/// Shows a button that posts.
pub(super) fn ask(auth: &Auth, request: &Request<'_>) -> Response {
    let return_to = auth.landing(parameter::single(request.query(), "return_to").as_deref());
    let action = format!("{}/logout", auth.base());
    let page = auth.0.pages.log_out(&LogOutPage {
        action: &action,
        return_to: return_to.as_str(),
        everywhere: auth.0.sessions.ends_everywhere(),
        home: &auth.0.home,
    });
    Response::page(200, page)
}

/// Shows that it is done, whatever state came back.
///
/// The session here ended before the browser went to the provider, so nothing depends on its return. Whether
/// it is the return that was expected is told to the operator; whoever has not been there is told that the
/// provider may know them still.
pub(super) fn done(auth: &Auth, request: &Request<'_>) -> Response {
    let sessions = &auth.0.sessions;
    let jar = Jar::read(request.cookies());
    let state = parameter::single(request.query(), "state");
    let returned = sessions.returned(&jar, state.as_deref(), auth.now());
    if let Some(returned) = &returned {
        let id = auth.new_correlation_id();
        let provider = returned.provider.as_deref();
        auth.0
            .events
            .returned_from_log_out(&id, provider, returned.verified);
    }
    let login = format!("{}/login", auth.base());
    let page = auth.0.pages.logged_out(&LoggedOutPage {
        login: &login,
        home: &auth.0.home,
        is_back: returned.is_some_and(|returned| returned.verified),
    });
    Response::page(200, page).with_cookies(sessions.drop_log_out_state(&jar))
}

/// Ends the session here, and at the provider where that is configured.
pub(super) async fn perform(auth: &Auth, request: &Request<'_>) -> Response {
    let Some(form) = request.form() else {
        return super::too_large(auth);
    };
    let correlation_id = auth.new_correlation_id();
    let reach = match parameter::single(form, "everywhere") {
        Some(_) => Reach::Everywhere,
        None => Reach::Here,
    };
    let asked = parameter::single(form, "return_to");
    match end(auth, request, asked, reach, &correlation_id).await {
        Ok(response) => response,
        Err(error) => {
            auth.0.events.failed(&correlation_id, None, &error);
            let retry = format!("{}/logout", auth.base());
            auth.problem(error.problem(), &correlation_id, Some(&retry), None)
        }
    }
}

/// How much a log-out ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// The present session.
    Here,
    /// All of whomever it belongs to.
    Everywhere,
}

/// Ends what a form of this origin asks to end, and leads on.
pub(super) async fn end(
    auth: &Auth,
    request: &Request<'_>,
    asked: Option<String>,
    reach: Reach,
    correlation_id: &str,
) -> Result<Response, Error> {
    request.is_from(auth.public_origin())?;
    let jar = Jar::read(request.cookies());
    let found = auth.found(&jar).await?;
    if let (Reach::Everywhere, Some(found)) = (reach, &found) {
        let data = found.session.data();
        auth.end_everywhere(data, correlation_id).await?;
    }
    let mut cookies = auth
        .0
        .sessions
        .end(found.as_ref(), &jar, auth.now())
        .await?;
    let location = match &asked {
        Some(asked) => auth.landing(Some(asked)).to_string(),
        None => format!("{}/logged-out", auth.base()),
    };
    if let Some(found) = found {
        let data = found.session.data();
        if reach == Reach::Here {
            auth.give_back_last(data, correlation_id);
            let ended = LoggedOut::of(data, LogOutReason::User, auth.now());
            auth.has_logged_out(correlation_id, ended).await;
        }
        if let Some((request, state)) = at_provider(auth, data, correlation_id).await {
            cookies.push(state);
            return Ok(leads_to(&request).with_cookies(cookies));
        }
    }
    Ok(Response::see_other(location).with_cookies(cookies))
}

/// Sends the browser to the provider's log-out page: by a redirect, or by a form where an ID token is too long
/// for a URL.
fn leads_to(request: &LogOutRequest) -> Response {
    if let Some(url) = request.url() {
        return Response::see_other(url);
    }
    let fields = request.fields().iter();
    let fields: Vec<(&str, &str)> = fields
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    Response::page(200, pages::post_to(request.endpoint(), &fields))
}

/// Makes the request for the provider's own log-out page, with the cookie that knows its state.
///
/// The session here is over already: a provider that is slow or down cannot keep it alive.
async fn at_provider(
    auth: &Auth,
    data: &SessionData,
    correlation_id: &str,
) -> Option<(LogOutRequest, String)> {
    let registered = auth.registered(&data.identity.provider)?;
    if !registered.switches.log_out_at_provider {
        return None;
    }
    match auth.issuer_of(correlation_id, &data.identity).await {
        Ok((_, metadata)) => {
            let back = format!("{}{}/logged-out", auth.public_origin(), auth.base());
            let (state, cookie) = auth.0.sessions.log_out_state(registered.id(), auth.now());
            let mut options = LogOutOptions::to(back);
            options.id_token_hint = data.id_token_hint.clone();
            options.state = Some(state);
            let request = registered.client().log_out(&metadata, options)?;
            Some((request, cookie))
        }
        Err(error) => {
            let provider = Some(registered.id());
            auth.0.events.failed(correlation_id, provider, &error);
            None
        }
    }
}
