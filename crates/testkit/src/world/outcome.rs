//! What became of an operation, and every request that left on the way.

use codegrant_core::error::{Error, Purpose};
use codegrant_core::http::HttpRequest;
use codegrant_core::jose::base64url;
use codegrant_core::oauth2::url::{Url, form_urlencoded};
use codegrant_core::{AuthorizationRequest, Identity, Login, ProviderMetadata, Transaction};

/// A login whose browser is at the provider now.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PendingLogin {
    /// Where the browser was sent.
    pub request: AuthorizationRequest,
    /// What stays with the browser.
    pub transaction: Transaction,
    /// What was known of the provider at the start.
    pub metadata: ProviderMetadata,
    /// What was sent so far.
    pub requests: Vec<Sent>,
    pub(super) number: u64,
}

impl PendingLogin {
    /// Returns the parameters of the authorization request, decoded, in order.
    pub fn parameters(&self) -> Vec<(String, String)> {
        query(self.request.url())
    }

    /// Returns a parameter of the authorization request; empty where there is none.
    pub fn parameter(&self, name: &str) -> String {
        value(self.parameters(), name).unwrap_or_default()
    }

    /// Returns a parameter that the provider was asked for, however it travelled: in the address, in a pushed
    /// request, in a request object. Empty where there is none; JSON where it is no text.
    pub fn asked(&self, name: &str) -> String {
        let pushed = self.requests.iter().rev();
        let pushed = pushed.filter(|sent| sent.purpose == Purpose::PushedRequest);
        let pushed = pushed.take(1).flat_map(Sent::form);
        let plain: Vec<_> = self.parameters().into_iter().chain(pushed).collect();
        if let Some(value) = value(plain.clone(), name) {
            return value;
        }
        let hosted = self.request.object_to_host().map(str::to_owned);
        let object = value(plain, "request").or(hosted);
        match object.and_then(|object| claims(&object)?.get(name).cloned()) {
            Some(serde_json::Value::String(text)) => text,
            Some(other) => other.to_string(),
            None => String::new(),
        }
    }
}

/// Reads the claims of a signed token, whoever signed it.
pub fn claims(token: &str) -> Option<serde_json::Map<String, serde_json::Value>> {
    let payload = base64url::decode(token.split('.').nth(1)?)?;
    serde_json::from_slice(&payload).ok()
}

/// A request that left for the provider.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Sent {
    /// What it was for.
    pub purpose: Purpose,
    /// The request.
    pub request: HttpRequest,
}

impl Sent {
    pub(super) fn new(purpose: Purpose, request: HttpRequest) -> Self {
        Self { purpose, request }
    }

    /// Returns the parameters of the form in the body, decoded, in order.
    pub fn form(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(&self.request.body)
            .into_owned()
            .collect()
    }

    /// Returns the parameters in the URL, decoded, in order.
    pub fn query(&self) -> Vec<(String, String)> {
        query(&self.request.url)
    }

    /// Returns a parameter of the form in the body.
    pub fn parameter(&self, name: &str) -> Option<String> {
        value(self.form(), name)
    }
}

/// How an operation ended, and what it sent.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Outcome<T> {
    /// What came of it.
    pub result: Result<T, Error>,
    /// Every request that left, in order.
    pub requests: Vec<Sent>,
}

impl<T> Outcome<T> {
    /// Returns the stable name of the error; `None` when all went well.
    pub fn code(&self) -> Option<&'static str> {
        self.result.as_ref().err().map(|error| error.code().name)
    }

    /// Counts the requests of that purpose.
    pub fn calls(&self, purpose: Purpose) -> usize {
        let of_purpose = |sent: &&Sent| sent.purpose == purpose;
        self.requests.iter().filter(of_purpose).count()
    }

    /// Tells whether a request of that purpose left.
    pub fn called(&self, purpose: Purpose) -> bool {
        self.calls(purpose) > 0
    }

    /// Returns the first request of that purpose.
    ///
    /// # Panics
    ///
    /// When none left.
    pub fn sent(&self, purpose: Purpose) -> &Sent {
        let found = self.requests.iter().find(|sent| sent.purpose == purpose);
        found.unwrap_or_else(|| panic!("no {purpose} request was sent"))
    }

    /// Returns what came of it.
    ///
    /// # Panics
    ///
    /// When it failed.
    pub fn value(&self) -> &T {
        match &self.result {
            Ok(value) => value,
            Err(error) => panic!("failed with {}: {error}", error.code()),
        }
    }

    /// Returns why it failed.
    ///
    /// # Panics
    ///
    /// When it did not.
    pub fn error(&self) -> &Error {
        let error = self.result.as_ref().err();
        error.expect("the operation fails, and it did not")
    }
}

impl Outcome<Login> {
    /// Returns who logged in.
    ///
    /// # Panics
    ///
    /// When nobody did.
    pub fn identity(&self) -> &Identity {
        &self.value().identity
    }
}

fn query(url: &str) -> Vec<(String, String)> {
    let url = Url::parse(url).expect("core sends requests to absolute URLs");
    url.query_pairs().into_owned().collect()
}

fn value(pairs: Vec<(String, String)>, name: &str) -> Option<String> {
    let found = pairs.into_iter().find(|(held, _)| held == name);
    found.map(|(_, value)| value)
}
