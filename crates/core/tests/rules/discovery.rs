//! What else a provider's metadata may say: RFC 8414, the members that the optional exchanges need, and how far
//! the addresses in it may lead.

use codegrant_core::error::Purpose;
use codegrant_core::http::{HttpResponse, Reach};
use codegrant_core::provider::{Path, Provider, UserMapping};
use codegrant_core::{Capabilities, Client, ProviderMetadata, Step};
use codegrant_testkit::World;
use codegrant_testkit::world::drive;
use serde_json::{Value, json};

use crate::metadata::{set_up_refused, told};
use crate::wiki;

/// A client of an OAuth 2.0 issuer without ID tokens.
fn oauth(issuer: &str) -> Client {
    let user = UserMapping::new(Path::new("id"));
    let provider = Provider::oauth_issuer("as", "AS", issuer.to_owned(), user);
    Client::new(provider, "app", "https://app.example/auth/callback/as").with_secret("s")
}

fn document(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": "https://as.example/authorize",
        "token_endpoint": "https://as.example/token",
        "userinfo_endpoint": "https://as.example/me",
    })
}

fn found(client: &Client, document: &Value) -> Result<ProviderMetadata, &'static str> {
    let found = client
        .discover()
        .and_then(|step| drive(step, |_| HttpResponse::json(document)));
    found
        .map(|found| found.value)
        .map_err(|error| error.code().name)
}

fn asked(client: &Client) -> String {
    match client.discover().unwrap() {
        Step::Fetch(mut fetch) => fetch.take_request().url,
        Step::Done(_) => panic!("nothing is asked"),
    }
}

// attack: DS-09
#[test]
fn the_address_of_an_oauth_issuer_is_inserted_before_its_path_and_no_other_is_tried() {
    let name = "/.well-known/oauth-authorization-server";
    for (issuer, url) in [
        ("https://as.example", format!("https://as.example{name}")),
        ("https://as.example/", format!("https://as.example{name}")),
        (
            "https://as.example/a/B",
            format!("https://as.example{name}/a/B"),
        ),
        (
            "https://as.example/a/B/",
            format!("https://as.example{name}/a/B"),
        ),
        (
            "https://as.example:8443/a%20b",
            format!("https://as.example:8443{name}/a%20b"),
        ),
        ("https://as.example//", format!("https://as.example{name}/")),
        (
            "HTTPS://as.example/a",
            format!("HTTPS://as.example{name}/a"),
        ),
        (
            "http://localhost:9000/a/",
            format!("http://localhost:9000{name}/a"),
        ),
    ] {
        assert_eq!(asked(&oauth(issuer)), url, "{issuer}");
        let client = oauth(issuer);
        let refused = drive(client.discover().unwrap(), |_| HttpResponse::new(404)).unwrap_err();
        assert_eq!(refused.code().name, "provider.status", "{issuer}");
    }
}

// attack: DS-09
#[test]
fn an_oauth_issuer_is_compared_to_the_byte() {
    let issuer = "https://as.example/a/";
    assert_eq!(
        found(&oauth(issuer), &document(issuer)).unwrap().issuer,
        issuer
    );
    for other in [
        "https://as.example/a",
        "https://as.example/A/",
        "https://as.example/",
        "https://as.example/a//",
    ] {
        let refused = found(&oauth(issuer), &document(other));
        assert_eq!(refused, Err("discovery.issuer_mismatch"), "{other}");
    }
}

#[test]
fn an_oauth_issuer_needs_a_place_for_its_users_and_no_keys() {
    let mut said = document("https://as.example");
    let metadata = found(&oauth("https://as.example"), &said).unwrap();
    assert_eq!(
        (metadata.jwks_uri.clone(), metadata.issuer_known),
        (None, true)
    );
    assert_eq!(
        metadata.userinfo_endpoint.as_deref(),
        Some("https://as.example/me")
    );
    said.as_object_mut().unwrap().remove("userinfo_endpoint");
    let missing = found(&oauth("https://as.example"), &said);
    assert_eq!(missing, Err("provider.member_missing"));

    let entry = json!({
        "id": "as", "issuer": "https://as.example", "metadata": "oauth",
        "userinfo": "https://api.as.example/me", "user": {"subject": "id"},
    });
    let provider: Provider = serde_json::from_value(entry).unwrap();
    let client = Client::new(provider, "app", "https://app.example/cb").with_secret("s");
    assert!(client.validate().is_ok());
    let metadata = found(&client, &said).unwrap();
    assert_eq!(
        metadata.userinfo_endpoint.as_deref(),
        Some("https://api.as.example/me")
    );
    assert!(!client.provider().is_openid());
}

