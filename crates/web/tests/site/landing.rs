//! Where the user lands: on a page of this app, whatever was asked for.

use codegrant_core::form;
use codegrant_testkit::Site;
use codegrant_testkit::site::Visit;

/// Targets that are no page of the app, in every disguise.
const FOREIGN: &[&str] = &[
    // Another origin, named openly.
    "https://evil.example/",
    "http://evil.example",
    "HTTPS://evil.example/",
    "https:evil.example",
    "https:/evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "mailto:a@evil.example",
    // Without a scheme.
    "//evil.example/",
    "///evil.example",
    "////evil.example",
    "//evil.example@app.example/",
    // Backslashes.
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "/orders\\..\\evil.example",
    // Encoded once and twice.
    "/%2f/evil.example",
    "/%2Fevil.example",
    "/%5cevil.example",
    "/%5C%5Cevil.example",
    "/%252f%252fevil.example",
    "%2f%2fevil.example",
    // White space, line breaks and other control characters.
    " //evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\n/evil.example",
    "/orders\r\nSet-Cookie: a=b",
    "/orders\r\nLocation: https://evil.example/",
    "/%0d%0aLocation: https://evil.example/",
    "/\u{0}/evil.example",
    "\t//evil.example",
    "/orders and more",
    // Look-alikes of separators.
    "/\u{ff0f}evil.example",
    "\u{ff0f}\u{ff0f}evil.example",
    "//evil\u{3002}example",
    "/\u{2044}evil.example",
    "/\u{202e}evil.example",
    // Dot segments.
    "/x/..//evil.example",
    "/x/%2e%2e//evil.example",
    "/.//evil.example",
    "/..//evil.example",
    "/%2e%2e/%2e%2e//evil.example",
    // The app's own host, otherwise.
    "https://app.example/",
    "http://app.example/orders",
    "https://app.example:8443/orders",
    "https://app.example.evil.example/",
    "https://evil-app.example/",
    "https://app.example@evil.example/",
    // Our own endpoints.
    "/auth",
    "/auth/login",
    "/auth/logout",
    "/auth/login/op?return_to=/x",
    "/auth/callback/op?code=a&state=b",
    "/x/../auth/logout",
    "/%61uth/logout",
    "/auth%2flogout",
    "/./auth/login",
    // Malformed.
    "",
    "orders",
    "?page=2",
    "#top",
    "/%zz",
    "/%",
    "/%f",
    "/%ff%fe",
    "//[::1",
    "/caf\u{e9}",
];

/// Targets that are pages of the app, with what the browser is sent to.
const OWN: &[(&str, &str)] = &[
    ("/", "/"),
    ("/orders", "/orders"),
    ("/orders?page=2&sort=name", "/orders?page=2&sort=name"),
    (
        "/orders?next=https://evil.example/",
        "/orders?next=https://evil.example/",
    ),
    ("/a/../orders", "/orders"),
    ("/orders/caf%C3%A9", "/orders/caf%C3%A9"),
    ("/orders#//evil.example/", "/orders"),
    ("/orders#@evil.example", "/orders"),
    ("/orders?x#access_token=abc", "/orders?x"),
    ("/authors", "/authors"),
    ("/orders/@someone", "/orders/@someone"),
];

// attack: RD-01 RD-02 RD-04 RD-05 RD-06 RD-09 RD-10 RD-11 RD-12 RD-13 RD-14 RD-17
#[tokio::test]
async fn a_login_ends_on_a_page_of_the_app() {
    let site = Site::new();
    let foreign = FOREIGN.iter().map(|target| (*target, "/"));
    for (target, lands) in foreign.chain(OWN.iter().copied()) {
        let mut browser = site.browser();
        let url = browser.begin_to("op", target).await;
        let callback = browser.at_provider(&url, "ada");
        let reply = browser.bring(&callback).await;
        let locations = reply.headers.iter().filter(|(name, _)| name == "location");
        let locations: Vec<&str> = locations.map(|(_, value)| value.as_str()).collect();
        assert_eq!(locations, [lands], "{target:?}");
        for (name, value) in &reply.headers {
            assert!(!value.contains(['\r', '\n', '\0']), "{name} of {target:?}");
        }
        assert!(
            reply
                .set_cookies()
                .iter()
                .all(|cookie| cookie.contains("codegrant."))
        );
    }
}

