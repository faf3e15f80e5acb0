//! Logins that go as they should, in their variety.

use codegrant_core::http::Method;

use crate::suite::scene::{Scene, Twist};
use crate::suite::window::SwitchedOff;

/// A stranger chooses a provider, says who they are, consents, and is greeted.
pub fn a_person_logs_in_and_is_greeted_by_name(binary: &str) {
    let Some(scene) = Scene::open(binary, Twist::default()) else {
        return;
    };
    scene.visit("/");
    scene.window.sees("Nobody is logged in");
    scene.window.press("Log in with House");
    scene.window.sees_heading("Sign in");
    scene.window.press_containing("Ada Lovelace");
    scene.window.sees("See your e-mail address");
    scene.window.press("Allow");
    scene.window.sees_heading("Hello, Ada Lovelace");
    scene.is_at("/me");
    scene.window.sees("ada@example.test");
    // One code, exchanged once.
    assert_eq!(
        scene.calls(Method::Post, "/token", "grant_type=authorization_code"),
        1
    );
}

/// A stranger opens a protected page with a query and ends up there.
pub fn the_login_leads_back_to_the_page_that_was_asked_for(binary: &str) {
    let Some(scene) = Scene::open(binary, Twist::default()) else {
        return;
    };
    scene.visit("/me?from=a%26b&and=c");
    scene.window.sees_heading("Sign in");
    scene.window.fill("name", "Zoë \"Z\" <O'Neil>");
    scene.window.press("Continue");
    scene.window.press("Allow");
    scene.window.sees_heading("Hello, Zoë \"Z\" <O'Neil>");
    scene.is_at("/me?from=a%26b&and=c");
}

/// The session is there right after the redirect, after reloads, and in another tab.
pub fn the_session_survives_reloads_and_new_tabs(binary: &str) {
    for has_sessions_in_memory in [false, true] {
        let twist = Twist {
            has_sessions_in_memory,
            ..Twist::default()
        };
        let Some(scene) = Scene::open(binary, twist) else {
            return;
        };
        scene.log_in();
        scene.window.reload();
        scene.window.sees_heading("Hello, Ada Lovelace");
        scene.window.open_tab();
        scene.visit("/");
        scene.window.sees("You are Ada Lovelace");
        assert_eq!(scene.calls(Method::Get, "/authorize", ""), 1);
    }
}

/// Two logins are under way at once; the one that was begun last ends first.
pub fn two_tabs_log_in_side_by_side_and_finish_in_the_other_order(binary: &str) {
    let Some(scene) = Scene::open(binary, Twist::default()) else {
        return;
    };
    let first = scene.window.tab();
    scene.visit("/me");
    scene.window.sees_heading("Sign in");
    let second = scene.window.open_tab();
    scene.visit("/api-call");
    scene.sign_in();
    scene.window.sees_heading("Calling the API");
    scene.is_at("/api-call");
    scene.window.show(&first);
    scene.window.press_containing("Grace Hopper");
    scene.window.press("Allow");
    scene.window.sees_heading("Hello, Grace Hopper");
    scene.is_at("/me");
    scene.window.show(&second);
    scene.window.reload();
    scene.window.sees("Grace Hopper");
}

/// The access token opens the provider's API, whose answer is shown.
pub fn the_api_is_called_with_the_users_access_token(binary: &str) {
    let Some(scene) = Scene::open(binary, Twist::default()) else {
        return;
    };
    scene.log_in();
    scene.window.press("Call the API");
    scene.window.sees_heading("Calling the API");
    scene.window.sees("200");
    scene.window.sees("\"subject\": \"ada\"");
    assert_eq!(scene.calls(Method::Get, "/api/me", ""), 1);
}

/// New tokens are fetched by a button, twice in a row, and the user stays logged in.
pub fn tokens_are_renewed_without_the_user(binary: &str) {
    for has_sessions_in_memory in [false, true] {
        let twist = Twist {
            has_sessions_in_memory,
            ..Twist::default()
        };
        let Some(scene) = Scene::open(binary, twist) else {
            return;
        };
        scene.log_in();
        for renewals in 1..=2 {
            // The page that follows reads like this one.
            scene.window.press_and_leave("Renew tokens");
            scene.window.sees_heading("Hello, Ada Lovelace");
            assert_eq!(
                scene.calls(Method::Post, "/token", "grant_type=refresh_token"),
                renewals
            );
        }
        scene.window.press("Call the API");
        scene.window.sees("\"subject\": \"ada\"");
        assert_eq!(scene.calls(Method::Get, "/authorize", ""), 1);
    }
}

