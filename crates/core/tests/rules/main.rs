//! The rules that core holds browsers and providers to, tried by values: whole logins, no network.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod asked;
mod assertions;
mod callback;
mod certificates;
mod claim_sources;
mod claims;
mod client_authentication;
mod configuration;
mod continued;
mod discovery;
mod disguises;
mod endpoints;
mod errors;
mod fetch_metadata;
mod id_token;
mod identity;
mod keys;
mod log_out;
mod logout_token;
mod management;
mod metadata;
mod mix_up;
mod mutation;
mod profiles;
mod provider_entry;
mod pushed_requests;
mod received;
mod redirects;
mod refresh;
mod registration;
mod request_objects;
mod requests;
mod secrets;
mod sender_constraint;
mod sharpened;
mod signed_responses;
mod third_party;
mod times;
mod token_endpoint;
mod token_family;
mod token_members;
mod transaction;
mod userinfo;
mod webfinger;

use std::collections::BTreeMap;

use codegrant_core::error::Purpose;
use codegrant_core::http::ClientCertificate;
use codegrant_core::provider::{Endpoints, Path, Provider, Quirk, UserMapping};
use codegrant_core::{Client, Login, Timestamp};
use codegrant_testkit::World;
use codegrant_testkit::world::{Outcome, Script};

/// Asserts that a login is refused with this code before anything is sent to the token endpoint.
#[track_caller]
fn refused_at_the_callback(outcome: &Outcome<Login>, code: &str) {
    assert_eq!(outcome.code(), Some(code));
    assert!(!outcome.called(Purpose::Token), "the code was sent");
}

/// Asserts that a login is refused with this code after one token request and before userinfo.
#[track_caller]
fn refused_at_the_id_token(outcome: &Outcome<Login>, code: &str) {
    assert_eq!(outcome.code(), Some(code));
    assert_eq!(outcome.calls(Purpose::Token), 1, "token requests");
    assert!(!outcome.called(Purpose::Userinfo), "userinfo was called");
}

/// Logs in with OpenID Connect after altering the script.
fn login(alter: impl FnOnce(&mut Script)) -> Outcome<Login> {
    World::openid().login(alter)
}

/// The moment at which every world's clock stands at first.
fn start() -> Timestamp {
    World::openid().now
}

/// Collects parameters, none of which may stand twice.
fn distinct(pairs: Vec<(String, String)>) -> BTreeMap<String, String> {
    let count = pairs.len();
    let distinct: BTreeMap<_, _> = pairs.into_iter().collect();
    assert_eq!(distinct.len(), count, "a parameter stands twice");
    distinct
}

/// An OAuth 2.0 provider of nobody's, whose account is the member `id`.
fn wiki() -> Provider {
    let endpoints = Endpoints {
        authorization: "https://www.wiki.example/authorize".into(),
        token: "https://wiki.example/token".into(),
        userinfo: "https://api.wiki.example/me".into(),
        revocation: None,
    };
    Provider::oauth("wiki", "Wiki", endpoints, UserMapping::new(Path::new("id")))
}

/// The world of that provider with declared departures from the RFCs.
fn with_quirks(quirks: impl IntoIterator<Item = Quirk>) -> World {
    let mut provider = wiki();
    provider.quirks = quirks.into_iter().collect();
    let client = Client::new(provider, "app", "https://app.example/auth/callback/wiki");
    let mut world = World::new(client.with_secret("client-secret"));
    world.userinfo = serde_json::json!({ "id": 1 });
    world
}

/// A client certificate, good for as long as any test runs.
fn certificate() -> ClientCertificate {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["app.example".to_owned()]).unwrap();
    let chain = pem("CERTIFICATE", params.self_signed(&key).unwrap().der());
    ClientCertificate::from_pem(&chain, &pem("PRIVATE KEY", &key.serialize_der())).unwrap()
}

/// Writes DER as PEM (RFC 7468).
fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{encoded}\n-----END {label}-----\n")
}
