//! Methods: those of each endpoint, all others, and those that somebody claims.

use super::super::super::ask::Ask;
use super::super::entry::{Entry, Mark};
use super::{logged_in, one};

const ENDPOINTS: [&str; 8] = [
    "/auth/login",
    "/auth/login/op",
    "/auth/callback/op?code=c&state=s",
    "/auth/callback/posting?code=c&state=s",
    "/auth/logout",
    "/auth/logged-out",
    "/auth/refresh",
    "/auth/nothing",
];

const KNOWN: [&str; 8] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE",
];

/// Methods are case-sensitive (RFC 9110 section 9.1), so that `post` is one that nobody has heard of.
const UNKNOWN: [&str; 6] = ["BREW", "PROPFIND", "get", "post", "GETTING", "M-SEARCH"];

pub(super) fn entries() -> Vec<Entry> {
    let mut entries = Vec::new();
    for target in ENDPOINTS {
        for method in KNOWN {
            let ask = Ask::new(method, target).with("accept", "text/html");
            entries.push(one(format!("{method} {target}"), ask));
        }
    }
    for target in ["/auth/login/op", "/auth/logout", "/auth/nothing"] {
        for method in UNKNOWN {
            let step = super::Step::new(Ask::new(method, target)).may(Mark::UnknownMethod);
            entries.push(one(format!("{method} {target}"), step));
        }
    }
    for method in ["delete", "PUT", "get", "POST", "nonsense"] {
        let field = Ask::submit("/auth/logout", format!("_method={method}&return_to=%2Fa"));
        entries.push(one(format!("a form that says _method={method}"), field));
        let behind = Ask::submit("/auth/logout", format!("return_to=%2Fa&_method={method}"));
        entries.push(one(
            format!("a form that ends with _method={method}"),
            behind,
        ));
    }
    for name in [
        "x-http-method-override",
        "x-http-method",
        "x-method-override",
    ] {
        let ask = Ask::submit("/auth/logout", "return_to=%2Fa").with(name, "DELETE");
        entries.push(one(format!("{name}: DELETE"), ask));
        let ask = Ask::open("/auth/logout").with(name, "POST");
        entries.push(one(format!("{name}: POST"), ask));
    }
    let query = Ask::open("/auth/logout?_method=POST");
    entries.push(one("a query that says _method=POST", query));
    let mut steps = logged_in().to_vec();
    let taken = Mark::Strict("a framework may take the method of its own pages out of a form");
    steps.push(super::Step::new(Ask::submit("/", "_method=delete&a=b")).may(taken));
    entries.push(Entry::new(
        "a form for a page that says _method=delete",
        steps,
    ));
    entries
}
