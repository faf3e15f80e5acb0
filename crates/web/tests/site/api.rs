//! Calls of the app's own: with a session's token, with one of its own, and with one that was exchanged.

use codegrant_core::http::{HttpRequest, HttpResponse, Method};
use codegrant_core::provider::Provider;
use codegrant_dev_provider::Feature;
use codegrant_testkit::Site;
use codegrant_web::{ApiToken, Registration, Session, TokenExchange};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::settled;

const API: &str = "http://op.localhost:9000/api/me";

fn request() -> HttpRequest {
    HttpRequest::new(Method::Get, API)
}

async fn logged_in(site: &Site) -> Session {
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    browser.session().await.unwrap()
}

fn with(features: &'static [Feature]) -> Site {
    let site = Site::builder().client_metadata(json!({
        "grant_types": ["authorization_code", "refresh_token", "client_credentials",
            "urn:ietf:params:oauth:grant-type:token-exchange"],
    }));
    // A function of its own for each, because the builder takes no captures.
    match features {
        [Feature::ClientCredentials] => site.provided(|settings| {
            settings
                .with_features([Feature::ClientCredentials])
                .with_scope("prices:read")
        }),
        _ => site.provided(|settings| {
            settings.with_features([Feature::Introspection, Feature::TokenExchange])
        }),
    }
    .build()
}

#[tokio::test]
async fn an_api_gets_the_token_in_the_header_and_the_app_the_answer_as_it_is() {
    let site = Site::new();
    let session = logged_in(&site).await;
    let answer = site.auth().call_api(&session, request()).await.unwrap();
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((answer.status, &body["subject"]), (200, &json!("ada")));
    let sent = site.sent();
    let sent = sent.last().unwrap();
    let bearer = format!("Bearer {}", session.access_token().secret());
    assert_eq!(sent.header("authorization"), Some(bearer.as_str()));
    assert_eq!((sent.url.as_str(), sent.header("dpop")), (API, None));
    for status in [204, 302, 401, 404, 500] {
        site.script(move |request| (request.url == API).then(|| Ok(HttpResponse::new(status))));
        let before = site.calls("/api/me");
        assert_eq!(
            site.auth()
                .call_api(&session, request())
                .await
                .unwrap()
                .status,
            status
        );
        assert_eq!(site.calls("/api/me"), before + 1, "{status}");
        site.behave();
    }
}

#[tokio::test]
async fn a_call_keeps_its_method_its_body_and_its_headers() {
    let site = Site::new();
    let session = logged_in(&site).await;
    for method in [Method::Post, Method::Put, Method::Patch, Method::Delete] {
        let mut request = HttpRequest::new(method, "https://api.example/things?a=b");
        request.set_header("content-type", "application/json");
        request.body = b"{}".to_vec();
        site.script(|_| Some(Ok(HttpResponse::new(204))));
        site.auth().call_api(&session, request).await.unwrap();
        let sent = site.sent();
        let sent = sent.last().unwrap();
        assert_eq!(
            (sent.method, sent.url.as_str()),
            (method, "https://api.example/things?a=b")
        );
        assert_eq!(
            (sent.body.as_slice(), sent.header("content-type")),
            (&b"{}"[..], Some("application/json"))
        );
        site.behave();
    }
}

#[tokio::test]
async fn a_token_goes_nowhere_where_it_could_be_read_on_the_way() {
    let site = Site::new();
    let session = logged_in(&site).await;
    let before = site.sent().len();
    for url in [
        "http://api.example/",
        "http://192.168.0.1/",
        "http://localhost.example/",
        "ftp://localhost/",
        "file:///etc/passwd",
        "https://user:password@api.example/",
        "https://user@api.example/",
        "//api.example/",
        "/api",
        "",
    ] {
        let called = site
            .auth()
            .call_api(&session, HttpRequest::new(Method::Get, url))
            .await;
        assert_eq!(called.unwrap_err().code().name, "api.address", "{url}");
    }
    for header in ["authorization", "Authorization", "dpop", "DPoP"] {
        let mut taken = request();
        taken.headers.push((header, "mine".to_owned()));
        let called = site.auth().call_api(&session, taken).await;
        assert_eq!(
            called.unwrap_err().code().name,
            "api.header_taken",
            "{header}"
        );
    }
    assert_eq!(site.sent().len(), before, "nothing left");
}

