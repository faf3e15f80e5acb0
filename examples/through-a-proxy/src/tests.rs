//! A proxy that answers itself: what it was asked for, and what reaches the app of its answer.

use codegrant_axum::http::{HttpRequest, HttpResponse, Method, Reach};
use codegrant_axum::{HttpClient as _, TransportError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::proxied::Proxied;

type Outcome = Result<HttpResponse, TransportError>;

/// No name of the system leads there: only a proxy can.
const URL: &str = "http://login.example.invalid/token?code=the-code";

/// Sends a request through a proxy that answers like this; returns what came back and what the proxy read.
async fn send(request: HttpRequest, answer: String) -> (Outcome, Option<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let client = Proxied::through(&proxy).unwrap();
    let serving = async {
        let (mut peer, _) = listener.accept().await.unwrap();
        let mut read = Vec::new();
        while !read.ends_with(b"\r\n\r\n") {
            read.push(peer.read_u8().await.unwrap());
        }
        // The client may have left, with an answer that is too long.
        let _sent = peer.write_all(answer.as_bytes()).await;
        let _left = peer.shutdown().await;
        String::from_utf8(read).unwrap()
    };
    tokio::pin!(serving);
    let calling = client.send(request);
    tokio::pin!(calling);
    let mut asked = None;
    loop {
        tokio::select! {
            biased;
            outcome = &mut calling => return (outcome, asked),
            read = &mut serving, if asked.is_none() => asked = Some(read),
        }
    }
}

fn ok(body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}

#[tokio::test]
async fn a_provider_is_asked_through_the_proxy_and_by_name() {
    let request = HttpRequest::new(Method::Get, URL);
    let (answer, asked) = send(request, ok("{}")).await;
    assert_eq!(answer.unwrap().body, b"{}");
    let asked = asked.unwrap();
    assert!(
        asked.starts_with(&format!("GET {URL} HTTP/1.1\r\n")),
        "{asked}"
    );
    assert!(asked.contains("accept: application/json\r\n"), "{asked}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let elsewhere = "HTTP/1.1 307 Elsewhere\r\nLocation: http://elsewhere.invalid/\r\nContent-Length: 0\r\n\r\n";
    let request = HttpRequest::new(Method::Get, URL);
    let (answer, _) = send(request, elsewhere.to_owned()).await;
    assert_eq!(answer.unwrap().status, 307);
}

#[tokio::test]
async fn an_answer_longer_than_its_limit_is_none() {
    let mut request = HttpRequest::new(Method::Get, URL);
    request.limits.max_body = 10;
    let (answer, _) = send(request.clone(), ok("0123456789")).await;
    assert_eq!(answer.unwrap().body.len(), 10);
    let (answer, _) = send(request, ok("0123456789a")).await;
    assert!(matches!(
        answer,
        Err(TransportError::TooLarge { limit: 10, .. })
    ));
}

#[tokio::test]
async fn what_a_stranger_named_is_not_asked_for() {
    let mut request = HttpRequest::new(Method::Get, URL);
    request.reach = Reach::Public;
    let (answer, asked) = send(request, ok("{}")).await;
    assert!(matches!(answer, Err(TransportError::OutOfReach { .. })));
    assert_eq!(asked, None);
}

#[tokio::test]
async fn no_error_holds_a_query() {
    let request = HttpRequest::new(Method::Get, URL);
    let (answer, _) = send(request, "nonsense\r\n\r\n".to_owned()).await;
    let error = answer.unwrap_err().to_string();
    assert!(error.contains("login.example.invalid/token"), "{error}");
    assert!(!error.contains("the-code"), "{error}");
}
