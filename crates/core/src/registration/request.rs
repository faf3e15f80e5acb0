//! The registration request (RFC 7591 section 3.1) and its answer.

use oauth2::AccessToken;
use serde_json::{Map, Value};

use super::{ClientInformation, ClientMetadata};
use crate::answer;
use crate::client::Client;
use crate::error::{Error, Purpose, Quoted, RegistrationError};
use crate::http::{HttpRequest, HttpResponse, Method, Reach};
use crate::jose::json;
use crate::metadata::ProviderMetadata;
use crate::step::{Expect, Fetch, Step};
use crate::time::Timestamp;

impl Client {
    /// Registers the client with its provider (RFC 7591): one request.
    ///
    /// The answer is compared with what was asked for; [`Client::with_information`] then makes the client that
    /// can log in.
    ///
    /// # Errors
    ///
    /// When the provider's metadata names no registration endpoint. From the answer: the provider's refusal, an
    /// answer without what the client needs, or one that changes what was asked for.
    ///
    /// ```
    /// use codegrant_core::{Client, ClientMetadata, Step, Timestamp, http::HttpResponse};
    /// use codegrant_core::provider::{AuthenticationMethod, Provider};
    /// use serde_json::json;
    ///
    /// let provider = Provider::openid("op", "OP", "https://op.example");
    /// let client = Client::new(provider, "", "https://app.example/auth/callback/op")
    ///     .with_authentication(AuthenticationMethod::ClientSecretBasic);
    /// let Step::Fetch(discovery) = client.discover()? else { unreachable!() };
    /// let Step::Done(metadata) = discovery.resume(HttpResponse::json(&json!({
    ///     "issuer": "https://op.example",
    ///     "authorization_endpoint": "https://op.example/authorize",
    ///     "token_endpoint": "https://op.example/token",
    ///     "jwks_uri": "https://op.example/jwks",
    ///     "registration_endpoint": "https://op.example/register",
    /// })))? else { unreachable!() };
    ///
    /// let now = Timestamp::from_unix(1_800_000_000);
    /// let wanted = ClientMetadata::of(&client);
    /// let Step::Fetch(fetch) = client.register(&metadata.value, &wanted, None, now)? else { unreachable!() };
    /// let answer = json!({"client_id": "s6BhdRkqt3", "client_secret": "ZJYCqe3GGRvdrud"});
    /// let Step::Done(given) = fetch.resume(HttpResponse::json(&answer).with_status(201))? else { unreachable!() };
    /// assert_eq!(client.with_information(&given).id().as_str(), "s6BhdRkqt3");
    /// # Ok::<(), codegrant_core::error::Error>(())
    /// ```
    pub fn register(
        &self,
        metadata: &ProviderMetadata,
        wanted: &ClientMetadata,
        initial_access_token: Option<&AccessToken>,
        now: Timestamp,
    ) -> Result<Step<ClientInformation>, Error> {
        let endpoint = metadata.registration_endpoint.as_deref();
        let endpoint = endpoint.ok_or_else(|| RegistrationError::NotOffered {
            issuer: metadata.issuer.clone(),
        })?;
        let wanted = wanted.towards(self, metadata);
        let reach = self.provider().reach(endpoint);
        let body = Some(wanted.members());
        Ok(Step::Fetch(Fetch::new(
            request(Method::Post, endpoint, reach, initial_access_token, body),
            ExpectInformation {
                issuer: metadata.issuer.clone(),
                needs_secret: self.authentication().takes_secret(),
                token: initial_access_token.cloned(),
                wanted,
                held: None,
                now,
            },
        )))
    }
}

/// Makes a request to a registration endpoint: JSON, under a bearer token (RFC 6750 section 2.1).
pub(super) fn request(
    method: Method,
    url: &str,
    reach: Reach,
    token: Option<&AccessToken>,
    body: Option<&Map<String, Value>>,
) -> HttpRequest {
    let mut request = HttpRequest::new(method, url);
    request.reach = reach;
    if let Some(token) = token {
        request.set_header("authorization", format!("Bearer {}", token.secret()));
    }
    if let Some(body) = body {
        request.set_header("content-type", "application/json");
        request.body = Value::Object(body.clone()).to_string().into_bytes();
    }
    request
}

/// Reads a refusal (RFC 7591 section 3.2.2); nothing where the status says that it went well.
pub(super) fn refused(
    response: &HttpResponse,
    accepted: &[u16],
    token: Option<&AccessToken>,
) -> Result<(), Error> {
    if accepted.contains(&response.status) {
        return Ok(());
    }
    if (400..500).contains(&response.status)
        && let Ok(said) = json::object(&response.body)
        && let Some(error) = said.get("error").and_then(Value::as_str)
    {
        let secrets: Vec<&str> = token.iter().map(|token| token.secret().as_str()).collect();
        let description = said.get("error_description").and_then(Value::as_str);
        return Err(RegistrationError::Refused {
            error: Quoted::without(error, &secrets),
            description: description.map(|text| Quoted::without(text, &secrets)),
        }
        .into());
    }
    Err(answer::failed(Purpose::Registration, response.status).into())
}

pub(super) struct ExpectInformation {
    pub(super) issuer: String,
    pub(super) needs_secret: bool,
    pub(super) token: Option<AccessToken>,
    pub(super) wanted: ClientMetadata,
    /// What is known already, where the registration is not a new one.
    pub(super) held: Option<ClientInformation>,
    pub(super) now: Timestamp,
}

impl Expect<ClientInformation> for ExpectInformation {
    fn receive(self: Box<Self>, response: HttpResponse) -> Result<Step<ClientInformation>, Error> {
        // Some say 200 where RFC 7591 section 3.2.1 says 201: the same answer.
        refused(&response, &[200, 201], self.token.as_ref())?;
        let given = answer::object(Purpose::Registration, &response)?;
        self.wanted.compare(&given)?;
        let held = self.held.as_ref();
        let read = ClientInformation::read(&given, &self.issuer, self.needs_secret, held, self.now);
        read.map(Step::Done)
    }
}
