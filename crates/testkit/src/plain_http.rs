//! One HTTP/1.1 request over one loopback connection: what the drivers of the suites speak, and a provider to
//! its clients.

use std::fmt::Write as _;
use std::io::{self, ErrorKind, Read, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use codegrant_core::http::HttpResponse;

/// How long the other end may take on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends a request to an `http` URL on loopback and reads the response; redirects are not followed.
///
/// # Errors
///
/// No connection, no answer within two minutes, or an answer that is not HTTP.
pub(crate) fn send(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<HttpResponse> {
    let (authority, target) = split(url).ok_or_else(|| broken("not an http URL on loopback"))?;
    let mut head =
        format!("{method} {target} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n");
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if !body.is_empty() || method == "POST" {
        let _ = write!(head, "content-length: {}\r\n", body.len());
    }
    head.push_str("\r\n");
    let port = authority
        .rsplit_once(':')
        .and_then(|(_, port)| port.parse().ok());
    let mut stream = TcpStream::connect(("127.0.0.1", port.unwrap_or(80)))?;
    // Longer than the other end may wait for something, so that its reason is what a failure shows.
    stream.set_read_timeout(Some(PATIENCE * 2))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(&[head.as_bytes(), body].concat())?;
    receive(&mut stream, method == "HEAD")
}

/// Splits a URL into authority and request target; a fragment is never sent.
fn split(url: &str) -> Option<(&str, String)> {
    let rest = url.strip_prefix("http://")?;
    let rest = rest.split('#').next().unwrap_or_default();
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at(end);
    let host = authority
        .rsplit_once(':')
        .map_or(authority, |(host, _)| host);
    let loopback = host == "127.0.0.1" || host == "localhost" || host.ends_with(".localhost");
    let slash = if target.starts_with('/') { "" } else { "/" };
    loopback.then(|| (authority, format!("{slash}{target}")))
}

/// Reads a response, by its length where it says one: not every server closes the connection at once.
///
/// The answer to `HEAD` says a length and has no body (RFC 9110 section 9.3.2).
fn receive(stream: &mut impl Read, is_head: bool) -> io::Result<HttpResponse> {
    let mut read = Vec::new();
    let head_end = loop {
        if let Some(at) = find(&read, b"\r\n\r\n") {
            break at;
        }
        more(stream, &mut read)?;
    };
    let head = String::from_utf8_lossy(&read[..head_end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.strip_prefix("HTTP/1.1 "))
        .and_then(|line| line.get(..3)?.parse().ok())
        .ok_or_else(|| broken("no status line"))?;
    let mut response = HttpResponse::new(status);
    for line in lines {
        let (name, value) = line
            .split_once(':')
            .ok_or_else(|| broken("no header line"))?;
        response = response.with_header(name, value.trim());
    }
    let mut body = read.split_off(head_end + 4);
    if is_head {
        return Ok(response.with_body(body));
    }
    let is_chunked = response
        .header("transfer-encoding")
        .is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
    let length: Option<usize> = response
        .header("content-length")
        .and_then(|value| value.parse().ok());
    if is_chunked {
        body = chunks(stream, body)?;
    } else if let Some(length) = length {
        while body.len() < length {
            more(stream, &mut body)?;
        }
        body.truncate(length);
    } else if status != 204 && status != 304 {
        stream.read_to_end(&mut body)?;
    }
    Ok(response.with_body(body))
}

/// Joins the chunks of a body (RFC 9112 section 7.1).
fn chunks(stream: &mut impl Read, mut read: Vec<u8>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let Some(end) = find(&read, b"\r\n") else {
            more(stream, &mut read)?;
            continue;
        };
        let size = std::str::from_utf8(&read[..end]).unwrap_or_default();
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(|_| broken("no chunk size"))?;
        if size == 0 {
            return Ok(body);
        }
        let start = end + 2;
        while read.len() < start + size + 2 {
            more(stream, &mut read)?;
        }
        body.extend_from_slice(&read[start..start + size]);
        read.drain(..start + size + 2);
    }
}

fn more(stream: &mut impl Read, read: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Err(broken("the connection ended early")),
            Ok(count) => {
                read.extend_from_slice(&buffer[..count]);
                return Ok(());
            }
            // A process that was stopped for a moment, with its machine for instance, gets that where it waited with a
            // time limit.
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

fn broken(why: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(text: &str) -> io::Result<HttpResponse> {
        receive(&mut text.as_bytes(), false)
    }

    #[test]
    fn body_ends_where_its_length_says() {
        let response = received("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokmore").unwrap();
        assert_eq!(
            (response.status, response.body.as_slice()),
            (200, &b"ok"[..])
        );
    }

    #[test]
    fn chunks_are_joined() {
        let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=1\r\n0123456789\r\n0\r\n\r\n";
        assert_eq!(received(text).unwrap().body, b"abc0123456789");
    }

    #[test]
    fn whoever_is_interrupted_reads_on() {
        struct Stopped<'a>(&'a [u8], bool);

        impl Read for Stopped<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.1 = !self.1;
                if self.1 {
                    return Err(ErrorKind::Interrupted.into());
                }
                self.0.read(&mut buffer[..9])
            }
        }

        let text = b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\nabcdefghijkl";
        let response = receive(&mut Stopped(text, false), false).unwrap();
        assert_eq!(response.body, b"abcdefghijkl");
    }

    #[test]
    fn an_answer_to_head_ends_with_its_head() {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
        let response = receive(&mut text.as_bytes(), true).unwrap();
        assert!(response.body.is_empty());
    }

    #[test]
    fn an_answer_that_breaks_off_is_an_error() {
        for text in [
            "",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab",
            "hello\r\n\r\n",
        ] {
            assert!(received(text).is_err(), "{text}");
        }
    }

    #[test]
    fn urls_off_this_machine_are_refused() {
        assert_eq!(
            split("http://localhost:8?a=b#c"),
            Some(("localhost:8", "/?a=b".to_owned()))
        );
        assert_eq!(split("http://example.org/"), None);
        assert_eq!(split("https://localhost/"), None);
    }
}
