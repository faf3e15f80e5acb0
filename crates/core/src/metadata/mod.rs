//! What a provider says about itself: OpenID Connect Discovery 1.0, RFC 8414, or the endpoints of its entry.

mod authorization_endpoint;
mod capabilities;
mod discovery;
mod document;
mod entry;

use std::ops::Deref;
use std::sync::Arc;

use crate::answer;
use crate::cache::{Fetched, lifetime};
use crate::error::{Error, ProviderError, Purpose};
use crate::http::{HttpRequest, HttpResponse, Method, Reach};
use crate::jose::{Algorithm, KeySet};
use crate::provider::Provider;
use crate::step::{Expect, Fetch, Step};

pub(crate) use authorization_endpoint::{AuthorizationEndpoint, refused};
pub use capabilities::{Capabilities, MtlsEndpointAliases, Offered};
pub(crate) use entry::{check, issuer_url};

/// The longest key set that is read, in bytes.
const KEYS_LIMIT: usize = 512 * 1024;

/// Where a provider is reached and what it supports, checked: cheap to clone, immutable, shared by all logins.
///
/// [`Client::discover`](crate::Client::discover) makes it. Its members are those of [`Metadata`]:
/// `metadata.token_endpoint`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderMetadata(Arc<Metadata>);

impl Deref for ProviderMetadata {
    type Target = Metadata;

    fn deref(&self) -> &Metadata {
        &self.0
    }
}

/// The members of [`ProviderMetadata`], by the names of the registry "OAuth Authorization Server Metadata"
/// (RFC 8414 section 7.1).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metadata {
    /// The issuer identifier; for OAuth 2.0 alone, what stands for it in the account key.
    pub issuer: String,
    /// RFC 6749 section 3.1.
    pub authorization_endpoint: String,
    /// RFC 6749 section 3.2.
    pub token_endpoint: String,
    /// OpenID Connect Core 1.0 section 5.3.
    pub userinfo_endpoint: Option<String>,
    /// Where the signing keys are; absent without OpenID Connect.
    pub jwks_uri: Option<String>,
    /// RFC 7009.
    pub revocation_endpoint: Option<String>,
    /// RFC 7662.
    pub introspection_endpoint: Option<String>,
    /// RFC 9126.
    pub pushed_authorization_request_endpoint: Option<String>,
    /// RFC 7591 and OpenID Connect Dynamic Client Registration 1.0.
    pub registration_endpoint: Option<String>,
    /// OpenID Connect RP-Initiated Logout 1.0.
    pub end_session_endpoint: Option<String>,
    /// The page of OpenID Connect Session Management 1.0 section 3.3.
    pub check_session_iframe: Option<String>,
    /// The same endpoints for a client with a certificate (RFC 8705 section 5).
    pub mtls_endpoint_aliases: MtlsEndpointAliases,
    /// Whether every authorization response carries `iss` (RFC 9207 section 3).
    pub issuer_parameter_supported: bool,
    /// Whether `iss`, when it is sent, is known to be [`issuer`](Self::issuer).
    pub issuer_known: bool,
    /// The one algorithm that ID tokens are signed with, as registered or by default.
    pub id_token_algorithm: Algorithm,
    /// How far the request for the keys may go.
    pub(crate) keys_reach: Reach,
    /// The authorization endpoint once more, as requests are made from it.
    pub(crate) authorization: AuthorizationEndpoint,
    /// How far a request to each endpoint may go that the provider named.
    pub(crate) reaches: Vec<(String, Reach)>,
    /// What else the provider says that it supports or insists on.
    pub capabilities: Capabilities,
}

impl ProviderMetadata {
    pub(crate) fn new(metadata: Metadata) -> Self {
        Self(Arc::new(metadata))
    }

    /// Says how far a request to one of the provider's endpoints may go.
    pub(crate) fn reach(&self, provider: &Provider, url: &str) -> Reach {
        let held = self.reaches.iter().find(|(held, _)| held == url);
        held.map_or_else(|| provider.reach(url), |(_, reach)| reach.clone())
    }

    /// Fetches the provider's signing keys; finished at once where there are none.
    pub fn fetch_keys(&self) -> Step<Fetched<KeySet>> {
        let Some(jwks_uri) = &self.jwks_uri else {
            return Step::Done(Fetched {
                value: KeySet::empty(),
                lifetime_seconds: i64::MAX,
            });
        };
        let mut request = HttpRequest::new(Method::Get, jwks_uri);
        request.reach = self.keys_reach.clone();
        request.set_header("accept", "application/jwk-set+json, application/json");
        request.limits.max_body = KEYS_LIMIT;
        Step::Fetch(Fetch::new(request, ExpectKeys))
    }
}

struct ExpectKeys;

impl Expect<Fetched<KeySet>> for ExpectKeys {
    fn receive(self: Box<Self>, response: HttpResponse) -> Result<Step<Fetched<KeySet>>, Error> {
        answer::succeeded(Purpose::Keys, &response)?;
        answer::is_json(
            Purpose::Keys,
            &response,
            &["application/jwk-set+json", "application/json"],
        )?;
        let keys = KeySet::parse(&response.body).map_err(ProviderError::Keys)?;
        Ok(Step::Done(Fetched {
            value: keys,
            lifetime_seconds: lifetime(&response),
        }))
    }
}
