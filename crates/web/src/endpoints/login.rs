//! `GET {base}/login` shows the providers; `GET {base}/login/{provider}` leads to one.

use codegrant_core::{Attempt, AuthorizationOptions, ReturnTo, Seed};

use crate::auth::Auth;
use crate::clients::Registered;
use crate::cookie::Jar;
use crate::error::{Error, RequestError, SessionError};
use crate::pages::{LoginPage, ProviderLink};
use crate::request::Request;
use crate::response::Response;
use crate::{parameter, seal};

/// Shows the providers; with one provider there is nothing to choose.
pub(super) fn choose(auth: &Auth, request: &Request<'_>) -> Response {
    let return_to = return_to(auth, request);
    let url = |registered: &Registered| auth.login_url(Some(registered.id()), &return_to, false);
    if let [only] = auth.0.clients.as_slice() {
        return Response::see_other(url(only));
    }
    let urls: Vec<String> = auth.0.clients.iter().map(url).collect();
    let providers = auth
        .0
        .clients
        .iter()
        .zip(&urls)
        .map(|(registered, url)| ProviderLink {
            id: registered.id(),
            name: &registered.client.provider().name,
            url,
        });
    let page = auth.0.pages.login(&LoginPage {
        providers: providers.collect(),
        app_name: auth.0.app_name.as_deref(),
        home: &auth.0.home,
    });
    Response::page(200, page)
}

/// Sends the browser to the provider.
pub(super) async fn start(auth: &Auth, registered: &Registered, request: &Request<'_>) -> Response {
    let return_to = return_to(auth, request);
    match try_start(auth, registered, request, return_to.clone()).await {
        Ok(response) => response,
        Err((correlation_id, error)) => {
            auth.0
                .events
                .failed(&correlation_id, Some(registered.id()), &error);
            let retry = auth.login_url(Some(registered.id()), &return_to, false);
            auth.problem(error.problem(), &correlation_id, Some(&retry), None)
        }
    }
}

async fn try_start(
    auth: &Auth,
    registered: &Registered,
    request: &Request<'_>,
    return_to: ReturnTo,
) -> Result<Response, (String, Error)> {
    let anonymous = |error| (auth.new_correlation_id(), error);
    if !request.fetch_metadata().is_navigation() {
        return Err(anonymous(RequestError::NotANavigation.into()));
    }
    let first_id = auth.new_correlation_id();
    let metadata = auth
        .metadata(&first_id, registered)
        .await
        .map_err(|error| (first_id.clone(), error))?;
    let mut options = AuthorizationOptions::default();
    options.return_to = return_to;
    if parameter::single(request.query(), "again").is_some() {
        options.attempt = Attempt::Again;
    }
    let seed = Seed::new(seal::random());
    let (authorization, transaction) = registered
        .client
        .authorize(&metadata, options, &seed, auth.now())
        .map_err(|error| (first_id, error.into()))?;
    let correlation_id = super::callback::correlation_id(transaction.id());
    let jar = Jar::read(request.cookies());
    let cookies = auth
        .0
        .transactions
        .keep(&transaction, &jar)
        .ok_or_else(|| {
            let limit = crate::cookie::VALUE_LIMIT;
            (
                correlation_id.clone(),
                SessionError::TooLarge {
                    bytes: limit + 1,
                    limit,
                }
                .into(),
            )
        })?;
    auth.0
        .events
        .login_started(&correlation_id, registered.id(), authorization.url());
    Ok(Response::see_other(authorization.url()).with_cookies(cookies))
}

fn return_to(auth: &Auth, request: &Request<'_>) -> ReturnTo {
    let asked = parameter::single(request.query(), "return_to").unwrap_or_default();
    ReturnTo::parse(&asked, auth.base())
}
