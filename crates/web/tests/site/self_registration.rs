//! Clients that register themselves (RFC 7591): once, by one request at a time, and again when they have to.

use std::path::PathBuf;

use codegrant_core::form;
use codegrant_core::http::{HttpRequest, HttpResponse, Method};
use codegrant_core::jose::Algorithm;
use codegrant_core::provider::Provider;
use codegrant_dev_provider::Feature;
use codegrant_testkit::Site;
use codegrant_testkit::site::SiteBuilder;
use codegrant_web::Registration;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::provider_failed;

fn registration() -> Registration {
    let provider =
        Provider::openid("op", "OP", "http://op.localhost:9000").with_algorithm(Algorithm::Es256);
    Registration::new(provider, "").register(None)
}

/// The development provider registers nobody else.
fn on_loopback() -> SiteBuilder {
    Site::builder().origin("http://localhost:3000")
}

fn registering(registration: Registration) -> SiteBuilder {
    let site = on_loopback().provided(|settings| {
        settings.with_features([
            Feature::DynamicRegistration,
            Feature::BackChannelLogOut,
            Feature::FrontChannelLogOut,
        ])
    });
    site.only(registration)
}

fn sent_to_register(site: &Site) -> Vec<HttpRequest> {
    let sent = site.sent().into_iter();
    sent.filter(|request| request.method == Method::Post && request.url.ends_with("/register"))
        .collect()
}

fn said(request: &HttpRequest) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

