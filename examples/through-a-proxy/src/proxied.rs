//! An HTTP client over `reqwest` that sends every request through one proxy.

use std::error::Error;
use std::time::Duration;

use async_trait::async_trait;
use codegrant_axum::http::{HttpRequest, HttpResponse, Reach};
use codegrant_axum::{HttpClient, TransportError};

/// Performs requests through a proxy, and holds to what [`HttpClient`] asks for.
pub(crate) struct Proxied(reqwest::Client);

impl Proxied {
    /// Makes a client that reaches everything through the proxy with this address.
    pub(crate) fn through(proxy: &str) -> reqwest::Result<Self> {
        let client = reqwest::Client::builder()
            .proxy(reqwest::Proxy::all(proxy)?)
            // A code, a secret or a token would go along.
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(Duration::from_secs(5))
            .build()?;
        Ok(Self(client))
    }
}

#[async_trait]
impl HttpClient for Proxied {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let url = request.loggable_url().to_owned();
        // The proxy resolves names, so that nobody here could judge where a stranger's would lead.
        if request.reach != Reach::Anywhere {
            return Err(TransportError::OutOfReach { url });
        }
        if request.certificate.is_some() {
            let reason = "this client has no certificates of its own".to_owned();
            return Err(TransportError::Unreachable { url, reason });
        }
        let limits = request.limits;
        let failed = |error: reqwest::Error| match error.is_timeout() {
            true => TransportError::Timeout {
                url: url.clone(),
                seconds: limits.deadline_seconds,
            },
            false => TransportError::Unreachable {
                url: url.clone(),
                reason: causes(error),
            },
        };
        let method = reqwest::Method::from_bytes(request.method.as_str().as_bytes());
        let mut outgoing = self
            .0
            .request(method.unwrap_or_default(), &request.url)
            .timeout(Duration::from_secs(limits.deadline_seconds.into()))
            .body(request.body);
        for (name, value) in request.headers {
            outgoing = outgoing.header(name, value);
        }
        let mut incoming = outgoing.send().await.map_err(failed)?;
        let mut response = HttpResponse::new(incoming.status().as_u16());
        for (name, value) in incoming.headers() {
            if let Ok(value) = value.to_str() {
                response = response.with_header(name.as_str(), value);
            }
        }
        while let Some(chunk) = incoming.chunk().await.map_err(failed)? {
            if response.body.len() + chunk.len() > limits.max_body {
                let limit = limits.max_body;
                return Err(TransportError::TooLarge { url, limit });
            }
            response.body.extend_from_slice(&chunk);
        }
        Ok(response)
    }
}

/// Joins an error's causes, without the URL: its query may hold a secret.
fn causes(error: reqwest::Error) -> String {
    let error = error.without_url();
    let first: &(dyn Error + 'static) = &error;
    let chain = std::iter::successors(Some(first), |&error| error.source());
    let texts: Vec<String> = chain.map(ToString::to_string).collect();
    texts.join(": ")
}
