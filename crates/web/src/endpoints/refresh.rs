//! `POST {base}/refresh`: new tokens for the present session, once whoever asks.

use crate::auth::Auth;
use crate::cookie::Jar;
use crate::error::{Error, SessionError};
use crate::parameter;
use crate::renewals;
use crate::request::Request;
use crate::response::Response;
use crate::session::Found;

/// What a refresh that failed leaves in the browser.
struct Failed {
    error: Error,
    cookies: Vec<String>,
}

impl<E: Into<Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self {
            error: error.into(),
            cookies: Vec::new(),
        }
    }
}

/// Fetches new tokens and goes to `return_to`.
pub(super) async fn perform(auth: &Auth, request: &Request<'_>) -> Response {
    let Some(form) = request.form() else {
        return super::too_large(auth);
    };
    let correlation_id = auth.new_correlation_id();
    let return_to = auth.landing(parameter::single(form, "return_to").as_deref());
    let Failed { error, cookies } = match renew(auth, request, &correlation_id).await {
        Ok(cookies) => return Response::see_other(return_to.as_str()).with_cookies(cookies),
        Err(failed) => failed,
    };
    auth.0.events.failed(&correlation_id, None, &error);
    // Nobody can be logged in any longer on these tokens: the way on is a login.
    let over = matches!(
        error,
        Error::Session(
            SessionError::Gone | SessionError::NoRefreshToken | SessionError::IssuerChanged { .. }
        )
    );
    let answer = if over || error.ends_grant() {
        auth.challenge_towards(request, &return_to)
    } else {
        // The session stays as it is: a provider that is down is no log-out.
        auth.problem(
            error.problem(),
            &correlation_id,
            Some(return_to.as_str()),
            None,
        )
    };
    answer.with_cookies(cookies)
}

async fn renew(
    auth: &Auth,
    request: &Request<'_>,
    correlation_id: &str,
) -> Result<Vec<String>, Failed> {
    request.is_from(auth.public_origin())?;
    let jar = Jar::read(request.cookies());
    let found = auth.found(&jar).await?.ok_or(SessionError::Gone)?;
    let sessions = &auth.0.sessions;
    let fresh = match renewals::renewed(auth, &found.session, correlation_id).await {
        Ok(fresh) => fresh,
        Err(error) => {
            let cookies = consequence(auth, &found, &jar, &error).await?;
            return Err(Failed { error, cookies });
        }
    };
    let kept = sessions
        .renew(&found, fresh.data.clone(), &jar, auth.now())
        .await;
    kept.map_err(|error| {
        // It was logged out meanwhile, by another process.
        if error == SessionError::Gone.into() {
            fresh.abandon(auth, correlation_id);
        }
        error.into()
    })
}

/// Does to the session what a failure says about it, and returns the cookies that say so.
async fn consequence(
    auth: &Auth,
    found: &Found,
    jar: &Jar<'_>,
    error: &Error,
) -> Result<Vec<String>, Error> {
    let sessions = &auth.0.sessions;
    if error.proves_somebody_else() {
        // The provider no longer says that this is the user: then neither do we (OpenID Connect Core 1.0
        // section 12.2).
        return sessions.end(Some(found), jar, auth.now()).await;
    }
    if error.ends_grant() {
        let mut data = found.session.data().clone();
        data.refresh_token = None;
        return sessions.renew(found, data, jar, auth.now()).await;
    }
    Ok(Vec::new())
}
