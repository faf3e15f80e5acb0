//! One request with an access token to what it protects (RFC 6750 section 2.1, RFC 9449 section 7), made
//! anew for every attempt.

use oauth2::AccessToken;
use url::Url;

use super::attempt::{self, Proving, Repeatable};
use crate::challenge::Challenge;
use crate::client::Client;
use crate::dpop::{DpopKey, Server};
use crate::error::{ApiError, Error, Quoted};
use crate::http::{HttpRequest, HttpResponse};
use crate::moment::Moment;
use crate::origin::is_loopback;
use crate::step::Step;

impl Client {
    /// Calls an API with an access token, and with what the token is bound to.
    ///
    /// The token goes into `Authorization`, as a bearer token (RFC 6750 section 2.1) or, with a key, beside
    /// a proof (RFC 9449 section 7.1); a client that [presents its certificate](Self::certificate) does so
    /// here as well (RFC 8705 section 3). An API that asks for a nonce is asked once more. Every other
    /// answer comes back as it is, whatever its status.
    ///
    /// ```
    /// use codegrant_core::http::{HttpRequest, HttpResponse, Method};
    /// use codegrant_core::oauth2::AccessToken;
    /// use codegrant_core::{Client, DpopKey, Moment, Step, Timestamp, provider::GITHUB};
    ///
    /// let client = Client::new(GITHUB, "an id", "https://app.example/auth/callback/github");
    /// let token = AccessToken::new("a token".to_owned());
    /// let key = DpopKey::generate()?; // the session's, in real life
    /// let moment = Moment::new(Timestamp::from_unix(1_800_000_000), [7; Moment::BYTES]);
    /// let request = HttpRequest::new(Method::Get, "https://api.example/me?page=2");
    ///
    /// let step = client.call_api(&token, Some(&key), request, moment)?;
    /// let Step::Fetch(mut fetch) = step else { unreachable!("a call is a request") };
    /// let request = fetch.take_request();
    /// assert_eq!(request.header("authorization"), Some("DPoP a token"));
    /// assert!(request.header("dpop").is_some());
    /// let Step::Done(answer) = fetch.resume(HttpResponse::new(204))? else { unreachable!() };
    /// assert_eq!(answer.status, 204);
    /// # Ok::<(), codegrant_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ApiError`] before anything is sent: when the address is neither `https` nor on loopback, and when
    /// the request brings an `Authorization` or `DPoP` of its own.
    /// [`ProviderError`](crate::error::ProviderError) when the API asks for a nonce twice, or has none.
    pub fn call_api(
        &self,
        token: &AccessToken,
        dpop_key: Option<&DpopKey>,
        request: HttpRequest,
        moment: Moment,
    ) -> Result<Step<HttpResponse>, Error> {
        let refuse = |reason| ApiError::Address {
            url: Quoted::new(request.loggable_url()),
            reason,
        };
        let url = Url::parse(&request.url).map_err(|_| refuse("not an absolute URL"))?;
        let loopback = url.host().is_some_and(|host| is_loopback(&host));
        if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
            return Err(refuse("neither https nor on loopback").into());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("it has a user name or password").into());
        }
        for (name, _) in &request.headers {
            if name.eq_ignore_ascii_case("authorization") || name.eq_ignore_ascii_case("dpop") {
                return Err(ApiError::HeaderTaken {
                    header: Quoted::new(name),
                }
                .into());
            }
        }
        let mut request = request;
        // A fragment never leaves the one who writes it (RFC 9110 section 7.1).
        if let Some(at) = request.url.find('#') {
            request.url.truncate(at);
        }
        ResourceRequest::new(self, token, dpop_key, request, moment, "resource")
            .then(|response| Ok(Step::Done(response)))
    }
}

/// A request with an access token, not sent yet.
pub(crate) struct ResourceRequest {
    client: Client,
    token: AccessToken,
    dpop_key: Option<DpopKey>,
    request: HttpRequest,
    moment: Moment,
    purpose: &'static str,
}

impl ResourceRequest {
    /// Prepares a request; what authorises it is added when it is sent.
    ///
    /// The names of its proofs are the operation's own and this `purpose`'s.
    pub(crate) fn new(
        client: &Client,
        token: &AccessToken,
        dpop_key: Option<&DpopKey>,
        request: HttpRequest,
        moment: Moment,
        purpose: &'static str,
    ) -> Self {
        Self {
            client: client.clone(),
            token: token.clone(),
            dpop_key: dpop_key.cloned(),
            request,
            moment,
            purpose,
        }
    }

    /// Sends it, once more if the server asks for a nonce, and has the answer read.
    pub(crate) fn then<T: 'static>(
        self,
        read: impl FnOnce(HttpResponse) -> Result<Step<T>, Error> + Send + 'static,
    ) -> Result<Step<T>, Error> {
        let proving = Proving {
            client: self.client.clone(),
            server: Server::Resource,
            key: self
                .dpop_key
                .clone()
                .map(|key| (key, self.moment.branch(self.purpose))),
            access_token: Some(self.token.secret().clone()),
        };
        attempt::send(self, proving, read)
    }
}

impl Repeatable for ResourceRequest {
    fn request(&self, _attempt: u8) -> Result<HttpRequest, Error> {
        let mut request = self.request.clone();
        let scheme = if self.dpop_key.is_some() {
            "DPoP"
        } else {
            "Bearer"
        };
        request.set_header("authorization", format!("{scheme} {}", self.token.secret()));
        Ok(request)
    }

    /// RFC 9449 section 9.
    fn asks_for_nonce(&self, response: &HttpResponse) -> bool {
        Challenge::all(response).iter().any(|challenge| {
            challenge.is("DPoP") && challenge.parameter("error") == Some("use_dpop_nonce")
        })
    }
}
