//! The public origin of the app: where browsers reach it, whatever stands in front of it.

use std::fmt;

use url::{Host, Url};

use crate::error::{ConfigurationError, Quoted};

/// The scheme, host and port under which browsers reach the app.
///
/// `https` everywhere, `http` on loopback only (RFC 9700 section 2.6). It is configured and never read
/// from a request: a `Host` or a forwarded header is whatever its sender wants it to be.
///
/// ```
/// use codegrant_core::PublicOrigin;
/// assert_eq!(PublicOrigin::parse("https://app.example/")?.as_str(), "https://app.example");
/// assert!(PublicOrigin::parse("http://app.example").is_err());
/// assert!(PublicOrigin::parse("http://localhost:3000")?.is_loopback());
/// # Ok::<(), codegrant_core::error::ConfigurationError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicOrigin {
    text: String,
    secure: bool,
    loopback: bool,
    port: Option<u16>,
}

impl PublicOrigin {
    /// Reads an origin such as `https://app.example`; one trailing slash is ignored.
    ///
    /// # Errors
    ///
    /// When it is no absolute URL, has a path, query, fragment or credentials, or is `http` elsewhere
    /// than on loopback.
    pub fn parse(text: &str) -> Result<Self, ConfigurationError> {
        let refuse = |reason| ConfigurationError::PublicOrigin {
            value: Quoted::new(text),
            reason,
        };
        let url = Url::parse(text).map_err(|_| refuse("not an absolute URL"))?;
        let secure = url.scheme() == "https";
        if !secure && url.scheme() != "http" {
            return Err(refuse("neither https nor http"));
        }
        let loopback = url.host().is_some_and(|host| is_loopback(&host));
        if !secure && !loopback {
            return Err(refuse(
                "http is accepted on loopback only; a login needs https",
            ));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("an origin has no path, query or fragment"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("an origin has no user name or password"));
        }
        Ok(Self {
            text: url.origin().ascii_serialization(),
            secure,
            loopback,
            port: url.port(),
        })
    }

    /// Returns it without a trailing slash, as a browser writes it in `Origin`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Tells whether browsers reach the app by https.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Tells whether the host is this machine itself.
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// Returns the port where it is not the scheme's own.
    pub fn port(&self) -> Option<u16> {
        self.port
    }
}

impl fmt::Display for PublicOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Tells whether a host names this machine itself, without asking any resolver.
pub(crate) fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}
