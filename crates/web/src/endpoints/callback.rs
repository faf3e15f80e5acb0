//! `{base}/callback/{provider}`: the browser comes back from the provider.

mod admit;
mod heal;

use codegrant_core::error::{CallbackError, Error as CoreError};
use codegrant_core::jose::KeySet;
use codegrant_core::{
    Attempt, AuthorizationResponse, ProviderMetadata, ReturnTo, TransactionId, form,
};

use crate::auth::{Auth, Start};
use crate::clients::Registered;
use crate::cookie::Jar;
use crate::endpoints::link;
use crate::endpoints::login::silent;
use crate::error::{Error, LostTransaction};
use crate::on_login::Login;
use crate::pages::{self, Problem};
use crate::request::Request;
use crate::response::Response;
use crate::session::SessionData;
use crate::transactions::remembered_until;

/// Marks a form that our own page posted again.
const REPOSTED: &str = "codegrant_reposted";

/// Names a login in the log and on the error page, without telling its state.
pub(super) fn correlation_id(transaction: TransactionId) -> String {
    let mut id = transaction.to_hex();
    id.truncate(12);
    id
}

/// What went wrong, and what is known of the login that it ended.
struct Ended {
    error: Error,
    return_to: Option<ReturnTo>,
    restart: bool,
    /// Whether the login was to add an identity.
    linking: bool,
    cookies: Vec<String>,
}

impl<E: Into<Error>> From<E> for Ended {
    fn from(error: E) -> Self {
        Self {
            error: error.into(),
            return_to: None,
            restart: false,
            linking: false,
            cookies: Vec::new(),
        }
    }
}

/// Receives an authorization response, and ends with a session or an error page.
pub(super) async fn receive(
    auth: &Auth,
    registered: &Registered,
    request: &Request<'_>,
) -> Response {
    let encoded = if registered.client().response_mode().is_posted() {
        match request.form() {
            Some(form) => form,
            None => return super::too_large(auth),
        }
    } else {
        request.query()
    };
    let response = AuthorizationResponse::parse(encoded);
    let state = response
        .as_ref()
        .ok()
        .and_then(AuthorizationResponse::state);
    let transaction = state.map(TransactionId::of_state);
    let id = transaction.map_or_else(|| auth.new_correlation_id(), correlation_id);
    auth.0
        .events
        .callback_received(&id, registered.id(), encoded);
    // Whoever said no at the provider is not sent there again by itself, whatever else is wrong.
    let said_no = response.as_ref().is_ok_and(AuthorizationResponse::is_error);
    let outcome = match response {
        Ok(response) => {
            let named = (response, transaction);
            finish(auth, registered, request, named, encoded, &id).await
        }
        Err(error) => Err(error.into()),
    };
    outcome.unwrap_or_else(|ended| {
        auth.0
            .events
            .failed(&id, Some(registered.id()), &ended.error);
        let to = ended.return_to.unwrap_or_default();
        let problem = ended.error.problem();
        let retry = match problem {
            _ if ended.linking => auth.link_path(registered.id(), &to),
            Problem::AccountRefused => auth.login_path(None, &to, Start::OtherAccount),
            // Without a question the provider would give us the same account again.
            Problem::OtherAccount => {
                auth.login_path(Some(registered.id()), &to, Start::OtherAccount)
            }
            _ => auth.login_path(Some(registered.id()), &to, Start::Asked),
        };
        let again = auth.login_path(Some(registered.id()), &to, Start::Again);
        let restart = (ended.restart && !said_no).then_some(again.as_str());
        auth.problem(problem, &id, Some(&retry), restart)
            .with_cookies(ended.cookies)
    })
}

