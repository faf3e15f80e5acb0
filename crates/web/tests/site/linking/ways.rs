//! What people and their browsers do on the way: the back button, two tabs, two clicks, too long a thought.

use std::sync::Arc;

use codegrant_core::http::HttpResponse;
use codegrant_testkit::site::{AuthorizationUrl, Browser, Reply};
use codegrant_testkit::{Fault, Site};

use super::{Accounts, ada, begin, both, last_failure, link, prove, sign_in, state, with_accounts};
use crate::{fixed_page, opens_session, refused};

#[tokio::test]
async fn a_confirmation_is_good_for_minutes() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        let page = prove(&mut browser, "grace").await;
        site.wait(600);
        let reply = browser.submit(&page, &[]).await;
        refused(&reply);
        assert_eq!(
            (reply.status, last_failure(&site)),
            (400, "link.nothing_to_confirm")
        );
        assert!(
            reply.body.contains("href=\"/auth/link/ev"),
            "there is a way on"
        );
        assert_eq!(accounts.times_asked(), 0);
        assert_eq!(link(&mut browser, "grace").await.status, 303);
        assert_eq!(accounts.times_asked(), 1);
    }
}

#[tokio::test]
async fn who_stays_too_long_at_the_provider_is_led_back_to_the_page_that_asks() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        let before = state(&mut browser).await;
        let callback = sign_in(&mut browser, "grace").await;
        site.wait(601);
        let reply = browser.bring(&callback).await;
        refused(&reply);
        assert_eq!(last_failure(&site), "callback.expired");
        assert_eq!(reply.refresh(), None, "it does not start again as a login");
        assert!(
            reply
                .body
                .contains("href=\"/auth/link/ev?return_to=%2Faccount\"")
        );
        assert_eq!(state(&mut browser).await, before);
        assert_eq!(accounts.times_asked(), 0);
    }
}

#[tokio::test]
async fn who_cancels_or_fails_at_the_provider_is_logged_in_as_before() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        let before = state(&mut browser).await;
        let url = begin(&mut browser).await;
        let callback = browser.cancel_at_provider(&url).await;
        let reply = browser.bring(&callback).await;
        refused(&reply);
        assert_eq!(last_failure(&site), "callback.denied");
        assert!(
            reply
                .body
                .contains("href=\"/auth/link/ev?return_to=%2Faccount\"")
        );
        assert_eq!(reply.refresh(), None);

        for status in [400, 502] {
            let callback = sign_in(&mut browser, "grace").await;
            site.provider("ev").inject(Fault::WrongNonce);
            if status == 502 {
                site.script(|request| {
                    let token = request.url.ends_with("/token");
                    token.then(|| Ok(HttpResponse::new(503)))
                });
            }
            let reply = browser.bring(&callback).await;
            assert_eq!(reply.status, status);
            fixed_page(&reply);
            assert!(
                reply
                    .body
                    .contains("href=\"/auth/link/ev?return_to=%2Faccount\"")
            );
            site.behave();
        }
        assert_eq!(state(&mut browser).await, before);
        assert_eq!(accounts.times_asked(), 0);
    }
}

#[tokio::test]
async fn a_double_click_asks_the_app_once() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        let page = prove(&mut browser, "grace").await;
        let mut window = browser.clone();
        let (first, second) = tokio::join!(browser.submit(&page, &[]), window.submit(&page, &[]));
        assert_eq!((first.status, second.status), (303, 303));
        assert_eq!(accounts.times_asked(), 1);
        // One cookie jar sees both answers; whichever came last, the session is there.
        let done = [&first, &second]
            .into_iter()
            .filter(|reply| opens_session(reply));
        assert_eq!(done.count(), 1);
        let winner = if opens_session(&first) {
            &mut browser
        } else {
            &mut window
        };
        assert_eq!(winner.subject().await.as_deref(), Some("ada"));
        // And a click that comes after it all leads on.
        let third = winner.submit(&page, &[]).await;
        assert_eq!((third.status, third.location()), (303, Some("/account")));
        assert_eq!(accounts.times_asked(), 1);
        assert_eq!(site.failures(), [""; 0]);
    }
}

