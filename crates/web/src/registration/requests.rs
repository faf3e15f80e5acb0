//! What a registration says about the requests that start a login, and about the answers.

use codegrant_core::jose::Algorithm;
use codegrant_core::{Profile, RequestObject};
use serde_json::{Map, Value};

use super::Registration;

impl Registration {
    /// Returns the registration holding to a security profile, with what it requires switched on.
    #[must_use]
    pub fn profile(self, profile: Profile) -> Self {
        self.client(|client| client.with_profile(profile))
    }

    /// Returns the registration having its tokens bound to a key of each session's own (RFC 9449).
    #[must_use]
    pub fn dpop(self) -> Self {
        self.client(codegrant_core::Client::with_dpop)
    }

    /// Returns the registration pushing its authorization requests to the provider first (RFC 9126).
    #[must_use]
    pub fn pushed_requests(self) -> Self {
        self.client(codegrant_core::Client::with_pushed_requests)
    }

    /// Returns the registration signing its authorization requests with its key (RFC 9101).
    #[must_use]
    pub fn request_object(self, how: RequestObject) -> Self {
        self.client(|client| client.with_request_object(how))
    }

    /// Returns the registration with the algorithm that its signed responses come in (JARM).
    #[must_use]
    pub fn response_algorithm(self, algorithm: Algorithm) -> Self {
        self.client(|client| client.with_response_algorithm(algorithm))
    }

    /// Returns the registration naming the APIs that its tokens are for (RFC 8707).
    #[must_use]
    pub fn resources(self, resources: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.client(|client| client.with_resources(resources))
    }

    /// Returns the registration asking for fine-grained rights (RFC 9396): objects, each with a `type`.
    #[must_use]
    pub fn authorization_details(self, details: Vec<Map<String, Value>>) -> Self {
        self.client(|client| client.with_authorization_details(details))
    }

    /// Returns the registration asking for single claims (OpenID Connect Core 1.0 section 5.5).
    #[must_use]
    pub fn claims(self, claims: Map<String, Value>) -> Self {
        self.client(|client| client.with_claims(claims))
    }

    /// Returns the registration accepting these authentication contexts only (`acr`).
    #[must_use]
    pub fn acr_values(self, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.client(|client| client.with_acr_values(values))
    }

    /// Returns the registration wanting sign-ins at the provider no older than this, in seconds.
    #[must_use]
    pub fn max_age(self, seconds: u32) -> Self {
        self.client(|client| client.with_max_age(seconds))
    }

    /// Returns the registration having the provider show this: `login`, `consent` or `select_account`.
    #[must_use]
    pub fn prompt(self, prompt: impl Into<String>) -> Self {
        self.client(|client| client.with_prompt(prompt))
    }

    /// Returns the registration asking for the provider's pages in these languages, the best first.
    #[must_use]
    pub fn ui_locales(self, locales: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.client(|client| client.with_ui_locales(locales))
    }
}
