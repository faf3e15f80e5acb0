//! Introspection, token exchange, client credentials, and what is asked for beyond scopes.

use codegrant_core::http::{HttpRequest, Method};
use codegrant_dev_provider::{ClientRegistration, DevProvider, Fault, Feature, Settings};
use serde_json::{Value, json};

use crate::signer::{Signer, api, front, redemption, rules};
use crate::support::{CALLBACK, CHALLENGE, ISSUER, START, World, json_of};

const ALL: &[Feature] = &[
    Feature::PushedRequests,
    Feature::Introspection,
    Feature::TokenExchange,
    Feature::ClientCredentials,
    Feature::AuthorizationDetails,
    Feature::ResourceIndicators,
];

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";

fn world(signer: &Signer) -> World {
    let settings = signer.settings(json!({}), ALL).with_scope("accounts");
    World::with(settings.with_authorization_details_type("payment"))
}

fn tokens(signer: &Signer, world: &World, more: &[(&str, &str)]) -> Value {
    let code = signer.code(world, more);
    json_of(&signer.post(world, "/token", &redemption(&code))).1
}

fn introspect(signer: &Signer, world: &World, token: &str) -> Value {
    json_of(&signer.post(world, "/introspect", &[("token", token)])).1
}

#[test]
fn a_live_token_is_introspected_and_any_other_is_not_active() {
    let signer = Signer::new();
    let world = world(&signer);
    let tokens = tokens(&signer, &world, &[]);
    let token = tokens["access_token"].as_str().unwrap();
    let told = introspect(&signer, &world, token);
    assert_eq!(told["active"], true);
    assert_eq!(told["sub"], "ada");
    assert_eq!(told["client_id"], "signer");
    assert_eq!(told["scope"], "openid profile");
    assert_eq!(told["exp"], START.plus(3600).as_unix());
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(
        introspect(&signer, &world, refresh_token),
        json!({ "active": true })
    );
    assert_eq!(
        introspect(&signer, &world, "guess"),
        json!({ "active": false })
    );
    world.wait(3600);
    assert_eq!(
        introspect(&signer, &world, token),
        json!({ "active": false })
    );
    let public = [("client_id", "public"), ("token", token)];
    let refused = world
        .provider
        .handle(&crate::support::form("/introspect", &public), START);
    assert_eq!(refused.status, 401);
    assert_eq!(rules(&world), [""; 0]);
}

#[test]
fn a_token_is_exchanged_for_one_that_allows_less_elsewhere() {
    let signer = Signer::new();
    let world = world(&signer);
    let tokens = tokens(&signer, &world, &[]);
    let exchange = |kind: &str, token: &Value, more: &[(&str, &str)]| {
        let mut fields = vec![
            ("grant_type", EXCHANGE),
            ("subject_token", token.as_str().unwrap()),
            ("subject_token_type", kind),
        ];
        fields.extend(more);
        json_of(&signer.post(&world, "/token", &fields))
    };
    let access = &tokens["access_token"];
    let more = [
        ("scope", "profile"),
        ("audience", "the-api"),
        ("audience", "another"),
    ];
    let (status, body) = exchange(ACCESS_TOKEN, access, &more);
    assert_eq!((status, &body["scope"]), (200, &json!("profile")));
    assert_eq!(body["issued_token_type"], ACCESS_TOKEN);
    assert!(body.get("refresh_token").is_none());
    let told = introspect(&signer, &world, body["access_token"].as_str().unwrap());
    assert_eq!(told["aud"], json!(["the-api", "another"]));
    assert_eq!(told["sub"], "ada");
    assert_eq!(exchange(ID_TOKEN, &tokens["id_token"], &[]).0, 200);
    for (kind, token, more) in [
        (ACCESS_TOKEN, access, vec![("scope", "email")]),
        (ACCESS_TOKEN, &json!("guess"), vec![]),
        (ID_TOKEN, access, vec![]),
        ("urn:another", access, vec![]),
        (
            ACCESS_TOKEN,
            access,
            vec![("requested_token_type", "urn:another")],
        ),
        (ACCESS_TOKEN, access, vec![("actor_token", "somebody")]),
        (ACCESS_TOKEN, access, vec![("resource", "not an address")]),
    ] {
        assert_eq!(exchange(kind, token, &more).0, 400, "{kind} {more:?}");
    }
    world.provider.inject(Fault::ExchangeNoIssuedType);
    assert!(
        exchange(ACCESS_TOKEN, access, &[])
            .1
            .get("issued_token_type")
            .is_none()
    );
}

