//! The authorization request: what is refused, where the refusal goes, and when a person is asked.

use codegrant_core::http::{HttpRequest, Method};

use crate::support::{
    CALLBACK, ISSUER, World, authorization_url, hidden, parameter, redirect, text,
};

/// Goes through sign-in and consent with the world's browser.
fn sign_in(world: &World, user: &str) {
    let page = text(&world.get(&authorization_url(&[("prompt", "login")])));
    let interaction = hidden(&page, "interaction").unwrap();
    let answer = world.post("/sign-in", &[("interaction", &interaction), ("user", user)]);
    let location = answer.header("location").unwrap();
    if let Some(interaction) = location
        .split_once("/consent?interaction=")
        .map(|(_, id)| id)
    {
        world.post(
            "/consent",
            &[("interaction", interaction), ("decision", "allow")],
        );
    }
}

#[test]
fn without_a_known_client_and_a_registered_address_nobody_is_sent_anywhere() {
    let world = World::new();
    for changes in [
        [("client_id", ""), ("x", "")],
        [("client_id", "stranger"), ("x", "")],
        [("redirect_uri", ""), ("x", "")],
        [("redirect_uri", "https://evil.example/"), ("x", "")],
        [
            ("redirect_uri", "http://localhost:3000/auth/callback/dev/"),
            ("x", ""),
        ],
        [
            (
                "redirect_uri",
                "http://localhost:3000/auth/callback/dev?a=b",
            ),
            ("x", ""),
        ],
        [
            ("redirect_uri", "http://LOCALHOST:3000/auth/callback/dev"),
            ("x", ""),
        ],
        [
            ("redirect_uri", "http://localhost:3000/other"),
            ("prompt", "none"),
        ],
    ] {
        let answer = world.get(&authorization_url(&changes));
        assert_eq!(
            (answer.status, answer.header("location")),
            (400, None),
            "{changes:?}"
        );
    }
    for repeated in [
        "client_id=app",
        "redirect_uri=https%3A%2F%2Fevil.example",
        "state=b",
    ] {
        let answer = world.get(&format!("{}&{repeated}", authorization_url(&[])));
        assert_eq!(
            (answer.status, answer.header("location")),
            (400, None),
            "{repeated}"
        );
    }
}

