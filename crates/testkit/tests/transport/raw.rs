//! A server of bytes: it reads whole requests and answers whatever it likes.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// A server that plays a part on every connection; stops when it is dropped.
pub(crate) struct RawServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    stopped: AtomicBool,
    /// The requests of each connection.
    connections: Mutex<Vec<Vec<String>>>,
}

/// One connection, as the server sees it.
pub(crate) struct Peer {
    stream: TcpStream,
    /// Which connection it is, from 0.
    pub(crate) number: usize,
    shared: Arc<Shared>,
}

impl RawServer {
    /// Starts a server that plays this part on each connection, several at a time.
    pub(crate) fn start(play: impl Fn(&mut Peer) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let inner = shared.clone();
        let play = Arc::new(play);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if inner.stopped.load(Ordering::SeqCst) {
                    return;
                }
                let stream = stream.unwrap();
                let patience = Some(Duration::from_secs(20));
                stream.set_read_timeout(patience).unwrap();
                stream.set_write_timeout(patience).unwrap();
                let mut connections = inner.connections.lock().unwrap();
                let number = connections.len();
                connections.push(Vec::new());
                drop(connections);
                let shared = inner.clone();
                let play = play.clone();
                std::thread::spawn(move || {
                    play(&mut Peer {
                        stream,
                        number,
                        shared,
                    });
                });
            }
        });
        Self {
            address,
            shared,
            thread: Some(thread),
        }
    }

    /// Starts a server that reads one request, answers these bytes and closes.
    pub(crate) fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(move |peer| {
            peer.read_request();
            peer.send(&answer);
        })
    }

    /// Starts a server that answers each request with these bytes, and leaves it to the client when to go: one that
    /// closed while the client already sends its next request would lose that.
    pub(crate) fn serving(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(move |peer| while peer.read_request().is_some() && peer.send(&answer) {})
    }

    /// Returns an `http` URL of this server.
    pub(crate) fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.address)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns how many connections were made.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.lock().unwrap().len()
    }

    /// Returns every request that arrived whole, in the order of their connections.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.shared.connections.lock().unwrap().concat()
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        self.thread.take().unwrap().join().unwrap();
    }
}

impl Peer {
    /// Reads one request with its body; `None` when the client has gone.
    pub(crate) fn read_request(&mut self) -> Option<String> {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            match self.stream.read_exact(&mut byte) {
                Ok(()) => request.push(byte[0]),
                Err(_) => return None,
            }
        }
        let head = String::from_utf8(request).unwrap();
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let is_length = name.eq_ignore_ascii_case("content-length");
            is_length.then(|| value.trim().parse::<usize>().unwrap())
        });
        let mut body = vec![0; length.unwrap_or_default()];
        self.stream.read_exact(&mut body).ok()?;
        let request = head + &String::from_utf8(body).unwrap();
        self.note(&request);
        Some(request)
    }

    /// Remembers a request that was read in some other way.
    pub(crate) fn note(&mut self, request: &str) {
        let mut connections = self.shared.connections.lock().unwrap();
        connections[self.number].push(request.to_owned());
    }

    /// Sends bytes; false when the client has gone.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// Sends the same bytes again and again until the client goes.
    pub(crate) fn send_for_ever(&mut self, bytes: &[u8]) {
        while self.send(bytes) {}
    }

    /// Says nothing more, and waits until the client goes.
    pub(crate) fn fall_silent(&mut self) {
        let mut rest = [0; 1024];
        loop {
            match self.stream.read(&mut rest) {
                Ok(0) => return,
                Err(error) if error.kind() != ErrorKind::Interrupted => return,
                _ => {}
            }
        }
    }

    /// Sends a byte every now and then until the client goes.
    pub(crate) fn drip(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().cycle() {
            if !self.send_slowly(&[*byte]) {
                return;
            }
        }
    }

    /// Sends all of it every now and then until the client goes.
    pub(crate) fn drip_pieces(&mut self, piece: &[u8]) {
        while self.send_slowly(piece) {}
    }

    fn send_slowly(&mut self, bytes: &[u8]) -> bool {
        // The slowness is what is tested; nothing waits for it to be over.
        std::thread::sleep(Duration::from_millis(5));
        self.send(bytes)
    }

    pub(crate) fn stream(&self) -> TcpStream {
        self.stream.try_clone().unwrap()
    }
}

/// Writes a whole answer with a JSON body.
pub(crate) fn ok(body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}
