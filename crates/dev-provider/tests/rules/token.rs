//! The token endpoint: codes, client authentication and refresh.

use codegrant_core::Client;
use codegrant_core::provider::AuthenticationMethod;
use serde_json::Value;

use crate::support::{
    CALLBACK, START, VERIFIER, World, authorization_url, form, json_of, parameter,
};

/// Makes a fresh code for the client `app`.
fn code(world: &World) -> String {
    let answer = world
        .provider
        .authorize_as(&authorization_url(&[]), "ada", world.now.get());
    parameter(&answer, "code").unwrap()
}

/// Redeems a code with some fields changed; one that is empty is left out.
fn redeem(world: &World, code: &str, changes: &[(&str, &str)]) -> (u16, Value) {
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("client_id", "app"),
        ("client_secret", "a secret: 100%"),
    ];
    for change in changes {
        fields.retain(|(name, _)| name != &change.0);
    }
    fields.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    world.token(&fields)
}

fn refresh(world: &World, token: &str, more: &[(&str, &str)]) -> (u16, Value) {
    let mut fields = vec![
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
        ("client_id", "app"),
        ("client_secret", "a secret: 100%"),
    ];
    fields.extend(more);
    world.token(&fields)
}

fn member<'a>((_, body): &'a (u16, Value), name: &str) -> &'a str {
    body[name].as_str().unwrap_or_default()
}

/// Asks userinfo, and returns its status.
fn userinfo(world: &World, token: &str) -> u16 {
    let mut request = form("/userinfo", &[]);
    request.set_header("authorization", format!("Bearer {token}"));
    world.send(request).status
}

#[test]
fn a_code_brings_tokens_that_nobody_caches() {
    let world = World::new();
    let answer = redeem(&world, &code(&world), &[]);
    assert_eq!(answer.0, 200);
    assert_eq!(member(&answer, "token_type"), "Bearer");
    assert_eq!(member(&answer, "scope"), "openid profile email");
    assert_eq!(answer.1["expires_in"], 3600);
    let raw = world.provider.handle(&form("/token", &[]), START);
    assert_eq!(raw.header("cache-control"), Some("no-store"));
}

#[test]
fn a_code_is_refused_with_anything_that_does_not_belong_to_it() {
    let world = World::new();
    let other_verifier = "a".repeat(43);
    for (changes, status, error) in [
        (vec![("code", "guess")], 400, "invalid_grant"),
        (vec![("code", "")], 400, "invalid_request"),
        (vec![("redirect_uri", "")], 400, "invalid_grant"),
        (
            vec![("redirect_uri", "http://localhost:3000/other")],
            400,
            "invalid_grant",
        ),
        (vec![("code_verifier", "")], 400, "invalid_grant"),
        (vec![("code_verifier", "short")], 400, "invalid_grant"),
        (
            vec![("code_verifier", other_verifier.as_str())],
            400,
            "invalid_grant",
        ),
        (
            vec![("client_id", "other"), ("client_secret", "other secret")],
            400,
            "invalid_grant",
        ),
        (vec![("client_id", "stranger")], 401, "invalid_client"),
        (vec![("client_secret", "wrong")], 401, "invalid_client"),
        (vec![("client_secret", "")], 401, "invalid_client"),
        (vec![("client_id", "")], 400, "invalid_request"),
        (vec![("client_id", "public")], 401, "invalid_client"),
        (
            vec![("grant_type", "password")],
            400,
            "unsupported_grant_type",
        ),
        (vec![("grant_type", "")], 400, "invalid_request"),
    ] {
        let answer = redeem(&world, &code(&world), &changes);
        assert_eq!(
            (answer.0, member(&answer, "error")),
            (status, error),
            "{changes:?}"
        );
        assert!(answer.1.get("access_token").is_none());
    }
}

#[test]
fn an_expired_code_is_refused() {
    let world = World::new();
    let code = code(&world);
    world.wait(60);
    assert_eq!(
        member(&redeem(&world, &code, &[]), "error"),
        "invalid_grant"
    );
}

#[test]
fn a_verifier_is_tried_once() {
    let world = World::new();
    let code = code(&world);
    redeem(&world, &code, &[("code_verifier", &"a".repeat(43))]);
    assert_eq!(
        member(&redeem(&world, &code, &[]), "error"),
        "invalid_grant"
    );
}

#[test]
fn a_code_that_comes_twice_takes_its_tokens_back() {
    let world = World::new();
    let code = code(&world);
    let first = redeem(&world, &code, &[]);
    assert_eq!(userinfo(&world, member(&first, "access_token")), 200);
    assert_eq!(
        member(&redeem(&world, &code, &[]), "error"),
        "invalid_grant"
    );
    assert_eq!(userinfo(&world, member(&first, "access_token")), 401);
    let refreshed = refresh(&world, member(&first, "refresh_token"), &[]);
    assert_eq!(member(&refreshed, "error"), "invalid_grant");
}

