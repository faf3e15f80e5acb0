//! Wearing the server out: what costs nothing, what is bounded, and what goes on meanwhile.

use std::future::pending;

use codegrant_core::http::HttpResponse;
use codegrant_testkit::Site;
use codegrant_testkit::site::Visit;

use crate::proxy::READ;
use crate::{both_kinds, refused};

// attack: DO-01
#[tokio::test]
async fn a_provider_that_is_silent_holds_nobody_else_up() {
    let site = Site::builder().two_providers().build();
    let (mut stuck, mut other, mut known) = (site.browser(), site.browser(), site.browser());
    known.log_in("ev", "alan").await;
    for endpoint in [
        "op.localhost:9000/.well-known/openid-configuration",
        "op.localhost:9000/token",
    ] {
        let held = site.hold(endpoint);
        let (late, ()) = tokio::join!(stuck.log_in("op", "ada"), async {
            held.reached().await;
            other.log_in("ev", "grace").await;
            assert_eq!(other.subject().await.as_deref(), Some("grace"));
            assert_eq!(known.get("/orders").await.body, "Hello, Alan Turing!");
            assert_eq!(known.post("/auth/refresh", &[]).await.status, 303);
            held.release();
        });
        assert_eq!(late.status, 303);
    }
    for request in site.sent() {
        assert!(request.limits.deadline_seconds <= 10, "{}", request.url);
    }
}

// attack: DO-02
#[tokio::test]
async fn invented_callbacks_cause_no_call() {
    for site in both_kinds() {
        let mut browser = site.browser();
        let pending = browser.begin_and_sign_in("op", "ada").await;
        let before = site.sent().len();
        for number in 0..2_000 {
            let target = format!("/auth/callback/op?code=c{number}&state=s{number}");
            refused(&browser.get(&target).await);
        }
        assert_eq!(site.sent().len(), before);
        browser.bring(&pending).await;
        assert_eq!(browser.subject().await.as_deref(), Some("ada"));
    }
}

// attack: DO-04
#[tokio::test]
async fn a_failed_discovery_is_remembered_for_seconds() {
    let site = Site::new();
    site.script(|request| {
        let down = request.url.ends_with("openid-configuration");
        down.then(|| Ok(HttpResponse::new(503)))
    });
    let mut browser = site.browser();
    let statuses = [
        browser.get("/auth/login/op").await.status,
        browser.get("/auth/login/op").await.status,
    ];
    assert_eq!(statuses, [502, 503]);
    assert_eq!(site.failures(), ["provider.status", "transport.resting"]);
    assert_eq!(site.calls("openid-configuration"), 1, "left alone");
    site.behave();
    site.wait(4);
    assert_eq!(
        browser.get("/auth/login/op").await.status,
        503,
        "still left alone"
    );
    site.wait(1);
    assert_eq!(browser.get("/auth/login/op").await.status, 303);
}

// attack: DO-05
#[tokio::test]
async fn absurd_lengths_are_refused_and_not_worked_through() {
    let site = Site::builder().two_providers().build();
    let mut browser = site.browser();
    for query in [
        "&".repeat(100_000),
        "a=b&".repeat(100_000),
        "%".repeat(100_000),
        "%41".repeat(50_000),
        "+".repeat(100_000),
        format!("state={}", "s".repeat(1_000_000)),
        format!("return_to={}", "/".repeat(100_000)),
        format!("return_to=/{}", "../".repeat(30_000)),
    ] {
        refused(&browser.get(&format!("/auth/callback/op?{query}")).await);
        assert_eq!(
            browser.get(&format!("/auth/login/op?{query}")).await.status,
            303
        );
        assert_eq!(
            browser.get(&format!("/auth/login?{query}")).await.status,
            200
        );
        assert_eq!(
            browser.get(&format!("/auth/logout?{query}")).await.status,
            200
        );
    }
    let deep = format!("/auth{}", "/x".repeat(50_000));
    assert_eq!(browser.get(&deep).await.status, 404);
    for name in ["accept", "origin", "sec-fetch-site", "sec-purpose"] {
        let long = "[{\"a\":".repeat(20_000);
        let reply = browser.get_with("/auth/logout", &[(name, &long)]).await;
        assert_eq!(reply.status, 200, "{name}");
    }
}

