//! Headers: odd values, several of one, and those that claim to be another request.

use super::super::super::ask::Ask;
use super::super::entry::{Entry, Mark, Step};
use super::one;

/// For a page that needs a login: `Accept` and `Sec-Fetch-Mode` choose between a page and JSON.
const ACCEPTS: &[&[(&str, &str)]] = &[
    &[],
    &[("accept", "")],
    &[("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")],
    &[("accept", "application/json")],
    &[("accept", "application/json"), ("accept", "text/html")],
    &[("accept", "text/html"), ("accept", "application/json")],
    &[("accept", "TEXT/HTML")],
    &[("accept", "text/html;q=0")],
    &[("accept", "*/*")],
    &[("accept", ",,;q=,")],
    &[("sec-fetch-mode", "navigate")],
    &[("sec-fetch-mode", "cors"), ("accept", "text/html")],
    &[("sec-fetch-mode", "navigate"), ("sec-fetch-mode", "cors")],
    &[("sec-fetch-mode", "cors"), ("sec-fetch-mode", "navigate")],
    &[("sec-fetch-mode", "Navigate"), ("accept", "text/html")],
    &[("sec-fetch-mode", ""), ("accept", "text/html")],
    &[
        ("x-requested-with", "XMLHttpRequest"),
        ("accept", "text/html"),
    ],
    &[("authorization", "Basic YTpi"), ("accept", "text/html")],
    &[
        ("authorization", "Bearer t"),
        ("accept", "application/json"),
    ],
];

/// For the start of a login: only a person in a tab may begin one.
const NAVIGATIONS: &[&[(&str, &str)]] = &[
    &[
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
    ],
    &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")],
    &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "")],
    &[("sec-fetch-mode", "no-cors")],
    &[("sec-fetch-mode", "cors")],
    &[("sec-fetch-dest", "image")],
    &[("sec-fetch-dest", "document"), ("sec-fetch-dest", "image")],
    &[("sec-fetch-dest", "image"), ("sec-fetch-dest", "document")],
    &[
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "navigate"),
    ],
    &[("sec-purpose", "prefetch")],
    &[("sec-purpose", "prefetch;prerender")],
    &[("purpose", "prefetch")],
    &[("purpose", "prefetch"), ("sec-purpose", "nothing")],
    &[("purpose", "Prefetch")],
];

/// For a log-out, which only a page of this origin may cause.
const ORIGINS: &[&[(&str, &str)]] = &[
    &[],
    &[("origin", "http://localhost:3000")],
    &[("origin", "HTTP://LOCALHOST:3000")],
    &[("origin", "http://localhost:3000/")],
    &[("origin", "http://localhost")],
    &[("origin", "https://localhost:3000")],
    &[("origin", "http://localhost:3000.evil.example")],
    &[("origin", "http://evil.example")],
    &[("origin", "null")],
    &[("origin", "")],
    &[("origin", "null"), ("sec-fetch-site", "same-origin")],
    &[
        ("origin", "http://localhost:3000"),
        ("origin", "http://evil.example"),
    ],
    &[
        ("origin", "http://evil.example"),
        ("origin", "http://localhost:3000"),
    ],
    &[("origin", "http://localhost:3000, http://evil.example")],
    &[("sec-fetch-site", "same-origin")],
    &[("sec-fetch-site", "same-site")],
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "none")],
    &[("sec-fetch-site", "SAME-ORIGIN")],
    &[
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "cross-site"),
    ],
    &[
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-origin"),
    ],
    &[
        ("origin", "http://localhost:3000"),
        ("sec-fetch-site", "cross-site"),
    ],
    &[("referer", "http://localhost:3000/")],
];

/// What a proxy would say of another request than this.
const CLAIMS: &[&[(&str, &str)]] = &[
    &[("x-forwarded-host", "evil.example")],
    &[("x-forwarded-proto", "https")],
    &[("x-forwarded-prefix", "/evil")],
    &[("x-forwarded-for", "127.0.0.1")],
    &[("x-forwarded-port", "443")],
    &[("forwarded", "host=evil.example;proto=https")],
    &[("x-original-url", "/auth/logout")],
    &[("x-rewrite-url", "/auth/logout")],
    &[("x-original-host", "evil.example")],
    &[("x-real-ip", "127.0.0.1")],
    &[("if-none-match", "*")],
    &[("if-modified-since", "Sat, 01 Jan 2050 00:00:00 GMT")],
    &[("range", "bytes=0-10")],
    &[("accept-encoding", "gzip, br, zstd")],
    &[("accept-language", "de")],
    &[("accept-charset", "iso-8859-1")],
    &[("cache-control", "only-if-cached")],
    &[("x-logged-in", "7")],
];

