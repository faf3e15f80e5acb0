//! What the provider asks of others: the way out of a provider that opens no socket itself.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use codegrant_core::http::{HttpRequest, HttpResponse, Method};

use crate::call::Call;
use crate::endpoint::Endpoint;
use crate::feature::Feature;
use crate::jwt;
use crate::settings::is_loopback_address;

/// How many deliveries are kept for tests to read.
pub(crate) const KEPT: usize = 1000;

/// Performs the requests that a provider sends to its clients.
///
/// The provider calls it for a hosted request object (RFC 9101 section 5.2), for a client's `jwks_uri`, and
/// to tell clients about a log-out. It is never called while the provider is locked, so that whoever is
/// asked may ask the provider in turn. `None` means that nobody answered.
#[derive(Clone)]
pub struct Outbox(Arc<Perform>);

type Perform = dyn Fn(&HttpRequest) -> Option<HttpResponse> + Send + Sync;

impl Outbox {
    /// Makes an outbox of a function that performs one request and blocks until it is answered.
    pub fn new(
        send: impl Fn(&HttpRequest) -> Option<HttpResponse> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(send))
    }

    pub(crate) fn send(&self, request: &HttpRequest) -> Option<HttpResponse> {
        (self.0)(request)
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outbox")
    }
}

/// A request that the provider sent by itself, and what came back.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Delivery {
    /// What was sent, or would have been: without an outbox it goes nowhere.
    pub request: HttpRequest,
    /// The answer; `None` when there was none.
    pub response: Option<HttpResponse>,
}

/// The answers to what one request made the provider ask, by address.
pub(crate) type Fetched = HashMap<String, Option<HttpResponse>>;

/// How many addresses one request can make the provider ask.
pub(crate) const ROUNDS: usize = 4;

impl Call<'_> {
    /// Names the next address that has to be asked before this request can be answered.
    ///
    /// It is called again after each answer, and changes nothing.
    pub(crate) fn wanted(&self, endpoint: Endpoint) -> Option<HttpRequest> {
        if let Some(request) = self.wanted_for_encryption(endpoint) {
            return Some(request);
        }
        let sent = self.parameters();
        let is_for_clients = matches!(
            endpoint,
            Endpoint::Token | Endpoint::Push | Endpoint::Revoke | Endpoint::Introspect
        );
        if !is_for_clients && endpoint != Endpoint::Authorize {
            return None;
        }
        let assertion = sent.value("client_assertion");
        let subject = assertion
            .and_then(|assertion| jwt::text(&jwt::claims(assertion)?, "sub").map(str::to_owned));
        let client = sent.value("client_id").map(str::to_owned).or(subject)?;
        let client = self.client(&client)?;
        let objects = self.settings.has(Feature::RequestObjects);
        let hosted = sent
            .value("request_uri")
            .filter(|uri| objects && is_loopback_address(uri) && client.accepts_request_uri(uri))
            .filter(|_| endpoint == Endpoint::Authorize);
        let signs = assertion.is_some() || hosted.is_some() || sent.value("request").is_some();
        let keys = client.text("jwks_uri").filter(|_| signs);
        let mut addresses = hosted.into_iter().chain(keys);
        let wanted =
            addresses.find(|uri| is_loopback_address(uri) && !self.fetched.contains_key(*uri))?;
        Some(HttpRequest::new(Method::Get, wanted))
    }
}
