//! Front-channel log-out and session management: what a browser is shown when a session ends.

use aws_lc_rs::digest::{SHA256, digest};
use codegrant_core::http::HttpResponse;
use codegrant_dev_provider::Feature;
use serde_json::{Value, json};
use url::Url;

use crate::support::{
    ISSUER, World, authorization_url, browse, customised, hidden, json_of, parameter, part, redeem,
    text,
};

const FRAME: &str = "http://localhost:3000/auth/frontchannel-logout/dev";

fn log_out(world: &World, more: &str) -> (HttpResponse, Value) {
    let tokens = redeem(world, &browse(world, "ada", &[]));
    let hint = tokens["id_token"].as_str().unwrap();
    let page = world.get(&format!("{ISSUER}/end_session?id_token_hint={hint}{more}"));
    (page, part(hint, 1))
}

/// Returns the address of the page's frame, as a browser reads it.
fn frame(page: &HttpResponse) -> String {
    let page = text(page);
    let (_, rest) = page.split_once("<iframe src=\"").unwrap();
    let address = rest.split_once('"').unwrap().0;
    assert_eq!(page.matches("<iframe").count(), 1);
    address.replace("&#39;", "'").replace("&amp;", "&")
}

#[test]
fn the_app_is_framed_and_then_returned_to() {
    let world = World::with(customised(
        &[Feature::FrontChannelLogOut],
        json!({ "frontchannel_logout_uri": FRAME }),
    ));
    let back = "&post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fbye&state=s";
    let (page, _) = log_out(&world, back);
    assert_eq!(page.status, 200);
    assert_eq!(frame(&page), FRAME);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("frame-src http://localhost:3000;"));
    assert!(text(&page).contains(r#"href="http://localhost:3000/bye?state=s""#));
    assert!(page.header("set-cookie").unwrap().contains("Max-Age=0"));
}

#[test]
fn issuer_and_session_are_named_only_where_the_client_asked() {
    let metadata = json!({
        "frontchannel_logout_uri": FRAME,
        "frontchannel_logout_session_required": true,
    });
    let features = [Feature::FrontChannelLogOut, Feature::PunctuatedSessionIds];
    let world = World::with(customised(&features, metadata.clone()));
    let (page, id_token) = log_out(&world, "");
    let url = Url::parse(&frame(&page)).unwrap();
    let sent: Vec<_> = url.query_pairs().into_owned().collect();
    let session_id = id_token["sid"].as_str().unwrap();
    assert_eq!(session_id.chars().count(), 35);
    assert!(session_id.contains(' ') && session_id.contains('%'));
    let expected = [("iss", ISSUER), ("sid", session_id)];
    assert_eq!(
        sent,
        expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );

    let features = [features.as_slice(), &[Feature::UnencodedSessionIds]].concat();
    let world = World::with(customised(&features, metadata));
    let (page, id_token) = log_out(&world, "");
    let session_id = id_token["sid"].as_str().unwrap();
    assert!(frame(&page).ends_with(&format!("&sid={session_id}")));
}

#[test]
fn a_person_who_logs_out_at_the_provider_sees_the_frames_too() {
    let world = World::with(customised(
        &[Feature::FrontChannelLogOut],
        json!({ "frontchannel_logout_uri": FRAME }),
    ));
    browse(&world, "ada", &[]);
    let page = text(&world.get(&format!("{ISSUER}/end_session")));
    let id = hidden(&page, "interaction").unwrap();
    let fields = [("interaction", id.as_str()), ("decision", "log-out")];
    assert_eq!(frame(&world.post("/end_session/confirm", &fields)), FRAME);
}

#[test]
fn nobody_is_framed_while_the_feature_is_off() {
    let world = World::with(customised(&[], json!({ "frontchannel_logout_uri": FRAME })));
    let (page, _) = log_out(&world, "");
    assert!(!text(&page).contains("iframe"));
}

/// Computes what the frame's script does.
fn expected_state(client: &str, origin: &str, browser_state: &str, salt: &str) -> String {
    let text = format!("{client} {origin} {browser_state} {salt}");
    let hash = digest(&SHA256, text.as_bytes());
    let hash: String = hash.as_ref().iter().map(|it| format!("{it:02x}")).collect();
    format!("{hash}.{salt}")
}

fn browser_state(answer: &HttpResponse) -> String {
    let cookies = answer
        .headers
        .iter()
        .filter(|(name, _)| name == "set-cookie");
    let mut states =
        cookies.filter_map(|(_, value)| value.strip_prefix("dev_provider_browser_state="));
    let state = states.next().unwrap();
    assert!(!state.contains("HttpOnly"), "a script reads it");
    state.split(';').next().unwrap().to_owned()
}

#[test]
fn the_session_state_is_what_the_frame_computes_until_the_log_out() {
    let world = World::with(customised(&[Feature::SessionManagement], json!({})));
    let page = text(&world.get(&authorization_url(&[])));
    let id = hidden(&page, "interaction").unwrap();
    let signed_in = world.post("/sign-in", &[("interaction", &id), ("user", "ada")]);
    let state = browser_state(&signed_in);
    let location = signed_in.header("location").unwrap();
    let (_, id) = location.split_once("interaction=").unwrap();
    let answer = world.post("/consent", &[("interaction", id), ("decision", "allow")]);
    for answer in [answer, world.get(&authorization_url(&[("prompt", "none")]))] {
        let told = parameter(&answer, "session_state").unwrap();
        let (_, salt) = told.split_once('.').unwrap();
        let origin = "http://localhost:3000";
        assert_eq!(told, expected_state("app", origin, &state, salt));
        assert_ne!(told, expected_state("app", origin, "", salt));
    }
    let page = text(&world.get(&format!("{ISSUER}/end_session")));
    let id = hidden(&page, "interaction").unwrap();
    let fields = [("interaction", id.as_str()), ("decision", "log-out")];
    let ended = world.post("/end_session/confirm", &fields);
    assert_eq!(browser_state(&ended), "");
}

#[test]
fn the_frame_may_be_embedded_and_stands_in_the_metadata() {
    let world = World::with(customised(&[Feature::SessionManagement], json!({})));
    let metadata = format!("{ISSUER}/.well-known/openid-configuration");
    let (_, metadata) = json_of(&world.get(&metadata));
    let frame = world.get(metadata["check_session_iframe"].as_str().unwrap());
    assert_eq!(frame.status, 200);
    assert_eq!(frame.header("x-frame-options"), None);
    let policy = frame.header("content-security-policy").unwrap();
    assert!(policy.contains("script-src 'sha256-") && !policy.contains("frame-ancestors"));
    assert!(text(&frame).contains(r#"data-cookie="dev_provider_browser_state""#));
}

#[test]
fn without_session_management_there_is_neither_state_nor_frame() {
    let world = World::new();
    let answer = browse(&world, "ada", &[]);
    assert_eq!(parameter(&answer, "session_state"), None);
    assert_eq!(world.get(&format!("{ISSUER}/check_session")).status, 404);
}
