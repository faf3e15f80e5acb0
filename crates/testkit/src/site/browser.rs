//! A browser by values: cookies, redirects, forms, and what a real one says of where it comes from.

mod kept;

use codegrant_core::form;
use codegrant_core::oauth2::url::Url;
use codegrant_dev_provider::DevProvider;
use codegrant_web::{Request, Session};

use super::Site;
use super::app::{Incoming, Outgoing};
use super::callback::{AuthorizationUrl, Callback};
use super::cookies::CookieJar;
use super::reply::Reply;
use super::visit::{Initiator, Visit};

/// The most redirects that [`Browser::browse`] follows, as browsers do.
const REDIRECTS: usize = 20;

/// One person's browser in front of a [`Site`].
///
/// A clone is a copy of all cookies: a second window, or a thief.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use codegrant_testkit::Site;
/// let site = Site::builder().memory_sessions().build();
/// let mut browser = site.browser();
/// browser.log_in("op", "ada").await;
/// let mut copied = browser.clone();
/// browser.log_out().await;
/// assert!(copied.session().await.is_none());
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Browser {
    site: Site,
    cookies: CookieJar,
    user_agent: Option<String>,
}

impl Browser {
    pub(super) fn new(site: Site) -> Self {
        Self {
            site,
            cookies: CookieJar::default(),
            user_agent: None,
        }
    }

    /// Returns the same browser in front of another process of the app.
    #[must_use]
    pub fn at(mut self, site: &Site) -> Self {
        self.site = site.clone();
        self
    }

    /// Returns the same browser, calling itself something (RFC 9110 section 10.1.5).
    #[must_use]
    pub fn calling_itself(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// Opens a page of the app as if its address had been typed.
    pub async fn get(&mut self, target: &str) -> Reply {
        self.visit(Visit::get(target)).await
    }

    /// Opens a page with some headers other than a browser's.
    pub async fn get_with(&mut self, target: &str, headers: &[(&str, &str)]) -> Reply {
        let visit = headers
            .iter()
            .fold(Visit::get(target), |visit, (name, value)| {
                visit.with_header(name, *value)
            });
        self.visit(visit).await
    }

    /// Sends a form from a page of the app.
    pub async fn post(&mut self, target: &str, fields: &[(&str, &str)]) -> Reply {
        self.visit(Visit::post(target, fields)).await
    }

    /// Sends any request, keeps the cookies of the answer, and follows no redirect.
    ///
    /// # Panics
    ///
    /// When the address is neither the app's nor a provider's.
    pub async fn visit(&mut self, visit: Visit) -> Reply {
        let app = self.site.auth().public_origin().to_string();
        let url = if visit.target.starts_with('/') {
            format!("{app}{}", visit.target)
        } else {
            visit.target.clone()
        };
        let parsed = Url::parse(&url).unwrap_or_else(|error| panic!("{url}: {error}"));
        let now = self.site.now();
        let mut headers = visit.headers(&parsed, &app);
        if !headers.iter().any(|(name, _)| name == "cookie") {
            let cookies = self
                .cookies
                .header(&parsed, visit.occasion(&parsed, &app), now);
            headers.extend(cookies.map(|value| ("cookie".to_owned(), value)));
        }
        if let Some(user_agent) = &self.user_agent {
            headers.push(("user-agent".to_owned(), user_agent.clone()));
        }
        let sent = url.split('#').next().unwrap_or_default();
        let (path, query) = match sent.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (sent, None),
        };
        let of_app = path.strip_prefix(&app);
        let mut incoming = Incoming {
            method: &visit.method,
            path,
            query,
            headers,
            body: &visit.body,
        };
        let Outgoing {
            status,
            headers,
            body,
            login,
        } = match of_app.filter(|path| path.starts_with('/')) {
            Some(path) => {
                incoming.path = path;
                self.site.answer(&incoming).await
            }
            None => {
                let answer = self.site.answer_of_provider(sent, &incoming);
                answer.unwrap_or_else(|| panic!("nobody is at {url}"))
            }
        };
        for (_, value) in headers.iter().filter(|(name, _)| name == "set-cookie") {
            self.cookies.take(&parsed, value, now);
        }
        Reply {
            url,
            status,
            headers,
            body: String::from_utf8_lossy(&body).into_owned(),
            login,
            initiator: visit.initiator,
        }
    }

