//! Serves a function from request to response over HTTP/1.1 on loopback.
//!
//! A provider in a test is a function. Where a test needs a real socket, because a browser, another process
//! or a real HTTP client takes part, this gives it one:
//!
//! ```
//! use codegrant_core::http::HttpResponse;
//! use codegrant_testkit::Served;
//! use serde_json::json;
//!
//! let served = Served::start(|request| HttpResponse::json(&json!({ "url": request.url })))?;
//! assert!(served.origin().starts_with("http://localhost:"));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! A [`DevProvider`] has to know its own address first, so that binding and serving are two steps:
//!
//! ```
//! use std::sync::Arc;
//! use codegrant_dev_provider::{ClientRegistration, DevProvider, Settings};
//! use codegrant_core::jose::Algorithm;
//! use codegrant_testkit::Loopback;
//!
//! let loopback = Loopback::bind()?;
//! let settings = Settings::new(loopback.origin(), [7; 32])
//!     .with_algorithm(Algorithm::Es256)
//!     .with_client(ClientRegistration::any_on_loopback("my-app", Some("a secret")));
//! let provider = Arc::new(DevProvider::new(settings)?);
//! let served = loopback.serve_provider(provider.clone());
//! // Point an app at `served.origin()`; inject faults and read the requests through `provider`.
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod connection;
#[cfg(feature = "tls")]
mod tls;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use codegrant_core::Timestamp;
use codegrant_core::http::{HttpRequest, HttpResponse};
use codegrant_dev_provider::DevProvider;
use tokio::sync::oneshot;

/// The longest body that is read, in bytes; a longer one is answered with status 413.
pub const BODY_LIMIT: usize = 1024 * 1024;

/// A loopback port that is taken and not yet served: connections wait until it is.
#[derive(Debug)]
pub struct Loopback {
    listener: TcpListener,
    address: SocketAddr,
}

impl Loopback {
    /// Takes a free port on `127.0.0.1`.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    pub fn bind() -> io::Result<Self> {
        Self::bind_to((Ipv4Addr::LOCALHOST, 0).into())
    }

    /// Takes this address; port 0 means a free one.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidInput`] for an address that other machines can reach, and what the operating
    /// system says.
    pub fn bind_to(address: SocketAddr) -> io::Result<Self> {
        if !address.ip().is_loopback() {
            let reason = format!("{address} is not on loopback");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Returns the address and port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns `http://localhost:PORT`.
    pub fn origin(&self) -> String {
        format!("http://localhost:{}", self.address.port())
    }

    /// Serves a function until the result is dropped; several requests may be in it at a time.
    ///
    /// It sees `GET`, `POST`, `PUT`, `PATCH` and `DELETE`; `HEAD` comes as `GET` and loses its body; other
    /// methods are answered with status 405. `url` starts with the `Host` of the request, which anybody can choose. Headers that the
    /// protocol does not use are left out.
    pub fn serve(
        self,
        respond: impl Fn(&HttpRequest) -> HttpResponse + Send + Sync + 'static,
    ) -> Served {
        let respond = move |request: &HttpRequest, _: Option<&[u8]>| respond(request);
        self.serve_over(Transport::Plain, Arc::new(respond))
    }

    /// Serves a function over TLS; it sees the certificate of a client that has one (RFC 8705), in DER.
    ///
    /// Any certificate is let in, as long as the client proves that it holds the private key: to judge it is
    /// the function's own business. `certificate` is the server's, `key` its unencrypted PKCS#8, both in DER.
    /// `url` begins with `https`.
    ///
    /// # Errors
    ///
    /// When the two are no certificate and its key.
    #[cfg(feature = "tls")]
    pub fn serve_tls(
        self,
        certificate: Vec<u8>,
        key: Vec<u8>,
        respond: impl Fn(&HttpRequest, Option<&[u8]>) -> HttpResponse + Send + Sync + 'static,
    ) -> io::Result<Served> {
        let acceptor = tls::acceptor(certificate, key)?;
        Ok(self.serve_over(Transport::Tls(acceptor), Arc::new(respond)))
    }

    fn serve_over(self, transport: Transport, respond: Arc<connection::Respond>) -> Served {
        let (address, origin) = (self.address, transport.origin(self.address));
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            connection::serve(self.listener, transport, respond, stopped);
        });
        Served {
            address,
            origin,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Serves a dev provider with the system's clock; keep a clone to steer it.
    pub fn serve_provider(self, provider: Arc<DevProvider>) -> Served {
        self.serve(move |request| provider.handle(request, system_time()))
    }
}

/// What a connection is made of.
#[derive(Clone)]
enum Transport {
    Plain,
    #[cfg(feature = "tls")]
    Tls(tls::Acceptor),
}

impl Transport {
    fn scheme(&self) -> &'static str {
        match self {
            Self::Plain => "http",
            #[cfg(feature = "tls")]
            Self::Tls(_) => "https",
        }
    }

    fn origin(&self, address: SocketAddr) -> String {
        format!("{}://localhost:{}", self.scheme(), address.port())
    }
}

/// A function that is being served; stops when it is dropped.
#[derive(Debug)]
pub struct Served {
    address: SocketAddr,
    origin: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    /// Serves a function on a free port; see [`Loopback::serve`].
    ///
    /// # Errors
    ///
    /// When there is no free port.
    pub fn start(
        respond: impl Fn(&HttpRequest) -> HttpResponse + Send + Sync + 'static,
    ) -> io::Result<Self> {
        Ok(Loopback::bind()?.serve(respond))
    }

    /// Returns the address and port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns `http://localhost:PORT`, or the same with `https`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Waits until serving ends by itself, which it does not in the ordinary course of things.
    pub fn wait(mut self) {
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

impl Drop for Served {
    /// Stops and waits for the thread: afterwards the port is free and no request is in the function.
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

/// Returns the system's time; before 1970 it counts as 1970.
pub fn system_time() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_unix(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
