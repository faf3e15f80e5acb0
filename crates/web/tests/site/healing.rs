//! No dead end: what goes on by itself, what starts afresh once, and what says so and stops.

use codegrant_testkit::{Fault, Site};

use crate::{both_kinds, refused};

// attack: ST-11 DO-10
#[tokio::test]
async fn an_expired_login_starts_again_by_itself_once() {
    for site in both_kinds() {
        let mut browser = site.browser();
        let url = browser.begin_to("op", "/orders?page=2").await;
        site.wait(601);
        let callback = browser.at_provider(&url, "ada");
        let reply = browser.bring(&callback).await;
        refused(&reply);
        let again = reply.refresh().expect("one fresh start");
        assert_eq!(
            again,
            "/auth/login/op?return_to=%2Forders%3Fpage%3D2&again=1"
        );

        let fresh = browser.get(&again).await;
        let mut retried = browser.clone();
        let url = fresh.location().unwrap().to_owned();
        assert!(
            !url.contains(callback.state()),
            "nothing of the callback is used"
        );
        let reply = browser.follow(&fresh).await;
        assert_eq!(reply.status, 200, "the provider asks who it is");

        // The second try in time succeeds, and the second try too late is the last.
        let second = retried.get(&again).await;
        let second = parsed(second.location().unwrap());
        let mut in_time = retried.clone();
        let callback = in_time.at_provider(&second, "ada");
        let reply = in_time.bring(&callback).await;
        assert_eq!(reply.location(), Some("/orders?page=2"));
        let too_late = retried.at_provider(&second, "ada");
        site.wait(601);
        let reply = retried.bring(&too_late).await;
        refused(&reply);
        assert_eq!(reply.refresh(), None, "once and no more");
        assert!(
            reply.body.contains("/auth/login/op?return_to="),
            "by hand it may"
        );
    }
}

/// Lets the site's own start of a login stand for one that the page made.
fn parsed(location: &str) -> codegrant_testkit::site::AuthorizationUrl {
    codegrant_testkit::site::AuthorizationUrl::parse(location)
}

#[tokio::test]
async fn a_login_whose_cookie_is_gone_starts_again_once() {
    let site = Site::new();
    let mut browser = site.browser();
    let callback = browser.begin_and_sign_in("op", "ada").await;
    browser.clear_cookies();
    let reply = browser.bring(&callback).await;
    refused(&reply);
    assert_eq!(site.failures(), ["callback.cookies_missing"]);
    let again = reply.refresh().expect("one fresh start");
    assert_eq!(again, "/auth/login/op?again=1");

    // A browser that keeps no cookie at all does not go round for ever.
    let fresh = browser.get(&again).await;
    let callback = browser.at_provider(&parsed(fresh.location().unwrap()), "ada");
    browser.clear_cookies();
    let reply = browser.bring(&callback).await;
    refused(&reply);
    assert_eq!(reply.refresh(), None);
    assert!(reply.body.contains("href=\"/auth/login/op\""), "a way on");
}

#[tokio::test]
async fn a_login_whose_cookie_does_not_open_starts_again_once() {
    let site = Site::new();
    let mut browser = site.browser();
    let callback = browser.begin_and_sign_in("op", "ada").await;
    let name = browser.login_cookies().remove(0);
    browser.change_cookie(&name, |value| format!("B{}", &value[1..]));
    let reply = browser.bring(&callback).await;
    refused(&reply);
    assert_eq!(site.failures(), ["callback.transaction_unreadable"]);
    assert_eq!(reply.refresh().as_deref(), Some("/auth/login/op?again=1"));
    assert!(browser.login_cookies().is_empty(), "it cannot be of use");
}

#[tokio::test]
async fn somebody_logged_in_is_not_sent_to_the_provider_by_a_strange_callback() {
    for site in both_kinds() {
        let (mut browser, mut other) = (site.browser(), site.browser());
        browser.log_in("op", "ada").await;
        let callback = other.begin_and_sign_in("op", "grace").await;
        let reply = browser.bring(&callback).await;
        refused(&reply);
        assert_eq!(reply.refresh(), None);
        assert_eq!(browser.subject().await.as_deref(), Some("ada"));
    }
}

#[tokio::test]
async fn a_double_click_leads_where_the_login_led() {
    for site in both_kinds() {
        let mut browser = site.browser();
        let url = browser.begin_to("op", "/orders").await;
        let callback = browser.at_provider(&url, "ada");
        let mut second = browser.clone();
        let held = site.hold("/token");
        let (first, early) = tokio::join!(browser.bring(&callback), async {
            held.reached().await;
            let early = second.bring(&callback).await;
            held.release();
            early
        });
        // While the first is under way there is no session to vouch for the second.
        refused(&early);
        let again = early
            .refresh()
            .expect("the provider knows the user: one more turn");
        assert_eq!(again, "/auth/login/op?return_to=%2Forders&again=1");
        assert_eq!(first.location(), Some("/orders"));
        assert_eq!(site.calls("/token"), 1);
        assert_eq!(browser.bring(&callback).await.location(), Some("/orders"));
    }
}

