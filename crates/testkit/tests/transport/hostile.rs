//! Answers that are no HTTP, or too much of it.

use codegrant_core::http::{HttpRequest, Method};

use crate::raw::{RawServer, ok};
use crate::{Caller, assert_unreachable};

// attack: TK-29
#[test]
fn a_malformed_answer_is_no_answer_and_the_request_is_not_repeated() {
    let many = "X-Flood: f\r\n".repeat(100_000);
    let long = "f".repeat(4 * 1024 * 1024);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", b"".to_vec()),
        ("HTTP/0.9", b"<html>{\"access_token\":\"t\"}".to_vec()),
        (
            "JSON alone",
            b"{\"access_token\":\"t\",\"token_type\":\"Bearer\"}".to_vec(),
        ),
        ("another protocol", b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()),
        ("HTTP/2", b"HTTP/2 200 OK\r\n\r\n{}".to_vec()),
        ("HTTP/3.7", b"HTTP/3.7 200 OK\r\n\r\n{}".to_vec()),
        ("no status", b"HTTP/1.1 OK\r\n\r\n{}".to_vec()),
        ("status 20", b"HTTP/1.1 20 OK\r\n\r\n{}".to_vec()),
        ("status 2000", b"HTTP/1.1 2000 OK\r\n\r\n{}".to_vec()),
        ("status 000", b"HTTP/1.1 000 OK\r\n\r\n{}".to_vec()),
        ("status -1", b"HTTP/1.1 -01 OK\r\n\r\n{}".to_vec()),
        (
            "bare CR in a value",
            b"HTTP/1.1 200 OK\r\nX: a\rY: b\r\n\r\n{}".to_vec(),
        ),
        (
            "bare CR in the status line",
            b"HTTP/1.1 200 O\rK\r\n\r\n{}".to_vec(),
        ),
        (
            "NUL in a value",
            b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n{}".to_vec(),
        ),
        (
            "NUL in a name",
            b"HTTP/1.1 200 OK\r\nX\0: a\r\n\r\n{}".to_vec(),
        ),
        (
            "space in a name",
            b"HTTP/1.1 200 OK\r\nX Y: a\r\n\r\n{}".to_vec(),
        ),
        ("no colon", b"HTTP/1.1 200 OK\r\nX\r\n\r\n{}".to_vec()),
        ("no name", b"HTTP/1.1 200 OK\r\n: a\r\n\r\n{}".to_vec()),
        (
            "a folded line",
            b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n{}".to_vec(),
        ),
        (
            "no end of the head",
            b"HTTP/1.1 200 OK\r\nX: a\r\n".to_vec(),
        ),
        (
            "many headers",
            format!("HTTP/1.1 200 OK\r\n{many}\r\n{{}}").into_bytes(),
        ),
        (
            "a long header",
            format!("HTTP/1.1 200 OK\r\nX: {long}\r\n\r\n{{}}").into_bytes(),
        ),
        (
            "a long name",
            format!("HTTP/1.1 200 OK\r\n{long}: x\r\n\r\n{{}}").into_bytes(),
        ),
        (
            "a long reason",
            format!("HTTP/1.1 200 {long}\r\n\r\n{{}}").into_bytes(),
        ),
        ("a TLS alert", b"\x15\x03\x03\x00\x02\x02\x28".to_vec()),
    ];
    let caller = Caller::new();
    for (what, answer) in cases {
        let server = RawServer::answering(answer);
        assert_unreachable(&caller.redeem(server.url("/token")), what);
        assert_eq!(server.requests().len(), 1, "{what}");
        assert_eq!(server.connections(), 1, "{what}");
    }
}

// attack: TK-29
#[test]
fn headers_without_end_are_given_up() {
    for piece in ["X: f\r\n", "f", "f: "] {
        let server = RawServer::start(move |peer| {
            peer.read_request();
            peer.send(b"HTTP/1.1 200 OK\r\nX: ");
            peer.send_for_ever(piece.repeat(100).as_bytes());
        });
        assert_unreachable(&Caller::new().redeem(server.url("/token")), piece);
        assert_eq!(server.requests().len(), 1, "{piece:?}");
    }
}

