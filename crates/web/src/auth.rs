//! The one thing that an app holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use codegrant_core::{LoginOptions, Moment, PublicOrigin, ReturnTo, Timestamp};

use crate::clients::{Clients, Registered};
use crate::cookie::Jar;
use crate::endpoints;
use crate::error::Error;
#[cfg(any(feature = "http-client", feature = "dev"))]
use crate::error::SetupErrors;
use crate::events::Events;
use crate::hooks::Hooks;
use crate::hosted::Hosted;
use crate::http_client::HttpClient;
use crate::on_link::OnLink;
use crate::on_login::OnLogin;
use crate::own_tokens::OwnTokens;
use crate::pages::{ErrorPage, Pages, Problem};
use crate::renewal::Renewals;
use crate::request::Request;
use crate::response::Response;
use crate::seal::KeyRing;
use crate::session::{Found, Session, Sessions};
pub(crate) use crate::start::Start;
use crate::transactions::Transactions;
use crate::{AuthBuilder, seal};

/// Login for an app: its providers, its endpoints and its sessions. Cheap to clone.
///
/// An adapter mounts [`Auth::handle`] below [`Auth::base`] and asks [`Auth::require`] or
/// [`Auth::identify`] who is there. An app makes one with [`Auth::from_env`], [`Auth::from_toml`],
/// [`Auth::builder`], or, without any account anywhere, `Auth::dev`.
#[derive(Clone)]
pub struct Auth(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) origin: PublicOrigin,
    pub(crate) base: String,
    pub(crate) home: String,
    /// Where a login ends that asked for no page: home, where that is a page of this app.
    pub(crate) start: ReturnTo,
    pub(crate) app_name: Option<String>,
    pub(crate) clients: Clients,
    pub(crate) transactions: Transactions,
    pub(crate) sessions: Sessions,
    pub(crate) ring: KeyRing,
    pub(crate) pages: Box<dyn Pages>,
    pub(crate) http: Arc<dyn HttpClient>,
    pub(crate) events: Events,
    pub(crate) on_login: OnLogin,
    pub(crate) hooks: Hooks,
    pub(crate) on_link: OnLink,
    pub(crate) clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pub(crate) renewals: Renewals,
    pub(crate) own_tokens: OwnTokens,
    pub(crate) hosted: Hosted,
    /// Whether anybody has asked where to mount the endpoints.
    pub(crate) mounted: AtomicBool,
    #[cfg(feature = "dev")]
    pub(crate) dev: Option<crate::dev::Embedded>,
}

/// How long a body may take: forms of a login are small, and nobody writes them by hand.
const BODY_PATIENCE: Duration = Duration::from_secs(10);

impl Auth {
    /// Starts a configuration for an app that browsers reach under `public_origin`.
    pub fn builder(public_origin: impl Into<String>) -> AuthBuilder {
        AuthBuilder::new(public_origin)
    }

    /// Configures an app from its environment.
    ///
    /// For each provider, `{ID}_CLIENT_ID` and `{ID}_CLIENT_SECRET` (or `{ID}_CLIENT_SECRET_FILE`), where
    /// `{ID}` is the provider's id in capitals; and `CODEGRANT_SECRET` (or `CODEGRANT_SECRET_FILE`), which
    /// seals the cookies and is needed everywhere but on loopback. Old secrets follow after commas.
    ///
    /// # Errors
    ///
    /// Every mistake at once, each with its remedy.
    #[cfg(feature = "http-client")]
    pub fn from_env(
        public_origin: impl Into<String>,
        providers: impl IntoIterator<Item = codegrant_core::provider::Provider>,
    ) -> Result<Self, SetupErrors> {
        Self::builder(public_origin)
            .environment(providers, |name| std::env::var(name).ok())
            .build()
    }

    /// Configures an app from a TOML text; `docs/configuration.md` lists its keys.
    ///
    /// # Errors
    ///
    /// Every mistake at once, each with its remedy.
    #[cfg(feature = "http-client")]
    pub fn from_toml(text: &str) -> Result<Self, SetupErrors> {
        AuthBuilder::from_toml(text)?.build()
    }

    /// Configures an app that logs in with a provider inside itself: users to choose, no accounts.
    ///
    /// # Errors
    ///
    /// When the origin is not on loopback: this provider lets anybody be anybody.
    #[cfg(feature = "dev")]
    pub fn dev(public_origin: impl Into<String>) -> Result<Self, SetupErrors> {
        Self::builder(public_origin).dev().build()
    }

    /// Returns the path below which every request goes to [`Auth::handle`], such as `/auth`.
    pub fn base(&self) -> &str {
        self.0.mounted.store(true, Ordering::Relaxed);
        &self.0.base
    }

