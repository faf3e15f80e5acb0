//! The clients of this app, each with its provider's metadata and keys: cached, fetched once at a time.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use codegrant_core::jose::KeySet;
use codegrant_core::provider::Provider;
use codegrant_core::{Cache, Client, ClientInformation, Fetched, ProviderMetadata, Timestamp};

use crate::error::Error;
use crate::http_client::TransportError;
use crate::registration::Switches;

/// The clients of this app in the order in which they were configured; each is found by its id in a few steps,
/// however many there are.
pub(crate) struct Clients {
    listed: Vec<Registered>,
    places: BTreeMap<String, usize>,
}

impl Clients {
    pub(crate) fn new(listed: Vec<Registered>) -> Self {
        let ids = listed.iter().map(|held| held.id().to_owned());
        let places = ids.zip(0..).collect();
        Self { listed, places }
    }

    /// Returns the client of that id.
    pub(crate) fn named(&self, id: &str) -> Option<&Registered> {
        self.places.get(id).map(|place| &self.listed[*place])
    }

    /// Returns all of them in their order.
    pub(crate) fn listed(&self) -> &[Registered] {
        &self.listed
    }
}

/// One client and what is known of its provider.
pub(crate) struct Registered {
    /// As the app configured it; at a dynamic registration, without what the provider gives out.
    configured: Client,
    /// As the provider registered it, once it has.
    granted: RwLock<Option<Client>>,
    /// What else is done for this provider.
    pub(crate) switches: Switches,
    pub(crate) metadata: Document<ProviderMetadata>,
    pub(crate) keys: Document<KeySet>,
    /// What the provider gave out, where the client registers itself.
    pub(crate) information: Document<ClientInformation>,
    /// When keys were last fetched anew because of what a stranger sent.
    fetched_for_a_stranger: AtomicI64,
}

/// How often a token that anybody may have made can have the keys fetched anew, in seconds: seldom enough to
/// leave the logins theirs.
const STRANGERS_PAUSE: i64 = 60;

impl Registered {
    pub(crate) fn new(client: Client, switches: Switches) -> Self {
        Self {
            configured: client,
            granted: RwLock::default(),
            switches,
            metadata: Document::default(),
            keys: Document::default(),
            information: Document::default(),
            fetched_for_a_stranger: AtomicI64::new(i64::MIN),
        }
    }

    /// Takes leave to fetch the keys anew for a token that nobody has proved: once a minute.
    pub(crate) fn may_fetch_for_a_stranger(&self, now: Timestamp) -> bool {
        let now = now.as_unix();
        let rested = |last: i64| {
            let age = now.saturating_sub(last);
            !(0..STRANGERS_PAUSE).contains(&age)
        };
        self.fetched_for_a_stranger
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
                rested(last).then_some(now)
            })
            .is_ok()
    }

    pub(crate) fn id(&self) -> &str {
        &self.provider().id
    }

    /// Returns the provider's entry.
    pub(crate) fn provider(&self) -> &Provider {
        self.configured.provider()
    }

    /// Returns the client as it is registered now; [`Auth::metadata`](crate::Auth) comes first, which sees to
    /// that.
    pub(crate) fn client(&self) -> Client {
        let granted = self.granted.read().unwrap_or_else(PoisonError::into_inner);
        granted.as_ref().unwrap_or(&self.configured).clone()
    }

    /// Returns the client as the app configured it.
    pub(crate) fn configured(&self) -> &Client {
        &self.configured
    }

    /// Takes the client as the provider registered it.
    pub(crate) fn grant(&self, client: Client) {
        let mut granted = self.granted.write().unwrap_or_else(PoisonError::into_inner);
        *granted = Some(client);
    }
}

/// How long somebody waits for whoever fetches: longer than a fetch takes.
///
/// With several runtimes in a process, as Actix-web has them, one whose thread is blocked must not hold up the others.
/// Nobody fetches in its place: a registration must not be made twice.
const PATIENCE: Duration = Duration::from_secs(30);