// attack: DO-09 TK-29
#[test]
fn what_follows_an_answer_is_not_the_next_answer() {
    let planted = ok("{\"planted\":true}");
    for extra in ["garbage", "\r\n\r\n", "\0\0\0\0", planted.as_str()] {
        let first = ok("{\"planted\":false}") + extra;
        let server = RawServer::start(move |peer| {
            while peer.read_request().is_some() {
                peer.send(first.as_bytes());
            }
        });
        let caller = Caller::new();
        for _ in 0..3 {
            let answer = caller.get(server.url("/")).unwrap();
            assert_eq!(answer.body, b"{\"planted\":false}", "{extra:?}");
        }
        assert_eq!(
            server.connections(),
            3,
            "{extra:?}: each call has a connection of its own"
        );
    }
}

#[test]
fn a_connection_in_good_order_is_used_again() {
    let server = RawServer::start(|peer| {
        while peer.read_request().is_some() {
            peer.send(ok("{}").as_bytes());
        }
    });
    let caller = Caller::new();
    for _ in 0..3 {
        caller.get(server.url("/")).unwrap();
    }
    assert_eq!((server.connections(), server.requests().len()), (1, 3));
}

#[test]
fn header_values_that_are_not_ascii_are_left_out() {
    let server = RawServer::answering(
        &b"HTTP/1.1 200 OK\r\nX-Name: J\xf6rg\r\nX-Other: o\r\nContent-Length: 2\r\n\r\n{}"[..],
    );
    let answer = Caller::new().get(server.url("/")).unwrap();
    assert_eq!(
        (answer.header("x-name"), answer.header("x-other")),
        (None, Some("o"))
    );
    assert_eq!(answer.body, b"{}");
}

#[test]
fn nothing_is_remembered_from_one_call_to_the_next() {
    let server = RawServer::start(|peer| {
        while peer.read_request().is_some() {
            let head = "HTTP/1.1 200 OK\r\nSet-Cookie: tracked=1\r\nContent-Length: 0\r\n\r\n";
            peer.send(head.as_bytes());
        }
    });
    let caller = Caller::new();
    for _ in 0..2 {
        caller
            .send(HttpRequest::new(Method::Get, server.url("/a?b")))
            .unwrap();
    }
    for request in server.requests() {
        let lower = request.to_ascii_lowercase();
        assert!(
            !lower.contains("\r\ncookie:") && !lower.contains("\r\nreferer:"),
            "{request}"
        );
    }
}

#[test]
fn a_header_that_cannot_be_sent_is_an_error_and_nothing_is_sent() {
    let server = RawServer::answering(ok("{}"));
    for (name, value) in [
        ("x-app", "two\r\nX-Lines: yes"),
        ("x-app", "nul\0"),
        ("x app", "value"),
        ("", "value"),
    ] {
        let mut request = HttpRequest::new(Method::Get, server.url("/"));
        request.set_header(name, value);
        let outcome = Caller::new().send(request);
        assert_unreachable(&outcome, name);
        assert!(!outcome.unwrap_err().to_string().contains(value), "{name}");
    }
    let mut request = HttpRequest::new(Method::Get, server.url("/"));
    request.set_header("X-App", "one");
    assert_eq!(Caller::new().send(request).unwrap().status, 200);
    let sent = server.requests();
    assert_eq!(sent.len(), 1);
    assert!(sent[0].contains("x-app: one\r\n"), "{}", sent[0]);
}

#[test]
fn a_request_names_one_product_which_is_the_callers_if_it_says_one() {
    let server = RawServer::serving(ok("{}"));
    let caller = Caller::new();
    let mut named = HttpRequest::new(Method::Get, server.url("/"));
    named.set_header("user-agent", "an-app/1.0");
    caller.send(named).unwrap();
    caller.get(server.url("/")).unwrap();
    for (sent, product) in server.requests().iter().zip(["an-app/1.0", "codegrant/"]) {
        assert_eq!(sent.matches("user-agent:").count(), 1, "{sent}");
        assert!(sent.contains(&format!("user-agent: {product}")), "{sent}");
    }
}