    /// Tells whether a path, as it stands in the request line, is for [`Auth::handle`].
    ///
    /// A guard around a whole app lets these through: a login that needs a login would never begin.
    ///
    /// ```
    /// use codegrant_web::{Auth, provider::GITHUB};
    /// let auth = Auth::builder("http://localhost:3000").login_with(GITHUB, "id", "secret").build()?;
    /// assert!(auth.serves("/auth/login") && auth.serves("/auth/"));
    /// assert!(!auth.serves("/auth") && !auth.serves("/authors") && !auth.serves("/%61uth/login"));
    /// # Ok::<(), codegrant_web::SetupErrors>(())
    /// ```
    pub fn serves(&self, path: &str) -> bool {
        let rest = path.strip_prefix(self.base());
        rest.is_some_and(|rest| rest.starts_with('/'))
    }

    /// Returns where browsers reach the app.
    pub fn public_origin(&self) -> &PublicOrigin {
        &self.0.origin
    }

    /// Waits for the body of a request below [`Auth::base`], where an endpoint takes one, and not for ever.
    ///
    /// An adapter hands over how it reads: up to [`BODY_LIMIT`](crate::BODY_LIMIT) bytes, and `None` where there
    /// are more or they break off. Only a `POST` is read, within ten seconds; what is sent with any other method
    /// is nobody's.
    pub async fn body<B: Default>(
        &self,
        method: &str,
        read: impl Future<Output = Option<B>>,
    ) -> Option<B> {
        if method != "POST" {
            return Some(B::default());
        }
        let read = tokio::time::timeout(BODY_PATIENCE, read).await;
        read.ok().flatten()
    }

    /// Answers a request below [`Auth::base`], whatever it is.
    pub async fn handle(&self, request: Request<'_>) -> Response {
        #[cfg(feature = "dev")]
        if let Some(answer) = self
            .0
            .dev
            .as_ref()
            .and_then(|dev| dev.answer(&request, self.now()))
        {
            return answer;
        }
        endpoints::handle(self, &request).await
    }

    /// Finds out who is logged in.
    ///
    /// # Errors
    ///
    /// When the session store does not work: the user is then neither logged in nor out.
    pub async fn identify(&self, request: Request<'_>) -> Result<Option<Session>, Error> {
        self.identified(&request).await
    }

    async fn identified(&self, request: &Request<'_>) -> Result<Option<Session>, Error> {
        let jar = Jar::read(request.cookies());
        Ok(self.found(&jar).await?.map(|found| found.session))
    }

    /// Finds out who is logged in, or gives the response for nobody.
    ///
    /// # Errors
    ///
    /// [`Auth::challenge`] when nobody is; a page with status 503 when the session store does not work.
    pub async fn require(&self, request: Request<'_>) -> Result<Session, Response> {
        match self.identified(&request).await {
            Ok(Some(session)) => Ok(session),
            Ok(None) => Err(self.challenge(request)),
            Err(error) => Err(self.refuse(&error)),
        }
    }

    /// Asks for a login: a redirect for a person who opened a page, 401 with JSON for a script.
    ///
    /// The user comes back to the page that was asked for. The log says `setup.not_mounted` once where nobody
    /// has asked for [`Auth::base`] yet: the login that this leads to is then no page of the app.
    pub fn challenge(&self, request: Request<'_>) -> Response {
        if !self.0.mounted.swap(true, Ordering::Relaxed) {
            self.0.events.not_mounted(&self.0.base);
        }
        self.challenge_towards(&request, &self.page_of(&request))
    }

    /// Returns the page that a request asked for, to come back to.
    pub(crate) fn page_of(&self, request: &Request<'_>) -> ReturnTo {
        let target = match (request.method(), request.query()) {
            ("GET" | "HEAD", "") => request.path().to_owned(),
            ("GET" | "HEAD", query) => format!("{}?{query}", request.path()),
            // A form that was sent cannot be sent again after the login.
            _ => String::new(),
        };
        self.landing(Some(&target))
    }

    /// Asks for a login that ends at `return_to`.
    pub(crate) fn challenge_towards(
        &self,
        request: &Request<'_>,
        return_to: &ReturnTo,
    ) -> Response {
        self.challenge_by(request, self.login_path(None, return_to, Start::Asked))
    }

    /// Asks for the login at this path.
    pub(crate) fn challenge_by(&self, request: &Request<'_>, login_url: String) -> Response {
        if request.wants_page() {
            return Response::see_other(login_url);
        }
        let body = serde_json::json!({ "error": "login_required", "login_url": login_url });
        Response::json(401, &body).with("www-authenticate", "Cookie realm=\"login\"")
    }