async fn finish(
    auth: &Auth,
    registered: &Registered,
    request: &Request<'_>,
    (response, named): (AuthorizationResponse, Option<TransactionId>),
    encoded: &str,
    id: &str,
) -> Result<Response, Ended> {
    request.is_opened()?;
    let (state, name) = match (response.state(), named) {
        (Some(state), Some(name)) if !state.is_empty() => (state.to_owned(), name),
        _ => return Err(CallbackError::StateMissing.into()),
    };
    let jar = Jar::read(request.cookies());
    if let Some(page) = repost(auth, registered, request, name, encoded, &jar) {
        return Ok(page);
    }
    let found = auth.0.transactions.find(name, registered.id(), &jar);
    let (transaction, intent) = match found {
        Ok(found) => found,
        Err(lost) => return heal::go_on(auth, registered, &state, lost, &jar).await,
    };
    // From here on the transaction is used up, whatever comes of it.
    let drop = auth.0.transactions.drop(name);
    let return_to = transaction.return_to().clone();
    let silent = transaction.is_silent();
    let checked = transaction.expects_subject();
    let began = transaction.started_at();
    let used = async {
        let until = remembered_until(&transaction);
        if !auth.0.sessions.consume(name, until, auth.now()).await? {
            return Err(LostTransaction::Used.into());
        }
        if let Some(intent) = &intent {
            link::prove::is_live(auth, intent, &jar).await?;
        }
        let metadata = auth.metadata(id, registered).await?;
        let client = registered.client();
        let response = open(auth, id, registered, &metadata, response).await?;
        let step = client.redeem(&metadata, transaction, response, auth.moment())?;
        let mut grant = auth.drive(id, &client, step).await?;
        let keys = if grant.needs_keys() {
            let lacking = |keys: &KeySet| grant.lacks_key(keys);
            auth.keys(id, registered, &metadata, lacking).await?
        } else {
            KeySet::empty()
        };
        auth.drive(id, &registered.client(), grant.identify(&keys)?)
            .await
    }
    .await;
    let login = match used {
        Ok(login) => login,
        Err(Error::Lost(lost)) => {
            let mut outcome = heal::go_on(auth, registered, &state, lost, &jar).await;
            if let Err(ended) = &mut outcome {
                ended.return_to = Some(return_to);
                ended.linking = intent.is_some();
                ended.cookies = vec![drop];
            }
            return outcome;
        }
        // Nobody was asked, and nobody is logged in there: the page goes on without.
        Err(error) if silent && silent::says_no(&error) => {
            auth.0.events.failed(id, Some(registered.id()), &error);
            let mut cookies = vec![drop];
            // A link can ask for a silent login; only our own frame asks about the present one.
            if checked {
                cookies.extend(silent::end(auth, registered, &jar, id).await?);
            }
            return Ok(Response::see_other(return_to.as_str()).with_cookies(cookies));
        }
        Err(error) => {
            let expired = matches!(
                error,
                Error::Protocol(CoreError::Callback(CallbackError::Expired { .. }))
            );
            let restart = expired
                && intent.is_none()
                && Attempt::of_state(&state) == Attempt::First
                && auth.found(&jar).await?.is_none();
            return Err(Ended {
                error,
                return_to: Some(return_to),
                restart,
                linking: intent.is_some(),
                cookies: vec![drop],
            });
        }
    };
    if let Some(issuer) = &login.undeclared_issuer {
        auth.0
            .events
            .undeclared_issuer(id, registered.id(), &issuer.to_string());
    }
    let lifetime = auth.0.sessions.absolute_seconds();
    let mut data = SessionData::new(login, registered.switches.kept(), auth.now(), lifetime);
    // A cookie has no room for it, and its browser knows it anyway.
    data.device = request.device().filter(|_| auth.0.sessions.lists_all());
    data.take_roles_of(registered.switches.roles_claim.as_ref());
    let overtaken = admit::is_overtaken(auth, &data, began, silent && checked, &jar).await?;
    if let (Some(intent), false) = (&intent, overtaken) {
        let proposed = link::prove::propose(auth, registered, intent, data, &jar).await;
        let proposed = proposed.map(|response| response.with_cookies([drop.clone()]));
        return proposed.map_err(|error| Ended {
            error,
            return_to: Some(return_to),
            restart: false,
            linking: true,
            cookies: vec![drop],
        });
    }
    let admitted = if overtaken {
        Ok(None)
    } else {
        admit::admit(auth, id, &mut data, began, name, &jar).await
    };
    let admitted = admitted.map_err(|error| Ended {
        error,
        return_to: Some(return_to.clone()),
        restart: false,
        linking: false,
        cookies: vec![drop.clone()],
    })?;
    let Some(mut cookies) = admitted else {
        auth.give_back(&data.identity, data.refresh_token.as_ref(), id);
        return Ok(Response::see_other(return_to.as_str()).with_cookies([drop]));
    };
    cookies.push(drop);
    auth.0.events.login_finished(id, &data.identity);
    Ok(Response::see_other(return_to.as_str())
        .with_cookies(cookies)
        .with_login(Login::new(data)))
}

/// Opens a signed response (JARM), for which keys are needed; a plain one needs none.
async fn open(
    auth: &Auth,
    id: &str,
    registered: &Registered,
    metadata: &ProviderMetadata,
    response: AuthorizationResponse,
) -> Result<AuthorizationResponse, Error> {
    let client = registered.client();
    if !client.response_mode().is_signed() {
        return Ok(response);
    }
    let lacking = |keys: &KeySet| client.lacks_response_key(metadata, &response, keys);
    let keys = auth.keys(id, registered, metadata, lacking).await?;
    Ok(client.open_response(metadata, response, &keys, auth.now())?)
}

/// Gives the page that posts a provider's form again from our own origin.
///
/// A form that another site posts carries no `SameSite=Lax` cookie. The same form posted by our own page
/// does, so that the transaction's cookie need not be sent to us from everywhere.
fn repost(
    auth: &Auth,
    registered: &Registered,
    request: &Request<'_>,
    transaction: TransactionId,
    encoded: &str,
    jar: &Jar<'_>,
) -> Option<Response> {
    let posted = registered.client().response_mode().is_posted();
    if !posted || auth.0.transactions.is_held(transaction, jar) {
        return None;
    }
    let fields = form::parameters(encoded).ok()?;
    if fields.iter().any(|(name, _)| name == REPOSTED) {
        return None;
    }
    let mut fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    fields.push((REPOSTED, "1"));
    Some(Response::page(200, pages::repost(request.path(), &fields)))
}
