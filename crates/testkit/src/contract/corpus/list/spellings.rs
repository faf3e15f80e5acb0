//! Other spellings of HTTP/1.1 that mean the same (RFC 9112).

use super::super::super::ask::Ask;
use super::super::entry::{Entry, Mark, Spelling, Step};
use super::{logged_in, one};

pub(super) fn entries() -> Vec<Entry> {
    let login = || Ask::open("/auth/login/op?return_to=%2Fa");
    let form = || Ask::submit("/auth/logout", "return_to=%2Fa");
    let mut entries = vec![
        spelled(
            "header names in capitals",
            login(),
            "GET /auth/login/op?return_to=%2Fa HTTP/1.1\r\nHOST: localhost:3000\r\nACCEPT: text/html\r\n\r\n",
        ),
        spelled(
            "header names in no case at all",
            login(),
            "GET /auth/login/op?return_to=%2Fa HTTP/1.1\r\nhoST: localhost:3000\r\naCCepT: text/html\r\n\r\n",
        ),
        spelled(
            "values without a space",
            login(),
            "GET /auth/login/op?return_to=%2Fa HTTP/1.1\r\nHost:localhost:3000\r\nAccept:text/html\r\n\r\n",
        ),
        spelled(
            "values between spaces and tabs",
            form(),
            "POST /auth/logout HTTP/1.1\r\nHost:\t localhost:3000 \r\nAccept: \t text/html\t\r\n\
             Origin:   http://localhost:3000  \t\r\nContent-Length: \t14 \r\n\r\nreturn_to=%2Fa",
        ),
        spelled(
            "an empty line before the request",
            login(),
            "\r\nGET /auth/login/op?return_to=%2Fa HTTP/1.1\r\nHost: localhost:3000\r\nAccept: text/html\r\n\r\n",
        ),
        spelled(
            "chunks with zeros, capitals and extensions",
            form(),
            "POST /auth/logout HTTP/1.1\r\nHost: localhost:3000\r\nAccept: text/html\r\n\
             Origin: http://localhost:3000\r\nTransfer-Encoding: chunked\r\n\r\n\
             000A;a=b\r\nreturn_to=\r\n4\r\n%2Fa\r\n0\r\n\r\n",
        ),
        spelled(
            "chunks of one byte",
            form(),
            "POST /auth/logout HTTP/1.1\r\nHost: localhost:3000\r\nAccept: text/html\r\n\
             Origin: http://localhost:3000\r\nTransfer-Encoding: Chunked\r\n\r\n\
             1\r\nr\r\n1\r\ne\r\n1\r\nt\r\n1\r\nu\r\n1\r\nr\r\n1\r\nn\r\n1\r\n_\r\n1\r\nt\r\n1\r\no\r\n\
             1\r\n=\r\n1\r\n%\r\n1\r\n2\r\n1\r\nF\r\n1\r\na\r\n0\r\n\r\n",
        ),
    ];
    // Not every server puts up with these, though each of them has one meaning only.
    for (name, ask, bytes) in [
        (
            "a trailer that names an origin",
            form().without("origin"),
            "POST /auth/logout HTTP/1.1\r\nHost: localhost:3000\r\nAccept: text/html\r\n\
             Transfer-Encoding: chunked\r\nTrailer: Origin\r\n\r\n\
             e\r\nreturn_to=%2Fa\r\n0\r\nOrigin: http://localhost:3000\r\n\r\n",
        ),
        (
            "lines that end in LF alone",
            login(),
            "GET /auth/login/op?return_to=%2Fa HTTP/1.1\nHost: localhost:3000\nAccept: text/html\n\n",
        ),
        (
            "no host",
            login(),
            "GET /auth/login/op?return_to=%2Fa HTTP/1.1\r\nAccept: text/html\r\n\r\n",
        ),
        (
            "the same length twice",
            form(),
            "POST /auth/logout HTTP/1.1\r\nHost: localhost:3000\r\nAccept: text/html\r\n\
             Origin: http://localhost:3000\r\nContent-Length: 14\r\nContent-Length: 14\r\n\r\nreturn_to=%2Fa",
        ),
    ] {
        let strict = Mark::Strict("servers differ in what they put up with (RFC 9112 section 2.2)");
        let step = Step::new(ask)
            .spelled(Spelling::Bytes(bytes.into()))
            .may(strict);
        entries.push(one(name, step));
    }
    entries.extend(absolute());
    entries
}

/// Targets in absolute form, as a proxy sends them (RFC 9112 section 3.2.2).
fn absolute() -> Vec<Entry> {
    let mut entries = Vec::new();
    for target in [
        "http://evil.example/auth/login/op?return_to=%2Fa",
        "http://evil.example/auth/login",
        "http://evil.example/auth/",
        "http://evil.example/auth//login",
        "http://evil.example:81/auth/nothing?a=/auth/login",
        "http://evil.example/files/a?b=c",
        "http://evil.example/files/auth/login",
        "http://localhost:3000/?a=b",
    ] {
        entries.push(one(format!("target {target}"), Ask::open(target)));
        let host = Ask::open(target).with("host", "other.example");
        entries.push(one(format!("target {target} at another host"), host));
    }
    let mut steps = logged_in().to_vec();
    steps.push(Ask::open("http://evil.example/").into());
    steps.push(Ask::open("http://evil.example/maybe?a").into());
    entries.push(Entry::new("a user who asks in absolute form", steps));
    entries
}

fn spelled(name: &str, ask: Ask, bytes: &str) -> Entry {
    one(name, Step::new(ask).spelled(Spelling::Bytes(bytes.into())))
}
