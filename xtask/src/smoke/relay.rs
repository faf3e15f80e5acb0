//! Stands between the app and the provider and writes down what the app says to it.
//!
//! What the two servers tell each other is the one part of the grant that no browser sees.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::browser::USER_AGENT;
use super::http::{self, Request, Response, header};

/// A request of the app, and how it was answered.
#[derive(Debug, Clone)]
pub(super) struct Exchange {
    /// What the app sent.
    pub(super) request: Request,
    /// What the provider answered.
    pub(super) response: Response,
    /// When the app sent it.
    pub(super) begin: Instant,
    /// How long the provider took.
    pub(super) time: Duration,
}

/// A relay that goes on until the program ends.
#[derive(Debug)]
pub(super) struct Relay {
    exchanges: Arc<Mutex<Vec<Exchange>>>,
}

impl Relay {
    /// Passes everything that arrives at `listener` on to `provider`.
    pub(super) fn start(listener: TcpListener, provider: SocketAddr) -> Self {
        let exchanges = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&exchanges);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                // A connection that breaks is noticed at its other end.
                std::thread::spawn(move || drop(pass_on(&stream, provider, &kept)));
            }
        });
        Self { exchanges }
    }

    /// Takes what the app and the provider said to each other since the last time.
    pub(super) fn take(&self) -> Vec<Exchange> {
        std::mem::take(&mut *lock(&self.exchanges))
    }
}

fn pass_on(
    stream: &TcpStream,
    provider: SocketAddr,
    kept: &Mutex<Vec<Exchange>>,
) -> io::Result<()> {
    let request = http::read_request(stream)?;
    let begin = Instant::now();
    let response = http::send(&provider.to_string(), &request)?;
    let exchange = Exchange {
        begin,
        time: begin.elapsed(),
        request,
        response: response.clone(),
    };
    // Before the answer is given away, so that it is there when the app has gone on.
    if header(&exchange.request.headers, "user-agent") != Some(USER_AGENT) {
        lock(kept).push(exchange);
    }
    http::write_response(stream, &response)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A provider that answers one request with what it was sent.
    fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let request = http::read_request(&stream).unwrap();
                let host = header(&request.headers, "host").unwrap();
                let told = format!("{} {} {host}", request.method, request.target);
                let headers = vec![("x-kept".to_owned(), "yes".to_owned())];
                let body = [told.into_bytes(), request.body].concat();
                let response = Response {
                    status: 201,
                    headers,
                    body,
                };
                http::write_response(&stream, &response).unwrap();
            }
        });
        address
    }

    fn post(agent: &str) -> Request {
        Request {
            method: "POST".to_owned(),
            target: "/token".to_owned(),
            headers: vec![
                ("host".to_owned(), "127.0.0.1:4000".to_owned()),
                ("user-agent".to_owned(), agent.to_owned()),
            ],
            body: b" a=b".to_vec(),
        }
    }

    #[test]
    fn requests_of_the_app_are_passed_on_and_kept() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        let relay = Relay::start(listener, echo());
        let response = http::send(&authority, &post("an app")).unwrap();
        assert_eq!(response.text(), "POST /token 127.0.0.1:4000 a=b");
        assert_eq!(header(&response.headers, "x-kept"), Some("yes"));
        http::send(&authority, &post(USER_AGENT)).unwrap();
        let kept = relay.take();
        assert_eq!(kept.len(), 1);
        assert_eq!(
            (kept[0].response.status, &kept[0].request.body),
            (201, &b" a=b".to_vec())
        );
        assert!(relay.take().is_empty());
    }
}
