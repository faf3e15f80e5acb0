//! Cookies: their names and attributes, planted ones, moved ones, broken ones, and rotated keys.

use codegrant_core::http::HttpResponse;
use codegrant_core::provider::Provider;
use codegrant_testkit::Site;
use codegrant_web::{MemoryStore, Registration};
use serde_json::json;

use crate::{both_kinds, opens_session, refused};

const NEW: &str = "the new secret of all nodes and as long as it must be";
const OLD: &str = "the old secret of all nodes and as long as it must be";

// attack: CK-04
#[tokio::test]
async fn on_https_every_cookie_has_the_host_prefix() {
    for site in both_kinds() {
        let mut browser = site.browser();
        let started = browser.get("/auth/login/op").await;
        let finished = browser.log_in("op", "ada").await;
        let out = browser.log_out().await;
        let replies = [started, finished, out];
        let set: Vec<&str> = replies
            .iter()
            .flat_map(|reply| reply.set_cookies())
            .collect();
        assert_eq!(
            set.len(),
            5,
            "login, login dropped, session, session dropped, left: {set:?}"
        );
        for cookie in set {
            assert!(cookie.starts_with("__Host-codegrant."), "{cookie}");
            assert!(cookie.contains("; Path=/; "), "{cookie}");
            assert!(
                cookie.ends_with("; HttpOnly; SameSite=Lax; Secure"),
                "{cookie}"
            );
            assert!(!cookie.contains("Domain"), "{cookie}");
        }
    }
}

// attack: CK-04
#[tokio::test]
async fn a_neighbour_can_plant_no_transaction_and_no_session() {
    let site = Site::new();
    let mut attacker = site.browser();
    let callback = attacker.begin_and_sign_in("op", "grace").await;
    let login = attacker.login_cookies().remove(0);
    let transaction = attacker.cookie(&login).unwrap().to_owned();
    attacker.bring(&callback).await;
    let session = attacker.session_cookies().remove(0);
    let sealed = attacker.cookie(&session).unwrap().to_owned();
    for (name, value) in [(&login, &transaction), (&session, &sealed)] {
        let bare = name.trim_start_matches("__Host-").to_owned();
        for (from, planted) in [
            (
                "https://evil.app.example/",
                format!("{name}={value}; Path=/; Domain=app.example; Secure"),
            ),
            (
                "https://evil.app.example/",
                format!("{bare}={value}; Path=/; Domain=app.example; Secure"),
            ),
            (
                "http://app.example/",
                format!("{name}={value}; Path=/; Secure"),
            ),
            ("http://app.example/", format!("{bare}={value}; Path=/")),
            (
                "https://app.example/",
                format!("{name}={value}; Path=/auth; Secure"),
            ),
        ] {
            let mut victim = site.browser();
            victim.take_cookie(from, &planted);
            let fresh = victim.begin_and_sign_in("op", "ada").await;
            let forged = fresh.clone();
            let mut foreign = forged;
            foreign.parameters.set("state", callback.state());
            refused(&victim.bring(&foreign).await);
            assert_eq!(victim.subject().await, None, "{planted}");
        }
    }
}

#[tokio::test]
async fn on_loopback_http_the_port_tells_apps_apart() {
    let site = Site::builder().origin("http://localhost:3000").build();
    let mut browser = site.browser();
    let started = browser.get("/auth/login/op").await;
    let cookie = started.set_cookies()[0].to_owned();
    assert!(cookie.starts_with("codegrant3000.login."), "{cookie}");
    assert!(!cookie.contains("Secure"), "{cookie}");
    let other = Site::builder().origin("http://localhost:4000").build();
    let mut same_host = browser.clone();
    same_host.log_in("op", "ada").await;
    let mut elsewhere = same_host.at(&other);
    assert_eq!(elsewhere.subject().await, None);
    elsewhere.log_in("op", "grace").await;
    let mut back = elsewhere.at(&site);
    assert_eq!(
        back.subject().await.as_deref(),
        Some("ada"),
        "neither took the other's"
    );
}

