//! One authenticated request to the authorization server, made anew for every attempt.
//!
//! Every endpoint that a client calls by itself (token, revocation, pushed requests, introspection) takes a
//! form by `POST` and knows the client by the same [methods](super::authentication).

use std::borrow::Cow;

use super::attempt::{self, Proving, Repeatable};
use crate::client::Client;
use crate::dpop::{DpopKey, Server};
use crate::error::Error;
use crate::form;
use crate::http::{HttpRequest, HttpResponse, Method, Reach};
use crate::jose::json;
use crate::metadata::ProviderMetadata;
use crate::moment::Moment;
use crate::step::Step;

/// A request to one endpoint, not sent yet.
pub(crate) struct Call {
    client: Client,
    issuer: String,
    url: String,
    reach: Reach,
    fields: Vec<(Cow<'static, str>, String)>,
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
            reach: metadata.reach(client.provider(), url),
            fields: Vec::new(),
            dpop_key: None,
            moment,
        }
    }

    /// Returns it with one more field in its form.
    pub(crate) fn field(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<String>,
    ) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// Returns it naming the APIs that the tokens are for (RFC 8707 section 2.2).
    pub(crate) fn resources(mut self) -> Self {
        let resources = self.client.resources().iter();
        let fields = resources.map(|resource| ("resource".into(), resource.clone()));
        self.fields.extend(fields);
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
        let proving = Proving {
            client: self.client.clone(),
            server: Server::Authorization,
            key: self
                .dpop_key
                .clone()
                .map(|key| (key, self.moment.branch("call"))),
            access_token: None,
        };
        attempt::send(self, proving, read)
    }
}

impl Repeatable for Call {
    fn request(&self, attempt: u8) -> Result<HttpRequest, Error> {
        let mut request = HttpRequest::new(Method::Post, &self.url);
        request.reach = self.reach.clone();
        let authentication = self
            .client
            .authenticate(&self.issuer, &self.moment, attempt)?;
        request.set_header("content-type", "application/x-www-form-urlencoded");
        if let Some(header) = authentication.header {
            request.set_header("authorization", header);
        }
        let mut body = String::with_capacity(512);
        for (name, value) in self.fields.iter().chain(&authentication.fields) {
            form::push_pair(&mut body, 0, name, value);
        }
        request.body = body.into_bytes();
        Ok(request)
    }

    /// RFC 9449 section 8.
    fn asks_for_nonce(&self, response: &HttpResponse) -> bool {
        matches!(response.status, 400 | 401)
            && json::object(&response.body)
                .is_ok_and(|answer| answer.get("error").is_some_and(|e| e == "use_dpop_nonce"))
    }
}
