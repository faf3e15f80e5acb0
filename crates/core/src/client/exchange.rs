//! The vocabulary crate's client, which builds the authorization request's address.

use oauth2::basic::BasicClient;
use oauth2::{AuthUrl, ClientId, EndpointNotSet, EndpointSet, RedirectUrl};

use crate::client::Client;
use crate::error::{Error, ProviderError, Quoted};
use crate::metadata::ProviderMetadata;

type OAuth2Client =
    BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet>;

/// Makes the vocabulary crate's client out of ours.
pub(crate) fn oauth2_client(
    client: &Client,
    metadata: &ProviderMetadata,
) -> Result<OAuth2Client, Error> {
    let refused = |member, url: &str| ProviderError::Endpoint {
        member,
        url: Quoted::new(url),
        reason: "not an absolute URL".to_owned(),
    };
    let authorization = AuthUrl::new(metadata.authorization_endpoint.clone())
        .map_err(|_| refused("authorization_endpoint", &metadata.authorization_endpoint))?;
    let redirect = RedirectUrl::new(client.redirect_uri().to_owned())
        .map_err(|_| refused("redirect_uri", client.redirect_uri()))?;
    Ok(BasicClient::new(ClientId::new(client.id().to_string()))
        .set_auth_uri(authorization)
        .set_redirect_uri(redirect))
}
