//! `GET {base}/login` shows the providers; `GET {base}/login/{provider}` leads to one.

pub(super) mod silent;

use codegrant_core::{
    Attempt, AuthorizationOptions, DpopKey, LoginOptions, RequestObject, Seed, TransactionId,
};

use crate::auth::{Auth, Start};
use crate::clients::Registered;
use crate::cookie::Jar;
use crate::error::Error;
use crate::hosted::Hosted;
use crate::pages::{LoginPage, ProviderLink};
use crate::parameter::Parameters;
use crate::request::Request;
use crate::response::Response;
use crate::seal;
use crate::transactions::Intent;

/// Shows the providers; with one provider there is nothing to choose.
pub(super) fn choose(auth: &Auth, request: &Request<'_>) -> Response {
    let query = Parameters::of(request.query());
    let return_to = auth.landing(query.single("return_to"));
    // Whoever looks for another account has a choice at the provider too.
    let start = Start::of(&query);
    let options = LoginOptions::of_query(request.query());
    let url = |registered: &Registered| {
        auth.login_path_with(Some(registered.id()), &return_to, start, &options)
    };
    if let [only] = auth.0.clients.listed() {
        return Response::see_other(url(only));
    }
    let clients = auth.0.clients.listed().iter();
    offer(auth, clients.map(|held| (held, url(held))).collect())
}

/// Has the person follow a link of ours first, where another page started the login and the profile forbids that
/// (FAPI 2.0 Security Profile section 5.3.3: clients protect the initiation against cross-site request forgery).
pub(super) fn asked_first(
    auth: &Auth,
    registered: &Registered,
    request: &Request<'_>,
    url: impl FnOnce() -> String,
) -> Option<Response> {
    let asks = registered.client().profile().is_fapi() && request.is_from_elsewhere();
    asks.then(|| offer(auth, vec![(registered, url())]))
}

fn offer(auth: &Auth, links: Vec<(&Registered, String)>) -> Response {
    let links = links.iter().map(|(registered, url)| ProviderLink {
        id: registered.id(),
        name: &registered.provider().name,
        url,
    });
    let page = auth.0.pages.login(&LoginPage {
        providers: links.collect(),
        app_name: auth.0.app_name.as_deref(),
        home: &auth.0.home,
    });
    Response::page(200, page)
}

/// Sends the browser to the provider.
pub(super) async fn start(auth: &Auth, registered: &Registered, request: &Request<'_>) -> Response {
    let itself = || format!("{}?{}", request.path(), request.query());
    if let Some(page) = asked_first(auth, registered, request, itself) {
        return page;
    }
    let query = Parameters::of(request.query());
    let return_to = auth.landing(query.single("return_to"));
    let asked = Start::of(&query);
    let attempt = match asked {
        Start::Again => Attempt::Again,
        Start::Asked | Start::OtherAccount | Start::Silent => Attempt::First,
    };
    let checked = match asked {
        Start::Silent => match silent::to_check(auth, registered, request).await {
            Ok(Some(subject)) => Some(subject),
            Ok(None) => return Response::see_other(return_to.as_str()),
            Err(error) => return auth.refuse(&error),
        },
        _ => None,
    };
    let mut options = AuthorizationOptions::default();
    options.return_to = return_to;
    options.attempt = attempt;
    // A link could add to the silent question what the provider can only answer with a no, which ends the session.
    if asked != Start::Silent {
        LoginOptions::of_query(request.query()).apply(&mut options);
        auth.asked_step_up(registered, &query, &mut options);
    }
    // OpenID Connect Core 1.0 section 3.1.2.1; others have to ignore it (RFC 6749 section 3.1).
    match asked {
        Start::OtherAccount => options.prompt = Some("select_account".to_owned()),
        Start::Silent => {
            options.prompt = Some("none".to_owned());
            options.expected_subject = checked;
        }
        Start::Asked | Start::Again => {}
    }
    begin(auth, registered, request, options, None).await
}

/// Starts a login that asks for this, perhaps to add an identity to an account.
pub(super) async fn begin(
    auth: &Auth,
    registered: &Registered,
    request: &Request<'_>,
    options: AuthorizationOptions,
    intent: Option<Intent>,
) -> Response {
    let return_to = options.return_to.clone();
    let seed = Seed::new(seal::random());
    let transaction = seed.transaction(options.attempt);
    let id = super::callback::correlation_id(transaction);
    let asked = (options, intent);
    let seed = (seed, transaction);
    match lead_to_provider(auth, registered, request, asked, seed, &id).await {
        Ok(response) => response,
        Err(error) => {
            auth.0.events.failed(&id, Some(registered.id()), &error);
            let retry = match intent {
                Some(_) => auth.link_path(registered.id(), &return_to),
                None => auth.login_path(Some(registered.id()), &return_to, Start::Asked),
            };
            auth.problem(error.problem(), &id, Some(&retry), None)
        }
    }
}

async fn lead_to_provider(
    auth: &Auth,
    registered: &Registered,
    request: &Request<'_>,
    (mut options, intent): (AuthorizationOptions, Option<Intent>),
    (seed, name): (Seed, TransactionId),
    id: &str,
) -> Result<Response, Error> {
    request.is_opened()?;
    let metadata = auth.metadata(id, registered).await?;
    let client = &registered.client();
    if client.uses_dpop() {
        options.dpop_key = Some(DpopKey::generate()?);
    }
    let hosted = (client.request_object() == Some(RequestObject::ByReference)).then(Hosted::new_id);
    options.request_uri = hosted
        .as_ref()
        .map(|hosted| format!("{}{}/request/{hosted}", auth.0.origin, auth.0.base));
    let step = client.authorize(&metadata, options, &seed, auth.moment())?;
    let (authorization, transaction) = auth.drive(id, client, step).await?;
    if let (Some(hosted), Some(object)) = (hosted, authorization.object_to_host()) {
        auth.0.hosted.hold(hosted, object, auth.now());
    }
    let jar = Jar::read(request.cookies());
    let transactions = &auth.0.transactions;
    let cookies = transactions.keep(name, &transaction, intent, &jar)?;
    auth.0
        .events
        .login_started(id, registered.id(), authorization.url());
    Ok(Response::see_other(authorization.url()).with_cookies(cookies))
}