    /// Follows a redirect by one step.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub async fn follow(&mut self, reply: &Reply) -> Reply {
        let location = reply.location().expect("there is a redirect to follow");
        let base = Url::parse(&reply.url).expect("an address that answered");
        let target = base.join(location).expect("a redirect leads to a URL");
        let mut visit = Visit::get(target);
        visit.initiator = reply.initiator.clone();
        self.visit(visit).await
    }

    /// Opens a page and follows redirects to the end, at the provider as well.
    pub async fn browse(&mut self, target: &str) -> Reply {
        let mut reply = self.get(target).await;
        for _ in 0..REDIRECTS {
            if reply.location().is_none() {
                break;
            }
            reply = self.follow(&reply).await;
        }
        reply
    }

    /// Sends the first form of a page as it stands, with some more fields.
    ///
    /// # Panics
    ///
    /// When the page has no form.
    pub async fn submit(&mut self, page: &Reply, more: &[(&str, &str)]) -> Reply {
        let (action, fields) = page.form().expect("the page has a form");
        let base = Url::parse(&page.url).expect("an address that answered");
        let target = base.join(&action).expect("a form leads to a URL");
        let fields = fields.iter();
        let fields = fields.map(|(name, value)| (name.as_str(), value.as_str()));
        let fields: Vec<(&str, &str)> = fields.chain(more.iter().copied()).collect();
        let origin = base.origin().ascii_serialization();
        self.visit(Visit::post(target, &fields).from_page(origin))
            .await
    }

    /// Starts a login and stops before the provider.
    ///
    /// # Panics
    ///
    /// When the login does not start.
    pub async fn begin(&mut self, provider: &str) -> AuthorizationUrl {
        self.begin_to(provider, "").await
    }

    /// Starts a login that is to end at `return_to`, and stops before the provider.
    ///
    /// # Panics
    ///
    /// When the login does not start.
    pub async fn begin_to(&mut self, provider: &str, return_to: &str) -> AuthorizationUrl {
        let base = self.site.auth().base();
        let mut target = format!("{base}/login/{provider}");
        if !return_to.is_empty() {
            target.push_str("?return_to=");
            target.push_str(&form::encode(return_to));
        }
        let reply = self.visit(Visit::get(target).from_app()).await;
        let location = reply.location();
        AuthorizationUrl::parse(location.unwrap_or_else(|| {
            panic!(
                "no login starts: {} {:?}",
                reply.status,
                self.site.failures()
            )
        }))
    }

    /// Signs in at the provider as a listed user, allows everything, and stops before the callback.
    ///
    /// The provider does not remember this browser: the next login may be somebody else's.
    ///
    /// # Panics
    ///
    /// When the provider does not send the browser back, for example because there is no such user.
    pub fn at_provider(&self, url: &AuthorizationUrl, subject: &str) -> Callback {
        let answer = self
            .provider_of(url)
            .authorize_as(url.as_str(), subject, self.site.now());
        let reply = Reply {
            url: url.as_str().to_owned(),
            status: answer.status,
            headers: answer.headers,
            body: String::from_utf8_lossy(&answer.body).into_owned(),
            login: None,
            initiator: Initiator::App,
        };
        let callback = Callback::read(&reply, url.origin());
        callback.unwrap_or_else(|| panic!("the provider answers {}: {}", reply.status, reply.body))
    }

    /// Says no at the provider, and stops before the callback.
    ///
    /// # Panics
    ///
    /// When the provider does not send the browser back.
    pub async fn cancel_at_provider(&mut self, url: &AuthorizationUrl) -> Callback {
        let consent = format!("{}/consent", self.provider_of(url).issuer());
        let page = self.visit(Visit::get(url.as_str()).from_app()).await;
        let (_, fields) = page.form().expect("the provider asks who it is");
        let interaction = fields.iter().find(|(name, _)| name == "interaction");
        let (_, interaction) = interaction.expect("the provider's page has an interaction");
        let fields = [("interaction", interaction.as_str()), ("decision", "deny")];
        let visit = Visit::post(consent, &fields).from_page(url.origin());
        let reply = self.visit(visit).await;
        Callback::read(&reply, url.origin()).expect("the provider sends the browser back")
    }

    /// Starts a login and signs in, and stops before the callback.
    ///
    /// # Panics
    ///
    /// When the login does not get that far.
    pub async fn begin_and_sign_in(&mut self, provider: &str, subject: &str) -> Callback {
        let url = self.begin(provider).await;
        self.at_provider(&url, subject)
    }

    /// Brings an answer to the app as the provider's page would make the browser do.
    ///
    /// A page of the app that posts itself is sent, as its script would.
    pub async fn bring(&mut self, callback: &Callback) -> Reply {
        let reply = self.bring_once(callback).await;
        if reply.status == 200 && reply.body.contains("<script>") && reply.form().is_some() {
            return self.submit(&reply, &[]).await;
        }
        reply
    }

    /// Brings an answer to the app and stops at whatever page there is.
    pub async fn bring_once(&mut self, callback: &Callback) -> Reply {
        let encoded = callback.parameters.encoded();
        let visit = if callback.posted {
            Visit::post(&callback.address, &[]).with_body(encoded)
        } else {
            Visit::get(format!("{}?{encoded}", callback.address))
        };
        self.visit(visit.from_page(&callback.from)).await
    }

    /// Logs somebody in: from the login to the answer of the callback.
    ///
    /// # Panics
    ///
    /// When the login does not start.
    pub async fn log_in(&mut self, provider: &str, subject: &str) -> Reply {
        let callback = self.begin_and_sign_in(provider, subject).await;
        self.bring(&callback).await
    }

    /// Logs out by the app's own form.
    pub async fn log_out(&mut self) -> Reply {
        let target = format!("{}/logout", self.site.auth().base());
        self.post(&target, &[]).await
    }

    /// Returns the session that this browser has, as a handler of the app would see it.
    ///
    /// # Panics
    ///
    /// When the session store does not work.
    pub async fn session(&mut self) -> Option<Session> {
        let app = self.site.auth().public_origin().to_string();
        let url = Url::parse(&app).expect("a public origin is a URL");
        let occasion = super::cookies::Occasion::SameSite;
        let cookies = self.cookies.header(&url, occasion, self.site.now());
        let fields = cookies.iter().map(|field| ("cookie", field.as_bytes()));
        let request = Request::new("GET", "/", None, fields);
        let found = self.site.auth().identify(request).await;
        found.unwrap_or_else(|error| panic!("{}: {error}", error.code()))
    }

    /// Returns the subject of whoever is logged in.
    pub async fn subject(&mut self) -> Option<String> {
        let session = self.session().await;
        session.map(|session| session.identity().subject.clone())
    }

    fn provider_of(&self, url: &AuthorizationUrl) -> &DevProvider {
        let mut providers = self.site.0.providers.iter();
        let found = providers.find(|(_, provider)| url.as_str().starts_with(provider.issuer()));
        found.map_or_else(
            || panic!("nobody is at {}", url.endpoint()),
            |(_, provider)| provider,
        )
    }
}
