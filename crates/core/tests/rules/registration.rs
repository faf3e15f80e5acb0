//! RFC 7591 and RFC 7592: what a client tells about itself, and what it believes of the answer.

use std::sync::Arc;

use codegrant_core::error::Error;
use codegrant_core::http::{HttpRequest, HttpResponse, Method};
use codegrant_core::jose::{Algorithm, SigningKey};
use codegrant_core::oauth2::AccessToken;
use codegrant_core::provider::{AuthenticationMethod, Provider};
use codegrant_core::{
    Client, ClientInformation, ClientMetadata, ProviderMetadata, ResponseMode, Step, Timestamp,
};
use codegrant_testkit::world::drive;
use serde_json::{Value, json};

pub(crate) const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

pub(crate) fn client() -> Client {
    let provider = Provider::openid("op", "OP", "https://op.example");
    Client::new(provider, "", "https://app.example/auth/callback/op")
        .with_authentication(AuthenticationMethod::ClientSecretBasic)
}

pub(crate) fn metadata(client: &Client) -> ProviderMetadata {
    found(client, &document())
}

/// The metadata of a provider at which nobody can register.
pub(crate) fn metadata_without_registration(client: &Client) -> ProviderMetadata {
    let mut document = document();
    let members = document.as_object_mut().unwrap();
    members.remove("registration_endpoint");
    found(client, &document)
}

fn document() -> Value {
    json!({
        "issuer": "https://op.example",
        "authorization_endpoint": "https://op.example/authorize",
        "token_endpoint": "https://op.example/token",
        "jwks_uri": "https://op.example/jwks",
        "registration_endpoint": "https://op.example/register",
        "pushed_authorization_request_endpoint": "https://op.example/par",
    })
}

fn found(client: &Client, document: &Value) -> ProviderMetadata {
    let found = drive(client.discover().unwrap(), |_| HttpResponse::json(document));
    found.unwrap().value
}

pub(crate) fn answer() -> Value {
    json!({
        "client_id": "s6BhdRkqt3 :%+",
        "client_secret": "cf136dc3c1fd9153029bb9c6cc9ecead918bad9887fce6c93f31185e5885805d",
        "client_secret_expires_at": 0,
        "registration_access_token": "this.is.an.access.token",
        "registration_client_uri": "https://op.example/register/s6BhdRkqt3",
        "redirect_uris": ["https://app.example/auth/callback/op"],
        "token_endpoint_auth_method": "client_secret_basic",
        "id_token_signed_response_alg": "RS256",
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
    })
}

fn answered(
    client: &Client,
    wanted: &ClientMetadata,
    response: HttpResponse,
) -> Result<ClientInformation, Error> {
    let step = client.register(&metadata(client), wanted, None, NOW)?;
    drive(step, |_| response.clone())
}

pub(crate) fn given(answer: &Value) -> Result<ClientInformation, &'static str> {
    let client = client();
    let response = HttpResponse::json(answer).with_status(201);
    answered(&client, &ClientMetadata::of(&client), response).map_err(|error| error.code().name)
}

fn altered(member: &str, value: Value) -> Result<ClientInformation, &'static str> {
    let mut answer = answer();
    answer[member] = value;
    given(&answer)
}

pub(crate) fn sent(step: Step<impl Sized>) -> HttpRequest {
    match step {
        Step::Fetch(mut fetch) => fetch.take_request(),
        Step::Done(_) => panic!("nothing is sent"),
    }
}

pub(crate) fn body(request: &HttpRequest) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