/// A file of this test's own, and none yet.
fn file(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("codegrant-{name}-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    path
}

#[tokio::test]
async fn the_first_login_registers_and_the_next_ones_do_not() {
    let site = registering(registration().contacts(["ops@app.example"])).build();
    assert!(
        site.sent().is_empty(),
        "nothing is asked before a login needs it"
    );
    for subject in ["ada", "grace"] {
        let mut browser = site.browser();
        browser.log_in("op", subject).await;
        assert_eq!(browser.subject().await.as_deref(), Some(subject));
    }
    let [request] = sent_to_register(&site).try_into().unwrap();
    let said = said(&request);
    assert_eq!(
        said["redirect_uris"],
        json!(["http://localhost:3000/auth/callback/op"])
    );
    assert_eq!(said["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(said["id_token_signed_response_alg"], "ES256");
    assert_eq!(said["contacts"], json!(["ops@app.example"]));
    assert!(site.failures().is_empty());
}

#[tokio::test]
async fn a_client_tells_its_provider_where_its_other_endpoints_are() {
    let registration = registration()
        .log_out_at_provider()
        .backchannel_logout()
        .frontchannel_logout()
        .third_party_login();
    let site = registering(registration)
        .configure(|auth| auth.app_name("Orchard"))
        .build();
    site.browser().begin("op").await;
    let said = said(&sent_to_register(&site)[0]);
    for (member, value) in [
        ("client_name", json!("Orchard")),
        (
            "post_logout_redirect_uris",
            json!(["http://localhost:3000/auth/logged-out"]),
        ),
        (
            "backchannel_logout_uri",
            json!("http://localhost:3000/auth/backchannel-logout/op"),
        ),
        ("backchannel_logout_session_required", json!(true)),
        (
            "frontchannel_logout_uri",
            json!("http://localhost:3000/auth/frontchannel-logout/op"),
        ),
        ("frontchannel_logout_session_required", json!(true)),
        (
            "initiate_login_uri",
            json!("http://localhost:3000/auth/initiate/op"),
        ),
    ] {
        assert_eq!(said[member], value, "{member}");
    }
}

// attack: KY-18 DS-15
#[tokio::test]
async fn a_crowd_before_the_first_registration_makes_one() {
    let site = registering(registration()).build();
    let mut crowd = JoinSet::new();
    for _ in 0..50 {
        let site = site.clone();
        crowd.spawn(async move { site.browser().begin("op").await.as_str().to_owned() });
    }
    let mut ids = crowd.join_all().await;
    ids.iter_mut().for_each(|url| *url = client_id(url));
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(sent_to_register(&site).len(), 1);
}

fn client_id(url: &str) -> String {
    let query = url.split_once('?').unwrap().1;
    let parameters = form::parameters(query).unwrap();
    let id = parameters.into_iter().find(|(name, _)| name == "client_id");
    id.unwrap().1
}

// attack: DS-15
#[tokio::test]
async fn a_registration_that_weakens_the_client_starts_no_login() {
    for (member, value) in [
        ("client_id", Value::Null),
        ("redirect_uris", json!(["https://evil.example/cb"])),
        ("token_endpoint_auth_method", json!("none")),
        ("id_token_signed_response_alg", json!("none")),
    ] {
        let site = registering(registration()).build();
        site.alter("/register", move |answer| answer.set(member, value.clone()));
        provider_failed(&site.browser().get("/auth/login/op").await);
        let code = if member == "client_id" {
            "provider.member_missing"
        } else {
            "registration.changed"
        };
        assert_eq!(site.failures(), [code], "{member}");
    }
}

#[tokio::test]
async fn a_failed_registration_is_tried_again_after_a_rest() {
    let site = registering(registration()).build();
    site.script(|request| {
        request
            .url
            .ends_with("/register")
            .then(|| Ok(HttpResponse::new(500)))
    });
    for _ in 0..5 {
        let reply = site.browser().get("/auth/login/op").await;
        assert!([502, 503].contains(&reply.status), "{}", reply.status);
    }
    assert_eq!(
        sent_to_register(&site).len(),
        1,
        "a shut door is knocked at once"
    );
    site.behave();
    site.wait(5);
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    assert_eq!(browser.subject().await.as_deref(), Some("ada"));
    assert_eq!(sent_to_register(&site).len(), 2);
}

#[tokio::test]
async fn a_provider_that_registers_nobody_is_told_from_the_others() {
    let site = on_loopback().only(registration()).build();
    provider_failed(&site.browser().get("/auth/login/op").await);
    assert_eq!(site.failures(), ["registration.not_offered"]);
}

// attack: DS-16
#[tokio::test]
async fn a_secret_that_expires_is_replaced_before_it_does() {
    let site = registering(registration()).build();
    let end = site.now().plus(3600).as_unix();
    site.alter("/register", move |answer| {
        answer.set("client_secret_expires_at", end);
    });
    let first = client_id(site.browser().begin("op").await.as_str());
    site.wait(3200);
    assert_eq!(client_id(site.browser().begin("op").await.as_str()), first);
    site.behave();
    site.wait(200);
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    assert_eq!(browser.subject().await.as_deref(), Some("ada"));
    assert_eq!(sent_to_register(&site).len(), 2);
    assert_ne!(client_id(site.browser().begin("op").await.as_str()), first);
}

#[tokio::test]
async fn an_initial_access_token_goes_to_the_registration_and_nowhere_else() {
    let provider =
        Provider::openid("op", "OP", "http://op.localhost:9000").with_algorithm(Algorithm::Es256);
    let registration = Registration::new(provider, "").register(Some("initial-token\n".to_owned()));
    assert!(!format!("{registration:?}").contains("initial-token"));
    let site = registering(registration).build();
    site.browser().log_in("op", "ada").await;
    let request = &sent_to_register(&site)[0];
    assert_eq!(
        request.header("authorization"),
        Some("Bearer initial-token")
    );
    let others = site
        .sent()
        .into_iter()
        .filter(|sent| !sent.url.ends_with("/register"));
    for other in others {
        assert_ne!(
            other.header("authorization"),
            Some("Bearer initial-token"),
            "{other:?}"
        );
    }
}

// attack: DS-17
#[tokio::test]
async fn a_registration_is_kept_sealed_over_a_restart() {
    let path = file("kept");
    let site = registering(registration().registration_file(&path)).build();
    let first = client_id(site.browser().begin("op").await.as_str());
    let kept = std::fs::read(&path).unwrap();
    assert!(
        !kept
            .windows(first.len())
            .any(|bytes| bytes == first.as_bytes()),
        "the file is not sealed"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let again = on_loopback()
        .beside(&site)
        .only(registration().registration_file(&path))
        .build();
    let mut browser = again.browser();
    browser.log_in("op", "ada").await;
    assert_eq!(browser.subject().await.as_deref(), Some("ada"));
    assert_eq!(client_id(again.browser().begin("op").await.as_str()), first);
    assert!(sent_to_register(&again).is_empty());

    // One that asks for something else is another registration.
    let changed = registration()
        .registration_file(&path)
        .contacts(["ops@app.example"]);
    let changed = on_loopback().beside(&site).only(changed).build();
    assert_ne!(
        client_id(changed.browser().begin("op").await.as_str()),
        first
    );
    // What cannot be opened counts as nothing, and is written anew.
    for odd in [
        b"".to_vec(),
        b"garbage".to_vec(),
        kept[..kept.len() - 1].to_vec(),
        vec![0; 100_000],
    ] {
        std::fs::write(&path, odd).unwrap();
        let site = on_loopback()
            .beside(&site)
            .only(registration().registration_file(&path))
            .build();
        site.browser().begin("op").await;
        assert_eq!(sent_to_register(&site).len(), 1);
        assert!(std::fs::read(&path).unwrap().len() > 100);
    }
    std::fs::remove_file(&path).unwrap();
}

#[tokio::test]
async fn a_file_that_cannot_be_written_stops_no_login() {
    let path = std::env::temp_dir()
        .join("codegrant-no-such-directory")
        .join("registration");
    let site = registering(registration().registration_file(path)).build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    assert_eq!(browser.subject().await.as_deref(), Some("ada"));
}
