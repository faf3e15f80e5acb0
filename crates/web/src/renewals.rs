//! Refreshing tokens once, whoever asks: every refresh token is sent one time (RFC 9700 section 4.14.2).

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use codegrant_core::jose::KeySet;
use codegrant_core::{DpopKey, HeldLogin, Renewed};
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
#[derive(Default)]
struct Renewal {
    outcome: OnceCell<Result<Renewed, Error>>,
    given_back: AtomicBool,
}

/// The refreshes of this process, running and just finished, each by a hash of its refresh token and whose
/// it is.
pub(crate) struct Renewals(Mutex<Expiring<String, Arc<Renewal>>>);

impl Default for Renewals {
    fn default() -> Self {
        Self(Mutex::new(Expiring::new(KEPT)))
    }
}

impl Renewals {
    fn of(&self, token: &str, auth: &Auth) -> Arc<Renewal> {
        let now = auth.now();
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(renewal) = held.live(&token.to_owned(), now) {
            return renewal.clone();
        }
        let renewal = Arc::<Renewal>::default();
        held.insert(
            token.to_owned(),
            renewal.clone(),
            now.plus(KEPT_SECONDS),
            now,
        );
        renewal
    }

    /// Keeps a result from now on, a failure for a shorter time.
    fn keep(&self, token: &str, renewal: Arc<Renewal>, seconds: i64, auth: &Auth) {
        let now = auth.now();
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.insert(token.to_owned(), renewal, now.plus(seconds), now);
    }
}

/// A session with new tokens, not kept yet.
pub(crate) struct Fresh {
    pub(crate) data: SessionData,
    renewal: Arc<Renewal>,
}

impl Fresh {
    /// Gives the new tokens back, once for all who waited for them: their session is over.
    pub(crate) fn abandon(&self, auth: &Auth, correlation_id: &str) {
        if !self.renewal.given_back.swap(true, Ordering::Relaxed) {
            let token = self.data.refresh_token.as_ref();
            auth.give_back(&self.data.identity, token, correlation_id);
        }
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
) -> Result<Fresh, Error> {
    let data = session.data();
    let refresh_token = data
        .refresh_token
        .as_ref()
        .ok_or(SessionError::NoRefreshToken)?;
    let (issuer, subject) = data.identity.key();
    let key = data.dpop_key.as_ref().map(DpopKey::thumbprint);
    let key = key.transpose()?.unwrap_or_default();
    let token = format!("{issuer}\n{subject}\n{key}\n{}", refresh_token.secret());
    let token = seal::hash(token.as_bytes());
    let renewal = auth.0.renewals.of(&token, auth);
    let work = {
        let (auth, session) = (auth.clone(), session.clone());
        let (correlation_id, renewal) = (correlation_id.to_owned(), renewal.clone());
        async move {
            let outcome = renewal
                .outcome
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
            outcome.clone()
        }
    };
    let fresh = Fresh {
        data: data.clone().renewed(finished(work).await?),
        renewal,
    };
    // A log-out that happened meanwhile stays one.
    if auth.0.sessions.has_ended(data, auth.now()) {
        fresh.abandon(auth, correlation_id);
        return Err(SessionError::Gone.into());
    }
    Ok(fresh)
}

async fn refreshed(auth: &Auth, session: &Session, correlation_id: &str) -> Result<Renewed, Error> {
    let data = session.data();
    let refresh_token = data
        .refresh_token
        .as_ref()
        .ok_or(SessionError::NoRefreshToken)?;
    let (registered, metadata) = auth.issuer_of(correlation_id, &data.identity).await?;
    let client = registered.client();
    // From before tokens were bound here: what it would bring is not.
    if client.uses_dpop() && data.dpop_key.is_none() {
        return Err(SessionError::NoRefreshToken.into());
    }
    // Before anything is sent: an answer that cannot be judged afterwards would be lost.
    auth.keys(correlation_id, registered, &metadata, |_| false)
        .await?;
    let step = client.refresh(
        &metadata,
        refresh_token,
        data.dpop_key.as_ref(),
        auth.moment(),
    )?;
    let refreshed = auth.drive(correlation_id, &client, step).await?;
    let keys = if refreshed.needs_keys() {
        let lacking = |keys: &KeySet| refreshed.lacks_key(keys);
        auth.keys(correlation_id, registered, &metadata, lacking)
            .await?
    } else {
        KeySet::empty()
    };
    let brought = refreshed.refresh_token().unwrap_or(refresh_token).clone();
    let held = HeldLogin {
        identity: &data.identity,
        id_token: data.id_token,
        scopes: &data.scopes,
    };
    let renewed = refreshed.accept(&held, &keys);
    // Nobody uses what came with an ID token that proves somebody else, or nobody.
    let renewed =
        renewed.inspect_err(|_| auth.give_back(&data.identity, Some(&brought), correlation_id))?;
    auth.0
        .events
        .tokens_refreshed(correlation_id, registered.id());
    Ok(renewed)
}