#[test]
fn other_mistakes_go_back_to_the_client_with_state_and_issuer() {
    let world = World::new();
    for (change, error) in [
        (("response_type", ""), "invalid_request"),
        (("response_type", "token"), "unsupported_response_type"),
        (
            ("response_type", "code id_token"),
            "unsupported_response_type",
        ),
        (("scope", ""), "invalid_scope"),
        (("scope", "unknown"), "invalid_scope"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge", "short"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("prompt", "none login"), "invalid_request"),
        (("prompt", "dance"), "invalid_request"),
        (("max_age", "-1"), "invalid_request"),
        (("max_age", "soon"), "invalid_request"),
        (("response_mode", "fragment"), "invalid_request"),
        (("request", "e30.e30."), "request_not_supported"),
        (
            ("request_uri", "https://a.example"),
            "request_uri_not_supported",
        ),
        (("prompt", "none"), "login_required"),
    ] {
        let answer = world.get(&authorization_url(&[change]));
        assert_eq!(answer.status, 303, "{change:?}");
        assert_eq!(redirect(&answer).0, CALLBACK);
        assert_eq!(
            parameter(&answer, "error").as_deref(),
            Some(error),
            "{change:?}"
        );
        assert!(parameter(&answer, "error_description").is_some());
        assert_eq!(parameter(&answer, "state").as_deref(), Some("the-state"));
        assert_eq!(parameter(&answer, "iss").as_deref(), Some(ISSUER));
    }
    let twice = world.get(&format!("{}&nonce=b", authorization_url(&[])));
    assert_eq!(
        parameter(&twice, "error").as_deref(),
        Some("invalid_request")
    );
}

#[test]
fn an_error_goes_back_in_the_mode_that_was_asked_for() {
    let world = World::new();
    let url = authorization_url(&[("response_mode", "form_post"), ("prompt", "none")]);
    let answer = world.get(&url);
    assert_eq!(answer.status, 200);
    assert_eq!(
        hidden(&text(&answer), "error").as_deref(),
        Some("login_required")
    );
    assert_eq!(
        hidden(&text(&answer), "state").as_deref(),
        Some("the-state")
    );
}

#[test]
fn the_request_may_come_by_post_as_well() {
    let world = World::new();
    let url = authorization_url(&[]);
    let (address, query) = url.split_once('?').unwrap();
    let mut request = HttpRequest::new(Method::Post, address);
    request.set_header("content-type", "application/x-www-form-urlencoded");
    request.body = query.as_bytes().to_vec();
    let page = world.send(request);
    assert!(hidden(&text(&page), "interaction").is_some());
}

#[test]
fn a_parameter_without_a_value_counts_as_absent() {
    let world = World::new();
    let empty = "response_mode=&request=&max_age=&prompt=";
    let page = text(&world.get(&format!("{}&{empty}", authorization_url(&[]))));
    assert!(hidden(&page, "interaction").is_some());
}

#[test]
fn prompts_decide_whether_a_person_is_asked() {
    let world = World::new();
    sign_in(&world, "ada");
    let ask = |changes: &[(&str, &str)]| world.get(&authorization_url(changes));
    assert!(parameter(&ask(&[("prompt", "none")]), "code").is_some());
    for prompt in ["login", "select_account", "login consent"] {
        let page = ask(&[("prompt", prompt)]);
        assert!(text(&page).contains("<h1>Sign in</h1>"), "{prompt}");
    }
    assert_eq!(
        redirect(&ask(&[("prompt", "consent")])).0,
        format!("{ISSUER}/consent")
    );
    let other = [
        ("client_id", "other"),
        ("redirect_uri", "http://localhost:3000/other"),
        ("prompt", "none"),
    ];
    let answer = ask(&other);
    assert_eq!(
        parameter(&answer, "error").as_deref(),
        Some("consent_required")
    );
}

#[test]
fn a_sign_in_that_is_older_than_allowed_is_repeated() {
    let world = World::new();
    sign_in(&world, "ada");
    let ask = |max_age: &str| {
        world.get(&authorization_url(&[
            ("max_age", max_age),
            ("prompt", "none"),
        ]))
    };
    let at_once = ask("0");
    assert_eq!(
        parameter(&at_once, "error").as_deref(),
        Some("login_required")
    );
    world.wait(100);
    assert!(parameter(&ask("100"), "code").is_some());
    let too_old = ask("99");
    assert_eq!(
        parameter(&too_old, "error").as_deref(),
        Some("login_required")
    );
    world.wait(86_400);
    let answer = world.get(&authorization_url(&[("prompt", "none")]));
    assert_eq!(
        parameter(&answer, "error").as_deref(),
        Some("login_required")
    );
}

#[test]
fn a_hint_puts_its_user_first_and_asks_when_it_means_somebody_else() {
    let world = World::new();
    let page = text(&world.get(&authorization_url(&[("login_hint", "grace@example.test")])));
    let (grace, ada) = (
        page.find("Grace Hopper").unwrap(),
        page.find("Ada Lovelace").unwrap(),
    );
    assert!(grace < ada && page.contains(">suggested<"));
    let page = text(&world.get(&authorization_url(&[("login_hint", "Zoë")])));
    assert!(page.contains(r#"value="Zoë""#) && !page.contains(">suggested<"));

    sign_in(&world, "ada");
    let ask = |hint: &str| {
        world.get(&authorization_url(&[
            ("login_hint", hint),
            ("prompt", "none"),
        ]))
    };
    assert!(parameter(&ask("ada"), "code").is_some());
    assert!(parameter(&ask("somebody unknown"), "code").is_some());
    assert_eq!(
        parameter(&ask("grace"), "error").as_deref(),
        Some("login_required")
    );
}

#[test]
fn a_new_sign_in_ends_the_session_before_it() {
    let world = World::new();
    sign_in(&world, "ada");
    let before = world.cookie().unwrap();
    sign_in(&world, "grace");
    assert_ne!(world.cookie().unwrap(), before);
    let mut request = HttpRequest::new(Method::Get, authorization_url(&[("prompt", "none")]));
    request.set_header("cookie", before);
    let answer = world.provider.handle(&request, world.now.get());
    assert_eq!(
        parameter(&answer, "error").as_deref(),
        Some("login_required")
    );
}

#[test]
fn a_cookie_that_nobody_issued_signs_nobody_in() {
    let world = World::new();
    let mut request = HttpRequest::new(Method::Get, authorization_url(&[("prompt", "none")]));
    request.set_header("cookie", "dev_provider_session=guess");
    let answer = world.provider.handle(&request, world.now.get());
    assert_eq!(
        parameter(&answer, "error").as_deref(),
        Some("login_required")
    );
}

#[test]
fn a_state_comes_back_whatever_it_holds_and_an_odd_one_is_noted() {
    let world = World::new();
    let odd = "a state & more=100%\u{e9}";
    let url = authorization_url(&[("state", odd), ("nonce", &"n".repeat(44))]);
    let answer = world.provider.authorize_as(&url, "ada", world.now.get());
    assert_eq!(parameter(&answer, "state").as_deref(), Some(odd));
    assert_eq!(crate::signer::rules(&world), ["state", "nonce"]);
}
