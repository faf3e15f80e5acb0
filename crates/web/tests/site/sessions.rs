//! Sessions: when they end, what cannot bring them back, and what happens without their store.

use std::sync::Arc;

use codegrant_testkit::{Site, SwitchedStore};
use codegrant_web::{Lifetime, MemoryStore};

use crate::both_kinds;
use crate::nodes::KINDS;

const HOUR: i64 = 3600;

// attack: CK-19
#[tokio::test]
async fn a_session_in_use_ends_at_its_absolute_lifetime() {
    for site in both_kinds() {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let name = browser.session_cookies().remove(0);
        let value = browser.cookie(&name).unwrap().to_owned();
        let started = site.now();
        for hour in 1..12 {
            site.wait(HOUR);
            assert_eq!(
                browser.subject().await.as_deref(),
                Some("ada"),
                "hour {hour}"
            );
        }
        site.wait(HOUR - 1);
        assert!(browser.subject().await.is_some());
        let session = browser.session().await.unwrap();
        assert_eq!(session.started_at(), started);
        assert_eq!(session.ends_at(), started.plus(12 * HOUR));
        site.wait(1);
        // The server's clock decides, not the browser that should have forgotten the cookie.
        browser.plant(&name, &value);
        assert_eq!(browser.subject().await, None);
    }
}

// attack: CK-19
#[tokio::test]
async fn a_refresh_does_not_prolong_a_session() {
    for site in both_kinds() {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let ends_at = browser.session().await.unwrap().ends_at();
        for _ in 0..11 {
            site.wait(HOUR);
            assert_eq!(
                browser.post("/auth/refresh", &[]).await.location(),
                Some("/")
            );
            assert_eq!(browser.session().await.unwrap().ends_at(), ends_at);
        }
        site.wait(HOUR);
        assert_eq!(browser.subject().await, None);
    }
}

#[tokio::test]
async fn a_stored_session_ends_when_it_is_not_used() {
    let site = Site::builder().memory_sessions().build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    site.wait(2 * HOUR - 1);
    assert!(browser.subject().await.is_some(), "used in time");
    site.wait(2 * HOUR - 1);
    assert!(browser.subject().await.is_some(), "and again");
    site.wait(2 * HOUR);
    assert_eq!(browser.subject().await, None);
}

#[tokio::test]
async fn lifetimes_are_what_they_are_set_to() {
    let lifetime = Lifetime {
        absolute_seconds: 60,
        idle_seconds: 20,
    };
    for site in [
        Site::builder()
            .configure(move |auth| auth.lifetime(lifetime))
            .build(),
        Site::builder()
            .memory_sessions()
            .configure(move |auth| auth.lifetime(lifetime))
            .build(),
    ] {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        for _ in 0..5 {
            site.wait(10);
            assert!(browser.subject().await.is_some());
        }
        site.wait(10);
        assert_eq!(browser.subject().await, None);
    }
}

// attack: CK-18 CK-19
#[tokio::test]
async fn a_shorter_lifetime_brings_no_session_back_that_was_ended() {
    let long = Lifetime {
        absolute_seconds: 7 * 24 * HOUR,
        idle_seconds: 7 * 24 * HOUR,
    };
    for kind in KINDS {
        let store = Arc::new(MemoryStore::new(100));
        let (first, second) = (store.clone(), store);
        let before = Site::builder()
            .configure(move |auth| kind.share(auth.lifetime(long), first))
            .build();
        let mut ended = before.browser();
        ended.log_in("op", "ada").await;
        let mut kept = before.browser();
        kept.log_in("op", "grace").await;
        // The same app, started again with the lifetime that is the default.
        let after = Site::builder()
            .configure(move |auth| kind.share(auth, second))
            .beside(&before)
            .build();
        let (mut ended, mut kept) = (ended.at(&after), kept.at(&after));
        let issuer = "http://op.localhost:9000";
        after.auth().log_out_person(issuer, "ada").await.unwrap();
        assert_eq!(ended.subject().await, None, "{kind:?}");
        for hour in 1..12 {
            after.wait(HOUR);
            assert!(kept.subject().await.is_some(), "{kind:?}, hour {hour}");
        }
        after.wait(HOUR);
        assert_eq!(ended.subject().await, None, "{kind:?}: it stays over");
        assert_eq!(kept.subject().await, None, "{kind:?}: no longer than now");
    }
}

// attack: CK-17 LO-36
#[tokio::test]
async fn a_saved_cookie_is_dead_after_log_out_where_sessions_are_stored() {
    let store = Arc::new(MemoryStore::new(100));
    let kept = store.clone();
    let site = Site::builder().configure(|auth| auth.store(kept)).build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let mut saved = browser.clone();
    let out = browser.log_out().await;
    let [dropped, left] = out.set_cookies()[..] else {
        panic!("{:?}", out.set_cookies());
    };
    assert!(dropped.contains(".session=; Path=/; Max-Age=0; "));
    assert!(left.contains(".left=1; Path=/; Max-Age=5; HttpOnly; "));
    assert!(browser.session_cookies().is_empty());
    assert!(store.is_empty(), "the record is deleted");
    assert_eq!(saved.subject().await, None);
    assert_eq!(saved.get("/orders").await.status, 303);
}

