//! One HTTP request to this machine, over connections that are kept.

use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{ACCEPT, CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE, USER_AGENT};
use hyper::{Method, Request};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

/// How long an answer may take on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends requests and keeps connections.
pub(crate) type Client = legacy::Client<HttpConnector, Full<Bytes>>;

/// Makes a client.
pub(crate) fn client() -> Client {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    legacy::Client::builder(TokioExecutor::new())
        .pool_idle_timeout(Duration::from_secs(30))
        .pool_timer(TokioTimer::new())
        .build(connector)
}

/// What a browser says.
pub(crate) struct Ask<'a> {
    pub(crate) method: Method,
    /// Begins with `http://localhost:`.
    pub(crate) url: &'a str,
    /// Asks this node in place of whoever is at `url`.
    pub(crate) node: Option<SocketAddr>,
    pub(crate) cookies: String,
    pub(crate) accept: &'static str,
    pub(crate) form: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) set_cookies: Vec<String>,
    pub(crate) body: String,
}

/// Sends one request; redirects are not followed.
///
/// # Errors
///
/// What became of the connection, in words.
pub(crate) async fn send(client: &Client, ask: Ask<'_>) -> Result<Answer, String> {
    let rest = ask.url.strip_prefix("http://").ok_or("not an http URL")?;
    let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let port = authority.rsplit_once(':').map_or("80", |(_, port)| port);
    let connect = ask
        .node
        .map_or_else(|| format!("127.0.0.1:{port}"), |node| node.to_string());
    let slash = if target.starts_with('/') { "" } else { "/" };
    let mut request = Request::builder()
        .method(ask.method.clone())
        .uri(format!("http://{connect}{slash}{target}"))
        .header(HOST, authority)
        .header(USER_AGENT, "Soak/1.0")
        .header(ACCEPT, ask.accept);
    if !ask.cookies.is_empty() {
        request = request.header(COOKIE, ask.cookies);
    }
    if ask.form.is_some() {
        request = request
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ORIGIN, format!("http://{authority}"));
    }
    let body = Full::from(ask.form.unwrap_or_default());
    let request = request.body(body).map_err(|error| error.to_string())?;
    let exchange = async {
        let answer = client.request(request).await;
        let (parts, body) = answer.map_err(|error| format!("{error:?}"))?.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?;
        let text = |value: &hyper::http::HeaderValue| value.to_str().unwrap_or("").to_owned();
        Ok(Answer {
            status: parts.status.as_u16(),
            location: parts.headers.get(LOCATION).map(text),
            set_cookies: parts.headers.get_all(SET_COOKIE).iter().map(text).collect(),
            body: String::from_utf8_lossy(&body.to_bytes()).into_owned(),
        })
    };
    tokio::time::timeout(PATIENCE, exchange)
        .await
        .map_err(|_| "no answer in time".to_owned())?
}
