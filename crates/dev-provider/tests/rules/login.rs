//! Whole logins through the core, and the way through the pages.

use codegrant_core::error::Error;
use codegrant_core::http::{HttpRequest, Method};
use codegrant_core::{AuthorizationOptions, Email, ResponseMode};
use codegrant_dev_provider::{ClientRegistration, DevProvider, DevProviderError, Settings};

use crate::support::{
    CALLBACK, ISSUER, START, World, authorization_url, hidden, json_of, parameter, redirect,
    settings, text,
};

#[test]
fn a_login_proves_who_it_is_and_tells_what_the_scopes_allow() {
    let world = World::new();
    let login = world.login_as("ada").unwrap();
    assert_eq!(login.identity.key(), (ISSUER, "ada"));
    assert_eq!(login.identity.to_string(), "Ada Lovelace");
    assert_eq!(login.identity.username.as_deref(), Some("ada"));
    assert!(
        matches!(&login.identity.email, Email::Verified(email) if email.as_str() == "ada@example.test")
    );
    assert_eq!(login.tokens.scopes, ["openid", "profile", "email"]);
    assert_eq!(login.tokens.expires_at, Some(START.plus(3600)));
    let claims = login.id_token.unwrap().claims().clone();
    assert_eq!(claims["aud"], "app");
    assert_eq!(claims["auth_time"], START.as_unix());
    assert!(claims["sid"].is_string() && claims["at_hash"].is_string());
    assert!(!claims.contains_key("name") && !claims.contains_key("email"));
}

#[test]
fn an_address_that_nobody_checked_is_only_claimed() {
    let login = World::new().login_as("alan").unwrap();
    assert_eq!(
        login.identity.email,
        Email::Claimed("alan@example.test".to_owned())
    );
}

#[test]
fn claims_stand_in_the_id_token_where_the_settings_say_so() {
    let world = World::with(settings().with_claims_in_id_token());
    let login = world.login_as("grace").unwrap();
    assert_eq!(login.id_token.unwrap().claims()["name"], "Grace Hopper");
    let called: Vec<String> = world
        .provider
        .requests()
        .into_iter()
        .map(|call| call.path)
        .collect();
    assert!(!called.contains(&"/userinfo".to_owned()), "{called:?}");
}

