//! Providers and contexts with which a browser could go round for ever, and does not.

use super::*;

#[tokio::test]
async fn a_provider_that_lies_about_the_sign_in_ends_at_a_page_after_one_try() {
    for fault in [Fault::OtherAcr, Fault::NoAcr] {
        let site = builder().build();
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        site.provider("op").inject(fault);
        let back = sign_in_for(&mut browser, "/gold", "ada").await;
        assert!(is_page_of(&back, Problem::LoginRefused), "{fault:?}");
        assert_eq!(site.failures().len(), 1, "{fault:?}");
        assert_eq!(browser.subject().await.as_deref(), Some("ada"), "she stays");
    }
    for fault in [Fault::MissingAuthTime, Fault::OldAuthTime] {
        let site = builder().build();
        let mut browser = site.browser();
        site.provider("op").inject(fault);
        browser.log_in("op", "ada").await;
        // It says nothing, or a day: the login alone, however late, is no proof of a sign-in.
        assert_eq!(browser.get("/recent").await.status, 303, "{fault:?}");
        let back = sign_in_for(&mut browser, "/recent", "ada").await;
        assert!(is_page_of(&back, Problem::LoginRefused), "{fault:?}");
        site.behave();
        let back = sign_in_for(&mut browser, "/recent", "ada").await;
        assert_eq!(back.location(), Some("/recent"));
        assert_eq!(browser.get("/recent").await.status, 200);
    }
}

#[tokio::test]
async fn a_context_that_the_app_never_asks_for_sends_nobody_round_in_circles() {
    let site = Site::builder()
        .provided(strong)
        .registered(|registration| registration.acr_values(["silver"]))
        .guarded("/gold", Require::new().acr("gold"))
        .guarded("/silver", Require::new().acr("silver").acr("gold"))
        .build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    assert_eq!(browser.get("/silver").await.status, 200);
    let reply = browser.get("/gold").await;
    assert!(is_page_of(&reply, Problem::Forbidden));
    assert_eq!(
        detail(&site),
        r#"requires "acr gold", found "acr \"silver\"""#
    );
}

#[tokio::test]
async fn where_there_is_no_id_token_the_login_counts_and_no_context_does() {
    let site = Site::builder()
        .oauth()
        .guarded("/recent", Require::new().signed_in_within(300))
        .guarded("/now", Require::new().signed_in_within(0))
        .guarded("/gold", Require::new().acr("gold"))
        .build();
    site.alter("/userinfo", |answer| {
        answer.set("acr", "gold");
        answer.set("auth_time", 9_999_999_999_i64);
    });
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    assert_eq!(browser.get("/recent").await.status, 200);
    let reply = browser.get("/gold").await;
    assert!(is_page_of(&reply, Problem::Forbidden), "nobody says so");
    site.wait(301);
    let back = sign_in_for(&mut browser, "/recent", "ada").await;
    assert_eq!(back.location(), Some("/recent"));
    site.wait(5);
    assert_eq!(browser.get("/recent").await.status, 200);
    assert_eq!(
        browser.get("/now").await.status,
        200,
        "or it would never end"
    );
    site.wait(30);
    assert_eq!(browser.get("/now").await.status, 303);
}
