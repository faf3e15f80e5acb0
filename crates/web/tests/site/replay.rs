//! A callback that comes again: in order, at once, from a thief.

use codegrant_testkit::Site;
use codegrant_testkit::site::{Browser, Callback, Reply};
use tokio::task::JoinSet;

use crate::{both_kinds, opens_session, refused};

/// Brings the same callback from many copies of a browser at once.
async fn at_once(browser: &Browser, callback: &Callback, copies: usize) -> Vec<(Browser, Reply)> {
    let mut visits = JoinSet::new();
    for _ in 0..copies {
        let (mut browser, callback) = (browser.clone(), callback.clone());
        visits.spawn(async move {
            let reply = browser.bring(&callback).await;
            (browser, reply)
        });
    }
    visits.join_all().await
}

// attack: ST-04
#[tokio::test]
async fn the_callback_of_a_finished_login_goes_on_and_does_nothing_twice() {
    for site in both_kinds() {
        let mut browser = site.browser();
        let url = browser.begin_to("op", "/orders?page=2").await;
        let callback = browser.at_provider(&url, "ada");
        let with_transaction = browser.clone();
        browser.bring(&callback).await;
        let held = browser.cookies().to_vec();
        for _ in 0..3 {
            let again = browser.bring(&callback).await;
            assert_eq!(
                (again.status, again.location()),
                (303, Some("/orders?page=2"))
            );
            assert!(again.set_cookies().is_empty());
        }
        assert_eq!(browser.cookies(), held);
        assert_eq!(site.calls("/token"), 1);

        // The same for a browser that still sends the transaction's cookie.
        let mut slow = browser.clone();
        for name in with_transaction.login_cookies() {
            slow.plant(&name, with_transaction.cookie(&name).unwrap());
        }
        let again = slow.bring(&callback).await;
        assert_eq!(
            (again.status, again.location()),
            (303, Some("/orders?page=2"))
        );
        assert_eq!(site.calls("/token"), 1);
        assert!(site.failures().is_empty());
    }
}

// attack: ST-04
#[tokio::test]
async fn a_copied_callback_with_its_transaction_is_refused() {
    for site in both_kinds() {
        let mut browser = site.browser();
        let callback = browser.begin_and_sign_in("op", "ada").await;
        let mut thief = browser.clone();
        browser.bring(&callback).await;
        let reply = thief.bring(&callback).await;
        refused(&reply);
        // One name is set once (RFC 6265 section 4.1.1).
        assert_eq!(reply.set_cookies().len(), 1, "{:?}", reply.set_cookies());
        assert_eq!(site.failures(), ["callback.transaction_used"]);
        assert_eq!(site.calls("/token"), 1);
        assert_eq!(thief.subject().await, None);
        assert!(
            thief.login_cookies().is_empty(),
            "it is of no use any longer"
        );
    }
}

// attack: ST-04
#[tokio::test]
async fn the_session_of_another_login_does_not_vouch_for_a_replay() {
    for site in both_kinds() {
        let (mut browser, mut other) = (site.browser(), site.browser());
        let callback = browser.begin_and_sign_in("op", "ada").await;
        browser.bring(&callback).await;
        other.log_in("op", "grace").await;
        refused(&other.bring(&callback).await);
        assert_eq!(site.calls("/token"), 2, "one a login");
        assert_eq!(other.subject().await.as_deref(), Some("grace"));
    }
}

// attack: ST-05 CB-06
#[tokio::test]
async fn a_failure_uses_the_transaction_up() {
    for site in both_kinds() {
        let mut browser = site.browser();
        let url = browser.begin("op").await;
        let with_code = browser.at_provider(&url, "ada");
        let mut copied = browser.clone();
        let denied = browser.cancel_at_provider(&url).await;
        assert_eq!(denied.state(), with_code.state());
        assert_eq!(browser.bring(&denied).await.status, 403);
        assert!(browser.login_cookies().is_empty());
        refused(&browser.bring(&with_code).await);
        refused(&copied.bring(&with_code).await);
        assert_eq!(
            site.failures(),
            [
                "callback.denied",
                "callback.cookies_missing",
                "callback.transaction_used"
            ]
        );
        assert_eq!(site.calls("/token"), 0);
        assert_eq!(copied.subject().await, None);
    }
}

// attack: ST-06
#[tokio::test]
async fn of_twenty_callbacks_at_once_one_sends_the_code() {
    for site in both_kinds() {
        let mut browser = site.browser();
        let callback = browser.begin_and_sign_in("op", "ada").await;
        let mut opened = 0;
        for (mut browser, reply) in at_once(&browser, &callback, 20).await {
            if opens_session(&reply) {
                opened += 1;
                assert_eq!(browser.subject().await.as_deref(), Some("ada"));
            } else {
                refused(&reply);
            }
        }
        assert_eq!(opened, 1);
        assert_eq!(site.calls("/token"), 1);
    }
}

// attack: ST-06
#[tokio::test]
async fn without_a_common_store_the_providers_code_is_good_once() {
    let one = Site::new();
    let two = Site::builder().beside(&one).build();
    let mut browser = one.browser();
    let callback = browser.begin_and_sign_in("op", "ada").await;
    let mut elsewhere = browser.clone().at(&two);
    let replies = tokio::join!(browser.bring(&callback), elsewhere.bring(&callback));
    let opened = [&replies.0, &replies.1].map(opens_session);
    // A provider that sees a code twice may take back what it gave the first time (RFC 6749 section
    // 4.1.2), so that nobody at all may be logged in.
    assert_ne!(opened, [true, true]);
    assert_eq!(
        one.calls("/token") + two.calls("/token"),
        2,
        "each process asks"
    );
}

// attack: ST-06
#[tokio::test]
async fn processes_with_one_store_send_the_code_once() {
    let store = std::sync::Arc::new(codegrant_web::MemoryStore::new(100));
    let (first, second) = (store.clone(), store.clone());
    let one = Site::builder().configure(|auth| auth.store(first)).build();
    let two = Site::builder()
        .beside(&one)
        .configure(|auth| auth.store(second))
        .build();
    let mut browser = one.browser();
    let callback = browser.begin_and_sign_in("op", "ada").await;
    let elsewhere = browser.clone().at(&two);
    let (here, there) = tokio::join!(
        at_once(&browser, &callback, 10),
        at_once(&elsewhere, &callback, 10)
    );
    let replies = here.iter().chain(&there);
    assert_eq!(replies.filter(|(_, reply)| opens_session(reply)).count(), 1);
    assert_eq!(one.calls("/token") + two.calls("/token"), 1);
    assert_eq!(store.len(), 1);
}
