//! A login that is handed over to the sessions that an app has already: ours ends, and nothing goes round.

use std::sync::atomic::Ordering;

use codegrant_testkit::Site;
use codegrant_testkit::site::AuthorizationUrl;
use codegrant_web::{Login, Verdict};

use crate::leaks::logged;
use crate::on_login::{Said, asking, both_asking, counting};
use crate::{opens_session, refused};

/// Hands everybody over but Ada.
fn all_but_ada(login: &Login) -> Said {
    Ok(match login.identity().subject.as_str() {
        "ada" => Verdict::Accept,
        subject => Verdict::HandOver(format!("row {subject}")),
    })
}

#[tokio::test]
async fn a_login_that_is_handed_over_opens_no_session_of_ours() {
    for site in both_asking(all_but_ada) {
        let mut browser = site.browser();
        let url = browser.begin_to("op", "/orders").await;
        let callback = browser.at_provider(&url, "grace");
        let reply = browser.bring(&callback).await;
        assert_eq!(reply.location(), Some("/orders"));
        let login = reply.login.clone().unwrap();
        assert_eq!(
            (login.identity().subject.as_str(), login.account()),
            ("grace", Some("row grace"))
        );
        assert!(!login.access_token().secret().is_empty());
        assert!(!opens_session(&reply) && browser.session_cookies().is_empty());
        assert!(browser.login_cookies().is_empty(), "the login is over");
        assert!(browser.session().await.is_none());
        assert!(site.failures().is_empty());
        let finished = site.events().into_iter().any(|(_, event)| {
            matches!(event, codegrant_web::Event::LoginFinished { subject, .. } if subject == "grace")
        });
        assert!(finished, "the operator sees the login");
    }
}

#[tokio::test]
async fn whoever_was_logged_in_before_a_hand_over_is_so_no_longer() {
    for site in both_asking(all_but_ada) {
        // The session may be an attacker's, planted to be found beside the victim's own.
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let mut copied = browser.clone();
        assert_eq!(copied.subject().await.as_deref(), Some("ada"));
        browser.log_in("op", "grace").await;
        assert!(browser.session_cookies().is_empty());
        assert!(browser.session().await.is_none(), "not ada beside grace");
        assert!(
            copied.session().await.is_none(),
            "a copy is worth nothing either"
        );
        copied.post("/auth/refresh", &[]).await;
        assert!(copied.session().await.is_none());
    }
}

