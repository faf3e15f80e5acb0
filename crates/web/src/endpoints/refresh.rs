//! `POST {base}/refresh`: new tokens for the present session, once whoever asks; `GET` renews what is stale, on the
//! way to a page that needs it.

use crate::auth::{Auth, Start};
use crate::cookie::Jar;
use crate::error::{Error, SessionError};
use crate::parameter;
use crate::renewal::Renewed;
use crate::request::Request;
use crate::response::Response;
use crate::session::Found;

/// Fetches new tokens and goes to `return_to`.
pub(super) async fn perform(auth: &Auth, request: &Request<'_>) -> Response {
    let Some(form) = request.form() else {
        return super::too_large(auth);
    };
    let return_to = parameter::single(form, "return_to");
    if let Err(error) = request.is_from(auth.public_origin()) {
        let id = auth.new_correlation_id();
        return refused(auth, &id, return_to.as_deref(), &error.into());
    }
    renew(auth, request, return_to.as_deref(), Which::All).await
}

/// Renews tokens that are stale and goes back to the page that was asked for.
///
/// It changes nothing that the page itself would not: whoever leads somebody here does no harm.
pub(super) async fn pass(auth: &Auth, request: &Request<'_>) -> Response {
    let return_to = parameter::single(request.query(), "return_to");
    if let Err(error) = request.is_opened() {
        let id = auth.new_correlation_id();
        return refused(auth, &id, return_to.as_deref(), &error.into());
    }
    renew(auth, request, return_to.as_deref(), Which::Stale).await
}

/// Which tokens are renewed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    All,
    Stale,
}

async fn renew(
    auth: &Auth,
    request: &Request<'_>,
    return_to: Option<&str>,
    which: Which,
) -> Response {
    let id = auth.new_correlation_id();
    let return_to = auth.landing(return_to);
    let jar = Jar::read(request.cookies());
    let found = match auth.found(&jar).await {
        Ok(Some(found)) => found,
        Ok(None) => {
            let gone = SessionError::Gone.into();
            auth.0.events.failed(&id, None, &gone);
            return auth.challenge_towards(request, &return_to);
        }
        Err(error) => {
            auth.0.events.failed(&id, None, &error);
            return auth.not_now(&id, return_to.as_str(), &error);
        }
    };
    let renewed = match which {
        Which::All => auth.renewed_now(&found.session, &id).await,
        Which::Stale => auth.kept_fresh(&found.session, &id).await,
    };
    let ends = matches!(&renewed, Ok(Renewed::Not(error)) if error.ends_session());
    let answer = match renewed {
        Ok(Renewed::Newest(_)) => Response::see_other(return_to.as_str()),
        // The page that led here wants a token, and nobody else's.
        Ok(Renewed::Not(error)) if error.needs_login() && which == Which::Stale => {
            let provider = found.session.identity().provider.as_str();
            let path = auth.login_path(Some(provider), &return_to, Start::Asked);
            auth.challenge_by(request, path)
        }
        Ok(Renewed::Not(error)) if is_over(&error) => auth.challenge_towards(request, &return_to),
        Ok(Renewed::Not(error)) if error.ends_session() => {
            let problem = error.problem();
            auth.problem(problem, &id, Some(return_to.as_str()), None)
        }
        // The session stays as it is: a provider that is down is no log-out.
        Ok(Renewed::Not(error)) | Err(error) => auth.not_now(&id, return_to.as_str(), &error),
    };
    let cookies = match ends {
        true => auth.0.sessions.end(Some(&found), &jar, auth.now()).await,
        false => newest(auth, &found, &jar, which).await,
    };
    match cookies {
        Ok(cookies) => answer.with_cookies(cookies),
        Err(error) => refused(auth, &id, Some(return_to.as_str()), &error),
    }
}

/// Returns what brings the browser up to date.
async fn newest(
    auth: &Auth,
    found: &Found,
    jar: &Jar<'_>,
    which: Which,
) -> Result<Vec<String>, Error> {
    let (sessions, now) = (&auth.0.sessions, auth.now());
    let mut cookies = sessions.follow(found, jar, now).await?;
    if which == Which::Stale {
        cookies.push(sessions.led_around());
    }
    Ok(cookies)
}

/// Tells whether a login is the way on: nothing can be renewed with these tokens any longer.
fn is_over(error: &Error) -> bool {
    let over = SessionError::Gone;
    error.needs_login()
        || matches!(error, Error::Session(error) if *error == over)
        || matches!(error, Error::Session(SessionError::EndedByApp { .. }))
}

fn refused(auth: &Auth, id: &str, return_to: Option<&str>, error: &Error) -> Response {
    auth.0.events.failed(id, None, error);
    let return_to = auth.landing(return_to);
    auth.problem(error.problem(), id, Some(return_to.as_str()), None)
}
