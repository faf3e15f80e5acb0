//! What people do besides: go back, click twice, change their minds, lose their cookies, log out.

use codegrant_core::http::Method;

use crate::suite::scene::{Scene, Twist};
use crate::suite::visitor::{Visitor, saying, target_of};
use crate::suite::window::SwitchedOff;

/// The page that was private is fetched anew, and then it is closed.
pub fn after_a_log_out_the_back_button_shows_nothing_private(binary: &str) {
    for has_sessions_in_memory in [false, true] {
        // With a choice of providers a closed page leads to that choice, and not straight back in.
        let twist = Twist {
            has_two_providers: true,
            has_sessions_in_memory,
            ..Twist::default()
        };
        let Some(scene) = Scene::open(binary, twist) else {
            return;
        };
        scene.log_in();
        // This is the very page to which the login has led: Chromium keeps it for the back button although
        // it is `no-store`, until it sees HttpOnly cookies change.
        scene.window.press("Log out");
        scene.window.sees("Nobody is logged in");
        scene.window.back();
        scene.window.sees_heading("Log in to the tour");
        for private in ["Ada", "ada@example.test"] {
            assert!(
                !scene.window.source().contains(private),
                "{}",
                scene.window.source()
            );
        }
    }
}

/// Log-out goes on to the provider, comes back, and the next login asks who one is.
pub fn a_log_out_at_the_provider_comes_back_and_forgets_the_user(binary: &str) {
    let twist = Twist {
        logs_out_at_provider: true,
        ..Twist::default()
    };
    let Some(scene) = Scene::open(binary, twist) else {
        return;
    };
    scene.log_in();
    scene.window.press("Log out");
    scene.window.sees_heading("You are logged out");
    let end = scene.app.at("/auth/logged-out?state=");
    assert!(scene.window.address().starts_with(&end));
    assert_eq!(scene.calls(Method::Get, "/end_session", ""), 1);
    let note = "The provider may still know you";
    assert!(!scene.window.source().contains(note));
    scene.window.press("Log in again");
    scene.window.sees_heading("Sign in");
    scene.window.back();
    scene.window.sees_heading("You are logged out");
    // A state counts once: nobody knows any longer whether this browser has been there.
    scene.window.sees(note);
    scene.window.press("Go back to the app");
    scene.window.sees("Nobody is logged in");
}

/// Every step back shows a page from which there is a way on, and the user stays logged in.
pub fn the_back_button_after_a_login_is_no_dead_end(binary: &str) {
    let Some(scene) = Scene::open(binary, Twist::default()) else {
        return;
    };
    scene.log_in();
    scene.window.back();
    // The provider gives the same answer again, and the callback knows this login as the present one.
    scene.window.press("Allow");
    scene.window.sees_heading("Hello, Ada Lovelace");
    scene.visit("/");
    scene.window.sees("You are Ada Lovelace");
    scene.window.back();
    scene.window.sees_heading("Hello, Ada Lovelace");
    assert_eq!(
        scene.calls(Method::Post, "/token", "grant_type=authorization_code"),
        1
    );
}

/// A double click, a reload, a bookmark: the user is where they wanted to be, and the code is not sent again.
pub fn a_callback_opened_twice_leads_to_where_the_user_is(binary: &str) {
    for has_sessions_in_memory in [false, true] {
        let twist = Twist {
            has_sessions_in_memory,
            ..Twist::default()
        };
        let Some(scene) = Scene::open(binary, twist) else {
            return;
        };
        scene.log_in();
        let callbacks = scene.callbacks();
        let [callback] = callbacks.as_slice() else {
            panic!("not one callback: {callbacks:?}");
        };
        scene.visit("/flow");
        scene.window.visit(callback);
        scene.window.sees_heading("Hello, Ada Lovelace");
        scene.is_at("/me");
        assert_eq!(
            scene.calls(Method::Post, "/token", "grant_type=authorization_code"),
            1
        );
    }
}

