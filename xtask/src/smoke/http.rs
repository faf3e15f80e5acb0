//! Just enough HTTP/1.1 (RFC 9112) to talk to our own programs on loopback: one request a connection.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long the other side may stay silent.
const PATIENCE: Duration = Duration::from_secs(30);

/// The largest body that is read, in bytes.
const BODY_LIMIT: u64 = 4 * 1024 * 1024;

/// Header lines: lower-case names and their values, in order.
pub(super) type Headers = Vec<(String, String)>;

/// An address on loopback, `http://host:port/target`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// Host and port, as in a `Host` header.
    pub(super) authority: String,
    /// Path and query.
    pub(super) target: String,
}

/// A request. Its start line names the target alone; the authority stands in `Host`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    /// The method.
    pub(super) method: String,
    /// Path and query.
    pub(super) target: String,
    /// Its header lines.
    pub(super) headers: Headers,
    /// Its body.
    pub(super) body: Vec<u8>,
}

/// A response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Response {
    /// The status.
    pub(super) status: u16,
    /// Its header lines.
    pub(super) headers: Headers,
    /// Its body, without any transfer coding.
    pub(super) body: Vec<u8>,
}

impl Address {
    /// Reads an absolute address, or one that is relative to another.
    pub(super) fn resolve(&self, location: &str) -> Option<Self> {
        let location = location.split('#').next()?;
        if location.starts_with('/') && !location.starts_with("//") {
            return Some(Self {
                authority: self.authority.clone(),
                target: location.to_owned(),
            });
        }
        Self::parse(location)
    }

    /// Reads an absolute address.
    pub(super) fn parse(url: &str) -> Option<Self> {
        let rest = url.strip_prefix("http://")?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        let slash = if target.starts_with('/') { "" } else { "/" };
        (!authority.is_empty()).then(|| Self {
            authority: authority.to_owned(),
            target: format!("{slash}{target}"),
        })
    }

    /// Returns the host without its port, which is what cookies are kept by.
    pub(super) fn host(&self) -> &str {
        self.authority.split(':').next().unwrap_or_default()
    }

    /// Returns the path without the query.
    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Returns the whole address.
    pub(super) fn url(&self) -> String {
        format!("http://{}{}", self.authority, self.target)
    }
}

impl Response {
    /// Returns the body as text; what is no UTF-8 is replaced.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Returns the first value of a header.
pub(super) fn header<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    let line = headers.iter().find(|(held, _)| held == name);
    line.map(|(_, value)| value.as_str())
}

/// Sends a request over a connection of its own.
///
/// # Errors
///
/// Nobody listens, somebody is silent for too long, or what comes back is no HTTP.
pub(super) fn send(authority: &str, request: &Request) -> io::Result<Response> {
    let mut stream = TcpStream::connect(authority)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
    for (name, value) in &request.headers {
        if !is_of_the_connection(name) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    if header(&request.headers, "host").is_none() {
        head.push_str(&format!("host: {authority}\r\n"));
    }
    let length = request.body.len();
    head.push_str(&format!(
        "content-length: {length}\r\nconnection: close\r\n\r\n"
    ));
    stream.write_all(head.as_bytes())?;
    stream.write_all(&request.body)?;
    read_response(&mut BufReader::new(stream))
}

/// Reads a request, for instance from a connection that was accepted.
pub(super) fn read_request(stream: &TcpStream) -> io::Result<Request> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream);
    let (start, headers) = read_head(&mut reader)?;
    let mut words = start.split(' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(broken("no request line"));
    };
    let body = read_body(&mut reader, &headers, false)?;
    Ok(Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers,
        body,
    })
}

/// Writes a response and ends the connection.
pub(super) fn write_response(mut stream: &TcpStream, response: &Response) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {} Relayed\r\n", response.status);
    for (name, value) in &response.headers {
        if !is_of_the_connection(name) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    let length = response.body.len();
    head.push_str(&format!(
        "content-length: {length}\r\nconnection: close\r\n\r\n"
    ));
    stream.write_all(head.as_bytes())?;
    stream.write_all(&response.body)
}