/// The page about the last login has its five steps, all done, and nothing that could be used.
pub fn the_flow_page_shows_five_steps_and_no_secret(binary: &str) {
    let Some(scene) = Scene::open(binary, Twist::default()) else {
        return;
    };
    scene.log_in();
    let callbacks = scene.callbacks();
    scene.visit("/flow");
    scene.window.sees_heading("A login, step by step");
    scene.window.sees("logged in");
    let source = scene.window.source();
    assert_eq!(source.matches("data-state=\"done\"").count(), 5, "{source}");
    let secrets = secrets(&scene, &callbacks);
    assert!(
        secrets.len() >= 5,
        "too few secrets to look for: {secrets:?}"
    );
    for secret in secrets {
        assert!(
            !source.contains(&secret),
            "the page about the login shows {secret}"
        );
        assert!(
            !scene.app.said().contains(&secret),
            "the log of the login holds {secret}"
        );
    }
}

/// Collects what was sent in this login and must not be seen by anybody else.
fn secrets(scene: &Scene, callbacks: &[String]) -> Vec<String> {
    let mut sent: Vec<String> = callbacks.to_vec();
    for request in scene.provider.requests() {
        sent.push(request.query);
        sent.push(request.body);
        let values = request.headers.into_iter();
        let values = values.filter(|(name, _)| *name == "authorization" || *name == "cookie");
        sent.extend(
            values.filter_map(|(_, value)| value.split([' ', '=']).next_back().map(str::to_owned)),
        );
    }
    let public = [
        "client_id",
        "redirect_uri",
        "response_type",
        "scope",
        "code_challenge_method",
        "grant_type",
    ];
    let mut secrets = Vec::new();
    for text in &sent {
        for pair in text.split(['?', '&']) {
            let (name, value) = pair.split_once('=').unwrap_or(("", pair));
            if value.len() >= 20
                && !public.contains(&name)
                && !value.contains("%3A%2F%2F")
                && !value.contains("://")
            {
                secrets.push(value.to_owned());
            }
        }
    }
    secrets
}

/// With two providers there is a page to choose on, and each has a callback of its own.
pub fn a_person_chooses_between_two_providers(binary: &str) {
    let twist = Twist {
        has_two_providers: true,
        ..Twist::default()
    };
    let Some(scene) = Scene::open(binary, twist) else {
        return;
    };
    scene.visit("/me");
    scene.window.sees_heading("Log in to the tour");
    scene.window.sees("Log in with House");
    scene.window.press("Log in with Garden");
    scene.sign_in();
    scene.window.sees_heading("Hello, Ada Lovelace");
    scene.window.sees("You came with Garden");
    let callbacks = scene.callbacks();
    let garden = scene.app.at("/auth/callback/garden?");
    assert!(callbacks.iter().all(|url| url.starts_with(&garden)) && callbacks.len() == 1);
}

/// A whole login, a call, a renewal and a log-out in a browser that runs no scripts.
pub fn a_login_works_without_scripts(binary: &str) {
    let twist = Twist {
        switched_off: SwitchedOff::Scripts,
        ..Twist::default()
    };
    let Some(scene) = Scene::open(binary, twist) else {
        return;
    };
    scene.log_in();
    scene.window.press("Renew tokens");
    scene.window.press("Call the API");
    scene.window.sees("\"subject\": \"ada\"");
    scene.window.press("Log out");
    scene.window.sees("Nobody is logged in");
}

/// The provider posts its answer from its own site, so that no `SameSite=Lax` cookie comes with it.
pub fn a_provider_that_posts_its_answer_works_with_lax_cookies(binary: &str) {
    let twist = Twist {
        is_posting_answers: true,
        ..Twist::default()
    };
    let Some(scene) = Scene::open(binary, twist) else {
        return;
    };
    scene.log_in();
    scene.is_at("/me");
    let callbacks = scene.callbacks();
    assert!(
        callbacks.iter().all(|url| !url.contains('?')),
        "{callbacks:?}"
    );
    // Once from the provider, once from the app's own page, which brings the cookie along.
    assert_eq!(callbacks.len(), 2, "{callbacks:?}");
    assert_eq!(
        scene.calls(Method::Post, "/token", "grant_type=authorization_code"),
        1
    );
}

/// Both pages that post by themselves have a button for whoever runs no scripts.
pub fn a_posted_answer_works_without_scripts(binary: &str) {
    let twist = Twist {
        is_posting_answers: true,
        switched_off: SwitchedOff::Scripts,
        ..Twist::default()
    };
    let Some(scene) = Scene::open(binary, twist) else {
        return;
    };
    scene.visit("/");
    scene.window.press("Log in with House");
    scene.sign_in();
    scene.window.sees_heading("Going back to the app");
    scene.window.press("Continue");
    scene.window.sees_heading("One moment");
    scene.window.press("Continue");
    scene.window.sees_heading("Hello, Ada Lovelace");
}