#[test]
fn a_login_by_form_post_posts_the_same_fields() {
    let mut world = World::new();
    world.client = world
        .client
        .clone()
        .with_response_mode(ResponseMode::FormPost);
    let (url, transaction) = world.start(AuthorizationOptions::default()).unwrap();
    let page = world.provider.authorize_as(&url, "ada", START);
    assert_eq!(page.status, 200);
    assert_eq!(hidden(&text(&page), "iss").as_deref(), Some(ISSUER));
    assert!(text(&page).contains(&format!(r#"method="post" action="{CALLBACK}""#)));
    assert_eq!(
        world.finish(&page, transaction).unwrap().identity.subject,
        "ada"
    );
}

#[test]
fn a_person_signs_in_allows_it_and_is_remembered() {
    let world = World::new();
    let url = authorization_url(&[]);
    let page = text(&world.get(&url));
    let interaction = hidden(&page, "interaction").unwrap();
    let answer = world.post(
        "/sign-in",
        &[("interaction", &interaction), ("user", "ada")],
    );
    assert_eq!(answer.status, 303);
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("dev_provider_session="));
    assert!(
        cookie.ends_with("; Path=/dev; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    let page = text(&world.get(answer.header("location").unwrap()));
    assert!(page.contains("Allow The App?") && page.contains("localhost:3000"));
    let interaction = hidden(&page, "interaction").unwrap();
    let answer = world.post(
        "/consent",
        &[("interaction", &interaction), ("decision", "allow")],
    );
    let (address, _) = redirect(&answer);
    assert_eq!(address, CALLBACK);
    assert_eq!(parameter(&answer, "state").as_deref(), Some("the-state"));
    assert_eq!(parameter(&answer, "iss").as_deref(), Some(ISSUER));

    // The second time nobody is asked anything.
    let answer = world.get(&url);
    assert_eq!(redirect(&answer).0, CALLBACK);
    assert!(parameter(&answer, "code").is_some());

    // More scopes, or another client, are asked about.
    let more = authorization_url(&[("scope", "openid profile email offline_access")]);
    let other = [
        ("client_id", "other"),
        ("redirect_uri", "http://localhost:3000/other"),
    ];
    for url in [more, authorization_url(&other)] {
        let answer = world.get(&url);
        assert_eq!(redirect(&answer).0, format!("{ISSUER}/consent"));
    }
}

#[test]
fn anybody_can_be_anybody_by_typing_a_name() {
    let world = World::new();
    let sign_in = |name: &str| {
        let page = text(&world.get(&authorization_url(&[("prompt", "login")])));
        let interaction = hidden(&page, "interaction").unwrap();
        world.post("/sign-in", &[("interaction", &interaction), ("name", name)])
    };
    let page = world.get(sign_in(" Zoë of Ærø ").header("location").unwrap());
    assert!(text(&page).contains("Zoë of Ærø") && text(&page).contains("zo.of.r@example.test"));
    let interaction = hidden(&text(&page), "interaction").unwrap();
    let answer = world.post(
        "/consent",
        &[("interaction", &interaction), ("decision", "allow")],
    );
    assert!(parameter(&answer, "code").is_some());

    // The same name is the same account, which has allowed it; another one has not.
    assert_eq!(redirect(&sign_in("Zoë of Ærø")).0, CALLBACK);
    assert_eq!(
        redirect(&sign_in("Zoe of Ærø")).0,
        format!("{ISSUER}/consent")
    );

    for bad in ["", "  ", "a\nb", &"x".repeat(61)] {
        let page = sign_in(bad);
        assert_eq!(page.status, 400, "{bad:?}");
        assert!(text(&page).contains(r#"role="alert""#));
    }
}

#[test]
fn whoever_denies_or_cancels_goes_back_with_access_denied() {
    let world = World::new();
    let page = text(&world.get(&authorization_url(&[])));
    let interaction = hidden(&page, "interaction").unwrap();
    let deny = [("interaction", interaction.as_str()), ("decision", "deny")];
    let answer = world.post("/consent", &deny);
    assert_eq!(redirect(&answer).0, CALLBACK);
    assert_eq!(
        parameter(&answer, "error").as_deref(),
        Some("access_denied")
    );
    assert_eq!(parameter(&answer, "state").as_deref(), Some("the-state"));
    assert_eq!(parameter(&answer, "iss").as_deref(), Some(ISSUER));
    assert_eq!(parameter(&answer, "code"), None);
    // The page is good for one answer: a second one changes nothing.
    let allow = [("interaction", interaction.as_str()), ("decision", "allow")];
    assert_eq!(world.post("/consent", &allow), answer);
}

#[test]
fn whoever_clicks_twice_gets_the_same_answer_twice() {
    let world = World::new();
    let page = text(&world.get(&authorization_url(&[])));
    let interaction = hidden(&page, "interaction").unwrap();
    let ada = [("interaction", interaction.as_str()), ("user", "ada")];
    let first = world.post("/sign-in", &ada);
    assert_eq!(world.post("/sign-in", &ada), first);
    let page = text(&world.get(first.header("location").unwrap()));
    let interaction = hidden(&page, "interaction").unwrap();
    let allow = [("interaction", interaction.as_str()), ("decision", "allow")];
    let first = world.post("/consent", &allow);
    assert!(parameter(&first, "code").is_some());
    assert_eq!(world.post("/consent", &allow), first);
    // The page itself is over.
    let url = format!("{ISSUER}/consent?interaction={interaction}");
    assert_eq!(world.get(&url).status, 400);
}

#[test]
fn nobody_allows_anything_without_having_signed_in() {
    let world = World::new();
    let page = text(&world.get(&authorization_url(&[])));
    let interaction = hidden(&page, "interaction").unwrap();
    let answer = world.post(
        "/consent",
        &[("interaction", &interaction), ("decision", "allow")],
    );
    assert_eq!((answer.status, answer.header("location")), (400, None));
    let consent = world.get(&format!("{ISSUER}/consent?interaction={interaction}"));
    assert_eq!(consent.status, 400);
}

#[test]
fn an_unknown_user_cannot_sign_in() {
    let world = World::new();
    let page = world
        .provider
        .authorize_as(&authorization_url(&[]), "mallory", START);
    assert_eq!(page.status, 400);
    assert!(world.cookie().is_none());
}

#[test]
fn a_page_that_waited_too_long_is_over() {
    let world = World::new();
    let page = text(&world.get(&authorization_url(&[])));
    let interaction = hidden(&page, "interaction").unwrap();
    world.wait(1801);
    let answer = world.post(
        "/sign-in",
        &[("interaction", &interaction), ("user", "ada")],
    );
    assert_eq!((answer.status, answer.header("set-cookie")), (400, None));
}

#[test]
fn an_issuer_that_is_not_on_loopback_is_refused() {
    for issuer in [
        "https://login.example",
        "http://192.168.1.2:9000",
        "http://localhost.example.test",
        "ftp://localhost",
        "http://user@localhost",
        "http://localhost/?a=b",
        "http://localhost/#a",
        "localhost:9000",
        "",
    ] {
        let refused = DevProvider::new(Settings::new(issuer, [0; 32])).err();
        assert!(
            matches!(refused, Some(DevProviderError::Issuer { .. })),
            "{issuer}"
        );
    }
}

#[test]
fn a_request_under_a_foreign_name_is_refused() {
    let world = World::new();
    let url = "http://rebound.example:3000/dev/.well-known/openid-configuration";
    assert_eq!(world.get(url).status, 421);
}

#[test]
fn an_issuer_may_stand_at_the_root_and_end_in_a_slash() {
    for (issuer, base) in [
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("http://127.0.0.1:9000/", "http://127.0.0.1:9000"),
        ("https://[::1]/op/", "https://[::1]/op"),
    ] {
        let mut settings = settings();
        settings.issuer = issuer.to_owned();
        let world = World::with(settings);
        let (_, metadata) =
            json_of(&world.get(&format!("{base}/.well-known/openid-configuration")));
        assert_eq!(metadata["issuer"], issuer);
        assert_eq!(metadata["token_endpoint"], format!("{base}/token"));
        assert_eq!(world.login_as("ada").unwrap().identity.issuer, issuer);
    }
}

#[test]
fn other_paths_and_methods_are_answered_as_such() {
    let world = World::new();
    assert_eq!(world.get(&format!("{ISSUER}/nothing")).status, 404);
    assert_eq!(world.get("http://localhost:3000/developer").status, 404);
    let answer = world.get(&format!("{ISSUER}/token"));
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    assert_eq!(world.get(ISSUER).status, 200);
}

#[test]
fn the_same_seed_gives_the_same_codes() {
    let code = |seed: u8| {
        let mut settings = settings();
        settings.seed = [seed; 32];
        let world = World::with(settings);
        let answer = world
            .provider
            .authorize_as(&authorization_url(&[]), "ada", START);
        parameter(&answer, "code").unwrap()
    };
    assert_eq!(code(1), code(1));
    assert_ne!(code(1), code(2));
}

#[test]
fn what_was_called_is_recorded_and_bounded() {
    let world = World::new();
    for number in 0..1010 {
        world.get(&format!("{ISSUER}/jwks?number={number}"));
    }
    let mut request = HttpRequest::new(Method::Post, format!("{ISSUER}/token"));
    request.set_header("authorization", "Basic c2VjcmV0");
    request.body = b"code=secret".to_vec();
    world.send(request);
    let requests = world.provider.requests();
    assert_eq!(requests.len(), 1000);
    assert_eq!(
        (requests[0].path.as_str(), requests[0].query.as_str()),
        ("/jwks", "number=11")
    );
    let last = requests.last().unwrap();
    assert_eq!(
        (last.method, last.body.as_str()),
        (Method::Post, "code=secret")
    );
    assert!(
        last.headers
            .contains(&("authorization", "Basic c2VjcmV0".to_owned()))
    );
    assert_eq!(format!("{last:?}"), "POST /token");
}

#[test]
fn a_client_may_take_any_callback_on_loopback_and_nothing_else() {
    let world = World::with(settings());
    let ask = |uri: &str| {
        let url = authorization_url(&[("client_id", "any"), ("redirect_uri", uri)]);
        world.provider.authorize_as(&url, "ada", START)
    };
    for good in [
        "http://localhost:4000/cb",
        "http://127.0.0.1/a?b=c",
        "https://[::1]:8443/x",
    ] {
        assert!(
            ask(good).header("location").unwrap().starts_with(good),
            "{good}"
        );
    }
    for bad in [
        "http://app.example/cb",
        "http://localhost:4000/cb#fragment",
        "http://localhost@app.example/",
        "http://user@localhost/",
        "javascript:alert(1)",
        "/cb",
    ] {
        let answer = ask(bad);
        assert_eq!(
            (answer.status, answer.header("location")),
            (400, None),
            "{bad}"
        );
    }
}

#[test]
fn secrets_do_not_show() {
    let mut settings = settings();
    settings.seed = [9; 32];
    let shown = format!(
        "{settings:?} {:?}",
        ClientRegistration::new("a", Some("hush"))
    );
    assert!(!shown.contains("a secret") && !shown.contains("hush") && !shown.contains("[9, 9"));
    let provider = DevProvider::new(settings).unwrap();
    assert!(!format!("{provider:?}").contains("a secret"));
}

#[test]
fn an_expired_code_is_worth_nothing_to_the_core_either() {
    let world = World::new();
    let (url, transaction) = world.start(AuthorizationOptions::default()).unwrap();
    let answer = world.provider.authorize_as(&url, "ada", START);
    world.wait(60);
    let refused: Error = world.finish(&answer, transaction).unwrap_err();
    assert_eq!(refused.code().name, "provider.token_refused");
}
