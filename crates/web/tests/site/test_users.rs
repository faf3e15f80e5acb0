//! Logging a user in inside a test, without a provider.

use codegrant_core::Email;
use codegrant_testkit::Site;
use codegrant_web::test::TestUser;
use codegrant_web::{Auth, Request, Session};

use crate::both_kinds;

async fn holder(auth: &Auth, cookie: &str) -> Option<Session> {
    let request = Request::new("GET", "/", None, [("cookie", cookie.as_bytes())]);
    auth.identify(request).await.unwrap()
}

#[tokio::test]
async fn a_test_user_is_logged_in_without_a_call_to_anybody() {
    for site in both_kinds() {
        let cookie = site.auth().test_cookie("alice").await;
        let session = holder(site.auth(), &cookie).await.unwrap();
        let identity = session.identity();
        let issuer = site.provider("op").issuer();
        assert_eq!(identity.key(), (issuer, "alice"));
        assert_eq!(identity.provider, "op");
        assert_eq!(
            (identity.to_string(), identity.email.clone()),
            ("alice".to_owned(), Email::Absent)
        );
        assert_eq!(session.account(), None);
        assert_eq!(session.access_token().secret(), "test-access-token");
        assert_eq!(session.started_at(), site.now());
        assert!(!session.can_refresh() && site.sent().is_empty());
    }
}

#[tokio::test]
async fn everything_that_a_handler_may_ask_for_can_be_said() {
    for site in both_kinds() {
        let user = TestUser::new("alice")
            .name("Alice")
            .username("al")
            .verified_email("alice@corp.example")
            .picture("https://pictures.example/alice")
            .claim("groups", ["editors"])
            .account("17")
            .access_token("a token")
            .scopes(["read"])
            .issuer("https://tenant.example")
            .logged_in_at(site.now().plus(-60));
        let cookie = site.auth().test_cookie(user).await;
        let session = holder(site.auth(), &cookie).await.unwrap();
        let identity = session.identity();
        assert_eq!(identity.key(), ("https://tenant.example", "alice"));
        assert_eq!(identity.to_string(), "Alice");
        assert_eq!(identity.username.as_deref(), Some("al"));
        assert_eq!(identity.email.as_str(), Some("alice@corp.example"));
        assert!(matches!(identity.email, Email::Verified(_)));
        assert_eq!(
            identity.picture.as_deref(),
            Some("https://pictures.example/alice")
        );
        assert_eq!(
            identity.claims.id_token()["groups"],
            serde_json::json!(["editors"])
        );
        assert_eq!(session.account(), Some("17"));
        assert_eq!(session.access_token().secret(), "a token");
        assert_eq!(session.scopes(), ["read"]);
        assert_eq!(session.started_at(), site.now().plus(-60));
    }
}

#[tokio::test]
async fn a_test_users_session_is_as_real_as_any() {
    for site in both_kinds() {
        let ended = TestUser::new("alice").logged_in_at(site.now().plus(-12 * 3600));
        let cookie = site.auth().test_cookie(ended).await;
        assert!(holder(site.auth(), &cookie).await.is_none(), "over is over");

        let cookie = site.auth().test_cookie("alice").await;
        let mut browser = site.browser();
        for pair in cookie.split("; ") {
            let (name, value) = pair.split_once('=').unwrap();
            browser.plant(name, value);
        }
        assert_eq!(browser.subject().await.as_deref(), Some("alice"));
        browser.log_out().await;
        assert!(
            holder(site.auth(), &cookie).await.is_none(),
            "logged out is logged out"
        );

        let stranger = Site::builder()
            .configure(|auth| auth.secret("x".repeat(32)))
            .build();
        let cookie = site.auth().test_cookie("alice").await;
        assert!(
            holder(stranger.auth(), &cookie).await.is_none(),
            "another app's keys"
        );
    }
}

#[tokio::test]
async fn a_long_session_of_a_test_user_is_split_like_any() {
    let site = Site::new();
    let user = TestUser::new("alice").claim("groups", "g".repeat(3_500));
    let cookie = site.auth().test_cookie(user).await;
    assert_eq!(cookie.split("; ").count(), 2);
    assert!(holder(site.auth(), &cookie).await.is_some());
}

#[tokio::test]
async fn a_test_user_is_of_the_provider_that_the_test_names() {
    let site = Site::builder().two_providers().oauth().build();
    let cookie = site
        .auth()
        .test_cookie(TestUser::new("alice").provider("ev").claim("team", 7))
        .await;
    let session = holder(site.auth(), &cookie).await.unwrap();
    let token_endpoint = format!("{}/token", site.provider("ev").issuer());
    assert_eq!(session.identity().key(), (token_endpoint.as_str(), "alice"));
    assert_eq!(session.identity().claims.userinfo()["team"], 7);
}

#[tokio::test]
#[should_panic(expected = "no provider \"gitlab\" is configured; there are [\"op\", \"ev\"]")]
async fn a_test_user_of_an_unknown_provider_says_which_there_are() {
    let site = Site::builder().two_providers().build();
    site.auth()
        .test_cookie(TestUser::new("alice").provider("gitlab"))
        .await;
}

#[tokio::test]
#[should_panic(expected = "session.too_large")]
async fn a_test_user_that_fits_no_cookie_says_so() {
    let user = TestUser::new("alice").claim("groups", "g".repeat(20_000));
    Site::new().auth().test_cookie(user).await;
}