/// Tells whether a header is about one connection, so that it must not be passed on to another.
fn is_of_the_connection(name: &str) -> bool {
    [
        "connection",
        "content-length",
        "keep-alive",
        "transfer-encoding",
    ]
    .contains(&name)
}

fn read_response(reader: &mut impl BufRead) -> io::Result<Response> {
    let (start, headers) = read_head(reader)?;
    let status = start
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.get(2..5));
    let status = status.and_then(|digits| digits.parse().ok());
    let status = status.ok_or_else(|| broken("no status line"))?;
    let ends_with_connection = !matches!(status, 204 | 304);
    let body = read_body(reader, &headers, ends_with_connection)?;
    Ok(Response {
        status,
        headers,
        body,
    })
}

fn read_head(reader: &mut impl BufRead) -> io::Result<(String, Headers)> {
    let start = read_line(reader)?;
    let mut headers = Headers::new();
    loop {
        let line = read_line(reader)?;
        if line.is_empty() {
            return Ok((start, headers));
        }
        let (name, value) = line.split_once(':').ok_or_else(|| broken("no header"))?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

fn read_body(
    reader: &mut impl BufRead,
    headers: &Headers,
    ends_with_connection: bool,
) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    if header(headers, "transfer-encoding").is_some_and(|coding| coding == "chunked") {
        loop {
            let line = read_line(reader)?;
            let size = line.split(';').next().unwrap_or_default();
            let size = u64::from_str_radix(size, 16).map_err(|_| broken("no chunk size"))?;
            read_exactly(reader, size, &mut body)?;
            // After the last chunk there may be trailers, which nobody here sends.
            read_line(reader)?;
            if size == 0 {
                return Ok(body);
            }
        }
    }
    match header(headers, "content-length") {
        Some(length) => {
            let length = length.parse().map_err(|_| broken("no length"))?;
            read_exactly(reader, length, &mut body)?;
        }
        None if ends_with_connection => {
            reader.take(BODY_LIMIT).read_to_end(&mut body)?;
        }
        None => {}
    }
    Ok(body)
}

fn read_exactly(reader: &mut impl BufRead, length: u64, body: &mut Vec<u8>) -> io::Result<()> {
    if length > BODY_LIMIT {
        return Err(broken("a body that is too large"));
    }
    let read = reader.take(length).read_to_end(body)?;
    if read as u64 == length {
        Ok(())
    } else {
        Err(broken("a body that is too short"))
    }
}

fn read_line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    let read = reader.take(64 * 1024).read_line(&mut line)?;
    if read == 0 {
        return Err(broken("an early end"));
    }
    Ok(line.trim_end().to_owned())
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("HTTP with {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> io::Result<Response> {
        read_response(&mut text.as_bytes())
    }

    #[test]
    fn body_ends_by_its_length_its_chunks_or_with_the_connection() {
        for text in [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloEXTRA",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
            "HTTP/1.0 200 OK\r\n\r\nhello",
        ] {
            let response = read(text).unwrap();
            assert_eq!((response.status, response.text().as_str()), (200, "hello"));
        }
    }

    #[test]
    fn broken_response_is_an_error() {
        for text in [
            "",
            "hello\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
            "HTTP/1.1 200 OK\r\nno header\r\n\r\n",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn addresses_are_resolved_against_the_page_they_stand_on() {
        let page = Address::parse("http://localhost:3000/a/b?c=d").unwrap();
        let resolved = |location: &str| page.resolve(location).map(|address| address.url());
        assert_eq!(resolved("/x?y=z#w").unwrap(), "http://localhost:3000/x?y=z");
        assert_eq!(
            resolved("http://127.0.0.1:4000?q").unwrap(),
            "http://127.0.0.1:4000/?q"
        );
        assert_eq!(resolved("//evil.example/"), None);
        assert_eq!(resolved("https://a.example/"), None);
        assert_eq!((page.host(), page.path()), ("localhost", "/a/b"));
    }
}
