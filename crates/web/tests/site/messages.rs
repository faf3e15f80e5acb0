//! How requests and responses travel when the plain way is not enough: pushed, signed, and by FAPI 2.0.

use std::sync::LazyLock;

use codegrant_core::form;
use codegrant_core::http::HttpRequest;
use codegrant_core::jose::{Algorithm, SigningKey, base64url};
use codegrant_core::provider::AuthenticationMethod;
use codegrant_dev_provider::{Feature, Settings};
use codegrant_testkit::site::{SiteBuilder, Visit};
use codegrant_testkit::{Fault, Site};
use codegrant_web::{Profile, Registration, RequestObject, ResponseMode};
use serde_json::{Value, json};

use crate::{both_kinds_of, refused};

/// The client's private key as PEM, and its public half.
static KEY: LazyLock<(String, Value)> = LazyLock::new(|| {
    let key = SigningKey::generate(Algorithm::Es256, None).unwrap();
    (pem(key.to_pkcs8().unwrap().as_bytes()), key.public_jwk())
});

fn pem(der: &[u8]) -> String {
    let mut text = base64url::encode(der).replace('-', "+").replace('_', "/");
    text.push_str(&"=".repeat((4 - text.len() % 4) % 4));
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}

fn with_key(registration: Registration) -> Registration {
    // What the site's providers are told goes by the id "app" and this key, and no secret.
    let registration = registration.authentication(AuthenticationMethod::PrivateKeyJwt);
    registration.secret("").signing_key(KEY.0.clone())
}

/// An app that proves itself by a key, at a provider that can do everything.
fn keyed() -> SiteBuilder {
    Site::builder()
        .provided(everything)
        .registered(with_key)
        .client_metadata(json!({
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": { "keys": [KEY.1.clone()] },
        }))
}

fn everything(settings: Settings) -> Settings {
    settings.with_features([
        Feature::PushedRequests,
        Feature::RequestObjects,
        Feature::ResponseObjects,
        Feature::Dpop,
        Feature::DpopNonces,
    ])
}

fn forms(site: &Site, endpoint: &str) -> Vec<Vec<(String, String)>> {
    let sent = site.sent();
    let to = |request: &&HttpRequest| request.loggable_url().ends_with(endpoint);
    let body = |request: &HttpRequest| {
        form::parameters(std::str::from_utf8(&request.body).unwrap()).unwrap()
    };
    sent.iter().filter(to).map(body).collect()
}

fn value(form: &[(String, String)], name: &str) -> String {
    let found = form.iter().find(|(held, _)| held == name);
    found.map_or_else(String::new, |(_, value)| value.clone())
}

fn claims(token: &str) -> Value {
    let payload = base64url::decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

// attack: FA-05
#[tokio::test]
async fn a_key_stands_for_the_secret_at_every_endpoint() {
    let site = keyed().registered(|ours| ours.pushed_requests()).build();
    let mut browser = site.browser();
    let reply = browser.log_in("op", "ada").await;
    assert_eq!((reply.status, reply.location()), (303, Some("/")));
    browser.log_out().await;
    let assertions: Vec<Value> = ["/par", "/token"]
        .iter()
        .map(|endpoint| claims(&value(&forms(&site, endpoint)[0], "client_assertion")))
        .collect();
    for assertion in &assertions {
        assert_eq!(assertion["aud"], "http://op.localhost:9000");
        assert_eq!(
            (&assertion["iss"], &assertion["sub"]),
            (&json!("app"), &json!("app"))
        );
    }
    assert_ne!(assertions[0]["jti"], assertions[1]["jti"]);
    assert_eq!(site.provider("op").violations(), [""; 0]);
}

// attack: FA-02 FA-03
#[tokio::test]
async fn a_pushed_request_leaves_two_parameters_for_the_browser() {
    for site in both_kinds_of(|| keyed().registered(|ours| ours.pushed_requests())) {
        let mut browser = site.browser();
        let url = browser.begin("op").await;
        let names: Vec<String> = url.parameters().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["client_id", "request_uri"]);
        let again = browser.begin("op").await;
        assert_ne!(url.parameter("request_uri"), again.parameter("request_uri"));
        assert_eq!(site.calls("/par"), 2);
        let callback = browser.at_provider(&again, "ada");
        assert_eq!(browser.bring(&callback).await.status, 303);
        assert_eq!(browser.subject().await.as_deref(), Some("ada"));
    }
}

