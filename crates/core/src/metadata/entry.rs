//! Addresses that the operator wrote into a provider's entry, and metadata made from them.

use url::Url;

use super::{AuthorizationEndpoint, Capabilities, Metadata, MtlsEndpointAliases, ProviderMetadata};
use crate::address::reachable;
use crate::client::Client;
use crate::error::{ConfigurationError, Error, Quoted};
use crate::http::Reach;
use crate::jose::Algorithm;
use crate::provider::{Protocol, Provider};

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
        Protocol::OAuthIssuer { issuer, userinfo } => {
            issuer_url(issuer).map_err(refuse)?;
            if let Some(userinfo) = userinfo {
                own_address("userinfo", userinfo).map_err(refuse)?;
            }
        }
        Protocol::OAuth { .. } => written(provider).map(|_| ()).map_err(refuse)?,
    }
    // With either protocol this endpoint is called with the access token.
    match provider.emails_endpoint() {
        Some(url) => own_address("emails_endpoint", url).map_err(refuse),
        None => Ok(()),
    }
}

pub(crate) type Mistake = (&'static str, String, &'static str);

pub(super) fn refused(client: &Client, (member, value, reason): Mistake) -> Error {
    ConfigurationError::ProviderAddress {
        provider: client.provider().id.to_string(),
        member,
        value: Quoted::new(&value),
        reason,
    }
    .into()
}

/// Reads an issuer: RFC 8414 section 2, and `http` on loopback for development.
pub(crate) fn issuer_url(issuer: &str) -> Result<Url, Mistake> {
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
pub(super) fn written(provider: &Provider) -> Result<ProviderMetadata, Mistake> {
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
    let Ok(authorization) = AuthorizationEndpoint::parse(&endpoints.authorization) else {
        let reason = "its query repeats a parameter of the protocol";
        return Err(("authorization", endpoints.authorization.to_string(), reason));
    };
    Ok(ProviderMetadata::new(Metadata {
        // The whole address and not its origin: two tenants of one host must not share account keys.
        issuer: issuer.as_ref().unwrap_or(&endpoints.token).to_string(),
        authorization_endpoint: endpoints.authorization.to_string(),
        token_endpoint: endpoints.token.to_string(),
        userinfo_endpoint: Some(endpoints.userinfo.to_string()),
        jwks_uri: None,
        revocation_endpoint: endpoints.revocation.as_ref().map(ToString::to_string),
        introspection_endpoint: None,
        pushed_authorization_request_endpoint: None,
        registration_endpoint: None,
        end_session_endpoint: None,
        check_session_iframe: None,
        mtls_endpoint_aliases: MtlsEndpointAliases::default(),
        issuer_parameter_supported: false,
        issuer_known: issuer.is_some(),
        id_token_algorithm: Algorithm::Rs256,
        keys_reach: Reach::Public,
        authorization,
        reaches: Vec::new(),
        capabilities: Capabilities::default(),
    }))
}

/// Checks an address that the operator wrote, which may be in a private network.
fn own_address(member: &'static str, url: &str) -> Result<(), Mistake> {
    let refuse = |reason| (member, url.to_owned(), reason);
    let own = Url::parse(url).map_err(|_| refuse("not an absolute URL"))?;
    reachable(url, &own).map_err(refuse)
}
