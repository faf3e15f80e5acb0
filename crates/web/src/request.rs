//! The seam's first half: what a framework hands over.

use std::borrow::Cow;

use codegrant_core::error::Quoted;
use codegrant_core::{FetchMetadata, PublicOrigin};

use crate::device;
use crate::error::RequestError;

/// The only headers that are ever read, in lower case.
const HEADERS: [&str; 11] = [
    "accept",
    "cookie",
    "host",
    "origin",
    "purpose",
    "referer",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-purpose",
    "user-agent",
];

/// What a value that is not UTF-8 is read as: nothing is called so.
const STRANGE: &str = "\u{fffd}";

/// The longest body that any endpoint reads, in bytes; adapters stop reading there.
pub const BODY_LIMIT: usize = 64 * 1024;

/// A request in no framework's types: borrowed text and bytes, which may cross any `.await`.
///
/// Which header fields matter is private to this crate: an adapter passes all of them on, and never decides
/// anything by itself. The others are not looked at.
///
/// ```
/// use codegrant_web::Request;
/// let headers = [("accept", "text/html"), ("cookie", "a=1")];
/// let fields = headers.map(|(name, value)| (name, value.as_bytes()));
/// let request = Request::new("GET", "/auth/login", Some("return_to=%2F"), fields);
/// # let _ = request;
/// ```
#[derive(Clone)]
pub struct Request<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    /// As they came: most of them are never asked for.
    headers: Vec<(&'static str, Cow<'a, [u8]>)>,
    body: Body<'a>,
}

#[derive(Clone, Copy)]
enum Body<'a> {
    Whole(&'a [u8]),
    TooLarge,
}

impl<'a> Request<'a> {
    /// Takes the method, the path as it stands in the request line, the query without its `?`, and all header
    /// fields in the order received.
    ///
    /// A name may come several times, in any case. A value is bytes, borrowed or not; one that is not UTF-8 says
    /// nothing that anybody knows, but a strange cookie hides no other.
    pub fn new<N, V>(
        method: &'a str,
        path: &'a str,
        query: Option<&'a str>,
        headers: impl IntoIterator<Item = (N, V)>,
    ) -> Self
    where
        N: AsRef<str>,
        V: Into<Cow<'a, [u8]>>,
    {
        let mut read = Vec::with_capacity(HEADERS.len());
        for (name, value) in headers {
            let name = name.as_ref();
            if let Some(name) = HEADERS.iter().find(|held| held.eq_ignore_ascii_case(name)) {
                read.push((*name, value.into()));
            }
        }
        Self {
            method,
            path,
            query: query.unwrap_or_default(),
            headers: read,
            body: Body::Whole(&[]),
        }
    }

    /// Returns the request with its body; `None` when it is longer than [`BODY_LIMIT`] or broke off.
    #[must_use]
    pub fn with_body(mut self, body: Option<&'a [u8]>) -> Self {
        self.body = match body {
            Some(bytes) if bytes.len() <= BODY_LIMIT => Body::Whole(bytes),
            _ => Body::TooLarge,
        };
        self
    }

