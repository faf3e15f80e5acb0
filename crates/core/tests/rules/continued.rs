//! The ID token of a refresh is held to the one before it (OpenID Connect Core 1.0 section 12.2).

use codegrant_core::error::{Code, Purpose};
use codegrant_core::{HeldLogin, Login, TokenResponse};
use codegrant_testkit::World;
use codegrant_testkit::world::{Outcome, Script, drive};
use serde_json::{Value, json};

const HOUR: i64 = 3_600;

/// Logs in, waits an hour, and refreshes.
fn refreshed(
    first: impl FnOnce(&mut Script),
    next: impl FnOnce(&mut Script),
) -> Outcome<TokenResponse> {
    let mut world = World::openid();
    let login = world.login(first).result.unwrap();
    world.wait(HOUR);
    world.refresh(&login, next)
}

fn now() -> i64 {
    World::openid().now.as_unix()
}

// attack: RF-07
#[test]
fn an_id_token_that_is_older_than_the_one_before_discards_the_tokens() {
    for (age, code) in [
        (HOUR + 61, Some("id_token.older_than_before")),
        (86_400, Some("id_token.older_than_before")),
        (HOUR + 60, None),
        (HOUR, None),
        (0, None),
    ] {
        let iat = now() + HOUR - age;
        let outcome = refreshed(|_honest| {}, |script| script.claims.set("iat", iat));
        assert_eq!(outcome.code(), code, "{age} seconds old");
        assert!(!outcome.called(Purpose::Userinfo));
    }
}

// attack: RF-07
#[test]
fn an_id_token_of_another_sign_in_discards_the_tokens() {
    let signed_in = now() - 100;
    for (first, next, code) in [
        (json!(signed_in), json!(signed_in), None),
        (json!(signed_in), json!(f64::from(1_799_999_900)), None),
        (json!(signed_in), Value::Null, Some("id_token.claim_type")),
        (
            json!(signed_in),
            json!(signed_in + 1),
            Some("id_token.sign_in_changed"),
        ),
        (
            json!(signed_in),
            json!(signed_in - 1),
            Some("id_token.sign_in_changed"),
        ),
        (json!(signed_in), json!(0), Some("id_token.sign_in_changed")),
    ] {
        let outcome = refreshed(
            |script| script.claims.set("auth_time", first.clone()),
            |script| script.claims.set("auth_time", next.clone()),
        );
        assert_eq!(outcome.code(), code, "{first} and {next}");
    }
    // One that says nothing of it contradicts nothing.
    let says = |script: &mut Script| script.claims.set("auth_time", signed_in);
    let silent = |script: &mut Script| script.claims.remove("auth_time");
    assert_eq!(refreshed(says, silent).code(), None);
    assert_eq!(refreshed(silent, says).code(), None);
}

// attack: RF-08
#[test]
fn a_nonce_has_to_be_the_first_one_where_there_is_one() {
    let mut world = World::openid();
    let mut nonce = Value::Null;
    let login = world.login(|script| nonce = script.claims.0["nonce"].clone());
    let login = login.result.unwrap();
    world.wait(HOUR);
    for (sent, code) in [
        (nonce.clone(), None),
        (
            json!(format!("{}1", nonce.as_str().unwrap())),
            Some("id_token.nonce_mismatch"),
        ),
        (json!("another"), Some("id_token.nonce_mismatch")),
        (json!(""), Some("id_token.nonce_mismatch")),
        (json!(5), Some("id_token.nonce_mismatch")),
        (Value::Null, Some("id_token.nonce_mismatch")),
    ] {
        let outcome = world.refresh(&login, |script| script.claims.set("nonce", sent.clone()));
        assert_eq!(outcome.code(), code, "{sent}");
    }
    let without = world.refresh(&login, |script| script.claims.remove("nonce"));
    assert_eq!(without.code(), None, "none at all is fine");
}

