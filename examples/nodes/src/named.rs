//! The HTTP client of one node: it tells the provider which node is asking, for whoever reads the provider's log.

use async_trait::async_trait;
use codegrant_axum::http::{HttpRequest, HttpResponse};
use codegrant_axum::{BuiltInClient, HttpClient, TransportError};

/// A client with a name.
pub(crate) struct Named {
    pub(crate) client: BuiltInClient,
    pub(crate) name: String,
}

#[async_trait]
impl HttpClient for Named {
    async fn send(&self, mut request: HttpRequest) -> Result<HttpResponse, TransportError> {
        request.set_header("user-agent", self.name.as_str());
        self.client.send(request).await
    }
}
