//! What the environment cannot change.

use std::process::Command;

use crate::Caller;
use crate::raw::{RawServer, ok};

/// Tells the process that this test starts which address to call.
const TARGET: &str = "CODEGRANT_TEST_TARGET";

// attack: PX-08
#[test]
fn proxy_variables_are_ignored() {
    if let Ok(target) = std::env::var(TARGET) {
        // The process that was started below, with a proxy in its environment.
        assert_eq!(Caller::new().redeem(target).unwrap().body, b"{}");
        return;
    }
    let target = RawServer::answering(ok("{}"));
    let proxy = RawServer::answering(ok("{\"proxy\":true}"));
    let address = format!("http://{}", proxy.address());
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "steered::proxy_variables_are_ignored"]);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        child.env(name, &address).env(name.to_lowercase(), &address);
    }
    child.env_remove("NO_PROXY").env_remove("no_proxy");
    // Without it `HTTP_PROXY` would not count: it could come from a request's `Proxy` header.
    child.env_remove("REQUEST_METHOD");
    let ended = child.env(TARGET, target.url("/token")).output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(
        ended.status.success() && said.contains("1 passed"),
        "{said}"
    );
    assert_eq!((target.requests().len(), proxy.connections()), (1, 0));
}
