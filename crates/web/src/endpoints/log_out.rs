//! `POST {base}/logout` ends the session; `GET` asks first, because a link must not log anybody out.

use crate::auth::Auth;
use crate::cookie::Jar;
use crate::error::Error;
use crate::pages::{LogOutPage, LoggedOutPage};
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
        home: &auth.0.home,
    });
    Response::page(200, page)
}

/// Shows that it is done.
pub(super) fn done(auth: &Auth) -> Response {
    let login = format!("{}/login", auth.base());
    let page = auth.0.pages.logged_out(&LoggedOutPage {
        login: &login,
        home: &auth.0.home,
    });
    Response::page(200, page)
}

/// Ends the session here, and at the provider where that is configured.
pub(super) async fn perform(auth: &Auth, request: &Request<'_>) -> Response {
    let Some(form) = request.form() else {
        return super::too_large(auth);
    };
    let correlation_id = auth.new_correlation_id();
    match end(auth, request, form, &correlation_id).await {
        Ok(response) => response,
        Err(error) => {
            auth.0.events.failed(&correlation_id, None, &error);
            let retry = format!("{}/logout", auth.base());
            auth.problem(error.problem(), &correlation_id, Some(&retry), None)
        }
    }
}

async fn end(
    auth: &Auth,
    request: &Request<'_>,
    form: &str,
    correlation_id: &str,
) -> Result<Response, Error> {
    request.is_from(auth.public_origin())?;
    let jar = Jar::read(request.cookies());
    let found = auth.found(&jar).await?;
    let cookies = auth
        .0
        .sessions
        .end(found.as_ref(), &jar, auth.now())
        .await?;
    let asked = parameter::single(form, "return_to");
    let mut location = match &asked {
        Some(asked) => auth.landing(Some(asked)).to_string(),
        None => format!("{}/logged-out", auth.base()),
    };
    if let Some(found) = found {
        let data = found.session.data();
        auth.0
            .events
            .logged_out(correlation_id, &data.identity.provider);
        if let Some(elsewhere) = at_provider(auth, data, correlation_id).await {
            location = elsewhere;
        }
    }
    Ok(Response::see_other(location).with_cookies(cookies))
}

/// Finds the provider's own log-out page, and has the refresh token revoked meanwhile.
///
/// The session here is over already: a provider that is slow or down cannot keep it alive, and nobody
/// waits for the revocation (RFC 7009).
async fn at_provider(auth: &Auth, data: &SessionData, correlation_id: &str) -> Option<String> {
    let registered = auth.registered(&data.identity.provider)?;
    let id = correlation_id.to_owned();
    let (revoking, ended) = (auth.clone(), data.clone());
    drop(tokio::spawn(async move {
        if let Err(error) = revoke(&revoking, &ended, &id).await {
            let provider = Some(ended.identity.provider.as_str());
            revoking.0.events.failed(&id, provider, &error);
        }
    }));
    if !registered.switches.log_out_at_provider {
        return None;
    }
    match auth.issuer_of(correlation_id, &data.identity).await {
        Ok((_, metadata)) => {
            let back = format!("{}{}/logged-out", auth.public_origin(), auth.base());
            let hint = data.id_token_hint.as_deref();
            metadata.log_out_url(&registered.client(), hint, &back)
        }
        Err(error) => {
            let provider = Some(registered.id());
            auth.0.events.failed(correlation_id, provider, &error);
            None
        }
    }
}

async fn revoke(auth: &Auth, data: &SessionData, correlation_id: &str) -> Result<(), Error> {
    let Some(refresh_token) = &data.refresh_token else {
        return Ok(());
    };
    let (registered, metadata) = auth.issuer_of(correlation_id, &data.identity).await?;
    let step = registered
        .client()
        .revoke(&metadata, refresh_token, auth.moment())?;
    auth.drive(correlation_id, &registered.client(), step).await
}
