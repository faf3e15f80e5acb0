//! A whole app by values: its login, its providers, a browser and a clock, without a socket.
//!
//! A [`Site`] is an app that browsers reach at `https://app.example` and whose providers are dev
//! providers that are called as functions. A [`Browser`] keeps cookies like a real one and says what a
//! real one says. Nothing waits, nothing listens, and the clock moves when it is told to.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! use codegrant_testkit::Site;
//!
//! let site = Site::new();
//! let mut browser = site.browser();
//! browser.log_in("op", "ada").await;
//! assert_eq!(browser.get("/").await.body, "Hello, Ada Lovelace!");
//!
//! site.wait(12 * 3600);
//! assert_eq!(browser.get("/").await.body, "Hello, stranger!");
//! # }
//! ```
//!
//! What your own configuration makes of a provider that misbehaves is tested the same way:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! use codegrant_testkit::{Fault, Site};
//!
//! let site = Site::builder().configure(|auth| auth.app_name("Orchard").home("/start")).build();
//! site.provider("op").inject(Fault::WrongNonce);
//! let mut browser = site.browser();
//! let reply = browser.log_in("op", "ada").await;
//! assert_eq!(reply.status, 400);
//! assert!(reply.body.contains("href=\"/start\""));
//! assert_eq!(site.failures(), ["id_token.nonce_mismatch"]);
//! # }
//! ```

mod app;
mod back_channel;
mod browser;
mod builder;
mod callback;
pub(crate) mod cookies;
pub(crate) mod reply;
pub(crate) mod visit;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use codegrant_core::Timestamp;
use codegrant_core::http::{HttpRequest, HttpResponse};
use codegrant_dev_provider::DevProvider;
use codegrant_web::{Auth, Event, Observer, Require, TransportError};

use crate::world::Answer;
use back_channel::BackChannel;

pub use back_channel::Held;
pub use browser::Browser;
pub use builder::SiteBuilder;
pub use callback::{AuthorizationUrl, Callback};
pub use cookies::Cookie;
pub use reply::Reply;
pub use visit::Visit;

/// An app with its login, its providers and a clock that stands still; cheap to clone.
///
/// Its pages: `/` greets everybody, `/token` shows users their access token, fresh, and every other path outside
/// `/auth` needs a login.
#[derive(Clone)]
pub struct Site(Arc<Inner>);

struct Inner {
    auth: Auth,
    providers: Vec<(String, Arc<DevProvider>)>,
    clock: Clock,
    back_channel: Arc<BackChannel>,
    events: Events,
    /// Pages that want more than a login.
    guarded: Vec<(&'static str, Require)>,
}

impl Site {
    /// Makes a site with one OpenID Provider, `op`, and sessions in sealed cookies.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Starts a site with settings of your own.
    pub fn builder() -> SiteBuilder {
        SiteBuilder::new()
    }

    /// Opens a browser that has never been here.
    pub fn browser(&self) -> Browser {
        Browser::new(self.clone())
    }

    /// Returns the login of the app.
    pub fn auth(&self) -> &Auth {
        &self.0.auth
    }

    /// Returns one of the providers, to inject a fault, rotate its keys or see what it was asked.
    ///
    /// # Panics
    ///
    /// When there is none of that id.
    pub fn provider(&self, id: &str) -> &DevProvider {
        let found = self.0.providers.iter().find(|(held, _)| held == id);
        found.map_or_else(|| panic!("no provider {id}"), |(_, provider)| provider)
    }

    /// Returns what time it is.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Moves the clock by that many seconds, also back.
    pub fn wait(&self, seconds: i64) {
        self.0.clock.0.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Counts the calls from the app to an endpoint, `/token` for example, at any provider.
    ///
    /// Longer ends of an address count fewer: `op.localhost:9000/token`.
    pub fn calls(&self, endpoint: &str) -> usize {
        let sent = self.sent();
        let hits = sent.iter();
        hits.filter(|request| request.loggable_url().ends_with(endpoint))
            .count()
    }

    /// Returns every call from the app to a provider, oldest first.
    pub fn sent(&self) -> Vec<HttpRequest> {
        self.0.back_channel.sent()
    }

    /// Answers calls in place of the providers, wherever `instead` returns something.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use codegrant_core::http::HttpResponse;
    /// use codegrant_testkit::Site;
    /// let site = Site::new();
    /// site.script(|request| {
    ///     let down = request.url.ends_with("/token");
    ///     down.then(|| Ok(HttpResponse::new(503)))
    /// });
    /// assert_eq!(site.browser().log_in("op", "ada").await.status, 502);
    /// # }
    /// ```
    pub fn script(
        &self,
        instead: impl Fn(&HttpRequest) -> Option<Result<HttpResponse, TransportError>>
        + Send
        + Sync
        + 'static,
    ) {
        self.0.back_channel.script(instead);
    }

    /// Alters the honest answers of an endpoint, `/token` for example.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use codegrant_testkit::Site;
    /// let site = Site::new();
    /// site.alter("/token", |answer| answer.remove("refresh_token"));
    /// let mut browser = site.browser();
    /// browser.log_in("op", "ada").await;
    /// assert!(!browser.session().await.unwrap().can_refresh());
    /// # }
    /// ```
    pub fn alter(&self, endpoint: &str, change: impl Fn(&mut Answer) + Send + Sync + 'static) {
        self.0.back_channel.alter(endpoint, change);
    }

    /// Lets no call to an endpoint through until it is released; see [`Held`].
    pub fn hold(&self, endpoint: &str) -> Held {
        self.0.back_channel.hold(endpoint)
    }

    /// Takes back every script, alteration and fault.
    pub fn behave(&self) {
        self.0.back_channel.behave();
        for (_, provider) in &self.0.providers {
            provider.heal();
        }
    }

    /// Returns what was told to the operator, oldest first, each with its correlation id.
    pub fn events(&self) -> Vec<(String, Event)> {
        self.0.events.all()
    }

    /// Returns the codes of all errors so far, oldest first.
    pub fn failures(&self) -> Vec<&'static str> {
        let failed = |(_, event)| match event {
            Event::Failed { code, .. } => Some(code),
            _ => None,
        };
        self.events().into_iter().filter_map(failed).collect()
    }
}

impl Default for Site {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site")
            .field("auth", &self.0.auth)
            .field("now", &self.now())
            .finish_non_exhaustive()
    }
}

/// The time, shared by the app, its providers and its browsers.
#[derive(Clone)]
struct Clock(Arc<AtomicI64>);

impl Clock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.load(Ordering::SeqCst))
    }
}

/// Keeps every event of the app.
#[derive(Clone, Default)]
struct Events(Arc<Mutex<Vec<(String, Event)>>>);

impl Events {
    fn all(&self) -> Vec<(String, Event)> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Observer for Events {
    fn observe(&self, correlation_id: &str, event: Event) {
        let mut events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        events.push((correlation_id.to_owned(), event));
    }
}
