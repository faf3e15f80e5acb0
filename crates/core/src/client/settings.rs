//! What a registration says beyond the usual: how requests travel, how answers are signed, and what every
//! login asks for.

use serde_json::{Map, Value};
use url::Url;

use super::Client;
use crate::jose::Algorithm;
use crate::profile::Profile;

/// How the parameters of an authorization request are signed by the client (RFC 9101).
///
/// An unsigned one (`alg: none`) is not offered: it proves nothing that a plain request does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestObject {
    /// In the request itself, as `request`; inside a pushed request, where those are used.
    ByValue,
    /// By an address of the app's, from which the provider fetches it, as `request_uri`.
    ByReference,
}

/// How the provider is asked to send the response back (OAuth 2.0 Multiple Response Types 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ResponseMode {
    /// In the query of a redirect: a `GET`.
    #[default]
    Query,
    /// In the body of a form that the browser posts (OAuth 2.0 Form Post Response Mode).
    FormPost,
    /// As one token that the provider signs, in the query of a redirect (JARM section 2.3.1).
    QueryJwt,
    /// As one token that the provider signs, in a form that the browser posts (JARM section 2.3.3).
    FormPostJwt,
}

impl ResponseMode {
    /// Returns the value to send; the default is left unsaid, because some providers refuse it.
    pub(crate) fn parameter(self) -> Option<&'static str> {
        match self {
            Self::Query => None,
            Self::FormPost => Some("form_post"),
            Self::QueryJwt => Some("query.jwt"),
            Self::FormPostJwt => Some("form_post.jwt"),
        }
    }

    /// Returns the method by which the response arrives.
    pub const fn method(self) -> &'static str {
        if self.is_posted() { "POST" } else { "GET" }
    }

    /// Tells whether the browser posts the response as a form.
    pub const fn is_posted(self) -> bool {
        matches!(self, Self::FormPost | Self::FormPostJwt)
    }

    /// Tells whether the provider signs the response (JARM).
    pub const fn is_signed(self) -> bool {
        matches!(self, Self::QueryJwt | Self::FormPostJwt)
    }
}

/// What every login asks for, unless one asks for something else itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    pub(crate) acr_values: Vec<String>,
    pub(crate) max_age: Option<u32>,
    pub(crate) prompt: Option<String>,
    pub(crate) ui_locales: Vec<String>,
    pub(crate) claims: Option<Map<String, Value>>,
    pub(crate) authorization_details: Vec<Map<String, Value>>,
    pub(crate) resources: Vec<String>,
}

impl Client {
    /// Returns the client holding to a security profile, with what it requires switched on.
    #[must_use]
    pub fn with_profile(self, profile: Profile) -> Self {
        self.with(|client| client.profile = profile)
    }

    /// Returns the client with the developer's team that a signed secret speaks for
    /// ([`Quirk::SignedSecret`](crate::provider::Quirk::SignedSecret)).
    #[must_use]
    pub fn with_team_id(self, team: impl Into<String>) -> Self {
        let team = team.into();
        self.with(|client| client.team_id = Some(team))
    }

    /// Returns the client signing its authorization requests with its key (RFC 9101).
    #[must_use]
    pub fn with_request_object(self, how: RequestObject) -> Self {
        self.with(|client| client.request_object = Some(how))
    }

    /// Returns the client with the algorithm that it is registered to receive signed responses in (JARM
    /// section 3).
    #[must_use]
    pub fn with_response_algorithm(self, algorithm: Algorithm) -> Self {
        self.with(|client| client.response_algorithm = Some(algorithm))
    }

    /// Returns the client accepting these authentication contexts only; the ID token's `acr` must be one.
    #[must_use]
    pub fn with_acr_values(self, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        self.with(|client| client.asked.acr_values = values)
    }

    /// Tells whether a login of this client can ask for one of these authentication contexts, and no other.
    ///
    /// One that accepts some contexts only asks for those of them that are wanted.
    pub fn may_ask_for(&self, contexts: &[String]) -> bool {
        let accepted = &self.asked().acr_values;
        let one_of = || contexts.iter().any(|wanted| accepted.contains(wanted));
        contexts.is_empty() || accepted.is_empty() || one_of()
    }

