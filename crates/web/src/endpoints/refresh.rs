//! `POST {base}/refresh`: new tokens for the present session, once whoever asks.

use crate::auth::Auth;
use crate::cookie::Jar;
use crate::error::{Error, SessionError};
use crate::parameter;
use crate::renewals;
use crate::request::Request;
use crate::response::Response;

/// Fetches new tokens and goes to `return_to`.
pub(super) async fn perform(auth: &Auth, request: &Request<'_>) -> Response {
    let Some(form) = request.form() else {
        return super::too_large(auth);
    };
    let correlation_id = auth.new_correlation_id();
    let return_to = auth.landing(parameter::single(form, "return_to").as_deref());
    match renew(auth, request, &correlation_id).await {
        Ok(cookies) => Response::see_other(return_to.as_str()).with_cookies(cookies),
        Err(error) => {
            auth.0.events.failed(&correlation_id, None, &error);
            // Nobody can be logged in any longer on these tokens: the way on is a login.
            let over = matches!(
                error,
                Error::Session(
                    SessionError::Gone
                        | SessionError::NoRefreshToken
                        | SessionError::IssuerChanged { .. }
                )
            );
            if over || error.ends_grant() {
                return auth.challenge_towards(request, &return_to);
            }
            // The session stays as it is: a provider that is down is no log-out.
            auth.problem(
                error.problem(),
                &correlation_id,
                Some(return_to.as_str()),
                None,
            )
        }
    }
}

async fn renew(
    auth: &Auth,
    request: &Request<'_>,
    correlation_id: &str,
) -> Result<Vec<String>, Error> {
    request.is_from(auth.public_origin())?;
    let jar = Jar::read(request.cookies());
    let found = auth.found(&jar).await?.ok_or(SessionError::Gone)?;
    let renewed = renewals::renewed(auth, &found.session, correlation_id).await?;
    auth.0
        .sessions
        .renew(&found, renewed, &jar, auth.now())
        .await
}