// attack: FA-01
#[tokio::test]
async fn a_pushed_request_that_is_refused_sends_nobody_anywhere() {
    let site = keyed().registered(|ours| ours.pushed_requests()).build();
    for (change, code) in [
        (
            (|answer| answer.set("request_uri", "http://op.localhost:9000/r\r\nx: y"))
                as fn(&mut codegrant_testkit::world::Answer),
            "provider.member_type",
        ),
        (
            |answer| answer.remove("request_uri"),
            "provider.member_missing",
        ),
        (|answer| answer.set("expires_in", 0), "provider.member_type"),
        (|answer| answer.status = 500, "provider.status"),
    ] {
        site.alter("/par", change);
        let mut browser = site.browser();
        let reply = browser.get("/auth/login/op").await;
        assert_eq!((reply.status, reply.location()), (502, None), "{code}");
        assert!(browser.login_cookies().is_empty());
        assert_eq!(site.failures().last(), Some(&code));
        site.behave();
    }
}

#[tokio::test]
async fn a_signed_request_is_believed_by_the_provider() {
    for set in [
        (|ours| ours.request_object(RequestObject::ByValue)) as fn(Registration) -> Registration,
        |ours| {
            ours.request_object(RequestObject::ByValue)
                .pushed_requests()
        },
    ] {
        let site = keyed().registered(set).build();
        let mut browser = site.browser();
        let reply = browser.log_in("op", "ada").await;
        assert_eq!(reply.status, 303, "{:?}", site.failures());
        assert_eq!(browser.subject().await.as_deref(), Some("ada"));
        assert_eq!(site.provider("op").violations(), [""; 0]);
    }
}

fn signed_responses() -> SiteBuilder {
    keyed().registered(|ours| ours.response_mode(ResponseMode::QueryJwt))
}

#[tokio::test]
async fn a_signed_response_is_opened_and_logs_in() {
    for site in both_kinds_of(signed_responses) {
        let mut browser = site.browser();
        let callback = browser.begin_and_sign_in("op", "ada").await;
        assert!(!callback.parameters.value("response").is_empty());
        assert!(callback.parameters.value("code").is_empty());
        assert_eq!(browser.bring(&callback).await.status, 303);
        assert_eq!(browser.subject().await.as_deref(), Some("ada"));
        // The back button: the very transaction that opened this session.
        let reply = browser.bring(&callback).await;
        assert_eq!((reply.status, reply.location()), (303, Some("/")));
        assert_eq!(site.calls("/token"), 1);
    }
}

#[tokio::test]
async fn a_signed_response_may_be_posted() {
    let posted = keyed().registered(|ours| ours.response_mode(ResponseMode::FormPostJwt));
    let site = posted.build();
    let mut browser = site.browser();
    assert_eq!(browser.log_in("op", "grace").await.status, 303);
    assert_eq!(browser.subject().await.as_deref(), Some("grace"));
}

