//! Log-out at the provider (OpenID Connect RP-Initiated Logout 1.0).

use codegrant_core::http::HttpResponse;
use codegrant_core::jose::{Algorithm, SigningKey};
use codegrant_core::{AuthorizationOptions, LogOutOptions, Login};
use codegrant_dev_provider::Fault;
use url::form_urlencoded;

use crate::support::{
    ISSUER, World, authorization_url, browse, hidden, parameter, redeem, settings, text,
};

const BYE: &str = "http://localhost:3000/bye";

/// Makes a world whose app asks for these scopes.
fn asking(scopes: &[&'static str]) -> World {
    let mut world = World::new();
    world.client = world.client.clone().with_scopes(scopes.iter().copied());
    world
}

/// Logs in with the world's own browser, which then keeps the provider's session.
fn login(world: &World) -> Login {
    let (url, transaction) = world.start(AuthorizationOptions::default()).unwrap();
    let page = text(&world.get(&url));
    let interaction = hidden(&page, "interaction").unwrap();
    let answer = world.post(
        "/sign-in",
        &[("interaction", &interaction), ("user", "ada")],
    );
    let location = answer.header("location").unwrap();
    let interaction = location.split_once("interaction=").unwrap().1;
    let answer = world.post(
        "/consent",
        &[("interaction", interaction), ("decision", "allow")],
    );
    world.finish(&answer, transaction).unwrap()
}

fn end_session(world: &World, fields: &[(&str, &str)]) -> HttpResponse {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let query = query.extend_pairs(fields).finish();
    world.get(&format!("{ISSUER}/end_session?{query}"))
}

fn is_signed_in(world: &World) -> bool {
    let answer = world.get(&authorization_url(&[("prompt", "none")]));
    parameter(&answer, "error").as_deref() != Some("login_required")
}

#[test]
fn an_id_token_of_the_session_logs_out_at_once_and_leads_back() {
    let world = asking(&["openid", "profile", "email"]);
    let login = login(&world);
    assert!(is_signed_in(&world));
    let hint = login.id_token.as_ref().unwrap().raw();
    // An expired ID token still tells whose session is meant.
    world.wait(7200);
    let fields = [
        ("id_token_hint", hint),
        ("post_logout_redirect_uri", BYE),
        ("state", "x y"),
    ];
    let answer = end_session(&world, &fields);
    assert_eq!(answer.status, 303);
    assert_eq!(
        answer.header("location"),
        Some("http://localhost:3000/bye?state=x+y")
    );
    assert!(answer.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert!(!is_signed_in(&world));
    assert!(world.refresh(&login).is_err());
}

#[test]
fn the_core_finds_the_address_and_is_led_back() {
    let world = asking(&["openid", "email"]);
    let login = login(&world);
    let metadata = world.metadata().unwrap();
    let mut options = LogOutOptions::to(BYE);
    options.id_token_hint = login.id_token.as_ref().map(|token| token.raw().to_owned());
    let request = world.client.log_out(&metadata, options).unwrap();
    let url = request.url().unwrap();
    assert_eq!(world.get(&url).header("location"), Some(BYE));
}

#[test]
fn offline_access_outlives_a_log_out() {
    let world = asking(&["openid", "offline_access"]);
    let login = login(&world);
    let hint = login.id_token.as_ref().unwrap().raw();
    assert_eq!(end_session(&world, &[("id_token_hint", hint)]).status, 200);
    assert!(!is_signed_in(&world));
    assert!(world.refresh(&login).is_ok());
}

#[test]
fn without_a_hint_the_person_is_asked() {
    let world = asking(&["openid"]);
    login(&world);
    let fields = [("client_id", "app"), ("post_logout_redirect_uri", BYE)];
    let page = text(&end_session(&world, &fields));
    assert!(page.contains("Log out of the development provider?") && page.contains("Ada Lovelace"));
    let interaction = hidden(&page, "interaction").unwrap();
    let stay = [("interaction", interaction.as_str()), ("decision", "stay")];
    assert_eq!(world.post("/end_session/confirm", &stay).status, 200);
    assert!(is_signed_in(&world));
    // The page is good for one answer.
    let leave = [
        ("interaction", interaction.as_str()),
        ("decision", "log-out"),
    ];
    assert_eq!(world.post("/end_session/confirm", &leave).status, 400);

    let page = text(&end_session(&world, &fields));
    let interaction = hidden(&page, "interaction").unwrap();
    let leave = [
        ("interaction", interaction.as_str()),
        ("decision", "log-out"),
    ];
    let answer = world.post("/end_session/confirm", &leave);
    assert_eq!(answer.header("location"), Some(BYE));
    assert!(!is_signed_in(&world));
}

#[test]
fn a_hint_that_means_another_session_is_confirmed_by_the_person() {
    let world = asking(&["openid"]);
    let login = login(&world);
    let hint = login.id_token.as_ref().unwrap().raw();
    let page = text(&world.get(&authorization_url(&[("prompt", "login")])));
    let interaction = hidden(&page, "interaction").unwrap();
    world.post(
        "/sign-in",
        &[("interaction", &interaction), ("user", "grace")],
    );
    let page = text(&end_session(&world, &[("id_token_hint", hint)]));
    assert!(page.contains("Grace Hopper"));
    assert!(is_signed_in(&world));
}

#[test]
fn nobody_is_sent_to_an_address_that_is_not_registered() {
    let world = asking(&["openid"]);
    let login = login(&world);
    let hint = login.id_token.as_ref().unwrap().raw();
    let forged = format!("{}x", &hint[..hint.len() - 1]);
    for fields in [
        vec![
            ("id_token_hint", hint),
            ("post_logout_redirect_uri", "https://evil.example/"),
        ],
        vec![
            ("id_token_hint", hint),
            ("post_logout_redirect_uri", "http://localhost:3000/bye/"),
        ],
        vec![("client_id", "other"), ("post_logout_redirect_uri", BYE)],
        vec![("client_id", "stranger"), ("post_logout_redirect_uri", BYE)],
        vec![("post_logout_redirect_uri", BYE)],
        vec![("id_token_hint", hint), ("client_id", "other")],
        vec![("id_token_hint", forged.as_str())],
        vec![("id_token_hint", "not-a-token")],
        vec![("state", "a"), ("state", "b")],
    ] {
        let answer = end_session(&world, &fields);
        assert_eq!(
            (answer.status, answer.header("location")),
            (400, None),
            "{fields:?}"
        );
        assert!(is_signed_in(&world), "{fields:?}");
    }
}

#[test]
fn a_hint_counts_byte_for_byte() {
    let world = asking(&["openid"]);
    let login = login(&world);
    let hint = login.id_token.as_ref().unwrap().raw();
    end_session(&world, &[("id_token_hint", hint)]);
    assert_eq!(world.provider.violations(), [""; 0]);

    // The same key signed it, and still this provider never issued it.
    let key = SigningKey::generate(Algorithm::Es256, None).unwrap();
    let key = key.to_pkcs8().unwrap();
    let world = || World::with(settings().with_key_pkcs8(key.as_bytes()));
    let (one, other) = (world(), world());
    let tokens = redeem(&one, &browse(&one, "ada", &[]));
    let issued = tokens["id_token"].as_str().unwrap();
    for (world, violations) in [(&one, 0), (&other, 1)] {
        let answer = end_session(world, &[("id_token_hint", issued)]);
        assert_eq!(answer.status, 200);
        assert_eq!(world.provider.violations().len(), violations);
    }
    // What nobody signed is no hint at all.
    let stranger = World::new();
    let answer = end_session(&stranger, &[("id_token_hint", issued)]);
    assert_eq!(answer.status, 400);
    assert_eq!(stranger.provider.violations().len(), 1);
}

#[test]
fn an_address_that_is_not_registered_is_noted() {
    let world = asking(&["openid"]);
    let hint = login(&world).id_token.unwrap().raw().to_owned();
    let address = "http://localhost:3000/bye/";
    let fields = [
        ("id_token_hint", hint.as_str()),
        ("post_logout_redirect_uri", address),
    ];
    assert_eq!(end_session(&world, &fields).status, 400);
    let noted = world.provider.violations();
    assert!(noted.len() == 1 && noted[0].contains(address), "{noted:?}");
}

#[test]
fn the_state_comes_back_altered_or_not_at_all() {
    for (fault, expected) in [
        (
            Fault::LogOutWrongState,
            "http://localhost:3000/bye?state=s_INVALID",
        ),
        (Fault::LogOutNoState, BYE),
    ] {
        let world = asking(&["openid"]);
        let hint = login(&world).id_token.unwrap().raw().to_owned();
        world.provider.inject(fault);
        let fields = [
            ("id_token_hint", hint.as_str()),
            ("post_logout_redirect_uri", BYE),
            ("state", "s"),
        ];
        let answer = end_session(&world, &fields);
        assert_eq!(answer.header("location"), Some(expected), "{fault}");
    }
}
