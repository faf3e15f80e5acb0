//! Signed request objects (RFC 9101): by value, pushed, and at an address of the client's.

use codegrant_core::http::{HttpRequest, HttpResponse, Method};
use codegrant_core::jose::base64url;
use codegrant_dev_provider::{Feature, Outbox};
use serde_json::{Value, json};

use crate::signer::{PARAMETERS, Signer, front, reference_url, rules};
use crate::support::{CALLBACK, ISSUER, START, World, json_of, parameter};

const OBJECTS: &[Feature] = &[Feature::RequestObjects, Feature::PushedRequests];
const HOSTED: &str = "http://localhost:3000/request/1";

/// What has to stand beside an object (OpenID Connect Core 1.0 section 6.1).
const BESIDE: [(&str, &str); 3] = [
    ("client_id", "signer"),
    ("response_type", "code"),
    ("scope", "openid profile"),
];

fn with(name: &'static str, value: &str) -> String {
    let mut fields = BESIDE.to_vec();
    fields.push((name, value));
    front(&fields)
}

fn strict() -> Value {
    json!({ "require_signed_request_object": true, "request_object_signing_alg": "ES256" })
}

fn status(world: &World, url: &str) -> u16 {
    let request = HttpRequest::new(Method::Get, url);
    world.provider.handle(&request, START).status
}

#[test]
fn an_object_counts_by_value_and_breaks_no_rule() {
    let signer = Signer::new();
    let world = signer.world(strict(), OBJECTS);
    let object = signer.object(START, json!({}));
    let answer = world
        .provider
        .authorize_as(&with("request", &object), "ada", START);
    assert!(parameter(&answer, "code").is_some());
    assert_eq!(parameter(&answer, "state").as_deref(), Some("the-state"));
    assert_eq!(rules(&world), [""; 0]);
}

#[test]
fn parameters_outside_an_object_do_not_count() {
    let signer = Signer::new();
    let world = signer.world(json!({}), OBJECTS);
    let object = signer.object(START, json!({}));
    let url = with("request", &object) + "&state=another";
    let answer = world.provider.authorize_as(&url, "ada", START);
    assert_eq!(parameter(&answer, "state").as_deref(), Some("the-state"));
    let told = world.provider.violations();
    assert_eq!(told, ["request-object-contradicted: state (at /authorize)"]);
}

#[test]
fn an_object_counts_when_it_is_pushed() {
    let signer = Signer::new();
    let world = signer.world(strict(), OBJECTS);
    let object = signer.object(START, json!({}));
    let pushed = signer.post(&world, "/par", &[("request", &object)]);
    assert_eq!(pushed.status, 201);
    let answer = world
        .provider
        .authorize_as(&reference_url(&pushed), "ada", START);
    assert!(parameter(&answer, "code").is_some());
    let plain = json_of(&signer.post(&world, "/par", PARAMETERS));
    assert_eq!(plain.1["error"], "invalid_request");
    assert_eq!(rules(&world), ["not-signed"]);
}

#[test]
fn an_object_that_is_not_as_agreed_is_refused() {
    let signer = Signer::new();
    let now = START.as_unix();
    for changes in [
        json!({ "iss": "app" }),
        json!({ "iss": null }),
        json!({ "aud": "https://another.example" }),
        json!({ "aud": null }),
        json!({ "exp": null }),
        json!({ "exp": now - 61 }),
        json!({ "exp": now + 3601 }),
        json!({ "nbf": null }),
        json!({ "nbf": now + 61 }),
        json!({ "nbf": now - 3601 }),
        json!({ "client_id": "app" }),
        json!({ "client_id": null }),
        json!({ "sub": "signer" }),
        json!({ "request": "e30.e30." }),
        json!({ "request_uri": "urn:another" }),
    ] {
        let world = signer.world(strict(), OBJECTS);
        let object = signer.object(START, changes.clone());
        assert_eq!(status(&world, &with("request", &object)), 400, "{changes}");
        let fields = [("request", object.as_str()), ("client_id", "signer")];
        let pushed = json_of(&signer.post(&world, "/par", &fields));
        assert_eq!(pushed.1["error"], "invalid_request_object", "{changes}");
        assert_eq!(rules(&world), ["request-object"; 2], "{changes}");
    }
}

