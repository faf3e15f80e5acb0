//! What a site is made of.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use codegrant_core::ResponseMode;
use codegrant_core::jose::Algorithm;
use codegrant_core::provider::{EmailTrust, Endpoints, Provider, UserMapping};
use codegrant_dev_provider::{ClientRegistration, DevProvider, Settings};
use codegrant_web::{Auth, AuthBuilder, MemoryStore, Registration, Require, SetupErrors};
use serde_json::Value;

use super::back_channel::{BackChannel, ByValues};
use super::{Clock, Events, Inner, Site};

/// The time at which every site starts.
const START: i64 = 1_800_000_000;

/// What seals the cookies unless a test says otherwise.
const SECRET: &str = "the secret of a site that all tests know of";

/// Collects what a [`Site`] is made of.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use codegrant_testkit::Site;
/// let site = Site::builder().two_providers().memory_sessions().form_post().build();
/// let mut browser = site.browser();
/// assert_eq!(browser.log_in("ev", "grace").await.location(), Some("/"));
/// # }
/// ```
#[must_use]
pub struct SiteBuilder {
    origin: String,
    ids: &'static [&'static str],
    protocol: Protocol,
    response_mode: ResponseMode,
    log_out_at_provider: bool,
    registered: Vec<fn(Registration) -> Registration>,
    provided: Vec<fn(Settings) -> Settings>,
    client_metadata: Vec<Value>,
    beside: Option<Site>,
    registrations: Option<Vec<Registration>>,
    configure: Vec<Box<dyn FnOnce(AuthBuilder) -> AuthBuilder>>,
    guarded: Vec<(&'static str, Require)>,
}

#[derive(Clone, Copy)]
enum Protocol {
    OpenId,
    OAuth,
}

impl SiteBuilder {
    pub(super) fn new() -> Self {
        Self {
            origin: "https://app.example".to_owned(),
            ids: &["op"],
            protocol: Protocol::OpenId,
            response_mode: ResponseMode::Query,
            log_out_at_provider: false,
            registered: Vec::new(),
            provided: Vec::new(),
            client_metadata: Vec::new(),
            beside: None,
            registrations: None,
            configure: Vec::new(),
            guarded: Vec::new(),
        }
    }

    /// Has the page at this path want more than a login.
    pub fn guarded(mut self, path: &'static str, require: Require) -> Self {
        self.guarded.push((path, require));
        self
    }