#[tokio::test]
async fn a_session_of_a_provider_that_is_gone_calls_nobody() {
    let site = Site::builder().two_providers().build();
    let session = logged_in(&site).await;
    let without = Site::builder().beside(&site).only(Registration::new(
        Provider::openid("ev", "Evil", "http://ev.localhost:9000"),
        "app",
    ));
    let without = without.build();
    let called = without.auth().call_api(&session, request()).await;
    assert_eq!(called.unwrap_err().code().name, "session.gone");
    assert!(without.sent().is_empty());
}

#[tokio::test]
async fn what_a_provider_says_about_a_token_is_told_and_a_dead_one_is_no_error() {
    let site = with(&[Feature::Introspection]);
    let session = logged_in(&site).await;
    let token = session.access_token().secret();
    let said = site.auth().introspect("op", token).await.unwrap();
    assert!(said.is_active());
    assert_eq!(
        (said.subject(), said.client_id()),
        (Some("ada"), Some("app"))
    );
    assert_eq!(said.expires_at(), session.access_token_expires_at());
    assert!(said.scopes().contains(&"openid"));
    for dead in ["", "nonsense", "\u{0}"] {
        let said = site.auth().introspect("op", dead).await.unwrap();
        assert!(!said.is_active() && said.members().is_empty(), "{dead:?}");
    }
    site.wait(3600);
    assert!(
        !site
            .auth()
            .introspect("op", token)
            .await
            .unwrap()
            .is_active()
    );
    let unknown = site.auth().introspect("nobody", token).await.unwrap_err();
    assert_eq!(unknown.code().name, "api.unknown_provider");
    let without = Site::new();
    let missing = without.auth().introspect("op", token).await.unwrap_err();
    assert_eq!(missing.code().name, "discovery.endpoint_missing");
}

#[tokio::test]
async fn an_exchanged_token_opens_another_service() {
    let site = with(&[Feature::TokenExchange]);
    let session = logged_in(&site).await;
    let wanted = TokenExchange::new().audience("billing").scopes(["profile"]);
    let token = site.auth().exchange_token(&session, wanted).await.unwrap();
    assert_ne!(
        token.access_token().secret(),
        session.access_token().secret()
    );
    assert_eq!(token.scopes(), ["profile"]);
    assert_eq!(
        token.issued_token_type(),
        Some("urn:ietf:params:oauth:token-type:access_token")
    );
    assert!(!format!("{token:?}").contains(token.access_token().secret()));
    let said = site
        .auth()
        .introspect("op", token.access_token().secret())
        .await
        .unwrap();
    assert_eq!(said.members()["aud"], json!(["billing"]));
    let answer = site.auth().call_api(&token, request()).await.unwrap();
    assert_eq!(answer.status, 401, "and no other one");
    let narrower = TokenExchange::new().scopes(["openid"]);
    let narrower = site
        .auth()
        .exchange_token(&session, narrower)
        .await
        .unwrap();
    let answer = site.auth().call_api(&narrower, request()).await.unwrap();
    assert_eq!(answer.status, 200);
    // A token that opens nothing is not sent anywhere.
    site.alter("/token", |answer| answer.set("token_type", "N_A"));
    let opaque = site
        .auth()
        .exchange_token(&session, TokenExchange::new())
        .await
        .unwrap();
    let before = site.sent().len();
    let called = site.auth().call_api(&opaque, request()).await.unwrap_err();
    assert_eq!(called.code().name, "api.token_not_for_calls");
    assert_eq!(site.sent().len(), before);
}

// attack: RF-11
#[tokio::test]
async fn a_token_is_exchanged_at_no_issuer_but_its_own() {
    let site = Site::builder().two_providers().build();
    let session = logged_in(&site).await;
    let own = ApiToken::from(&session);
    // The app starts again, and the other issuer stands under the same id.
    let moved = Provider::openid("op", "Moved", site.provider("ev").issuer().to_owned());
    let moved = Registration::new(moved, "app").secret("another");
    let restarted = Site::builder().beside(&site).only(moved).build();
    for token in [ApiToken::from(&session), own] {
        let wanted = TokenExchange::new();
        let refused = restarted.auth().exchange_token(&token, wanted).await;
        assert_eq!(refused.unwrap_err().code().name, "session.issuer_changed");
    }
    assert_eq!(restarted.calls("/token"), 0);
}