#[test]
fn a_client_says_what_it_is_set_up_for() {
    let key = SigningKey::generate(Algorithm::Es256, Some("k1")).unwrap();
    let client = client()
        .with_signing_key(Arc::new(key))
        .with_authentication(AuthenticationMethod::PrivateKeyJwt)
        .with_response_mode(ResponseMode::QueryJwt)
        .with_response_algorithm(Algorithm::Ps256)
        .with_userinfo_algorithm(Algorithm::Rs256)
        .with_scopes(["openid", "email"])
        .with_pushed_requests()
        .with_dpop();
    let wanted = ClientMetadata::of(&client)
        .with_name("Orchard")
        .with_contacts(["ops@app.example"])
        .with(
            "backchannel_logout_uri",
            json!("https://app.example/auth/backchannel-logout/op"),
        );
    let token = AccessToken::new("initial".to_owned());
    let step = client
        .register(&metadata(&client), &wanted, Some(&token), NOW)
        .unwrap();
    let request = sent(step);
    assert_eq!(
        (request.method, request.url.as_str()),
        (Method::Post, "https://op.example/register")
    );
    assert_eq!(request.header("authorization"), Some("Bearer initial"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    let said = body(&request);
    for (member, value) in [
        (
            "redirect_uris",
            json!(["https://app.example/auth/callback/op"]),
        ),
        ("response_types", json!(["code"])),
        (
            "grant_types",
            json!(["authorization_code", "refresh_token"]),
        ),
        ("application_type", json!("web")),
        ("token_endpoint_auth_method", json!("private_key_jwt")),
        ("token_endpoint_auth_signing_alg", json!("ES256")),
        ("id_token_signed_response_alg", json!("RS256")),
        ("userinfo_signed_response_alg", json!("RS256")),
        ("authorization_signed_response_alg", json!("PS256")),
        ("require_pushed_authorization_requests", json!(true)),
        ("dpop_bound_access_tokens", json!(true)),
        ("scope", json!("openid email")),
        ("client_name", json!("Orchard")),
        ("contacts", json!(["ops@app.example"])),
        (
            "backchannel_logout_uri",
            json!("https://app.example/auth/backchannel-logout/op"),
        ),
    ] {
        assert_eq!(said[member], value, "{member}");
    }
    assert_eq!(said["jwks"]["keys"][0]["kid"], "k1");
    assert!(
        !request.body.windows(3).any(|bytes| bytes == b"\"d\""),
        "the private key went along"
    );
    assert!(said.get("jwks_uri").is_none());
}

#[test]
fn a_plain_client_says_no_more_than_it_has_to() {
    let wanted = ClientMetadata::of(&client());
    for member in [
        "jwks",
        "dpop_bound_access_tokens",
        "request_object_signing_alg",
        "client_name",
        "contacts",
    ] {
        assert!(wanted.members().get(member).is_none(), "{member}");
    }
}

#[test]
fn a_provider_without_a_registration_endpoint_is_not_asked() {
    let client = client();
    let metadata = metadata_without_registration(&client);
    let refused = client
        .register(&metadata, &ClientMetadata::of(&client), None, NOW)
        .unwrap_err();
    assert_eq!(refused.code().name, "registration.not_offered");
}

#[test]
fn what_was_given_out_makes_a_client_that_can_log_in() {
    let information = given(&answer()).unwrap();
    let client = client().with_information(&information);
    assert_eq!(client.id().as_str(), "s6BhdRkqt3 :%+");
    assert!(client.validate().is_ok());
    assert!(information.is_managed() && !information.is_expired(NOW.plus(i64::MAX / 2)));
    assert_eq!(information.issuer(), "https://op.example");
    // Some say 200 where the specification says 201.
    let plain = answered(
        &client,
        &ClientMetadata::of(&client),
        HttpResponse::json(&answer()),
    );
    assert!(plain.is_ok());
}

// attack: DS-15
#[test]
fn a_registration_that_says_something_else_is_refused() {
    for (member, value) in [
        ("redirect_uris", json!(["https://evil.example/cb"])),
        (
            "redirect_uris",
            json!([
                "https://app.example/auth/callback/op",
                "https://evil.example/cb"
            ]),
        ),
        ("redirect_uris", json!([])),
        (
            "redirect_uris",
            json!("https://app.example/auth/callback/op"),
        ),
        ("token_endpoint_auth_method", json!("none")),
        ("token_endpoint_auth_method", json!("client_secret_post")),
        ("id_token_signed_response_alg", json!("none")),
        ("id_token_signed_response_alg", json!("HS256")),
        ("response_types", json!(["token"])),
        ("grant_types", json!(["implicit"])),
    ] {
        assert_eq!(
            altered(member, value.clone()).err(),
            Some("registration.changed"),
            "{member} {value}"
        );
    }
    let client = client().with_pushed_requests().with_dpop();
    let wanted = ClientMetadata::of(&client).with(
        "backchannel_logout_uri",
        json!("https://app.example/auth/backchannel-logout/op"),
    );
    for (member, value) in [
        ("require_pushed_authorization_requests", json!(false)),
        ("dpop_bound_access_tokens", json!(false)),
        ("backchannel_logout_uri", json!("https://evil.example/")),
    ] {
        let mut answer = answer();
        answer[member] = value;
        let refused = answered(&client, &wanted, HttpResponse::json(&answer)).unwrap_err();
        assert_eq!(refused.code().name, "registration.changed", "{member}");
        assert!(refused.to_string().contains(member), "{refused}");
    }
}

// attack: DS-15
#[test]
fn a_registration_without_what_the_client_needs_is_refused() {
    for member in ["client_id", "client_secret"] {
        assert_eq!(
            altered(member, Value::Null).err(),
            Some("provider.member_missing"),
            "{member}"
        );
        for odd in [
            json!(""),
            json!(5),
            json!("a\nb"),
            json!("\u{e9}"),
            json!("x".repeat(2049)),
        ] {
            assert_eq!(
                altered(member, odd.clone()).err(),
                Some("provider.member_type"),
                "{member} {odd}"
            );
        }
    }
    for address in [
        "http://op.example/register/1",
        "https://169.254.169.254/",
        "/register/1",
    ] {
        let refused = altered("registration_client_uri", json!(address));
        assert_eq!(
            refused.err(),
            Some("discovery.endpoint_refused"),
            "{address}"
        );
    }
    for (status, code) in [
        (302, "provider.redirect"),
        (500, "provider.status"),
        (204, "provider.status"),
    ] {
        let client = client();
        let response = HttpResponse::json(&answer()).with_status(status);
        let refused = answered(&client, &ClientMetadata::of(&client), response).unwrap_err();
        assert_eq!(refused.code().name, code);
    }
}

#[test]
fn what_a_provider_does_not_repeat_or_words_in_its_own_way_is_no_change() {
    let bare = json!({"client_id": "id", "client_secret": "secret"});
    assert!(given(&bare).is_ok());
    for (member, value) in [
        (
            "grant_types",
            json!(["refresh_token", "authorization_code", "implicit"]),
        ),
        ("response_types", json!(["code", "none"])),
        ("scope", json!("openid")),
        ("application_type", json!("native")),
        ("redirect_uris", Value::Null),
        ("unknown", json!({"x": 1})),
    ] {
        assert!(altered(member, value.clone()).is_ok(), "{member} {value}");
    }
}

// attack: DS-16
#[test]
fn a_secret_is_good_until_shortly_before_it_expires() {
    let at = |seconds: i64| {
        altered(
            "client_secret_expires_at",
            json!(NOW.plus(seconds).as_unix()),
        )
    };
    for never in [json!(0), Value::Null] {
        let information = altered("client_secret_expires_at", never).unwrap();
        assert!(!information.is_expired(NOW.plus(1_000_000_000)));
        assert_eq!(information.lifetime_seconds(NOW), i64::MAX);
    }
    let hour = at(3600).unwrap();
    assert_eq!(hour.lifetime_seconds(NOW), 3300);
    assert!(!hour.is_expired(NOW.plus(3299)) && hour.is_expired(NOW.plus(3300)));
    for past in [-1, 0, 300] {
        assert_eq!(
            at(past).err(),
            Some("registration.secret_expired"),
            "{past}"
        );
    }
    for odd in [json!("0"), json!(-1), json!(1.5), json!(true)] {
        assert_eq!(
            altered("client_secret_expires_at", odd).err(),
            Some("provider.member_type")
        );
    }
}

// attack: DS-17
#[test]
fn nothing_that_was_given_out_is_ever_printed() {
    let information = given(&answer()).unwrap();
    let shown = format!(
        "{information:?} {:?}",
        client().with_information(&information)
    );
    for secret in ["cf136dc3", "this.is.an", "register/s6"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    // An initial access token that the provider throws back is blotted out.
    let client = client();
    let token = AccessToken::new("initial-token".to_owned());
    let wanted = ClientMetadata::of(&client);
    let step = client
        .register(&metadata(&client), &wanted, Some(&token), NOW)
        .unwrap();
    let refused = drive(step, |request| {
        assert!(!format!("{request:?}").contains("initial-token"));
        let said =
            json!({"error": "invalid_token", "error_description": "initial-token is used up"});
        HttpResponse::json(&said).with_status(401)
    });
    let refused = refused.unwrap_err();
    assert_eq!(refused.code().name, "registration.refused");
    assert!(
        refused.to_string().contains("is used up")
            && !refused.to_string().contains("initial-token")
    );
}

#[test]
fn what_was_given_out_can_be_kept() {
    let information = given(&answer()).unwrap();
    let kept = serde_json::to_string(&information).unwrap();
    let back: ClientInformation = serde_json::from_str(&kept).unwrap();
    assert_eq!(back.client_id(), information.client_id());
    let (one, two) = (
        client().with_information(&information),
        client().with_information(&back),
    );
    assert!(one.validate().is_ok() && two.validate().is_ok());
}
