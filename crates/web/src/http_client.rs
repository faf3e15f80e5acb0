//! The HTTP client that talks to providers: a trait of one method, so that a test or an app with a
//! client of its own can stand in.

use async_trait::async_trait;
use codegrant_core::http::{HttpRequest, HttpResponse};

/// Performs one request exactly as it is given.
///
/// An implementation follows no redirect, reads at most `limits.max_body` bytes of the body after any
/// decompression, gives up after `limits.deadline_seconds` for the whole call, and sends nothing twice.
#[async_trait]
pub trait HttpClient: Send + Sync + 'static {
    /// Performs the request.
    ///
    /// # Errors
    ///
    /// When no whole response arrived within the limits.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError>;
}

/// Why no response arrived.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// No connection, or it broke off; the text never holds a URL's query.
    #[error("{url} cannot be reached: {reason}")]
    Unreachable {
        /// The address without its query.
        url: String,
        /// What the HTTP client says.
        reason: String,
    },
    /// The deadline passed.
    #[error("{url} did not answer within {seconds} seconds")]
    Timeout {
        /// The address without its query.
        url: String,
        /// The deadline.
        seconds: u32,
    },
    /// The body is too long.
    #[error("{url} sent more than {limit} bytes")]
    TooLarge {
        /// The address without its query.
        url: String,
        /// The limit.
        limit: usize,
    },
    /// The metadata or the keys were asked for too often within seconds, or failed a moment ago.
    #[error("{provider} is left alone for a moment after a failure or too many requests")]
    Resting {
        /// The provider's id.
        provider: String,
    },
}

#[cfg(feature = "reqwest")]
pub use with_reqwest::ReqwestClient;

#[cfg(feature = "reqwest")]
mod with_reqwest {
    use std::time::Duration;

    use async_trait::async_trait;
    use codegrant_core::http::{HttpRequest, HttpResponse, Method};

    use super::{HttpClient, TransportError};
    use crate::error::SetupError;

    /// The built-in client, over `reqwest` and rustls with the system's root certificates.
    ///
    /// It ignores `HTTP_PROXY` and its relatives: who can set an environment variable should not be able
    /// to read tokens. It follows no redirect and asks for no compression.
    pub struct ReqwestClient(reqwest::Client);

    impl ReqwestClient {
        /// Makes a client; `root_certificate` is one more root to trust, PEM.
        ///
        /// # Errors
        ///
        /// When the certificate cannot be read or the system's roots cannot be loaded.
        pub fn new(root_certificate: Option<&[u8]>) -> Result<Self, SetupError> {
            let builder = || {
                reqwest::Client::builder()
                    .redirect(reqwest::redirect::Policy::none())
                    .no_proxy()
                    .referer(false)
                    .connect_timeout(Duration::from_secs(5))
                    .retry(reqwest::retry::never())
                    .user_agent(concat!("codegrant/", env!("CARGO_PKG_VERSION")))
            };
            // Built without the extra root first, so that each of the two gets the blame for its own part.
            let plain = builder().build().map_err(|error| SetupError::HttpClient {
                reason: causes(error),
            })?;
            let Some(pem) = root_certificate else {
                return Ok(Self(plain));
            };
            let refused = |error| SetupError::RootCertificate {
                reason: causes(error),
            };
            let roots = reqwest::Certificate::from_pem_bundle(pem).map_err(refused)?;
            if roots.is_empty() {
                let reason = "there is no certificate in it".to_owned();
                return Err(SetupError::RootCertificate { reason });
            }
            let client = builder().tls_certs_merge(roots).build().map_err(refused)?;
            Ok(Self(client))
        }
    }

    #[async_trait]
    impl HttpClient for ReqwestClient {
        async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
            let limits = request.limits;
            let url = request.loggable_url().to_owned();
            let failed = |error: reqwest::Error| {
                if error.is_timeout() {
                    TransportError::Timeout {
                        url: url.clone(),
                        seconds: limits.deadline_seconds,
                    }
                } else {
                    TransportError::Unreachable {
                        url: url.clone(),
                        reason: causes(error),
                    }
                }
            };
            let method = match request.method {
                Method::Get => reqwest::Method::GET,
                Method::Post => reqwest::Method::POST,
                Method::Put => reqwest::Method::PUT,
                Method::Patch => reqwest::Method::PATCH,
                Method::Delete => reqwest::Method::DELETE,
                Method::Head => reqwest::Method::HEAD,
            };
            let mut outgoing = self
                .0
                .request(method, &request.url)
                .timeout(Duration::from_secs(limits.deadline_seconds.into()))
                .body(request.body);
            for (name, value) in &request.headers {
                outgoing = outgoing.header(*name, value);
            }
            let mut incoming = outgoing.send().await.map_err(failed)?;
            let mut response = HttpResponse::new(incoming.status().as_u16());
            for (name, value) in incoming.headers() {
                if let Ok(value) = value.to_str() {
                    response = response.with_header(name.as_str(), value);
                }
            }
            let mut body = Vec::new();
            while let Some(chunk) = incoming.chunk().await.map_err(failed)? {
                if body.len() + chunk.len() > limits.max_body {
                    return Err(TransportError::TooLarge {
                        url,
                        limit: limits.max_body,
                    });
                }
                body.extend_from_slice(&chunk);
            }
            Ok(response.with_body(body))
        }
    }

    /// Joins an error's causes, without the URL: its query may hold a secret.
    fn causes(error: reqwest::Error) -> String {
        let error = error.without_url();
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}
