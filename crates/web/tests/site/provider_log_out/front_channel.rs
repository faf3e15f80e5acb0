//! Front-channel log-out: a frame that anybody can load ends the one session that it can name.

use codegrant_core::form;
use codegrant_testkit::site::{Reply, Visit};
use codegrant_testkit::{Browser, Site};
use codegrant_web::LogOutReason;

use super::{Desk, ISSUER};

/// Loads the frame as a page at `origin` does: with `Lax` cookies where it is the same site.
async fn framed(browser: &mut Browser, origin: &str, query: &str) -> Reply {
    let visit = Visit::get(format!("/auth/frontchannel-logout/op?{query}"))
        .from_page(origin)
        .with_header("sec-fetch-dest", "iframe");
    browser.visit(visit).await
}

fn query(session_id: &str) -> String {
    let encode = form::encode;
    format!("iss={}&sid={}", encode(ISSUER), encode(session_id))
}

/// Asserts that an answer may be framed by the provider, is kept nowhere and does nothing.
#[track_caller]
fn framable(reply: &Reply, status: u16) {
    assert_eq!(reply.status, status);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(reply.header("x-frame-options"), None);
    assert_eq!(
        reply.header("content-security-policy"),
        Some("default-src 'none'; base-uri 'none'; frame-ancestors http://op.localhost:9000")
    );
}

// attack: LO-27 LO-29
#[tokio::test]
async fn the_providers_page_ends_the_session_that_it_names() {
    for desk in Desk::both() {
        let mut ada = desk.logged_in("ada").await;
        let mut grace = desk.logged_in("grace").await;
        let calls = desk.site.sent().len();
        let asked = query(&desk.session_id(0));
        let reply = framed(&mut ada, "http://op.localhost:9000", &asked).await;
        framable(&reply, 200);
        assert!(ada.session().await.is_none());
        assert!(grace.session().await.is_some());
        crate::settled().await;
        assert_eq!(
            desk.site.sent().len(),
            calls,
            "nothing is asked of the provider"
        );
    }
}

#[tokio::test]
async fn where_app_and_provider_share_a_site_the_cookie_goes_too() {
    for desk in Desk::both() {
        let mut ada = desk.logged_in("ada").await;
        let page = "https://login.app.example";
        let reply = framed(&mut ada, page, &query(&desk.session_id(0))).await;
        framable(&reply, 200);
        assert!(ada.session_cookies().is_empty());
        assert_eq!(desk.log_outs(), [LogOutReason::FrontChannel]);
    }
}

// attack: LO-27 LO-28
#[tokio::test]
async fn whoever_does_not_know_the_session_id_ends_nothing() {
    for desk in Desk::both() {
        let mut ada = desk.logged_in("ada").await;
        let id = desk.session_id(0);
        for page in ["https://evil.example", "https://evil.app.example"] {
            for (asked, status) in [
                (String::new(), 400),
                (format!("iss={}", form::encode(ISSUER)), 400),
                (format!("sid={id}"), 400),
                (format!("iss=https%3A%2F%2Fevil.example&sid={id}"), 400),
                (format!("{}&sid={id}", query(&id)), 400),
                (query("WRONG"), 200),
                (query(&id.to_uppercase()), 200),
                (query(&id[1..]), 200),
                (query("%00"), 200),
            ] {
                let reply = framed(&mut ada, page, &asked).await;
                framable(&reply, status);
                assert!(reply.set_cookies().is_empty());
                assert!(ada.session().await.is_some(), "{asked}");
            }
        }
        assert!(desk.log_outs().is_empty());
        let known = framed(&mut ada, "https://evil.example", &query("WRONG")).await;
        let unknown = framed(&mut ada, "https://evil.example", &query(&id)).await;
        assert_eq!(
            known.headers, unknown.headers,
            "nobody learns whether it was right"
        );
    }
}

// attack: LO-28
#[tokio::test]
async fn a_session_id_with_raw_signs_is_found() {
    for desk in Desk::both() {
        for odd in ["a b;c", "%zz", "a+b", "q&a", "\u{e9}", "%", "''\"<>"] {
            desk.always_in_session(odd);
            for asked in [query(odd), format!("iss={ISSUER}&sid={odd}")] {
                let mut ada = desk.logged_in("ada").await;
                let reply = framed(&mut ada, "http://op.localhost:9000", &asked).await;
                framable(&reply, 200);
                assert!(ada.session().await.is_none(), "{asked}");
                desk.site.wait(1);
            }
        }
    }
}

// attack: LO-30 LK-13
#[tokio::test]
async fn every_other_answer_is_framed_by_nobody() {
    let desk = Desk::new(Site::builder());
    let mut ada = desk.logged_in("ada").await;
    for path in [
        "/auth/login",
        "/auth/logout",
        "/auth/logged-out",
        "/auth/nothing",
        "/auth/backchannel-logout/op",
        "/auth/callback/op",
    ] {
        let reply = ada.get(path).await;
        assert_eq!(reply.header("x-frame-options"), Some("DENY"), "{path}");
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.contains("frame-ancestors 'none'"), "{path}");
    }
    let refused = Visit::new("POST", "/auth/frontchannel-logout/op");
    let refused = ada.visit(refused).await;
    assert_eq!(
        (refused.status, refused.header("allow")),
        (405, Some("GET"))
    );
    assert_eq!(refused.header("x-frame-options"), Some("DENY"));
}

#[tokio::test]
async fn guesses_push_no_proven_log_out_out() {
    let desk = Desk::new(Site::builder());
    let mut ada = desk.logged_in("ada").await;
    desk.deliver(&desk.token(&[("sub", "ada")])).await;
    for guess in 0..20_000 {
        let asked = format!("iss={ISSUER}&sid={guess}");
        framed(&mut ada, "https://evil.example", &asked).await;
    }
    assert!(ada.session().await.is_none());
}
