//! Logins that ask for more than the usual one, are asked for by others, or ask nobody.

use codegrant_core::form;
use codegrant_core::http::{HttpResponse, Method};
use codegrant_dev_provider::{Fault, Feature};
use serde_json::json;

use crate::serve::Served;
use crate::suite::must;
use crate::suite::scene::{Scene, Twist};

/// The client of a bank: its key is fetched from the app, and everything between the two is signed.
const SIGNED: Twist = Twist {
    has_key: true,
    logs_out_at_provider: true,
    features: &[
        Feature::PushedRequests,
        Feature::RequestObjects,
        Feature::ResponseObjects,
        Feature::Dpop,
        Feature::DpopNonces,
    ],
    keys: "profile = \"fapi2_message_signing\"\n",
    registered: Some(|app| {
        json!({
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks_uri": format!("{app}/auth/jwks/house"),
            "require_pushed_authorization_requests": true,
            "require_signed_request_object": true,
            "request_object_signing_alg": "ES256",
            "authorization_signed_response_alg": "ES256",
            "dpop_bound_access_tokens": true,
        })
    }),
    ..Twist::USUAL
};

/// FAPI 2.0 Message Signing in both of its response modes: a login, a call, new tokens, a log-out.
pub fn a_login_with_signed_messages_lives_a_whole_life(binary: &str) {
    let posted = "profile = \"fapi2_message_signing\"\nresponse_mode = \"form_post.jwt\"\n";
    for (keys, callbacks) in [(SIGNED.keys, 1), (posted, 2)] {
        let Some(scene) = Scene::open(binary, Twist { keys, ..SIGNED }) else {
            return;
        };
        scene.log_in();
        let requested = scene.window.requested();
        let all_of = |start: &str| {
            let fitting = requested.iter().filter(|url| url.starts_with(start));
            fitting.cloned().collect::<Vec<String>>()
        };
        // The browser carries a name for the request, and an answer that nobody on the way can write.
        let left = all_of(&format!("{}/authorize?", scene.provider.issuer()));
        assert!(
            left.iter().all(|url| !url.contains("redirect_uri=")),
            "{left:?}"
        );
        let came = all_of(&scene.app.at("/auth/callback/house"));
        assert_eq!(came.len(), callbacks, "{came:?}");
        assert!(came.iter().all(|url| !url.contains("code=")), "{came:?}");
        scene.window.press("Call the API");
        scene.window.sees("\"subject\": \"ada\"");
        // The page that follows reads like this one.
        scene.window.press_and_leave("Renew tokens and call again");
        scene.window.sees("\"subject\": \"ada\"");
        // The first answer to each of them may be the nonce that its proof lacks.
        assert!(scene.calls(Method::Post, "/token", "grant_type=refresh_token") >= 1);
        assert!(scene.calls(Method::Get, "/api/me", "") >= 2);
        scene.window.press("Log out");
        scene.window.sees("Log in again");
        scene.app.logs(&["log_out.returned", "verified=true"]);
        let faults = scene.provider.violations();
        assert!(faults.is_empty(), "{faults:?}");
    }
}

/// The API refuses a token whose user signed in by too weak means (RFC 9470): a button leads to the sign-in that
/// it asks for, the same person has to come back, and then the API answers.
pub fn an_api_that_wants_a_stronger_sign_in_gets_one(binary: &str) {
    let Some(scene) = Scene::open(binary, Twist::default()) else {
        return;
    };
    scene.log_in();
    scene.provider.inject(Fault::ApiStepUp);
    scene.window.press("Call the API");
    scene.window.press("Sign in again for this");
    scene.window.sees_heading("Sign in");
    scene.window.press_containing("Grace Hopper");
    scene.window.press("Allow");
    // Another person's sign-in is no stronger one of this person's.
    scene.window.sees_heading("That is another account");
    scene.app.logs(&["request.failed", "id_token.subject"]);
    scene.visit("/api-call");
    scene.window.sees("Ada Lovelace");
    scene.window.press("Sign in again for this");
    // The provider knows that it is not for whom it has just signed in.
    scene.window.sees("suggested");
    scene.window.press_containing("Ada Lovelace");
    // It asks for the same again, and another login would not help.
    scene.window.sees_heading("Calling the API");
    scene.is_at("/api-call");
    assert!(!scene.window.source().contains("step-up"));
    scene.provider.heal();
    scene.window.press("Call again");
    scene.window.sees("\"subject\": \"ada\"");
    scene.visit("/me");
    scene.window.sees("gold");
}

