//! A code is sent once, to one place, and stands in no error.

use codegrant_core::http::{HttpRequest, Method};
use codegrant_web::TransportError;

use crate::raw::{RawServer, ok};
use crate::{Caller, assert_unreachable, token_request};

// attack: TK-02 UI-08
#[test]
fn redirects_are_answers_and_not_followed() {
    let caller = Caller::new();
    for status in [300, 301, 302, 303, 307, 308] {
        let elsewhere = RawServer::answering(ok("{}"));
        let location = elsewhere.url("/stolen");
        let answer = format!(
            "HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        );
        let server = RawServer::start(move |peer| {
            while peer.read_request().is_some() {
                peer.send(answer.as_bytes());
            }
        });
        assert_eq!(caller.redeem(server.url("/token")).unwrap().status, status);
        let mut userinfo = HttpRequest::new(Method::Get, server.url("/userinfo"));
        userinfo.set_header("authorization", "Bearer the-token");
        assert_eq!(caller.send(userinfo).unwrap().status, status);
        assert_eq!(server.requests().len(), 2, "{status}");
        assert_eq!(elsewhere.connections(), 0, "{status}");
    }
}

// attack: TK-30 PK-07
#[test]
fn an_answer_that_asks_for_another_try_is_the_answer() {
    let caller = Caller::new();
    for status in [401, 408, 421, 425, 429, 500, 502, 503, 504] {
        let head = format!("HTTP/1.1 {status} Again\r\nRetry-After: 0\r\nContent-Length: 0\r\n");
        for connection in ["", "Connection: close\r\n"] {
            let server = RawServer::answering(format!("{head}{connection}\r\n"));
            let outcome = caller.redeem(server.url("/token"));
            assert_eq!(outcome.unwrap().status, status);
            assert_eq!(server.requests().len(), 1, "{status}");
        }
    }
}

// attack: PK-07
#[test]
fn a_request_without_an_answer_is_not_sent_again() {
    let closing = RawServer::start(|peer| {
        peer.read_request();
    });
    assert_unreachable(&Caller::new().redeem(closing.url("/token")), "closed");
    assert_eq!((closing.requests().len(), closing.connections()), (1, 1));

    let refusing = RawServer::start(|_| {});
    assert_unreachable(
        &Caller::new().redeem(refusing.url("/token")),
        "closed at once",
    );
    assert_eq!(refusing.requests().len(), 0);

    let silent = RawServer::start(|peer| {
        peer.read_request();
        peer.fall_silent();
    });
    let mut request = token_request(silent.url("/token"));
    request.limits.deadline_seconds = 1;
    let outcome = Caller::new().send(request);
    assert!(
        matches!(outcome, Err(TransportError::Timeout { .. })),
        "{outcome:?}"
    );
    assert_eq!((silent.requests().len(), silent.connections()), (1, 1));
}

// attack: PK-07
#[test]
fn a_connection_that_closes_under_a_second_request_does_not_bring_it_back() {
    let server = RawServer::start(|peer| {
        peer.read_request();
        peer.send(ok("{}").as_bytes());
        // The second request on this connection arrives whole, and nothing comes back.
        peer.read_request();
    });
    let caller = Caller::new();
    caller.get(server.url("/keys")).unwrap();
    assert_unreachable(&caller.redeem(server.url("/token")), "closed under it");
    let requests = server.requests();
    let sent = requests
        .iter()
        .filter(|request| request.contains("code=the-code"));
    assert_eq!((sent.count(), server.connections()), (1, 1));
}

// attack: LK-06
#[test]
fn no_error_holds_a_query() {
    let secret = "the-secret-code";
    let free = {
        let gone = RawServer::start(|_| {});
        gone.address()
    };
    let malformed = RawServer::answering("nonsense\r\n\r\n");
    let large = RawServer::answering(ok(&"b".repeat(100)));
    let silent = RawServer::start(|peer| peer.fall_silent());
    let short = RawServer::answering("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}");
    let with_query = |base: String| format!("{base}?code={secret}#{secret}");
    let urls = [
        with_query(format!("http://{free}/token")),
        with_query(malformed.url("/token")),
        with_query(large.url("/token")),
        with_query(silent.url("/token")),
        with_query(short.url("/token")),
        with_query(format!("https://{}/token", malformed.address())),
        with_query("http://no-such-host.invalid/token".to_owned()),
        with_query("http://[not-an-address/token".to_owned()),
        with_query("no-scheme/token".to_owned()),
        with_query("http://localhost:99999/token".to_owned()),
    ];
    let caller = Caller::new();
    for url in urls {
        let mut request = token_request(url.as_str());
        request.body = format!("code={secret}").into_bytes();
        request.limits.max_body = 50;
        request.limits.deadline_seconds = 1;
        let error = caller.send(request).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(!text.contains(secret), "{url}: {text}");
        assert!(text.contains("token"), "the address is named: {text}");
    }
}