/// Refreshes by hand, and returns what the next refresh is compared with.
fn by_hand(
    world: &mut World,
    held: &HeldLogin<'_>,
    login: &Login,
    scope: Option<&str>,
    iat: i64,
) -> Result<codegrant_core::Renewed, &'static str> {
    let metadata = world.start().metadata;
    let token = login.tokens.refresh_token.as_ref().unwrap();
    let mut script = None;
    world.refresh(login, |honest| {
        honest.claims.set("iat", iat);
        script = Some((
            honest.signed_id_token(),
            honest.keys.response(),
            honest.token.body.clone(),
        ));
    });
    let (id_token, keys, mut body) = script.unwrap();
    body["id_token"] = id_token.into();
    match scope {
        Some(scope) => body["scope"] = scope.into(),
        None => drop(body.as_object_mut().unwrap().remove("scope")),
    }
    let keys = drive(metadata.fetch_keys(), |_| keys.clone())
        .unwrap()
        .value;
    let step = world
        .client
        .refresh(&metadata, token, None, world.moment())
        .unwrap();
    let refreshed = drive(step, |_| codegrant_core::http::HttpResponse::json(&body)).unwrap();
    refreshed
        .accept(held, &keys)
        .map_err(|error| error.code().name)
}

// attack: RF-07
#[test]
fn every_refresh_is_compared_with_the_one_before_it_and_not_with_the_login() {
    let mut world = World::openid();
    let login = world.login(|_honest| {}).result.unwrap();
    world.wait(2 * HOUR);
    let first = by_hand(
        &mut world,
        &HeldLogin::from(&login),
        &login,
        None,
        now() + 2 * HOUR,
    );
    let held = HeldLogin {
        id_token: first.unwrap().id_token,
        ..HeldLogin::from(&login)
    };
    world.wait(HOUR);
    let back = by_hand(&mut world, &held, &login, None, now() + HOUR);
    assert_eq!(back.unwrap_err(), "id_token.older_than_before");
    // A record survives being kept.
    let text = serde_json::to_string(&held.id_token).unwrap();
    assert!(text.len() < 60, "{text}");
    let read: Option<codegrant_core::IdTokenRecord> = serde_json::from_str(&text).unwrap();
    assert_eq!(read, held.id_token);
}

#[test]
fn scopes_that_are_not_said_stay_as_they_were_granted() {
    let mut world = World::openid();
    let login = world.login(|script| script.token.set("scope", "openid narrow"));
    let login = login.result.unwrap();
    assert_eq!(login.tokens.scopes, ["openid", "narrow"]);
    let held = HeldLogin::from(&login);
    let same = by_hand(&mut world, &held, &login, None, now()).unwrap();
    assert_eq!(
        same.tokens.scopes,
        ["openid", "narrow"],
        "and not what logins ask for"
    );
    let narrower = by_hand(&mut world, &held, &login, Some("openid"), now()).unwrap();
    assert_eq!(narrower.tokens.scopes, ["openid"]);
}

#[test]
fn a_login_whose_id_token_was_not_remembered_is_compared_with_what_is_known() {
    let mut world = World::openid();
    let login = world
        .login(|script| script.claims.set("auth_time", now()))
        .result
        .unwrap();
    let held = HeldLogin {
        id_token: None,
        ..HeldLogin::from(&login)
    };
    let renewed = by_hand(&mut world, &held, &login, None, now()).unwrap();
    assert!(renewed.id_token.is_some(), "from now on it is");
}

pub(crate) fn older() -> &'static Code {
    let outcome = refreshed(
        |_honest| {},
        |script| script.claims.set("iat", now() - HOUR),
    );
    outcome.error().code()
}

pub(crate) fn signed_in_again() -> &'static Code {
    let at = |seconds: i64| move |script: &mut Script| script.claims.set("auth_time", seconds);
    refreshed(at(now() - 2), at(now() - 1)).error().code()
}
