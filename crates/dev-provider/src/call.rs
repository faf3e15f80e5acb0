//! One request on its way to its answer: what every endpoint needs to know.

use std::fmt::Display;
use std::sync::Arc;

use codegrant_core::Timestamp;
use codegrant_core::http::{HttpRequest, HttpResponse, Method};
use serde_json::Value;

use crate::client_registration::ClientRegistration;
use crate::dev_user::DevUser;
use crate::outbox::Fetched;
use crate::parameters::Parameters;
use crate::recorded;
use crate::settings::Settings;
use crate::state::{SignedIn, State};

/// The cookie that keeps a browser signed in.
pub(crate) const SESSION_COOKIE: &str = "dev_provider_session";

/// How long a browser stays signed in, in seconds.
const SESSION_LIFETIME: i64 = 86_400;

/// A request together with the provider that it reached.
pub(crate) struct Call<'a> {
    pub(crate) settings: &'a Settings,
    /// The issuer without a trailing slash: what all addresses start with.
    pub(crate) base: &'a str,
    /// The path of `base`, which the cookie and the forms need.
    pub(crate) base_path: &'a str,
    pub(crate) state: &'a mut State,
    pub(crate) request: &'a HttpRequest,
    pub(crate) query: &'a str,
    pub(crate) now: Timestamp,
    /// The certificate with which the client opened the connection, in DER.
    pub(crate) certificate: Option<&'a [u8]>,
    /// What others answered, as far as this request made the provider ask.
    pub(crate) fetched: &'a Fetched,
}

impl<'a> Call<'a> {
    /// Reads the query of a `GET` and the body of a `POST`.
    pub(crate) fn parameters(&self) -> Parameters {
        match self.request.method {
            Method::Get | Method::Head | Method::Delete => Parameters::parse(self.query.as_bytes()),
            Method::Post | Method::Put | Method::Patch => Parameters::parse(&self.request.body),
        }
    }

    /// Finds a client: one of the settings, or one that registered itself.
    pub(crate) fn client(&self, id: &str) -> Option<Arc<ClientRegistration>> {
        self.state.client(id)
    }

    /// Notes what the client did against the rules, whether it is refused for it or not: the name of the
    /// rule, a colon, and what was sent.
    pub(crate) fn violate(&mut self, rule: &str, sent: impl Display) {
        let endpoint = self.request.loggable_url();
        let endpoint = endpoint.strip_prefix(self.base).unwrap_or(endpoint);
        let kept = &mut self.state.violations;
        if kept.len() >= recorded::KEPT {
            kept.pop_front();
        }
        kept.push_back(format!("{rule}: {sent} (at {endpoint})"));
    }

    pub(crate) fn user(&self, subject: &str) -> Option<DevUser> {
        let mut listed = self.settings.users.iter();
        let found = listed.find(|user| user.subject == subject);
        found.or_else(|| self.state.made_up.find(subject)).cloned()
    }

    /// Returns the value of the session cookie.
    pub(crate) fn cookie(&self) -> Option<&'a str> {
        let headers = self.request.headers.iter();
        headers
            .filter(|(name, _)| *name == "cookie")
            .flat_map(|(_, value)| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(name, value)| (name == SESSION_COOKIE).then_some(value))
    }

    /// Returns who is signed in with this browser.
    pub(crate) fn session(&self) -> Option<SignedIn> {
        let session = self.state.sessions.find(self.cookie()?)?;
        let fresh = self.now.seconds_since(session.at) <= SESSION_LIFETIME;
        (fresh && self.user(&session.subject).is_some()).then(|| session.clone())
    }

    /// Writes the session cookie; without a value it is removed.
    pub(crate) fn set_cookie(&self, value: Option<&str>) -> String {
        let path = if self.base_path.is_empty() {
            "/"
        } else {
            self.base_path
        };
        let secure = if self.base.starts_with("https:") {
            "; Secure"
        } else {
            ""
        };
        let (value, age) = value.map_or(("", "; Max-Age=0"), |value| (value, ""));
        format!("{SESSION_COOKIE}={value}; Path={path}; HttpOnly; SameSite=Lax{secure}{age}")
    }
}

/// Makes a JSON answer that nobody keeps (RFC 6749 section 5.1).
pub(crate) fn json_response(status: u16, body: &Value) -> HttpResponse {
    HttpResponse::json(body)
        .with_status(status)
        .with_header("cache-control", "no-store")
        .with_header("x-content-type-options", "nosniff")
}
