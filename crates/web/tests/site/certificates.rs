//! A client that is known by its certificate, and tokens that are bound to it (RFC 8705).

use codegrant_core::http::{ClientCertificate, HttpRequest, Method};
use codegrant_core::jose::base64url;
use codegrant_core::provider::{AuthenticationMethod, Provider};
use codegrant_dev_provider::Feature;
use codegrant_testkit::Site;
use codegrant_testkit::site::SiteBuilder;
use codegrant_web::{ApiToken, Registration};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use serde_json::json;

use crate::settled;

/// Makes a certificate that is good for these years, and its key, as PEM.
fn made(from: i32, to: i32) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["app.example".to_owned()]).unwrap();
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(to, 1, 1);
    let chain = pem("CERTIFICATE", params.self_signed(&key).unwrap().der());
    (chain, pem("PRIVATE KEY", &key.serialize_der()))
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = base64url::encode(der).replace('-', "+").replace('_', "/");
    let padding = "=".repeat((4 - text.len() % 4) % 4);
    format!("-----BEGIN {label}-----\n{text}{padding}\n-----END {label}-----\n")
}

fn registration() -> Registration {
    let provider = Provider::openid("op", "Example OP", "http://op.localhost:9000");
    Registration::new(provider, "app")
}

/// A site whose client authenticates by its certificate, to which its tokens are bound.
fn builder(chain: &str, key: &str) -> SiteBuilder {
    let certificate = ClientCertificate::from_pem(chain, key).unwrap();
    Site::builder()
        .provided(|settings| {
            settings.with_features([Feature::CertificateBoundTokens, Feature::Introspection])
        })
        .client_metadata(json!({
            "token_endpoint_auth_method": "self_signed_tls_client_auth",
            "tls_client_certificate_bound_access_tokens": true,
            "jwks": { "keys": [{ "x5t#S256": certificate.thumbprint() }] },
        }))
        .only(
            registration()
                .authentication(AuthenticationMethod::SelfSignedTlsClientAuth)
                .certificate(chain, key)
                .certificate_bound_access_tokens(),
        )
}

#[tokio::test]
async fn a_whole_life_with_a_certificate_and_no_secret() {
    let (chain, key) = made(2020, 2120);
    let site = builder(&chain, &key).build();
    let mut browser = site.browser();
    let reply = browser.log_in("op", "ada").await;
    assert_eq!(
        (reply.status, reply.location()),
        (303, Some("/")),
        "{:?}",
        site.failures()
    );
    let session = browser.session().await.unwrap();
    let api = || HttpRequest::new(Method::Get, "http://op.localhost:9000/api/me");
    let answer = site.auth().call_api(&session, api()).await.unwrap();
    assert_eq!(answer.status, 200);
    let token = session.access_token().secret();
    let said = site.auth().introspect("op", token).await.unwrap();
    let certificate = ClientCertificate::from_pem(&chain, &key).unwrap();
    assert_eq!(
        said.members()["cnf"],
        json!({ "x5t#S256": certificate.thumbprint() })
    );
    browser.post("/auth/refresh", &[]).await;
    assert!(site.failures().is_empty());
    browser.log_out().await;
    settled().await;
    for (path, presented) in [
        ("/token", true),
        ("/userinfo", true),
        ("/api/me", true),
        ("/introspect", true),
        ("/revoke", true),
        ("/jwks", false),
        ("/.well-known/openid-configuration", false),
    ] {
        let sent = site.sent();
        let mut sent = sent
            .iter()
            .filter(|request| request.url.ends_with(path))
            .peekable();
        assert!(sent.peek().is_some(), "{path}");
        assert!(
            sent.all(|request| request.certificate.is_some() == presented),
            "{path}"
        );
    }
    assert_eq!(site.provider("op").violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_token_that_is_bound_opens_nothing_without_the_certificate() {
    let (chain, key) = made(2020, 2120);
    let site = builder(&chain, &key).build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let token = ApiToken::from(&browser.session().await.unwrap());
    // Another process of the app, whose client has none.
    let without = registration().authentication(AuthenticationMethod::None);
    let without = Site::builder().beside(&site).only(without).build();
    let api = HttpRequest::new(Method::Get, "http://op.localhost:9000/api/me");
    assert_eq!(
        without.auth().call_api(&token, api).await.unwrap().status,
        401
    );
}

#[tokio::test]
async fn the_wrong_certificate_logs_nobody_in() {
    let (chain, key) = made(2020, 2120);
    let site = builder(&chain, &key).build();
    let (chain, key) = made(2020, 2120);
    let other = registration()
        .authentication(AuthenticationMethod::SelfSignedTlsClientAuth)
        .certificate(chain, key)
        .certificate_bound_access_tokens();
    let other = Site::builder().beside(&site).only(other).build();
    assert_eq!(other.browser().log_in("op", "ada").await.status, 502);
    assert_eq!(other.failures(), ["provider.token_refused"]);
}

#[test]
fn a_certificate_that_cannot_be_used_stops_the_app_at_its_start() {
    let (chain, key) = made(2020, 2120);
    let (_, other) = made(2020, 2120);
    let (expired, expired_key) = made(2019, 2020);
    let (early, early_key) = made(2119, 2120);
    for (chain, key, said) in [
        (&expired, &expired_key, "expired at"),
        (&early, &early_key, "valid from"),
        (&chain, &other, "does not belong"),
        (&key, &key, "no certificate"),
        (&chain, &chain, "private key"),
    ] {
        let site = Site::builder().only(
            registration()
                .authentication(AuthenticationMethod::TlsClientAuth)
                .certificate(chain, key),
        );
        let mistakes = site.try_build().unwrap_err();
        let [mistake] = mistakes.mistakes() else {
            panic!("{mistakes}");
        };
        assert_eq!(mistake.code().name, "configuration.key");
        assert!(mistake.to_string().contains(said), "{mistake}");
        assert!(!mistake.to_string().contains("BEGIN"), "{mistake}");
    }
}