// attack: FA-14 FA-15 FA-16 FA-17 FA-18 FA-20 FA-21
#[tokio::test]
async fn a_signed_response_with_one_defect_calls_nobody_and_opens_nothing() {
    for fault in [
        Fault::JarmWithoutIss,
        Fault::JarmWrongIss,
        Fault::JarmWithoutAud,
        Fault::JarmWrongAud,
        Fault::JarmWithoutExp,
        Fault::JarmExpired,
        Fault::JarmLongLived,
        Fault::JarmWrongSignature,
        Fault::JarmAlgNone,
        Fault::JarmOtherAlgorithm,
        Fault::JarmWithPlainParameters,
        Fault::JarmPlainInstead,
    ] {
        let site = signed_responses().build();
        site.provider("op").inject(fault);
        let mut browser = site.browser();
        refused(&browser.log_in("op", "ada").await);
        assert_eq!(site.calls("/token"), 0, "{fault:?}");
        let told = site.failures();
        assert!(
            told.iter()
                .all(|code| code.starts_with("callback.response_"))
                && told.len() == 1,
            "{fault:?}: {told:?}"
        );
        assert_eq!(browser.subject().await, None);
        assert!(
            browser.login_cookies().is_empty(),
            "the transaction is used up"
        );
    }
    let site = signed_responses().build();
    let mut browser = site.browser();
    let mut callback = browser.begin_and_sign_in("op", "ada").await;
    callback.parameters.set("code", "C2");
    refused(&browser.bring(&callback).await);
    assert_eq!(site.calls("/token"), 0);
}

#[tokio::test]
async fn a_plain_answer_in_place_of_a_signed_one_is_refused() {
    let site = signed_responses().build();
    let mut browser = site.browser();
    let url = browser.begin("op").await;
    let callback = browser.at_provider(&url, "ada");
    let state = claims(callback.parameters.value("response"))["state"].clone();
    let plain = format!(
        "/auth/callback/op?code=C&iss=http%3A%2F%2Fop.localhost%3A9000&state={}",
        state.as_str().unwrap()
    );
    refused(&browser.get(&plain).await);
    assert_eq!(site.failures(), ["callback.response_unsigned"]);
    assert_eq!(site.calls("/token"), 0);
}

#[tokio::test]
async fn keys_are_fetched_for_a_signed_response_and_anew_when_they_have_changed() {
    let site = signed_responses().build();
    for rounds in 1..=2 {
        let mut browser = site.browser();
        assert_eq!(browser.log_in("op", "ada").await.status, 303);
        assert_eq!(site.calls("/jwks"), rounds);
        site.provider("op").rotate_keys().unwrap();
    }
    // A stranger's callback fetches nothing: it belongs to no login of this browser.
    let before = site.calls("/jwks");
    let token = "/auth/callback/op?response=a.eyJzdGF0ZSI6InMifQ.c";
    site.browser().get(token).await;
    assert_eq!(site.calls("/jwks"), before);
}

fn fapi() -> SiteBuilder {
    keyed()
        .registered(|ours| ours.profile(Profile::Fapi2))
        .client_metadata(json!({
            "require_pushed_authorization_requests": true,
            "dpop_bound_access_tokens": true,
        }))
}

#[tokio::test]
async fn a_whole_login_by_fapi_leaves_nothing_to_complain_about() {
    for site in both_kinds_of(fapi) {
        let mut browser = site.browser();
        let reply = browser.log_in("op", "ada").await;
        assert_eq!(reply.status, 303, "{:?}", site.failures());
        assert_eq!(site.calls("/par"), 2, "once more with the nonce");
        assert_eq!(site.provider("op").violations(), [""; 0]);
        assert!(site.failures().is_empty());
    }
}

#[tokio::test]
async fn a_whole_login_with_message_signing_leaves_nothing_to_complain_about() {
    let site = fapi()
        .registered(|ours| {
            let ours = ours.profile(Profile::Fapi2MessageSigning);
            ours.response_mode(ResponseMode::QueryJwt)
        })
        .client_metadata(json!({ "require_signed_request_object": true }))
        .build();
    let mut browser = site.browser();
    let callback = browser.begin_and_sign_in("op", "ada").await;
    assert!(!callback.parameters.value("response").is_empty());
    assert_eq!(browser.bring(&callback).await.status, 303);
    assert_eq!(site.provider("op").violations(), [""; 0]);
}

