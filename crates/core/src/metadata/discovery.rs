//! Asking an issuer for its metadata: one request to the one address that its identifier gives.

use url::Url;

use super::document::Document;
use super::entry::{issuer_url, refused, written};
use super::{AuthorizationEndpoint, Metadata, ProviderMetadata};
use crate::answer;
use crate::cache::{Fetched, lifetime};
use crate::client::Client;
use crate::error::{Error, ProviderError, Purpose, Quoted};
use crate::http::{HttpRequest, HttpResponse, Method, Reach};
use crate::jose::Algorithm;
use crate::provider::{AuthenticationMethod, Protocol};
use crate::step::{Expect, Fetch, Step};

/// The longest metadata document that is read, in bytes.
const DOCUMENT_LIMIT: usize = 256 * 1024;

impl Client {
    /// Learns the provider's metadata: one request to its issuer, none where its entry lists endpoints.
    ///
    /// # Errors
    ///
    /// When an address in the provider's entry is unusable.
    pub fn discover(&self) -> Result<Step<Fetched<ProviderMetadata>>, Error> {
        let (issuer, well_known): (&str, fn(&str, &Url) -> String) = match &self.provider().protocol
        {
            Protocol::OpenId { issuer, .. } => (issuer, appended),
            Protocol::OAuthIssuer { issuer, .. } => (issuer, inserted),
            Protocol::OAuth { .. } => {
                let metadata =
                    written(self.provider()).map_err(|mistake| refused(self, mistake))?;
                return Ok(Step::Done(Fetched {
                    value: metadata,
                    lifetime_seconds: i64::MAX,
                }));
            }
        };
        let issuer_url = issuer_url(issuer).map_err(|mistake| refused(self, mistake))?;
        let mut request = HttpRequest::new(Method::Get, well_known(issuer, &issuer_url));
        request.limits.max_body = DOCUMENT_LIMIT;
        request.reach = self.provider().reach(&request.url);
        Ok(Step::Fetch(Fetch::new(
            request,
            ExpectMetadata {
                client: self.clone(),
                issuer: issuer.to_owned(),
                issuer_url,
            },
        )))
    }
}

/// The address of OpenID Connect Discovery 1.0 section 4: behind the issuer, a last `/` removed.
fn appended(issuer: &str, _url: &Url) -> String {
    let issuer = issuer.strip_suffix('/').unwrap_or(issuer);
    format!("{issuer}/.well-known/openid-configuration")
}

/// The address of RFC 8414 section 3.1: between the host and the path, a last `/` removed.
fn inserted(issuer: &str, url: &Url) -> String {
    // Text and not the parsed path, so that nothing is written in another way than the operator wrote it.
    let scheme = url.scheme().len() + "://".len();
    let path = issuer[scheme..]
        .find('/')
        .map_or("", |at| &issuer[scheme + at..]);
    let host = &issuer[..issuer.len() - path.len()];
    let path = path.strip_suffix('/').unwrap_or(path);
    format!("{host}/.well-known/oauth-authorization-server{path}")
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
        let members = answer::object(Purpose::Metadata, &response)?;
        let received = answer::required_str(Purpose::Metadata, &members, "issuer")?;
        // OpenID Connect Discovery 1.0 section 4.3, RFC 8414 section 3.3: byte for byte, a trailing slash
        // included.
        if received != self.issuer {
            return Err(ProviderError::IssuerMismatch {
                configured: self.issuer,
                received: Quoted::new(received),
            }
            .into());
        }
        let document = Document {
            members,
            issuer: self.issuer_url,
        };
        let metadata = read(&self.client, self.issuer, &document)?;
        authentication_is_supported(&self.client, &document)?;
        self.client.fits(&metadata)?;
        Ok(Step::Done(Fetched {
            value: metadata,
            lifetime_seconds: lifetime(&response),
        }))
    }
}

