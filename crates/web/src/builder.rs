//! Configuration in code, checked all at once.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use codegrant_core::error::Quoted;
use codegrant_core::provider::Provider;
use codegrant_core::{PublicOrigin, Timestamp};

use crate::auth::{Auth, Inner};
use crate::clients::Registered;
use crate::cookie::Cookies;
use crate::error::{SetupError, SetupErrors};
use crate::events::{Events, Observer};
use crate::http_client::HttpClient;
use crate::pages::{DefaultPages, Pages};
use crate::registration::Registration;
use crate::seal::{KeyRing, SHORTEST_SECRET};
use crate::session::{Lifetime, SessionStore, Sessions};
use crate::transactions::Transactions;

/// How many refreshes may run side by side in this process.
const REFRESH_LOCKS: usize = 64;

type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Collects what an [`Auth`] is made of; [`AuthBuilder::build`] checks everything.
///
/// ```
/// use codegrant_web::{Auth, provider::GITHUB};
/// let auth = Auth::builder("http://localhost:3000").login_with(GITHUB, "id", "secret").build()?;
/// assert_eq!(auth.base(), "/auth");
/// # Ok::<(), codegrant_web::SetupErrors>(())
/// ```
pub struct AuthBuilder {
    origin: String,
    base: String,
    home: String,
    app_name: Option<String>,
    secrets: Option<String>,
    registrations: Vec<Registration>,
    lifetime: Lifetime,
    store: Option<Arc<dyn SessionStore>>,
    pages: Box<dyn Pages>,
    http: Option<Arc<dyn HttpClient>>,
    root_certificate: Option<Vec<u8>>,
    events: Events,
    clock: Clock,
    dev: bool,
    mistakes: Vec<SetupError>,
}

impl AuthBuilder {
    pub(crate) fn new(public_origin: impl Into<String>) -> Self {
        Self {
            origin: public_origin.into(),
            base: "/auth".to_owned(),
            home: "/".to_owned(),
            app_name: None,
            secrets: None,
            registrations: Vec::new(),
            lifetime: Lifetime::default(),
            store: None,
            pages: Box::new(DefaultPages),
            http: None,
            root_certificate: None,
            events: Events::default(),
            clock: Arc::new(system_time),
            dev: false,
            mistakes: Vec::new(),
        }
    }

    /// Adds a provider by the id and secret that its console gave.
    #[must_use]
    pub fn login_with(
        self,
        provider: Provider,
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
    ) -> Self {
        self.registration(Registration::new(provider, client_id).secret(client_secret))
    }

    /// Adds a provider with everything that can be said about our registration there.
    #[must_use]
    pub fn registration(mut self, registration: Registration) -> Self {
        self.registrations.push(registration);
        self
    }

    /// Adds the provider inside the app: users to choose, no accounts, loopback only.
    #[cfg(feature = "dev")]
    #[must_use]
    pub fn dev(mut self) -> Self {
        self.dev = true;
        self
    }

    /// Reads ids, secrets and `CODEGRANT_SECRET` out of variables; see `Auth::from_env`.
    #[must_use]
    pub fn environment(
        mut self,
        providers: impl IntoIterator<Item = Provider>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let mut read = |name: &str| match (variable(name), variable(&format!("{name}_FILE"))) {
            (Some(value), _) => Some(value),
            (None, Some(path)) => read_file(&path, &mut self.mistakes),
            (None, None) => None,
        };
        let mut missing = Vec::new();
        let secrets = read("CODEGRANT_SECRET");
        for provider in providers {
            let prefix = provider.id.to_ascii_uppercase().replace('-', "_");
            let (id, secret) = (
                format!("{prefix}_CLIENT_ID"),
                format!("{prefix}_CLIENT_SECRET"),
            );
            match (read(&id), read(&secret)) {
                (Some(id), Some(secret)) => {
                    self.registrations
                        .push(Registration::new(provider, id).secret(secret));
                }
                (held_id, held_secret) => {
                    let absent = [(id, held_id.is_none()), (secret, held_secret.is_none())];
                    missing.extend(absent.into_iter().filter(|(_, absent)| *absent));
                }
            }
        }
        self.secrets = secrets.or(self.secrets);
        let missing = missing
            .into_iter()
            .map(|(name, _)| SetupError::VariableMissing { name });
        self.mistakes.extend(missing);
        self
    }

