//! Behind a proxy: the public origin is configured, and no header changes it.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeSet;

use codegrant_testkit::Site;
use codegrant_testkit::site::Visit;
use codegrant_web::Request;

use crate::{NO_HEADERS, refused};

/// Headers by which clients or proxies could tell lies about where the app is or who is asking.
const LIES: &[(&str, &str)] = &[
    ("host", "evil.example"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-proto", "http"),
    ("x-forwarded-port", "8080"),
    ("x-forwarded-prefix", "//evil.example"),
    ("x-forwarded-for", "127.0.0.1"),
    ("x-forwarded-server", "evil.example"),
    ("x-original-url", "/auth/callback/op"),
    ("x-rewrite-url", "/auth/callback/op"),
    ("x-original-host", "evil.example"),
    ("forwarded", "host=evil.example;proto=http"),
    ("x-http-method-override", "POST"),
    ("ssl-client-cert", "-----BEGIN CERTIFICATE-----"),
    ("x-forwarded-client-cert", "Hash=abc;Subject=\"CN=admin\""),
    ("x-ssl-cert", "-----BEGIN CERTIFICATE-----"),
    ("authorization", "Bearer stolen"),
    ("x-forwarded-user", "ada"),
    ("referer", "https://evil.example/"),
];

/// The only headers that are ever read, in alphabetical order.
pub(crate) const READ: [&str; 11] = [
    "accept",
    "cookie",
    // For the guard of the provider inside the app against bent names, and nothing else.
    "host",
    "origin",
    "purpose",
    // For the way back from a stronger sign-in.
    "referer",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-purpose",
    // For the list of devices, where nothing depends on it.
    "user-agent",
];

/// The value of a field that says so when somebody reads it.
struct Watched<'a>(&'static str, &'a RefCell<BTreeSet<&'static str>>);

impl From<Watched<'_>> for Cow<'static, [u8]> {
    fn from(Watched(name, asked): Watched<'_>) -> Self {
        asked.borrow_mut().insert(name);
        Cow::Borrowed(b"")
    }
}

// attack: PX-01 PX-02 PX-05 PX-06 RD-21
#[tokio::test]
async fn only_these_headers_are_ever_read() {
    let site = Site::new();
    let asked = RefCell::new(BTreeSet::new());
    let request = || {
        let names = READ.into_iter().chain(LIES.iter().map(|(name, _)| *name));
        let fields = names.map(|name| (name, Watched(name, &asked)));
        Request::new("GET", "/auth/login/op", None, fields)
    };
    site.auth().handle(request()).await;
    site.auth().identify(request()).await.unwrap();
    site.auth().challenge(request());
    let read: Vec<&str> = asked.borrow().iter().copied().collect();
    assert_eq!(read, READ);
}

// attack: PX-01 PX-02 PX-05 PX-06
#[tokio::test]
async fn lies_in_headers_change_nothing() {
    let site = Site::new();
    for (name, value) in LIES {
        let mut browser = site.browser();
        let started = browser.get_with("/auth/login/op", &[(name, value)]).await;
        let url = codegrant_testkit::site::AuthorizationUrl::parse(started.location().unwrap());
        assert_eq!(
            url.parameter("redirect_uri"),
            "https://app.example/auth/callback/op",
            "{name}"
        );
        assert!(started.set_cookies()[0].starts_with("__Host-"), "{name}");
        assert!(started.set_cookies()[0].contains("; Secure"), "{name}");
        let callback = browser.at_provider(&url, "ada");
        let visit = Visit::get(callback.to_string()).from_page(&callback.from);
        let finished = browser.visit(visit.with_header(name, *value)).await;
        assert_eq!(finished.location(), Some("/"), "{name}");
        let asked = site.browser().get_with("/orders", &[(name, value)]).await;
        assert_eq!(
            asked.location(),
            Some("/auth/login?return_to=%2Forders"),
            "{name}"
        );
    }
}

// attack: PX-01 PX-02
#[tokio::test]
async fn a_form_from_elsewhere_is_not_saved_by_a_lie() {
    let site = Site::new();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    for (name, value) in LIES {
        let forged = Visit::post("/auth/logout", &[]).from_page("https://evil.example");
        refused(&browser.visit(forged.with_header(name, *value)).await);
    }
    assert_eq!(browser.subject().await.as_deref(), Some("ada"));
}

// attack: PX-04
#[tokio::test]
async fn plain_http_is_for_loopback() {
    for (origin, fine) in [
        ("http://app.example", false),
        ("http://10.0.0.1", false),
        ("http://localhost.evil.example", false),
        ("http://127.0.0.1.evil.example", false),
        ("http://0.0.0.0:3000", false),
        ("ftp://app.example", false),
        ("app.example", false),
        ("https://app.example/path", false),
        ("https://app.example", true),
        ("http://localhost:3000", true),
        ("http://127.0.0.1:3000", true),
        ("http://[::1]:3000", true),
    ] {
        let built = Site::builder().origin(origin).try_build();
        let codes = built.err().map(|refused| refused.mistakes()[0].code().name);
        let expected = (!fine).then_some("configuration.public_origin");
        assert_eq!(codes, expected, "{origin}");
    }
}

// attack: PX-07
#[tokio::test]
async fn a_whole_url_as_target_is_no_address_of_ours() {
    let site = Site::new();
    for target in [
        "http://evil.example/auth/login/op",
        "https://app.example/auth/login/op",
        "//evil.example/auth/login/op",
        "*",
        "",
        "evil.example:443",
    ] {
        let request = Request::new("GET", target, None, NO_HEADERS);
        let answer = site.auth().handle(request).await;
        assert_eq!(answer.status, 404, "{target}");
        let request = Request::new("GET", target, None, [("sec-fetch-mode", &b"navigate"[..])]);
        let challenge = site.auth().challenge(request);
        assert_eq!(
            challenge.header("location"),
            Some("/auth/login"),
            "{target}"
        );
    }
}
