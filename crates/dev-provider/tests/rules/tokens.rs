//! What tokens open, and how they end: userinfo, the protected API, expiry and revocation.

use codegrant_core::http::{HttpRequest, HttpResponse, Method};
use serde_json::json;

use crate::support::{ISSUER, World, form, json_of, settings};

fn ask(world: &World, path: &str, authorization: Option<&str>) -> HttpResponse {
    let mut request = HttpRequest::new(Method::Get, format!("{ISSUER}{path}"));
    if let Some(value) = authorization {
        request.set_header("authorization", value);
    }
    world.provider.handle(&request, world.now.get())
}

#[test]
fn a_token_opens_userinfo_and_the_protected_api() {
    let world = World::new();
    let login = world.login_as("alan").unwrap();
    let bearer = format!("Bearer {}", login.tokens.access_token.secret());
    let (status, claims) = json_of(&ask(&world, "/userinfo", Some(&bearer)));
    assert_eq!(status, 200);
    assert_eq!(
        claims,
        json!({
            "sub": "alan", "name": "Alan Turing", "preferred_username": "alan",
            "email": "alan@example.test", "email_verified": false,
        })
    );
    let (_, me) = json_of(&ask(&world, "/api/me", Some(&bearer)));
    assert_eq!(
        me,
        json!({ "greeting": "Hello, Alan Turing!", "subject": "alan", "scope": "openid profile email" })
    );
}

#[test]
fn userinfo_tells_no_more_than_the_scopes() {
    let mut world = World::new();
    world.client = world.client.clone().with_scopes(["openid", "email"]);
    let login = world.login_as("ada").unwrap();
    let bearer = format!("bearer {}", login.tokens.access_token.secret());
    let (_, claims) = json_of(&ask(&world, "/userinfo", Some(&bearer)));
    assert_eq!(
        claims,
        json!({ "sub": "ada", "email": "ada@example.test", "email_verified": true })
    );
    let (_, me) = json_of(&ask(&world, "/api/me", Some(&bearer)));
    assert_eq!(me["greeting"], "Hello, ada!");
}

#[test]
fn a_missing_token_and_a_bad_one_are_challenged() {
    let world = World::with(settings().with_access_token_lifetime(60));
    let login = world.login_as("ada").unwrap();
    let bearer = format!("Bearer {}", login.tokens.access_token.secret());
    world.wait(59);
    assert_eq!(ask(&world, "/api/me", Some(&bearer)).status, 200);
    world.wait(1);
    for path in ["/api/me", "/userinfo"] {
        for (authorization, says_why) in [
            (None, false),
            (Some("Basic YTpi"), false),
            (Some("Bearer guess"), true),
            (Some(bearer.as_str()), true),
        ] {
            let answer = ask(&world, path, authorization);
            let challenge = answer.header("www-authenticate").unwrap();
            assert_eq!(answer.status, 401);
            assert!(challenge.starts_with("Bearer realm="));
            assert_eq!(challenge.contains("invalid_token"), says_why, "{challenge}");
        }
    }
}

#[test]
fn revoking_a_refresh_token_ends_everything_that_came_with_it() {
    let world = World::new();
    let login = world.login_as("ada").unwrap();
    let bearer = format!("Bearer {}", login.tokens.access_token.secret());
    let metadata = world.metadata().unwrap();
    let token = login.tokens.refresh_token.clone().unwrap();
    world
        .drive(
            world
                .client
                .revoke(&metadata, &token, world.moment())
                .unwrap(),
        )
        .unwrap();
    assert_eq!(ask(&world, "/api/me", Some(&bearer)).status, 401);
    let refused = world.refresh(&login).unwrap_err();
    assert_eq!(refused.code().name, "provider.token_refused");
    // A token that is not there any more is revoked already.
    world
        .drive(
            world
                .client
                .revoke(&metadata, &token, world.moment())
                .unwrap(),
        )
        .unwrap();
}

#[test]
fn revoking_an_access_token_leaves_the_refresh_token_alone() {
    let world = World::new();
    let login = world.login_as("ada").unwrap();
    let token = login.tokens.access_token.secret();
    let revoke = |id: &str, secret: &str| {
        let fields = [
            ("token", token.as_str()),
            ("client_id", id),
            ("client_secret", secret),
        ];
        json_of(
            &world
                .provider
                .handle(&form("/revoke", &fields), world.now.get()),
        )
    };
    assert_eq!(
        revoke("other", "other secret").1["error"],
        "unauthorized_client"
    );
    assert_eq!(revoke("app", "wrong").0, 401);
    assert_eq!(
        ask(&world, "/api/me", Some(&format!("Bearer {token}"))).status,
        200
    );
    assert_eq!(revoke("app", "a secret: 100%").0, 200);
    assert_eq!(
        ask(&world, "/api/me", Some(&format!("Bearer {token}"))).status,
        401
    );
    assert!(world.refresh(&login).is_ok());
}
