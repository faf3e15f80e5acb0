//! HTTP/1.1 as bytes: sends exactly what a clause says and reads exactly what comes (RFC 9112).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::Broken;

/// How long an app may take for one answer, and to start listening.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest answer that is read, in bytes.
const LONGEST: u64 = 4 * 1024 * 1024;

/// One connection to the app.
pub(super) struct Connection(BufReader<TcpStream>);

/// What the app answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Names in lower case, in the order received.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Connection {
    /// Connects; an app that binds the port itself may take a moment.
    pub(super) fn open(address: SocketAddr) -> Result<Self, Broken> {
        let began = Instant::now();
        let stream = loop {
            match TcpStream::connect(address) {
                Ok(stream) => break stream,
                Err(error) if began.elapsed() > PATIENCE => {
                    return Err(Broken::new(format!("nobody listens on {address}: {error}")));
                }
                Err(_) => thread::sleep(Duration::from_millis(10)),
            }
        };
        let ready = stream
            .set_read_timeout(Some(PATIENCE))
            .and_then(|()| stream.set_write_timeout(Some(PATIENCE)))
            .and_then(|()| stream.set_nodelay(true));
        ready.map_err(|error| Broken::new(format!("no timeout can be set: {error}")))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends bytes; an app that has already answered and closed is not an error here.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        let _closed = self.0.get_mut().write_all(bytes);
    }

    /// Sends more and more, until the other side answers or closes; false when it takes all of it.
    ///
    /// What the operating system buffers on the way is a small part of `most` bytes, so that this does not
    /// depend on how fast either side is.
    pub(super) fn send_until_answered(&mut self, most: usize) -> Result<bool, Broken> {
        let piece = [b'm'; 64 * 1024];
        let stream = self.0.get_mut();
        let mut sent = 0;
        while sent < most {
            stream.set_nonblocking(true).map_err(Broken::new)?;
            let waiting = stream.peek(&mut [0]);
            stream.set_nonblocking(false).map_err(Broken::new)?;
            if waiting.is_ok() || stream.write_all(&piece).is_err() {
                return Ok(true);
            }
            sent += piece.len();
        }
        Ok(false)
    }

    /// Says that nothing more will be sent.
    pub(super) fn finish_sending(&mut self) {
        let _closed = self.0.get_mut().shutdown(Shutdown::Write);
    }

    /// Reads one answer to a request of this method; interim answers (1xx) are skipped.
    pub(super) fn receive(&mut self, method: &str) -> Result<Answer, Broken> {
        loop {
            let answer = self.receive_any(method)?;
            if answer.status >= 200 {
                return Ok(answer);
            }
        }
    }

    fn receive_any(&mut self, method: &str) -> Result<Answer, Broken> {
        let line = self.line()?;
        let status = line
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3)?.parse().ok())
            .ok_or_else(|| Broken::new(format!("{line:?} is no status line of HTTP/1.1")))?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line
                .split_once(':')
                .ok_or_else(|| Broken::new(format!("{line:?} is no header")))?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Answer {
            status,
            headers,
            body: Vec::new(),
        };
        let bodiless = method == "HEAD" || status < 200 || status == 204 || status == 304;
        if !bodiless {
            answer.body = self.body(&answer)?;
        }
        Ok(answer)
    }

    fn body(&mut self, answer: &Answer) -> Result<Vec<u8>, Broken> {
        let mut body = Vec::new();
        if answer.first("transfer-encoding") == Some("chunked") {
            loop {
                let line = self.line()?;
                let length = u64::from_str_radix(line.split(';').next().unwrap_or_default(), 16);
                let length = length.map_err(|_| Broken::new(format!("{line:?} is no chunk")))?;
                self.exactly(length, &mut body)?;
                self.line()?;
                if length == 0 {
                    return Ok(body);
                }
            }
        }
        match answer.first("content-length") {
            Some(length) => {
                let length = length.parse();
                let length = length.map_err(|_| Broken::new("content-length is no number"))?;
                self.exactly(length, &mut body)?;
            }
            None => {
                let read = self.0.by_ref().take(LONGEST).read_to_end(&mut body);
                read.map_err(|error| broke_off(&error))?;
            }
        }
        Ok(body)
    }

    fn exactly(&mut self, length: u64, body: &mut Vec<u8>) -> Result<(), Broken> {
        if length > LONGEST {
            return Err(Broken::new(format!("a body of {length} bytes")));
        }
        let read = self.0.by_ref().take(length).read_to_end(body);
        match read {
            Ok(read) if u64::try_from(read) == Ok(length) => Ok(()),
            Ok(read) => Err(Broken::new(format!(
                "the body ends after {read} of {length} bytes"
            ))),
            Err(error) => Err(broke_off(&error)),
        }
    }

    fn line(&mut self) -> Result<String, Broken> {
        let mut line = Vec::new();
        let read = self.0.by_ref().take(LONGEST).read_until(b'\n', &mut line);
        match read {
            Ok(0) => Err(Broken::new("the connection was closed without an answer")),
            Ok(_) => Ok(String::from_utf8_lossy(&line).trim_end().to_owned()),
            Err(error) => Err(broke_off(&error)),
        }
    }
}

fn broke_off(error: &std::io::Error) -> Broken {
    Broken::new(format!("no whole answer arrived: {error}"))
}

impl Answer {
    /// Returns the first value of a header, named in lower case.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        let held = self.headers.iter().find(|(held, _)| held == name);
        held.map(|(_, value)| value.as_str())
    }

    /// Returns every value of a header, in order.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let held = self.headers.iter().filter(move |(held, _)| held == name);
        held.map(|(_, value)| value.as_str())
    }
}
