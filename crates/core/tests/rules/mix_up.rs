//! Two providers at one app: whose answer is it, and whose user (RFC 9700 section 4.4, RFC 9207)?

use codegrant_core::Client;
use codegrant_core::error::Purpose;
use codegrant_core::provider::{Protocol, Provider};
use codegrant_testkit::World;
use serde_json::json;

use crate::{login, refused_at_the_callback, wiki};

fn advertising() -> World {
    let mut world = World::openid();
    world
        .metadata
        .set("authorization_response_iss_parameter_supported", true);
    world
}

// attack: MX-02
#[test]
fn the_issuer_of_another_provider_is_refused_advertised_or_not() {
    for issuer in [
        "https://evil.example",
        "https://op.example/",
        "https://OP.example",
        "http://op.example",
        "https://op.example.evil.example",
        "https://op.example:443",
        "op.example",
        " https://op.example",
        "https://op.example\0",
        "",
    ] {
        let silent = login(|script| script.callback.set("iss", issuer));
        refused_at_the_callback(&silent, "callback.issuer_mismatch");
        let advertised = advertising().login(|script| script.callback.set("iss", issuer));
        refused_at_the_callback(&advertised, "callback.issuer_mismatch");
    }
}

// attack: MX-02
#[test]
fn an_error_of_another_issuer_is_not_believed() {
    let outcome = login(|script| {
        script.callback.remove("code");
        script.callback.set("error", "access_denied");
        script.callback.set("iss", "https://evil.example");
    });
    refused_at_the_callback(&outcome, "callback.issuer_mismatch");
}

// attack: MX-03
#[test]
fn a_missing_issuer_is_refused_where_it_was_promised() {
    refused_at_the_callback(
        &advertising().login(|_honest| {}),
        "callback.issuer_missing",
    );
    let error = advertising().login(|script| {
        script.callback.remove("code");
        script.callback.set("error", "access_denied");
    });
    refused_at_the_callback(&error, "callback.issuer_missing");
    let present = advertising().login(|script| script.callback.set("iss", "https://op.example"));
    assert_eq!(present.code(), None);
}

// attack: MX-05
#[test]
fn the_right_issuer_is_accepted_unannounced() {
    let outcome = login(|script| script.callback.set("iss", "https://op.example"));
    assert_eq!(outcome.code(), None);
    assert_eq!(outcome.value().undeclared_issuer, None);
}

// attack: MX-07
#[test]
fn a_repeated_issuer_is_refused_whichever_comes_first() {
    for (first, second) in [
        ("https://op.example", "https://evil.example"),
        ("https://evil.example", "https://op.example"),
        ("https://op.example", "https://op.example"),
    ] {
        let outcome = login(|script| {
            script.callback.append("iss", first);
            script.callback.append("iss", second);
        });
        refused_at_the_callback(&outcome, "callback.duplicate_parameter");
    }
}

#[test]
fn github_may_name_its_issuer_and_only_that() {
    assert_eq!(World::github().login(|_absent| {}).code(), None);
    let right = World::github().login(|script| {
        script.callback.set("iss", "https://github.com/login/oauth");
    });
    assert_eq!(right.code(), None);
    for wrong in [
        "https://github.com",
        "https://github.com/login/oauth/",
        "https://evil.example",
    ] {
        let outcome = World::github().login(|script| script.callback.set("iss", wrong));
        refused_at_the_callback(&outcome, "callback.issuer_mismatch");
    }
}

#[test]
fn an_issuer_that_nobody_declared_is_reported_and_not_fatal() {
    let mut world = World::new(Client::new(wiki_of(None), "app", "https://app.example/cb"));
    world.userinfo = json!({ "id": 1 });
    let outcome = world.login(|script| script.callback.set("iss", "https://new.example\n"));
    let reported = outcome.value().undeclared_issuer.as_ref().unwrap();
    assert_eq!(reported.to_string(), "\"https://new.example\\n\"");
    assert_eq!(
        outcome.identity().key(),
        ("https://wiki.example/token", "1")
    );
}

// attack: MX-09
#[test]
fn endpoints_of_a_preset_come_from_the_preset_alone() {
    let mut world = World::facebook();
    // Whatever an answer claims to be, it moves no endpoint.
    let outcome = world.login(|script| {
        script.callback.append("iss", "https://www.facebook.com");
        script
            .callback
            .append("token_endpoint", "https://evil.example/token");
        script
            .token
            .set("userinfo_endpoint", "https://evil.example/me");
        script.userinfo.set("issuer", "https://evil.example");
    });
    for sent in &outcome.requests {
        assert!(
            sent.request
                .url
                .starts_with("https://graph.facebook.com/v24.0/")
        );
    }
    assert_eq!(
        outcome.identity().key(),
        ("https://www.facebook.com", "10220")
    );
}

// attack: MX-11
#[test]
fn a_secret_goes_to_the_endpoint_of_its_own_providers_metadata() {
    let mut op = World::openid();
    op.client = op.client.clone().with_secret("secret-of-op");
    let mut ev = World::new(
        Client::new(
            Provider::openid("ev", "Ev", "https://ev.example"),
            "app",
            "https://app.example/auth/callback/ev",
        )
        .with_secret("secret-of-ev"),
    );
    // The specification lets an issuer put its token endpoint anywhere.
    ev.metadata
        .set("token_endpoint", "https://op.example/token");
    let outcome = ev.login(|_honest| {});
    let sent = outcome.sent(Purpose::Token);
    assert_eq!(sent.request.url, "https://op.example/token");
    let shown = format!("{:?}", sent.request.headers);
    let basic = sent.request.header("authorization").unwrap();
    assert_eq!(
        basic,
        format!("Basic {}", base64_of("app:secret-of-ev")),
        "{shown}"
    );
    // Metadata that one provider's login was not started with is not used for its code.
    let mut swapped = op.start();
    swapped.metadata = ev.start().metadata;
    refused_at_the_callback(
        &op.finish(swapped, |_honest| {}),
        "callback.provider_mismatch",
    );
}

// attack: MX-14
#[test]
fn the_same_subject_at_two_issuers_is_two_people() {
    let ev = Provider::openid("ev", "Ev", "https://ev.example");
    let mut ev = World::new(Client::new(
        ev,
        "app",
        "https://app.example/auth/callback/ev",
    ));
    let theirs = ev.login(|_honest| {});
    let ours = login(|_honest| {});
    assert_eq!(theirs.identity().subject, ours.identity().subject);
    assert_ne!(theirs.identity().key(), ours.identity().key());
    // An issuer cannot speak for another one.
    let posing = ev.login(|script| script.claims.set("iss", "https://op.example"));
    assert_eq!(posing.code(), Some("id_token.issuer_mismatch"));
}

#[test]
fn without_a_declared_issuer_the_token_endpoint_stands_for_it() {
    for (declared, expected) in [
        (None, "https://wiki.example/token"),
        (
            Some("https://wiki.example/realm"),
            "https://wiki.example/realm",
        ),
    ] {
        let mut world = World::new(Client::new(
            wiki_of(declared),
            "app",
            "https://app.example/cb",
        ));
        world.userinfo = json!({ "id": 1 });
        assert_eq!(world.login(|_honest| {}).identity().key(), (expected, "1"));
    }
}

fn wiki_of(issuer: Option<&'static str>) -> Provider {
    let mut provider = wiki();
    if let Protocol::OAuth { issuer: held, .. } = &mut provider.protocol {
        *held = issuer.map(Into::into);
    }
    provider
}

fn base64_of(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}
