//! The built-in HTTP client, over `reqwest` and rustls.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use codegrant_core::http::{ClientCertificate, HttpRequest, HttpResponse, Method, Reach};

use super::public_names::{Inside, PublicNames, named_inside};
use super::{HttpClient, TransportError};
use crate::error::SetupError;

/// The most client certificates whose connections are kept open.
const CERTIFICATES: usize = 16;

/// The built-in client, over `reqwest` and rustls with the system's root certificates.
///
/// It ignores `HTTP_PROXY` and its relatives: who can set an environment variable should not be able
/// to read tokens. It follows no redirect and asks for no compression.
///
/// What a stranger named, it connects to on the public internet only: the address is judged when it is
/// connected to, after the name was resolved.
///
/// A connection that was opened with a certificate ([`HttpRequest::certificate`]) serves the requests with that
/// certificate alone.
pub struct ReqwestClient {
    roots: Vec<reqwest::Certificate>,
    without: Connections,
    /// The hosts that answered from a private network.
    inside: Inside,
    /// For each certificate, by its thumbprint, the latest last.
    certified: Mutex<Vec<(String, Arc<Connections>)>>,
}

/// The connections that are opened with one certificate, or with none.
struct Connections {
    certificate: Option<ClientCertificate>,
    anywhere: reqwest::Client,
    /// The one that connects to public addresses only; made when it is first needed.
    public: OnceLock<Result<reqwest::Client, String>>,
}

impl ReqwestClient {
    /// Makes a client; `root_certificate` is one more root to trust, PEM.
    ///
    /// # Errors
    ///
    /// When the certificate cannot be read or the system's roots cannot be loaded.
    pub fn new(root_certificate: Option<&[u8]>) -> Result<Self, SetupError> {
        // Built without the extra root first, so that each of the two gets the blame for its own part.
        let plain = builder(&[], None)
            .and_then(reqwest::ClientBuilder::build)
            .map_err(|error| SetupError::HttpClient {
                reason: causes(error),
            })?;
        let Some(pem) = root_certificate else {
            return Ok(Self::over(Vec::new(), plain));
        };
        let refused = |error| SetupError::RootCertificate {
            reason: causes(error),
        };
        let roots = reqwest::Certificate::from_pem_bundle(pem).map_err(refused)?;
        if roots.is_empty() {
            let reason = "there is no certificate in it".to_owned();
            return Err(SetupError::RootCertificate { reason });
        }
        let made = builder(&roots, None).and_then(reqwest::ClientBuilder::build);
        let client = made.map_err(refused)?;
        Ok(Self::over(roots, client))
    }

    fn over(roots: Vec<reqwest::Certificate>, anywhere: reqwest::Client) -> Self {
        Self {
            roots,
            without: Connections {
                certificate: None,
                anywhere,
                public: OnceLock::new(),
            },
            inside: Inside::default(),
            certified: Mutex::default(),
        }
    }

    /// Returns the connections of a certificate, those of the one that was added first making room.
    fn certified(&self, certificate: &ClientCertificate) -> Result<Arc<Connections>, String> {
        let mut held = self
            .certified
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let thumbprint = certificate.thumbprint();
        if let Some((_, connections)) = held.iter().find(|(name, _)| name == thumbprint) {
            return Ok(connections.clone());
        }
        let made = builder(&self.roots, Some(certificate)).and_then(reqwest::ClientBuilder::build);
        let anywhere = made.map_err(|error| format!("client certificate: {}", causes(error)))?;
        let connections = Arc::new(Connections {
            certificate: Some(certificate.clone()),
            anywhere,
            public: OnceLock::new(),
        });
        if held.len() >= CERTIFICATES {
            held.remove(0);
        }
        held.push((thumbprint.to_owned(), connections.clone()));
        Ok(connections)
    }
}

impl Connections {
    fn public(&self, roots: &[reqwest::Certificate]) -> Result<&reqwest::Client, &String> {
        let made = self.public.get_or_init(|| {
            builder(roots, self.certificate.as_ref())
                .and_then(|builder| builder.dns_resolver(Arc::new(PublicNames)).build())
                .map_err(causes)
        });
        made.as_ref()
    }