    /// Sets the secret that seals cookies: at least 32 random bytes as text; old ones follow after
    /// commas, and only open.
    ///
    /// On loopback a random one is made when none is set: sessions then end with the process.
    #[must_use]
    pub fn secret(mut self, secrets: impl Into<String>) -> Self {
        self.secrets = Some(secrets.into());
        self
    }

    /// Sets the path below which the endpoints are; `/auth` otherwise.
    #[must_use]
    pub fn base(mut self, base: impl Into<String>) -> Self {
        self.base = base.into();
        self
    }

    /// Sets where links on our pages lead back to the app; `/` otherwise.
    #[must_use]
    pub fn home(mut self, home: impl Into<String>) -> Self {
        self.home = home.into();
        self
    }

    /// Sets the name that stands on the login page.
    #[must_use]
    pub fn app_name(mut self, name: impl Into<String>) -> Self {
        self.app_name = Some(name.into());
        self
    }

    /// Keeps sessions in a store; in sealed cookies otherwise.
    #[must_use]
    pub fn store(mut self, store: impl SessionStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Sets how long sessions last.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Lifetime) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Replaces the pages that people see.
    #[must_use]
    pub fn pages(mut self, pages: impl Pages) -> Self {
        self.pages = Box::new(pages);
        self
    }

    /// Replaces the HTTP client that talks to providers.
    #[must_use]
    pub fn http_client(mut self, client: impl HttpClient) -> Self {
        self.http = Some(Arc::new(client));
        self
    }

