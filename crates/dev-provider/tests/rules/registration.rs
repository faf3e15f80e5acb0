//! Clients that register themselves (RFC 7591) and manage what they registered (RFC 7592).

use codegrant_core::http::{HttpRequest, HttpResponse, Method};
use codegrant_core::jose::base64url;
use codegrant_dev_provider::{Fault, Feature};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::support::{
    CALLBACK, ISSUER, START, VERIFIER, World, authorization_url, form, json_of, parameter, part,
    settings,
};

fn world() -> World {
    World::with(settings().with_features([Feature::DynamicRegistration]))
}

fn send(
    world: &World,
    method: Method,
    url: &str,
    token: Option<&str>,
    body: &Value,
) -> HttpResponse {
    let mut request = HttpRequest::new(method, url);
    request.set_header("content-type", "application/json");
    request.body = body.to_string().into_bytes();
    if let Some(token) = token {
        request.set_header("authorization", format!("Bearer {token}"));
    }
    world.provider.handle(&request, world.now.get())
}

fn register(world: &World, metadata: &Value) -> (u16, Value) {
    let url = format!("{ISSUER}/register");
    json_of(&send(world, Method::Post, &url, None, metadata))
}

fn registered(world: &World) -> Value {
    let (status, client) = register(world, &json!({ "redirect_uris": [CALLBACK] }));
    assert_eq!(status, 201, "{client}");
    client
}

/// Sends a request to the address where a registration is managed, with its token.
fn manage(world: &World, method: Method, client: &Value, body: &Value) -> HttpResponse {
    let url = client["registration_client_uri"].as_str().unwrap();
    let token = client["registration_access_token"].as_str();
    send(world, method, url, token, body)
}

/// Logs in with HTTP Basic as RFC 6749 section 2.3.1 writes it; returns the token endpoint's answer.
fn log_in(world: &World, client: &Value) -> (u16, Value) {
    let id = client["client_id"].as_str().unwrap();
    let secret = client["client_secret"].as_str().unwrap();
    let url = authorization_url(&[("client_id", id)]);
    let answer = world.provider.authorize_as(&url, "ada", world.now.get());
    let code = parameter(&answer, "code").unwrap();
    let mut request = form(
        "/token",
        &[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ],
    );
    let encode = |part: &str| form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>();
    let joined = format!("{}:{}", encode(id), encode(secret));
    let encoded = base64url::encode(joined.as_bytes());
    request.set_header("authorization", format!("Basic {encoded}"));
    json_of(&world.provider.handle(&request, world.now.get()))
}