    pub(crate) fn method(&self) -> &'a str {
        self.method
    }

    pub(crate) fn path(&self) -> &'a str {
        self.path
    }

    pub(crate) fn query(&self) -> &'a str {
        self.query
    }

    /// Returns the body as text; `None` when it was too large, and empty when it is not UTF-8.
    pub(crate) fn form(&self) -> Option<&'a str> {
        match self.body {
            Body::Whole(bytes) => Some(std::str::from_utf8(bytes).unwrap_or_default()),
            Body::TooLarge => None,
        }
    }

    /// Returns the host that the request was sent to; for the development provider's guard only, because
    /// anybody can write anything there.
    #[cfg(feature = "dev")]
    pub(crate) fn host(&self) -> Option<&str> {
        self.first("host")
    }

    /// Returns what the browser calls itself, cut down to what may be kept.
    pub(crate) fn device(&self) -> Option<String> {
        let said = self.bytes("user-agent").next()?;
        device::cleaned(&String::from_utf8_lossy(said))
    }

    fn bytes(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let named = self.headers.iter().filter(move |(held, _)| *held == name);
        named.map(|(_, value)| value.as_ref())
    }

    /// What is not UTF-8 is there all the same: a field that is missing may be trusted with more than a strange one.
    fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.bytes(name)
            .map(|value| str::from_utf8(value).unwrap_or(STRANGE))
    }

    fn first(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    /// Returns the `Cookie` fields as they came; HTTP/2 may split them (RFC 9113 section 8.2.3).
    pub(crate) fn cookies(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes("cookie")
    }

    /// Returns the page that sent it, if the browser says; anybody can write anything there.
    pub(crate) fn referer(&self) -> Option<&str> {
        self.first("referer")
    }

    fn fetch_metadata(&self) -> FetchMetadata<'_> {
        let mut metadata = FetchMetadata::default();
        metadata.site = self.first("sec-fetch-site");
        metadata.mode = self.first("sec-fetch-mode");
        metadata.destination = self.first("sec-fetch-dest");
        metadata.purpose = self.first("sec-purpose").or_else(|| self.first("purpose"));
        metadata.origin = self.first("origin");
        metadata
    }

    /// Accepts a person who opens a page in a tab.
    pub(crate) fn is_opened(&self) -> Result<(), RequestError> {
        let seen = self.fetch_metadata();
        if seen.is_navigation() {
            return Ok(());
        }
        let seen = format!(
            "mode {}, destination {}, purpose {}",
            seen.mode.unwrap_or("unsaid"),
            seen.destination.unwrap_or("unsaid"),
            seen.purpose.unwrap_or("unsaid")
        );
        Err(RequestError::NotANavigation {
            seen: Quoted::new(&seen),
        })
    }

    /// Tells whether the browser says that a page of another origin led it here; old ones say nothing.
    pub(crate) fn is_led_by_others(&self) -> bool {
        let site = self.fetch_metadata().site;
        site.is_some_and(|site| site != "same-origin" && site != "none")
    }

    /// Tells whether a page of another origin led here, however many redirects ago.
    pub(crate) fn is_from_elsewhere(&self) -> bool {
        let site = self.first("sec-fetch-site");
        site.is_some_and(|site| !matches!(site, "same-origin" | "none"))
    }

    /// Accepts a form that a page of this origin sent.
    pub(crate) fn is_from(&self, origin: &PublicOrigin) -> Result<(), RequestError> {
        let seen = self.fetch_metadata();
        if seen.is_same_origin(origin.as_str()) {
            return Ok(());
        }
        let received = format!(
            "origin {}, site {}",
            seen.origin.unwrap_or("unsaid"),
            seen.site.unwrap_or("unsaid")
        );
        Err(RequestError::WrongOrigin {
            expected: origin.to_string(),
            received: Quoted::new(&received),
        })
    }

    /// Tells whether to answer with a page or a redirect to one, as opposed to JSON for a script.
    pub(crate) fn wants_page(&self) -> bool {
        match self.first("sec-fetch-mode") {
            Some(mode) => mode == "navigate",
            None => self
                .values("accept")
                .any(|accept| accept.contains("text/html")),
        }
    }
}

impl std::fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cookie::Jar;

    fn request<'a>(fields: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Request<'a> {
        Request::new("GET", "/", None, fields)
    }

    #[test]
    fn names_are_read_in_any_case_and_values_in_the_order_they_came() {
        let fields: [(&str, &[u8]); 4] = [
            ("Cookie", b"a=1"),
            ("x-cookie", b"b=2"),
            ("COOKIE", b"c=3"),
            ("cookie", b"d=4"),
        ];
        let request = request(fields);
        let cookies: Vec<&[u8]> = request.cookies().collect();
        assert_eq!(cookies, [b"a=1", b"c=3", b"d=4"]);
    }

    #[test]
    fn bytes_that_are_not_utf_8_hide_nothing_beside_them() {
        let foreign = b"theme=\xff; session=1".as_slice();
        let request = request([("cookie", foreign)]);
        let owned = Request::new("GET", "/", None, [("cookie", foreign.to_vec())]);
        for request in [request, owned] {
            let jar = Jar::read(request.cookies());
            assert_eq!(jar.first("session"), Some("1"));
        }
    }

    #[test]
    fn a_value_that_is_not_utf_8_is_strange_and_not_missing() {
        let led = request([("sec-fetch-site", b"same-origin\xff".as_slice())]);
        assert!(led.is_led_by_others() && led.is_from_elsewhere());
        let opened = request([("sec-fetch-mode", b"\xff".as_slice())]);
        assert!(opened.is_opened().is_err() && !opened.wants_page());
        let browser = request([("user-agent", b"Caf\xe9/1".as_slice())]);
        assert_eq!(browser.device().as_deref(), Some("Caf/1"));
    }
}
