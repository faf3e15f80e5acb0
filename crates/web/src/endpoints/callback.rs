//! `{base}/callback/{provider}`: the browser comes back from the provider.

use codegrant_core::error::{CallbackError, Error as CoreError};
use codegrant_core::{Attempt, AuthorizationResponse, ResponseMode, ReturnTo, TransactionId, form};

use crate::auth::{Auth, Start};
use crate::clients::Registered;
use crate::cookie::Jar;
use crate::error::{Error, LoginError, LostTransaction};
use crate::on_login::{Login, Verdict};
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
    cookies: Vec<String>,
}

impl<E: Into<Error>> From<E> for Ended {
    fn from(error: E) -> Self {
        Self {
            error: error.into(),
            return_to: None,
            restart: false,
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
    let encoded = match registered.client.response_mode() {
        ResponseMode::FormPost => match request.form() {
            Some(form) => form,
            None => return super::too_large(auth),
        },
        _ => request.query(),
    };
    let response = AuthorizationResponse::parse(encoded);
    let state = response
        .as_ref()
        .ok()
        .and_then(AuthorizationResponse::state)
        .map(str::to_owned);
    let id = match &state {
        Some(state) => correlation_id(TransactionId::of_state(state)),
        None => auth.new_correlation_id(),
    };
    auth.0
        .events
        .callback_received(&id, registered.id(), encoded);
    let outcome = match response {
        Ok(response) => finish(auth, registered, request, response, encoded, &id).await,
        Err(error) => Err(error.into()),
    };
    outcome.unwrap_or_else(|ended| {
        auth.0
            .events
            .failed(&id, Some(registered.id()), &ended.error);
        let to = ended.return_to.unwrap_or_default();
        let problem = ended.error.problem();
        let retry = match problem {
            Problem::AccountRefused => auth.login_path(None, &to, Start::OtherAccount),
            _ => auth.login_path(Some(registered.id()), &to, Start::Asked),
        };
        let again = auth.login_path(Some(registered.id()), &to, Start::Again);
        let restart = ended.restart.then_some(again.as_str());
        auth.problem(problem, &id, Some(&retry), restart)
            .with_cookies(ended.cookies)
    })
}

async fn finish(
    auth: &Auth,
    registered: &Registered,
    request: &Request<'_>,
    response: AuthorizationResponse,
    encoded: &str,
    id: &str,
) -> Result<Response, Ended> {
    request.is_opened()?;
    let state = match response.state() {
        Some(state) if !state.is_empty() => state.to_owned(),
        _ => return Err(CallbackError::StateMissing.into()),
    };
    let jar = Jar::read(request.cookies());
    if let Some(page) = repost(auth, registered, request, &state, encoded, &jar) {
        return Ok(page);
    }
    let transaction = match auth.0.transactions.find(&state, registered.id(), &jar) {
        Ok(transaction) => transaction,
        Err(lost) => return heal(auth, &state, lost, &jar).await,
    };
    // From here on the transaction is used up, whatever comes of it.
    let drop = auth.0.transactions.drop(&state);
    let return_to = transaction.return_to().clone();
    let used = async {
        let until = remembered_until(&transaction);
        if !auth
            .0
            .sessions
            .consume(transaction.id(), until, auth.now())
            .await?
        {
            return Err(LostTransaction::Used.into());
        }
        let metadata = auth.metadata(id, registered).await?;
        let step = registered
            .client
            .redeem(&metadata, transaction, response, auth.now())?;
        let grant = auth.drive(id, &registered.client, step).await?;
        let keys = auth
            .keys(id, registered, &metadata, |keys| grant.lacks_key(keys))
            .await?;
        auth.drive(id, &registered.client, grant.identify(&keys)?)
            .await
    }
    .await;
    let login = match used {
        Ok(login) => login,
        Err(Error::Lost(lost)) => {
            let mut outcome = heal(auth, &state, lost, &jar).await;
            if let Err(ended) = &mut outcome {
                ended.return_to = Some(return_to);
                ended.cookies.push(drop);
            }
            return outcome;
        }
        Err(error) => {
            let expired = matches!(
                error,
                Error::Protocol(CoreError::Callback(CallbackError::Expired { .. }))
            );
            let restart = expired
                && Attempt::of_state(&state) == Attempt::First
                && auth.found(&jar).await?.is_none();
            return Err(Ended {
                error,
                return_to: Some(return_to),
                restart,
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
    let mut data = SessionData::new(login, registered.log_out_at_provider, auth.now(), lifetime);
    let admitted = admit(auth, &mut data, &state, &jar).await;
    let mut cookies = admitted.map_err(|error| Ended {
        error,
        return_to: Some(return_to.clone()),
        restart: false,
        cookies: vec![drop.clone()],
    })?;
    cookies.push(drop);
    auth.0.events.login_finished(id, &data.identity);
    Ok(Response::see_other(return_to.as_str())
        .with_cookies(cookies)
        .with_login(Login::new(data)))
}

/// Asks the app what becomes of a login that has been proved, does it, and returns the cookies that say so.
async fn admit(
    auth: &Auth,
    data: &mut SessionData,
    state: &str,
    jar: &Jar<'_>,
) -> Result<Vec<String>, Error> {
    let sessions = &auth.0.sessions;
    match auth.0.on_login.ask(data).await? {
        Verdict::Accept => sessions.open(data, jar, auth.now()).await,
        Verdict::AcceptAs(account) => {
            data.account = Some(account);
            sessions.open(data, jar, auth.now()).await
        }
        Verdict::HandOver(account) => {
            data.account = Some(account);
            // Whoever was logged in here before would otherwise be so beside the one that logs in now.
            let found = sessions.find(jar, auth.now()).await?;
            let mut cookies = sessions.end(found.as_ref(), jar, auth.now()).await?;
            cookies.push(auth.0.transactions.hand_over(state, &data.return_to));
            Ok(cookies)
        }
        Verdict::Refuse(reason) => Err(LoginError::refused(&reason).into()),
    }
}

/// Goes on where no transaction can be found but no harm can come of it.
///
/// The very transaction that opened the present session: a double click, a reload, the back button; the
/// user is where they wanted to be. Otherwise the login may start again by itself once, unless this
/// browser plainly did not begin it.
async fn heal(
    auth: &Auth,
    state: &str,
    lost: LostTransaction,
    jar: &Jar<'_>,
) -> Result<Response, Ended> {
    let present = auth.found(jar).await?;
    if let Some(found) = &present {
        let data = found.session.data();
        if data.transaction == TransactionId::of_state(state) {
            return Ok(Response::see_other(data.return_to.as_str()));
        }
    }
    if let Some(return_to) = auth.0.transactions.handed_over(state, jar) {
        return Ok(Response::see_other(return_to));
    }
    let restart = present.is_none()
        && lost != LostTransaction::Unknown
        && Attempt::of_state(state) == Attempt::First;
    let held = auth.0.transactions.is_held(state, jar);
    let cookies = held
        .then(|| auth.0.transactions.drop(state))
        .into_iter()
        .collect();
    Err(Ended {
        error: lost.into(),
        return_to: None,
        restart,
        cookies,
    })
}

/// Gives the page that posts a provider's form again from our own origin.
///
/// A form that another site posts carries no `SameSite=Lax` cookie. The same form posted by our own page
/// does, so that the transaction's cookie need not be sent to us from everywhere.
fn repost(
    auth: &Auth,
    registered: &Registered,
    request: &Request<'_>,
    state: &str,
    encoded: &str,
    jar: &Jar<'_>,
) -> Option<Response> {
    let posted = registered.client.response_mode() == ResponseMode::FormPost;
    if !posted || auth.0.transactions.is_held(state, jar) {
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
