//! A plain round-robin balancer, which does what nginx does unless told otherwise: no request is tied to a
//! node, a node that refuses the connection is passed over, and a `GET` whose node went away before it
//! answered is sent to the next one, once. Anything else that was under way is answered with 502.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::HOST;
use hyper::http::{HeaderValue, request};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::client::{Client, client};

/// The longest body that is passed on, in bytes.
const BODY_LIMIT: usize = 1024 * 1024;

/// Where the nodes are; a node that is being restarted keeps its place.
#[derive(Clone, Default)]
pub(crate) struct Addresses(Arc<RwLock<Vec<SocketAddr>>>);

impl Addresses {
    /// Says where a node listens.
    pub(crate) fn set(&self, node: usize, address: SocketAddr) {
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if held.len() <= node {
            held.resize(node + 1, address);
        }
        held[node] = address;
    }

    /// Returns them all.
    pub(crate) fn all(&self) -> Vec<SocketAddr> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// The balancer, under way.
pub(crate) struct Proxy {
    origin: String,
    counts: Arc<Counts>,
    task: tokio::task::JoinHandle<()>,
}

/// What the balancer met.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) requests: AtomicU64,
    pub(crate) passed_over: AtomicU64,
    pub(crate) sent_again: AtomicU64,
    pub(crate) bad_gateway: AtomicU64,
}

impl Proxy {
    /// Begins to listen; the nodes may come later.
    pub(crate) async fn start(nodes: Addresses) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("loopback has a free port");
        let port = listener
            .local_addr()
            .expect("a bound socket has an address");
        let counts = Arc::<Counts>::default();
        let balancer = Arc::new(Balancer {
            nodes,
            next: AtomicUsize::new(0),
            client: client(),
            counts: counts.clone(),
        });
        let task = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    continue;
                };
                let _ = stream.set_nodelay(true);
                let balancer = balancer.clone();
                tokio::spawn(async move {
                    let answer = service_fn(move |request| {
                        let balancer = balancer.clone();
                        async move { Ok::<_, Infallible>(balancer.answer(request).await) }
                    });
                    let _broken_off = http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), answer)
                        .await;
                });
            }
        });
        Self {
            origin: format!("http://localhost:{}", port.port()),
            counts,
            task,
        }
    }

    /// Returns where browsers reach the app.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns what it met so far.
    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Balancer {
    nodes: Addresses,
    next: AtomicUsize,
    client: Client,
    counts: Arc<Counts>,
}

impl Balancer {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let count = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
        count(&self.counts.requests);
        let (parts, body) = request.into_parts();
        let body = match Limited::new(body, BODY_LIMIT).collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => return status(StatusCode::PAYLOAD_TOO_LARGE),
        };
        let nodes = self.nodes.all();
        let mut sent_before = false;
        for _ in 0..nodes.len() {
            let node = nodes[self.next.fetch_add(1, Ordering::Relaxed) % nodes.len()];
            match self
                .client
                .request(passed_on(&parts, node, body.clone()))
                .await
            {
                Ok(answer) => {
                    let (mut parts, body) = answer.into_parts();
                    if let Ok(body) = body.collect().await {
                        parts.headers.remove(hyper::header::TRANSFER_ENCODING);
                        return Response::from_parts(parts, Full::new(body.to_bytes()));
                    }
                }
                // Nothing was sent, so that the next node is asked whatever the method is.
                Err(error) if error.is_connect() => {
                    count(&self.counts.passed_over);
                    continue;
                }
                Err(_) => {}
            }
            let is_safe = matches!(parts.method, Method::GET | Method::HEAD);
            if sent_before || !is_safe {
                break;
            }
            sent_before = true;
            count(&self.counts.sent_again);
        }
        count(&self.counts.bad_gateway);
        status(StatusCode::BAD_GATEWAY)
    }
}

fn passed_on(parts: &request::Parts, node: SocketAddr, body: Bytes) -> Request<Full<Bytes>> {
    let target = parts
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let uri: Uri = format!("http://{node}{target}")
        .parse()
        .expect("the target was a target before");
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = uri;
    // `Host` stays as the browser sent it.
    *request.headers_mut() = parts.headers.clone();
    if !request.headers().contains_key(HOST) {
        request
            .headers_mut()
            .insert(HOST, HeaderValue::from_static("localhost"));
    }
    request
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
