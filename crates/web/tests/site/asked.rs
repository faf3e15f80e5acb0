//! What one login asks for through its address, and a login that may not ask anybody.

use codegrant_testkit::Site;
use codegrant_testkit::site::{AuthorizationUrl, Visit};

use crate::both_kinds_of;

#[tokio::test]
async fn what_a_login_asks_for_travels_with_its_address() {
    let site = Site::builder()
        .two_providers()
        .provided(|settings| settings.with_acr_values(["silver", "gold"]))
        .build();
    let mut browser = site.browser();
    let asked = "acr_values=gold&max_age=60&prompt=login&login_hint=jane%40mail.example&ui_locales=de-CH+en";
    let page = browser
        .get(&format!("/auth/login?return_to=%2Fme&{asked}"))
        .await;
    let link = format!("/auth/login/op?return_to=%2Fme&{asked}").replace('&', "&amp;");
    assert!(page.body.contains(&link), "{}", page.body);
    assert!(page.body.contains("<html lang=\"en\""));
    let reply = browser
        .get(&format!(
            "/auth/login/op?{asked}&scope=admin&claims=%7B%7D&request_uri=x&redirect_uri=y"
        ))
        .await;
    let url = AuthorizationUrl::parse(reply.location().unwrap());
    for (name, value) in [
        ("acr_values", "gold"),
        ("max_age", "60"),
        ("prompt", "login"),
        ("login_hint", "jane@mail.example"),
        ("ui_locales", "de-CH en"),
        ("scope", "openid profile email"),
        ("claims", ""),
        ("request_uri", ""),
    ] {
        assert_eq!(url.parameter(name), value, "{name}");
    }
    assert!(
        url.parameter("redirect_uri")
            .starts_with("https://app.example/")
    );
}

// attack: DS-12
#[tokio::test]
async fn a_doubtful_wish_is_not_passed_on() {
    let site = Site::new();
    for query in [
        "prompt=%0d%0aset-cookie:x",
        "login_hint=%0d%0ax",
        "max_age=-1",
        "acr_values=%00",
        "ui_locales=..%2F",
    ] {
        let reply = site.browser().get(&format!("/auth/login/op?{query}")).await;
        assert_eq!(reply.status, 303, "{query}");
        let url = AuthorizationUrl::parse(reply.location().unwrap());
        let (name, _) = query.split_once('=').unwrap();
        assert_eq!(url.parameter(name), "", "{query}");
    }
}

#[tokio::test]
async fn a_question_that_shows_nothing_goes_on_without_a_login() {
    for site in both_kinds_of(Site::builder) {
        let mut browser = site.browser();
        let visit = Visit::get("/auth/login/op?prompt=none&return_to=%2Fwelcome");
        let reply = browser.visit(visit).await;
        let url = AuthorizationUrl::parse(reply.location().unwrap());
        let denied = format!(
            "/auth/callback/op?error=login_required&state={}&iss=http%3A%2F%2Fop.localhost%3A9000",
            url.parameter("state")
        );
        let reply = browser.get(&denied).await;
        assert_eq!((reply.status, reply.location()), (303, Some("/welcome")));
        assert!(browser.login_cookies().is_empty());
        assert_eq!(site.failures(), ["callback.interaction_required"]);
        assert_eq!(browser.subject().await, None);
    }
}

#[tokio::test]
async fn a_silent_question_by_a_link_ends_no_session() {
    for site in both_kinds_of(Site::builder) {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        site.wait(600);
        let reply = browser.get("/auth/login/op?prompt=none").await;
        let url = AuthorizationUrl::parse(reply.location().unwrap());
        let denied = format!(
            "/auth/callback/op?error=login_required&state={}&iss=http%3A%2F%2Fop.localhost%3A9000",
            url.parameter("state")
        );
        assert_eq!(browser.get(&denied).await.status, 303);
        assert_eq!(browser.subject().await.as_deref(), Some("ada"));
    }
}

#[tokio::test]
async fn an_unasked_no_for_want_of_a_question_is_a_page() {
    let site = Site::new();
    let mut browser = site.browser();
    let url = browser.begin("op").await;
    let reply = browser
        .get(&format!(
            "/auth/callback/op?error=login_required&state={}&iss=http%3A%2F%2Fop.localhost%3A9000",
            url.parameter("state")
        ))
        .await;
    assert_eq!((reply.status, reply.location()), (403, None));
}
