//! `GET {base}/frontchannel-logout/{provider}`: a frame of the provider's log-out page
//! (OpenID Connect Front-Channel Logout 1.0).
//!
//! Anybody can load it, so it ends nothing but the session whose issuer and session id both stand in the query.
//! A frame of another site brings no cookie of ours along: the session is found by its id, and by its cookie
//! where app and provider share a site.

use codegrant_core::FrontChannelLogout;
use codegrant_core::oauth2::url::Url;
use codegrant_core::provider::Protocol;

use crate::auth::Auth;
use crate::clients::Registered;
use crate::cookie::Jar;
use crate::error::Error;
use crate::events::LogOutReason;
use crate::hooks::LoggedOut;
use crate::request::Request;
use crate::response::Response;
use crate::session::{Named, Said};

/// What the frame shows; nobody sees it.
const DOCUMENT: &str = "<!doctype html>\n<html lang=\"en\">\n<title>Log-out</title>\n</html>\n";

/// Ends the session that the query names, and says the same whether there was one or not.
pub(in crate::endpoints) async fn receive(
    auth: &Auth,
    registered: &Registered,
    request: &Request<'_>,
) -> Response {
    let policy = policy(auth, registered);
    let answer = |status| Response::framed(status, &policy, DOCUMENT);
    let Some(asked) = FrontChannelLogout::parse(request.query(), &registered.client()) else {
        return answer(400);
    };
    let id = auth.new_correlation_id();
    match end(auth, registered, &asked, request, &id).await {
        Ok(cookies) => answer(200).with_cookies(cookies),
        Err(error) => {
            auth.0.events.failed(&id, Some(registered.id()), &error);
            answer(503)
        }
    }
}

async fn end(
    auth: &Auth,
    registered: &Registered,
    asked: &FrontChannelLogout,
    request: &Request<'_>,
    id: &str,
) -> Result<Vec<String>, Error> {
    let sessions = &auth.0.sessions;
    let jar = Jar::read(request.cookies());
    let found = auth.found(&jar).await?.filter(|found| {
        let data = found.session.data();
        data.identity.issuer == asked.issuer()
            && data.session_id.as_deref().is_some_and(|id| asked.names(id))
    });
    let mut cookies = Vec::new();
    if found.is_some() {
        cookies = sessions.end(found.as_ref(), &jar, auth.now()).await?;
    }
    for session_id in asked.session_ids() {
        let named = Named {
            issuer: asked.issuer(),
            session_id: Some(session_id),
            subject: None,
            at: auth.now(),
        };
        sessions
            .end_named(&named, Said::Claimed, auth.now())
            .await?;
    }
    // What was found without a cookie does not stand in the log: a stranger's guess would be a log-out there.
    // The app is told, which knows whether it has a session of that name.
    let reason = LogOutReason::FrontChannel;
    if let Some(found) = found {
        let ended = LoggedOut::of(found.session.data(), reason, auth.now());
        auth.has_logged_out(id, ended).await;
        return Ok(cookies);
    }
    for session_id in asked.session_ids() {
        let ended = LoggedOut {
            provider: Some(registered.id().to_owned()),
            issuer: Some(asked.issuer().to_owned()),
            session_id: Some(session_id.to_owned()),
            ..LoggedOut::new(reason, auth.now())
        };
        auth.tell_hook(id, ended).await;
    }
    Ok(cookies)
}

/// Lets the provider's pages alone frame the answer.
fn policy(auth: &Auth, registered: &Registered) -> String {
    let issuer = match &registered.provider().protocol {
        Protocol::OpenId { issuer, .. } => Some(issuer.to_string()),
        _ => None,
    };
    let metadata = registered.metadata.fresh(auth.now());
    let page = metadata.and_then(|metadata| metadata.end_session_endpoint.clone());
    let mut origins: Vec<String> = [issuer, page]
        .into_iter()
        .flatten()
        .filter_map(|url| Url::parse(&url).ok())
        .map(|url| url.origin().ascii_serialization())
        .collect();
    origins.dedup();
    let origins = if origins.is_empty() {
        "'none'".to_owned()
    } else {
        origins.join(" ")
    };
    format!("default-src 'none'; base-uri 'none'; frame-ancestors {origins}")
}
