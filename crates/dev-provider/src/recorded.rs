//! What was called, for tests that look at it afterwards.

use std::fmt;

use codegrant_core::http::{HttpRequest, Method};

/// How many requests are kept.
pub(crate) const KEPT: usize = 1000;

/// A request as it arrived, with everything that is secret in it; `Debug` shows method and path only.
#[derive(Clone)]
#[non_exhaustive]
pub struct Recorded {
    /// The method.
    pub method: Method,
    /// The path below the issuer's, for example `/token`.
    pub path: String,
    /// The query without `?`, as it arrived; empty when there is none.
    pub query: String,
    /// The body as it arrived; what is not UTF-8 is replaced.
    pub body: String,
    /// Header names in lower case, with their values.
    pub headers: Vec<(&'static str, String)>,
}

impl Recorded {
    pub(crate) fn new(request: &HttpRequest, path: &str, query: &str) -> Self {
        Self {
            method: request.method,
            path: path.to_owned(),
            query: query.to_owned(),
            body: String::from_utf8_lossy(&request.body).into_owned(),
            headers: request.headers.clone(),
        }
    }
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method.as_str(), self.path)
    }
}
