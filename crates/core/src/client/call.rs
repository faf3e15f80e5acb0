//! One authenticated request to the authorization server, made anew for every attempt.
//!
//! Every endpoint that a client calls by itself (token, revocation, pushed requests, introspection) takes a
//! form by `POST` and knows the client by the same [methods](super::authentication). What must never be sent
//! twice, a client assertion or a DPoP proof, is made when the request is.

use crate::client::Client;
use crate::dpop::{DpopKey, Proof};
use crate::error::Error;
use crate::form;
use crate::http::{HttpRequest, HttpResponse, Method};
use crate::jose::json;
use crate::metadata::ProviderMetadata;
use crate::moment::Moment;
use crate::step::{Expect, Fetch, Step};

/// A request to one endpoint, not sent yet.
pub(crate) struct Call {
    client: Client,
    issuer: String,
    url: String,
    fields: Vec<(&'static str, String)>,
    dpop_key: Option<DpopKey>,
    moment: Moment,
}

impl Call {
    /// Prepares a request to an endpoint of this issuer.
    pub(crate) fn new(
        client: &Client,
        metadata: &ProviderMetadata,
        url: &str,
        moment: Moment,
    ) -> Self {
        Self {
            client: client.clone(),
            issuer: metadata.issuer.clone(),
            url: url.to_owned(),
            fields: Vec::new(),
            dpop_key: None,
            moment,
        }
    }

    /// Returns it with one more field in its form.
    pub(crate) fn field(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// Returns it with a proof that we hold this key, where there is one (RFC 9449 section 4).
    pub(crate) fn proving(mut self, key: Option<&DpopKey>) -> Self {
        self.dpop_key = key.cloned();
        self
    }

    /// Sends it, once more if the server asks for a nonce, and has the answer read.
    pub(crate) fn then<T: 'static>(
        self,
        read: impl FnOnce(HttpResponse) -> Result<Step<T>, Error> + Send + 'static,
    ) -> Result<Step<T>, Error> {
        let request = self.request(0)?;
        Ok(Step::Fetch(Fetch::new(
            request,
            ExpectAnswer {
                call: self,
                attempt: 0,
                read: Box::new(read),
            },
        )))
    }

    fn request(&self, attempt: u8) -> Result<HttpRequest, Error> {
        let mut request = HttpRequest::new(Method::Post, &self.url);
        let authentication = self
            .client
            .authenticate(&self.issuer, &self.moment, attempt)?;
        request.set_header("content-type", "application/x-www-form-urlencoded");
        if let Some(header) = authentication.header {
            request.set_header("authorization", header);
        }
        if let Some(key) = &self.dpop_key {
            let nonce = self.client.nonces().latest(&self.url);
            let proof = key.proof(&Proof {
                method: request.method.as_str(),
                url: &self.url,
                jti: self.moment.unique("proof", attempt),
                nonce: nonce.as_deref(),
                access_token: None,
                now: self.moment.now(),
            })?;
            request.set_header("dpop", proof);
        }
        let mut body = String::new();
        for (name, value) in self.fields.iter().chain(&authentication.fields) {
            if !body.is_empty() {
                body.push('&');
            }
            body.push_str(name);
            body.push('=');
            body.push_str(&form::encode(value));
        }
        request.body = body.into_bytes();
        Ok(request)
    }

    /// Tells whether the server asks for a proof with the nonce that it has just handed out
    /// (RFC 9449 section 8).
    fn is_asked_for_nonce(&self, response: &HttpResponse) -> bool {
        if self.dpop_key.is_none() {
            return false;
        }
        let learned = self.client.nonces().learn(&self.url, response).is_some();
        learned
            && matches!(response.status, 400 | 401)
            && json::object(&response.body)
                .is_ok_and(|answer| answer.get("error").is_some_and(|e| e == "use_dpop_nonce"))
    }
}

type Read<T> = Box<dyn FnOnce(HttpResponse) -> Result<Step<T>, Error> + Send>;

struct ExpectAnswer<T> {
    call: Call,
    attempt: u8,
    read: Read<T>,
}

impl<T: 'static> Expect<T> for ExpectAnswer<T> {
    fn receive(mut self: Box<Self>, response: HttpResponse) -> Result<Step<T>, Error> {
        // One more try and no second one: a server that always asks must not keep us going.
        if self.call.is_asked_for_nonce(&response) && self.attempt == 0 {
            self.attempt = 1;
            let request = self.call.request(self.attempt)?;
            return Ok(Step::Fetch(Fetch::new(request, *self)));
        }
        (self.read)(response)
    }
}
