//! How a session ends between two sites: frames of the provider's page, and a log-out too long for an address.

use codegrant_core::http::Method;
use codegrant_dev_provider::Feature;
use serde_json::json;

use crate::suite::scene::{Scene, Twist};
use crate::suite::window::SwitchedOff;

/// The provider's log-out page has a frame for the app.
const FRAMED: Twist = Twist {
    features: &[Feature::FrontChannelLogOut, Feature::ResponseObjects],
    keys: "frontchannel_logout = true\n",
    registered: Some(|app| {
        json!({
            "frontchannel_logout_uri": format!("{app}/auth/frontchannel-logout/house"),
            "frontchannel_logout_session_required": true,
        })
    }),
    ..Twist::USUAL
};

/// The frame is of another site, so that no cookie of the app comes along: the session ends all the same.
pub fn the_providers_log_out_page_ends_the_session_in_a_frame(binary: &str) {
    for has_sessions_in_memory in [false, true] {
        let twist = Twist {
            has_sessions_in_memory,
            ..FRAMED
        };
        let Some(scene) = Scene::open(binary, twist) else {
            return;
        };
        scene.log_in();
        let page = scene.window.tab();
        scene.window.open_tab();
        scene.log_out_at_the_provider();
        scene.window.sees("log you out as well");
        // What the browser does not let the provider's page frame has no such title.
        scene.window.enter_frame("//iframe");
        scene.window.has_title("Log-out");
        scene.window.leave_frames();
        scene.window.show(&page);
        scene.window.reload();
        scene.window.sees_heading("Sign in");
    }
}

/// A page posts the ID token to the provider, which sends the browser back with the state it was given; the back
/// button leads to nothing private and to no dead end.
pub fn a_log_out_that_no_address_can_hold_is_posted(binary: &str) {
    let twist = Twist {
        has_long_id_tokens: true,
        logs_out_at_provider: true,
        ..Twist::USUAL
    };
    let Some(scene) = Scene::open(binary, twist) else {
        return;
    };
    scene.log_in();
    scene.window.press("Log out");
    scene.window.sees("Log in again");
    assert_eq!(
        scene.calls(Method::Post, "/end_session", "id_token_hint="),
        1
    );
    assert_eq!(scene.calls(Method::Get, "/end_session", ""), 0);
    scene.app.logs(&["log_out.returned", "verified=true"]);
    assert!(!scene.app.said().contains("verified=false"));
    scene.window.back();
    // The page that was private is closed, and whoever is there may log in.
    scene.window.sees_heading("Sign in");
    scene.window.press_containing("Ada Lovelace");
    scene.window.sees_heading("Hello, Ada Lovelace");
}

/// Whoever runs no scripts has a button on each page, and the same log-out at the end of it.
pub fn every_page_that_posts_itself_works_without_scripts(binary: &str) {
    let twist = Twist {
        switched_off: SwitchedOff::Scripts,
        has_long_id_tokens: true,
        logs_out_at_provider: true,
        keys: "frontchannel_logout = true\nresponse_mode = \"form_post.jwt\"\n",
        ..FRAMED
    };
    let Some(scene) = Scene::open(binary, twist) else {
        return;
    };
    scene.visit("/");
    scene.window.press("Log in with House");
    scene.sign_in();
    scene.window.sees_heading("Going back to the app");
    scene.window.press("Continue");
    scene.window.sees("Your login continues by itself");
    scene.window.press("Continue");
    scene.window.sees_heading("Hello, Ada Lovelace");
    scene.window.press("Log out");
    scene.window.sees("Your log-out continues at the provider");
    scene.window.press("Continue");
    scene.window.sees("log you out as well");
    scene.window.press("Continue");
    scene.window.sees("Log in again");
    scene.app.logs(&["log_out.returned", "verified=true"]);
}