    async fn send(
        &self,
        mut request: HttpRequest,
        roots: &[reqwest::Certificate],
        inside: &Inside,
    ) -> Result<HttpResponse, TransportError> {
        let host = match std::mem::take(&mut request.reach) {
            Reach::Anywhere => return perform(&self.anywhere, request, Some(inside)).await,
            Reach::LikeHost(host) => Some(host),
            _ => None,
        };
        // The issuer may be in a private network itself: so may be what it names then.
        let again = host
            .filter(|host| inside.holds(host))
            .map(|_| request.clone());
        let answer = match self.public(roots) {
            _ if named_inside(&request.url) => Err(out_of_reach(&request)),
            Ok(client) => perform(client, request, None).await,
            Err(reason) => Err(unreachable(&request, reason.clone())),
        };
        match (answer, again) {
            // Nothing was sent.
            (Err(TransportError::OutOfReach { .. }), Some(request)) => {
                perform(&self.anywhere, request, None).await
            }
            (answer, _) => answer,
        }
    }
}

fn builder(
    roots: &[reqwest::Certificate],
    certificate: Option<&ClientCertificate>,
) -> reqwest::Result<reqwest::ClientBuilder> {
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(Duration::from_secs(5))
        .retry(reqwest::retry::never())
        .user_agent(concat!("codegrant/", env!("CARGO_PKG_VERSION")));
    if !roots.is_empty() {
        builder = builder.tls_certs_merge(roots.iter().cloned());
    }
    if let Some(certificate) = certificate {
        let identity = reqwest::Identity::from_pem(certificate.to_pem().as_bytes())?;
        builder = builder.identity(identity);
    }
    Ok(builder)
}

#[async_trait]
impl HttpClient for ReqwestClient {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let Some(certificate) = &request.certificate else {
            return self.without.send(request, &self.roots, &self.inside).await;
        };
        let connections = self.certified(certificate);
        let connections = connections.map_err(|reason| unreachable(&request, reason))?;
        connections.send(request, &self.roots, &self.inside).await
    }
}

fn unreachable(request: &HttpRequest, reason: String) -> TransportError {
    TransportError::Unreachable {
        url: request.loggable_url().to_owned(),
        reason,
    }
}

fn out_of_reach(request: &HttpRequest) -> TransportError {
    TransportError::OutOfReach {
        url: request.loggable_url().to_owned(),
    }
}

async fn perform(
    client: &reqwest::Client,
    request: HttpRequest,
    inside: Option<&Inside>,
) -> Result<HttpResponse, TransportError> {
    let limits = request.limits;
    let url = request.loggable_url().to_owned();
    let failed = |error: reqwest::Error| {
        if error.is_timeout() {
            TransportError::Timeout {
                url: url.clone(),
                seconds: limits.deadline_seconds,
            }
        } else if PublicNames::refused(&error) {
            TransportError::OutOfReach { url: url.clone() }
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
    let mut outgoing = client
        .request(method, &request.url)
        .timeout(Duration::from_secs(limits.deadline_seconds.into()))
        .body(request.body);
    for (name, value) in request.headers {
        outgoing = outgoing.header(name, value);
    }
    let mut incoming = outgoing.send().await.map_err(failed)?;
    if let (Some(inside), Some(address)) = (inside, incoming.remote_addr()) {
        inside.answered(incoming.url().host_str().unwrap_or_default(), address);
    }
    let mut response = HttpResponse::new(incoming.status().as_u16());
    response.headers.reserve(incoming.headers().len());
    for (name, value) in incoming.headers() {
        if let Ok(value) = value.to_str() {
            // The name is in lower case already.
            let (name, value) = (name.as_str().to_owned(), value.to_owned());
            response.headers.push((name, value));
        }
    }
    while let Some(chunk) = incoming.chunk().await.map_err(failed)? {
        if response.body.len() + chunk.len() > limits.max_body {
            return Err(TransportError::TooLarge {
                url,
                limit: limits.max_body,
            });
        }
        response.body.extend_from_slice(&chunk);
    }
    Ok(response)
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