// attack: CB-06
#[tokio::test]
async fn a_cancelled_consent_is_reported_with_a_way_back() {
    let site = Site::builder()
        .configure(|auth| auth.home("/start"))
        .build();
    let mut browser = site.browser();
    let url = browser.begin_to("op", "/orders").await;
    let callback = browser.cancel_at_provider(&url).await;
    let reply = browser.bring(&callback).await;
    assert_eq!(reply.status, 403);
    refused(&reply);
    assert!(reply.body.contains("Login cancelled"));
    assert!(
        reply
            .body
            .contains("href=\"/auth/login/op?return_to=%2Forders\""),
        "try again"
    );
    assert!(reply.body.contains("href=\"/start\""), "back to the app");
    assert_eq!(reply.refresh(), None);
    assert_eq!(site.failures(), ["callback.denied"]);
    assert_eq!(site.calls("/token"), 0);
}

#[tokio::test]
async fn whoever_cancels_twice_is_not_sent_to_the_provider_by_itself() {
    for lateness in [0, 601] {
        for site in both_kinds() {
            let mut browser = site.browser();
            let url = browser.begin_to("op", "/orders").await;
            let mut elsewhere = browser.clone();
            site.wait(lateness);
            let cancelled = browser.cancel_at_provider(&url).await;
            let mut replies = vec![browser.bring(&cancelled).await];
            // Back to the consent page, and no once more: the login's cookie is gone by now.
            replies.push(browser.bring(&cancelled).await);
            // In a browser that still holds it, the login was used; and one may hold nothing at all.
            replies.push(elsewhere.bring(&cancelled).await);
            replies.push(site.browser().bring(&cancelled).await);
            for reply in replies {
                refused(&reply);
                assert_eq!(reply.refresh(), None, "{}", reply.body);
                assert!(
                    reply.body.contains("href=\"/auth/login/op"),
                    "by hand it may"
                );
            }
            assert_eq!(site.calls("/token"), 0);
        }
    }
}

// attack: DO-10
#[tokio::test]
async fn a_login_that_the_provider_spoils_ends_on_a_page_each_time() {
    for fault in [
        Fault::WrongNonce,
        Fault::TokenServerError,
        Fault::UserinfoUnauthorized,
        Fault::CallbackServerError,
        Fault::CallbackAccessDenied,
        Fault::CallbackNoCode,
    ] {
        let site = Site::new();
        site.provider("op").inject(fault);
        let mut browser = site.browser();
        for _ in 0..3 {
            assert_eq!(browser.get("/orders").await.status, 303, "it needs a login");
            let url = browser.begin_to("op", "/orders").await;
            let callback = browser.at_provider(&url, "ada");
            let reply = browser.bring(&callback).await;
            assert!(reply.status >= 400, "{fault}");
            assert_eq!(reply.location(), None, "{fault}");
            assert_eq!(reply.refresh(), None, "{fault}");
            assert!(
                reply
                    .body
                    .contains("href=\"/auth/login/op?return_to=%2Forders\">Try again"),
                "{fault}"
            );
        }
    }
}

#[tokio::test]
async fn a_provider_that_is_down_stops_logins_and_nobody_who_is_logged_in() {
    for site in both_kinds() {
        let mut known = site.browser();
        known.log_in("op", "ada").await;
        site.wait(2 * 86_400 - 1);
        // Whatever was cached has expired, and the session too.
        known.log_in("op", "ada").await;
        site.wait(4000);
        site.script(|request| {
            let url = request.loggable_url().to_owned();
            let reason = "connection refused".to_owned();
            Some(Err(codegrant_web::TransportError::Unreachable {
                url,
                reason,
            }))
        });
        assert_eq!(known.get("/orders").await.body, "Hello, Ada Lovelace!");
        let fresh = Site::builder().beside(&site).build();
        fresh.script(|request| {
            let url = request.loggable_url().to_owned();
            Some(Err(codegrant_web::TransportError::Timeout {
                url,
                seconds: 10,
            }))
        });
        let reply = fresh
            .browser()
            .get("/auth/login/op?return_to=/orders")
            .await;
        assert_eq!(reply.status, 503);
        assert!(
            reply
                .body
                .contains("href=\"/auth/login/op?return_to=%2Forders\">Try again")
        );
        assert!(reply.set_cookies().is_empty());
        assert_eq!(fresh.failures(), ["transport.timeout"]);
    }
}

#[tokio::test]
async fn stale_metadata_serves_while_the_provider_is_away() {
    let site = Site::new();
    site.browser().log_in("op", "ada").await;
    site.wait(4000);
    site.script(|request| {
        let metadata = request.url.ends_with("openid-configuration");
        metadata.then(|| Ok(codegrant_core::http::HttpResponse::new(500)))
    });
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    assert_eq!(browser.subject().await.as_deref(), Some("ada"));
}
