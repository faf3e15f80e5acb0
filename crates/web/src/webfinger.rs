//! Finding the issuer of somebody who types an identifier (OpenID Connect Discovery 1.0 section 2).

use codegrant_core::error::{Error as CoreError, WebFingerError};
use codegrant_core::{Resource, Step};

use crate::error::Error;
use crate::http_client::HttpClient;

/// Compiles the code of the guide.
#[cfg(all(doctest, feature = "http-client"))]
#[doc = include_str!("../../../docs/guide/discovery-and-registration.md")]
struct Guide;

/// Asks the host of a person's identifier for their issuer: one request, nothing is remembered.
///
/// What comes back is what a stranger's host says. Compare it with the issuers that the app knows, or, where
/// anybody's issuer will do, take it with
/// [`on_public_addresses_only`](crate::provider::Provider::on_public_addresses_only).
///
/// ```no_run
/// # #[cfg(feature = "http-client")]
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use codegrant_web::provider::Provider;
/// use codegrant_web::{Auth, Registration, BuiltInClient, Resource, find_issuer};
///
/// let client = BuiltInClient::new(None)?;
/// let issuer = find_issuer(&client, &Resource::parse("jane@example.org")?).await?;
/// let provider = Provider::openid("theirs", "Your organisation", issuer).on_public_addresses_only();
/// let auth = Auth::builder("https://app.example")
///     .registration(Registration::new(provider, "").register(None))
///     .build()?;
/// # let _ = auth;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// When the host cannot be reached, redirects, or names no issuer at a public https address.
pub async fn find_issuer(client: &dyn HttpClient, resource: &Resource) -> Result<String, Error> {
    let mut step = resource.find_issuer();
    loop {
        match step {
            Step::Done(issuer) => return Ok(issuer),
            Step::Fetch(mut fetch) => {
                let response = client.send(fetch.take_request()).await?;
                step = fetch.resume(response)?;
            }
        }
    }
}

impl From<WebFingerError> for Error {
    fn from(error: WebFingerError) -> Self {
        Self::Protocol(CoreError::from(error))
    }
}