/// A document that is fetched by one request at a time; the others wait for its result.
pub(crate) struct Document<T> {
    cache: Mutex<Cache<T>>,
    flight: tokio::sync::Mutex<()>,
}

impl<T> Default for Document<T> {
    fn default() -> Self {
        Self {
            cache: Mutex::new(Cache::default()),
            flight: tokio::sync::Mutex::new(()),
        }
    }
}

impl<T: Clone> Document<T> {
    /// Returns the document while it is fresh.
    pub(crate) fn fresh(&self, now: Timestamp) -> Option<T> {
        self.cache().fresh(now)
    }

    /// Returns the fresh document, or fetches it; a stale one serves when that fails.
    ///
    /// `lacking` tells a fresh one that will not do. Whoever waited while another fetched gets that result
    /// if it will do. The clock is read after every wait, because a fetch may take its whole deadline.
    pub(crate) async fn get<F>(
        &self,
        provider: &str,
        clock: impl Fn() -> Timestamp,
        lacking: impl Fn(&T) -> bool,
        fetch: impl FnOnce() -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<Fetched<T>, Error>>,
    {
        let will_do = || self.fresh(clock()).filter(|value| !lacking(value));
        if let Some(value) = will_do() {
            return Ok(value);
        }
        let flight = tokio::time::timeout(PATIENCE, self.flight.lock()).await;
        if let Some(value) = will_do() {
            return Ok(value);
        }
        let allowed = flight.is_ok() && self.cache().may_fetch(clock());
        if !allowed {
            let resting = || TransportError::Resting {
                provider: provider.to_owned(),
            };
            return self.cache().usable(clock()).ok_or_else(|| resting().into());
        }
        match fetch().await {
            Ok(fetched) => {
                let value = fetched.value.clone();
                self.cache().store(fetched, clock());
                Ok(value)
            }
            Err(error) => {
                let mut cache = self.cache();
                cache.failed(clock());
                let Some(stale) = cache.usable(clock()) else {
                    return Err(error);
                };
                // Logins go on for a day; then they end all at once, so say it now.
                tracing::warn!(
                    target: "codegrant", event = "provider.stale", provider,
                    code = error.code().name, detail = %error, remedy = error.code().remedy
                );
                Ok(stale)
            }
        }
    }

    fn cache(&self) -> MutexGuard<'_, Cache<T>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_is_found_by_its_id_and_listed_in_its_place() {
        let ids = ["op", "zz", "a"];
        let registered = ids.map(|id| {
            let provider = Provider::openid(id, id, "https://op.example");
            let client = Client::new(provider, "app", "https://app.example/auth/callback/op");
            Registered::new(client, Switches::default())
        });
        let clients = Clients::new(registered.into());
        let listed: Vec<&str> = clients.listed().iter().map(Registered::id).collect();
        assert_eq!(listed, ids);
        for id in ids {
            assert_eq!(clients.named(id).map(Registered::id), Some(id));
        }
        assert!(clients.named("OP").is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_fetches_and_stands_still_holds_nobody_up_for_ever() {
        let document = Document::default();
        let stuck = document.flight.lock().await;
        let began = tokio::time::Instant::now();
        let fetch = async || Ok(Fetched::new(7, 60));
        let clock = || Timestamp::from_unix(1_000);
        let waited = document.get("op", clock, |_| false, fetch);
        let waited = tokio::time::timeout(2 * PATIENCE, waited).await;
        let error = waited.expect("it gives up").unwrap_err();
        assert_eq!(error.code().name, "transport.resting");
        assert_eq!(began.elapsed(), PATIENCE);
        assert_eq!(document.fresh(clock()), None, "nobody fetches twice");
        drop(stuck);
        let fetched = document.get("op", clock, |_| false, fetch).await;
        assert_eq!(fetched.unwrap(), 7);
    }
}
