//! Bodies: at the limit and over it, of every type, and where none is expected.

use codegrant_web::BODY_LIMIT;

use super::super::super::ask::Ask;
use super::super::entry::{Entry, Mark, Spelling, Step};
use super::one;

/// What a form may hold; the page that follows shows what web made of it.
const FORMS: &[&[u8]] = &[
    b"",
    b"&",
    b"=",
    b"return_to",
    b"return_to=",
    b"return_to=%2Fa",
    b"return_to=/a+b",
    b"return_to=/a%2Bb",
    b"return_to=%2Fa&return_to=%2Fb",
    b"return_to=&return_to=%2Fb",
    b"return_to=%2Fa\r\n",
    b"return_to=%2Fa\n",
    b"\nreturn_to=%2Fa",
    b" return_to=%2Fa",
    b"\xef\xbb\xbfreturn_to=%2Fa",
    b"return_to=/\xff",
    b"return_to=/\xc3\xa4",
    b"return_to=/%ff",
    b"return_to=/a%00",
    b"return_to=/a\0",
    b"return_to=//evil.example",
    b"RETURN_TO=/a",
    b"return%5fto=/a",
    b"\0",
    b"\xff\xfe",
    b"{\"return_to\":\"/a\"}",
    b"--b\r\ncontent-disposition: form-data; name=\"return_to\"\r\n\r\n/a\r\n--b--\r\n",
];

const TYPES: &[&str] = &[
    "",
    "application/x-www-form-urlencoded; charset=utf-8",
    "application/x-www-form-urlencoded; charset=iso-8859-1",
    "APPLICATION/X-WWW-FORM-URLENCODED",
    "application/x-www-form-urlencodedx",
    "text/plain",
    "application/json",
    "multipart/form-data; boundary=b",
    "multipart/form-data",
    "application/octet-stream",
    "no type at all",
    "/",
];

/// Returns a form of exactly so many bytes whose last parameter decides the answer.
fn form(length: usize) -> Vec<u8> {
    let end = "&return_to=%2Fthe%2Fend";
    let mut form = format!("pad={}", "p".repeat(length - "pad=".len() - end.len()));
    form.push_str(end);
    form.into_bytes()
}

pub(super) fn entries() -> Vec<Entry> {
    let mut entries = Vec::new();
    for body in FORMS {
        let name = body.escape_ascii();
        let ask = Ask::submit("/auth/logout", *body);
        entries.push(one(format!("form {name}"), ask.clone()));
        entries.push(one(format!("form in chunks {name}"), ask.in_chunks()));
    }
    for kind in TYPES {
        let ask = Ask::submit("/auth/logout", "return_to=%2Fa").without("content-type");
        let ask = ask.with("content-type", *kind);
        entries.push(one(format!("a form that is {kind:?}"), ask));
    }
    let untyped = Ask::submit("/auth/logout", "return_to=%2Fa").without("content-type");
    entries.push(one("a form of no type", untyped.clone()));
    let twice = untyped
        .with("content-type", "text/plain")
        .with("content-type", "application/x-www-form-urlencoded");
    entries.push(one("a form of two types", twice));
    for coding in ["gzip", "identity", "br", "deflate, gzip", "nonsense"] {
        let ask = Ask::submit("/auth/logout", "return_to=%2Fa").with("content-encoding", coding);
        entries.push(one(format!("a form that claims to be {coding}"), ask));
    }
    entries.extend(lengths());
    entries.extend(unexpected());
    entries
}

fn lengths() -> Vec<Entry> {
    let mut entries = Vec::new();
    for (name, length) in [
        ("1 KB", 1 << 10),
        ("half of the limit", BODY_LIMIT / 2),
        ("one less than the limit", BODY_LIMIT - 1),
        ("the limit", BODY_LIMIT),
        ("one more than the limit", BODY_LIMIT + 1),
    ] {
        let ask = Ask::submit("/auth/logout", form(length));
        entries.push(one(format!("a form of {name}"), ask.clone()));
        entries.push(one(format!("a form in chunks of {name}"), ask.in_chunks()));
    }
    for target in ["/auth/refresh", "/auth/callback/posting", "/auth/nothing"] {
        let ask = Ask::submit(target, form(BODY_LIMIT + 1));
        entries.push(one(format!("too much for {target}"), ask));
    }
    // The answer comes as soon as the limit is passed, and not after a gigabyte.
    for target in ["/auth/logout", "/auth/callback/posting"] {
        let far = Step::new(Ask::submit(target, form(BODY_LIMIT + 1)));
        let far = far.spelled(Spelling::Declaring(1 << 30));
        entries.push(one(format!("a gigabyte for {target}"), far));
    }
    for (name, step) in [
        ("a form", Ask::submit("/auth/logout", "return_to=%2Fa")),
        (
            "a callback",
            Ask::submit("/auth/callback/posting", "code=c&state=s"),
        ),
    ] {
        let broken = Step::new(step).spelled(Spelling::BrokenOff(1000));
        entries.push(one(format!("{name} that breaks off"), broken));
    }
    entries
}

/// Bodies where nobody reads one.
fn unexpected() -> Vec<Entry> {
    let mut entries = Vec::new();
    for (method, target) in [
        ("GET", "/auth/login"),
        ("GET", "/auth/logged-out"),
        ("GET", "/auth/nothing"),
        ("PUT", "/auth/logout"),
        ("DELETE", "/auth/login/op"),
        ("OPTIONS", "/auth/login/op"),
        ("GET", "/plain"),
        ("GET", "/maybe"),
        ("GET", "/files/a"),
    ] {
        let ask = Ask::new(method, target).with("accept", "text/html");
        let ask = ask.with("content-type", "application/x-www-form-urlencoded");
        let ask = ask.with_body("return_to=%2Fa");
        entries.push(one(format!("a body with {method} {target}"), ask));
    }
    let waiting = || Ask::submit("/auth/logout", "return_to=%2Fa");
    let expecting = waiting().with("expect", "100-continue");
    entries.push(one("a form that waits for 100", expecting));
    let long = Ask::submit("/auth/logout", form(BODY_LIMIT)).with("expect", "100-continue");
    entries.push(one("a form of the limit that waits for 100", long));
    let other = Mark::Strict("an unknown expectation may be refused (RFC 9110 section 10.1.1)");
    let odd = Step::new(waiting().with("expect", "200-ok")).may(other);
    entries.push(one("a form that waits for 200", odd));
    entries
}
