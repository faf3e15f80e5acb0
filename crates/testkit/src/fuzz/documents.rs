//! What a provider answers: metadata, keys, tokens, nonces.

use std::future::Future;

use codegrant_core::http::HttpResponse;
use codegrant_core::jose::KeySet;
use codegrant_core::oauth2::RefreshToken;
use codegrant_core::{ClientMetadata, DpopKey, HeldLogin, Renewed, Resource, Step, StepUp};

use crate::World;

/// The metadata of an issuer: what is accepted names this issuer and nothing but safe addresses.
pub(super) fn discovery_document(input: &[u8]) {
    let world = World::openid();
    let Ok(Step::Fetch(fetch)) = world.client.discover() else {
        panic!("an issuer is discovered by a request");
    };
    let Ok(Step::Done(fetched)) = fetch.resume(json(input)) else {
        return;
    };
    let metadata = fetched.value;
    assert_eq!(metadata.issuer, "https://op.example");
    for url in [
        Some(&metadata.authorization_endpoint),
        Some(&metadata.token_endpoint),
        metadata.userinfo_endpoint.as_ref(),
        metadata.jwks_uri.as_ref(),
        metadata.revocation_endpoint.as_ref(),
        metadata.end_session_endpoint.as_ref(),
    ]
    .into_iter()
    .flatten()
    {
        assert!(url.starts_with("https://"), "{url}");
    }
}

/// A key set: read without harm.
pub(super) fn jwks(input: &[u8]) {
    let _read = KeySet::parse(input);
}

/// The answer of the token endpoint: tokens in it fit into a header.
pub(super) fn token_response(input: &[u8]) {
    let mut world = World::github();
    let metadata = world.start().metadata;
    let token = RefreshToken::new("old".to_owned());
    let Ok(Step::Fetch(fetch)) = world
        .client
        .refresh(&metadata, &token, None, world.moment())
    else {
        panic!("a refresh is one request");
    };
    let Ok(Step::Done(refreshed)) = fetch.resume(json(input)) else {
        return;
    };
    let login = world.login(|_honest| {});
    let held = HeldLogin::from(login.value());
    let Ok(Renewed { tokens, .. }) = refreshed.accept(&held, &KeySet::empty()) else {
        return;
    };
    for token in [
        Some(tokens.access_token.secret()),
        tokens.refresh_token.as_ref().map(RefreshToken::secret),
    ]
    .into_iter()
    .flatten()
    {
        let visible = |byte| (0x20..=0x7e).contains(&byte);
        assert!(!token.is_empty() && token.bytes().all(visible), "{token:?}");
    }
}

/// The nonce of a challenge: at most one more request, with a nonce that fits into JSON and a header.
pub(super) fn dpop_nonce(input: &[u8]) {
    let Ok(nonce) = std::str::from_utf8(input) else {
        return;
    };
    let mut world = World::github();
    world.client = world.client.clone().with_dpop();
    let metadata = World::github().start().metadata;
    let token = RefreshToken::new("old".to_owned());
    let key = DpopKey::generate().expect("a key");
    let started = world
        .client
        .refresh(&metadata, &token, Some(&key), world.moment());
    let Ok(Step::Fetch(fetch)) = started else {
        panic!("a refresh is one request");
    };
    let challenge = || {
        HttpResponse::json(&serde_json::json!({"error": "use_dpop_nonce"}))
            .with_status(400)
            .with_header("dpop-nonce", nonce)
    };
    let Ok(Step::Fetch(mut again)) = fetch.resume(challenge()) else {
        return;
    };
    let request = again.take_request();
    assert!(
        request
            .header("dpop")
            .is_some_and(|proof| proof.len() < 4096)
    );
    assert!(again.resume(challenge()).is_err(), "no third request");
}

/// `WWW-Authenticate` of an API: what is asked for fits into a login's address.
pub(super) fn challenge(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let response = HttpResponse::new(401).with_header("www-authenticate", text);
    let Some(asked) = StepUp::of(&response) else {
        return;
    };
    assert!(
        !asked.contexts().is_empty() || asked.age().is_some(),
        "{text:?}"
    );
    for context in asked.contexts() {
        assert!(
            !context.is_empty() && !context.contains(char::is_control),
            "{text:?}"
        );
    }
}

/// What a person types to be found, and what a host answers: the issuer is safe to ask.
pub(super) fn webfinger(input: &[u8]) {
    if let Ok(text) = std::str::from_utf8(input) {
        let _typed = Resource::parse(text);
    }
    let resource = Resource::parse("joe@op.example").expect("a sound address");
    let Step::Fetch(fetch) = resource.find_issuer() else {
        panic!("a host is asked by a request");
    };
    let answer = HttpResponse::new(200)
        .with_header("content-type", "application/jrd+json")
        .with_body(input);
    if let Ok(Step::Done(issuer)) = fetch.resume(answer) {
        assert!(issuer.starts_with("https://"), "{issuer}");
    }
}

/// The answer to a registration: what is accepted has an id and nothing weaker than was asked for.
pub(super) fn registration(input: &[u8]) {
    let mut world = World::openid();
    let endpoint = "https://op.example/register";
    world.metadata.set("registration_endpoint", endpoint);
    let metadata = world.start().metadata;
    let wanted = ClientMetadata::of(&world.client);
    let started = world.client.register(&metadata, &wanted, None, world.now);
    let Ok(Step::Fetch(fetch)) = started else {
        panic!("a registration is one request");
    };
    if let Ok(Step::Done(given)) = fetch.resume(json(input).with_status(201)) {
        assert!(!given.client_id().is_empty());
        let registered = world.client.with_information(&given);
        assert!(registered.validate().is_ok(), "{given:?}");
    }
}

fn json(body: &[u8]) -> HttpResponse {
    HttpResponse::new(200)
        .with_header("content-type", "application/json")
        .with_body(body)
}

/// Waits for a future that nothing outside has to finish.
pub(super) fn drive<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime")
        .block_on(future)
}
