//! Requests to the token and revocation endpoints, built by `oauth2` and captured before they leave.

use oauth2::basic::BasicClient;
use oauth2::{
    AuthType, AuthUrl, ClientId, EndpointNotSet, EndpointSet, RedirectUrl, RequestTokenError,
    TokenUrl,
};

use crate::client::Client;
use crate::error::{Error, ProviderError, Quoted};
use crate::http::{HttpRequest, Method};
use crate::metadata::ProviderMetadata;
use crate::provider::AuthenticationMethod;

type OAuth2Client =
    BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

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
    let token = TokenUrl::new(metadata.token_endpoint.clone())
        .map_err(|_| refused("token_endpoint", &metadata.token_endpoint))?;
    let redirect = RedirectUrl::new(client.redirect_uri().to_owned())
        .map_err(|_| refused("redirect_uri", client.redirect_uri()))?;
    let mut made = BasicClient::new(ClientId::new(client.id().to_string()))
        .set_auth_uri(authorization)
        .set_token_uri(token)
        .set_redirect_uri(redirect)
        .set_auth_type(match client.authentication() {
            AuthenticationMethod::ClientSecretBasic => AuthType::BasicAuth,
            AuthenticationMethod::ClientSecretPost | AuthenticationMethod::None => {
                AuthType::RequestBody
            }
        });
    if let Some(secret) = client.secret()
        && client.authentication() != AuthenticationMethod::None
    {
        made = made.set_client_secret(secret.clone());
    }
    Ok(made)
}

/// Lets `oauth2` build a request and takes it away before it is sent.
///
/// `oauth2` wants to perform what it builds; the closure it is given here performs nothing and hands the
/// request back as its error.
pub(crate) fn captured<Built, T: oauth2::ErrorResponse + 'static>(
    build: impl FnOnce(
        &dyn Fn(oauth2::HttpRequest) -> Result<oauth2::HttpResponse, Captured>,
    ) -> Result<Built, RequestTokenError<Captured, T>>,
) -> Result<HttpRequest, Error> {
    match build(&|request| Err(Captured(Box::new(request)))) {
        Err(RequestTokenError::Request(Captured(request))) => Ok(translate(&request)),
        _ => Err(ProviderError::RequestNotBuilt.into()),
    }
}

fn translate(built: &oauth2::HttpRequest) -> HttpRequest {
    let mut request = HttpRequest::new(Method::Post, built.uri().to_string());
    for name in ["authorization", "content-type"] {
        if let Some(value) = built
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
        {
            request.set_header(name, value);
        }
    }
    request.body.clone_from(built.body());
    request
}

/// The request that was built, on its way out through the error.
#[derive(thiserror::Error)]
#[error("captured")]
pub(crate) struct Captured(Box<oauth2::HttpRequest>);

impl std::fmt::Debug for Captured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Captured")
    }
}