// attack: CK-01
#[tokio::test]
async fn a_planted_session_id_is_worth_nothing_after_login() {
    let store = std::sync::Arc::new(MemoryStore::new(100));
    let kept = store.clone();
    let site = Site::builder().configure(|auth| auth.store(kept)).build();
    let (mut attacker, mut victim) = (site.browser(), site.browser());
    attacker.log_in("op", "grace").await;
    let name = attacker.session_cookies().remove(0);
    let planted = attacker.cookie(&name).unwrap().to_owned();
    victim.plant(&name, &planted);
    victim.log_in("op", "ada").await;
    assert_ne!(victim.cookie(&name), Some(planted.as_str()));
    assert_eq!(
        attacker.subject().await,
        None,
        "the record behind it is gone"
    );
    assert_eq!(store.len(), 1);

    let mut victim = site.browser();
    victim.plant(&name, "1chosen-by-the-attacker");
    victim.log_in("op", "ada").await;
    let mut attacker = site.browser();
    attacker.plant(&name, "1chosen-by-the-attacker");
    assert_eq!(attacker.subject().await, None);
}

// attack: CK-07
#[tokio::test]
async fn a_key_can_be_replaced_without_a_log_out_and_taken_away() {
    let old = Site::builder().configure(|auth| auth.secret(OLD)).build();
    let both = Site::builder()
        .beside(&old)
        .configure(|auth| auth.secret(format!("{NEW},{OLD}")))
        .build();
    let new = Site::builder()
        .beside(&old)
        .configure(|auth| auth.secret(NEW))
        .build();

    // A session and a login under way, both sealed under the old key.
    let mut browser = old.browser();
    browser.log_in("op", "ada").await;
    let callback = browser.begin_and_sign_in("op", "grace").await;

    let mut during = browser.clone().at(&both);
    assert_eq!(during.subject().await.as_deref(), Some("ada"));
    let mut after = browser.clone().at(&new);
    assert_eq!(after.subject().await, None, "counts as absent");
    let reply = after.bring(&callback).await;
    refused(&reply);
    assert_eq!(new.failures(), ["callback.transaction_unreadable"]);
    assert_eq!(new.calls("/token"), 0);
    assert!(reply.refresh().is_some(), "a fresh start");
    after.log_in("op", "ada").await;
    assert_eq!(
        after.subject().await.as_deref(),
        Some("ada"),
        "a login can start"
    );

    during.bring(&callback).await;
    assert_eq!(during.subject().await.as_deref(), Some("grace"));
    let mut later = during.at(&new);
    assert_eq!(
        later.subject().await.as_deref(),
        Some("grace"),
        "the new key sealed it"
    );
}

// attack: CK-08 CK-09 RF-13
#[tokio::test]
async fn no_token_stands_readable_in_a_cookie() {
    for site in both_kinds() {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let session = browser.session().await.unwrap();
        let token = session.access_token().secret().clone();
        let mut seen = std::collections::HashSet::new();
        for cookie in browser.cookies() {
            let bytes = codegrant_core::jose::base64url::decode(&cookie.value[1..]);
            let text = String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
            for readable in [&cookie.value, &text] {
                for secret in [token.as_str(), "ada", "Lovelace", "example.test"] {
                    assert!(!readable.contains(secret), "{secret}");
                }
            }
            assert!(seen.insert(cookie.value.clone()));
        }
        let first = seen;
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        assert!(
            browser
                .cookies()
                .iter()
                .all(|cookie| !first.contains(&cookie.value))
        );
    }
}

// attack: CK-11
#[tokio::test]
async fn a_transaction_under_another_name_is_refused() {
    let site = Site::new();
    let mut browser = site.browser();
    let first = browser.begin_and_sign_in("op", "ada").await;
    let second = browser.begin_and_sign_in("op", "grace").await;
    let names = browser.login_cookies();
    let moved = browser.cookie(&names[0]).unwrap().to_owned();
    browser.change_cookie(&names[1], |_| moved);
    refused(&browser.bring(&second).await);
    assert_eq!(site.failures(), ["callback.transaction_unreadable"]);
    assert_eq!(site.calls("/token"), 0);
    assert!(
        opens_session(&browser.bring(&first).await),
        "the other stays usable"
    );
}

// attack: CK-12
#[tokio::test]
async fn a_transaction_that_does_not_fit_is_an_error_at_the_start() {
    let site = with_a_long_issuer();
    let mut browser = site.browser();
    let reply = browser.get("/auth/login/long").await;
    assert_eq!((reply.status, reply.location()), (500, None));
    assert_eq!(site.failures(), ["login.too_large"]);
    assert!(browser.cookies().is_empty(), "nothing is cut short");
    browser.log_in("op", "ada").await;
    assert_eq!(browser.subject().await.as_deref(), Some("ada"));
}