#[test]
fn a_client_registers_itself_and_logs_in() {
    let world = world();
    let metadata = json!({
        "redirect_uris": [CALLBACK],
        "client_name": "Registered",
        "client_id": "chosen",
        "contacts": ["ops@example.test"],
        "logo_uri": "https://example.test/logo.png",
    });
    let url = format!("{ISSUER}/register");
    let answer = send(&world, Method::Post, &url, None, &metadata);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let (status, client) = json_of(&answer);
    assert_eq!(status, 201);
    assert_ne!(client["client_id"], "chosen");
    assert_eq!(client["client_name"], "Registered");
    assert_eq!(client["logo_uri"], "https://example.test/logo.png");
    assert_eq!(client["client_id_issued_at"], json!(START.as_unix()));
    assert_eq!(client["client_secret_expires_at"], 0);
    assert_eq!(client["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(client["grant_types"], json!(["authorization_code"]));
    assert_eq!(client["id_token_signed_response_alg"], "ES256");
    let (status, tokens) = log_in(&world, &client);
    assert_eq!(status, 200, "{tokens}");
    let claims = part(tokens["id_token"].as_str().unwrap(), 1);
    assert_eq!(claims["aud"], client["client_id"]);
}

#[test]
fn ids_and_secrets_with_odd_characters_need_form_encoding() {
    let features = [Feature::DynamicRegistration, Feature::OddCharacters];
    let world = World::with(settings().with_features(features));
    let client = registered(&world);
    for member in ["client_id", "client_secret"] {
        let text = client[member].as_str().unwrap();
        for odd in [' ', ':', '%', '+', '&'] {
            assert!(text.contains(odd), "{member} {odd}");
        }
    }
    let (status, tokens) = log_in(&world, &client);
    assert_eq!(status, 200, "{tokens}");
    // The address where it is managed carries the id, and survives.
    assert_eq!(manage(&world, Method::Get, &client, &json!({})).status, 200);
}

#[test]
fn a_client_without_a_secret_gets_none() {
    let world = world();
    for method in ["none", "private_key_jwt"] {
        let metadata = json!({
            "redirect_uris": [CALLBACK],
            "token_endpoint_auth_method": method,
            "jwks_uri": "http://localhost:3000/jwks",
        });
        let (status, client) = register(&world, &metadata);
        assert_eq!(status, 201, "{client}");
        assert_eq!(client.get("client_secret"), None, "{method}");
        assert_eq!(client.get("client_secret_expires_at"), None, "{method}");
    }
}

#[test]
fn every_registered_algorithm_gets_a_key() {
    let world = world();
    for algorithm in ["ES384", "ES512", "EdDSA", "ES256"] {
        let metadata = json!({
            "redirect_uris": [CALLBACK],
            "id_token_signed_response_alg": algorithm,
        });
        let (_, client) = register(&world, &metadata);
        let (status, tokens) = log_in(&world, &client);
        assert_eq!(status, 200, "{tokens}");
        let token = tokens["id_token"].as_str().unwrap();
        assert_eq!(part(token, 0)["alg"], algorithm);
        let (_, set) = json_of(&world.get(&format!("{ISSUER}/jwks")));
        let mut keys = set["keys"].as_array().unwrap().iter();
        assert!(keys.any(|key| key["kid"] == part(token, 0)["kid"]));
    }
}

#[test]
fn metadata_that_cannot_be_met_is_refused() {
    let world = world();
    let with = |more: Value| {
        let mut metadata = json!({ "redirect_uris": [CALLBACK] });
        for (name, value) in more.as_object().unwrap() {
            metadata[name] = value.clone();
        }
        metadata
    };
    for (metadata, error) in [
        (json!({}), "invalid_redirect_uri"),
        (json!({ "redirect_uris": [] }), "invalid_redirect_uri"),
        (
            json!({ "redirect_uris": ["https://evil.example/"] }),
            "invalid_redirect_uri",
        ),
        (
            with(json!({ "redirect_uris": CALLBACK })),
            "invalid_client_metadata",
        ),
        (json!([]), "invalid_client_metadata"),
        (
            with(json!({ "response_types": ["token"] })),
            "invalid_client_metadata",
        ),
        (
            with(json!({ "grant_types": ["implicit"] })),
            "invalid_client_metadata",
        ),
        (
            with(json!({ "jwks": { "keys": [] }, "jwks_uri": CALLBACK })),
            "invalid_client_metadata",
        ),
        (
            with(json!({ "token_endpoint_auth_method": "magic" })),
            "invalid_client_metadata",
        ),
        (
            with(json!({ "token_endpoint_auth_method": "private_key_jwt" })),
            "invalid_client_metadata",
        ),
        (
            with(json!({ "id_token_signed_response_alg": "none" })),
            "invalid_client_metadata",
        ),
        (
            with(json!({ "userinfo_encrypted_response_alg": "RSA1_5" })),
            "invalid_client_metadata",
        ),
        (
            with(json!({ "id_token_encrypted_response_enc": "A128GCM" })),
            "invalid_client_metadata",
        ),
        (
            with(json!({ "backchannel_logout_uri": "https://evil.example/" })),
            "invalid_client_metadata",
        ),
    ] {
        let (status, body) = register(&world, &metadata);
        assert_eq!(
            (status, body["error"].as_str()),
            (400, Some(error)),
            "{metadata}"
        );
    }
}

#[test]
fn an_initial_access_token_opens_registration_where_one_is_set() {
    let settings = settings().with_features([Feature::DynamicRegistration]);
    let world = World::with(settings.with_initial_access_token("let me in"));
    let url = format!("{ISSUER}/register");
    let metadata = json!({ "redirect_uris": [CALLBACK] });
    for token in [None, Some("let me"), Some("let me in!")] {
        let answer = send(&world, Method::Post, &url, token, &metadata);
        assert_eq!(answer.status, 401, "{token:?}");
        assert!(
            answer
                .header("www-authenticate")
                .unwrap()
                .starts_with("Bearer")
        );
    }
    let answer = send(&world, Method::Post, &url, Some("let me in"), &metadata);
    assert_eq!(answer.status, 201);
}

#[test]
fn a_client_reads_replaces_and_deletes_its_registration() {
    let world = world();
    let client = registered(&world);
    let (status, read) = json_of(&manage(&world, Method::Get, &client, &json!({})));
    assert_eq!((status, &read), (200, &client));

    let update = json!({
        "client_id": client["client_id"],
        "client_secret": client["client_secret"],
        "redirect_uris": [CALLBACK, "http://localhost:3000/second"],
        "client_name": "Renamed",
    });
    let (status, updated) = json_of(&manage(&world, Method::Put, &client, &update));
    assert_eq!(status, 200, "{updated}");
    assert_eq!(updated["client_name"], "Renamed");
    assert_eq!(updated["client_secret"], client["client_secret"]);
    // The token is a new one, and the old one is worth nothing.
    let token = "registration_access_token";
    assert_ne!(updated[token], client[token]);
    assert_eq!(manage(&world, Method::Get, &client, &json!({})).status, 401);
    assert_eq!(log_in(&world, &updated).0, 200);

    let deleted = manage(&world, Method::Delete, &updated, &json!({}));
    assert_eq!((deleted.status, deleted.body.len()), (204, 0));
    assert_eq!(
        manage(&world, Method::Get, &updated, &json!({})).status,
        401
    );
    let id = updated["client_id"].as_str().unwrap();
    assert_eq!(
        world.get(&authorization_url(&[("client_id", id)])).status,
        400
    );
}

#[test]
fn an_update_must_not_touch_what_the_provider_gave() {
    let world = world();
    let client = registered(&world);
    let good = json!({ "client_id": client["client_id"], "redirect_uris": [CALLBACK] });
    for (member, value) in [
        ("client_id", json!("another")),
        ("client_secret", json!("another")),
        (
            "registration_access_token",
            client["registration_access_token"].clone(),
        ),
        ("registration_client_uri", json!("http://localhost:3000/")),
        ("client_secret_expires_at", json!(0)),
        ("client_id_issued_at", json!(0)),
        ("redirect_uris", json!([])),
    ] {
        let mut update = good.clone();
        update[member] = value;
        let answer = manage(&world, Method::Put, &client, &update);
        assert_eq!(answer.status, 400, "{member}");
    }
    assert_eq!(manage(&world, Method::Put, &client, &good).status, 200);
}

#[test]
fn nobody_manages_the_registration_of_another() {
    let world = world();
    let (one, other) = (registered(&world), registered(&world));
    let mut mixed = one.clone();
    mixed["registration_access_token"] = other["registration_access_token"].clone();
    for method in [Method::Get, Method::Put, Method::Delete] {
        assert_eq!(manage(&world, method, &mixed, &json!({})).status, 401);
    }
    assert_eq!(manage(&world, Method::Get, &one, &json!({})).status, 200);
}

#[test]
fn each_fault_alters_the_answer_and_nothing_else() {
    let world = world();
    for (fault, member, value) in [
        (Fault::RegistrationNoClientId, "client_id", None),
        (
            Fault::RegistrationOtherRedirectUris,
            "redirect_uris",
            Some(json!(["https://stranger.example/callback"])),
        ),
        (
            Fault::RegistrationNoAuthentication,
            "token_endpoint_auth_method",
            Some(json!("none")),
        ),
        (
            Fault::RegistrationUnsigned,
            "id_token_signed_response_alg",
            Some(json!("none")),
        ),
        (
            Fault::RegistrationSecretExpired,
            "client_secret_expires_at",
            Some(json!(START.minus(3600).as_unix())),
        ),
        (
            Fault::RegistrationNoSecretExpiry,
            "client_secret_expires_at",
            None,
        ),
        (
            Fault::RegistrationNoManagement,
            "registration_client_uri",
            None,
        ),
        (
            Fault::RegistrationNoManagement,
            "registration_access_token",
            None,
        ),
        (
            Fault::RegistrationForeignManagement,
            "registration_client_uri",
            Some(json!("https://stranger.example/register")),
        ),
    ] {
        world.provider.inject(fault);
        let client = registered(&world);
        assert_eq!(client.get(member), value.as_ref(), "{fault}");
        world.provider.heal();
    }
    world.provider.inject(Fault::RegistrationRefused);
    let (status, body) = register(&world, &json!({ "redirect_uris": [CALLBACK] }));
    assert_eq!(status, 400);
    assert_eq!(body["error"], "invalid_client_metadata");
}

#[test]
fn while_the_feature_is_off_there_is_no_such_address() {
    let world = World::new();
    let (status, _) = register(&world, &json!({ "redirect_uris": [CALLBACK] }));
    assert_eq!(status, 404);
    let metadata = format!("{ISSUER}/.well-known/openid-configuration");
    let (_, metadata) = json_of(&world.get(&metadata));
    assert_eq!(metadata.get("registration_endpoint"), None);
}