    /// Sets where browsers reach the app; `https://app.example` otherwise.
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = origin.into();
        self
    }

    /// Adds a second provider, `ev`, which has the same users and another issuer.
    pub fn two_providers(mut self) -> Self {
        self.ids = &["op", "ev"];
        self
    }

    /// Configures the providers by their endpoints, as OAuth 2.0 servers without ID tokens.
    pub fn oauth(mut self) -> Self {
        self.protocol = Protocol::OAuth;
        self
    }

    /// Keeps sessions in memory; in sealed cookies otherwise.
    pub fn memory_sessions(self) -> Self {
        self.configure(|auth| auth.store(MemoryStore::new(10_000)))
    }

    /// Asks the providers to post their answers (OAuth 2.0 Form Post Response Mode).
    pub fn form_post(mut self) -> Self {
        self.response_mode = ResponseMode::FormPost;
        self
    }

    /// Logs out at the provider as well (OpenID Connect RP-Initiated Logout 1.0).
    pub fn log_out_at_provider(mut self) -> Self {
        self.log_out_at_provider = true;
        self
    }

    /// Changes what is registered with every provider.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use codegrant_testkit::{Site, site::Visit};
    /// let site = Site::builder().registered(|registration| registration.backchannel_logout()).build();
    /// let empty = Visit::new("POST", "/auth/backchannel-logout/op");
    /// assert_eq!(site.browser().visit(empty).await.status, 400);
    /// # }
    /// ```
    pub fn registered(mut self, change: fn(Registration) -> Registration) -> Self {
        self.registered.push(change);
        self
    }

    /// Changes what every provider can do.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use codegrant_dev_provider::Feature;
    /// use codegrant_testkit::Site;
    /// let site = Site::builder()
    ///     .provided(|settings| settings.with_features([Feature::Dpop, Feature::DpopNonces]))
    ///     .registered(|registration| registration.dpop())
    ///     .build();
    /// assert_eq!(site.browser().log_in("op", "ada").await.status, 303);
    /// assert_eq!(site.calls("/token"), 2, "once more with the nonce");
    /// # }
    /// ```
    pub fn provided(mut self, change: fn(Settings) -> Settings) -> Self {
        self.provided.push(change);
        self
    }

    /// Changes what every provider has registered about the app, by the names of RFC 7591.
    pub fn client_metadata(mut self, members: Value) -> Self {
        self.client_metadata.push(members);
        self
    }

    /// Makes another process of the same app: it shares the providers and the clock of `site`.
    pub fn beside(mut self, site: &Site) -> Self {
        self.beside = Some(site.clone());
        self
    }

    /// Registers the app in this way alone, in place of `op` and `ev`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use codegrant_core::provider::Provider;
    /// use codegrant_testkit::Site;
    /// use codegrant_web::Registration;
    /// let wiki = Provider::openid("wiki", "Wiki", "https://wiki.example");
    /// let site = Site::builder().only(Registration::new(wiki, "an id").secret("a secret")).build();
    /// assert_eq!(site.browser().get("/auth/login/op").await.status, 404);
    /// assert_eq!(site.browser().get("/auth/login/wiki").await.status, 503, "nobody is there");
    /// # }
    /// ```
    pub fn only(mut self, registration: Registration) -> Self {
        self.registrations = Some(vec![registration]);
        self
    }

    /// Changes the app's configuration as the last word; what is called later sees what came before.
    ///
    /// The base path stays `/auth`: the callbacks below it are registered at the providers.
    pub fn configure(mut self, change: impl FnOnce(AuthBuilder) -> AuthBuilder + 'static) -> Self {
        self.configure.push(Box::new(change));
        self
    }

    /// Makes the site.
    ///
    /// # Panics
    ///
    /// When the configuration is refused; [`SiteBuilder::try_build`] gives the mistakes back.
    pub fn build(self) -> Site {
        self.try_build()
            .unwrap_or_else(|mistakes| panic!("{mistakes}"))
    }

    /// Makes the site, or tells what is wrong with its configuration.
    ///
    /// # Errors
    ///
    /// Every mistake.
    pub fn try_build(self) -> Result<Site, SetupErrors> {
        let (clock, providers) = match &self.beside {
            Some(site) => (site.0.clock.clone(), site.0.providers.clone()),
            None => (Clock(Arc::new(AtomicI64::new(START))), self.providers()),
        };
        let events = Events::default();
        let callable = providers.iter().map(|(_, provider)| provider.clone());
        let back_channel = Arc::new(BackChannel::new(callable.collect(), clock.clone()));
        let now = clock.clone();
        let mut auth = Auth::builder(&self.origin)
            .secret(SECRET)
            .clock(move || now.now())
            .observer(events.clone())
            .http_client(ByValues(back_channel.clone()));
        let usual = || {
            let providers = providers.iter();
            let all = providers.map(|(id, provider)| self.registration(id, provider.issuer()));
            all.collect()
        };
        for registration in self.registrations.clone().unwrap_or_else(usual) {
            auth = auth.registration(registration);
        }
        for change in self.configure {
            auth = change(auth);
        }
        Ok(Site(Arc::new(Inner {
            auth: auth.build()?,
            providers,
            clock,
            back_channel,
            events,
            guarded: self.guarded,
        })))
    }

    fn providers(&self) -> Vec<(String, Arc<DevProvider>)> {
        let made = self.ids.iter().zip(1..).map(|(id, number)| {
            let client = ClientRegistration::new("app", Some(&secret(id)))
                .with_name("Example App")
                .with_redirect_uri(format!("{}/auth/callback/{id}", self.origin))
                .with_post_logout_redirect_uri(format!("{}/auth/logged-out", self.origin));
            let client = self.client_metadata.iter().fold(client, |client, members| {
                client.with_metadata(members.clone())
            });
            // Making an RSA key would take longer than everything else that a test does.
            let settings = Settings::new(format!("http://{id}.localhost:9000"), [number; 32])
                .with_algorithm(Algorithm::Es256)
                .with_client(client);
            let changes = self.provided.iter();
            let settings = changes.fold(settings, |settings, change| change(settings));
            let provider = DevProvider::new(settings).expect("the issuer is on loopback");
            ((*id).to_owned(), Arc::new(provider))
        });
        made.collect()
    }

    fn registration(&self, id: &str, issuer: &str) -> Registration {
        let name = format!("Example {}", id.to_ascii_uppercase());
        let provider = match self.protocol {
            Protocol::OpenId => Provider::openid(id.to_owned(), name, issuer.to_owned()),
            Protocol::OAuth => by_endpoints(id, name, issuer),
        };
        let mut registration = Registration::new(provider, "app")
            .secret(secret(id))
            .response_mode(self.response_mode);
        if self.log_out_at_provider {
            registration = registration.log_out_at_provider();
        }
        self.registered
            .iter()
            .fold(registration, |registration, change| change(registration))
    }
}

/// The client's secret at a provider, with signs in it that no encoding may lose.
fn secret(id: &str) -> String {
    format!("{id}: a client's secret & more")
}

fn by_endpoints(id: &str, name: String, issuer: &str) -> Provider {
    let endpoints = Endpoints {
        authorization: format!("{issuer}/authorize").into(),
        token: format!("{issuer}/token").into(),
        userinfo: format!("{issuer}/userinfo").into(),
        revocation: Some(format!("{issuer}/revoke").into()),
    };
    let mut provider = Provider::oauth(id.to_owned(), name, endpoints, UserMapping::OPENID)
        .with_scopes(["profile", "email"]);
    provider.email_trust = EmailTrust::VerifiedMember;
    provider
}
