//! Access tokens that are never stale, in one process: when they are renewed, and what happens when that fails.

mod led_around;

use std::time::Duration;

use codegrant_core::http::HttpResponse;
use codegrant_testkit::site::{Browser, Reply, Visit};
use codegrant_testkit::{Fault, Site, SwitchedStore};
use codegrant_web::{Event, FreshToken};

use crate::both_kinds;
use crate::refresh::refreshes;

/// What a script of the app asks.
fn scripted(path: &str) -> Visit {
    Visit::get(path)
        .from_app()
        .with_header("sec-fetch-mode", "cors")
}

/// Asks for the access token as a script, which is never led anywhere.
pub(crate) async fn token(browser: &mut Browser) -> Reply {
    browser.visit(scripted("/token")).await
}

/// A site whose access tokens live so long.
fn living(site: Site, seconds: i64) -> Site {
    site.alter("/token", move |answer| {
        answer.set("expires_in", seconds);
    });
    site
}

#[tokio::test]
async fn a_token_is_renewed_shortly_before_it_expires_and_not_earlier() {
    for site in both_kinds() {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let first = token(&mut browser).await.body;
        site.wait(3500);
        assert_eq!(token(&mut browser).await.body, first);
        assert_eq!(refreshes(&site), 0);
        site.wait(45);
        let second = token(&mut browser).await;
        assert_eq!(second.status, 200);
        assert_ne!(second.body, first);
        for _ in 0..3 {
            assert_eq!(token(&mut browser).await.body, second.body);
        }
        assert_eq!(refreshes(&site), 1, "once for one expiry");
        let told = site.events().into_iter();
        let told = told.filter(|(_, event)| matches!(event, Event::TokensRefreshed { .. }));
        assert_eq!(told.count(), 1);
        assert!(site.failures().is_empty());
    }
}

