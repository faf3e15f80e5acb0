//! What a provider says about itself: OpenID Connect Discovery 1.0, or the endpoints of its entry.

use serde_json::{Map, Value};
use url::Url;

use crate::address::reachable;
use crate::answer;
use crate::authorization::PROTOCOL_PARAMETERS;
use crate::cache::{Fetched, lifetime};
use crate::client::Client;
use crate::error::{ConfigurationError, Error, ProviderError, Purpose, Quoted};
use crate::http::{HttpRequest, HttpResponse, Method};
use crate::jose::{Algorithm, KeySet};
use crate::provider::{Protocol, Provider};
use crate::step::{Expect, Fetch, Step};

/// The longest metadata document that is read, in bytes.
const DOCUMENT_LIMIT: usize = 256 * 1024;

/// The longest key set that is read, in bytes.
const KEYS_LIMIT: usize = 512 * 1024;

/// Where a provider is reached and what it supports, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProviderMetadata {
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
    /// OpenID Connect RP-Initiated Logout 1.0.
    pub end_session_endpoint: Option<String>,
    /// Whether every authorization response carries `iss` (RFC 9207 section 3).
    pub issuer_parameter_supported: bool,
    /// Whether `iss`, when it is sent, is known to be [`issuer`](Self::issuer).
    pub issuer_known: bool,
    /// The one algorithm that ID tokens are signed with, as registered or by default.
    pub id_token_algorithm: Algorithm,
}

impl Client {
    /// Learns the provider's metadata: one request with OpenID Connect, none without.
    ///
    /// # Errors
    ///
    /// When an address in the provider's entry is unusable.
    pub fn discover(&self) -> Result<Step<Fetched<ProviderMetadata>>, Error> {
        match &self.provider().protocol {
            Protocol::OpenId { issuer, .. } => {
                let issuer_url = issuer_url(issuer).map_err(|mistake| refused(self, mistake))?;
                let url = format!(
                    "{}/.well-known/openid-configuration",
                    issuer.strip_suffix('/').unwrap_or(issuer)
                );
                let mut request = HttpRequest::new(Method::Get, url);
                request.limits.max_body = DOCUMENT_LIMIT;
                Ok(Step::Fetch(Fetch::new(
                    request,
                    ExpectMetadata {
                        client: self.clone(),
                        issuer: issuer.to_string(),
                        issuer_url,
                    },
                )))
            }
            Protocol::OAuth { .. } => {
                let metadata =
                    written(self.provider()).map_err(|mistake| refused(self, mistake))?;
                Ok(Step::Done(Fetched {
                    value: metadata,
                    lifetime_seconds: i64::MAX,
                }))
            }
        }
    }
}

impl ProviderMetadata {
    /// Fetches the provider's signing keys; finished at once where there are none.
    pub fn fetch_keys(&self) -> Step<Fetched<KeySet>> {
        let Some(jwks_uri) = &self.jwks_uri else {
            return Step::Done(Fetched {
                value: KeySet::empty(),
                lifetime_seconds: i64::MAX,
            });
        };
        let mut request = HttpRequest::new(Method::Get, jwks_uri);
        request.set_header("accept", "application/jwk-set+json, application/json");
        request.limits.max_body = KEYS_LIMIT;
        Step::Fetch(Fetch::new(request, ExpectKeys))
    }

