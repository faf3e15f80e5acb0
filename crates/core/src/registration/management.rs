//! Managing a registration (RFC 7592): reading, changing and ending it.

use serde_json::json;

use super::request::{ExpectInformation, refused, request};
use super::{ClientInformation, ClientMetadata};
use crate::client::Client;
use crate::error::{Error, ProviderError, Purpose};
use crate::http::{HttpRequest, HttpResponse, Method};
use crate::metadata::ProviderMetadata;
use crate::step::{Expect, Fetch, Step};
use crate::time::Timestamp;

impl ClientInformation {
    /// Asks how the client is registered (RFC 7592 section 2.1), and compares it with what is wanted.
    ///
    /// # Errors
    ///
    /// When the provider gave no address for that. From the answer: as for [`Client::register`].
    pub fn read_again(
        &self,
        client: &Client,
        metadata: &ProviderMetadata,
        wanted: &ClientMetadata,
        now: Timestamp,
    ) -> Result<Step<Self>, Error> {
        let request = self.request(Method::Get, client, None)?;
        Ok(self.expecting(request, client, wanted.towards(client, metadata), now))
    }

    /// Has the registration say something else from now on (RFC 7592 section 2.2).
    ///
    /// # Errors
    ///
    /// When the provider gave no address for that. From the answer: as for [`Client::register`].
    pub fn update(
        &self,
        client: &Client,
        metadata: &ProviderMetadata,
        wanted: &ClientMetadata,
        now: Timestamp,
    ) -> Result<Step<Self>, Error> {
        let wanted = wanted.towards(client, metadata);
        let mut sent = wanted.clone().with("client_id", json!(self.client_id));
        if let Some(secret) = &self.client_secret {
            sent = sent.with("client_secret", json!(secret.secret()));
        }
        let request = self.request(Method::Put, client, Some(&sent))?;
        Ok(self.expecting(request, client, wanted, now))
    }

    /// Ends the registration (RFC 7592 section 2.3): the id is worth nothing afterwards.
    ///
    /// # Errors
    ///
    /// When the provider gave no address for that, or answers with anything but status 204.
    pub fn delete(&self, client: &Client) -> Result<Step<()>, Error> {
        let request = self.request(Method::Delete, client, None)?;
        let token = self.registration_access_token.clone();
        Ok(Step::Fetch(Fetch::new(request, ExpectDeleted { token })))
    }

    fn request(
        &self,
        method: Method,
        client: &Client,
        body: Option<&ClientMetadata>,
    ) -> Result<HttpRequest, ProviderError> {
        let missing = |member| ProviderError::MemberMissing {
            purpose: Purpose::Registration,
            member,
        };
        let url = self.registration_client_uri.as_deref();
        let url = url.ok_or_else(|| missing("registration_client_uri"))?;
        let token = self.registration_access_token.as_ref();
        let token = token.ok_or_else(|| missing("registration_access_token"))?;
        let reach = client.provider().reach(url);
        let body = body.map(ClientMetadata::members);
        Ok(request(method, url, reach, Some(token), body))
    }

    fn expecting(
        &self,
        request: HttpRequest,
        client: &Client,
        wanted: ClientMetadata,
        now: Timestamp,
    ) -> Step<Self> {
        Step::Fetch(Fetch::new(
            request,
            ExpectInformation {
                issuer: self.issuer.clone(),
                needs_secret: client.authentication().takes_secret(),
                token: self.registration_access_token.clone(),
                wanted,
                held: Some(self.clone()),
                now,
            },
        ))
    }
}

struct ExpectDeleted {
    token: Option<oauth2::AccessToken>,
}

impl Expect<()> for ExpectDeleted {
    fn receive(self: Box<Self>, response: HttpResponse) -> Result<Step<()>, Error> {
        refused(&response, &[204], self.token.as_ref())?;
        Ok(Step::Done(()))
    }
}