    /// Returns the client wanting sign-ins at the provider no older than this, in seconds; the ID token's
    /// `auth_time` is held to it.
    #[must_use]
    pub fn with_max_age(self, seconds: u32) -> Self {
        self.with(|client| client.asked.max_age = Some(seconds))
    }

    /// Returns the client having the provider show this: `login`, `consent` or `select_account`.
    #[must_use]
    pub fn with_prompt(self, prompt: impl Into<String>) -> Self {
        let prompt = prompt.into();
        self.with(|client| client.asked.prompt = Some(prompt))
    }

    /// Returns the client asking for the provider's pages in these languages, the best first (RFC 5646).
    #[must_use]
    pub fn with_ui_locales(self, locales: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let locales = locales.into_iter().map(Into::into).collect();
        self.with(|client| client.asked.ui_locales = locales)
    }

    /// Returns the client asking for single claims (OpenID Connect Core 1.0 section 5.5).
    #[must_use]
    pub fn with_claims(self, claims: Map<String, Value>) -> Self {
        self.with(|client| client.asked.claims = Some(claims))
    }

    /// Returns the client asking for fine-grained rights (RFC 9396): objects, each with a `type`.
    #[must_use]
    pub fn with_authorization_details(self, details: Vec<Map<String, Value>>) -> Self {
        self.with(|client| client.asked.authorization_details = details)
    }

    /// Returns the client naming the APIs that its tokens are for (RFC 8707): absolute URIs.
    #[must_use]
    pub fn with_resources(self, resources: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let resources = resources.into_iter().map(Into::into).collect();
        self.with(|client| client.asked.resources = resources)
    }

    /// Returns the client coming back to another callback.
    #[must_use]
    pub fn with_redirect_uri(self, redirect_uri: impl Into<String>) -> Self {
        let redirect_uri = redirect_uri.into();
        self.with(|client| {
            client.has_absolute_redirect_uri = Url::parse(&redirect_uri).is_ok();
            client.redirect_uri = redirect_uri;
        })
    }

    /// Tells whether there is a callback that anybody could come back to.
    pub(crate) fn has_absolute_redirect_uri(&self) -> bool {
        self.0.has_absolute_redirect_uri
    }

    /// Returns the client under another id, such as the address of its own metadata document.
    #[must_use]
    pub fn with_id(self, id: impl Into<String>) -> Self {
        let id = oauth2::ClientId::new(id.into());
        self.with(|client| client.id = id)
    }

    /// Returns the security profile that it holds to.
    pub fn profile(&self) -> Profile {
        self.0.profile
    }

    /// Returns how responses arrive.
    pub fn response_mode(&self) -> ResponseMode {
        match self.0.response_mode {
            Some(mode) => mode,
            None if self.0.profile.signs_messages() => ResponseMode::QueryJwt,
            None => self.0.provider.response_mode,
        }
    }

    /// Tells whether it pushes its authorization requests (RFC 9126) by its own choice; a provider may
    /// require it besides.
    pub fn pushes_requests(&self) -> bool {
        self.0.pushes_requests || self.0.profile.is_fapi()
    }

    /// Returns how its authorization requests are signed, if they are (RFC 9101).
    pub fn request_object(&self) -> Option<RequestObject> {
        let required = self.0.profile.signs_messages();
        self.0
            .request_object
            .or(required.then_some(RequestObject::ByValue))
    }

    /// Returns the APIs that its tokens are for (RFC 8707).
    pub fn resources(&self) -> &[String] {
        &self.0.asked.resources
    }

    pub(crate) fn response_algorithm(&self) -> Option<Algorithm> {
        self.0.response_algorithm
    }

    pub(crate) fn team_id(&self) -> Option<&str> {
        self.0.team_id.as_deref()
    }

    pub(crate) fn asked(&self) -> &Asked {
        &self.0.asked
    }
}