// attack: LK-06
#[tokio::test]
async fn an_observer_does_not_see_what_an_api_is_sent() {
    let site = Site::new();
    let session = logged_in(&site).await;
    for body in [
        r#"{"iban":"DE0012345"}"#,
        "DE0012345",
        "DE0012345=1&a=DE0012345",
    ] {
        for media_type in ["application/json", "application/x-www-form-urlencoded"] {
            let mut request = HttpRequest::new(Method::Post, "https://api.example/pay?DE0012345");
            request.set_header("content-type", media_type);
            request.body = body.into();
            site.script(|_| Some(Ok(HttpResponse::json(&json!({"DE0012345": "DE0012345"})))));
            site.auth().call_api(&session, request).await.unwrap();
            site.behave();
        }
    }
    assert!(!format!("{:?}", site.events()).contains("DE0012345"));
}

#[tokio::test]
async fn a_token_of_the_apps_own_is_fetched_once_and_again_shortly_before_it_expires() {
    let site = with(&[Feature::ClientCredentials]);
    let mut requests = JoinSet::new();
    for _ in 0..50 {
        let auth = site.auth().clone();
        requests.spawn(async move {
            auth.client_credentials("op", ["prices:read"])
                .await
                .unwrap()
        });
    }
    let tokens = requests.join_all().await;
    assert_eq!(site.calls("/token"), 1, "fifty at once");
    let secret = |token: &ApiToken| token.access_token().secret().clone();
    assert!(
        tokens
            .iter()
            .all(|token| secret(token) == secret(&tokens[0]))
    );
    assert_eq!(
        site.auth()
            .call_api(&tokens[0], request())
            .await
            .unwrap()
            .status,
        200
    );
    let fetch = || async {
        site.auth()
            .client_credentials("op", ["prices:read"])
            .await
            .unwrap()
    };
    site.wait(3600 - 61);
    assert_eq!(secret(&fetch().await), secret(&tokens[0]), "still good");
    site.wait(1);
    assert_ne!(
        secret(&fetch().await),
        secret(&tokens[0]),
        "a minute before its end"
    );
    assert_eq!(site.calls("/token"), 2);
    // Other scopes are another token, in whatever order they are said.
    site.auth()
        .client_credentials("op", [] as [&str; 0])
        .await
        .unwrap();
    assert_eq!(site.calls("/token"), 3);
    let unknown = site
        .auth()
        .client_credentials("nobody", ["a"])
        .await
        .unwrap_err();
    assert_eq!(unknown.code().name, "api.unknown_provider");
}

#[tokio::test]
async fn a_token_of_the_apps_own_that_an_api_refuses_is_fetched_anew() {
    let site = with(&[Feature::ClientCredentials]);
    let fetch = || async {
        site.auth()
            .client_credentials("op", ["prices:read"])
            .await
            .unwrap()
    };
    let first = fetch().await;
    site.script(|request| (request.url == API).then(|| Ok(HttpResponse::new(403))));
    site.auth().call_api(&first, request()).await.unwrap();
    assert_eq!(
        fetch().await.access_token().secret(),
        first.access_token().secret()
    );
    site.behave();
    site.script(|request| (request.url == API).then(|| Ok(HttpResponse::new(401))));
    site.auth().call_api(&first, request()).await.unwrap();
    assert_ne!(
        fetch().await.access_token().secret(),
        first.access_token().secret()
    );
}

#[tokio::test]
async fn a_failure_is_shared_and_not_asked_for_again_for_a_moment() {
    let site = with(&[Feature::ClientCredentials]);
    site.script(|request| {
        let answer =
            HttpResponse::json(&json!({ "error": "unauthorized_client" })).with_status(400);
        request.url.ends_with("/token").then_some(Ok(answer))
    });
    let mut requests = JoinSet::new();
    for _ in 0..20 {
        let auth = site.auth().clone();
        requests.spawn(async move {
            auth.client_credentials("op", ["prices:read"])
                .await
                .unwrap_err()
        });
    }
    for error in requests.join_all().await {
        assert_eq!(error.code().name, "provider.token_refused");
    }
    assert_eq!(site.calls("/token"), 1);
    site.behave();
    assert!(
        site.auth()
            .client_credentials("op", ["prices:read"])
            .await
            .is_err()
    );
    site.wait(5);
    assert!(
        site.auth()
            .client_credentials("op", ["prices:read"])
            .await
            .is_ok()
    );
    settled().await;
}
