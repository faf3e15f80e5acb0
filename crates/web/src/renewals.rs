//! Refreshing tokens once, whoever asks: every refresh token is sent one time (RFC 9700 section 4.14.2).

use std::sync::{Arc, Mutex, PoisonError};

use codegrant_core::TokenResponse;
use codegrant_core::jose::KeySet;
use tokio::sync::OnceCell;

use crate::auth::Auth;
use crate::error::{Error, SessionError};
use crate::outbound::finished;
use crate::seal;
use crate::session::{Expiring, Session, SessionData};

/// How long what a refresh brought is kept for requests that still carry the old cookie, in seconds.
const KEPT_SECONDS: i64 = 60;

/// How long a failure is kept, in seconds: whoever waited shares it, and the next try comes after it.
const FAILURE_SECONDS: i64 = 5;

/// For how many refresh tokens.
const KEPT: usize = 10_000;

/// What one refresh token brought, or will have brought: tokens and no session, because a provider may
/// give one refresh token to several sessions of a user.
type Renewal = Arc<OnceCell<Result<TokenResponse, Error>>>;

/// The refreshes of this process, running and just finished, each by a hash of its refresh token and whose
/// it is.
pub(crate) struct Renewals(Mutex<Expiring<String, Renewal>>);

impl Default for Renewals {
    fn default() -> Self {
        Self(Mutex::new(Expiring::new(KEPT)))
    }
}

impl Renewals {
    fn of(&self, token: &str, auth: &Auth) -> Renewal {
        let now = auth.now();
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(renewal) = held.live(&token.to_owned(), now) {
            return renewal.clone();
        }
        let renewal = Renewal::default();
        held.insert(
            token.to_owned(),
            renewal.clone(),
            now.plus(KEPT_SECONDS),
            now,
        );
        renewal
    }

    /// Keeps a result from now on, a failure for a shorter time.
    fn keep(&self, token: &str, renewal: Renewal, seconds: i64, auth: &Auth) {
        let now = auth.now();
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.insert(token.to_owned(), renewal, now.plus(seconds), now);
    }
}

/// Returns the session with new tokens.
///
/// A browser that goes away does not stop it: once the request is on its way, only its answer holds the
/// next refresh token.
pub(crate) async fn renewed(
    auth: &Auth,
    session: &Session,
    correlation_id: &str,
) -> Result<SessionData, Error> {
    let data = session.data();
    let refresh_token = data
        .refresh_token
        .as_ref()
        .ok_or(SessionError::NoRefreshToken)?;
    let (issuer, subject) = data.identity.key();
    let token = seal::hash(format!("{issuer}\n{subject}\n{}", refresh_token.secret()).as_bytes());
    let renewal = auth.0.renewals.of(&token, auth);
    let work = {
        let (auth, session) = (auth.clone(), session.clone());
        let correlation_id = correlation_id.to_owned();
        async move {
            let tokens = renewal
                .get_or_init(|| async {
                    let result = refreshed(&auth, &session, &correlation_id).await;
                    let seconds = if result.is_ok() {
                        KEPT_SECONDS
                    } else {
                        FAILURE_SECONDS
                    };
                    auth.0
                        .renewals
                        .keep(&token, renewal.clone(), seconds, &auth);
                    result
                })
                .await;
            tokens.clone()
        }
    };
    let tokens = finished(work).await?;
    // A log-out that happened meanwhile stays one.
    if auth.0.sessions.has_ended(data, auth.now()) {
        return Err(SessionError::Gone.into());
    }
    Ok(data.clone().renewed(tokens))
}

async fn refreshed(
    auth: &Auth,
    session: &Session,
    correlation_id: &str,
) -> Result<TokenResponse, Error> {
    let data = session.data();
    let refresh_token = data
        .refresh_token
        .as_ref()
        .ok_or(SessionError::NoRefreshToken)?;
    let (registered, metadata) = auth.issuer_of(correlation_id, &data.identity).await?;
    let step = registered.client().refresh(
        &metadata,
        refresh_token,
        data.dpop_key.as_ref(),
        auth.moment(),
    )?;
    let refreshed = auth
        .drive(correlation_id, &registered.client(), step)
        .await?;
    let lacking = |keys: &KeySet| refreshed.lacks_key(keys);
    let keys = auth
        .keys(correlation_id, registered, &metadata, lacking)
        .await?;
    let tokens = refreshed.accept(&data.identity, &keys)?;
    auth.0
        .events
        .tokens_refreshed(correlation_id, registered.id());
    Ok(tokens)
}