#[test]
fn somebody_elses_attempt_does_not_use_a_code_up() {
    let world = World::new();
    let code = code(&world);
    let theirs = [("client_id", "other"), ("client_secret", "other secret")];
    assert_eq!(
        member(&redeem(&world, &code, &theirs), "error"),
        "invalid_grant"
    );
    assert_eq!(redeem(&world, &code, &[]).0, 200);
}

#[test]
fn every_client_authenticates_in_its_registered_way() {
    for (id, secret, method) in [
        (
            "app",
            Some("a secret: 100%"),
            AuthenticationMethod::ClientSecretBasic,
        ),
        (
            "app",
            Some("a secret: 100%"),
            AuthenticationMethod::ClientSecretPost,
        ),
        ("public", None, AuthenticationMethod::None),
    ] {
        let mut world = World::new();
        let mut client = Client::new(world.client.provider().clone(), id, CALLBACK);
        if let Some(secret) = secret {
            client = client.with_secret(secret);
        }
        world.client = client.with_authentication(method);
        assert_eq!(
            world.login_as("ada").unwrap().identity.subject,
            "ada",
            "{method:?}"
        );
    }
}

#[test]
fn a_request_with_two_authentications_or_another_body_is_refused() {
    let world = World::new();
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_secret", "a secret: 100%"),
        ("client_id", "app"),
    ];
    let mut request = form("/token", &fields);
    request.set_header("authorization", "Basic YXBwOmE=");
    assert_eq!(json_of(&world.send(request)).1["error"], "invalid_request");

    let differing = [("client_id", "app"), ("grant_type", "password")];
    let mut request = form("/token", &differing);
    request.set_header("authorization", "Basic b3RoZXI6b3RoZXIrc2VjcmV0");
    assert_eq!(json_of(&world.send(request)).1["error"], "invalid_request");

    let mut request = form("/token", &fields);
    request.set_header("content-type", "application/json");
    assert_eq!(json_of(&world.send(request)).1["error"], "invalid_request");

    let repeated = [("client_id", "app"), ("client_id", "app")];
    assert_eq!(world.token(&repeated).1["error"], "invalid_request");

    let mut request = form("/token", &[]);
    request.set_header("authorization", "Basic YXBwOndyb25n");
    let answer = world.send(request);
    assert_eq!(answer.status, 401);
    assert!(
        answer
            .header("www-authenticate")
            .unwrap()
            .starts_with("Basic")
    );
}

#[test]
fn a_refresh_brings_new_tokens_for_the_same_account() {
    let world = World::new();
    let login = world.login_as("ada").unwrap();
    world.wait(4000);
    let tokens = world.refresh(&login).unwrap();
    assert_ne!(
        tokens.access_token.secret(),
        login.tokens.access_token.secret()
    );
    assert_ne!(
        tokens.refresh_token.unwrap().secret(),
        login.tokens.refresh_token.unwrap().secret()
    );
    assert_eq!(tokens.expires_at, Some(START.plus(4000 + 3600)));
}

#[test]
fn a_refresh_token_that_comes_twice_ends_the_family() {
    let world = World::new();
    let first = redeem(&world, &code(&world), &[]);
    let old = member(&first, "refresh_token");
    let second = refresh(&world, old, &[]);
    assert_eq!(second.0, 200);
    assert_eq!(member(&refresh(&world, old, &[]), "error"), "invalid_grant");
    let newest = refresh(&world, member(&second, "refresh_token"), &[]);
    assert_eq!(member(&newest, "error"), "invalid_grant");
    assert_eq!(userinfo(&world, member(&second, "access_token")), 401);
}

#[test]
fn a_refresh_may_ask_for_less_and_never_for_more() {
    let world = World::new();
    let first = redeem(&world, &code(&world), &[]);
    let more = refresh(
        &world,
        member(&first, "refresh_token"),
        &[("scope", "openid offline_access")],
    );
    assert_eq!(member(&more, "error"), "invalid_scope");
    let less = refresh(
        &world,
        member(&first, "refresh_token"),
        &[("scope", "profile")],
    );
    assert_eq!(member(&less, "scope"), "profile");
    assert!(less.1.get("id_token").is_none());
}

#[test]
fn a_refresh_token_is_good_for_its_own_client_only() {
    let world = World::new();
    let first = redeem(&world, &code(&world), &[]);
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", member(&first, "refresh_token")),
        ("client_id", "other"),
        ("client_secret", "other secret"),
    ];
    assert_eq!(world.token(&fields).1["error"], "invalid_grant");
    assert_eq!(refresh(&world, member(&first, "refresh_token"), &[]).0, 200);
}

#[test]
fn without_the_scope_openid_there_is_no_id_token() {
    let world = World::new();
    let url = authorization_url(&[("scope", "profile")]);
    let answer = world.provider.authorize_as(&url, "ada", START);
    let tokens = redeem(&world, &parameter(&answer, "code").unwrap(), &[]);
    assert_eq!(tokens.0, 200);
    assert!(tokens.1.get("id_token").is_none());
}