// attack: CK-18
#[tokio::test]
async fn a_saved_sealed_session_is_dead_after_log_out_in_the_same_process() {
    let site = Site::new();
    let elsewhere = Site::builder().beside(&site).build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let saved = browser.clone();
    browser.log_out().await;
    assert_eq!(saved.clone().subject().await, None);
    assert_eq!(saved.clone().get("/orders").await.status, 303);
    assert_eq!(
        saved.clone().post("/auth/refresh", &[]).await.location(),
        Some("/auth/login")
    );
    site.wait(12 * HOUR - 1);
    assert_eq!(
        saved.clone().subject().await,
        None,
        "for as long as it would have lasted"
    );
    // Another process does not know of it: that takes a store.
    assert!(saved.at(&elsewhere).subject().await.is_some());
}

#[tokio::test]
async fn every_piece_of_a_long_session_is_dropped() {
    let site = Site::new();
    site.alter("/userinfo", |answer| answer.set("about", "x".repeat(3_000)));
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    assert_eq!(browser.session_cookies().len(), 2, "split");
    assert_eq!(browser.subject().await.as_deref(), Some("ada"));
    let mut cut = browser.clone();
    cut.remove_cookie(&browser.session_cookies()[1]);
    assert_eq!(cut.subject().await, None, "a part is nothing");
    let mut shorter = browser.clone();
    site.behave();
    shorter.log_in("op", "grace").await;
    assert_eq!(
        shorter.session_cookies().len(),
        1,
        "what is left over is dropped"
    );
    assert_eq!(shorter.subject().await.as_deref(), Some("grace"));
    browser.log_out().await;
    assert!(browser.session_cookies().is_empty());
}

#[tokio::test]
async fn a_session_that_does_not_fit_is_no_session() {
    let site = Site::new();
    site.alter("/userinfo", |answer| {
        answer.set("groups", "x".repeat(20_000));
    });
    let mut browser = site.browser();
    let reply = browser.log_in("op", "ada").await;
    assert_eq!(reply.status, 500);
    assert_eq!(site.failures(), ["session.too_large"]);
    assert_eq!(browser.subject().await, None);
    let stored = Site::builder().memory_sessions().build();
    stored.alter("/userinfo", |answer| {
        answer.set("groups", "x".repeat(20_000));
    });
    let mut browser = stored.browser();
    browser.log_in("op", "ada").await;
    assert_eq!(
        browser.subject().await.as_deref(),
        Some("ada"),
        "a store has room"
    );
}

// attack: CK-21 RF-12
#[tokio::test]
async fn a_request_that_began_before_the_log_out_brings_nothing_back() {
    for site in both_kinds() {
        // With a revocation at log-out the provider would refuse the refresh by itself.
        site.alter("openid-configuration", |metadata| {
            metadata.remove("revocation_endpoint");
        });
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let mut slow = browser.clone();
        let held = site.hold("/token");
        let (refreshed, ()) = tokio::join!(slow.post("/auth/refresh", &[]), async {
            held.reached().await;
            browser.log_out().await;
            held.release();
        });
        assert_eq!(
            refreshed.location(),
            Some("/auth/login"),
            "the way on is a login"
        );
        assert!(refreshed.set_cookies().is_empty());
        assert_eq!(slow.subject().await, None);
        assert_eq!(site.failures(), ["session.gone"]);
    }
}

// attack: LK-21
#[tokio::test]
async fn without_its_store_nobody_is_in_and_nobody_is_out() {
    let broken = SwitchedStore::new();
    let store = broken.clone();
    let site = Site::builder().configure(|auth| auth.store(store)).build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let held = browser.cookies().to_vec();
    broken.switch_off();
    for target in ["/", "/orders"] {
        let reply = browser.get(target).await;
        assert_eq!(reply.status, 503, "{target}");
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert!(!reply.body.contains("switched off"));
    }
    let refresh = browser.post("/auth/refresh", &[]).await;
    let out = browser.log_out().await;
    assert_eq!((refresh.status, out.status), (503, 503));
    assert_eq!(browser.cookies(), held, "nobody was logged out");
    let callback = browser.begin_and_sign_in("op", "grace").await;
    assert_eq!(browser.bring(&callback).await.status, 503);
    assert_eq!(
        site.calls("/token"),
        1,
        "the first login's: no code is sent that cannot be kept"
    );
    assert_eq!(site.failures(), ["store.unavailable"; 5]);
    broken.switch_on();
    assert_eq!(browser.subject().await.as_deref(), Some("ada"));
}

// attack: LK-20 LK-21
#[tokio::test]
async fn a_form_without_a_login_stops_before_the_handler() {
    for site in both_kinds() {
        let mut browser = site.browser();
        let reply = browser.post("/orders", &[("item", "seven plates")]).await;
        assert_eq!((reply.status, reply.location()), (303, Some("/auth/login")));
        assert!(reply.set_cookies().is_empty(), "the body is kept nowhere");
    }
}
