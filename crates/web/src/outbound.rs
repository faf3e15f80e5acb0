//! Calls to providers: each operation driven to its end, each document fetched once for all.

use std::future::Future;
use std::time::Instant;

use codegrant_core::http::{HttpRequest, HttpResponse};
use codegrant_core::jose::KeySet;
use codegrant_core::{Client, Fetched, Identity, ProviderMetadata, Step};

use crate::auth::Auth;
use crate::clients::Registered;
use crate::error::{Error, SessionError};
use crate::http_client::TransportError;

/// Whose words a request and its answer are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// The protocol's, whose names may be shown.
    Protocol,
    /// The app's and an API's: even a name may be somebody's.
    App,
}

impl Auth {
    /// Performs every request that an operation asks for.
    pub(crate) async fn drive<T>(
        &self,
        correlation_id: &str,
        client: &Client,
        step: Step<T>,
    ) -> Result<T, Error> {
        let content = Content::Protocol;
        self.perform(correlation_id, client, step, content).await
    }

    /// Performs every request that an operation asks for, whosever words they carry.
    pub(crate) async fn perform<T>(
        &self,
        correlation_id: &str,
        client: &Client,
        mut step: Step<T>,
        content: Content,
    ) -> Result<T, Error> {
        loop {
            let mut fetch = match step {
                Step::Done(value) => return Ok(value),
                Step::Fetch(fetch) => fetch,
            };
            let request = fetch.take_request();
            let provider = &client.provider().id;
            let answer = self.send(correlation_id, provider, request, content).await;
            step = match answer {
                // Where the login goes on without it, no answer is as good as a refusal.
                Err(_) if fetch.is_optional() => fetch.resume(HttpResponse::new(504))?,
                answer => fetch.resume(answer?)?,
            };
        }
    }

    /// Sends one request to a provider, and tells the operator what came of it.
    async fn send(
        &self,
        correlation_id: &str,
        provider: &str,
        request: HttpRequest,
        content: Content,
    ) -> Result<HttpResponse, TransportError> {
        let call = self.0.events.provider_call(&request, content);
        let began = Instant::now();
        let answer = self.0.http.send(request).await;
        let (events, answered) = (&self.0.events, answer.as_ref());
        events.provider_called(correlation_id, provider, call, answered, began.elapsed());
        answer
    }

    /// Returns the provider's metadata, and sees to it that our client is registered there.
    pub(crate) async fn metadata(
        &self,
        correlation_id: &str,
        registered: &Registered,
    ) -> Result<ProviderMetadata, Error> {
        let metadata = self.described(correlation_id, registered).await?;
        if registered.switches.register.is_some() {
            self.see_to_registration(correlation_id, registered, &metadata)
                .await?;
        }
        Ok(metadata)
    }

    /// Returns the provider's metadata, fetched at most once at a time.
    async fn described(
        &self,
        correlation_id: &str,
        registered: &Registered,
    ) -> Result<ProviderMetadata, Error> {
        if let Some(fresh) = registered.metadata.fresh(self.now()) {
            return Ok(fresh);
        }
        let (auth, id) = (self.clone(), registered.id().to_owned());
        let correlation_id = correlation_id.to_owned();
        finished(async move {
            let registered = auth.registered(&id).ok_or(SessionError::Gone)?;
            let fetch = async || -> Result<Fetched<ProviderMetadata>, Error> {
                let step = registered.client().discover()?;
                auth.drive(&correlation_id, &registered.client(), step)
                    .await
            };
            registered
                .metadata
                .get(&id, || auth.now(), |_| false, fetch)
                .await
        })
        .await
    }

    /// Returns the provider that a session's tokens came from.
    ///
    /// The configuration may name another issuer under the same id by now: no token of the old one goes
    /// there.
    pub(crate) async fn issuer_of(
        &self,
        correlation_id: &str,
        identity: &Identity,
    ) -> Result<(&Registered, ProviderMetadata), Error> {
        let registered = self
            .registered(&identity.provider)
            .ok_or(SessionError::Gone)?;
        let metadata = self.metadata(correlation_id, registered).await?;
        if metadata.issuer != identity.issuer {
            return Err(SessionError::IssuerChanged {
                session: identity.issuer.clone(),
                configured: metadata.issuer.clone(),
            }
            .into());
        }
        Ok((registered, metadata))
    }

    /// Returns the provider's keys: cached ones unless `lacking` says that they will not do.
    pub(crate) async fn keys(
        &self,
        correlation_id: &str,
        registered: &Registered,
        metadata: &ProviderMetadata,
        lacking: impl FnOnce(&KeySet) -> bool,
    ) -> Result<KeySet, Error> {
        let held = registered.keys.fresh(self.now());
        if let Some(keys) = held.as_ref().filter(|keys| !lacking(keys)) {
            return Ok(keys.clone());
        }
        self.keys_after(held, correlation_id, registered, metadata)
            .await
    }

    /// Fetches the provider's keys where those at hand will not do: there are none yet, or the provider has
    /// rotated them (OpenID Connect Core 1.0 section 10.1.1).
    async fn keys_after(
        &self,
        held: Option<KeySet>,
        correlation_id: &str,
        registered: &Registered,
        metadata: &ProviderMetadata,
    ) -> Result<KeySet, Error> {
        // Whoever waited for another's fetch takes what came.
        let (auth, id) = (self.clone(), registered.id().to_owned());
        let (correlation_id, metadata) = (correlation_id.to_owned(), metadata.clone());
        let before = held.clone();
        let renewed = finished(async move {
            let registered = auth.registered(&id).ok_or(SessionError::Gone)?;
            let fetch = async || -> Result<Fetched<KeySet>, Error> {
                auth.drive(&correlation_id, &registered.client(), metadata.fetch_keys())
                    .await
            };
            let same = |keys: &KeySet| before.as_ref().is_some_and(|before| before.is(keys));
            registered.keys.get(&id, || auth.now(), same, fetch).await
        })
        .await;
        // When the provider may not be asked just now, the keys at hand give the precise error.
        match held {
            Some(keys) => Ok(renewed.unwrap_or(keys)),
            None => renewed,
        }
    }
}

/// Runs to its end also when the browser that asked for it goes away: whoever starts fetches and hangs up
/// must not use up the leave to fetch, and an answer that only came once must not be lost.
pub(crate) async fn finished<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    match tokio::spawn(work).await {
        Ok(result) => result,
        // The runtime is going down.
        Err(_) => Err(SessionError::Gone.into()),
    }
}