// attack: RD-19 LO-02 RD-01 RD-02 RD-04 RD-05 RD-06
#[tokio::test]
async fn a_log_out_ends_on_a_page_of_the_app() {
    let site = Site::new();
    let foreign = FOREIGN.iter().map(|target| (*target, "/"));
    for (target, lands) in foreign.chain(OWN.iter().copied()) {
        let mut browser = site.browser();
        let reply = browser.post("/auth/logout", &[("return_to", target)]).await;
        assert_eq!(
            (reply.status, reply.location()),
            (303, Some(lands)),
            "{target:?}"
        );
        let asked = format!("/auth/logout?return_to={}", form::encode(target));
        let (action, fields) = browser.get(&asked).await.form().unwrap();
        assert_eq!(action, "/auth/logout");
        assert_eq!(
            fields,
            [("return_to".to_owned(), lands.to_owned())],
            "{target:?}"
        );
    }
    let mut browser = site.browser();
    let foreign = [
        ("post_logout_redirect_uri", "https://evil.example/"),
        ("returnTo", "//evil"),
    ];
    let reply = browser.post("/auth/logout", &foreign).await;
    assert_eq!(reply.location(), Some("/auth/logged-out"));
}

// attack: RD-13 RD-14
#[tokio::test]
async fn links_of_our_pages_stay_in_the_app() {
    let site = Site::builder().two_providers().build();
    let mut browser = site.browser();
    for target in FOREIGN {
        let page = browser
            .get(&format!("/auth/login?return_to={}", form::encode(target)))
            .await;
        assert!(page.body.contains("href=\"/auth/login/op\""), "{target:?}");
        assert!(!page.body.contains("evil"), "{target:?}");
        let refreshed = browser
            .post("/auth/refresh", &[("return_to", target)])
            .await;
        assert_eq!(refreshed.location(), Some("/auth/login"), "{target:?}");
    }
}

// attack: RD-15
#[tokio::test]
async fn an_oversized_target_is_dropped_and_the_cookie_stays_small() {
    for length in [1024, 1025, 4096, 64 * 1024, 1024 * 1024] {
        let site = Site::new();
        let mut browser = site.browser();
        let target = format!("/{}", "x".repeat(length - 1));
        let url = browser.begin_to("op", &target).await;
        let cookie = browser.login_cookies().remove(0);
        let size = cookie.len() + browser.cookie(&cookie).unwrap().len();
        assert!(size < 4096, "{size} bytes");
        let callback = browser.at_provider(&url, "ada");
        let reply = browser.bring(&callback).await;
        let lands = if length > 1024 { "/" } else { &target };
        assert_eq!(reply.location(), Some(lands), "{length} bytes");
    }
}

// attack: RD-16
#[tokio::test]
async fn of_two_targets_neither_counts() {
    let site = Site::new();
    for query in [
        "return_to=/orders&return_to=https://evil.example/",
        "return_to=https://evil.example/&return_to=/orders",
        "return_to=/orders&return%5Fto=/other",
        "return_to=/orders&return_to=/orders",
    ] {
        let mut browser = site.browser();
        let started = browser.get(&format!("/auth/login/op?{query}")).await;
        let url = codegrant_testkit::site::AuthorizationUrl::parse(started.location().unwrap());
        let callback = browser.at_provider(&url, "ada");
        assert_eq!(
            browser.bring(&callback).await.location(),
            Some("/"),
            "{query}"
        );
    }
}

// attack: RD-17
#[tokio::test]
async fn a_query_that_is_no_form_names_no_target() {
    let site = Site::new();
    for query in [
        "return_to=%zz",
        "return_to=%",
        "return_to=%ff",
        "return_to",
        "=/orders",
        "%",
    ] {
        let started = site.browser().get(&format!("/auth/login/op?{query}")).await;
        assert_eq!(started.status, 303, "{query}");
        let out = Visit::post("/auth/logout", &[]).with_body(query);
        assert_eq!(site.browser().visit(out).await.status, 303, "{query}");
    }
}

// attack: RD-18
#[tokio::test]
async fn a_target_at_the_callback_is_ignored() {
    let site = Site::new();
    for target in ["https://evil.example/", "/elsewhere"] {
        let mut browser = site.browser();
        let url = browser.begin_to("op", "/orders").await;
        let mut callback = browser.at_provider(&url, "ada");
        callback.parameters.append("return_to", target);
        assert_eq!(browser.bring(&callback).await.location(), Some("/orders"));
    }
}

// attack: RD-21
#[tokio::test]
async fn the_referer_is_no_target() {
    let site = Site::new();
    let mut browser = site.browser();
    for referer in ["https://evil.example/", "https://app.example/elsewhere"] {
        let visit = Visit::get("/auth/login/op").from_page("https://evil.example");
        let started = browser.visit(visit.with_header("referer", referer)).await;
        let url = codegrant_testkit::site::AuthorizationUrl::parse(started.location().unwrap());
        let callback = browser.at_provider(&url, "ada");
        assert_eq!(browser.bring(&callback).await.location(), Some("/"));
    }
}
