//! What a client may wish for in an authorization request: authentication contexts, single claims, more scopes.

use codegrant_core::http::{HttpRequest, Method};
use codegrant_dev_provider::{Fault, Feature};
use serde_json::{Value, json};

use crate::support::{
    ISSUER, SECRET, START, World, browse, customised, json_of, parameter, part, redeem, settings,
};

fn id_token(world: &World, changes: &[(&str, &str)]) -> Value {
    let tokens = redeem(world, &browse(world, "ada", changes));
    part(tokens["id_token"].as_str().unwrap(), 1)
}

fn userinfo(world: &World, changes: &[(&str, &str)]) -> Value {
    let tokens = redeem(world, &browse(world, "ada", changes));
    let mut request = HttpRequest::new(Method::Get, format!("{ISSUER}/userinfo"));
    let token = tokens["access_token"].as_str().unwrap();
    request.set_header("authorization", format!("Bearer {token}"));
    json_of(&world.provider.handle(&request, world.now.get())).1
}

#[test]
fn the_first_context_that_is_asked_for_is_reached() {
    let world = World::new();
    assert_eq!(id_token(&world, &[]).get("acr"), None);
    assert_eq!(
        id_token(&world, &[("acr_values", "gold silver")])["acr"],
        "gold"
    );
    // Whoever is signed in that strongly need not be asked again.
    let again = browse(
        &world,
        "ada",
        &[("prompt", "none"), ("acr_values", "silver gold")],
    );
    assert!(parameter(&again, "code").is_some());

    let world = World::with(settings().with_acr_values(["silver"]));
    assert_eq!(
        id_token(&world, &[("acr_values", "gold silver")])["acr"],
        "silver"
    );
    assert_eq!(id_token(&world, &[("acr_values", "gold")]).get("acr"), None);
}

#[test]
fn a_stronger_context_means_another_sign_in() {
    let world = World::new();
    id_token(&world, &[]);
    let page = world.get(&crate::support::authorization_url(&[(
        "acr_values",
        "gold",
    )]));
    assert_eq!((page.status, page.header("location")), (200, None));
    // Where nobody may be asked, a wish stays a wish.
    let answer = world.get(&crate::support::authorization_url(&[
        ("acr_values", "gold"),
        ("prompt", "none"),
    ]));
    assert!(parameter(&answer, "code").is_some());
}

#[test]
fn an_essential_context_is_reached_or_the_request_refused() {
    let claims = r#"{"id_token":{"acr":{"essential":true,"values":["gold"]}}}"#;
    let world = World::with(customised(&[Feature::ClaimsParameter], json!({})));
    assert_eq!(id_token(&world, &[("claims", claims)])["acr"], "gold");
    let world =
        World::with(customised(&[Feature::ClaimsParameter], json!({})).with_acr_values(["silver"]));
    let answer = browse(&world, "ada", &[("claims", claims)]);
    assert_eq!(
        parameter(&answer, "error").as_deref(),
        Some("unmet_authentication_requirements")
    );
    // With nobody to ask, an essential wish is not forgotten.
    let world = World::with(customised(&[Feature::ClaimsParameter], json!({})));
    id_token(&world, &[]);
    let answer = browse(&world, "ada", &[("claims", claims), ("prompt", "none")]);
    assert_eq!(
        parameter(&answer, "error").as_deref(),
        Some("login_required")
    );
}

#[test]
fn the_context_can_be_another_or_missing() {
    let world = World::new();
    world.provider.inject(Fault::OtherAcr);
    assert_eq!(
        id_token(&world, &[("acr_values", "gold")])["acr"],
        "another-context"
    );
    world.provider.heal();
    world.provider.inject(Fault::NoAcr);
    assert_eq!(id_token(&world, &[("acr_values", "gold")]).get("acr"), None);
}

