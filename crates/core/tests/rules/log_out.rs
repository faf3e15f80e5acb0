//! The request to the provider's log-out page, and what a frame of that page asks of us.

use codegrant_core::oauth2::url::Url;
use codegrant_core::provider::{List, Protocol, Provider};
use codegrant_core::{
    AuthorizationResponse, Client, FrontChannelLogout, LogOutOptions, ProviderMetadata,
};
use codegrant_testkit::World;
use codegrant_testkit::world::drive;

const BACK: &str = "https://app.example/auth/logged-out";

fn metadata(world: &World) -> ProviderMetadata {
    let step = world.client.discover().unwrap();
    drive(step, |_| world.metadata.response()).unwrap().value
}

fn options(hint: &str) -> LogOutOptions {
    let mut options = LogOutOptions::to(BACK);
    options.id_token_hint = Some(hint.to_owned());
    options.state = Some("a state".to_owned());
    options
}

#[test]
fn the_provider_gets_the_hint_as_it_came_and_sends_the_browser_to_the_registered_place() {
    let world = World::openid();
    let client = world.client.clone().with_ui_locales(["de-CH", "de"]);
    let mut options = options("e30.e30.a-b_c");
    options.post_logout_redirect_uri = "https://app.example/bye?a=b&c#d".to_owned();
    options.logout_hint = Some("ada@orchard.example".to_owned());
    let request = client.log_out(&metadata(&world), options).unwrap();
    let url = Url::parse(&request.url().unwrap()).unwrap();
    let expected = [
        ("id_token_hint", "e30.e30.a-b_c"),
        ("client_id", "app"),
        (
            "post_logout_redirect_uri",
            "https://app.example/bye?a=b&c#d",
        ),
        ("state", "a state"),
        ("logout_hint", "ada@orchard.example"),
        ("ui_locales", "de-CH de"),
    ];
    let sent: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(sent, expected);
    assert_eq!(
        (url.host_str(), url.path()),
        (Some("op.example"), "/logout")
    );
    let fields: Vec<(String, String)> = request
        .fields()
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    assert_eq!(fields, expected, "a form says the same");
    let shown = format!("{request:?}");
    assert_eq!(shown, "LogOutRequest(https://op.example/logout)");
}

#[test]
fn what_nobody_said_is_not_sent() {
    let world = World::openid();
    let request = world
        .client
        .log_out(&metadata(&world), LogOutOptions::to(BACK))
        .unwrap();
    let names: Vec<&str> = request.fields().iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["client_id", "post_logout_redirect_uri"]);
}

#[test]
fn a_provider_without_such_a_page_is_not_bothered() {
    let mut world = World::openid();
    world.metadata.remove("end_session_endpoint");
    let request = world.client.log_out(&metadata(&world), options("hint"));
    assert_eq!(request, None);
}

// attack: LO-06
#[test]
fn what_would_make_a_url_longer_than_two_kibibytes_goes_by_a_form() {
    let world = World::openid();
    let metadata = metadata(&world);
    let request = |hint: &str| world.client.log_out(&metadata, options(hint)).unwrap();
    let room = 2048 - request("").url().unwrap().len() - "id_token_hint=&".len();
    assert_eq!(request(&"h".repeat(room)).url().unwrap().len(), 2048);
    let long = request(&"h".repeat(room + 1));
    assert_eq!(long.url(), None);
    assert_eq!(long.endpoint(), "https://op.example/logout");
    assert_eq!(long.fields()[0].1.len(), room + 1);
}

fn client() -> Client {
    let mut provider = Provider::openid("op", "OP", "https://op.example/a");
    if let Protocol::OpenId { issuer_aliases, .. } = &mut provider.protocol {
        *issuer_aliases = List::from(vec!["op.example".into()]);
    }
    Client::new(provider, "app", "https://app.example/auth/callback/op")
}

/// Lists what a frame's query may mean by `sid`; nothing where it means nothing.
fn session_ids(query: &str) -> Vec<String> {
    let asked = FrontChannelLogout::parse(query, &client());
    asked.map_or_else(Vec::new, |asked| {
        assert_eq!(asked.issuer(), "https://op.example/a");
        asked.session_ids().map(str::to_owned).collect()
    })
}

