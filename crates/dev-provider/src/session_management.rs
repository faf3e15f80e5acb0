//! Session management: whether the browser is still signed in as before, found out without a request
//! (OpenID Connect Session Management 1.0).

use aws_lc_rs::digest::{SHA256, digest};
use codegrant_core::http::HttpResponse;
use url::Url;

use crate::call::Call;
use crate::feature::Feature;
use crate::pages;

/// The cookie whose value tells one state of the browser from another; scripts of the provider read it.
pub(crate) const BROWSER_STATE_COOKIE: &str = "dev_provider_browser_state";

impl Call<'_> {
    /// Makes `session_state` for an authorization response (section 2): the hash of client, origin, browser
    /// state and salt, a full stop, and the salt.
    pub(crate) fn session_state(
        &mut self,
        client_id: &str,
        redirect_uri: &str,
        browser_state: &str,
    ) -> Option<String> {
        if !self.settings.has(Feature::SessionManagement) {
            return None;
        }
        let origin = Url::parse(redirect_uri)
            .ok()?
            .origin()
            .ascii_serialization();
        let salt = self.state.random.next_id();
        let text = format!("{client_id} {origin} {browser_state} {salt}");
        let hash = digest(&SHA256, text.as_bytes());
        let hash: String = hash.as_ref().iter().map(|it| format!("{it:02x}")).collect();
        Some(format!("{hash}.{salt}"))
    }

    /// Serves the frame that compares (section 3.2).
    pub(crate) fn check_session(&self) -> HttpResponse {
        pages::check_session(BROWSER_STATE_COOKIE)
    }

    /// Writes the readable cookie; without a value it is removed, and every `session_state` is out of date.
    pub(crate) fn set_browser_state(&self, value: Option<&str>) -> String {
        let path = if self.base_path.is_empty() {
            "/"
        } else {
            self.base_path
        };
        // A frame in a page of another site sees the cookie only like this.
        let site = if self.base.starts_with("https:") {
            "SameSite=None; Secure"
        } else {
            "SameSite=Lax"
        };
        let (value, age) = value.map_or(("", "; Max-Age=0"), |value| (value, ""));
        format!("{BROWSER_STATE_COOKIE}={value}; Path={path}; {site}{age}")
    }
}
