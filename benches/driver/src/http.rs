//! HTTP/1.1 by hand: a message is read and written with as little work as there is, since it shares a machine with
//! what is measured.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const MOST_HEADERS: usize = 64;

/// A request or a response that arrived.
#[derive(Debug, Default)]
pub struct Message {
    /// The first line.
    pub start: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Message {
    /// Returns the first value of this header.
    pub fn header<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// Iterates over all values of this header.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.headers.iter().filter(move |(other, _)| other == name);
        named.map(|(_, value)| value.as_str())
    }

    /// Returns the status of a response, or 0.
    pub fn status(&self) -> u16 {
        self.start
            .split(' ')
            .nth(1)
            .and_then(|word| word.parse().ok())
            .unwrap_or(0)
    }
}

/// Writes all of it.
///
/// # Errors
///
/// The connection is gone.
pub async fn write_all(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await
}

/// Reads one message; what follows it stays in `buffer`. `None` where the other side has closed.
///
/// # Errors
///
/// The connection broke, or what came is no HTTP.
pub async fn read_message(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
) -> io::Result<Option<Message>> {
    let (mut message, head) = loop {
        if let Some(read) = parse(buffer)? {
            break read;
        }
        if stream.read_buf(buffer).await? == 0 {
            let cut = !buffer.is_empty();
            return if cut {
                Err(io::ErrorKind::UnexpectedEof.into())
            } else {
                Ok(None)
            };
        }
    };
    buffer.drain(..head);
    if message
        .header("transfer-encoding")
        .is_some_and(|value| value.eq_ignore_ascii_case("chunked"))
    {
        loop {
            let size = chunk_size(stream, buffer).await?;
            fill(stream, buffer, size + 2).await?;
            message.body.extend_from_slice(&buffer[..size]);
            buffer.drain(..size + 2);
            if size == 0 {
                break;
            }
        }
    } else if let Some(length) = message.header("content-length") {
        let length = length.parse().map_err(io::Error::other)?;
        fill(stream, buffer, length).await?;
        message.body = buffer.drain(..length).collect();
    } else if message.start.starts_with("HTTP/") && !matches!(message.status(), 204 | 304) {
        while stream.read_buf(buffer).await? != 0 {}
        message.body = std::mem::take(buffer);
    }
    Ok(Some(message))
}

/// Reads the head of a message and its length, once it is there.
fn parse(buffer: &[u8]) -> io::Result<Option<(Message, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let end = buffer.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let first = String::from_utf8_lossy(&buffer[..end])
        .trim_end()
        .to_owned();
    let parsed = if buffer.starts_with(b"HTTP/") {
        let mut response = httparse::Response::new(&mut headers);
        response.parse(buffer)
    } else {
        let mut request = httparse::Request::new(&mut headers);
        request.parse(buffer)
    };
    let httparse::Status::Complete(head) = parsed.map_err(io::Error::other)? else {
        return Ok(None);
    };
    let present = headers.iter().take_while(|header| !header.name.is_empty());
    let headers = present.map(|header| {
        (
            header.name.to_ascii_lowercase(),
            String::from_utf8_lossy(header.value).into_owned(),
        )
    });
    let message = Message {
        start: first,
        headers: headers.collect(),
        body: Vec::new(),
    };
    Ok(Some((message, head)))
}

async fn fill(stream: &mut TcpStream, buffer: &mut Vec<u8>, length: usize) -> io::Result<()> {
    while buffer.len() < length {
        if stream.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

async fn chunk_size(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<usize> {
    let end = loop {
        if let Some(end) = buffer.windows(2).position(|pair| pair == b"\r\n") {
            break end;
        }
        let more = buffer.len() + 1;
        fill(stream, buffer, more).await?;
    };
    let line = String::from_utf8_lossy(&buffer[..end]).into_owned();
    buffer.drain(..end + 2);
    let digits = line.split(';').next().unwrap_or("").trim();
    usize::from_str_radix(digits, 16).map_err(io::Error::other)
}

/// A connection to a server on this machine that is opened anew when the server has closed it.
#[derive(Debug)]
pub struct Connection {
    port: u16,
    open: Option<(TcpStream, Vec<u8>)>,
}

impl Connection {
    /// Makes one that connects with its first request.
    pub fn new(port: u16) -> Self {
        Self { port, open: None }
    }

    /// Returns where it goes.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Sends a finished request and reads the answer.
    ///
    /// # Errors
    ///
    /// Nobody listens, or the answer is no HTTP.
    pub async fn send(&mut self, request: &[u8]) -> io::Result<Message> {
        if let Some((stream, buffer)) = &mut self.open {
            // A server may close a connection that was idle just as it is used again: that is no failure.
            if write_all(stream, request).await.is_ok()
                && let Ok(Some(message)) = read_message(stream, buffer).await
            {
                return Ok(self.keep(message));
            }
            self.open = None;
        }
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        write_all(&mut stream, request).await?;
        let mut buffer = Vec::with_capacity(4096);
        let message = read_message(&mut stream, &mut buffer).await?;
        let message = message.ok_or(io::ErrorKind::UnexpectedEof)?;
        self.open = Some((stream, buffer));
        Ok(self.keep(message))
    }

    fn keep(&mut self, message: Message) -> Message {
        if message
            .header("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"))
        {
            self.open = None;
        }
        message
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads what a server would send in these pieces.
    async fn read(pieces: &'static [&'static [u8]]) -> Vec<Message> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let write = async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            for piece in pieces {
                write_all(&mut stream, piece).await.unwrap();
            }
        };
        let read = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (mut buffer, mut messages) = (Vec::new(), Vec::new());
            while let Some(message) = read_message(&mut stream, &mut buffer).await.unwrap() {
                messages.push(message);
            }
            messages
        };
        tokio::join!(write, read).1
    }

    #[tokio::test]
    async fn messages_that_arrive_together_are_read_one_by_one() {
        let read = read(&[
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            b"HTTP/1.1 302 Found\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\ncontent-length: 0\r\n\r\n",
        ]);
        let read = read.await;
        assert_eq!(
            (read[0].status(), read[0].body.as_slice()),
            (200, b"ok".as_slice())
        );
        assert_eq!(
            read[1].all("set-cookie").collect::<Vec<_>>(),
            ["a=1", "b=2"]
        );
        assert_eq!(read.len(), 2);
    }

    #[tokio::test]
    async fn chunks_are_put_together() {
        let read = read(&[
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nHel\r\n",
            b"c;a=b\r\nlo, Jane Doe\r\n0\r\n\r\n",
        ]);
        assert_eq!(read.await[0].body, b"Hello, Jane Doe");
    }

    #[tokio::test]
    async fn body_without_a_length_ends_with_the_connection() {
        let read = read(&[
            b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nHello",
            b", Jane",
        ]);
        assert_eq!(read.await[0].body, b"Hello, Jane");
    }
}