// attack: RF-01
#[tokio::test]
async fn fifty_requests_with_an_expired_token_make_one_token_request() {
    for site in both_kinds() {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        site.wait(3600);
        let mut asking = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let mut copy = browser.clone();
            asking.spawn(async move { token(&mut copy).await });
        }
        let replies = asking.join_all().await;
        assert!(replies.iter().all(|reply| reply.status == 200));
        assert!(replies.iter().all(|reply| reply.body == replies[0].body));
        assert_eq!(refreshes(&site), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_stands_still_holds_nobody_up_for_ever() {
    for site in both_kinds() {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        site.wait(3600);
        let held = site.hold("/token");
        let mut copy = browser.clone();
        let both = async { tokio::join!(token(&mut browser), token(&mut copy)) };
        let both = tokio::time::timeout(Duration::from_secs(300), both).await;
        let (first, second) = both.expect("they give up");
        for reply in [first, second] {
            assert_eq!(
                (reply.status, reply.header("retry-after")),
                (503, Some("1"))
            );
        }
        assert_eq!(site.failures(), ["session.refresh_under_way"; 2]);
        held.release();
        assert_eq!(token(&mut browser).await.status, 200);
        assert_eq!(refreshes(&site), 1, "it went on, and was not made twice");
    }
}

#[tokio::test]
async fn a_life_of_seconds_is_renewed_each_time_and_one_of_none_once_a_second() {
    for (life, most) in [(0, 1), (1, 1), (5, 0)] {
        for site in both_kinds().map(|site| living(site, life)) {
            let mut browser = site.browser();
            browser.log_in("op", "ada").await;
            for second in 0..4 {
                let before = refreshes(&site);
                for _ in 0..5 {
                    let reply = token(&mut browser).await;
                    assert_eq!(reply.status, 200, "{life} s, {second} s later");
                }
                assert!(refreshes(&site) <= before + most);
                site.wait(1);
            }
            let before = refreshes(&site);
            token(&mut browser).await;
            assert_eq!(refreshes(&site), before + 1, "{life} s");
        }
    }
}

#[tokio::test]
async fn a_provider_that_is_down_goes_unnoticed_while_the_token_is_good() {
    for site in both_kinds() {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let held = token(&mut browser).await.body;
        site.provider("op").inject(Fault::Down);
        site.wait(3560);
        assert_eq!(token(&mut browser).await.body, held);
        assert_eq!(refreshes(&site), 1, "it was tried");
        assert_eq!(site.failures().len(), 1, "and told to the operator");
        // It has expired.
        site.wait(50);
        let reply = token(&mut browser).await;
        assert_eq!(
            (reply.status, reply.header("retry-after")),
            (503, Some("10"))
        );
        let again = token(&mut browser).await;
        assert_eq!(
            (again.status, again.header("retry-after")),
            (503, Some("10"))
        );
        assert_eq!(refreshes(&site), 2, "not again for a while");
        // Pages without a token know nothing of it.
        assert_eq!(browser.get("/orders").await.status, 200);
        site.behave();
        site.wait(10);
        let reply = token(&mut browser).await;
        assert_eq!(reply.status, 200);
        assert_ne!(reply.body, held);
    }
}

#[tokio::test]
async fn nobody_with_a_good_token_waits_for_a_slow_provider() {
    for site in both_kinds() {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let old = token(&mut browser).await.body;
        site.wait(3550);
        let held = site.hold("/token");
        let (mut first, mut second) = (browser.clone(), browser.clone());
        let (renewed, ()) = tokio::join!(token(&mut first), async {
            held.reached().await;
            assert_eq!(token(&mut second).await.body, old);
            held.release();
        });
        assert_ne!(renewed.body, old);
        assert_eq!(token(&mut second).await.body, renewed.body);
        assert_eq!(refreshes(&site), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_fetches_has_a_good_token_meanwhile_and_takes_it_when_it_takes_too_long() {
    for site in both_kinds() {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let old = token(&mut browser).await.body;
        site.wait(3550);
        let held = site.hold("/token");
        assert_eq!(token(&mut browser).await.body, old);
        // It goes on behind the scenes, and its answer is not lost.
        held.release();
        crate::settled().await;
        assert_ne!(token(&mut browser).await.body, old);
        assert_eq!(refreshes(&site), 1);
    }
}

// attack: RF-02
#[tokio::test]
async fn a_grant_that_has_ended_leads_to_a_login_where_a_token_is_needed_and_nowhere_else() {
    for site in both_kinds() {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        site.provider("op").inject(Fault::RefreshInvalidGrant);
        site.wait(3600);
        for _ in 0..3 {
            let mut reply = browser.get("/token").await;
            if reply
                .location()
                .unwrap_or_default()
                .starts_with("/auth/refresh")
            {
                reply = browser.follow(&reply).await;
            }
            let login = Some("/auth/login/op?return_to=%2Ftoken");
            assert_eq!((reply.status, reply.location()), (303, login));
            let script = token(&mut browser).await;
            assert_eq!(script.status, 401);
            assert!(script.body.contains("login_required"));
        }
        assert_eq!(refreshes(&site), 1, "no loop");
        assert_eq!(browser.get("/orders").await.status, 200);
        site.behave();
        browser.log_in("op", "ada").await;
        assert_eq!(token(&mut browser).await.status, 200);
    }
}

#[tokio::test]
async fn a_login_whose_token_cannot_be_renewed_is_not_asked_for_again_at_once() {
    for site in both_kinds() {
        site.alter("/token", |answer| {
            answer.remove("refresh_token");
            answer.set("expires_in", 1);
        });
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        site.wait(2);
        assert_eq!(
            token(&mut browser).await.status,
            200,
            "another would bring the same"
        );
        site.wait(60);
        assert_eq!(token(&mut browser).await.status, 401);
    }
}

#[tokio::test]
async fn a_token_of_whose_end_nobody_speaks_is_never_renewed() {
    for site in both_kinds() {
        site.alter("/token", |answer| answer.remove("expires_in"));
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        for _ in 0..10 {
            site.wait(3600);
            assert_eq!(browser.get("/token").await.status, 200);
        }
        assert_eq!(refreshes(&site), 0);
    }
}

#[tokio::test]
async fn nobody_logged_in_is_sent_to_log_in() {
    let site = Site::new();
    let reply = site.browser().get("/token").await;
    assert_eq!(reply.location(), Some("/auth/login?return_to=%2Ftoken"));
    assert_eq!(token(&mut site.browser()).await.status, 401);
}

#[tokio::test]
async fn a_store_that_is_down_sends_nothing_and_logs_nobody_out() {
    let store = SwitchedStore::new();
    let given = store.clone();
    let site = Site::builder()
        .configure(|auth| auth.revocation_index(given))
        .build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let old = token(&mut browser).await.body;
    site.wait(3550);
    // The copy of the revocation index is young, and the store is gone.
    assert_eq!(browser.get("/orders").await.status, 200);
    store.switch_off();
    assert_eq!(token(&mut browser).await.body, old, "it is good still");
    store.switch_on();
    site.wait(60);
    assert_eq!(browser.get("/orders").await.status, 200);
    store.switch_off();
    let reply = token(&mut browser).await;
    assert_eq!(
        (reply.status, reply.header("retry-after")),
        (503, Some("5"))
    );
    assert_eq!(refreshes(&site), 0, "nothing is sent without the right to");
    store.switch_on();
    crate::settled().await;
    assert_eq!(token(&mut browser).await.status, 200);
    assert_eq!(refreshes(&site), 1);
}

// attack: RF-02
#[tokio::test(start_paused = true)]
async fn what_came_while_the_store_was_down_is_kept_when_it_is_back() {
    let store = SwitchedStore::new();
    let given = store.clone();
    let site = Site::builder().configure(|auth| auth.store(given)).build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    site.wait(3600);
    let held = site.hold("/token");
    let mut other = browser.clone();
    let (reply, ()) = tokio::join!(token(&mut browser), async {
        held.reached().await;
        store.switch_off();
        held.release();
        tokio::time::sleep(Duration::from_secs(5)).await;
        store.switch_on();
    });
    assert_eq!(reply.status, 200);
    assert_eq!(token(&mut other).await.body, reply.body);
    site.wait(3600);
    assert_eq!(
        token(&mut other).await.status,
        200,
        "the next refresh token was kept as well"
    );
    assert_eq!(refreshes(&site), 2);
}

#[tokio::test]
async fn code_without_a_request_gets_a_fresh_token_of_a_session() {
    for site in both_kinds() {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let session = browser.session().await.unwrap();
        site.wait(3600);
        let token: FreshToken = site.auth().fresh(&session).await.unwrap();
        assert_ne!(
            token.access_token().secret(),
            session.access_token().secret()
        );
        assert_eq!(token.session().identity(), session.identity());
        let shown = format!("{token:?}");
        assert!(!shown.contains(token.access_token().secret()), "{shown}");
        // Once more, and over.
        let again = site.auth().fresh(&session).await.unwrap();
        assert_eq!(again.access_token().secret(), token.access_token().secret());
        browser.log_out().await;
        let gone = site.auth().fresh(&session).await.unwrap_err();
        assert_eq!(gone.code().name, "session.gone");
        assert_eq!(refreshes(&site), 1);
    }
}

#[tokio::test]
async fn a_session_that_was_ended_is_not_refreshed() {
    for site in both_kinds() {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        site.wait(3600);
        let mut copy = browser.clone();
        browser.log_out().await;
        assert_eq!(token(&mut copy).await.status, 401);
        assert_eq!(refreshes(&site), 0);
    }
}

#[tokio::test]
async fn an_answer_that_says_too_much_haste_is_heard() {
    let site = Site::new();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    site.wait(3600);
    site.script(|request| {
        let asked = request.url.ends_with("/token");
        asked.then(|| Ok(HttpResponse::new(429)))
    });
    assert_eq!(token(&mut browser).await.status, 503);
    site.behave();
    assert_eq!(token(&mut browser).await.status, 503, "not at once");
    site.wait(5);
    assert_eq!(token(&mut browser).await.status, 200);
}
