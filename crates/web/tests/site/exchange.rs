//! The requests to the provider, and what is believed of answers that look honest.

use codegrant_core::http::HttpResponse;
use codegrant_testkit::{Fault, Site};

use crate::provider_failed;

// attack: UI-09 TK-24 TK-25
#[tokio::test]
async fn secrets_leave_by_one_header_each_and_never_in_an_address() {
    let site = Site::new();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let token = browser
        .session()
        .await
        .unwrap()
        .access_token()
        .secret()
        .clone();
    for request in site.sent() {
        let body = String::from_utf8(request.body.clone()).unwrap();
        let header = request.header("authorization");
        assert!(!request.url.contains('?'), "{}", request.url);
        match request.loggable_url().rsplit('/').next().unwrap() {
            // `printf 'app:op%%3A+a+client%%27s+secret+%%26+more' | base64` (RFC 6749 section 2.3.1)
            "token" => assert_eq!(
                header,
                Some("Basic YXBwOm9wJTNBK2ErY2xpZW50JTI3cytzZWNyZXQrJTI2K21vcmU=")
            ),
            "userinfo" => assert_eq!(header, Some(format!("Bearer {token}").as_str())),
            _ => assert_eq!(header, None),
        }
        for held in ["client_secret", "secret", "client_id", token.as_str()] {
            assert!(!body.contains(held), "{held} in a body");
        }
    }
}

// attack: TK-26
#[tokio::test]
async fn a_weaker_authentication_method_is_not_stepped_down_to() {
    for offered in [
        vec!["none"],
        vec!["client_secret_post"],
        vec!["private_key_jwt", "none"],
    ] {
        let site = Site::new();
        site.alter("openid-configuration", move |metadata| {
            metadata.set("token_endpoint_auth_methods_supported", offered.clone());
        });
        let reply = site.browser().get("/auth/login/op").await;
        provider_failed(&reply);
        assert_eq!(site.failures(), ["discovery.authentication_not_offered"]);
    }
}

// attack: TK-04
#[tokio::test]
async fn an_error_beside_a_token_counts() {
    let site = Site::new();
    site.alter("/token", |answer| answer.set("error", "invalid_grant"));
    provider_failed(&site.browser().log_in("op", "ada").await);
    assert_eq!(site.failures(), ["provider.token_refused"]);
}

// attack: TK-05 TK-06 UI-11
#[tokio::test]
async fn what_is_longer_than_the_limit_is_not_read() {
    for (endpoint, status) in [("/token", 400), ("/token", 200), ("/userinfo", 200)] {
        let site = Site::new();
        site.script(move |request| {
            let body = vec![b'x'; request.limits.max_body + 1];
            let answer = HttpResponse::new(status).with_body(body);
            request.url.ends_with(endpoint).then_some(Ok(answer))
        });
        provider_failed(&site.browser().log_in("op", "ada").await);
        assert_eq!(site.failures(), ["transport.too_large"]);
    }
}

// attack: TK-16 TK-17 TK-20
#[tokio::test]
async fn a_lifetime_and_scopes_are_kept_as_they_were_said() {
    let site = Site::new();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let session = browser.session().await.unwrap();
    assert_eq!(
        session.access_token_expires_at(),
        Some(site.now().plus(3600))
    );
    assert_eq!(session.scopes(), ["openid", "profile", "email"]);
    site.alter("/token", |answer| {
        answer.remove("expires_in");
        answer.set("scope", "openid admin everything");
    });
    browser.log_in("op", "ada").await;
    let session = browser.session().await.unwrap();
    assert_eq!(session.access_token_expires_at(), None);
    assert_eq!(session.scopes(), ["openid", "admin", "everything"]);
}

// attack: TK-31 LK-01
#[tokio::test]
async fn a_secret_in_an_error_text_reaches_nobody() {
    let site = Site::new();
    site.provider("op").inject(Fault::TokenErrorEchoesRequest);
    let mut browser = site.browser();
    let callback = browser.begin_and_sign_in("op", "ada").await;
    let reply = browser.bring(&callback).await;
    provider_failed(&reply);
    let told = format!("{:?}", site.events());
    assert!(told.contains("token_refused"));
    for secret in [
        callback.code(),
        "a client's secret",
        "client%27s",
        "YXBwOm9w",
    ] {
        assert!(!reply.body.contains(secret), "{secret}");
        assert!(!told.contains(secret), "{secret}");
    }
}

// attack: AC-03
#[tokio::test]
async fn an_address_is_verified_by_the_json_value_true_alone() {
    for value in [
        serde_json::json!("true"),
        serde_json::json!(1),
        serde_json::json!(null),
        serde_json::json!(["true"]),
        serde_json::json!(false),
    ] {
        let site = Site::new();
        site.alter("/userinfo", move |answer| {
            answer.set("email_verified", value.clone());
        });
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let session = browser.session().await.unwrap();
        let email = &session.identity().email;
        assert_eq!(
            *email,
            codegrant_web::Email::Claimed("ada@example.test".to_owned())
        );
    }
    let site = Site::new();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let session = browser.session().await.unwrap();
    assert!(matches!(
        &session.identity().email,
        codegrant_web::Email::Verified(_)
    ));
}

// attack: AC-06 AC-07
#[tokio::test]
async fn a_name_or_an_address_is_no_account() {
    let site = Site::new();
    site.alter("/userinfo", |answer| {
        answer.set("preferred_username", "ada");
        answer.set("name", "Ada Lovelace");
        answer.remove("email");
        answer.set("upn", "ada@example.test");
    });
    let mut browser = site.browser();
    browser.log_in("op", "grace").await;
    let session = browser.session().await.unwrap();
    assert_eq!(
        session.identity().key(),
        (site.provider("op").issuer(), "grace")
    );
    assert_eq!(session.identity().email, codegrant_web::Email::Absent);
}
