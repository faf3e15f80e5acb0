//! `GET {base}/session/{provider}`: the frame that watches the session at the provider
//! (OpenID Connect Session Management 1.0 section 3).

use codegrant_core::ReturnTo;
use codegrant_core::oauth2::url::Url;

use crate::auth::{Auth, Start};
use crate::clients::Registered;
use crate::cookie::Jar;
use crate::error::Error;
use crate::pages::{self, Watched};
use crate::request::Request;
use crate::response::Response;

/// Gives the frame for a page of the app; an empty one where there is nothing to watch.
///
/// Nothing of the query is read.
pub(super) async fn show(auth: &Auth, registered: &Registered, request: &Request<'_>) -> Response {
    let id = auth.new_correlation_id();
    match frame(auth, registered, request, &id).await {
        Ok(page) => Response::page(200, page).framed_by_own_pages(),
        Err(error) => {
            auth.0.events.failed(&id, Some(registered.id()), &error);
            auth.problem(error.problem(), &id, None, None)
        }
    }
}

async fn frame(
    auth: &Auth,
    registered: &Registered,
    request: &Request<'_>,
    id: &str,
) -> Result<pages::Page, Error> {
    let found = auth.found(&Jar::read(request.cookies())).await?;
    let data = found.as_ref().map(|found| found.session.data());
    let ours = data.filter(|data| data.identity.provider == registered.id());
    let Some(session_state) = ours.and_then(|data| data.session_state.as_deref()) else {
        return Ok(pages::session_frame(None));
    };
    let metadata = auth.metadata(id, registered).await?;
    let Some(address) = &metadata.check_session_iframe else {
        return Ok(pages::session_frame(None));
    };
    let Ok(origin) = Url::parse(address).map(|url| url.origin().ascii_serialization()) else {
        return Ok(pages::session_frame(None));
    };
    let check = auth.login_path(Some(registered.id()), &ReturnTo::default(), Start::Silent);
    Ok(pages::session_frame(Some(&Watched {
        provider: registered.id(),
        client_id: registered.client().id().as_str(),
        session_state,
        address,
        origin: &origin,
        check: &check,
    })))
}
