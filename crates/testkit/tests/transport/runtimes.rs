//! One client in an app with several runtimes, as Actix-web has one in every worker.

use codegrant_core::http::{HttpRequest, Method};
use codegrant_web::HttpClient as _;

use crate::raw::{RawServer, ok};
use crate::{Caller, runtime};

#[test]
fn a_runtime_that_stands_still_holds_up_no_other() {
    let server = RawServer::serving(ok("{}"));
    let caller = Caller::new();
    assert!(caller.get(server.url("/")).is_ok());
    // From here on nothing drives the connection that is open: its runtime is that of a handler that blocks.
    let other = runtime();
    let request = HttpRequest::new(Method::Get, server.url("/"));
    let answer = other.block_on(caller.client.send(request));
    assert!(answer.is_ok(), "{answer:?}");
    assert_eq!(server.connections(), 2);
    assert!(caller.get(server.url("/")).is_ok());
    assert_eq!(server.connections(), 2, "each has its own, and keeps it");
}

#[test]
fn a_client_outlives_the_runtimes_it_was_used_in() {
    let server = RawServer::serving(ok("{}"));
    let mut caller = Caller::new();
    for _ in 0..3 {
        assert!(caller.get(server.url("/")).is_ok());
        caller.runtime = runtime();
    }
    assert_eq!(server.requests().len(), 3);
}
