//! What lies between the app and the provider: where the browser is sent, and what it brings back.

use codegrant_core::oauth2::url::Url;
use codegrant_core::oauth2::url::form_urlencoded;

use super::reply::Reply;
use crate::world::Parameters;

/// Where a login sends the browser (RFC 6749 section 4.1.1).
#[derive(Debug, Clone)]
pub struct AuthorizationUrl(Url);

impl AuthorizationUrl {
    /// Reads where a redirect leads.
    ///
    /// # Panics
    ///
    /// When it is no absolute URL.
    pub fn parse(text: &str) -> Self {
        Self(Url::parse(text).expect("a login leads to an absolute URL"))
    }

    /// Returns the whole URL.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Returns the endpoint without the query.
    pub fn endpoint(&self) -> String {
        let mut url = self.0.clone();
        url.set_query(None);
        url.into()
    }

    /// Returns the parameters, decoded, in order.
    pub fn parameters(&self) -> Vec<(String, String)> {
        self.0.query_pairs().into_owned().collect()
    }

    /// Returns a parameter, decoded; empty where there is none.
    pub fn parameter(&self, name: &str) -> String {
        let mut pairs = self.0.query_pairs();
        let found = pairs.find(|(held, _)| held == name);
        found.map_or_else(String::new, |(_, value)| value.into_owned())
    }

    /// Returns the URL without a parameter: somebody on the way removed it.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let kept = self.parameters();
        let kept = kept.iter().filter(|(held, _)| held != name);
        let mut url = self.0.clone();
        url.query_pairs_mut().clear().extend_pairs(kept);
        Self(url)
    }

    pub(super) fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }
}

/// What the browser brings back from a provider: honest as it stands, yours to alter.
///
/// `Display` gives the path and query of a callback by redirect.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use codegrant_testkit::Site;
/// let site = Site::new();
/// let mut browser = site.browser();
/// let mut callback = browser.begin_and_sign_in("op", "ada").await;
/// callback.parameters.set("iss", "https://evil.example");
/// assert_eq!(browser.bring(&callback).await.status, 400);
/// assert_eq!(site.calls("/token"), 0);
/// # }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Callback {
    /// The address without its query, absolute.
    pub address: String,
    /// What is brought.
    pub parameters: Parameters,
    /// Whether a page of the provider posts it as a form.
    pub posted: bool,
    /// The origin that it comes from.
    pub from: String,
}

impl Callback {
    /// Reads where a provider sends the browser: a redirect, or a page that posts a form.
    pub(super) fn read(reply: &Reply, from: String) -> Option<Self> {
        let mut parameters = Parameters::default();
        if let Some(location) = reply.location() {
            let (address, query) = location.split_once('?').unwrap_or((location, ""));
            for (name, value) in form_urlencoded::parse(query.as_bytes()) {
                parameters.append(&name, &value);
            }
            let address = address.to_owned();
            let posted = false;
            return Some(Self {
                address,
                parameters,
                posted,
                from,
            });
        }
        let (address, fields) = reply.form()?;
        for (name, value) in fields {
            parameters.append(&name, &value);
        }
        let posted = true;
        Some(Self {
            address,
            parameters,
            posted,
            from,
        })
    }

    /// Returns the state.
    pub fn state(&self) -> &str {
        self.parameters.value("state")
    }

    /// Returns the code.
    pub fn code(&self) -> &str {
        self.parameters.value("code")
    }

    /// Returns the callback at another provider's address.
    #[must_use]
    pub fn at(mut self, provider: &str) -> Self {
        if let Some((base, _)) = self.address.rsplit_once('/') {
            self.address = format!("{base}/{provider}");
        }
        self
    }
}

impl std::fmt::Display for Callback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = Url::parse(&self.address).map(|url| url.path().to_owned());
        let path = path.unwrap_or_else(|_| self.address.clone());
        write!(f, "{path}?{}", self.parameters.encoded())
    }
}
