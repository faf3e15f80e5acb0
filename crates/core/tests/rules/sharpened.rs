//! Rules at their edges: a client that was reconfigured, a clock that was set back, a provider that echoes.

use codegrant_core::error::Purpose;
use codegrant_core::provider::{AuthenticationMethod, Provider};
use codegrant_core::{AuthorizationOptions, Cache, Client, ReturnTo, Seed, Timestamp};
use codegrant_testkit::World;
use serde_json::json;

// attack: PK-12
#[test]
fn the_code_goes_back_with_the_address_it_was_sent_to_though_the_client_has_moved() {
    let mut world = World::openid();
    let pending = world.start();
    let provider = Provider::openid("op", "OP", "https://op.example");
    world.client =
        Client::new(provider, "app", "https://app.example/moved").with_secret("client-secret");
    let outcome = world.finish(pending, |_honest| {});
    let sent = outcome.sent(Purpose::Token).parameter("redirect_uri");
    assert_eq!(
        sent.as_deref(),
        Some("https://app.example/auth/callback/op")
    );
}

// attack: TK-25
#[test]
fn a_public_client_sends_no_secret_even_if_it_was_given_one() {
    let mut world = World::openid();
    world.client = world
        .client
        .clone()
        .with_authentication(AuthenticationMethod::None);
    let outcome = world.login(|_honest| {});
    let sent = outcome.sent(Purpose::Token);
    assert_eq!(sent.parameter("client_secret"), None);
    assert_eq!(sent.request.header("authorization"), None);
}

// attack: KY-01
#[test]
fn a_clock_that_was_set_back_does_not_stop_fetches_for_years() {
    let mut cache: Cache<()> = Cache::default();
    let ahead = Timestamp::from_unix(2_000_000_000);
    while cache.may_fetch(ahead) {}
    let now = Timestamp::from_unix(1_900_000_000);
    assert!(!cache.may_fetch(now), "the bucket is as empty as before");
    assert!(cache.may_fetch(now.plus(30)), "and fills again");
}

// attack: JW-53
#[test]
fn a_sign_in_that_lies_ahead_is_no_fresh_one() {
    let mut world = World::openid();
    world.options.max_age = Some(300);
    let outcome = world.login(|script| script.claims.set("auth_time", 4_000_000_000_u64));
    assert_eq!(outcome.code(), Some("id_token.from_the_future"));
}

// attack: MX-11
#[test]
fn no_login_starts_with_another_issuers_metadata() {
    let provider = Provider::openid("ev", "EV", "https://ev.example");
    let other = World::new(Client::new(provider, "app", "https://app.example/ev")).start();
    let op = World::openid();
    let seed = Seed::new([0; Seed::BYTES]);
    let started = op.client.authorize(
        &other.metadata,
        AuthorizationOptions::default(),
        &seed,
        op.moment(),
    );
    assert_eq!(
        started.unwrap_err().code().name,
        "discovery.issuer_mismatch"
    );
}

// attack: TK-31
#[test]
fn a_secret_is_blotted_out_also_in_the_form_in_which_it_was_sent() {
    let mut world = World::openid();
    world.client = world.client.clone().with_secret("p@ss word/1");
    let outcome = world.login(|script| {
        script.token.status = 400;
        script.token.body = json!({
            "error": "invalid_client", "error_description": "bad p%40ss+word%2F1 or p@ss word/1",
        });
    });
    let shown = outcome.error().to_string();
    assert!(
        !shown.contains("p%40ss") && !shown.contains("p@ss"),
        "{shown}"
    );
}

// attack: TK-04
#[test]
fn a_token_beside_an_error_is_not_shown() {
    let outcome = World::openid().login(|script| {
        script.token.set("error", "x");
        script.token.set("error_description", "for access-token-1");
    });
    assert_eq!(outcome.code(), Some("provider.token_refused"));
    assert!(!outcome.error().to_string().contains("access-token-1"));
}

// attack: RD-13
#[test]
fn an_app_whose_endpoints_stand_at_the_root_keeps_its_targets() {
    for base in ["/", ""] {
        assert_eq!(ReturnTo::parse("/orders", base).as_str(), "/orders");
    }
}

// attack: DS-05
#[test]
fn reserved_and_tunnelled_addresses_are_refused_in_metadata() {
    for host in [
        "240.0.0.1",
        "[2002:7f00:1::]",
        "[64:ff9b::7f00:1]",
        "198.18.0.1",
        "localhost.",
    ] {
        let mut world = World::openid();
        world
            .metadata
            .set("jwks_uri", format!("https://{host}/jwks"));
        let outcome = world.login(|_honest| {});
        assert_eq!(outcome.code(), Some("discovery.endpoint_refused"), "{host}");
    }
}
