//! Tokens in the app's own name (RFC 6749 section 4.4): fetched once, kept until shortly before they expire.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use codegrant_core::oauth2::AccessToken;
use codegrant_core::{DpopKey, Timestamp};

use crate::api::{ApiToken, Held};
use crate::auth::Auth;
use crate::error::Error;
use crate::outbound::finished;
use crate::session::Expiring;

/// For how many providers and sets of scopes.
const KEPT: usize = 256;

/// How long a set of scopes that nobody asks for is remembered, in seconds.
const KEPT_SECONDS: i64 = 86_400;

/// How long a token is kept whose provider does not say when it expires, in seconds.
const UNSAID_SECONDS: i64 = 300;

/// How long before its end a token is not given out any longer, in seconds, or a quarter of its life if that
/// is less: a call takes its time, and so may the API's clock.
const MARGIN_SECONDS: i64 = 60;

/// How long a failure is kept, in seconds: whoever waited shares it.
const FAILURE_SECONDS: i64 = 5;

/// A provider's id, and the scopes in order.
type Name = (String, Vec<String>);

/// The tokens that were fetched so far.
pub(crate) struct OwnTokens(Mutex<Expiring<Name, Arc<Slot>>>);

/// The one token for one set of scopes; one request at a time fetches it.
#[derive(Default)]
struct Slot {
    flight: tokio::sync::Mutex<()>,
    latest: Mutex<Option<(Result<ApiToken, Error>, Timestamp)>>,
}

impl Default for OwnTokens {
    fn default() -> Self {
        Self(Mutex::new(Expiring::new(KEPT)))
    }
}

impl OwnTokens {
    fn slot(&self, name: Name, now: Timestamp) -> Arc<Slot> {
        let mut held = self.held();
        let slot = held.live(&name, now).cloned().unwrap_or_default();
        held.insert(name, slot.clone(), now.plus(KEPT_SECONDS), now);
        slot
    }

    /// Forgets a token that an API does not take.
    pub(crate) fn forget(&self, token: &AccessToken) {
        for slot in self.held().values() {
            let mut latest = slot.latest();
            let refused = latest.as_ref().is_some_and(|(outcome, _)| {
                outcome
                    .as_ref()
                    .is_ok_and(|held| held.access_token().secret() == token.secret())
            });
            if refused {
                *latest = None;
            }
        }
    }

    /// A panic elsewhere cannot leave the map half changed, so a poisoned lock is taken all the same.
    fn held(&self) -> MutexGuard<'_, Expiring<Name, Arc<Slot>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    fn good(&self, now: Timestamp) -> Option<Result<ApiToken, Error>> {
        let latest = self.latest();
        let (outcome, until) = latest.as_ref()?;
        (now < *until).then(|| outcome.clone())
    }

    fn latest(&self) -> MutexGuard<'_, Option<(Result<ApiToken, Error>, Timestamp)>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Auth {
    /// Returns a token in the app's own name, with these scopes: no user takes part (RFC 6749 section 4.4).
    ///
    /// It is fetched once, by one request at a time, and kept until shortly before it expires, or until an API
    /// answers 401 to it. It is for the APIs that the registration names as `resources` (RFC 8707), and bound
    /// to a key or to the certificate where the registration has it so.
    ///
    /// ```no_run
    /// use codegrant_web::http::{HttpRequest, Method};
    /// use codegrant_web::{Auth, Error};
    ///
    /// async fn prices(auth: &Auth) -> Result<Vec<u8>, Error> {
    ///     let token = auth.client_credentials("my-op", ["prices:read"]).await?;
    ///     let request = HttpRequest::new(Method::Get, "https://api.example/prices");
    ///     Ok(auth.call_api(&token, request).await?.body)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// When there is no provider of that id; when it refuses, `unauthorized_client` where the client is not
    /// registered for this grant; and when it does not answer.
    pub async fn client_credentials<S: Into<String>>(
        &self,
        provider: &str,
        scopes: impl IntoIterator<Item = S>,
    ) -> Result<ApiToken, Error> {
        let id = self.provider_of(provider)?.id().to_owned();
        let mut scopes: Vec<String> = scopes.into_iter().map(Into::into).collect();
        scopes.sort();
        scopes.dedup();
        let slot = self
            .0
            .own_tokens
            .slot((id.clone(), scopes.clone()), self.now());
        if let Some(outcome) = slot.good(self.now()) {
            return outcome;
        }
        let auth = self.clone();
        finished(async move {
            let _flight = slot.flight.lock().await;
            // Whoever waited takes what came.
            if let Some(outcome) = slot.good(auth.now()) {
                return outcome;
            }
            let outcome = auth.own_token(&id, &scopes).await;
            let now = auth.now();
            let until = match &outcome {
                Ok(token) => good_until(token.expires_at(), now),
                Err(_) => now.plus(FAILURE_SECONDS),
            };
            *slot.latest() = Some((outcome.clone(), until));
            outcome
        })
        .await
    }

    async fn own_token(&self, provider: &str, scopes: &[String]) -> Result<ApiToken, Error> {
        let registered = self.provider_of(provider)?;
        let correlation_id = self.new_correlation_id();
        let metadata = self.metadata(&correlation_id, registered).await?;
        let client = registered.client();
        let dpop_key = client.uses_dpop().then(DpopKey::generate).transpose()?;
        let step = client.client_credentials(
            &metadata,
            scopes,
            client.resources(),
            dpop_key.as_ref(),
            self.moment(),
        )?;
        let tokens = self.drive(&correlation_id, &client, step).await?;
        Ok(ApiToken(Arc::new(Held {
            provider: provider.to_owned(),
            issuer: metadata.issuer.clone(),
            access_token: tokens.access_token,
            dpop_key,
            expires_at: tokens.expires_at,
            scopes: tokens.scopes,
            issued_token_type: None,
            opens_apis: true,
        })))
    }
}

fn good_until(expires_at: Option<Timestamp>, now: Timestamp) -> Timestamp {
    match expires_at {
        None => now.plus(UNSAID_SECONDS),
        Some(end) => {
            let life = end.seconds_since(now).max(0);
            end.minus(MARGIN_SECONDS.min(life / 4))
        }
    }
}