/// Whoever gets hold of a callback's address after the login gets nothing by it.
pub fn a_callback_copied_to_somebody_else_logs_nobody_in(binary: &str) {
    let Some(scene) = Scene::open(binary, Twist::default()) else {
        return;
    };
    scene.log_in();
    let callbacks = scene.callbacks();
    let mut stranger = Visitor::default();
    for callback in &callbacks {
        let page = saying(stranger.get(callback), 400, &["reference"]);
        assert!(!page.body.contains("Ada"), "{}", page.body);
    }
    assert_eq!(callbacks.len(), 1);
    let closed = target_of(&stranger.get(&scene.app.at("/me")));
    assert!(closed.is_some_and(|target| target.starts_with(&scene.app.at("/auth/login"))));
    assert_eq!(
        scene.calls(Method::Post, "/token", "grant_type=authorization_code"),
        1
    );
}

/// Saying no, at either of the provider's pages, is no accident and can be thought over.
pub fn a_cancelled_login_explains_itself_and_works_the_second_time(binary: &str) {
    let Some(scene) = Scene::open(binary, Twist::default()) else {
        return;
    };
    scene.visit("/me");
    scene.window.sees_heading("Sign in");
    scene.window.press("Cancel and go back");
    scene.window.sees_heading("Login cancelled");
    scene.window.press("Try again");
    scene.window.press_containing("Ada Lovelace");
    scene.window.press("Deny");
    scene.window.sees_heading("Login cancelled");
    scene.window.press("Try again");
    scene.window.press("Allow");
    scene.window.sees_heading("Hello, Ada Lovelace");
    scene.is_at("/me");
    assert_eq!(
        scene.calls(Method::Post, "/token", "grant_type=authorization_code"),
        1
    );
}

/// An address that does not exist gets a page of the app's, also below the login's own path.
pub fn a_wrong_address_gets_a_page_with_a_way_back(binary: &str) {
    let Some(scene) = Scene::open(binary, Twist::default()) else {
        return;
    };
    scene.visit("/auth/nowhere");
    scene.window.sees_heading("Page not found");
    scene.window.press("Go back to the app");
    scene.window.sees("Nobody is logged in");
    scene.visit("/nowhere/at/all");
    scene.window.press("Start");
    scene.is_at("/");
}

/// The browser loses the app's cookies while the user is at the provider.
pub fn a_login_whose_cookie_is_lost_starts_again_by_itself_once(binary: &str) {
    let Some(scene) = Scene::open(binary, Twist::default()) else {
        return;
    };
    scene.visit("/me?kept=no");
    scene.window.press_containing("Ada Lovelace");
    scene.window.sees_heading("Allow the tour?");
    scene.window.forget_cookies_of("localhost");
    scene.window.press("Allow");
    // The provider remembers the consent, so that nobody has to do anything.
    scene.window.sees("Ada Lovelace");
    scene.visit("/me");
    scene.window.sees_heading("Hello, Ada Lovelace");
    assert_eq!(scene.calls(Method::Get, "/authorize", ""), 2);
    assert_eq!(
        scene.calls(Method::Post, "/token", "grant_type=authorization_code"),
        1
    );
}

/// The app is opened under a name that is not its own, where its cookies do not reach the callback.
pub fn a_login_begun_under_another_host_name_ends_under_the_right_one(binary: &str) {
    let Some(scene) = Scene::open(binary, Twist::default()) else {
        return;
    };
    let other = scene.app.at("/").replace("//localhost", "//127.0.0.1");
    scene.window.visit(&other);
    scene.window.press("Log in with House");
    scene.sign_in();
    scene.window.sees("Ada Lovelace");
    scene.visit("/me");
    scene.window.sees_heading("Hello, Ada Lovelace");
    assert_eq!(scene.calls(Method::Get, "/authorize", ""), 2);
}

/// Nothing can work then; the second failure ends with a page and not with a third attempt.
pub fn a_browser_without_cookies_gets_an_explanation_and_no_loop(binary: &str) {
    let twist = Twist {
        switched_off: SwitchedOff::Cookies,
        ..Twist::default()
    };
    let Some(scene) = Scene::open(binary, twist) else {
        return;
    };
    scene.visit("/");
    scene.window.press("Log in with House");
    scene.sign_in();
    // The provider cannot remember anybody either; it knows what was allowed.
    scene.window.sees_heading("Sign in");
    scene.window.press_containing("Ada Lovelace");
    scene.window.sees_heading("This login did not start here");
    scene.window.sees("Try again");
    assert_eq!(scene.calls(Method::Get, "/authorize", ""), 2);
    assert_eq!(scene.calls(Method::Post, "/token", ""), 0);
    scene.app.logs(&["callback.cookies_missing"]);
}
