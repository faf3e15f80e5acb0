//! HTTP/2 with prior knowledge (RFC 9113 section 3.3): one connection, a stream for each request.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use super::Broken;
use super::ask::Ask;
use super::corpus::{Asked, Spelling};
use super::stage::{Player, Stage};
use super::wire::Answer;

/// How long an app may take for one answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// One connection to the app, which carries all requests.
pub(super) struct Http2<'a> {
    stage: &'a Stage,
    runtime: Runtime,
    sender: SendRequest<Full<Bytes>>,
}

impl<'a> Http2<'a> {
    /// Connects, and shakes hands.
    pub(super) fn connect(stage: &'a Stage) -> Result<Self, Broken> {
        // An app that binds the port itself may take a moment: this waits until it listens.
        drop(stage.connect()?);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Broken::new)?;
        let sender = runtime.block_on(async {
            let stream = TcpStream::connect(stage.address).await;
            let stream = TokioIo::new(stream.map_err(Broken::new)?);
            let hands = handshake(TokioExecutor::new(), stream);
            let (sender, connection) = hands.await.map_err(Broken::new)?;
            tokio::spawn(connection);
            Ok::<_, Broken>(sender)
        })?;
        Ok(Self {
            stage,
            runtime,
            sender,
        })
    }

    /// Sends one request on a stream of its own.
    pub(super) fn send(&mut self, ask: &Ask) -> Result<Answer, Broken> {
        let request = request(ask).map_err(|broken| broken.at(ask))?;
        let sender = &mut self.sender;
        let exchange = async {
            sender.ready().await.map_err(Broken::new)?;
            let response = sender.send_request(request).await.map_err(Broken::new)?;
            let (parts, body) = response.into_parts();
            let body = body.collect().await.map_err(Broken::new)?.to_bytes();
            let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
            let headers = parts.headers.iter();
            Ok::<_, Broken>(Answer {
                status: parts.status.as_u16(),
                headers: headers
                    .map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes())))
                    .collect(),
                body: body.to_vec(),
            })
        };
        let answer = self
            .runtime
            .block_on(async { timeout(PATIENCE, exchange).await });
        let answer = answer.unwrap_or_else(|_| Err(Broken::new("no answer over HTTP/2")));
        answer.map_err(|broken| broken.at(ask))
    }
}

impl Asked for Http2<'_> {
    fn ask(&mut self, ask: &Ask, _spelling: &Spelling) -> Result<Answer, Broken> {
        self.send(ask)
    }

    fn player(&self) -> &Player {
        &self.stage.app
    }
}

/// Writes a request; a host of its own stays beside `:authority`, which names another.
fn request(ask: &Ask) -> Result<hyper::Request<Full<Bytes>>, Broken> {
    let target = match ask.target.strip_prefix('/') {
        Some(path) => format!("http://localhost:3000/{path}"),
        None => ask.target.clone(),
    };
    let mut request = hyper::Request::builder()
        .method(ask.method.as_bytes())
        .uri(target);
    for (name, value) in &ask.headers {
        request = request.header(*name, value.as_slice());
    }
    let body = Full::from(ask.body.clone());
    request.body(body).map_err(Broken::new)
}
