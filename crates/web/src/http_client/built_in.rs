//! The built-in HTTP client, over `hyper` and rustls.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use codegrant_core::http::{ClientCertificate, HttpRequest, HttpResponse, Method, Reach};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue, USER_AGENT};
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::connect::HttpInfo;

use super::connections::{Client, Connections, Trust};
use super::few::Few;
use super::public_names::{Inside, NotPublic};
use super::target::target;
use super::{HttpClient, TransportError};
use crate::error::SetupError;

/// The most client certificates whose connections are kept open.
const CERTIFICATES: usize = 16;

/// The product that requests name (RFC 9110 section 10.1.5).
const PRODUCT: HeaderValue =
    HeaderValue::from_static(concat!("codegrant/", env!("CARGO_PKG_VERSION")));

/// The built-in client, over `hyper` and rustls with the system's root certificates.
///
/// It ignores `HTTP_PROXY` and its relatives: who can set an environment variable should not be able
/// to read tokens. It speaks HTTP/1.1, follows no redirect and asks for no compression.
///
/// What a stranger named, it connects to on the public internet only: the address is judged when it is
/// connected to, after the name was resolved.
///
/// A connection that was opened with a certificate ([`HttpRequest::certificate`]) serves the requests with that
/// certificate alone.
pub struct BuiltInClient {
    trust: Trust,
    without: Connections,
    /// The hosts that answered from a private network.
    inside: Inside,
    /// Those of each certificate, by its thumbprint.
    certified: Few<String, Connections>,
}

impl BuiltInClient {
    /// Makes a client; `root_certificate` is one more root to trust, PEM.
    ///
    /// # Errors
    ///
    /// When the certificate cannot be read or the system's roots cannot be loaded.
    pub fn new(root_certificate: Option<&[u8]>) -> Result<Self, SetupError> {
        let unusable = |error| SetupError::HttpClient {
            reason: causes(&error),
        };
        // Made without the extra root first, so that each of the two gets the blame for its own part.
        let mut trust = Trust::of_system().map_err(unusable)?;
        if let Some(pem) = root_certificate {
            let refused = |reason| SetupError::RootCertificate { reason };
            trust = trust.and_root(pem).map_err(refused)?;
        }
        Ok(Self {
            without: trust.connections(None).map_err(unusable)?,
            trust,
            inside: Inside::default(),
            certified: Few::new(CERTIFICATES),
        })
    }

    /// Returns the connections of a certificate.
    fn certified(
        &self,
        certificate: &ClientCertificate,
    ) -> Result<Arc<Connections>, rustls::Error> {
        self.certified.try_get(certificate.thumbprint(), || {
            self.trust.connections(Some(certificate))
        })
    }

    async fn send_over(
        &self,
        connections: &Connections,
        mut request: HttpRequest,
    ) -> Result<HttpResponse, TransportError> {
        let Some(target) = target(&request.url, &request.reach) else {
            let reason = "it is no address of http or https".to_owned();
            return Err(unreachable(&request, reason));
        };
        let connections = connections.here();
        let inside = &self.inside;
        let host = match std::mem::take(&mut request.reach) {
            Reach::Anywhere => {
                return exchange(&connections.anywhere, request, target, Some(inside)).await;
            }
            Reach::LikeHost(host) => Some(host),
            _ => None,
        };
        // The issuer may be in a private network itself: so may be what it names then.
        let again = host
            .filter(|host| inside.holds(host))
            .map(|_| (request.clone(), target.clone()));
        let answer = if Inside::names(&target) {
            Err(out_of_reach(&request))
        } else {
            exchange(&connections.public, request, target, None).await
        };
        match (answer, again) {
            // Nothing was sent.
            (Err(TransportError::OutOfReach { .. }), Some((request, target))) => {
                exchange(&connections.anywhere, request, target, None).await
            }
            (answer, _) => answer,
        }
    }
}

