//! The two messages that cross core's border: a request to perform, and the response to it.
//!
//! They are plain values of our own, so that no version of an HTTP crate stands in a public signature.
//! A request carries its own limits: whoever performs it stops reading at [`Limits::max_body`], gives up
//! after [`Limits::deadline_seconds`], and never follows a redirect.

mod certificate;
mod x509;

use std::fmt;

pub use certificate::{CertificateError, ClientCertificate};

/// The methods of requests that go out: the protocol's own, and those of an API that a token opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
    /// `HEAD`
    Head,
}

impl Method {
    /// Returns the method's name as it stands in a request line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Head => "HEAD",
        }
    }
}

/// How long to wait and how much to read, in seconds and bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The whole call, from name resolution to the last byte, in seconds.
    pub deadline_seconds: u32,
    /// The longest body to accept, in bytes, after any decompression.
    pub max_body: usize,
}

/// How far a request may go once its host's name is resolved (the SSRF rule).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Reach {
    /// Anywhere: the operator wrote the address, or the app did.
    #[default]
    Anywhere,
    /// To public addresses only: a stranger named the host.
    Public,
    /// To public addresses, and to private ones where this host has a private one too: it is the issuer's, who
    /// named the address.
    LikeHost(String),
}

/// A request that core wants performed.
///
/// `Debug` shows the method and the URL without its query, and no header value and no body: they hold
/// codes, secrets and tokens.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// The absolute URL.
    pub url: String,
    /// Header names in lower case, with their values.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty for `GET`.
    pub body: Vec<u8>,
    /// What to open the connection with, where the client is known by its certificate (RFC 8705).
    pub certificate: Option<ClientCertificate>,
    /// What whoever performs the request must hold to.
    pub limits: Limits,
    /// Where it may end up; whoever performs the request judges the address that it connects to.
    pub reach: Reach,
}

impl HttpRequest {
    /// Makes a request that asks for JSON, with the limits of a token or userinfo call.
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            headers: vec![("accept", "application/json".to_owned())],
            body: Vec::new(),
            certificate: None,
            limits: Limits {
                deadline_seconds: 10,
                max_body: 256 * 1024,
            },
            reach: Reach::Anywhere,
        }
    }

    /// Returns the first value of a header, named in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(held, _)| *held == name)
            .map(|(_, value)| value.as_str())
    }

    /// Sets a header, replacing what stood under that name.
    pub fn set_header(&mut self, name: &'static str, value: impl Into<String>) {
        self.headers.retain(|(held, _)| *held != name);
        self.headers.push((name, value.into()));
    }

    /// Returns the URL without query and fragment, which is what may stand in a log.
    pub fn loggable_url(&self) -> &str {
        let url = self.url.as_bytes();
        let end = url.iter().position(|byte| matches!(byte, b'?' | b'#'));
        &self.url[..end.unwrap_or(url.len())]
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| *name).collect();
        f.debug_struct("HttpRequest")
            .field("method", &self.method.as_str())
            .field("url", &self.loggable_url())
            .field("headers", &names)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// What a provider answered.
///
/// `Debug` shows the status and the size, never the body: it holds tokens.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// Header names in lower case, with their values, in the order received.
    pub headers: Vec<(String, String)>,
    /// The body, at most [`Limits::max_body`] bytes.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// Makes a response without headers and body.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Makes a JSON response with status 200, as a provider in a test would give it.
    pub fn json(body: &serde_json::Value) -> Self {
        Self::new(200)
            .with_header("content-type", "application/json")
            .with_body(body.to_string())
    }

    /// Returns the response with a header added; the name is put into lower case.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.into()));
        self
    }

    /// Returns the response with this body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Returns the response with this status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Returns the first value of a header, named in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(held, _)| held == name)
            .map(|(_, value)| value.as_str())
    }

    /// Returns the media type without its parameters, in lower case.
    pub fn media_type(&self) -> Option<String> {
        let value = self.header("content-type")?;
        Some(
            value
                .split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .to_ascii_lowercase(),
        )
    }
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpResponse")
            .field("status", &self.status)
            .field("media_type", &self.media_type())
            .field("body_bytes", &self.body.len())
            .finish()
    }
}