#[test]
fn an_entry_says_what_an_issuer_publishes() {
    let read =
        |entry: Value| serde_json::from_value::<Provider>(entry).map_err(|error| error.to_string());
    let without = read(json!({"id": "as", "issuer": "https://as.example", "metadata": "oauth"}));
    assert!(without.unwrap_err().contains("needs `user.subject`"));
    let useless = read(
        json!({"id": "op", "issuer": "https://op.example", "userinfo": "https://op.example/me"}),
    );
    assert!(useless.unwrap_err().contains("goes with `metadata"));
    let odd = read(json!({"id": "op", "issuer": "https://op.example", "metadata": "saml"}));
    assert!(odd.is_err());
    let usual = read(json!({"id": "op", "issuer": "https://op.example", "metadata": "openid"}));
    assert!(usual.unwrap().is_openid());
    for bad in [
        "http://as.example",
        "https://as.example?x",
        "https://u@as.example",
    ] {
        assert!(oauth(bad).validate().is_err(), "{bad}");
    }
}

#[test]
fn a_login_at_an_oauth_issuer_reads_the_user_where_its_metadata_says() {
    let mut world = World::new(oauth("https://as.example"));
    world.metadata.body = document("https://as.example");
    world.userinfo = json!({"id": 7});
    let outcome = world.login(|script| script.token.remove("id_token"));
    assert_eq!(outcome.identity().key(), ("https://as.example", "7"));
    assert_eq!(
        outcome.sent(Purpose::Userinfo).request.url,
        "https://as.example/me"
    );
    assert!(!outcome.called(Purpose::Keys));
    assert_eq!(outcome.calls(Purpose::Metadata), 1);
}

const ADDRESSES: [&str; 5] = [
    "introspection_endpoint",
    "pushed_authorization_request_endpoint",
    "registration_endpoint",
    "check_session_iframe",
    "end_session_endpoint",
];

// attack: DS-04 DS-05
#[test]
fn every_address_in_the_metadata_is_held_to_the_same_rules() {
    for url in [
        "http://op.example/x",
        "https://169.254.169.254/x",
        "https://[::1]/x",
        "https://localhost:6379/x",
        "https://10.0.0.1/x",
        "https://0/x",
        "https://2130706433/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://u:p@op.example/x",
        "https://op.example/x#y",
        "/x",
    ] {
        for member in ADDRESSES {
            let outcome = told(|metadata| metadata.set(member, url));
            set_up_refused(&outcome, "discovery.endpoint_refused");
            let alias = told(|metadata| {
                metadata.set("mtls_endpoint_aliases", json!({"token_endpoint": url}));
            });
            set_up_refused(&alias, "discovery.endpoint_refused");
        }
    }
}

// attack: DS-08
#[test]
fn every_member_of_the_metadata_has_its_type() {
    for (member, odd) in [
        ("require_pushed_authorization_requests", json!("true")),
        ("backchannel_logout_supported", json!(1)),
        ("request_uri_parameter_supported", json!("false")),
        ("code_challenge_methods_supported", json!("S256")),
        ("dpop_signing_alg_values_supported", json!([1])),
        ("response_modes_supported", json!({})),
        ("mtls_endpoint_aliases", json!([])),
        ("mtls_endpoint_aliases", json!({"token_endpoint": 5})),
        ("introspection_endpoint", json!(["https://op.example/x"])),
    ] {
        let outcome = told(|metadata| metadata.set(member, odd.clone()));
        set_up_refused(&outcome, "provider.member_type");
    }
}

