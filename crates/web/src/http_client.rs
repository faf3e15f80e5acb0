//! The HTTP client that talks to providers: a trait of one method, so that a test or an app with a
//! client of its own can stand in.

#[cfg(feature = "http-client")]
mod built_in;
#[cfg(feature = "http-client")]
mod connections;
#[cfg(feature = "http-client")]
mod few;
#[cfg(feature = "http-client")]
mod public_names;
#[cfg(feature = "http-client")]
mod target;

use async_trait::async_trait;
use codegrant_core::http::{HttpRequest, HttpResponse};

#[cfg(feature = "http-client")]
pub use built_in::BuiltInClient;

/// Performs one request exactly as it is given.
///
/// An implementation follows no redirect, reads at most `limits.max_body` bytes of the body after any
/// decompression, gives up after `limits.deadline_seconds` for the whole call, and sends nothing twice. It opens
/// the connection with the request's `certificate`, where there is one, and shares it with no other certificate.
/// It judges the address that it connects to by [`Reach::permits`](codegrant_core::http::Reach::permits).
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
    /// The host's name leads into a private network, and a stranger named it.
    #[error("{url} leads to no public address")]
    OutOfReach {
        /// The address without its query.
        url: String,
    },
    /// The metadata or the keys were asked for too often within seconds, or failed a moment ago, or somebody has been
    /// fetching them for longer than a fetch takes.
    #[error(
        "{provider} is left alone for a moment: a failure, too many requests, or one without an end"
    )]
    Resting {
        /// The provider's id.
        provider: String,
    },
}
