//! Addresses that a stranger named: what counts is where the connection would go.

use codegrant_core::http::{HttpRequest, Method, Reach};
use codegrant_web::{Error, TransportError};

use crate::raw::{RawServer, ok};
use crate::{Caller, Outcome};

fn call(caller: &Caller, server: &RawServer, host: &str, reach: Reach) -> Outcome {
    let port = server.address().port();
    let mut request = HttpRequest::new(Method::Get, format!("http://{host}:{port}/jwks?secret=1"));
    request.reach = reach;
    caller.send(request)
}

// attack: DS-05 DS-06
#[test]
fn a_name_that_leads_inside_is_not_connected_to() {
    let server = RawServer::serving(ok("{}"));
    let caller = Caller::new();
    // One is a name that is resolved only when it is connected to; the others are the addresses themselves.
    for host in [
        "localhost",
        "127.0.0.1",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0x7f.1",
    ] {
        for reach in [Reach::Public, Reach::LikeHost("192.0.2.1".to_owned())] {
            let refused = call(&caller, &server, host, reach).unwrap_err();
            assert!(
                matches!(refused, TransportError::OutOfReach { .. }),
                "{host}: {refused}"
            );
            assert!(!refused.to_string().contains("secret"), "{refused}");
            assert_eq!(Error::from(refused).code().name, "transport.out_of_reach");
        }
    }
    assert_eq!(server.connections(), 0);
}

// attack: DS-06
#[test]
fn a_connection_that_was_allowed_is_not_used_for_one_that_is_not() {
    let server = RawServer::serving(ok("{}"));
    let caller = Caller::new();
    assert!(call(&caller, &server, "localhost", Reach::Anywhere).is_ok());
    let refused = call(&caller, &server, "localhost", Reach::Public);
    assert!(matches!(refused, Err(TransportError::OutOfReach { .. })));
    assert_eq!(server.requests().len(), 1);
}

// attack: DS-05 DS-06
#[test]
fn an_issuer_whose_name_is_said_to_lead_inside_has_to_have_answered_from_there() {
    let server = RawServer::serving(ok("{}"));
    let caller = Caller::new();
    let reach = || Reach::LikeHost("localhost".to_owned());
    let refused = call(&caller, &server, "localhost", reach());
    assert!(matches!(refused, Err(TransportError::OutOfReach { .. })));
    assert_eq!(server.connections(), 0);
    // However the operator writes it.
    assert!(call(&caller, &server, "LocalHost", Reach::Anywhere).is_ok());
    assert!(call(&caller, &server, "localhost", reach()).is_ok());
}

#[test]
fn an_issuer_inside_may_name_what_is_inside() {
    let server = RawServer::serving(ok("{}"));
    let caller = Caller::new();
    assert!(call(&caller, &server, "localhost", Reach::Anywhere).is_ok());
    for issuer in ["localhost", "10.0.0.1", "[::1]"] {
        let reach = Reach::LikeHost(issuer.to_owned());
        assert_eq!(
            call(&caller, &server, "localhost", reach).unwrap().body,
            b"{}",
            "{issuer}"
        );
    }
    let nowhere = Reach::LikeHost("no-such-host.invalid".to_owned());
    let refused = call(&caller, &server, "localhost", nowhere);
    assert!(matches!(refused, Err(TransportError::OutOfReach { .. })));
    assert_eq!(server.requests().len(), 4);
}
