//! The seam's second half: what a framework sends.

use crate::on_login::Login;
use crate::pages::Page;

/// A response in no framework's types: an adapter copies it and never edits it.
///
/// `Debug` shows no header value and no body: they hold cookies, states and codes.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header names in lower case and finished values, in order; `set-cookie` may stand several times.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The login that this response ends well, for the app's own middleware: an adapter hands it on with
    /// its framework's response, and sends nothing of it to the browser.
    pub login: Option<Login>,
}

/// What every response of ours carries: never cached, never framed, nothing leaks by `Referer`
/// (RFC 9700 section 4.2 and 4.16).
const ALWAYS: [(&str, &str); 5] = [
    ("cache-control", "no-store"),
    ("pragma", "no-cache"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
];

/// How many headers a response has as a rule, those that end a login too; more take an allocation more.
const HEADERS: usize = 10;

const NOTHING: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";

impl Response {
    fn new(status: u16) -> Self {
        let mut headers = Vec::with_capacity(HEADERS);
        headers.extend(ALWAYS.map(|(name, value)| (name, value.to_owned())));
        Self {
            status,
            headers,
            body: Vec::new(),
            login: None,
        }
    }

    /// Sends the browser elsewhere by `GET`, whatever the method was (RFC 9700 section 4.12).
    pub(crate) fn see_other(location: impl Into<String>) -> Self {
        Self::new(303)
            .with("location", location)
            .with("content-security-policy", NOTHING)
    }

    pub(crate) fn page(status: u16, page: Page) -> Self {
        // A policy that cannot be a header would otherwise be a panic in some frameworks.
        let policy = Some(page.content_security_policy)
            .filter(|policy| policy.bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
        let mut response = Self::new(status)
            .with("content-type", "text/html; charset=utf-8")
            .with(
                "content-security-policy",
                policy.unwrap_or_else(|| NOTHING.to_owned()),
            );
        response.body = page.html.into_bytes();
        response
    }

    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Self {
        let mut response = Self::new(status)
            .with("content-type", "application/json")
            .with("content-security-policy", NOTHING);
        response.body = body.to_string().into_bytes();
        response
    }

    /// Gives a document for a provider's server.
    pub(crate) fn document(media_type: &'static str, body: String) -> Self {
        let mut response = Self::empty(200).with("content-type", media_type);
        response.body = body.into_bytes();
        response
    }

    /// Says nothing but a status.
    pub(crate) fn empty(status: u16) -> Self {
        Self::new(status).with("content-security-policy", NOTHING)
    }

    /// Gives a document for a frame of another site, which its policy has to name.
    pub(crate) fn framed(status: u16, policy: &str, document: &str) -> Self {
        let mut response = Self::new(status)
            .without("x-frame-options")
            .with("content-type", "text/html; charset=utf-8")
            .with("content-security-policy", policy);
        response.body = document.as_bytes().to_vec();
        response
    }

    /// Returns the response for a frame of our own pages, which its policy says as well.
    #[must_use]
    pub(crate) fn framed_by_own_pages(self) -> Self {
        self.without("x-frame-options")
            .with("x-frame-options", "SAMEORIGIN")
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(held, _)| *held != name);
        self
    }

    /// Returns the response with a header added.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Returns the response with these `Set-Cookie` values added.
    #[must_use]
    pub(crate) fn with_cookies(mut self, cookies: impl IntoIterator<Item = String>) -> Self {
        self.headers
            .extend(cookies.into_iter().map(|cookie| ("set-cookie", cookie)));
        self
    }

    /// Returns the response as the end of a login.
    #[must_use]
    pub(crate) fn with_login(mut self, login: Login) -> Self {
        self.login = Some(login);
        self
    }

    /// Returns the first value of a header, named in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(held, _)| *held == name)
            .map(|(_, value)| value.as_str())
    }
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| *name).collect();
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &names)
            .field("body_bytes", &self.body.len())
            .field("login", &self.login)
            .finish()
    }
}

#[cfg(feature = "dev")]
impl Response {
    /// Refuses a request that was sent to another host than this machine (RFC 9110 section 15.5.20).
    pub(crate) fn misdirected() -> Self {
        Self::new(421).with("content-security-policy", NOTHING)
    }

    /// Copies what the development provider answers.
    pub(crate) fn from_provider(answer: codegrant_core::http::HttpResponse) -> Self {
        const NAMES: [&str; 12] = [
            "allow",
            "cache-control",
            "content-security-policy",
            "content-type",
            "location",
            "pragma",
            "referrer-policy",
            "retry-after",
            "set-cookie",
            "www-authenticate",
            "x-content-type-options",
            "x-frame-options",
        ];
        let known = |name: &str| NAMES.iter().find(|known| **known == name).copied();
        Self {
            status: answer.status,
            headers: answer
                .headers
                .into_iter()
                .filter(|(_, value)| value.bytes().all(|byte| (0x20..=0x7e).contains(&byte)))
                .filter_map(|(name, value)| Some((known(&name)?, value)))
                .collect(),
            body: answer.body,
            login: None,
        }
    }
}