    /// Gives the page for an error of [`Auth::identify`], and tells the operator.
    pub fn refuse(&self, error: &Error) -> Response {
        let correlation_id = self.new_correlation_id();
        self.0.events.failed(&correlation_id, None, error);
        self.problem(error.problem(), &correlation_id, None, None)
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.0.clock)()
    }

    /// Returns what one operation of core's takes from outside.
    pub(crate) fn moment(&self) -> Moment {
        Moment::new(self.now(), seal::random())
    }

    pub(crate) fn new_correlation_id(&self) -> String {
        seal::correlation_id()
    }

    pub(crate) async fn found(&self, jar: &Jar<'_>) -> Result<Option<Found>, Error> {
        let found = self.0.sessions.find(jar, self.now()).await?;
        // A provider that was taken out of the configuration vouches for nobody any longer.
        let vouched = |found: &Found| {
            self.registered(&found.session.identity().provider)
                .is_some()
        };
        Ok(found.filter(vouched))
    }

    pub(crate) fn registered(&self, id: &str) -> Option<&Registered> {
        self.0.clients.named(id)
    }

    /// Returns the path that starts a login, for links and buttons of your own.
    ///
    /// `provider` is its id, or `None` for the page with all of them; the login ends at `return_to`, a path
    /// of this app.
    ///
    /// ```
    /// use codegrant_web::{Auth, provider::GITHUB};
    /// let auth = Auth::builder("http://localhost:3000").login_with(GITHUB, "id", "secret").build()?;
    /// assert_eq!(auth.login_url(Some("github"), "/me"), "/auth/login/github?return_to=%2Fme");
    /// # Ok::<(), codegrant_web::SetupErrors>(())
    /// ```
    pub fn login_url(&self, provider: Option<&str>, return_to: &str) -> String {
        self.login_path(provider, &self.landing(Some(return_to)), Start::Asked)
    }

    /// Returns the path that starts a login which asks the provider for more: a fresher or a stronger sign-in,
    /// somebody's account, a language.
    ///
    /// Look at the session's claims first (`acr`, `auth_time`), and send people here when they do not do.
    ///
    /// ```
    /// use codegrant_web::{Auth, LoginOptions, provider::GOOGLE};
    /// let auth = Auth::builder("http://localhost:3000").login_with(GOOGLE, "id", "secret").build()?;
    /// let fresh = LoginOptions::new().max_age(300);
    /// let url = auth.login_url_with(Some("google"), "/transfer", &fresh);
    /// assert_eq!(url, "/auth/login/google?return_to=%2Ftransfer&max_age=300");
    /// # Ok::<(), codegrant_web::SetupErrors>(())
    /// ```
    pub fn login_url_with(
        &self,
        provider: Option<&str>,
        return_to: &str,
        options: &LoginOptions,
    ) -> String {
        let return_to = self.landing(Some(return_to));
        self.login_path_with(provider, &return_to, Start::Asked, options)
    }

    /// Returns where a login or a log-out ends: where was asked for if that is a path of this app, else
    /// where the app starts.
    pub(crate) fn landing(&self, asked: Option<&str>) -> ReturnTo {
        let asked = asked.map(|asked| ReturnTo::parse(asked, self.base()));
        asked
            .filter(|asked| *asked != ReturnTo::default())
            .unwrap_or_else(|| self.0.start.clone())
    }

    pub(crate) fn login_path(&self, provider: Option<&str>, to: &ReturnTo, start: Start) -> String {
        self.login_path_with(provider, to, start, &LoginOptions::new())
    }

    pub(crate) fn login_path_with(
        &self,
        provider: Option<&str>,
        to: &ReturnTo,
        start: Start,
        options: &LoginOptions,
    ) -> String {
        let mut url = format!("{}/login", self.0.base);
        if let Some(provider) = provider {
            url.push('/');
            url.push_str(provider);
        }
        let mut query = Vec::new();
        if *to != ReturnTo::default() {
            query.push(format!(
                "return_to={}",
                codegrant_core::form::encode(to.as_str())
            ));
        }
        query.extend(start.parameter().map(|name| format!("{name}=1")));
        query.extend(Some(options.to_query()).filter(|query| !query.is_empty()));
        if query.is_empty() {
            url
        } else {
            format!("{url}?{}", query.join("&"))
        }
    }

    pub(crate) fn problem(
        &self,
        problem: Problem,
        correlation_id: &str,
        retry: Option<&str>,
        restart: Option<&str>,
    ) -> Response {
        let page = self.0.pages.error(&ErrorPage {
            problem,
            correlation_id,
            retry,
            restart,
            home: &self.0.home,
        });
        Response::page(problem.status(), page)
    }
}

/// Equal are the clones of one login; two that are configured alike know nothing of each other.
impl PartialEq for Auth {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Auth {}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let providers: Vec<&str> = self.0.clients.listed().iter().map(Registered::id).collect();
        f.debug_struct("Auth")
            .field("public_origin", &self.0.origin)
            .field("base", &self.0.base)
            .field("providers", &providers)
            .finish_non_exhaustive()
    }
}
