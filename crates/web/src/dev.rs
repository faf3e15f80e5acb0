//! The development provider inside the app: its pages below our base path, its back channel without a
//! socket.

use std::sync::Arc;

use async_trait::async_trait;
use codegrant_core::http::{ClientCertificate, HttpRequest, HttpResponse, Method};
use codegrant_core::provider::Provider;
use codegrant_core::{Client, PublicOrigin, Timestamp};
use codegrant_dev_provider::{ClientRegistration, DevProvider, Settings};

use crate::error::SetupError;
use crate::http_client::{HttpClient, TransportError};
use crate::request::Request;
use crate::response::Response;
use crate::seal;

/// The client's id at the embedded provider, and the provider's id in our URLs.
const CLIENT_ID: &str = "app";
const PROVIDER_ID: &str = "dev";

/// The embedded provider with the one client that it knows.
#[derive(Clone)]
pub(crate) struct Embedded {
    provider: Arc<DevProvider>,
    origin: String,
    path: String,
}

impl Embedded {
    /// Starts the provider, on loopback only, and registers the app with it.
    pub(crate) fn start(
        origin: &PublicOrigin,
        base: &str,
        app_name: Option<&str>,
    ) -> Result<(Self, Client), SetupError> {
        let refuse = |reason: String| SetupError::DevOnPublicOrigin {
            origin: origin.to_string(),
            reason,
        };
        if !origin.is_loopback() {
            return Err(refuse("not on loopback".to_owned()));
        }
        let path = format!("{base}/dev-provider");
        let issuer = format!("{origin}{path}");
        let secret = codegrant_core::jose::base64url::encode(&seal::random::<32>());
        let registration = ClientRegistration::new(CLIENT_ID, Some(&secret))
            .with_redirect_uri(format!("{origin}{base}/callback/{PROVIDER_ID}"))
            .with_name(app_name.unwrap_or("This app"));
        let settings = Settings::new(issuer.clone(), seal::random()).with_client(registration);
        let provider = DevProvider::new(settings).map_err(|error| refuse(error.to_string()))?;
        let entry = Provider::openid(PROVIDER_ID, "the development provider", issuer);
        let redirect_uri = format!("{origin}{base}/callback/{PROVIDER_ID}");
        let client = Client::new(entry, CLIENT_ID, redirect_uri).with_secret(secret);
        let embedded = Self {
            provider: Arc::new(provider),
            origin: origin.to_string(),
            path,
        };
        Ok((embedded, client))
    }

    /// Answers a browser's request for one of the provider's own pages.
    pub(crate) fn answer(&self, request: &Request<'_>, now: Timestamp) -> Option<Response> {
        let rest = request.path().strip_prefix(&self.path)?;
        if !rest.starts_with('/') {
            return None;
        }
        // A name that was made to point here (DNS rebinding), or a neighbour on the network: anybody can be
        // anybody at this provider, so it speaks to this machine only.
        let here = |host: &str| {
            PublicOrigin::parse(&format!("http://{host}")).is_ok_and(|origin| origin.is_loopback())
        };
        if !request.host().is_none_or(here) {
            return Some(Response::misdirected());
        }
        let method = match request.method() {
            "GET" => Method::Get,
            "POST" => Method::Post,
            _ => return None,
        };
        let query = request.query();
        let mark = if query.is_empty() { "" } else { "?" };
        let url = format!("{}{}{mark}{query}", self.origin, request.path());
        let mut incoming = HttpRequest::new(method, url);
        let cookies: Vec<&[u8]> = request.cookies().collect();
        if !cookies.is_empty() {
            let cookies = cookies.join(b"; ".as_slice());
            incoming.set_header("cookie", String::from_utf8_lossy(&cookies));
        }
        if method == Method::Post {
            incoming.set_header("content-type", "application/x-www-form-urlencoded");
            incoming.body = request.form().unwrap_or_default().as_bytes().to_vec();
        }
        Some(Response::from_provider(
            self.provider.handle(&incoming, now),
        ))
    }
}

/// Calls the embedded provider directly, and everybody else by the usual client.
pub(crate) struct EmbeddedClient {
    pub(crate) embedded: Embedded,
    pub(crate) clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pub(crate) others: Arc<dyn HttpClient>,
}

#[async_trait]
impl HttpClient for EmbeddedClient {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let issuer = self.embedded.provider.issuer();
        if request
            .url
            .strip_prefix(issuer)
            .is_some_and(|rest| rest.starts_with('/'))
        {
            let certificate = request.certificate.as_ref().map(ClientCertificate::leaf);
            let provider = &self.embedded.provider;
            return Ok(provider.handle_with_certificate(&request, certificate, (self.clock)()));
        }
        self.others.send(request).await
    }
}