#[async_trait]
impl HttpClient for BuiltInClient {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let url = request.loggable_url().to_owned();
        let seconds = request.limits.deadline_seconds;
        let answer = async {
            let Some(certificate) = &request.certificate else {
                return self.send_over(&self.without, request).await;
            };
            let connections = self.certified(certificate).map_err(|error| {
                unreachable(&request, format!("client certificate: {}", causes(&error)))
            })?;
            self.send_over(&connections, request).await
        };
        let answer = tokio::time::timeout(Duration::from_secs(seconds.into()), answer).await;
        answer.unwrap_or(Err(TransportError::Timeout { url, seconds }))
    }
}

/// Sends a request, and reads the whole answer, for as long as that takes.
async fn exchange(
    client: &Client,
    mut request: HttpRequest,
    target: Uri,
    inside: Option<&Inside>,
) -> Result<HttpResponse, TransportError> {
    // As `Reach` has it: a host is written in small letters there.
    let host = inside.and(target.host()).map(str::to_ascii_lowercase);
    let outgoing = outgoing(&mut request, target)?;
    let incoming = client.request(outgoing).await;
    let incoming = incoming.map_err(|error| failed(&request, &error))?;
    let connection = incoming.extensions().get::<HttpInfo>();
    if let (Some(inside), Some(host), Some(connection)) = (inside, host, connection) {
        inside.answered(&host, connection.remote_addr());
    }
    let mut response = answered(&incoming);
    let mut body = incoming.into_body();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| failed(&request, &error))?;
        // What is no data is a trailer.
        let chunk = frame.into_data().unwrap_or_default();
        if response.body.len() + chunk.len() > request.limits.max_body {
            return Err(TransportError::TooLarge {
                url: request.loggable_url().to_owned(),
                limit: request.limits.max_body,
            });
        }
        response.body.extend_from_slice(&chunk);
    }
    Ok(response)
}

/// Translates a request, and takes its body.
fn outgoing(
    request: &mut HttpRequest,
    target: Uri,
) -> Result<Request<Full<Bytes>>, TransportError> {
    let mut outgoing = Request::new(Full::from(std::mem::take(&mut request.body)));
    *outgoing.uri_mut() = target;
    *outgoing.method_mut() = match request.method {
        Method::Get => hyper::Method::GET,
        Method::Post => hyper::Method::POST,
        Method::Put => hyper::Method::PUT,
        Method::Patch => hyper::Method::PATCH,
        Method::Delete => hyper::Method::DELETE,
        Method::Head => hyper::Method::HEAD,
    };
    let headers = outgoing.headers_mut();
    for (name, value) in &request.headers {
        let name_and_value = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_str(value),
        );
        let (Ok(name), Ok(value)) = name_and_value else {
            let reason = format!("its header `{name}` cannot be sent");
            return Err(unreachable(request, reason));
        };
        headers.append(name, value);
    }
    headers.entry(USER_AGENT).or_insert(PRODUCT);
    Ok(outgoing)
}

/// Translates the head of an answer.
fn answered<Body>(incoming: &Response<Body>) -> HttpResponse {
    let mut response = HttpResponse::new(incoming.status().as_u16());
    response.headers.reserve(incoming.headers().len());
    for (name, value) in incoming.headers() {
        if let Ok(value) = value.to_str() {
            // The name is in lower case already.
            let (name, value) = (name.as_str().to_owned(), value.to_owned());
            response.headers.push((name, value));
        }
    }
    response
}

fn failed(request: &HttpRequest, error: &(dyn Error + 'static)) -> TransportError {
    if chain(error).any(|error| error.is::<NotPublic>()) {
        return out_of_reach(request);
    }
    unreachable(request, causes(error))
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

/// Joins an error's causes; none of them names the address, whose query may hold a secret.
fn causes(error: &(dyn Error + 'static)) -> String {
    let texts: Vec<String> = chain(error).map(ToString::to_string).collect();
    texts.join(": ")
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}