// attack: TP-07
#[tokio::test]
async fn a_body_beyond_the_limit_is_413() {
    let site = Site::builder().form_post().build();
    let mut browser = site.browser();
    for target in ["/auth/callback/op", "/auth/logout", "/auth/refresh"] {
        for (length, too_large) in [(64 * 1024, false), (64 * 1024 + 1, true), (1 << 20, true)] {
            let visit = Visit::post(target, &[]).with_body(vec![b'a'; length]);
            let reply = browser.visit(visit).await;
            assert_eq!(reply.status == 413, too_large, "{length} bytes to {target}");
            assert_eq!(reply.header("cache-control"), Some("no-store"));
        }
    }
    assert!(site.sent().is_empty());
}

// attack: DO-06
#[tokio::test]
async fn visitors_get_no_cookie() {
    for site in both_kinds() {
        let mut visitor = site.browser();
        for target in [
            "/",
            "/orders",
            "/auth/login",
            "/auth/logout",
            "/auth/logged-out",
            "/auth/x",
        ] {
            let reply = visitor.get(target).await;
            assert!(reply.set_cookies().is_empty(), "{target}");
        }
    }
}

/// A small generator with a fixed seed: the same cases at every run (Marsaglia, "Xorshift RNGs").
struct Xorshift(u64);

impl Xorshift {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }

    fn text(&mut self) -> String {
        let length = self.below(60);
        (0..length)
            .map(|_| match self.below(4) {
                0 => char::from(b"%&=;+/\\?#.:~@\"'<> \t\r\n\0"[self.below(22)]),
                1 => char::from(u8::try_from(0x80 + self.below(0x80)).unwrap()),
                _ => char::from(u8::try_from(0x20 + self.below(0x5f)).unwrap()),
            })
            .collect()
    }
}

// attack: DO-08
#[tokio::test]
async fn random_requests_panic_nowhere() {
    let site = Site::builder().two_providers().form_post().build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    browser.begin("ev").await;
    let names: Vec<String> = browser
        .cookies()
        .iter()
        .map(|cookie| cookie.name.clone())
        .collect();
    let mut random = Xorshift(0x9e37_79b9_7f4a_7c15);
    let paths = [
        "login",
        "login/op",
        "callback/op",
        "callback/ev",
        "logout",
        "refresh",
        "",
    ];
    for _ in 0..5_000 {
        let tail = if random.below(4) == 0 {
            random.text()
        } else {
            String::new()
        };
        let path = format!("/auth/{}{tail}", paths[random.below(paths.len())]);
        let method = ["GET", "POST", "HEAD", "\u{0}"][random.below(4)];
        let query = format!(
            "{}={}",
            ["state", "code", "return_to"][random.below(3)],
            random.text()
        );
        let body = random.text().into_bytes();
        let cookie = format!("{}={}", names[random.below(names.len())], random.text());
        let cookie = ("cookie", cookie.as_bytes());
        let fields = READ.map(|name| (name, body.as_slice()));
        let fields = fields.into_iter().filter(|(name, _)| *name != "cookie");
        let fields = fields.chain([cookie]);
        let request = codegrant_web::Request::new(method, &path, Some(&query), fields);
        let fields = [cookie, cookie];
        let plain = codegrant_web::Request::new(method, &path, Some(&query), fields);
        for request in [request, plain] {
            site.auth().identify(request.clone()).await.unwrap();
            site.auth().challenge(request.clone());
            let answer = site.auth().handle(request.with_body(Some(&body))).await;
            assert!(answer.status < 500, "{method} {path} {query}");
            for (name, value) in &answer.headers {
                let visible = value.bytes().all(|byte| (0x20..=0x7e).contains(&byte));
                assert!(visible, "{name}: {value:?}");
            }
        }
    }
}

#[tokio::test]
async fn nobody_waits_for_a_body_that_no_endpoint_takes() {
    let site = Site::builder().build();
    for method in ["GET", "HEAD", "PUT", "CONNECT"] {
        let body = site.auth().body(method, pending::<Option<Vec<u8>>>()).await;
        assert_eq!(body, Some(Vec::new()), "{method}");
    }
    let form = async { Some(b"a=b".to_vec()) };
    assert_eq!(site.auth().body("POST", form).await.unwrap(), b"a=b");
    let broken = async { None::<Vec<u8>> };
    assert_eq!(site.auth().body("POST", broken).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_given_up() {
    let site = Site::builder().build();
    let body = site.auth().body("POST", pending::<Option<Vec<u8>>>()).await;
    assert_eq!(body, None);
}
