//! What providers fetch from us: public keys, and request objects by reference.

use codegrant_core::form;
use codegrant_core::jose::{Algorithm, SigningKey, base64url};
use codegrant_core::provider::{AuthenticationMethod, Provider};
use codegrant_testkit::Site;
use codegrant_testkit::site::{Reply, Visit};
use codegrant_web::{Auth, Registration, RequestObject};
use serde_json::{Value, json};

fn signing(how: RequestObject) -> Site {
    let provider = Provider::openid("op", "OP", "http://op.localhost:9000");
    let key = SigningKey::generate(Algorithm::Es256, Some("k1")).unwrap();
    let pem = pem(key.to_pkcs8().unwrap().as_bytes());
    let registration = Registration::new(provider, "app")
        .secret("op: a client's secret & more")
        .signing_key(pem)
        .signing_key_id("k1")
        .request_object(how);
    Site::builder().only(registration).build()
}

fn pem(der: &[u8]) -> String {
    let text = base64url::encode(der).replace('-', "+").replace('_', "/");
    let text = format!("{text}{}", "=".repeat((4 - text.len() % 4) % 4));
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}

async fn fetch(site: &Site, target: &str) -> Reply {
    // A provider's server is no browser.
    site.browser()
        .visit(Visit::get(target).without_fetch_metadata())
        .await
}

#[tokio::test]
async fn the_public_keys_of_a_registration_are_there_for_its_provider() {
    let site = signing(RequestObject::ByValue);
    let reply = fetch(&site, "/auth/jwks/op").await;
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (200, Some("application/jwk-set+json"))
    );
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    let keys: Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(
        (&keys["keys"][0]["kid"], &keys["keys"][0]["use"]),
        (&"k1".into(), &"sig".into())
    );
    assert!(
        keys["keys"][0].get("d").is_none(),
        "a private key is published"
    );
    assert_eq!(fetch(&site, "/auth/jwks/ev").await.status, 404);
    assert_eq!(
        fetch(&Site::new(), "/auth/jwks/op").await.status,
        404,
        "there is no key to publish"
    );
    let posted = site
        .browser()
        .visit(Visit::new("POST", "/auth/jwks/op"))
        .await;
    assert_eq!((posted.status, posted.header("allow")), (405, Some("GET")));
}

fn request_uri(url: &str) -> String {
    let parameters = form::parameters(url.split_once('?').unwrap().1).unwrap();
    let found = parameters
        .into_iter()
        .find(|(name, _)| name == "request_uri");
    found.unwrap().1
}

// attack: DS-18
#[tokio::test]
async fn a_request_object_is_held_ready_for_minutes_and_nobody_guesses_where() {
    let site = signing(RequestObject::ByReference);
    let url = site.browser().begin("op").await;
    let uri = request_uri(url.as_str());
    let id = uri
        .strip_prefix("https://app.example/auth/request/")
        .unwrap();
    assert!(id.len() >= 22, "{id}");
    assert_ne!(request_uri(site.browser().begin("op").await.as_str()), uri);
    for _ in 0..2 {
        let reply = fetch(&site, &uri).await;
        assert_eq!(reply.status, 200);
        assert_eq!(
            reply.header("content-type"),
            Some("application/oauth-authz-req+jwt")
        );
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(reply.body.split('.').count(), 3);
        for secret in ["client_secret", "code_verifier"] {
            assert!(!reply.body.contains(secret));
        }
    }
    for guess in ["", "x", &id[1..], &format!("{id}A"), "../jwks/op", "%00"] {
        assert_eq!(
            fetch(&site, &format!("/auth/request/{guess}")).await.status,
            404,
            "{guess}"
        );
    }
    site.wait(300);
    assert_eq!(
        fetch(&site, &uri).await.status,
        404,
        "it is not held for ever"
    );
}

// attack: DS-18
#[tokio::test]
async fn nothing_is_held_where_requests_are_not_passed_by_reference() {
    for site in [Site::new(), signing(RequestObject::ByValue)] {
        let url = site.browser().begin("op").await;
        assert!(!url.as_str().contains("request_uri="));
    }
}

#[tokio::test]
async fn a_client_whose_id_is_an_address_is_described_there() {
    let provider = Provider::openid("op", "OP", "http://op.localhost:9000");
    let registration = Registration::new(provider, "")
        .authentication(AuthenticationMethod::None)
        .backchannel_logout()
        .client_id_document();
    let site = Site::builder().only(registration).build();
    let id = "https://app.example/auth/client/op";
    let reply = fetch(&site, "/auth/client/op").await;
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (200, Some("application/json"))
    );
    let document: Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(document["client_id"], id);
    assert_eq!(
        document["redirect_uris"],
        json!(["https://app.example/auth/callback/op"])
    );
    assert_eq!(document["token_endpoint_auth_method"], "none");
    assert_eq!(
        document["backchannel_logout_uri"],
        "https://app.example/auth/backchannel-logout/op"
    );
    assert!(document.get("client_secret").is_none());
    // The login names the client by that address.
    let started = site.browser().get("/auth/login/op").await;
    let sent = started.header("location").unwrap();
    assert!(
        sent.contains(&format!("client_id={}&", form::encode(id))),
        "{sent}"
    );
    let posted = site
        .browser()
        .visit(Visit::new("POST", "/auth/client/op"))
        .await;
    assert_eq!((posted.status, posted.header("allow")), (405, Some("GET")));
    assert_eq!(
        fetch(&Site::new(), "/auth/client/op").await.status,
        404,
        "another id was given by the provider"
    );
}

#[test]
fn a_document_for_everybody_holds_no_secret() {
    let provider = Provider::openid("op", "OP", "http://op.localhost:9000");
    let registration = Registration::new(provider, "")
        .secret("everybody would know it")
        .client_id_document();
    let refused = Auth::builder("http://localhost:3000")
        .registration(registration)
        .build();
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("client_id_document"), "{text}");
    assert!(!text.contains("everybody would know it"), "{text}");
    for beside in ["client_id = \"app\"", "register = true"] {
        let file = format!(
            "public_origin = \"http://localhost:3000\"\n[[provider]]\nid = \"op\"\n\
             issuer = \"http://op.localhost:9000\"\nauthentication = \"none\"\n\
             client_id_document = true\n{beside}\n"
        );
        let refused = Auth::from_toml(&file).unwrap_err().to_string();
        assert!(refused.contains("client_id_document"), "{refused}");
    }
}