#[test]
fn single_claims_are_told_where_they_are_wanted() {
    let claims = r#"{"userinfo":{"email":null},"id_token":{"name":{"essential":true}}}"#;
    let asked = [("scope", "openid"), ("claims", claims)];
    let world = World::with(customised(&[Feature::ClaimsParameter], json!({})));
    let told = userinfo(&world, &asked);
    assert_eq!(told["email"], "ada@example.test");
    assert_eq!((told.get("name"), told.get("email_verified")), (None, None));
    let told = id_token(&world, &asked);
    assert_eq!(told["name"], "Ada Lovelace");
    assert_eq!(told.get("email"), None);

    // While the feature is off the parameter is one that nobody knows.
    let world = World::new();
    assert_eq!(userinfo(&world, &asked).get("email"), None);
    let broken = [("claims", "not json")];
    assert!(parameter(&browse(&world, "ada", &broken), "code").is_some());
    let world = World::with(customised(&[Feature::ClaimsParameter], json!({})));
    let answer = browse(&world, "ada", &broken);
    assert_eq!(
        parameter(&answer, "error").as_deref(),
        Some("invalid_request")
    );
}

#[test]
fn a_named_subject_must_be_the_one_who_is_signed_in() {
    let world = World::with(customised(&[Feature::ClaimsParameter], json!({})));
    browse(&world, "ada", &[]);
    for (subject, error) in [("ada", None), ("grace", Some("login_required"))] {
        let claims = format!(r#"{{"id_token":{{"sub":{{"value":"{subject}"}}}}}}"#);
        let answer = browse(&world, "ada", &[("claims", &claims), ("prompt", "none")]);
        assert_eq!(parameter(&answer, "error").as_deref(), error, "{subject}");
    }
}

#[test]
fn every_scope_of_the_standard_brings_its_claims() {
    let world = World::new();
    let told = userinfo(&world, &[("scope", "openid profile email address phone")]);
    for claim in ["name", "email", "phone_number"] {
        assert!(told[claim].is_string(), "{claim}");
    }
    assert!(told["address"]["formatted"].is_string());
    let told = userinfo(&world, &[("scope", "openid")]);
    assert_eq!(told, json!({ "sub": "ada" }));
}

#[test]
fn nobody_signed_in_and_nobody_to_ask_is_an_error_by_form_post_too() {
    let world = World::new();
    let changes = [
        ("prompt", "none"),
        ("max_age", "0"),
        ("response_mode", "form_post"),
    ];
    let page = crate::support::text(&browse(&world, "ada", &changes));
    assert!(page.contains(r#"name="error" value="login_required""#));
}

#[test]
fn a_refresh_brings_new_tokens_with_the_odd_characters_that_they_may_have() {
    let world = World::with(customised(&[Feature::OddCharacters], json!({})));
    let tokens = redeem(&world, &browse(&world, "ada", &[]));
    let first = tokens["refresh_token"].as_str().unwrap().to_owned();
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", first.as_str()),
        ("client_id", "app"),
        ("client_secret", SECRET),
    ];
    let (status, refreshed) = world.token(&fields);
    assert_eq!(status, 200, "{refreshed}");
    let second = refreshed["refresh_token"].as_str().unwrap();
    assert_ne!(first, second);
    for token in [first.as_str(), second] {
        for odd in [' ', '+', '%', '&', '='] {
            assert!(token.contains(odd), "{odd}");
        }
    }
    assert!(refreshed["id_token"].is_string());
}

#[test]
fn a_refreshed_id_token_can_be_wrong_in_every_claim_that_must_stay() {
    for (fault, claim, value) in [
        (
            Fault::RefreshWrongIss,
            "iss",
            json!("https://stranger.example"),
        ),
        (Fault::RefreshWrongAud, "aud", json!("another-client")),
        (Fault::RefreshWrongAzp, "azp", json!("another-client")),
        (Fault::RefreshWrongSub, "sub", json!("somebody-else")),
        (Fault::RefreshWrongNonce, "nonce", json!("another-nonce")),
        (
            Fault::RefreshOlderIat,
            "iat",
            json!(START.minus(3600).as_unix()),
        ),
        (
            Fault::RefreshOtherAuthTime,
            "auth_time",
            json!(START.minus(3600).as_unix()),
        ),
    ] {
        let world = World::new();
        world.provider.inject(fault);
        let tokens = redeem(&world, &browse(&world, "ada", &[]));
        let first = part(tokens["id_token"].as_str().unwrap(), 1);
        assert_ne!(first.get(claim), Some(&value), "{fault}");
        let (status, refreshed) = world.token(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
            ("client_id", "app"),
            ("client_secret", SECRET),
        ]);
        assert_eq!(status, 200, "{refreshed}");
        let second = part(refreshed["id_token"].as_str().unwrap(), 1);
        assert_eq!(second[claim], value, "{fault}");
    }
}