#[test]
fn an_object_of_another_key_or_without_a_signature_is_refused() {
    let signer = Signer::new();
    let world = signer.world(strict(), OBJECTS);
    let stranger = Signer::new().object(START, json!({}));
    assert_eq!(status(&world, &with("request", &stranger)), 400);
    let object = signer.object(START, json!({}));
    let payload = object.split('.').nth(1).unwrap();
    let header = base64url::encode(br#"{"alg":"none"}"#);
    let unsigned = format!("{header}.{payload}.");
    assert_eq!(status(&world, &with("request", &unsigned)), 400);

    let world = signer.world(json!({ "request_object_signing_alg": "none" }), OBJECTS);
    assert_eq!(status(&world, &with("request", &unsigned)), 200);
    assert_eq!(status(&world, &with("request", &object)), 400);
}

#[test]
fn an_unknown_claim_and_another_type_are_taken_and_noted() {
    let signer = Signer::new();
    let world = signer.world(strict(), OBJECTS);
    let object = signer.object(START, json!({ "colour": "red", "max_age": 300 }));
    assert_eq!(status(&world, &with("request", &object)), 200);
    let claims = json!({ "client_id": "signer", "iss": "signer", "aud": [ISSUER],
        "exp": START.plus(60).as_unix(), "nbf": START.as_unix(), "response_type": "code",
        "scope": "openid profile", "redirect_uri": CALLBACK,
        "code_challenge": crate::support::CHALLENGE, "code_challenge_method": "S256" });
    let claims = claims.as_object().unwrap();
    let object = signer.key.sign(Some("JWT"), claims).unwrap();
    assert_eq!(status(&world, &with("request", &object)), 200);
    let expected = ["request-object-claim", "request-object-type"];
    assert_eq!(rules(&world), expected);
}

#[test]
fn an_object_alone_in_the_address_is_taken_and_noted() {
    let signer = Signer::new();
    let world = signer.world(json!({}), OBJECTS);
    let object = signer.object(START, json!({}));
    let url = front(&[("client_id", "signer"), ("request", &object)]);
    assert_eq!(status(&world, &url), 200);
    assert_eq!(rules(&world), ["request-object-alone"]);
}

fn hosting(signer: &Signer, answer: HttpResponse, metadata: Value) -> World {
    let outbox = Outbox::new(move |request| (request.url == HOSTED).then(|| answer.clone()));
    let settings = signer.settings(metadata, OBJECTS);
    World::with(settings.with_outbox(outbox))
}

fn jwt(status: u16, media_type: &str, body: String) -> HttpResponse {
    HttpResponse::new(status)
        .with_header("content-type", media_type)
        .with_body(body)
}

#[test]
fn an_object_is_fetched_from_the_address_of_its_client() {
    let signer = Signer::new();
    let object = signer.object(START, json!({}));
    let answer = jwt(200, "application/oauth-authz-req+jwt", object);
    let registered = json!({ "request_uris": ["http://localhost:3000/request/"] });
    let world = hosting(&signer, answer, registered);
    let url = with("request_uri", HOSTED);
    let redirected = world.provider.authorize_as(&url, "ada", START);
    assert!(parameter(&redirected, "code").is_some());
    assert_eq!(rules(&world), [""; 0]);
    let asked = world.provider.deliveries();
    assert_eq!((asked.len(), asked[0].request.url.as_str()), (1, HOSTED));
}

#[test]
fn an_object_that_cannot_be_had_is_refused() {
    let signer = Signer::new();
    let object = || signer.object(START, json!({}));
    let good = "application/oauth-authz-req+jwt";
    for (answer, uri) in [
        (jwt(404, good, object()), HOSTED),
        (jwt(200, good, "nothing".to_owned()), HOSTED),
        (jwt(200, good, object()), "http://localhost:3000/request/2"),
        (jwt(200, good, object()), "https://app.example/request/1"),
    ] {
        let world = hosting(&signer, answer, json!({}));
        let url = with("request_uri", uri);
        let answer = world
            .provider
            .handle(&HttpRequest::new(Method::Get, url), START);
        assert_eq!(answer.status, 400, "{uri}");
    }
    let registered = json!({ "request_uris": ["http://localhost:3000/other/"] });
    let world = hosting(&signer, jwt(200, good, object()), registered);
    assert_eq!(status(&world, &with("request_uri", HOSTED)), 400);
    assert!(world.provider.deliveries().is_empty(), "not even asked");
    let world = hosting(&signer, jwt(200, "text/plain", object()), json!({}));
    assert_eq!(status(&world, &with("request_uri", HOSTED)), 200);
    assert_eq!(rules(&world), ["request-uri-media-type"]);
}

#[test]
fn the_provider_is_not_locked_while_it_asks() {
    use std::sync::{Arc, OnceLock};
    // Whoever is asked for the object asks for the provider's keys first.
    let signer = Signer::new();
    let object = signer.object(START, json!({}));
    let provider: Arc<OnceLock<codegrant_dev_provider::DevProvider>> = Arc::default();
    let behind = provider.clone();
    let outbox = Outbox::new(move |_| {
        let keys = HttpRequest::new(Method::Get, format!("{ISSUER}/jwks"));
        let answer = behind.get()?.handle(&keys, START);
        assert_eq!(answer.status, 200);
        Some(jwt(200, "application/jwt", object.clone()))
    });
    let settings = signer.settings(json!({}), OBJECTS).with_outbox(outbox);
    let made = codegrant_dev_provider::DevProvider::new(settings).unwrap();
    let provider = provider.get_or_init(|| made);
    let request = HttpRequest::new(Method::Get, with("request_uri", HOSTED));
    assert_eq!(provider.handle(&request, START).status, 200);
}
