//! An app that forgets to mount the login is told so, once.

use codegrant_web::{Auth, Request, provider::GITHUB};

use crate::leaks::logged;

fn auth() -> Auth {
    let builder = Auth::builder("http://localhost:3000");
    builder.login_with(GITHUB, "id", "secret").build().unwrap()
}

fn stranger() -> Request<'static> {
    Request::new("GET", "/orders", None, [("accept", &b"text/html"[..])])
}

#[test]
fn a_login_that_nobody_mounted_is_told_once() {
    let (log, _guard) = logged();
    let auth = auth();
    for _ in 0..2 {
        assert_eq!(auth.challenge(stranger()).status, 303);
        assert_eq!(log.text().matches("code=\"setup.not_mounted\"").count(), 1);
    }
    assert!(log.text().contains("mount the login's routes"));
}

#[test]
fn a_login_that_is_mounted_says_nothing() {
    let (log, _guard) = logged();
    let mounted = auth();
    mounted.base();
    let guarded = auth();
    guarded.serves("/orders");
    for auth in [mounted, guarded] {
        auth.challenge(stranger());
    }
    assert!(!log.text().contains("setup.not_mounted"));
}