    /// Trusts one more root certificate, PEM, besides the system's: for a provider of a private network.
    #[must_use]
    pub fn root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificate = Some(pem.into());
        self
    }

    /// Watches what happens.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.events = Events(Some(Arc::new(observer)));
        self
    }

    /// Replaces the clock, for tests that let time pass.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    pub(crate) fn mistake(&mut self, mistake: SetupError) {
        self.mistakes.push(mistake);
    }

    /// Checks everything and makes the [`Auth`].
    ///
    /// # Errors
    ///
    /// Every mistake, each with its remedy.
    pub fn build(mut self) -> Result<Auth, SetupErrors> {
        let mut mistakes = std::mem::take(&mut self.mistakes);
        if !base_is_sound(&self.base) {
            mistakes.push(SetupError::Base {
                value: Quoted::new(&self.base),
            });
        }
        let Lifetime {
            absolute_seconds,
            idle_seconds,
        } = self.lifetime;
        if !(1..=absolute_seconds).contains(&idle_seconds) {
            mistakes.push(SetupError::Lifetime {
                absolute_seconds,
                idle_seconds,
            });
        }
        let origin = PublicOrigin::parse(&self.origin)
            .map_err(|mistake| mistakes.push(mistake.into()))
            .ok();
        let secrets = self.secrets(origin.as_ref(), &mut mistakes);
        let http = self.http(&mut mistakes);
        let callbacks = format!(
            "{}{}/callback",
            origin.as_ref().map_or("", PublicOrigin::as_str),
            self.base
        );
        let mut clients = self.clients(&callbacks, &mut mistakes);
        let dev = origin
            .as_ref()
            .and_then(|origin| self.embedded(origin, &mut clients, &mut mistakes));
        if clients.is_empty() && mistakes.is_empty() {
            mistakes.push(SetupError::NoProvider);
        }
        let (Some(origin), Some(http), true) = (origin, http, mistakes.is_empty()) else {
            return Err(SetupErrors(mistakes));
        };
        let ring = KeyRing::new(&secrets, format!("{origin}{}", self.base));
        let cookies = Cookies::new(&origin);
        Ok(Auth(Arc::new(Inner {
            transactions: Transactions::new(&origin, ring.clone()),
            sessions: Sessions::new(cookies, ring, self.lifetime, self.store),
            origin,
            base: self.base,
            home: self.home,
            app_name: self.app_name,
            clients,
            pages: self.pages,
            http: around(dev.as_ref(), &self.clock, http),
            events: self.events,
            clock: self.clock,
            refreshing: (0..REFRESH_LOCKS)
                .map(|_| tokio::sync::Mutex::default())
                .collect(),
            #[cfg(feature = "dev")]
            dev,
        })))
    }

    fn clients(&mut self, callbacks: &str, mistakes: &mut Vec<SetupError>) -> Vec<Registered> {
        let mut seen = HashSet::new();
        let mut clients = Vec::new();
        for registration in std::mem::take(&mut self.registrations) {
            if !seen.insert(registration.provider_id().to_owned()) {
                mistakes.push(SetupError::ProviderTwice {
                    id: registration.provider_id().to_owned(),
                });
            }
            let (client, log_out_at_provider) = registration.into_client(callbacks);
            mistakes.extend(
                client
                    .validate()
                    .err()
                    .into_iter()
                    .flatten()
                    .map(SetupError::from),
            );
            clients.push(Registered::new(client, log_out_at_provider));
        }
        clients
    }

    fn secrets(
        &self,
        origin: Option<&PublicOrigin>,
        mistakes: &mut Vec<SetupError>,
    ) -> Vec<Vec<u8>> {
        let Some(secrets) = self
            .secrets
            .as_deref()
            .map(str::trim)
            .filter(|held| !held.is_empty())
        else {
            match origin {
                Some(origin) if origin.is_loopback() => tracing::info!(
                    target: "codegrant", event = "secret.random",
                    "no secret is set, so sessions end with this process; that is fine on loopback"
                ),
                _ => mistakes.push(SetupError::Secret { length: None }),
            }
            return vec![KeyRing::random_secret().to_vec()];
        };
        let secrets: Vec<&str> = secrets.split(',').map(str::trim).collect();
        let short = secrets
            .iter()
            .filter(|secret| secret.len() < SHORTEST_SECRET);
        mistakes.extend(short.map(|secret| SetupError::Secret {
            length: Some(secret.len()),
        }));
        secrets
            .iter()
            .map(|secret| secret.as_bytes().to_vec())
            .collect()
    }

    fn http(&mut self, mistakes: &mut Vec<SetupError>) -> Option<Arc<dyn HttpClient>> {
        if let Some(client) = self.http.take() {
            return Some(client);
        }
        #[cfg(feature = "reqwest")]
        let made = crate::http_client::ReqwestClient::new(self.root_certificate.as_deref())
            .map(|client| Arc::new(client) as Arc<dyn HttpClient>);
        #[cfg(not(feature = "reqwest"))]
        let made = Err(SetupError::HttpClient {
            reason: "the feature `reqwest` is off and no http_client is given".to_owned(),
        });
        made.map_err(|mistake| mistakes.push(mistake)).ok()
    }

    #[cfg(feature = "dev")]
    fn embedded(
        &self,
        origin: &PublicOrigin,
        clients: &mut Vec<Registered>,
        mistakes: &mut Vec<SetupError>,
    ) -> Option<crate::dev::Embedded> {
        if !self.dev {
            return None;
        }
        let started = crate::dev::Embedded::start(origin, &self.base);
        let (embedded, client) = started.map_err(|mistake| mistakes.push(mistake)).ok()?;
        clients.push(Registered::new(client, false));
        Some(embedded)
    }

    #[cfg(not(feature = "dev"))]
    fn embedded(
        &self,
        origin: &PublicOrigin,
        _clients: &mut [Registered],
        mistakes: &mut Vec<SetupError>,
    ) -> Option<()> {
        if self.dev {
            mistakes.push(SetupError::DevOnPublicOrigin {
                origin: origin.to_string(),
            });
        }
        None
    }
}

#[cfg(feature = "dev")]
fn around(
    dev: Option<&crate::dev::Embedded>,
    clock: &Clock,
    http: Arc<dyn HttpClient>,
) -> Arc<dyn HttpClient> {
    match dev {
        None => http,
        Some(embedded) => Arc::new(crate::dev::EmbeddedClient {
            embedded: embedded.clone(),
            clock: clock.clone(),
            others: http,
        }),
    }
}

#[cfg(not(feature = "dev"))]
fn around(_dev: Option<&()>, _clock: &Clock, http: Arc<dyn HttpClient>) -> Arc<dyn HttpClient> {
    http
}

pub(crate) fn read_file(path: &str, mistakes: &mut Vec<SetupError>) -> Option<String> {
    match std::fs::read_to_string(path) {
        Ok(text) => Some(text.trim().to_owned()),
        Err(error) => {
            mistakes.push(SetupError::File {
                path: path.to_owned(),
                reason: error.to_string(),
            });
            None
        }
    }
}

fn base_is_sound(base: &str) -> bool {
    let mut parts = base.split('/');
    parts.next() == Some("")
        && base.len() <= 64
        && parts.all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        })
        && base.len() > 1
}

/// The system's clock; before 1970 it counts as 1970.
fn system_time() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_unix(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