#[tokio::test]
async fn the_callback_of_a_login_that_was_handed_over_goes_on_and_opens_nothing() {
    let (asked, hook) = counting(Verdict::HandOver("7".to_owned()));
    for site in both_asking(hook) {
        asked.store(0, Ordering::SeqCst);
        let mut browser = site.browser();
        let url = browser.begin_to("op", "/orders").await;
        let callback = browser.at_provider(&url, "ada");
        browser.bring(&callback).await;
        for seconds in [0, 60, 1_800] {
            site.wait(seconds);
            let again = browser.bring(&callback).await;
            assert_eq!((again.location(), &again.login), (Some("/orders"), &None));
            assert!(again.set_cookies().is_empty());
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        assert_eq!(site.calls("/token"), 1);

        // When nobody remembers any longer there is one fresh start, as for any lost login.
        site.wait(3_600);
        let late = browser.bring(&callback).await;
        refused(&late);
        assert_eq!(late.refresh().as_deref(), Some("/auth/login/op?again=1"));
    }
}

#[tokio::test]
async fn only_the_state_that_was_handed_over_is_known_again() {
    for site in both_asking(all_but_ada) {
        let mut browser = site.browser();
        browser.log_in("op", "grace").await;
        let strange = site.browser().begin_and_sign_in("op", "grace").await;
        refused(&browser.bring(&strange).await);
        assert_eq!(site.failures(), ["callback.transaction_unknown"]);

        // Nor does a mark that was altered, or sealed for another purpose, count.
        let callback = browser.begin_and_sign_in("op", "grace").await;
        browser.bring(&callback).await;
        let mark = "__Host-codegrant.handed-over";
        let held = browser.cookie(mark).unwrap().to_owned();
        let other = browser.begin("op").await;
        let transaction = browser.login_cookies().remove(0);
        let sealed_otherwise = browser.cookie(&transaction).unwrap().to_owned();
        for forged in [held[1..].to_owned(), String::new(), sealed_otherwise] {
            browser.plant(mark, &forged);
            let reply = browser.bring(&callback).await;
            refused(&reply);
        }
        let callback = browser.at_provider(&other, "grace");
        assert_eq!(browser.bring(&callback).await.status, 303);
    }
}

#[tokio::test]
async fn a_session_of_ours_and_a_hand_over_follow_each_other_in_one_browser() {
    for site in both_asking(all_but_ada) {
        let mut browser = site.browser();
        for _ in 0..2 {
            let handed = browser.begin_and_sign_in("op", "grace").await;
            browser.bring(&handed).await;
            assert_eq!(browser.subject().await, None);
            browser.log_in("op", "ada").await;
            assert_eq!(browser.subject().await.as_deref(), Some("ada"));
            let reply = browser.bring(&handed).await;
            assert_eq!((reply.location(), &reply.login), (Some("/"), &None));
            assert_eq!(browser.subject().await.as_deref(), Some("ada"));
        }
        browser.log_out().await;
        assert_eq!(browser.subject().await, None);
    }
}

#[tokio::test]
async fn a_log_out_after_a_hand_over_has_nothing_to_end_and_says_so() {
    for site in both_asking(all_but_ada) {
        let mut browser = site.browser();
        let callback = browser.begin_and_sign_in("op", "grace").await;
        browser.bring(&callback).await;
        assert_eq!(browser.log_out().await.location(), Some("/auth/logged-out"));
        let back = browser.bring(&callback).await;
        assert_eq!(
            (back.location(), &back.login),
            (Some("/"), &None),
            "back is no login"
        );
    }
}

#[tokio::test]
async fn an_answer_that_is_posted_can_be_handed_over() {
    let site = Site::builder()
        .form_post()
        .configure(|auth| asking(auth, all_but_ada))
        .build();
    let mut browser = site.browser();
    let callback = browser.begin_and_sign_in("op", "grace").await;
    let reply = browser.bring(&callback).await;
    assert_eq!((reply.status, reply.login.is_some()), (303, true));
    let reply = browser.bring(&callback).await;
    assert_eq!((reply.location(), &reply.login), (Some("/"), &None));
}

#[tokio::test]
async fn an_app_that_forgets_to_open_its_own_session_is_told() {
    let site = Site::builder()
        .configure(|auth| asking(auth, all_but_ada))
        .build();
    let (log, _guard) = logged();
    let mut browser = site.browser();
    // A page that asks for our `User` sends the user round again at once.
    for turn in 0..2 {
        let first = browser.get("/orders").await;
        let choice = browser.follow(&first).await;
        let start = browser.follow(&choice).await;
        let url = AuthorizationUrl::parse(start.location().unwrap());
        let callback = browser.at_provider(&url, "grace");
        assert_eq!(browser.bring(&callback).await.location(), Some("/orders"));
        assert_eq!(log.text().contains("login.handed_over_again"), turn == 1);
    }
    assert!(log.text().contains("open a session of your own"));
    assert!(
        !log.text().contains("row grace"),
        "whom the app means is the app's"
    );
}

#[tokio::test]
async fn logging_in_again_later_is_nothing_to_be_told() {
    let site = Site::builder()
        .configure(|auth| asking(auth, all_but_ada))
        .build();
    let (log, _guard) = logged();
    let mut browser = site.browser();
    for _ in 0..3 {
        browser.log_in("op", "grace").await;
        site.wait(10);
    }
    assert!(!log.text().contains("login.handed_over_again"));
}