/// Makes a site with a third provider, `long`, whose issuer fits into no cookie.
pub(crate) fn with_a_long_issuer() -> Site {
    let issuer = format!("https://long.example/{}", "i".repeat(3_000));
    let provider = Provider::openid("long", "Long", issuer.clone());
    let registration = Registration::new(provider, "app").secret("secret");
    let site = Site::builder()
        .configure(|auth| auth.registration(registration))
        .build();
    site.script(move |request| {
        let metadata = json!({
            "issuer": issuer,
            "authorization_endpoint": "https://long.example/authorize",
            "token_endpoint": "https://long.example/token",
            "jwks_uri": "https://long.example/jwks",
        });
        request
            .url
            .contains("long.example")
            .then(|| Ok(HttpResponse::json(&metadata)))
    });
    site
}

// attack: CK-13 DO-05
#[tokio::test]
async fn broken_cookies_count_as_none() {
    for site in both_kinds() {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let name = browser.session_cookies().remove(0);
        let value = browser.cookie(&name).unwrap().to_owned();
        let callback = browser.begin_and_sign_in("op", "grace").await;
        let login = browser.login_cookies().remove(0);
        for broken in [
            String::new(),
            "0".to_owned(),
            "1".to_owned(),
            "2".to_owned(),
            "9999999999".to_owned(),
            "-1".to_owned(),
            format!("2{}", &value[1..]),
            format!("3{}", &value[1..]),
            value[1..].to_owned(),
            value[..value.len() - 1].to_owned(),
            format!("{value}A"),
            format!("{value}="),
            format!("\"{value}\""),
            "\u{e9}\u{2603}".to_owned(),
            "1".repeat(3_900),
        ] {
            let mut browser = browser.clone();
            browser.change_cookie(&name, |_| broken.clone());
            assert_eq!(browser.subject().await, None, "{broken:?}");
            browser.change_cookie(&login, |_| broken.clone());
            let reply = browser.bring(&callback).await;
            assert!(reply.status < 500, "{broken:?}");
            refused(&reply);
        }
        assert_eq!(site.calls("/token"), 1);
    }
}

// attack: CK-13 DO-05
#[tokio::test]
async fn a_flood_of_cookies_counts_as_none() {
    for site in both_kinds() {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let name = browser.session_cookies().remove(0);
        let value = browser.cookie(&name).unwrap().to_owned();
        for flood in [
            ";".repeat(100_000),
            "=;".repeat(50_000),
            format!("{}{name}={value}", "a=b; ".repeat(20_000)),
            "x".repeat(100_000),
        ] {
            let reply = browser.get_with("/", &[("cookie", &flood)]).await;
            assert_eq!(reply.body, "Hello, stranger!");
            let reply = browser
                .get_with("/auth/login/op", &[("cookie", &flood)])
                .await;
            assert_eq!(reply.status, 303, "a login can start");
        }
        let many = format!("{}{name}={value}", "a=b; ".repeat(1_000));
        assert_eq!(
            browser.get_with("/", &[("cookie", &many)]).await.body,
            "Hello, Ada Lovelace!"
        );
    }
}

// attack: CK-20 LK-11
#[tokio::test]
async fn every_answer_is_kept_nowhere_and_framed_nowhere() {
    for site in both_kinds() {
        let mut browser = site.browser();
        let mut replies = Vec::new();
        for target in [
            "/auth/login",
            "/auth/login/op",
            "/auth/callback/op",
            "/auth/callback/op?code=a&state=b",
            "/auth/callback/op?error=access_denied&state=b",
            "/auth/logout",
            "/auth/logged-out",
            "/auth/refresh",
            "/auth/unknown",
            "/orders",
        ] {
            replies.push(browser.get(target).await);
            replies.push(
                browser
                    .get_with(target, &[("sec-fetch-mode", "cors")])
                    .await,
            );
        }
        replies.push(browser.log_in("op", "ada").await);
        replies.push(browser.post("/auth/refresh", &[]).await);
        replies.push(browser.log_out().await);
        replies.push(browser.post("/auth/refresh", &[]).await);
        for reply in replies {
            let said = |name| {
                reply
                    .header(name)
                    .unwrap_or_else(|| panic!("{name}: {}", reply.url))
            };
            assert_eq!(said("cache-control"), "no-store", "{}", reply.url);
            assert_eq!(said("pragma"), "no-cache");
            assert_eq!(said("referrer-policy"), "no-referrer");
            assert_eq!(said("x-content-type-options"), "nosniff");
            assert_eq!(said("x-frame-options"), "DENY");
            assert!(said("content-security-policy").contains("frame-ancestors 'none'"));
            assert!(said("content-security-policy").contains("default-src 'none'"));
        }
    }
}