fn read(client: &Client, issuer: String, document: &Document) -> Result<ProviderMetadata, Error> {
    let authorization_endpoint = document.required("authorization_endpoint")?;
    let authorization = AuthorizationEndpoint::parse(&authorization_endpoint)?;
    // Without ID tokens there is nothing that has to be signed, and userinfo has no standard address.
    let (userinfo_endpoint, jwks_uri) = match &client.provider().protocol {
        Protocol::OAuthIssuer { userinfo, .. } => {
            let jwks_uri = document.endpoint("jwks_uri")?;
            let named = document.endpoint("userinfo_endpoint")?;
            let endpoint = userinfo.as_ref().map(ToString::to_string).or(named);
            (
                Some(endpoint.ok_or_else(|| document.missing("userinfo_endpoint"))?),
                jwks_uri,
            )
        }
        _ => {
            let userinfo = document.endpoint("userinfo_endpoint")?;
            (userinfo, Some(document.required("jwks_uri")?))
        }
    };
    let keys = jwks_uri.as_deref();
    let keys_reach = keys.map_or(Reach::Public, |url| client.provider().reach(url));
    let mut metadata = Metadata {
        token_endpoint: document.required("token_endpoint")?,
        userinfo_endpoint,
        jwks_uri,
        revocation_endpoint: document.endpoint("revocation_endpoint")?,
        introspection_endpoint: document.endpoint("introspection_endpoint")?,
        pushed_authorization_request_endpoint: document
            .endpoint("pushed_authorization_request_endpoint")?,
        registration_endpoint: document.endpoint("registration_endpoint")?,
        end_session_endpoint: document.endpoint("end_session_endpoint")?,
        check_session_iframe: document.endpoint("check_session_iframe")?,
        mtls_endpoint_aliases: document.mtls_endpoint_aliases()?,
        issuer_parameter_supported: document
            .says("authorization_response_iss_parameter_supported")?,
        issuer_known: true,
        id_token_algorithm: id_token_algorithm(client, document)?,
        keys_reach,
        authorization,
        reaches: Vec::new(),
        capabilities: document.capabilities()?,
        authorization_endpoint,
        issuer,
    };
    metadata.reaches = reaches(client, &metadata);
    Ok(ProviderMetadata::new(metadata))
}

/// Finds out once how far a request to each endpoint that a login calls may go.
fn reaches(client: &Client, metadata: &Metadata) -> Vec<(String, Reach)> {
    let aliases = &metadata.mtls_endpoint_aliases;
    let called = [
        Some(&metadata.token_endpoint),
        aliases.token_endpoint.as_ref(),
        metadata.userinfo_endpoint.as_ref(),
        aliases.userinfo_endpoint.as_ref(),
        metadata.pushed_authorization_request_endpoint.as_ref(),
        aliases.pushed_authorization_request_endpoint.as_ref(),
    ];
    let called = called.into_iter().flatten();
    called
        .map(|url| (url.clone(), client.provider().reach(url)))
        .collect()
}

/// Pins the one algorithm (OpenID Connect Core 1.0 section 3.1.3.7 item 7).
fn id_token_algorithm(client: &Client, document: &Document) -> Result<Algorithm, Error> {
    let Protocol::OpenId { algorithm, .. } = &client.provider().protocol else {
        return Ok(Algorithm::Rs256);
    };
    let offered = document.strings("id_token_signing_alg_values_supported")?;
    let pinned = algorithm.unwrap_or(client.profile().usual_algorithm());
    if offered.is_empty() || offered.contains(&pinned.as_str()) {
        return Ok(pinned);
    }
    // A provider that offers one algorithm that we know leaves nothing to choose.
    let known: Vec<Algorithm> = offered
        .iter()
        .filter_map(|name| name.parse().ok())
        // What needs a secret is for the registration to choose, never for the provider's document.
        .filter(|known: &Algorithm| !known.is_symmetric() && client.profile().permits(*known))
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
///
/// A public client has nothing to leak and no method: providers that admit such clients often leave `none`
/// out of the list.
fn authentication_is_supported(client: &Client, document: &Document) -> Result<(), Error> {
    let offered = document.strings("token_endpoint_auth_methods_supported")?;
    let method = client.authentication().as_str();
    let is_public = client.authentication() == AuthenticationMethod::None;
    if is_public || offered.is_empty() || offered.contains(&method) {
        return Ok(());
    }
    Err(ProviderError::AuthenticationNotOffered {
        configured: method,
        offered: Quoted::new(&offered.join(" ")),
    }
    .into())
}
