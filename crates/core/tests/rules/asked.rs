//! What a login asks for: by the client always, by one login itself, and what the answer is held to.

use codegrant_core::error::Purpose;
use codegrant_core::provider::{GITHUB, GOOGLE};
use codegrant_core::{AuthorizationOptions, Client, LoginOptions};
use codegrant_testkit::World;
use serde_json::{Map, Value, json};

use crate::{login, refused_at_the_callback, refused_at_the_id_token};

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

fn world(set: impl FnOnce(Client) -> Client) -> World {
    let mut world = World::openid();
    world.client = set(world.client);
    assert!(world.client.validate().is_ok());
    world
}

#[test]
fn what_a_client_always_asks_for_is_in_every_request() {
    let mut world = world(|client| {
        client
            .with_acr_values(["phr", "phrh"])
            .with_max_age(3600)
            .with_prompt("consent")
            .with_ui_locales(["de-CH", "en"])
            .with_claims(object(json!({"id_token": {"acr": {"essential": true}}})))
            .with_authorization_details(vec![object(json!({"type": "payment", "max": 5}))])
            .with_resources(["https://a.example/", "https://b.example/"])
    });
    let pending = world.start();
    for (name, value) in [
        ("acr_values", "phr phrh"),
        ("max_age", "3600"),
        ("prompt", "consent"),
        ("ui_locales", "de-CH en"),
        ("claims", r#"{"id_token":{"acr":{"essential":true}}}"#),
        ("authorization_details", r#"[{"max":5,"type":"payment"}]"#),
    ] {
        let sent = pending.parameter(name);
        let same = match serde_json::from_str::<Value>(value) {
            Ok(json) => serde_json::from_str::<Value>(&sent).unwrap() == json,
            Err(_) => sent == value,
        };
        assert!(same, "{name}: {sent}");
    }
    let resources: Vec<String> = pending
        .parameters()
        .into_iter()
        .filter(|(name, _)| name == "resource")
        .map(|(_, value)| value)
        .collect();
    assert_eq!(resources, ["https://a.example/", "https://b.example/"]);
    // The answer is held to what was asked.
    let now = world.now.as_unix();
    let refused = world.finish(pending.clone(), |script| {
        script.claims.set("auth_time", now);
    });
    refused_at_the_id_token(&refused, "id_token.authentication_context");
    let stale = world.finish(pending.clone(), |script| {
        script.claims.set("acr", "phr");
        script.claims.set("auth_time", now - 3700);
    });
    refused_at_the_id_token(&stale, "id_token.authentication_too_old");
    let good = world.finish(pending, |script| {
        script.claims.set("acr", "phrh");
        script.claims.set("auth_time", now);
    });
    assert_eq!(good.code(), None);
}

#[test]
fn tokens_are_asked_for_the_same_resources_as_their_code() {
    let mut world = world(|client| client.with_resources(["https://a.example/", "urn:b"]));
    let outcome = world.login(|_honest| {});
    let resources = |form: Vec<(String, String)>| -> Vec<String> {
        form.into_iter()
            .filter(|(name, _)| name == "resource")
            .map(|(_, value)| value)
            .collect()
    };
    let wanted = ["https://a.example/", "urn:b"];
    assert_eq!(resources(outcome.sent(Purpose::Token).form()), wanted);
    let login = outcome.result.unwrap();
    let renewed = world.refresh(&login, |_honest| {});
    assert_eq!(resources(renewed.sent(Purpose::Token).form()), wanted);
}

#[test]
fn granted_rights_come_with_the_tokens() {
    let details = json!([{"type": "payment", "max": 5}, {"type": "account"}]);
    let granted = login(|script| script.token.set("authorization_details", details.clone()));
    let tokens = &granted.value().tokens;
    assert_eq!(
        json!(tokens.authorization_details),
        details,
        "word for word"
    );
    assert!(
        login(|_honest| {})
            .value()
            .tokens
            .authorization_details
            .is_empty()
    );
    for wrong in [
        json!({}),
        json!("payment"),
        json!([5]),
        json!([{}]),
        json!([{"type": 5}]),
        json!([{"type": "a"}, null]),
    ] {
        let refused = login(|script| script.token.set("authorization_details", wrong.clone()));
        assert_eq!(refused.code(), Some("provider.member_type"), "{wrong}");
    }
}

#[test]
fn a_login_may_ask_for_more_than_its_client_and_not_for_less() {
    let asks = |set: fn(&mut AuthorizationOptions)| {
        let mut world =
            world(|client| client.with_acr_values(["silver", "gold"]).with_max_age(300));
        set(&mut world.options);
        let pending = world.start();
        (
            pending.parameter("acr_values"),
            pending.parameter("max_age"),
        )
    };
    let text = |acr: &str, age: &str| (acr.to_owned(), age.to_owned());
    assert_eq!(asks(|_nothing| {}), text("silver gold", "300"));
    assert_eq!(
        asks(|options| {
            options.acr_values = vec!["gold".to_owned()];
            options.max_age = Some(0);
        }),
        text("gold", "0")
    );
    assert_eq!(
        asks(|options| {
            options.acr_values = vec!["bronze".to_owned()];
            options.max_age = Some(100_000);
        }),
        text("silver gold", "300")
    );
    assert_eq!(
        asks(|options| options.acr_values = vec!["bronze".to_owned(), "gold".to_owned()]),
        text("gold", "300")
    );
}

#[test]
fn no_link_takes_away_what_the_client_has_shown_always() {
    let asks = |own: &str, subject: Option<&str>| {
        let mut world = world(|client| client.with_prompt("login"));
        world.options.prompt = Some(own.to_owned());
        world.options.expected_subject = subject.map(str::to_owned);
        world.start().parameter("prompt")
    };
    assert_eq!(asks("select_account", None), "login select_account");
    assert_eq!(asks("login", None), "login");
    assert_eq!(asks("none", None), "login");
    // Whether a session that is there goes on is asked about its own person.
    assert_eq!(asks("none", Some("248289761001")), "none");
}

#[test]
fn one_login_overrides_what_its_providers_entry_sends_along() {
    let google = GOOGLE.with_authorization_parameter("prompt", "consent");
    let client = Client::new(google, "app", "https://app.example/cb").with_secret("s");
    let mut world = World::new(client);
    assert_eq!(world.start().parameter("prompt"), "consent");
    world.options.prompt = Some("select_account".to_owned());
    assert_eq!(world.start().parameter("prompt"), "select_account");
}

#[test]
fn hints_and_rights_of_one_login_are_sent() {
    let mut world = World::openid();
    world.options.id_token_hint = Some("a.b.c".to_owned());
    world.options.ui_locales = vec!["fr".to_owned()];
    world.options.claims = Some(object(json!({"userinfo": {}})));
    world.options.authorization_details = vec![object(json!({"type": "payment"}))];
    let pending = world.start();
    assert_eq!(pending.parameter("id_token_hint"), "a.b.c");
    assert_eq!(pending.parameter("ui_locales"), "fr");
    assert_eq!(pending.parameter("claims"), r#"{"userinfo":{}}"#);
    assert_eq!(
        pending.parameter("authorization_details"),
        r#"[{"type":"payment"}]"#
    );
}

#[test]
fn a_login_that_nobody_may_be_asked_about_ends_in_its_own_way() {
    for error in [
        "login_required",
        "interaction_required",
        "account_selection_required",
        "consent_required",
    ] {
        let refused = login(|script| {
            script.callback.remove("code");
            script.callback.set("error", error);
        });
        refused_at_the_callback(&refused, "callback.interaction_required");
    }
    let mut world = World::openid();
    assert!(!world.start().transaction.is_silent());
    world.options.prompt = Some("none".to_owned());
    assert!(world.start().transaction.is_silent());
    // The transaction travels through a browser.
    let sealed = serde_json::to_string(&world.start().transaction).unwrap();
    let opened: codegrant_core::Transaction = serde_json::from_str(&sealed).unwrap();
    assert!(opened.is_silent());
    // A client that asks so always has no page to go on to.
    let mut always = self::world(|client| client.with_prompt("none"));
    assert_eq!(always.start().parameter("prompt"), "none");
    assert!(!always.start().transaction.is_silent());
}

#[test]
fn what_a_client_asks_for_has_to_be_of_its_form() {
    let openid = || Client::new(GOOGLE, "app", "https://app.example/cb").with_secret("s");
    let oauth = || Client::new(GITHUB, "app", "https://app.example/cb").with_secret("s");
    let sound = |client: Client| client.validate().is_ok();
    for good in [
        openid().with_acr_values(["urn:mace:incommon:iap:silver"]),
        openid().with_prompt("login consent"),
        openid().with_prompt("none"),
        openid().with_ui_locales(["zh-Hant-TW"]),
        openid().with_claims(object(json!({"userinfo": {"email": null}, "id_token": {}}))),
        oauth().with_resources(["https://api.example/?tenant=1"]),
        oauth().with_authorization_details(vec![object(json!({"type": "x"}))]),
        oauth().with_prompt("consent"),
    ] {
        assert!(sound(good.clone()), "{:?}", good.validate());
    }
    for bad in [
        openid().with_acr_values(["two words"]),
        openid().with_acr_values([""]),
        openid().with_prompt("none login"),
        openid().with_prompt("Login"),
        openid().with_prompt(""),
        openid().with_ui_locales(["de_CH"]),
        openid().with_ui_locales(["de CH"]),
        openid().with_claims(object(json!({}))),
        openid().with_claims(object(json!({"email": null}))),
        openid().with_claims(object(json!({"userinfo": ["email"]}))),
        openid().with_resources(["/relative"]),
        openid().with_resources(["https://api.example/#fragment"]),
        openid().with_resources(["https://api.example/a b"]),
        openid().with_authorization_details(vec![object(json!({"kind": "x"}))]),
        openid().with_authorization_details(vec![object(json!({"type": 5}))]),
        // Nothing would prove these.
        oauth().with_acr_values(["phr"]),
        oauth().with_max_age(60),
        oauth().with_claims(object(json!({"userinfo": {}}))),
    ] {
        let mistakes = bad.validate().unwrap_err();
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
        assert_eq!(mistakes[0].code().name, "configuration.setting");
    }
}

#[test]
fn options_of_a_login_survive_its_address() {
    let options = LoginOptions::new()
        .acr_values(["urn:a", "b&c=d"])
        .max_age(0)
        .prompt("login consent")
        .login_hint("jane+work@mail.example&x=\u{e9}")
        .ui_locales(["de-CH", "en"]);
    assert_eq!(LoginOptions::of_query(&options.to_query()), options);
    assert_eq!(LoginOptions::new().to_query(), "");
    assert_eq!(
        LoginOptions::of_query(
            "return_to=%2F&scope=admin&claims=%7B%7D&redirect_uri=x&id_token_hint=y"
        ),
        LoginOptions::new()
    );
}

// attack: DS-12
#[test]
fn what_is_doubtful_in_an_address_counts_as_absent() {
    let long = "a".repeat(257);
    for query in [
        "max_age=-1",
        "max_age=+1",
        "max_age=4294967296",
        "max_age=1e3",
        "max_age=",
        "max_age=1&max_age=2",
        "prompt=NONE",
        "prompt=none+login",
        "prompt=x",
        "prompt=",
        "login_hint=",
        "login_hint=a%0d%0ab",
        "login_hint=a%00",
        "login_hint=%ff",
        "acr_values=",
        "acr_values=a++b",
        "acr_values=a%09b",
        "acr_values=%c3%a9",
        "acr_values=1+2+3+4+5+6+7+8+9",
        "ui_locales=de_CH",
        "ui_locales=-",
        "ui_locales=de%2F..",
        &format!("login_hint={long}"),
        &format!("acr_values={long}"),
        &format!("ui_locales={long}"),
    ] {
        assert_eq!(
            LoginOptions::of_query(query),
            LoginOptions::new(),
            "{query}"
        );
    }
}
