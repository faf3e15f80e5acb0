//! One request of a browser, and what it says of itself.

use codegrant_core::form;
use codegrant_core::oauth2::url::Url;

use super::cookies::Occasion;

/// A request that a browser is about to send; everything about it can be changed.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use codegrant_testkit::{Site, site::Visit};
/// let site = Site::new();
/// let mut browser = site.browser();
/// browser.log_in("op", "ada").await;
/// let forged = Visit::post("/auth/logout", &[]).from_page("https://evil.example");
/// assert_eq!(browser.visit(forged).await.status, 403);
/// let scripted = Visit::get("/orders").with_header("sec-fetch-mode", "cors");
/// assert_eq!(site.browser().visit(scripted).await.status, 401);
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a visit happens when a browser makes it"]
pub struct Visit {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) body: Vec<u8>,
    pub(crate) initiator: Initiator,
    /// What the test says in place of the browser; an empty list leaves the header out.
    headers: Vec<(String, Vec<String>)>,
    fetch_metadata: bool,
}

/// Who made the browser send a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Initiator {
    /// Somebody typed the address or opened a bookmark.
    Person,
    /// A page of the app itself.
    App,
    /// A page of this origin.
    Page(String),
}

impl Visit {
    /// Makes a request with any method; somebody typed the address.
    ///
    /// `target` is a path of the app with its query, sent as it stands, or an absolute URL.
    pub fn new(method: impl Into<String>, target: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            target: target.into(),
            body: Vec::new(),
            initiator: Initiator::Person,
            headers: Vec::new(),
            fetch_metadata: true,
        }
    }

    /// Opens a page as if its address had been typed.
    pub fn get(target: impl Into<String>) -> Self {
        Self::new("GET", target)
    }

    /// Sends a form from a page of the app.
    pub fn post(target: impl Into<String>, fields: &[(&str, &str)]) -> Self {
        let pairs = fields.iter();
        let pairs =
            pairs.map(|(name, value)| format!("{}={}", form::encode(name), form::encode(value)));
        let body = pairs.collect::<Vec<_>>().join("&");
        let mut visit = Self::new("POST", target).with_body(body);
        visit.initiator = Initiator::App;
        visit.with_header("content-type", "application/x-www-form-urlencoded")
    }

    /// Returns the visit as a page of another origin would cause it.
    pub fn from_page(mut self, origin: impl Into<String>) -> Self {
        self.initiator = Initiator::Page(origin.into());
        self
    }

    /// Returns the visit as a link on a page of the app would cause it.
    pub fn from_app(mut self) -> Self {
        self.initiator = Initiator::App;
        self
    }

    /// Returns the visit with a header in place of what the browser would say.
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.retain(|(held, _)| held != name);
        self.headers.push((name.to_owned(), vec![value.into()]));
        self
    }

    /// Returns the visit without a header that the browser would send.
    pub fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(held, _)| held != name);
        self.headers.push((name.to_owned(), Vec::new()));
        self
    }

    /// Returns the visit as an old browser or a tool makes it: without `Sec-Fetch-*` headers.
    pub fn without_fetch_metadata(mut self) -> Self {
        self.fetch_metadata = false;
        self
    }

    /// Returns the visit with a body, as it stands.
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Returns the headers to send, `Cookie` aside, to an address.
    pub(crate) fn headers(&self, url: &Url, app: &str) -> Vec<(String, String)> {
        let initiator = self.initiator_origin(app);
        let mut headers = vec![("accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
        let site = site_relation(url, initiator);
        if self.fetch_metadata {
            headers.extend([
                ("sec-fetch-site", site),
                ("sec-fetch-mode", "navigate"),
                ("sec-fetch-dest", "document"),
            ]);
        }
        // Browsers name the origin with whatever may change something (Fetch section 3.2).
        if let (false, Some(origin)) = (matches!(self.method.as_str(), "GET" | "HEAD"), initiator) {
            headers.push(("origin", origin));
        }
        let said = |name: &str| self.headers.iter().any(|(held, _)| held == name);
        let usual = headers.into_iter().filter(|(name, _)| !said(name));
        let usual = usual.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let given = self.headers.iter();
        let given = given
            .flat_map(|(name, values)| values.iter().map(|value| (name.clone(), value.clone())));
        usual.chain(given).collect()
    }

    /// Tells which cookies may go along.
    pub(crate) fn occasion(&self, url: &Url, app: &str) -> Occasion {
        let said = |name: &str, usual: &'static str| {
            let held = self.headers.iter().find(|(held, _)| held == name);
            held.map_or(Some(usual), |(_, values)| {
                values.first().map(String::as_str)
            })
            .is_none_or(|value| value == usual)
        };
        match site_relation(url, self.initiator_origin(app)) {
            "cross-site" => {
                let opens_page = said("sec-fetch-mode", "navigate")
                    && said("sec-fetch-dest", "document")
                    && matches!(self.method.as_str(), "GET" | "HEAD");
                if opens_page {
                    Occasion::CrossSiteNavigation
                } else {
                    Occasion::CrossSiteOther
                }
            }
            _ => Occasion::SameSite,
        }
    }

    fn initiator_origin<'a>(&'a self, app: &'a str) -> Option<&'a str> {
        match &self.initiator {
            Initiator::Person => None,
            Initiator::App => Some(app),
            Initiator::Page(origin) => Some(origin),
        }
    }
}

/// Returns what `Sec-Fetch-Site` says (Fetch Metadata Request Headers section 2.3).
fn site_relation(url: &Url, initiator: Option<&str>) -> &'static str {
    let Some(origin) = initiator else {
        return "none";
    };
    if origin == url.origin().ascii_serialization() {
        return "same-origin";
    }
    match Url::parse(origin) {
        Ok(initiator) if site_of(&initiator) == site_of(url) => "same-site",
        _ => "cross-site",
    }
}

/// The scheme and the last two labels of the host: what a site is as long as no public suffix has two.
fn site_of(url: &Url) -> (&str, String) {
    let host = url.host_str().unwrap_or_default();
    let mut labels: Vec<&str> = host.rsplit('.').take(2).collect();
    labels.reverse();
    (url.scheme(), labels.join("."))
}
