//! Configuration in code, checked all at once.

mod assemble;
mod hooks;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use codegrant_core::Timestamp;
use codegrant_core::provider::{AuthenticationMethod, Provider};

use crate::cookie::USUAL_BASE;
use crate::error::SetupError;
use crate::events::{Events, Observer};
use crate::hooks::Hooks;
use crate::http_client::HttpClient;
use crate::on_link::OnLink;
use crate::on_login::OnLogin;
use crate::pages::{DefaultPages, Pages};
use crate::registration::Registration;
use crate::session::{BOUND_SECONDS, Kind, Lifetime, SessionStore};

type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Collects what an [`Auth`](crate::Auth) is made of; [`AuthBuilder::build`] checks everything.
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
    /// Where a secret that nobody set is looked for last: in the process's environment.
    process: fn(&str) -> Option<String>,
    registrations: Vec<Registration>,
    lifetime: Lifetime,
    kind: Kind,
    pages: Box<dyn Pages>,
    http: Option<Arc<dyn HttpClient>>,
    root_certificate: Option<Vec<u8>>,
    events: Events,
    on_login: OnLogin,
    hooks: Hooks,
    on_link: OnLink,
    clock: Clock,
    dev: bool,
    mistakes: Vec<SetupError>,
}

impl AuthBuilder {
    pub(crate) fn new(public_origin: impl Into<String>) -> Self {
        Self {
            origin: public_origin.into(),
            base: USUAL_BASE.to_owned(),
            home: "/".to_owned(),
            app_name: None,
            secrets: None,
            process: |name| std::env::var(name).ok().filter(|set| !set.is_empty()),
            registrations: Vec::new(),
            lifetime: Lifetime::default(),
            kind: Kind::Sealed {
                shared: None,
                bound_seconds: BOUND_SECONDS,
            },
            pages: Box::new(DefaultPages),
            http: None,
            root_certificate: None,
            events: Events::default(),
            on_login: OnLogin::default(),
            hooks: Hooks::default(),
            on_link: OnLink::default(),
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
            (None, Some(path)) => Some(read_secret(&path, &mut self.mistakes)),
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
            let public = provider.authentication == AuthenticationMethod::None;
            match (read(&id), read(&secret)) {
                (Some(id), Some(secret)) => {
                    self.registrations
                        .push(Registration::new(provider, id).secret(secret));
                }
                (Some(id), None) if public => {
                    self.registrations.push(Registration::new(provider, id));
                }
                (held_id, held_secret) => {
                    let no_secret = held_secret.is_none() && !public;
                    let absent = [(id, held_id.is_none()), (secret, no_secret)];
                    missing.extend(absent.into_iter().filter(|(_, absent)| *absent));
                }
            }
        }
        self.secrets = secrets.or(self.secrets);
        self.process = |_| None;
        let missing = missing
            .into_iter()
            .map(|(name, _)| SetupError::VariableMissing { name });
        self.mistakes.extend(missing);
        self
    }

    /// Sets the secret that seals cookies: at least 32 random bytes as text; old ones follow after
    /// commas, and only open.
    ///
    /// Without it, `CODEGRANT_SECRET` (or `CODEGRANT_SECRET_FILE`) of the process's environment counts. On
    /// loopback a random one is made when there is none at all: sessions then end with the process.
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
        self.kind = Kind::Stored(Arc::new(store));
        self
    }

    /// Leaves sessions in sealed cookies, and keeps in a store what all processes have to know of them: which
    /// are over, which logins were used, and which tokens are being refreshed.
    ///
    /// A page of a logged-in user asks no store. What one process ends is refused by all of them after five
    /// seconds at the latest, or after what [`AuthBuilder::revocation_bound`] says.
    #[must_use]
    pub fn revocation_index(mut self, store: impl SessionStore) -> Self {
        self.kind = Kind::Sealed {
            shared: Some(Arc::new(store)),
            bound_seconds: BOUND_SECONDS,
        };
        self
    }

    /// Sets after how many seconds, at the latest, all processes refuse a sealed session that was ended.
    ///
    /// Each process asks the store at most twice in this time. Where the store does not answer for so long,
    /// sealed sessions are refused with 503 until it does. It comes after
    /// [`AuthBuilder::revocation_index`], and says nothing without it.
    #[must_use]
    pub fn revocation_bound(mut self, seconds: u32) -> Self {
        if let Kind::Sealed { bound_seconds, .. } = &mut self.kind {
            *bound_seconds = i64::from(seconds.max(1));
        }
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

/// Reads a secret out of a file; one that cannot be read is one mistake, and not a missing secret besides.
pub(crate) fn read_secret(path: &str, mistakes: &mut Vec<SetupError>) -> String {
    /// Long enough to pass for a secret, in a configuration that is refused anyway.
    const UNREAD: &str = "the file that holds this could not be read";
    read_file(path, mistakes).unwrap_or_else(|| UNREAD.to_owned())
}

/// The system's clock; before 1970 it counts as 1970.
fn system_time() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_unix(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::SetupErrors;

    fn on_public_origin() -> AuthBuilder {
        AuthBuilder::new("https://app.example").login_with(
            codegrant_core::provider::GITHUB,
            "id",
            "client secret",
        )
    }

    fn codes(errors: &SetupErrors) -> Vec<&'static str> {
        errors.0.iter().map(|error| error.code().name).collect()
    }

    #[test]
    fn a_secret_that_nobody_set_comes_out_of_the_environment_of_the_process() {
        let mut builder = on_public_origin();
        builder.process = |name| {
            (name == "CODEGRANT_SECRET").then(|| "0123456789abcdef0123456789abcdef".to_owned())
        };
        builder.build().unwrap();
    }

    #[test]
    fn a_secret_that_is_nowhere_is_one_mistake() {
        let mut builder = on_public_origin();
        builder.process = |_| None;
        assert_eq!(
            codes(&builder.build().unwrap_err()),
            ["configuration.secret"]
        );
    }

    #[test]
    fn a_secret_file_that_cannot_be_read_is_one_mistake() {
        let mut builder = on_public_origin();
        builder.process =
            |name| (name == "CODEGRANT_SECRET_FILE").then(|| "/no/such/file".to_owned());
        assert_eq!(codes(&builder.build().unwrap_err()), ["configuration.file"]);

        let written = |name: &str| name.ends_with("_FILE").then(|| "/no/such/file".to_owned());
        let named = AuthBuilder::new("https://app.example")
            .environment([codegrant_core::provider::GITHUB], written)
            .build();
        assert_eq!(codes(&named.unwrap_err()), ["configuration.file"; 3]);
    }

    #[test]
    fn variables_that_are_handed_over_are_the_whole_environment() {
        let mut builder = on_public_origin();
        builder.process = |_| Some("0123456789abcdef0123456789abcdef".to_owned());
        let builder = builder.environment([], |_| None);
        assert_eq!(
            codes(&builder.build().unwrap_err()),
            ["configuration.secret"]
        );
    }
}
