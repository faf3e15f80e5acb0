//! The sockets behind [`Served`](super::Served): accept, read one request, ask the function, write.

use std::convert::Infallible;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use codegrant_core::http::{HttpRequest, HttpResponse, Method};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::http::uri::Authority;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;

use super::{BODY_LIMIT, Transport};

/// What answers; the second argument is the client's certificate, in DER.
pub(super) type Respond = dyn Fn(&HttpRequest, Option<&[u8]>) -> HttpResponse + Send + Sync;

/// The headers that the function sees: what providers and APIs look at.
const HEADERS: &[&str] = &[
    "accept",
    "accept-encoding",
    "authorization",
    "content-type",
    "cookie",
    "dpop",
    "origin",
    "referer",
    "user-agent",
];

/// Serves on the present thread until `stopped` is told or its sender is gone.
pub(super) fn serve(
    listener: TcpListener,
    transport: Transport,
    respond: Arc<Respond>,
    stopped: oneshot::Receiver<()>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime of one thread needs a few file descriptors");
    runtime.block_on(async {
        tokio::select! {
            () = accept(listener, transport, respond) => {}
            _ = stopped => {}
        }
    });
}

async fn accept(listener: TcpListener, transport: Transport, respond: Arc<Respond>) {
    let listening = listener
        .set_nonblocking(true)
        .and_then(|()| tokio::net::TcpListener::from_std(listener));
    let Ok(listener) = listening else { return };
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // The process has no file descriptor left, most likely; another connection will give one back.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        // Small answers go out at once rather than waiting for the acknowledgement of the last.
        let _refused = stream.set_nodelay(true);
        let (transport, respond) = (transport.clone(), respond.clone());
        tokio::spawn(async move {
            let asked = Asked {
                scheme: transport.scheme(),
                certificate: None,
                respond,
            };
            match transport {
                Transport::Plain => talk(stream, asked).await,
                #[cfg(feature = "tls")]
                Transport::Tls(acceptor) => {
                    if let Ok((stream, certificate)) = acceptor.accept(stream).await {
                        let certificate = certificate.map(Into::into);
                        talk(
                            stream,
                            Asked {
                                certificate,
                                ..asked
                            },
                        )
                        .await;
                    }
                }
            }
        });
    }
}

/// Whom a connection asks, and what is known of it.
#[derive(Clone)]
struct Asked {
    scheme: &'static str,
    certificate: Option<Arc<[u8]>>,
    respond: Arc<Respond>,
}

async fn talk(stream: impl AsyncRead + AsyncWrite + Unpin + 'static, asked: Asked) {
    let service = service_fn(move |request| answer(request, asked.clone()));
    let _broken_off = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(
    request: Request<Incoming>,
    asked: Asked,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let incoming = match read(request, asked.scheme).await {
        Ok(incoming) => incoming,
        Err(refusal) => return Ok(refusal),
    };
    let responded = tokio::task::spawn_blocking(move || {
        (asked.respond)(&incoming, asked.certificate.as_deref())
    });
    Ok(responded
        .await
        .map_or_else(|_panicked| status(StatusCode::INTERNAL_SERVER_ERROR), write))
}

async fn read(
    request: Request<Incoming>,
    scheme: &str,
) -> Result<HttpRequest, Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let method = match parts.method.as_str() {
        "GET" | "HEAD" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        _ => {
            let mut refusal = status(StatusCode::METHOD_NOT_ALLOWED);
            let methods = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
            refusal.headers_mut().insert(ALLOW, methods);
            return Err(refusal);
        }
    };
    // RFC 9112 section 3.2.2: a target in absolute form overrides Host.
    let host = match parts.uri.authority() {
        Some(authority) => authority.clone(),
        None => host(&parts.headers).ok_or_else(|| status(StatusCode::BAD_REQUEST))?,
    };
    let target = parts
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let mut incoming = HttpRequest::new(method, format!("{scheme}://{host}{target}"));
    incoming.headers.clear();
    for name in HEADERS {
        let values = parts.headers.get_all(HeaderName::from_static(name)).iter();
        let text = values.filter_map(|value| value.to_str().ok());
        incoming
            .headers
            .extend(text.map(|value| (*name, value.to_owned())));
    }
    let body = Limited::new(body, BODY_LIMIT).collect().await;
    incoming.body = body
        .map_err(|_too_long_or_broken_off| status(StatusCode::PAYLOAD_TOO_LARGE))?
        .to_bytes()
        .to_vec();
    Ok(incoming)
}

/// Reads the one `Host` (RFC 9112 section 3.2).
fn host(headers: &HeaderMap) -> Option<Authority> {
    let mut values = headers.get_all(HOST).iter();
    let host = Authority::try_from(values.next()?.as_bytes()).ok()?;
    values.next().is_none().then_some(host)
}

/// Writes a response; one that is no HTTP becomes status 500.
fn write(answer: HttpResponse) -> Response<Full<Bytes>> {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    response
        .body(Full::from(answer.body))
        .unwrap_or_else(|_| status(StatusCode::INTERNAL_SERVER_ERROR))
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use codegrant_dev_provider::REQUEST_HEADERS;

    use super::*;

    #[test]
    fn a_dev_provider_gets_every_header_that_it_reads() {
        let lost: Vec<_> = REQUEST_HEADERS
            .iter()
            .filter(|name| !HEADERS.contains(name))
            .collect();
        assert!(lost.is_empty(), "{lost:?}");
    }
}
