//! What pages elsewhere, and a provider beside the one in question, can do about sessions: nothing.

use codegrant_testkit::Site;
use codegrant_testkit::site::{AuthorizationUrl, Visit};

use super::Desk;

// attack: LO-01 LO-34
#[tokio::test]
async fn a_link_elsewhere_asks_no_silent_question() {
    for desk in Desk::both() {
        let mut ada = desk.logged_in("ada").await;
        desk.site.wait(60);
        let target = "/auth/login/op?silent=1&return_to=/orders";
        for page in ["https://evil.example", "https://other.app.example"] {
            let led = ada.visit(Visit::get(target).from_page(page)).await;
            assert_eq!(led.location(), Some("/orders"), "{page}");
        }
        let own = ada.visit(Visit::get(target).from_app()).await;
        assert!(own.location().unwrap().contains("prompt=none"));
        assert!(ada.session().await.is_some());
    }
}

// attack: LO-01
#[tokio::test]
async fn without_session_management_nobody_asks_the_silent_question() {
    let site = Site::new();
    let mut ada = site.browser();
    ada.log_in("op", "ada").await;
    site.wait(60);
    let target = "/auth/login/op?silent=1&return_to=/orders";
    let asked = ada.visit(Visit::get(target).from_app()).await;
    assert_eq!(asked.location(), Some("/orders"));
    assert_eq!(ada.subject().await.as_deref(), Some("ada"));
}

// attack: LO-36
#[tokio::test]
async fn a_silent_answer_brings_no_session_back_that_was_logged_out_meanwhile() {
    for desk in Desk::both() {
        let mut ada = desk.logged_in("ada").await;
        desk.site.wait(60);
        let asked = ada.get("/auth/login/op?silent=1&return_to=/orders").await;
        let url = AuthorizationUrl::parse(asked.location().unwrap());
        let callback = ada.at_provider(&url.without("prompt"), "ada");
        ada.log_out().await;
        let reply = ada.bring(&callback).await;
        assert_eq!(reply.location(), Some("/orders"));
        assert!(!crate::opens_session(&reply));
        assert!(ada.session().await.is_none());
    }
}

// attack: LO-36
#[tokio::test]
async fn a_login_that_is_proved_seconds_after_its_log_out_opens_no_session() {
    for named in ["sub", "sid"] {
        for desk in Desk::both() {
            desk.always_in_session("one");
            let mut ada = desk.site.browser();
            let callback = ada.begin_and_sign_in("op", "ada").await;
            let held = desk.site.hold("/userinfo");
            let name = if named == "sub" { "ada" } else { "one" };
            let token = desk.token(&[(named, name)]);
            let (reply, ()) = tokio::join!(ada.bring(&callback), async {
                held.reached().await;
                assert_eq!(desk.deliver(&token).await.status, 200);
                desk.site.wait(3);
                held.release();
            });
            assert!(!crate::opens_session(&reply), "{named}");
            assert!(ada.session().await.is_none(), "{named}");
            desk.site.wait(1);
            ada.log_in("op", "ada").await;
            assert!(ada.session().await.is_some(), "and the next one does");
        }
    }
}