const ISSUER: &str = "iss=https%3A%2F%2Fop.example%2Fa";

// attack: LO-28
#[test]
fn a_frame_names_issuer_and_session_each_once() {
    for sound in [
        format!("{ISSUER}&sid=one"),
        format!("sid=one&{ISSUER}"),
        "iss=https://op.example/a&sid=one".to_owned(),
        "iss=op.example&sid=one".to_owned(),
        format!("own=parameter&{ISSUER}&sid=one"),
    ] {
        assert_eq!(session_ids(&sound), ["one"], "{sound}");
    }
    for nothing in [
        String::new(),
        ISSUER.to_owned(),
        "sid=one".to_owned(),
        format!("{ISSUER}&sid="),
        format!("{ISSUER}&sid"),
        format!("{ISSUER}&SID=one"),
        format!("{ISSUER}&sid=one&sid=two"),
        format!("{ISSUER}&{ISSUER}&sid=one"),
        format!("{ISSUER}&sid=one\r\n"),
        format!("{ISSUER}&sid={}", "s".repeat(600)),
        format!("{ISSUER}&sid=one&x={}", "s".repeat(5000)),
        "iss=https%3A%2F%2Fop.example%2Fa%2F&sid=one".to_owned(),
        "iss=https%3A%2F%2Fevil.example&sid=one".to_owned(),
        "iss=%ff&sid=one".to_owned(),
        "iss=&sid=one".to_owned(),
    ] {
        assert!(session_ids(&nothing).is_empty(), "{nothing}");
    }
}

// attack: LO-28
#[test]
fn a_session_id_that_was_not_encoded_is_still_found() {
    for id in [
        "08a5019c-17e1-4977-8f42-65a12843ea02",
        "a b",
        "a+b/c==",
        "100%",
        "%41",
        "a&b=c;d",
        "?!*'();:@=$,/[]~.-_",
        "a b :%+!~.c",
        "é",
    ] {
        let encoded = codegrant_core::form::encode(id);
        // What a browser makes of an address that holds it as it is: a percent sign stays one.
        let address = format!("http://localhost/?{ISSUER}&sid={id}");
        let written = Url::parse(&address).unwrap();
        for query in [
            written.query().unwrap().to_owned(),
            format!("{ISSUER}&sid={encoded}"),
            format!("sid={encoded}&{ISSUER}"),
            format!("{ISSUER}&sid={id}"),
            format!("sid={id}&{ISSUER}"),
        ] {
            let asked = FrontChannelLogout::parse(&query, &client()).unwrap();
            assert!(asked.names(id), "{query}: {:?}", session_ids(&query));
            assert!(session_ids(&query).len() <= 6, "{query}");
        }
    }
    let asked = FrontChannelLogout::parse(&format!("{ISSUER}&sid=one"), &client()).unwrap();
    for other in ["One", "one ", "on", ""] {
        assert!(!asked.names(other), "{other:?}");
    }
    assert!(!format!("{asked:?}").contains("one"));
}

#[test]
fn a_provider_without_id_tokens_names_no_session() {
    let github = World::github().client;
    assert!(FrontChannelLogout::parse("iss=https://github.com&sid=one", &github).is_none());
}

#[test]
fn only_a_sound_session_state_is_kept() {
    let mut world = World::openid();
    let state = "1vO3YeeIlejo7VELPzUYetJ3Ovvpl9AA7sLIQyUEvBM.0N8wJYFjJ-tNyMTROxq4lg";
    let with = |world: &mut World, value: &str| {
        let outcome = world.login(|script| script.callback.set("session_state", value));
        outcome.result.unwrap().session_state
    };
    assert_eq!(with(&mut world, state).as_deref(), Some(state));
    for odd in ["", "a b", "a\nb", "é", &"s".repeat(513)] {
        assert_eq!(with(&mut world, odd), None, "{odd:?}");
    }
    assert_eq!(
        world.login(|_honest| {}).result.unwrap().session_state,
        None
    );
    let twice = AuthorizationResponse::parse("code=a&state=b&session_state=c&session_state=d");
    assert_eq!(
        twice.unwrap_err().code().name,
        "callback.duplicate_parameter"
    );
}
