//! How much is read, and how long is waited.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};

use codegrant_core::http::{HttpRequest, Method};
use codegrant_web::TransportError;

use crate::raw::{RawServer, ok};
use crate::{Caller, Outcome, assert_unreachable};

const CAP: usize = 10_000;

/// Asks for something that may have 10,000 bytes.
fn capped(server: &RawServer) -> Outcome {
    let mut request = HttpRequest::new(Method::Get, server.url("/"));
    request.limits.max_body = CAP;
    Caller::new().send(request)
}

fn assert_too_large(outcome: &Outcome, what: &str) {
    let found = matches!(outcome, Err(TransportError::TooLarge { limit: CAP, .. }));
    assert!(found, "{what}: {outcome:?}");
}

#[test]
fn a_body_of_the_limit_arrives_and_one_byte_more_does_not() {
    let whole = RawServer::answering(ok(&"b".repeat(CAP)));
    assert_eq!(capped(&whole).unwrap().body.len(), CAP);
    let over = RawServer::answering(ok(&"b".repeat(CAP + 1)));
    assert_too_large(&capped(&over), "one byte over");
}

// attack: TK-08
#[test]
fn a_connection_that_does_not_open_is_given_up_before_the_deadline_of_the_request() {
    let clock = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let caller = Caller {
        runtime: clock,
        ..Caller::new()
    };
    // One connection may wait to be accepted, and the kernel takes one more; whoever comes then is not answered.
    let silent = caller.runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket
            .bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .unwrap();
        socket.listen(1).unwrap()
    });
    let address = silent.local_addr().unwrap();
    let _waiting = [(); 2].map(|()| TcpStream::connect(address).unwrap());
    let outcome = caller.get(format!("http://{address}/"));
    assert_unreachable(&outcome, "nobody accepts");
}

// attack: TK-05 TK-06 TK-07 UI-11
#[test]
fn a_body_without_end_is_cut_off_at_the_limit_however_its_length_is_told() {
    for (head, piece) in [
        ("HTTP/1.1 200 OK\r\n\r\n", vec![b'b'; 4096]),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n",
            vec![b'b'; 4096],
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            [&b"1000\r\n"[..], &[b'b'; 4096], b"\r\n"].concat(),
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40000000\r\n",
            vec![b'b'; 4096],
        ),
        (
            "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\r\n",
            vec![b'b'; 4096],
        ),
    ] {
        let server = RawServer::start(move |peer| {
            peer.read_request();
            peer.send(head.as_bytes());
            peer.send_for_ever(&piece);
        });
        assert_too_large(&capped(&server), head);
    }
}

// attack: TK-07
#[test]
fn bytes_beyond_the_announced_length_are_not_part_of_the_answer() {
    let server = RawServer::start(|peer| {
        while peer.read_request().is_some() {
            let more = "m".repeat(1024 * 1024);
            peer.send(
                format!("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789{more}").as_bytes(),
            );
        }
    });
    let caller = Caller::new();
    for _ in 0..3 {
        assert_eq!(caller.get(server.url("/")).unwrap().body, b"0123456789");
    }
    assert_eq!(
        server.connections(),
        3,
        "no connection is used on with bytes left over"
    );
}

// attack: TK-07 TK-29
#[test]
fn a_length_that_is_no_length_is_no_answer() {
    let caller = Caller::new();
    for lengths in [
        "Content-Length: -1",
        "Content-Length: 0x10",
        "Content-Length: +2",
        "Content-Length: 2 2",
        "Content-Length: 1e3",
        "Content-Length: 99999999999999999999999999",
        "Content-Length: 2\r\nContent-Length: 3",
        "Content-Length: 2, 3",
    ] {
        let server = RawServer::answering(format!("HTTP/1.1 200 OK\r\n{lengths}\r\n\r\n{{}}"));
        assert_unreachable(&caller.redeem(server.url("/")), lengths);
        assert_eq!(server.requests().len(), 1, "{lengths}");
    }
}