#[test]
fn a_client_gets_a_token_of_its_own() {
    let signer = Signer::new();
    let world = world(&signer);
    let fields = [("grant_type", "client_credentials"), ("scope", "accounts")];
    let (status, body) = json_of(&signer.post(&world, "/token", &fields));
    assert_eq!((status, &body["scope"]), (200, &json!("accounts")));
    assert!(body.get("refresh_token").is_none() && body.get("id_token").is_none());
    let answer = world.provider.handle(
        &api("Bearer", body["access_token"].as_str().unwrap()),
        START,
    );
    assert_eq!(json_of(&answer).1["subject"], "signer");
    let fields = [("grant_type", "client_credentials"), ("scope", "openid")];
    let refused = json_of(&signer.post(&world, "/token", &fields));
    assert_eq!(refused.1["error"], "invalid_scope");
    let public = [
        ("grant_type", "client_credentials"),
        ("client_id", "public"),
    ];
    assert_eq!(world.token(&public).1["error"], "unauthorized_client");
}

#[test]
fn grants_have_to_be_switched_on() {
    let signer = Signer::new();
    let world = signer.world(json!({}), &[]);
    for grant in ["client_credentials", EXCHANGE] {
        let answer = json_of(&signer.post(&world, "/token", &[("grant_type", grant)]));
        assert_eq!(answer.1["error"], "unsupported_grant_type");
    }
    assert_eq!(
        signer.post(&world, "/introspect", &[("token", "x")]).status,
        404
    );
}

#[test]
fn details_are_granted_as_they_were_asked_for() {
    let signer = Signer::new();
    let world = world(&signer);
    let asked = json!([{ "type": "payment", "amount": "1.00" }]);
    let text = asked.to_string();
    let tokens = tokens(&signer, &world, &[("authorization_details", &text)]);
    assert_eq!(tokens["authorization_details"], asked);
    let token = tokens["access_token"].as_str().unwrap();
    let told = introspect(&signer, &world, token);
    assert_eq!(told["authorization_details"], asked);
    for wrong in [
        "{}",
        "[]",
        "[{}]",
        "[1]",
        r#"[{"type":"other"}]"#,
        "nothing",
    ] {
        let mut fields = crate::signer::PARAMETERS.to_vec();
        fields.push(("authorization_details", wrong));
        let answer = json_of(&signer.post(&world, "/par", &fields));
        assert_eq!(
            answer.1["error"], "invalid_authorization_details",
            "{wrong}"
        );
    }
}

#[test]
fn tokens_are_for_the_resources_that_were_asked_for() {
    let signer = Signer::new();
    let world = world(&signer);
    let both = [
        ("resource", "http://localhost:3000/dev/api"),
        ("resource", "https://other.example"),
    ];
    let code = signer.code(&world, &both);
    let mut fields = redemption(&code);
    fields.push(both[0]);
    let body = json_of(&signer.post(&world, "/token", &fields)).1;
    let token = body["access_token"].as_str().unwrap();
    let told = introspect(&signer, &world, token);
    assert_eq!(told["aud"], json!([both[0].1]));
    let call = |token| world.provider.handle(&api("Bearer", token), START).status;
    assert_eq!(call(token), 200);
    let code = signer.code(&world, &both);
    let mut fields = redemption(&code);
    fields.push(both[1]);
    let body = json_of(&signer.post(&world, "/token", &fields)).1;
    assert_eq!(call(body["access_token"].as_str().unwrap()), 401);
    for wrong in [
        "/relative",
        "https://other.example/#fragment",
        "https://third.example",
    ] {
        let code = signer.code(&world, &both);
        let mut fields = redemption(&code);
        fields.push(("resource", wrong));
        let answer = json_of(&signer.post(&world, "/token", &fields));
        assert_eq!(answer.1["error"], "invalid_target", "{wrong}");
    }
}

