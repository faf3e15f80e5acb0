//! What a provider sends signed and encrypted for us, and claims of others: whole logins, in both kinds of
//! session.

use std::sync::{Arc, LazyLock, Mutex};

use codegrant_core::jose::{
    Algorithm, ContentEncryption, DecryptionKey, Encryption, KeyManagement, KeySet,
};
use codegrant_dev_provider::Feature;
use codegrant_testkit::site::SiteBuilder;
use codegrant_testkit::{Fault, Site};
use codegrant_web::{Registration, TransportError, Verdict};
use serde_json::json;

use crate::on_login::asking;

const ENCRYPTION: Encryption = Encryption {
    algorithm: KeyManagement::EcdhEsA256Kw,
    encryption: ContentEncryption::A256CbcHs512,
};

static KEY: LazyLock<DecryptionKey> =
    LazyLock::new(|| DecryptionKey::from_pem(&pem(), None).unwrap());

/// The key as an operator has it, out of OpenSSL.
fn pem() -> String {
    let all: serde_json::Value =
        serde_json::from_str(include_str!("../../../core/tests/data/private_keys.json")).unwrap();
    all["pem"]["sec1-P-256"].as_str().unwrap().to_owned()
}

fn sealed(registration: Registration) -> Registration {
    registration
        .decryption_key(pem())
        .id_token_encryption(ENCRYPTION)
        .userinfo_encryption(ENCRYPTION)
        .userinfo_algorithm(Algorithm::Es256)
}

/// A site whose provider signs and encrypts everything.
fn everything_sealed() -> SiteBuilder {
    let (alg, enc) = (
        ENCRYPTION.algorithm.as_str(),
        ENCRYPTION.encryption.as_str(),
    );
    Site::builder().registered(sealed).client_metadata(json!({
        "jwks": { "keys": [KEY.public_jwk()] },
        "id_token_encrypted_response_alg": alg,
        "id_token_encrypted_response_enc": enc,
        "userinfo_signed_response_alg": "ES256",
        "userinfo_encrypted_response_alg": alg,
        "userinfo_encrypted_response_enc": enc,
    }))
}

fn both(make: fn() -> SiteBuilder) -> [Site; 2] {
    [make().build(), make().memory_sessions().build()]
}

#[tokio::test]
async fn encrypted_id_tokens_and_userinfo_log_in() {
    for site in both(everything_sealed) {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        assert_eq!(browser.get("/").await.body, "Hello, Ada Lovelace!");
        assert_eq!(site.failures(), Vec::<String>::new());
        assert_eq!(site.calls("/userinfo"), 1);
    }
}

// attack: JW-45 JW-46
#[tokio::test]
async fn a_token_in_the_clear_or_for_another_logs_nobody_in() {
    for (fault, code) in [
        (Fault::NotEncrypted, "encryption.missing"),
        (Fault::EncryptedForAnother, "encryption.undecryptable"),
    ] {
        for site in both(everything_sealed) {
            site.provider("op").inject(fault);
            let mut browser = site.browser();
            let reply = browser.log_in("op", "ada").await;
            crate::refused(&reply);
            assert_eq!(site.failures(), [code], "{fault}");
            assert_eq!(site.calls("/userinfo"), 0);
            assert_eq!(browser.get("/").await.body, "Hello, stranger!");
        }
    }
}

fn with_claims_of_others() -> SiteBuilder {
    Site::builder().provided(|settings| {
        settings.with_features([Feature::AggregatedClaims, Feature::DistributedClaims])
    })
}

#[tokio::test]
async fn claims_of_others_reach_the_app_once_and_no_session() {
    for kind in [|site: SiteBuilder| site, SiteBuilder::memory_sessions] {
        let seen: Arc<Mutex<Vec<codegrant_web::ClaimSource>>> = Arc::default();
        let keep = seen.clone();
        let hook = move |login: &codegrant_web::Login| {
            keep.lock()
                .unwrap()
                .extend_from_slice(login.claim_sources());
            Ok(Verdict::Accept)
        };
        let site = kind(with_claims_of_others())
            .configure(|auth| asking(auth, hook))
            .build();
        let mut browser = site.browser();
        let callback = browser.begin_and_sign_in("op", "ada").await;
        let reply = browser.bring(&callback).await;
        let given = reply.login.unwrap();
        assert_eq!(given.identity().name.as_deref(), Some("Ada Lovelace"));
        assert_eq!(site.calls("/claims"), 1);

        let seen = seen.lock().unwrap().clone();
        assert_eq!(seen, given.claim_sources());
        let published = site
            .sent()
            .iter()
            .filter(|request| request.url.ends_with("/claims"))
            .all(|request| request.header("authorization") != given_token(&given).as_deref());
        assert!(published, "our own token went to a source");

        let set = json!({ "keys": [key_of(&site)] }).to_string();
        let keys = KeySet::parse(set.as_bytes()).unwrap();
        let issuer = site.provider("op").issuer().to_owned();
        let mut claims = serde_json::Map::new();
        for source in &seen {
            let said = source.verify(&issuer, &keys, Algorithm::Es256, site.now());
            claims.extend(said.unwrap());
        }
        assert_eq!(claims["credit_score"], 650);
        assert_eq!(claims["eye_color"], "brown");

        let session = browser.session().await.unwrap();
        let userinfo = session.identity().claims.userinfo();
        assert!(!userinfo.contains_key("_claim_sources"), "{userinfo:?}");
        assert!(!userinfo.contains_key("eye_color"), "{userinfo:?}");
    }
}

fn given_token(login: &codegrant_web::Login) -> Option<String> {
    Some(format!("Bearer {}", login.access_token().secret()))
}

/// The key that the provider publishes.
fn key_of(site: &Site) -> serde_json::Value {
    use codegrant_core::http::{HttpRequest, Method};
    let provider = site.provider("op");
    let url = format!("{}/jwks", provider.issuer());
    let answer = provider.handle(&HttpRequest::new(Method::Get, url), site.now());
    let set: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    set["keys"][0].clone()
}

#[tokio::test]
async fn a_source_that_cannot_be_reached_ends_no_login() {
    for kind in [|site: SiteBuilder| site, SiteBuilder::memory_sessions] {
        let site = kind(with_claims_of_others()).build();
        site.script(|request| {
            request.url.ends_with("/claims").then(|| {
                Err(TransportError::Unreachable {
                    url: request.loggable_url().to_owned(),
                    reason: "nobody is there".to_owned(),
                })
            })
        });
        let mut browser = site.browser();
        let callback = browser.begin_and_sign_in("op", "ada").await;
        let reply = browser.bring(&callback).await;
        let sources = reply.login.unwrap();
        let sources = sources.claim_sources();
        assert_eq!(sources.len(), 2);
        let unread: Vec<&str> = sources
            .iter()
            .filter(|source| source.token().is_none())
            .map(|source| source.name())
            .collect();
        assert_eq!(unread, ["distributed"]);
        assert_eq!(browser.get("/").await.body, "Hello, Ada Lovelace!");
        assert_eq!(site.failures(), Vec::<String>::new());
    }
}
