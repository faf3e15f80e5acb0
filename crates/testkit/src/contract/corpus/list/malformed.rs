//! What no server may take for a request (RFC 9112): nothing of ours runs, and nothing is left behind.

use super::super::super::ask::Ask;
use super::super::entry::{Entry, Spelling, Step};
use super::{home, logged_in};

/// What stands between the start of a log-out and its end, or in their place.
const LINES: &[(&str, &str)] = &[
    ("a folded line", "Accept: text/html\r\n folded: yes\r\n"),
    ("a folded origin", "Origin:\r\n http://localhost:3000\r\n"),
    (
        "a space before a colon",
        "Origin : http://localhost:3000\r\n",
    ),
    ("a header without a name", ": http://localhost:3000\r\n"),
    ("a header without a colon", "Origin\r\n"),
    ("a NUL in a value", "X-A: a\0b\r\n"),
    ("a NUL in a name", "X\0A: a\r\n"),
    ("a CR in a value", "X-A: a\rb\r\n"),
    ("a bell in a value", "X-A: \x07\r\n"),
    ("a DEL in a value", "X-A: \x7f\r\n"),
    ("a name in brackets", "(X-A): a\r\n"),
    ("two lengths", "Content-Length: 3\r\n"),
    ("a length below nothing", "Content-Length: -14\r\n"),
    ("a length in hex", "Content-Length: 0xe\r\n"),
    (
        "a length without end",
        "Content-Length: 99999999999999999999999\r\n",
    ),
    (
        "a coding that nobody knows",
        "Transfer-Encoding: nonsense\r\n",
    ),
];

/// Whole requests.
const WHOLE: &[(&str, &str)] = &[
    ("no version", "POST /auth/logout\r\n\r\n"),
    (
        "another protocol",
        "POST /auth/logout HTTPS/1.1\r\nHost: a\r\n\r\n",
    ),
    ("version 9", "POST /auth/logout HTTP/9.9\r\nHost: a\r\n\r\n"),
    (
        "a space in the target",
        "POST /auth/log out HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "a tab in the target",
        "POST /auth/\tlogout HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "a NUL in the target",
        "POST /auth/logout\0 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "a DEL in the target",
        "POST /auth/logout\x7f HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "no target",
        "POST  HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "no slash",
        "POST auth/logout HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "no method",
        " /auth/logout HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "a method with a NUL",
        "PO\0ST /auth/logout HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        "a method in brackets",
        "(POST) /auth/logout HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    ),
    ("the beginning of TLS", "\x16\x03\x01\0\0"),
    ("half a line", "POST /auth/log"),
    (
        "half a head",
        "POST /auth/logout HTTP/1.1\r\nHost: localhost:3000\r\nOrigin: http",
    ),
];

/// Bodies in chunks.
const CHUNKS: &[(&str, &str)] = &[
    ("a chunk without a size", "\r\nreturn_to=%2Fa\r\n0\r\n\r\n"),
    ("a chunk of letters", "zz\r\nreturn_to=%2Fa\r\n0\r\n\r\n"),
    ("a chunk below nothing", "-e\r\nreturn_to=%2Fa\r\n0\r\n\r\n"),
    (
        "a chunk without end",
        "fffffffffffffffff\r\nreturn_to=%2Fa\r\n0\r\n\r\n",
    ),
    (
        "a chunk longer than it says",
        "3\r\nreturn_to=%2Fa\r\n0\r\n\r\n",
    ),
    ("chunks without the last", "e\r\nreturn_to=%2Fa\r\n"),
];

pub(super) fn entries() -> Vec<Entry> {
    let mut entries = Vec::new();
    let head = "POST /auth/logout HTTP/1.1\r\nHost: localhost:3000\r\nAccept: text/html\r\nCookie: {cookie}\r\n";
    let origin = "Origin: http://localhost:3000\r\n";
    for (name, line) in LINES {
        let bytes = format!("{head}{line}{origin}Content-Length: 14\r\n\r\nreturn_to=%2Fa");
        entries.push(harmless(name, bytes));
    }
    for (name, bytes) in WHOLE {
        entries.push(harmless(name, (*bytes).to_owned()));
    }
    for (name, body) in CHUNKS {
        let bytes = format!("{head}{origin}Transfer-Encoding: chunked\r\n\r\n{body}");
        entries.push(harmless(name, bytes));
    }
    entries
}

/// A user sends it instead of a log-out, and is logged in all the same.
fn harmless(name: &str, bytes: String) -> Entry {
    let malformed = Step::new(Ask::submit("/auth/logout", "return_to=%2Fa"));
    let malformed = malformed.spelled(Spelling::Malformed(bytes.into_bytes()));
    let [begin, back] = logged_in();
    Entry::new(
        format!("malformed: {name}"),
        [begin, back, malformed, home()],
    )
    .stored()
}