#[tokio::test]
async fn the_back_button_finds_no_dead_end() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        let callback = sign_in(&mut browser, "grace").await;
        let back = browser.bring(&callback).await;
        let again = browser.bring(&callback).await;
        assert_eq!(
            (again.status, again.location()),
            (303, back.location()),
            "a reload"
        );
        let page = browser.follow(&again).await;
        browser.submit(&page, &[]).await;
        let again = browser.bring(&callback).await;
        assert_eq!((again.status, again.location()), (303, Some("/account")));
        assert_eq!(site.calls("ev.localhost:9000/token"), 1);
        assert_eq!(accounts.times_asked(), 1);
    }
}

#[tokio::test]
async fn of_two_tabs_each_confirms_what_it_shows() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        let first = prove(&mut browser, "grace").await;
        let second = prove_again(&mut browser, "alan").await;
        let reply = browser.submit(&first, &[]).await;
        refused(&reply);
        assert_eq!(last_failure(&site), "link.nothing_to_confirm");
        assert_eq!(
            accounts.times_asked(),
            0,
            "neither the one shown nor the one that waits"
        );
        assert_eq!(browser.submit(&second, &[]).await.status, 303);
        assert_eq!(accounts.owner("ev", "alan"), accounts.owner("op", "ada"));
        assert_eq!(accounts.owner("ev", "grace"), None);
    }
}

#[tokio::test]
async fn who_came_back_as_somebody_else_may_choose_again() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        let page = prove(&mut browser, "alan").await;
        assert!(page.body.contains("Use another account"));
        let page = prove_again(&mut browser, "grace").await;
        browser.submit(&page, &[]).await;
        assert_eq!(accounts.owner("ev", "alan"), None);
        assert_eq!(accounts.owner("ev", "grace"), accounts.owner("op", "ada"));
    }
}

#[tokio::test]
async fn two_logins_to_link_at_two_providers_do_not_disturb_each_other() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        let at_ev = prove(&mut browser, "grace").await;
        let page = browser.get("/auth/link/op").await;
        let away = browser.submit(&page, &[]).await;
        let url = AuthorizationUrl::parse(away.location().unwrap());
        let callback = browser.at_provider(&url, "alan");
        let back = browser.bring(&callback).await;
        let at_op = browser.follow(&back).await;
        assert_eq!(browser.submit(&at_ev, &[]).await.status, 303);
        assert_eq!(browser.submit(&at_op, &[]).await.status, 303);
        assert_eq!(accounts.owner("op", "alan"), accounts.owner("ev", "grace"));
        assert_eq!(accounts.owner("op", "alan"), accounts.owner("op", "ada"));
    }
}

#[tokio::test]
async fn a_process_beside_finishes_what_another_began() {
    let store = Arc::new(codegrant_web::MemoryStore::new(1_000));
    let accounts = Accounts::default();
    let shared = store.clone();
    let one = with_accounts(
        Site::builder().configure(|auth| auth.store(shared)),
        &accounts,
    );
    let beside = Site::builder()
        .beside(&one)
        .configure(|auth| auth.store(store));
    let two = with_accounts(beside, &accounts);
    let mut browser = ada(&one).await;
    let callback = sign_in(&mut browser, "grace").await;
    let mut browser = browser.at(&two);
    let back = browser.bring(&callback).await;
    let mut browser = browser.at(&one);
    let page = browser.follow(&back).await;
    // One click at each.
    let (mut here, mut there) = (browser.clone(), browser.at(&two));
    let (first, second) = tokio::join!(here.submit(&page, &[]), there.submit(&page, &[]));
    assert_eq!((first.status, second.status), (303, 303));
    assert_eq!(accounts.times_asked(), 1);
}

/// Goes to the page that shows who came back, in a browser where somebody waits already.
async fn prove_again(browser: &mut Browser, subject: &str) -> Reply {
    let away = browser
        .post("/auth/link/ev", &[("return_to", "/account")])
        .await;
    let url = AuthorizationUrl::parse(away.location().unwrap());
    let callback = browser.at_provider(&url, subject);
    let back = browser.bring(&callback).await;
    browser.follow(&back).await
}