// attack: ST-18
#[tokio::test]
async fn a_login_by_fapi_that_another_page_starts_asks_the_person_first() {
    let site = fapi()
        .registered(|ours| ours.profile(Profile::Fapi2).third_party_login())
        .build();
    let link = "/auth/login/op?return_to=%2Fpay&max_age=60";
    let issuer = form::encode("http://op.localhost:9000");
    let initiated = format!("/auth/initiate/op?iss={issuer}&login_hint=ada");
    let again = "/auth/login/op?login_hint=ada";
    for (target, link) in [
        (link, link),
        ("/auth/login?return_to=%2Fpay&max_age=60", link),
        (&initiated, again),
    ] {
        let mut browser = site.browser();
        for elsewhere in ["https://evil.example", "https://other.app.example"] {
            let mut page = browser.visit(Visit::get(target).from_page(elsewhere)).await;
            // A redirect does not make a page of ours out of it.
            if let Some(next) = page.location().map(str::to_owned) {
                page = browser.visit(Visit::get(next).from_page(elsewhere)).await;
            }
            assert_eq!((page.status, page.location()), (200, None), "{target}");
            let escaped = link.replace('&', "&amp;");
            assert!(
                page.body.contains(&format!("href=\"{escaped}\"")),
                "{}",
                page.body
            );
        }
        assert_eq!(site.calls("/par"), 0);
        assert!(browser.login_cookies().is_empty());
    }
    // Whoever follows that link, types the address or has a browser that says nothing goes on.
    let plain = Visit::get(link).without_fetch_metadata();
    for (calls, visit) in (2..).zip([Visit::get(link).from_app(), Visit::get(link), plain]) {
        let reply = site.browser().visit(visit).await;
        assert_eq!(reply.status, 303);
        assert_eq!(site.calls("/par"), calls);
    }
}

// attack: FA-26
#[tokio::test]
async fn a_provider_that_cannot_keep_the_profile_is_left_alone() {
    for (change, code) in [
        (
            (|answer| {
                answer.set("id_token_signing_alg_values_supported", ["RS256"]);
            }) as fn(&mut codegrant_testkit::world::Answer),
            "discovery.algorithm_not_offered",
        ),
        (
            |answer| answer.remove("pushed_authorization_request_endpoint"),
            "provider.member_missing",
        ),
        (
            |answer| answer.remove("authorization_response_iss_parameter_supported"),
            "discovery.profile_not_supported",
        ),
    ] {
        let site = fapi().build();
        site.alter("/.well-known/openid-configuration", change);
        let reply = site.browser().get("/auth/login/op").await;
        assert_eq!((reply.status, reply.location()), (502, None));
        assert_eq!(site.failures(), [code]);
        assert_eq!(site.calls("/par"), 0);
    }
}

#[tokio::test]
async fn granted_rights_and_resources_reach_the_session() {
    let builder = || {
        Site::builder()
            .provided(|settings| {
                settings
                    .with_features([Feature::AuthorizationDetails, Feature::ResourceIndicators])
                    .with_authorization_details_type("payment")
            })
            .registered(|ours| {
                let payment = json!({"type": "payment", "max": 5});
                ours.authorization_details(vec![payment.as_object().cloned().unwrap()])
                    .resources(["http://op.localhost:9000/api/me"])
            })
    };
    for site in both_kinds_of(builder) {
        let mut browser = site.browser();
        assert_eq!(browser.log_in("op", "ada").await.status, 303);
        let session = browser.session().await.unwrap();
        let granted = session.authorization_details();
        assert_eq!(granted.len(), 1, "{:?}", site.failures());
        assert_eq!(granted[0]["type"], "payment");
        let token = &forms(&site, "/token")[0];
        assert_eq!(value(token, "resource"), "http://op.localhost:9000/api/me");
        assert_eq!(site.provider("op").violations(), [""; 0]);
    }
}