#[test]
fn a_list_that_is_absent_says_nothing_and_an_empty_one_allows_nothing() {
    let said = |member: &str, value: Value| {
        let mut document = document("https://as.example");
        document[member] = value;
        found(&oauth("https://as.example"), &document)
            .unwrap()
            .capabilities
            .clone()
    };
    let nothing = said("unknown_member", json!(true));
    assert_eq!(nothing, Capabilities::default());
    assert!(nothing.request_uri_parameter_supported && !nothing.request_parameter_supported);
    let modes = nothing.response_modes_supported;
    assert!(modes.allows("form_post") && !modes.is_stated() && modes.names().is_empty());
    let modes = said("response_modes_supported", json!(["query"])).response_modes_supported;
    assert!(modes.allows("query") && !modes.allows("form_post") && modes.is_stated());
    let none = said("response_modes_supported", json!([])).response_modes_supported;
    assert!(!none.allows("query") && none.is_stated());
    assert!(!said("request_uri_parameter_supported", json!(false)).request_uri_parameter_supported);
    assert!(
        said("require_pushed_authorization_requests", json!(true))
            .require_pushed_authorization_requests
    );
}

// attack: DS-05 DS-06
#[test]
fn a_request_says_how_far_it_may_lead() {
    let mut metadata = document("https://as.example");
    metadata["jwks_uri"] = json!("https://keys.example/jwks");
    let reach = |client: &Client, metadata: &Value| {
        let found = drive(client.discover().unwrap(), |request| {
            assert_eq!(
                request.reach,
                if client.provider().public_only {
                    Reach::Public
                } else {
                    Reach::Anywhere
                }
            );
            HttpResponse::json(metadata)
        });
        match found.unwrap().value.fetch_keys() {
            Step::Fetch(mut fetch) => fetch.take_request().reach,
            Step::Done(_) => panic!("there are keys"),
        }
    };
    let client = oauth("https://as.example");
    assert_eq!(
        reach(&client, &metadata),
        Reach::LikeHost("as.example".to_owned())
    );
    metadata["jwks_uri"] = json!("https://as.example/jwks");
    assert_eq!(reach(&client, &metadata), Reach::Anywhere);
    let chosen = client.provider().clone().on_public_addresses_only();
    let chosen = Client::new(chosen, "app", "https://app.example/cb").with_secret("s");
    assert_eq!(reach(&chosen, &metadata), Reach::Public);
}

// attack: DS-05
#[test]
fn tokens_and_users_are_fetched_within_the_same_reach() {
    let mut world = World::openid();
    world
        .metadata
        .set("token_endpoint", "https://tokens.example/token");
    world
        .metadata
        .set("userinfo_endpoint", "https://users.example/me");
    let outcome = world.login(|_honest| {});
    assert_eq!(outcome.code(), None);
    let like = Reach::LikeHost("op.example".to_owned());
    assert_eq!(outcome.sent(Purpose::Token).request.reach, like);
    assert_eq!(outcome.sent(Purpose::Userinfo).request.reach, like);
    // What the operator wrote may be anywhere.
    let mut own = World::new(Client::new(wiki(), "app", "https://app.example/cb").with_secret("s"));
    own.userinfo = json!({"id": 1});
    let outcome = own.login(|_honest| {});
    assert_eq!(outcome.code(), None);
    assert_eq!(outcome.sent(Purpose::Token).request.reach, Reach::Anywhere);
    assert_eq!(
        outcome.sent(Purpose::Userinfo).request.reach,
        Reach::Anywhere
    );
}

// attack: DS-05
#[test]
fn addresses_are_public_or_they_are_not_in_every_spelling() {
    let permits = |address: &str| Reach::Public.permits(address.parse().unwrap());
    for inside in [
        "127.0.0.1",
        "127.9.9.9",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.127.255.255",
        "0.0.0.0",
        "0.1.2.3",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "192.0.0.1",
        "198.18.0.1",
        "198.19.255.255",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "fd12::1",
        "ff02::1",
        "fec0::1",
        "::ffff:10.0.0.1",
        "::10.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::101:101",
        "2002:a00:1::",
        "2001:0:102:304::f5ff:fffe",
        "::ffff:0:10.0.0.1",
        "100::1",
    ] {
        assert!(!permits(inside), "{inside}");
        assert!(Reach::Anywhere.permits(inside.parse().unwrap()));
    }
    for public in [
        "1.1.1.1",
        "100.128.0.1",
        "172.32.0.1",
        "198.20.0.1",
        "2606:4700::1111",
        "::ffff:1.1.1.1",
        "64:ff9b::101:101",
    ] {
        assert!(permits(public), "{public}");
    }
}
