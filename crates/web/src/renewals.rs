//! Refreshing tokens once, whoever asks: every refresh token is sent one time (RFC 9700 section 4.14.2).

use std::sync::{Mutex, MutexGuard, PoisonError};

use codegrant_core::TokenResponse;
use codegrant_core::jose::KeySet;

use crate::auth::Auth;
use crate::error::{Error, SessionError};
use crate::seal;
use crate::session::{Expiring, Session, SessionData};

/// How many refreshes may run side by side in this process.
const LOCKS: usize = 64;

/// How long the result of a refresh is kept for requests that still carry the old cookie, in seconds, and
/// for how many sessions.
const KEPT_SECONDS: i64 = 60;
const KEPT: usize = 10_000;

/// The refreshes of this process: running, and just finished.
pub(crate) struct Renewals {
    /// Shared out by the hash of the refresh token.
    locks: Vec<tokio::sync::Mutex<()>>,
    /// What a refresh token brought, by its hash; tokens and no session, because a provider may give one
    /// refresh token to several sessions of a user.
    finished: Mutex<Expiring<String, TokenResponse>>,
}

impl Default for Renewals {
    fn default() -> Self {
        Self {
            locks: (0..LOCKS).map(|_| tokio::sync::Mutex::default()).collect(),
            finished: Mutex::new(Expiring::new(KEPT)),
        }
    }
}

impl Renewals {
    fn finished(&self) -> MutexGuard<'_, Expiring<String, TokenResponse>> {
        self.finished.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self, used: &str) -> &tokio::sync::Mutex<()> {
        let sum: usize = used.bytes().map(usize::from).sum();
        &self.locks[sum % self.locks.len()]
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
    let (auth, session) = (auth.clone(), session.clone());
    let correlation_id = correlation_id.to_owned();
    let task = tokio::spawn(async move { once(&auth, &session, &correlation_id).await });
    task.await.unwrap_or(Err(SessionError::Gone.into()))
}

async fn once(auth: &Auth, session: &Session, correlation_id: &str) -> Result<SessionData, Error> {
    let data = session.data();
    let refresh_token = data
        .refresh_token
        .as_ref()
        .ok_or(SessionError::NoRefreshToken)?;
    let used = seal::hash(refresh_token.secret().as_bytes());
    let renewals = &auth.0.renewals;
    let _alone = renewals.lock(&used).lock().await;
    if let Some(tokens) = renewals.finished().live(&used, auth.now()) {
        return Ok(data.clone().renewed(tokens.clone()));
    }
    let (registered, metadata) = auth.issuer_of(correlation_id, &data.identity).await?;
    let step = registered
        .client
        .refresh(&metadata, refresh_token, auth.now())?;
    let refreshed = auth.drive(correlation_id, &registered.client, step).await?;
    let lacking = |keys: &KeySet| refreshed.lacks_key(keys);
    let keys = auth
        .keys(correlation_id, registered, &metadata, lacking)
        .await?;
    let tokens = refreshed.accept(&data.identity, &keys)?;
    let now = auth.now();
    renewals
        .finished()
        .insert(used, tokens.clone(), now.plus(KEPT_SECONDS), now);
    auth.0
        .events
        .tokens_refreshed(correlation_id, registered.id());
    Ok(data.clone().renewed(tokens))
}
