//! An OpenID Provider in a function, for development and tests on loopback.

mod fault;
mod settings;

use std::fmt;

use codegrant_core::Timestamp;
use codegrant_core::http::{HttpRequest, HttpResponse, Method};

pub use fault::{Fault, UnknownFault};
pub use settings::{ClientRegistration, DevUser, Settings};

/// The names of the request headers that are read: whoever embeds the provider copies these.
pub const REQUEST_HEADERS: &[&str] = &["authorization", "content-type", "cookie"];

/// An OpenID Provider whose only way in is [`DevProvider::handle`].
pub struct DevProvider {
    settings: Settings,
}

impl DevProvider {
    /// Makes a provider; with RSA and no key in the settings this takes a good part of a second.
    ///
    /// # Errors
    ///
    /// When the issuer is not on loopback, or the signing key does not fit the algorithm.
    pub fn new(settings: Settings) -> Result<Self, DevProviderError> {
        Ok(Self { settings })
    }

    /// Returns the issuer identifier.
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// Answers one request to any endpoint or page.
    ///
    /// `request.url` is absolute; its path lies below the issuer's. Header names are in lower case.
    pub fn handle(&self, request: &HttpRequest, now: Timestamp) -> HttpResponse {
        let _ = (request, now);
        HttpResponse::new(501)
    }

    /// Walks through sign-in and consent as one of the users and returns the response that leads back
    /// to the app: a redirect, or a page that posts a form. For tests without a browser.
    pub fn authorize_as(
        &self,
        authorization_url: &str,
        subject: &str,
        now: Timestamp,
    ) -> HttpResponse {
        let _ = (authorization_url, subject, now);
        HttpResponse::new(501)
    }

    /// Misbehaves in this way from now on, besides whatever was injected before.
    pub fn inject(&self, fault: Fault) {
        let _ = fault;
    }

    /// Behaves again.
    pub fn heal(&self) {}

    /// Returns what was called, oldest first: the last 1000 requests.
    pub fn requests(&self) -> Vec<Recorded> {
        Vec::new()
    }

    /// Signs with a new key from now on; the one before stays published.
    ///
    /// # Errors
    ///
    /// When no key could be made.
    pub fn rotate_keys(&self) -> Result<(), DevProviderError> {
        Ok(())
    }
}

impl fmt::Debug for DevProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DevProvider")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// A request as it arrived, with everything that is secret in it; `Debug` shows method and path only.
#[derive(Clone)]
#[non_exhaustive]
pub struct Recorded {
    /// The method.
    pub method: Method,
    /// The path below the issuer's, for example `/token`.
    pub path: String,
    /// The query without `?`, as it arrived; empty when there is none.
    pub query: String,
    /// The body as it arrived; what is not UTF-8 is replaced.
    pub body: String,
    /// Header names in lower case, with their values.
    pub headers: Vec<(&'static str, String)>,
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method.as_str(), self.path)
    }
}

/// Why a dev provider could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DevProviderError {
    /// It serves this machine only, because anybody may sign in as anybody.
    #[error("issuer {issuer:?} is refused: {reason}")]
    Issuer {
        /// The issuer in the settings.
        issuer: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The signing key could not be made, or does not fit the algorithm.
    #[error("no signing key: {0}")]
    Key(#[from] codegrant_core::jose::SigningKeyError),
}
