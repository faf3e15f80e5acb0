//! A provider as a configuration file writes it, here as JSON: the same names as in TOML.

use codegrant_core::provider::{
    AuthenticationMethod, EmailTrust, FACEBOOK, GOOGLE, Provider, Quirk,
};
use codegrant_core::{Client, Email};
use codegrant_testkit::World;
use serde_json::{Value, json};

fn read(entry: Value) -> Result<Provider, String> {
    serde_json::from_value(entry).map_err(|error| error.to_string())
}

fn wiki() -> Value {
    json!({
        "id": "wiki",
        "endpoints": {
            "authorization": "https://wiki.example/authorize",
            "token": "https://wiki.example/token",
            "userinfo": "https://wiki.example/me",
        },
        "user": {"subject": "data.id"},
    })
}

#[test]
fn a_preset_is_named_and_altered() {
    assert_eq!(read(json!({"preset": "google"})).unwrap(), GOOGLE);
    let altered = read(json!({
        "preset": "facebook",
        "id": "fb",
        "scopes": ["email"],
        "authentication": "client_secret_basic",
    }))
    .unwrap();
    assert_eq!(
        (altered.id.as_ref(), altered.scopes.as_ref()),
        ("fb", &["email".into()][..])
    );
    assert_eq!(
        altered.authentication,
        AuthenticationMethod::ClientSecretBasic
    );
    assert_eq!(
        (altered.user, altered.quirks),
        (FACEBOOK.user, FACEBOOK.quirks)
    );
}

#[test]
fn an_issuer_is_all_that_openid_connect_needs() {
    let entry = read(json!({"id": "op", "issuer": "https://op.example"})).unwrap();
    assert_eq!(entry, Provider::openid("op", "op", "https://op.example"));
    assert!(entry.validate().is_ok());
    let registered = json!({"id": "op", "issuer": "https://op.example", "algorithm": "EdDSA"});
    let provider = read(registered).unwrap();
    assert_eq!(
        World::new(Client::new(provider, "app", "https://app.example/cb"))
            .login(|_| {})
            .code(),
        None
    );
    assert!(
        read(json!({"id": "op", "issuer": "https://op.example", "algorithm": "HS256"})).is_ok()
    );
    assert!(read(json!({"id": "op", "issuer": "https://op.example", "algorithm": "HS1"})).is_err());
    assert!(
        read(json!({"id": "op", "issuer": "https://op.example", "algorithm": "none"})).is_err()
    );
}

#[test]
fn any_oauth_server_logs_in_by_its_endpoints_and_where_its_answer_names_the_user() {
    let mut entry = wiki();
    entry["user"] = json!({
        "subject": "data.id",
        "name": "data.profile.title ?? data.login",
        "email": "data.mail",
        "email_verified": "data.mail_checked",
    });
    entry["email_trust"] = "verified_member".into();
    entry["quirks"] = json!(["token_type_missing", "scope_array"]);
    let provider = read(entry).unwrap();
    assert_eq!(
        provider.quirks.as_ref(),
        [Quirk::TokenTypeMissing, Quirk::ScopeArray]
    );
    let mut world =
        World::new(Client::new(provider, "app", "https://app.example/cb").with_secret("s"));
    world.userinfo = json!({"data": {
        "id": 7, "login": "ada", "profile": {"title": null}, "mail": "ada@wiki.example", "mail_checked": true,
    }});
    let outcome = world.login(|script| script.token.remove("token_type"));
    let identity = outcome.identity();
    assert_eq!(identity.key(), ("https://wiki.example/token", "7"));
    assert_eq!(identity.name.as_deref(), Some("ada"));
    assert!(
        matches!(&identity.email, Email::Verified(email) if email.as_str() == "ada@wiki.example")
    );
}

#[test]
fn an_address_counts_for_nothing_where_the_entry_does_not_say_so() {
    let provider = read(wiki()).unwrap();
    assert_eq!(provider.email_trust, EmailTrust::Never);
    assert!(!provider.is_openid());
}

#[test]
fn an_entry_that_could_mean_two_things_is_refused() {
    let mut with_issuer_and_preset = json!({"preset": "google", "issuer": "https://op.example"});
    with_issuer_and_preset["id"] = "op".into();
    let mut preset_and_endpoints = wiki();
    preset_and_endpoints["preset"] = "github".into();
    let mut no_subject = wiki();
    no_subject.as_object_mut().unwrap().remove("user");
    let mut no_id = wiki();
    no_id.as_object_mut().unwrap().remove("id");
    let mut misspelt = wiki();
    misspelt["scope"] = json!(["a"]);
    let mut misspelt_endpoint = wiki();
    misspelt_endpoint["endpoints"]["user_info"] = "https://wiki.example/x".into();
    let mut unknown_quirk = wiki();
    unknown_quirk["quirks"] = json!(["no_state"]);
    for entry in [
        json!({}),
        json!({"id": "op"}),
        json!({"preset": "myspace"}),
        json!({"issuer": "https://op.example"}),
        with_issuer_and_preset,
        preset_and_endpoints,
        no_subject,
        no_id,
        misspelt,
        misspelt_endpoint,
        unknown_quirk,
    ] {
        assert!(read(entry.clone()).is_err(), "{entry}");
    }
}