// attack: TK-07
#[test]
fn an_answer_shorter_than_it_says_is_no_answer_and_costs_no_memory() {
    let caller = Caller::new();
    for head in [
        "Content-Length: 1000000000000\r\n\r\n{}",
        "Content-Length: 3\r\n\r\n{}",
        "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        "Transfer-Encoding: chunked\r\n\r\nffffffff\r\n{}",
        "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}",
        "Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n",
    ] {
        let server = RawServer::answering(format!("HTTP/1.1 200 OK\r\n{head}"));
        assert_unreachable(&caller.get(server.url("/")), head);
    }
}

// attack: UI-11
#[test]
fn compressed_bodies_are_neither_asked_for_nor_expanded() {
    let bomb = bomb();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        bomb.len()
    );
    let server = RawServer::answering([head.into_bytes(), bomb.clone()].concat());
    assert_eq!(capped(&server).unwrap().body, bomb);
    let asked = server.requests()[0].to_ascii_lowercase();
    assert!(!asked.contains("accept-encoding"), "{asked}");
}

/// Returns a hundred thousand zero bytes, compressed by gzip.
fn bomb() -> Vec<u8> {
    let head = [
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed, 0xc1, 0x31, 0x01, 0x00,
        0x00, 0x00, 0xc2, 0xa0, 0xf5, 0x4f, 0x6d, 0x0d, 0x0f, 0xa0,
    ];
    let tail = [
        0x80, 0x57, 0x03, 0x7d, 0x95, 0x11, 0xd4, 0xa0, 0x86, 0x01, 0x00,
    ];
    [&head[..], &[0; 96], &tail].concat()
}

// attack: TK-08 TK-29 UI-11
#[test]
fn silence_and_slowness_end_at_the_deadline() {
    let silent = RawServer::start(|peer| peer.fall_silent());
    let silent_after_head = RawServer::start(|peer| {
        peer.read_request();
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{");
        peer.fall_silent();
    });
    let dripping_head = RawServer::start(|peer| {
        peer.read_request();
        peer.send(b"HTTP/1.1 200 OK\r\n");
        peer.drip(b"X: y\r\n");
    });
    let dripping_body = RawServer::start(|peer| {
        peer.read_request();
        peer.send(b"HTTP/1.1 200 OK\r\n\r\n");
        peer.drip(b" ");
    });
    let interim = RawServer::start(|peer| {
        peer.read_request();
        peer.drip(b"HTTP/1.1 103 Early Hints\r\n\r\n");
    });
    let many_interim = RawServer::start(|peer| {
        peer.read_request();
        let heads = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(50);
        peer.drip_pieces(heads.as_bytes());
    });
    let handshake = RawServer::start(|peer| peer.fall_silent());
    let slow_handshake = RawServer::start(|peer| {
        // The head of a record that is longer than all that follows.
        peer.send(b"\x16\x03\x03\x3f\xff\x02\x00\x3f\xf0");
        peer.drip(&[0]);
    });
    let urls = [
        silent.url("/silent"),
        silent_after_head.url("/silent-after-head"),
        dripping_head.url("/dripping-head"),
        dripping_body.url("/dripping-body"),
        interim.url("/interim"),
        many_interim.url("/many-interim"),
        format!("https://{}/handshake", handshake.address()),
        format!("https://{}/slow-handshake", slow_handshake.address()),
    ];
    // All at once, so that the test takes one deadline and not eight.
    std::thread::scope(|scope| {
        for url in &urls {
            scope.spawn(move || {
                let mut request = HttpRequest::new(Method::Get, url);
                request.limits.deadline_seconds = 1;
                let outcome = Caller::new().send(request);
                let found = matches!(outcome, Err(TransportError::Timeout { seconds: 1, .. }));
                assert!(found, "{url}: {outcome:?}");
            });
        }
    });
}