/// Somebody's sign-in is too old for a page: they go to the provider, and come back to the very page.
pub fn a_page_that_wants_a_recent_sign_in_gets_one(binary: &str) {
    let Some(scene) = Scene::open(binary, Twist::default()) else {
        return;
    };
    scene.provider.inject(Fault::OldAuthTime);
    scene.log_in();
    scene.visit("/recent?to=b%26c&sum=7");
    // It asks for a later one, and gets the old one again.
    scene.window.sees_heading("The login was stopped");
    scene
        .app
        .logs(&["request.failed", "id_token.authentication_too_old"]);
    scene.provider.heal();
    scene.visit("/recent?to=b%26c&sum=7");
    scene.window.sees_heading("It is really you, Ada Lovelace");
    scene.is_at("/recent?to=b%26c&sum=7");
    assert_eq!(scene.calls(Method::Get, "/authorize", "max_age=300"), 2);
    // The page itself asked for nothing the second time.
    scene.window.reload();
    scene.window.sees_heading("It is really you, Ada Lovelace");
    assert_eq!(scene.calls(Method::Get, "/authorize", ""), 3);
}

/// With `prompt=none` nobody is asked anything: who is not signed in comes back as a stranger, and who is, as
/// themselves.
pub fn a_question_without_words_that_finds_nobody_goes_on(binary: &str) {
    let Some(scene) = Scene::open(binary, Twist::default()) else {
        return;
    };
    scene.visit("/auth/login/house?prompt=none&return_to=/");
    scene.window.sees("Nobody is logged in");
    scene.is_at("/");
    assert_eq!(scene.calls(Method::Get, "/authorize", "prompt=none"), 1);
    // A closed page then asks in the usual way, and not without words for ever.
    scene.visit("/auth/login/house?prompt=none&return_to=/me");
    scene.sign_in();
    scene.window.sees_heading("Hello, Ada Lovelace");
    assert_eq!(scene.calls(Method::Get, "/authorize", ""), 3);
    scene.window.forget_cookies_of("localhost");
    scene.visit("/");
    scene.window.sees("Nobody is logged in");
    scene.visit("/auth/login/house?prompt=none&return_to=/me?kept=yes");
    scene.window.sees_heading("Hello, Ada Lovelace");
    scene.is_at("/me?kept=yes");
}

/// A portal on another site sends people to the app by a link and by a form, strangers and others; a form of
/// another site brings none of the app's cookies along.
pub fn a_link_and_a_form_of_another_site_start_a_login(binary: &str) {
    let twist = Twist {
        keys: "third_party_login = true\n",
        ..Twist::USUAL
    };
    for labels in [["By a link", "By a form"], ["By a form", "By a link"]] {
        let Some(scene) = Scene::open(binary, twist) else {
            return;
        };
        let (_served, portal) = portal(&scene);
        let [first, second] = labels;
        scene.window.visit(&portal);
        scene.window.press("In vain");
        scene.window.sees_heading("Page not found");
        assert_eq!(scene.calls(Method::Get, "/authorize", ""), 0);
        scene.window.visit(&portal);
        scene.window.press(first);
        scene.window.sees("suggested");
        scene.sign_in();
        scene.window.sees_heading("Hello, Ada Lovelace");
        scene.is_at("/me?from=portal");
        scene.window.visit(&portal);
        scene.window.press(second);
        scene.window.sees_heading("Hello, Ada Lovelace");
        scene.is_at("/me?from=portal");
        assert_eq!(scene.calls(Method::Get, "/authorize", ""), 2);
    }
}

/// Serves a page that starts logins at the app; to a browser, its address is of another site than `localhost`.
fn portal(scene: &Scene) -> (Served, String) {
    let action = scene.app.at("/auth/initiate/house");
    let issuer = scene.provider.issuer();
    let target = scene.app.at("/me?from=portal");
    let query = |issuer: &str| {
        let pairs = [
            ("iss", issuer),
            ("login_hint", "ada"),
            ("target_link_uri", &target),
        ];
        let pairs = pairs.map(|(name, value)| format!("{name}={}", form::encode(value)));
        pairs.join("&amp;")
    };
    let page = format!(
        "<!doctype html><title>Portal</title><h1>Portal</h1>\
         <p><a href=\"{action}?{ours}\">By a link</a> <a href=\"{action}?{other}\">In vain</a></p>\
         <form method=\"post\" action=\"{action}\"><input type=\"hidden\" name=\"iss\" value=\"{issuer}\">\
         <input type=\"hidden\" name=\"login_hint\" value=\"ada\">\
         <input type=\"hidden\" name=\"target_link_uri\" value=\"{target}\"><button>By a form</button></form>",
        ours = query(issuer),
        other = query("http://127.0.0.1:1"),
    );
    let served = Served::start(move |_request| {
        HttpResponse::new(200)
            .with_header("content-type", "text/html; charset=utf-8")
            .with_body(page.clone())
    });
    let served = must("portal", served);
    let address = format!("http://127.0.0.1:{}/", served.address().port());
    (served, address)
}