/// Where the request says it goes; a framework may insist on one that can be read.
const HOSTS: &[&str] = &[
    "evil.example",
    "evil.example:1",
    "LOCALHOST:3000",
    "localhost",
    "localhost.",
    "[::1]:3000",
    "127.0.0.1:3000",
    "xn--bcher-kva.example",
];

/// What cannot be a host at all.
const NOT_HOSTS: &[&str] = &[
    "",
    "a b",
    "a/b",
    "localhost:port",
    "user@localhost",
    "ö",
    "a,b",
];

pub(super) fn entries() -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut each = |family: &str, lines: &[&[(&'static str, &str)]], ask: &dyn Fn() -> Ask| {
        for line in lines {
            let with = |ask: Ask, header: &(&'static str, &str)| ask.with(header.0, header.1);
            let name = line
                .iter()
                .map(|(name, value)| format!(" [{name}: {value}]"));
            let name = format!("{family}{}", name.collect::<String>());
            entries.push(one(name, line.iter().fold(ask(), with)));
        }
    };
    each("a page", ACCEPTS, &|| Ask::new("GET", "/?a=b"));
    each("a page for Option<User>", ACCEPTS, &|| {
        Ask::new("GET", "/maybe")
    });
    each("an error", ACCEPTS, &|| Ask::new("GET", "/auth/nothing"));
    each("a start", NAVIGATIONS, &|| Ask::open("/auth/login/op"));
    each("a log-out", ORIGINS, &|| {
        Ask::submit("/auth/logout", "return_to=%2Fa").without("origin")
    });
    each("a refresh", ORIGINS, &|| {
        Ask::submit("/auth/refresh", "").without("origin")
    });
    each("a login", CLAIMS, &|| {
        Ask::open("/auth/login/op?return_to=%2Fa")
    });
    each("the login page", CLAIMS, &|| Ask::open("/auth/login"));
    each("a guarded page", CLAIMS, &|| Ask::open("/files/a?b=c"));
    for host in HOSTS {
        for target in ["/auth/login/op", "/files/a?b=c"] {
            let ask = Ask::open(target).with("host", *host);
            entries.push(one(format!("host {host:?} at {target}"), ask));
        }
    }
    for host in NOT_HOSTS {
        let strict = Mark::Strict("this is no host (RFC 9112 section 3.2)");
        let step = Step::new(Ask::open("/auth/login/op").with("host", *host)).may(strict);
        entries.push(one(format!("host {host:?}"), step));
    }
    let two = Ask::open("/auth/login/op").with("host", "localhost:3000");
    let two = Step::new(two.with("host", "evil.example"));
    let strict = Mark::Strict("a second Host is refused with 400 (RFC 9112 section 3.2)");
    entries.push(one("two hosts", two.may(strict)));
    for (name, field) in [
        ("latin-1", &b"\xe9"[..]),
        ("half a sequence", b"\xc3"),
        ("ff", b"\xff"),
    ] {
        let ask = Ask::new("GET", "/").with("accept", field);
        entries.push(one(format!("{name} in accept"), ask));
        let ask = Ask::submit("/auth/logout", "")
            .without("origin")
            .with("origin", field);
        entries.push(one(format!("{name} in origin"), ask));
        let ask = Ask::open("/auth/login/op")
            .with("x-other", field)
            .with("referer", field);
        entries.push(one(format!("{name} elsewhere"), ask));
    }
    let many = (0..60).fold(Ask::new("GET", "/"), |ask, _| ask.with("x-a", "b"));
    let many = many.with("accept", "text/html");
    entries.push(one("sixty headers before the one that counts", many));
    let long = Ask::open("/auth/login/op").with("x-long", "l".repeat(6 << 10));
    entries.push(one("a header of 6 KB", long));
    entries
}