#[test]
fn a_scope_that_is_not_registered_is_noted() {
    let signer = Signer::new();
    let registered = json!({ "scope": "openid email" });
    let world = signer.world(registered, &[Feature::PushedRequests]);
    signer.code(&world, &[("scope", "openid email")]);
    assert_eq!(rules(&world), [""; 0]);
    signer.code(&world, &[("scope", "openid profile")]);
    let told = world.provider.violations();
    assert_eq!(told[0], "scope: profile is not registered (at /par)");
}

#[test]
fn the_api_asks_for_more_where_a_fault_says_so() {
    let world = World::new();
    for (fault, status, error) in [
        (Fault::ApiStepUp, 401, "insufficient_user_authentication"),
        (Fault::ApiUnauthorized, 401, "invalid_token"),
        (Fault::ApiInsufficientScope, 403, "insufficient_scope"),
    ] {
        world.provider.inject(fault);
        let answer = world.provider.handle(&api("Bearer", "any"), START);
        assert_eq!(answer.status, status);
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(
            challenge.contains(&format!("error=\"{error}\"")),
            "{challenge}"
        );
        world.provider.heal();
    }
}

#[test]
fn the_metadata_names_what_is_on_and_nothing_else() {
    let metadata = |settings: Settings| -> Value {
        let url = format!("{ISSUER}/.well-known/openid-configuration");
        let provider = DevProvider::new(settings).unwrap();
        json_of(&provider.handle(&HttpRequest::new(Method::Get, url), START)).1
    };
    let plain = metadata(crate::support::settings());
    for name in [
        "pushed_authorization_request_endpoint",
        "introspection_endpoint",
        "dpop_signing_alg_values_supported",
        "authorization_signing_alg_values_supported",
        "tls_client_certificate_bound_access_tokens",
        "mtls_endpoint_aliases",
        "authorization_details_types_supported",
        "require_pushed_authorization_requests",
    ] {
        assert!(plain.get(name).is_none(), "{name}");
    }
    let signer = Signer::new();
    let settings = signer
        .settings(json!({}), Feature::ALL)
        .with_certificate_base("https://localhost:4443/dev")
        .with_scope("accounts");
    let full = metadata(settings);
    assert_eq!(
        full["pushed_authorization_request_endpoint"],
        format!("{ISSUER}/par")
    );
    assert_eq!(full["require_pushed_authorization_requests"], true);
    assert_eq!(full["request_parameter_supported"], true);
    assert_eq!(
        full["mtls_endpoint_aliases"]["token_endpoint"],
        "https://localhost:4443/dev/token"
    );
    let holds = |name: &str, value: &str| {
        let list = full[name].as_array().unwrap();
        list.iter().any(|held| held == value)
    };
    assert!(holds(
        "token_endpoint_auth_methods_supported",
        "private_key_jwt"
    ));
    assert!(holds(
        "introspection_endpoint_auth_methods_supported",
        "private_key_jwt"
    ));
    assert!(holds("response_modes_supported", "form_post.jwt"));
    assert!(holds("grant_types_supported", EXCHANGE));
    assert!(holds("dpop_signing_alg_values_supported", "PS256"));
    assert!(holds("scopes_supported", "accounts"));
}

#[test]
fn a_client_of_metadata_alone_is_a_client() {
    let metadata = json!({
        "client_id": "written", "client_secret": "a secret", "client_name": "Written",
        "redirect_uris": [CALLBACK], "require_pushed_authorization_requests": true,
    });
    let client = ClientRegistration::from_metadata(metadata.as_object().cloned().unwrap()).unwrap();
    assert_eq!((client.id(), client.display_name()), ("written", "Written"));
    let world = World::with(crate::support::settings().with_client(client));
    let fields = [
        ("client_id", "written"),
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let answer = world.provider.authorize_as(&front(&fields), "ada", START);
    assert_eq!(answer.status, 400);
    assert!(ClientRegistration::from_metadata(serde_json::Map::new()).is_none());
}
