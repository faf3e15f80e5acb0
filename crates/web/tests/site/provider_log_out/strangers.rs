//! What pages elsewhere, and a provider beside the one in question, can do about sessions: nothing.

use codegrant_testkit::Site;
use codegrant_testkit::site::Visit;

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