    /// Returns where to send the browser to log out at the provider as well; `None` where the provider
    /// has no such page (OpenID Connect RP-Initiated Logout 1.0 section 2).
    pub fn log_out_url(
        &self,
        client: &Client,
        id_token_hint: Option<&str>,
        post_logout_redirect_uri: &str,
    ) -> Option<String> {
        let mut url = Url::parse(self.end_session_endpoint.as_deref()?).ok()?;
        {
            let mut query = url.query_pairs_mut();
            if let Some(hint) = id_token_hint {
                query.append_pair("id_token_hint", hint);
            }
            query.append_pair("client_id", client.id());
            query.append_pair("post_logout_redirect_uri", post_logout_redirect_uri);
        }
        Some(url.into())
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

struct ExpectMetadata {
    client: Client,
    issuer: String,
    issuer_url: Url,
}

impl Expect<Fetched<ProviderMetadata>> for ExpectMetadata {
    fn receive(
        self: Box<Self>,
        response: HttpResponse,
    ) -> Result<Step<Fetched<ProviderMetadata>>, Error> {
        answer::succeeded(Purpose::Metadata, &response)?;
        let document = answer::object(Purpose::Metadata, &response)?;
        let received = answer::required_str(Purpose::Metadata, &document, "issuer")?;
        // OpenID Connect Discovery 1.0 section 4.3: byte for byte, a trailing slash included.
        if received != self.issuer {
            return Err(ProviderError::IssuerMismatch {
                configured: self.issuer,
                received: Quoted::new(received),
            }
            .into());
        }
        let endpoint = |member| self.endpoint(&document, member);
        let required = |member| {
            endpoint(member)?.ok_or_else(|| {
                Error::from(ProviderError::MemberMissing {
                    purpose: Purpose::Metadata,
                    member,
                })
            })
        };
        let authorization_endpoint = required("authorization_endpoint")?;
        authorization_query(&authorization_endpoint)?;
        let metadata = ProviderMetadata {
            token_endpoint: required("token_endpoint")?,
            userinfo_endpoint: endpoint("userinfo_endpoint")?,
            jwks_uri: Some(required("jwks_uri")?),
            revocation_endpoint: endpoint("revocation_endpoint")?,
            end_session_endpoint: endpoint("end_session_endpoint")?,
            issuer_parameter_supported: answer::optional_bool(
                Purpose::Metadata,
                &document,
                "authorization_response_iss_parameter_supported",
            )?,
            issuer_known: true,
            id_token_algorithm: self.algorithm(&document)?,
            authorization_endpoint,
            issuer: self.issuer.clone(),
        };
        self.authentication_is_supported(&document)?;
        Ok(Step::Done(Fetched {
            value: metadata,
            lifetime_seconds: lifetime(&response),
        }))
    }
}

impl ExpectMetadata {
    fn endpoint(
        &self,
        document: &Map<String, Value>,
        member: &'static str,
    ) -> Result<Option<String>, Error> {
        let Some(value) = document.get(member) else {
            return Ok(None);
        };
        let text = value.as_str().ok_or(ProviderError::MemberType {
            purpose: Purpose::Metadata,
            member,
            expected: "a string",
        })?;
        reachable(text, &self.issuer_url).map_err(|reason| ProviderError::Endpoint {
            member,
            url: Quoted::new(text),
            reason: reason.to_owned(),
        })?;
        Ok(Some(text.to_owned()))
    }

    /// Pins the one algorithm (OpenID Connect Core 1.0 section 3.1.3.7 item 7).
    fn algorithm(&self, document: &Map<String, Value>) -> Result<Algorithm, Error> {
        let Protocol::OpenId { algorithm, .. } = &self.client.provider().protocol else {
            return Ok(Algorithm::Rs256);
        };
        let offered = answer::optional_strings(
            Purpose::Metadata,
            document,
            "id_token_signing_alg_values_supported",
        )?;
        let pinned = algorithm.unwrap_or(Algorithm::Rs256);
        if offered.is_empty() || offered.contains(&pinned.as_str()) {
            return Ok(pinned);
        }
        // A provider that offers one algorithm that we know leaves nothing to choose.
        let known: Vec<Algorithm> = offered
            .iter()
            .filter_map(|name| name.parse().ok())
            // What needs a secret is for the registration to choose, never for the provider's document.
            .filter(|known: &Algorithm| !known.is_symmetric())
            .collect();
        match (algorithm, known.as_slice()) {
            (None, [only]) => Ok(*only),
            _ => Err(ProviderError::AlgorithmNotOffered {
                wanted: pinned.as_str(),
                offered: Quoted::new(&offered.join(" ")),
            }
            .into()),
        }
    }

    /// Refuses to start when the registered method is not among those offered; it is never exchanged
    /// for another, because a weaker one would leak the secret or drop it.
    fn authentication_is_supported(&self, document: &Map<String, Value>) -> Result<(), Error> {
        let offered = answer::optional_strings(
            Purpose::Metadata,
            document,
            "token_endpoint_auth_methods_supported",
        )?;
        let method = self.client.authentication().as_str();
        if offered.is_empty() || offered.contains(&method) {
            return Ok(());
        }
        Err(ProviderError::AuthenticationNotOffered {
            configured: method,
            offered: Quoted::new(&offered.join(" ")),
        }
        .into())
    }
}

/// Checks the addresses of a provider's entry.
pub(crate) fn check(provider: &Provider) -> Result<(), ConfigurationError> {
    let refuse = |(member, value, reason): (&'static str, String, &'static str)| {
        ConfigurationError::ProviderAddress {
            provider: provider.id.to_string(),
            member,
            value: Quoted::new(&value),
            reason,
        }
    };
    match &provider.protocol {
        Protocol::OpenId { issuer, .. } => issuer_url(issuer).map(|_| ()).map_err(refuse)?,
        Protocol::OAuth { .. } => written(provider).map(|_| ()).map_err(refuse)?,
    }
    // With either protocol this endpoint is called with the access token.
    match provider.emails_endpoint() {
        Some(url) => own_address("emails_endpoint", url).map_err(refuse),
        None => Ok(()),
    }
}

type Mistake = (&'static str, String, &'static str);

fn refused(client: &Client, (member, value, reason): Mistake) -> Error {
    ConfigurationError::ProviderAddress {
        provider: client.provider().id.to_string(),
        member,
        value: Quoted::new(&value),
        reason,
    }
    .into()
}

/// Reads an issuer: RFC 8414 section 2, and `http` on loopback for development.
fn issuer_url(issuer: &str) -> Result<Url, Mistake> {
    let refuse = |reason| ("issuer", issuer.to_owned(), reason);
    let url = Url::parse(issuer).map_err(|_| refuse("not an absolute URL"))?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refuse("an issuer has no query and no fragment"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse("an issuer has no user name or password"));
    }
    reachable(issuer, &url).map_err(refuse)?;
    Ok(url)
}

/// Makes metadata from the endpoints that an entry lists.
fn written(provider: &Provider) -> Result<ProviderMetadata, Mistake> {
    let Protocol::OAuth { issuer, endpoints } = &provider.protocol else {
        return Err((
            "protocol",
            "openid".to_owned(),
            "its endpoints come from its issuer",
        ));
    };
    let listed = [
        ("authorization", Some(&endpoints.authorization)),
        ("token", Some(&endpoints.token)),
        ("userinfo", Some(&endpoints.userinfo)),
        ("revocation", endpoints.revocation.as_ref()),
    ];
    for (member, url) in listed
        .into_iter()
        .filter_map(|(member, url)| Some((member, url?)))
    {
        own_address(member, url)?;
    }
    if authorization_query(&endpoints.authorization).is_err() {
        let reason = "its query repeats a parameter of the protocol";
        return Err(("authorization", endpoints.authorization.to_string(), reason));
    }
    Ok(ProviderMetadata {
        // The whole address and not its origin: two tenants of one host must not share account keys.
        issuer: issuer.as_ref().unwrap_or(&endpoints.token).to_string(),
        authorization_endpoint: endpoints.authorization.to_string(),
        token_endpoint: endpoints.token.to_string(),
        userinfo_endpoint: Some(endpoints.userinfo.to_string()),
        jwks_uri: None,
        revocation_endpoint: endpoints.revocation.as_ref().map(ToString::to_string),
        end_session_endpoint: None,
        issuer_parameter_supported: false,
        issuer_known: issuer.is_some(),
        id_token_algorithm: Algorithm::Rs256,
    })
}

/// Checks an address that the operator wrote, which may be in a private network.
fn own_address(member: &'static str, url: &str) -> Result<(), Mistake> {
    let refuse = |reason| (member, url.to_owned(), reason);
    let own = Url::parse(url).map_err(|_| refuse("not an absolute URL"))?;
    reachable(url, &own).map_err(refuse)
}

/// Refuses parameters of ours in the endpoint's own query, which may hold others (RFC 6749 section 3.1).
fn authorization_query(endpoint: &str) -> Result<(), Error> {
    let Ok(url) = Url::parse(endpoint) else {
        return Ok(());
    };
    let held = url
        .query_pairs()
        .find(|(name, _)| PROTOCOL_PARAMETERS.contains(&name.as_ref()));
    match held {
        None => Ok(()),
        Some((name, _)) => Err(ProviderError::Endpoint {
            member: "authorization_endpoint",
            url: Quoted::new(endpoint),
            reason: format!("its query holds {}", Quoted::new(&name)),
        }
        .into()),
    }
}
