//! The built-in HTTP client against servers that misbehave on the wire, and against bad certificates.
//!
//! Every server here is a raw socket on loopback, so that it can say what no HTTP library would.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod certificates;
mod client_certificates;
mod hostile;
mod limits;
mod once;
mod raw;
mod reach;
mod runtimes;
mod steered;

use codegrant_core::http::{HttpRequest, HttpResponse, Method};
use codegrant_web::{BuiltInClient, HttpClient, TransportError};

type Outcome = Result<HttpResponse, TransportError>;

/// A client, and a runtime of its own to drive it.
struct Caller {
    client: BuiltInClient,
    runtime: tokio::runtime::Runtime,
}

impl Caller {
    fn new() -> Self {
        Self::trusting(None)
    }

    fn trusting(root_certificate: Option<&str>) -> Self {
        Self {
            client: BuiltInClient::new(root_certificate.map(str::as_bytes)).unwrap(),
            runtime: runtime(),
        }
    }

    fn send(&self, request: HttpRequest) -> Outcome {
        self.runtime.block_on(self.client.send(request))
    }

    fn get(&self, url: impl Into<String>) -> Outcome {
        self.send(HttpRequest::new(Method::Get, url))
    }

    /// Redeems a code: the one request that must never be sent twice.
    fn redeem(&self, url: impl Into<String>) -> Outcome {
        self.send(token_request(url))
    }
}

/// Makes a runtime that runs while somebody waits for it, and stands still otherwise.
fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

/// Makes a token request that holds a code and a client's secret.
fn token_request(url: impl Into<String>) -> HttpRequest {
    let mut request = HttpRequest::new(Method::Post, url);
    request.set_header("authorization", "Basic YXBwOnNlY3JldA==");
    request.set_header("content-type", "application/x-www-form-urlencoded");
    request.body = b"grant_type=authorization_code&code=the-code".to_vec();
    request
}

/// Expects that no answer came, for another reason than time or size.
fn assert_unreachable(outcome: &Outcome, what: &str) {
    assert!(
        matches!(outcome, Err(TransportError::Unreachable { .. })),
        "{what}: {outcome:?}"
    );
}
