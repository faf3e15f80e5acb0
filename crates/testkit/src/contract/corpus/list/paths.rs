//! Paths: every second spelling of an address, below the base path and beside it.

use super::super::super::ask::Ask;
use super::super::entry::{Entry, Mark, Step};
use super::one;

/// Below the base path: web's, as they stand.
const BELOW: &[&str] = &[
    "/auth/",
    "/auth/?return_to=%2Fa",
    "/auth//",
    "/auth/.",
    "/auth/..",
    "/auth/login/",
    "/auth//login",
    "/auth///login",
    "/auth/login//op",
    "/auth/LOGIN",
    "/auth/Login",
    "/auth/login/OP",
    "/auth/login/op/",
    "/auth/login/op/more",
    "/auth/logout/",
    "/auth/logged-out/",
    "/auth/callback",
    "/auth/callback/",
    "/auth/callback/op/?code=c&state=s",
    "/auth/callback/%6fp?code=c&state=s",
    "/auth/callback/%6Fp?code=c&state=s",
    "/auth/callback/op%2F?code=c&state=s",
    "/auth/callback/op%2f..%2fop?code=c&state=s",
    "/auth/%6cogin",
    "/auth/%6Cogin",
    "/auth/%256cogin",
    "/auth/login%2Fop",
    "/auth/login%2fop",
    "/auth/login%5Cop",
    "/auth/login%3Freturn_to=%2Fa",
    "/auth/login%23",
    "/auth/login%00",
    "/auth/login/op%00",
    "/auth/login/%00op",
    "/auth/login/op%0d%0aset-cookie:a=b",
    "/auth/login/op%20",
    "/auth/login/op%ff",
    "/auth/login/%C3%B6p",
    "/auth/login/%E2%80%AEpo",
    "/auth/login;a=1",
    "/auth/;a=1/login",
    "/auth/login/op;jsessionid=1",
    "/auth/login.html",
    "/auth/login/op.json",
    "/auth/./login",
    "/auth/%2e/login",
    "/auth/%2E/login",
    "/auth/../auth/login",
    "/auth/%2e%2e/auth/login",
    "/auth/..%2fauth/login",
    "/auth/login/../logout",
    "/auth/login/..;/logout",
    "/auth/login+op",
    "/auth/login/op,posting",
    "/auth/login/op:80",
    "/auth/login/@op",
    "/auth/login/~op",
    "/auth/login/*",
    "/auth/login/(op)",
    "/auth/login/op'",
    "/auth/login/op!$&=",
    "/auth/<rest>",
    "/auth/{rest}",
    "/auth/login/op\"",
    "/auth/login/op|",
    "/auth/login/op\\",
    "/auth/login/op^`",
    "/auth/login/[op]",
    "/auth/%",
    "/auth/%z",
    "/auth/login/%zz",
    "/auth/login%u002fop",
    "/auth/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p",
    "/auth/auth/login",
    "/auth/favicon.ico",
];

/// Characters that no target may hold (RFC 3986 section 2), and that many servers let through.
const NOT_IN_TARGETS: &[char] = &['<', '>', '{', '}', '"', '|', '\\', '^', '`', '[', ']'];

/// Beside the base path: nothing of ours.
const BESIDE: &[&str] = &[
    "/auth",
    "/auth?return_to=%2Fa",
    "//auth/login",
    "///auth/login",
    "/AUTH/login",
    "/Auth/login",
    "/authentic/login",
    "/auth;a=1/login",
    "/auth%2Flogin",
    "/auth%2flogin",
    "/%61uth/login",
    "/%2Fauth/login",
    "/./auth/login",
    "/a/../auth/login",
    "/plain/../auth/login",
    "/plain/%2e%2e/auth/login",
    "/auth%00/login",
    "/auth%20/login",
    "/auth./login",
    "/a/auth/login",
    "/nested/auth/login",
    "/nothing",
];

pub(super) fn entries() -> Vec<Entry> {
    let mut entries = Vec::new();
    for target in BELOW {
        let step = Step::new(Ask::open(*target));
        let odd = target.contains(NOT_IN_TARGETS);
        let step = if odd { step.may(STRICT) } else { step };
        entries.push(one(format!("path {target}"), step));
    }
    for target in BESIDE {
        entries.push(one(format!("path {target}"), Ask::open(*target)));
    }
    for (name, length) in [("1 KB", 1 << 10), ("6 KB", 6 << 10)] {
        let long = "a".repeat(length);
        let ask = Ask::open(format!("/auth/login/{long}"));
        entries.push(one(format!("a path of {name}"), ask));
        let ask = Ask::open(format!("/auth/{}login", "../".repeat(length / 3)));
        entries.push(one(format!("a path of {name} that climbs"), ask));
    }
    let long = "a".repeat(200 << 10);
    let longer = Mark::Strict("servers limit the length of a target");
    let step = Step::new(Ask::open(format!("/auth/login/{long}"))).may(longer);
    entries.push(one("a path of 200 KB", step));
    for target in ["/auth/login/ö", "/auth/ö", "/auth/login/op?return_to=/ö"] {
        let step = Step::new(Ask::open(target)).may(STRICT);
        entries.push(one(format!("bytes that are not ASCII in {target}"), step));
    }
    entries
}

const STRICT: Mark = Mark::Strict("no target may hold such characters (RFC 3986 section 2)");
