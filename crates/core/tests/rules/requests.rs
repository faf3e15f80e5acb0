//! What leaves for the provider: every parameter, every header, and nothing else.

use std::collections::BTreeMap;

use codegrant_core::error::Purpose;
use codegrant_core::http::Method;
use codegrant_core::oauth2::url::Url;
use codegrant_core::provider::{GOOGLE, Provider};
use codegrant_core::{Client, ResponseMode};
use codegrant_testkit::World;
use codegrant_testkit::world::{PendingLogin, Sent};

use crate::{distinct, login};

/// Takes the random ones away, so that the others can be compared as a whole.
fn fixed(pending: &PendingLogin) -> BTreeMap<String, String> {
    let mut parameters = distinct(pending.parameters());
    for random in ["state", "nonce", "code_challenge"] {
        if let Some(value) = parameters.remove(random) {
            assert_eq!(value.len(), 43, "{random}");
        }
    }
    parameters
}

fn expected(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

#[test]
fn nobody_is_sent_away_who_could_not_come_back() {
    let mut world = World::openid();
    world.client = world.client.with_redirect_uri("/auth/callback/op");
    let refused = world.login(|_honest| {});
    assert_eq!(refused.code(), Some("discovery.endpoint_refused"));
    assert!(refused.error().to_string().contains("redirect_uri"));
}

#[test]
fn an_openid_authorization_request_has_exactly_these_parameters() {
    let pending = World::openid().start();
    let url = Url::parse(pending.request.url()).unwrap();
    assert_eq!(url.origin().ascii_serialization(), "https://op.example");
    assert_eq!((url.path(), url.fragment()), ("/authorize", None));
    assert_eq!(
        fixed(&pending),
        expected(&[
            ("response_type", "code"),
            ("client_id", "app"),
            ("redirect_uri", "https://app.example/auth/callback/op"),
            ("scope", "openid profile email"),
            ("code_challenge_method", "S256"),
        ])
    );
    let names: Vec<String> = pending
        .parameters()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    for required in ["state", "nonce", "code_challenge"] {
        assert!(names.iter().any(|name| name == required), "{required}");
    }
}

#[test]
fn an_oauth_authorization_request_has_no_nonce() {
    let pending = World::github().start();
    assert!(
        pending
            .request
            .url()
            .starts_with("https://github.com/login/oauth/authorize?")
    );
    assert_eq!(
        fixed(&pending),
        expected(&[
            ("response_type", "code"),
            ("client_id", "app"),
            ("redirect_uri", "https://app.example/auth/callback/github"),
            ("scope", "read:user user:email"),
            ("code_challenge_method", "S256"),
        ])
    );
    assert!(pending.parameter("nonce").is_empty());
}

#[test]
fn what_a_login_asks_for_is_sent_and_nothing_is_sent_unasked() {
    let mut world = World::openid();
    world.options.max_age = Some(0);
    world.options.acr_values = vec!["phr".to_owned(), "phrh".to_owned()];
    world.options.prompt = Some("login".to_owned());
    world.options.login_hint = Some("jane+work@mail.example&x=\u{e9}".to_owned());
    world.client = world
        .client
        .clone()
        .with_response_mode(ResponseMode::FormPost);
    world.client = world
        .client
        .clone()
        .with_scopes(["openid", "offline_access"]);
    assert_eq!(
        fixed(&world.start()),
        expected(&[
            ("response_type", "code"),
            ("client_id", "app"),
            ("redirect_uri", "https://app.example/auth/callback/op"),
            ("scope", "openid offline_access"),
            ("code_challenge_method", "S256"),
            ("max_age", "0"),
            ("acr_values", "phr phrh"),
            ("prompt", "login"),
            ("login_hint", "jane+work@mail.example&x=\u{e9}"),
            ("response_mode", "form_post"),
        ])
    );
}

#[test]
fn a_providers_own_parameters_are_sent_along() {
    let mut google = GOOGLE;
    google.authorization_parameters = vec![("access_type".into(), "offline".into())].into();
    let mut world = World::new(Client::new(google, "app", "https://app.example/cb"));
    assert_eq!(world.start().parameter("access_type"), "offline");
}

// attack: PK-02 PK-03
#[test]
fn a_challenge_by_s256_is_sent_whatever_the_metadata_says() {
    for said in [Some(&["plain"][..]), Some(&[]), Some(&["S512"]), None] {
        let mut world = World::openid();
        world.metadata.remove("code_challenge_methods_supported");
        if let Some(said) = said {
            world.metadata.set("code_challenge_methods_supported", said);
        }
        let pending = world.start();
        assert_eq!(pending.parameter("code_challenge_method"), "S256");
        assert_eq!(pending.parameter("code_challenge").len(), 43);
        let outcome = world.finish(pending, |_honest| {});
        let sent = outcome.sent(Purpose::Token);
        assert_eq!(sent.parameter("code_verifier").unwrap().len(), 43);
    }
}

// attack: PK-01 PK-04
#[test]
fn the_verifier_of_the_browsers_own_transaction_is_always_sent() {
    let mut world = World::openid();
    let attackers = world.start();
    let own = serde_json::to_value(&attackers.transaction).unwrap()["v"].clone();
    let outcome = world.finish(attackers, |script| {
        script.callback.set("code", "victims-code");
        // The provider finds that code and verifier do not belong together.
        script.token.status = 400;
        script.token.set("error", "invalid_grant");
    });
    assert_eq!(outcome.code(), Some("provider.token_refused"));
    assert_eq!(
        outcome.calls(Purpose::Token),
        1,
        "no second try without a verifier"
    );
    let sent = outcome.sent(Purpose::Token);
    assert_eq!(sent.parameter("code").as_deref(), Some("victims-code"));
    assert_eq!(sent.parameter("code_verifier").as_deref(), own.as_str());
}

// attack: PK-01
#[test]
fn an_injected_code_is_caught_by_the_nonce_where_the_provider_ignores_pkce() {
    let mut world = World::openid();
    let victims = world.start().parameter("nonce");
    let outcome = world.login(|script| script.claims.set("nonce", victims));
    assert_eq!(outcome.code(), Some("id_token.nonce_mismatch"));
    assert!(!outcome.called(Purpose::Userinfo));
}

// attack: PK-07 TK-30
#[test]
fn a_code_is_sent_once_whatever_the_answer() {
    for status in [100, 204, 307, 400, 401, 408, 425, 429, 500, 502, 503, 504] {
        let outcome = login(|script| {
            script.token.status = status;
            script.token.header("retry-after", "1");
        });
        assert!(
            outcome
                .code()
                .is_some_and(|code| code.starts_with("provider.")),
            "{status}"
        );
        let purposes: Vec<Purpose> = outcome.requests.iter().map(|sent| sent.purpose).collect();
        assert_eq!(purposes, [Purpose::Metadata, Purpose::Token], "{status}");
    }
}

// attack: PK-12
#[test]
fn the_redirect_uri_is_the_same_in_both_requests() {
    for callback in [
        "https://app.example/auth/callback/op",
        "https://app.example",
        "https://APP.example:443/a%2fb/../c?x=y%20z&w",
        "http://localhost:3000/auth/callback/op",
    ] {
        let provider = Provider::openid("op", "OP", "https://op.example");
        let mut world = World::new(Client::new(provider, "app", callback));
        let pending = world.start();
        assert_eq!(pending.parameter("redirect_uri"), callback);
        let outcome = world.finish(pending, |_honest| {});
        let sent = outcome.sent(Purpose::Token);
        assert_eq!(sent.parameter("redirect_uri").as_deref(), Some(callback));
    }
}

#[test]
fn a_token_request_has_exactly_these_parts() {
    let outcome = login(|_honest| {});
    let sent = outcome.sent(Purpose::Token);
    assert_eq!(sent.request.method, Method::Post);
    assert_eq!(sent.request.url, "https://op.example/token");
    assert_eq!(sent.request.header("accept"), Some("application/json"));
    let form = "application/x-www-form-urlencoded";
    assert_eq!(sent.request.header("content-type"), Some(form));
    let mut parameters = distinct(sent.form());
    let verifier = parameters.remove("code_verifier").unwrap();
    assert_eq!(verifier.len(), 43);
    assert_eq!(
        parameters,
        expected(&[
            ("grant_type", "authorization_code"),
            ("code", "code-1"),
            ("redirect_uri", "https://app.example/auth/callback/op"),
        ])
    );
}

#[test]
fn every_request_carries_a_deadline_and_a_cap_on_its_answer() {
    let mut outcomes = vec![login(|_honest| {}), World::github().login(|_honest| {})];
    outcomes.push(World::facebook().login(|_honest| {}));
    let mut seen = Vec::new();
    for sent in outcomes.iter().flat_map(|outcome| &outcome.requests) {
        let limits = sent.request.limits;
        let cap = if sent.purpose == Purpose::Keys {
            512
        } else {
            256
        };
        assert_eq!(limits.max_body, cap * 1024, "{}", sent.purpose);
        assert!(
            (1..=10).contains(&limits.deadline_seconds),
            "{}",
            sent.purpose
        );
        seen.push(sent.purpose);
    }
    for purpose in [
        Purpose::Metadata,
        Purpose::Keys,
        Purpose::Token,
        Purpose::Userinfo,
        Purpose::Emails,
    ] {
        assert!(seen.contains(&purpose), "{purpose}");
    }
}

// attack: UI-09
#[test]
fn the_access_token_stands_in_the_authorization_header_alone() {
    for outcome in [
        login(|_honest| {}),
        World::github().login(|_honest| {}),
        World::facebook().login(|_honest| {}),
    ] {
        for sent in &outcome.requests {
            assert!(
                !sent.request.url.contains("access-token"),
                "{}",
                sent.request.url
            );
            let body = String::from_utf8_lossy(&sent.request.body);
            assert!(!body.contains("access-token"), "{body}");
            let bearer = sent.request.header("authorization") == Some("Bearer access-token-1");
            let needed = matches!(sent.purpose, Purpose::Userinfo | Purpose::Emails);
            assert_eq!(bearer, needed, "{}", sent.purpose);
        }
    }
}

#[test]
fn a_login_costs_one_request_of_each_kind() {
    let purposes = |outcome: &[Sent]| outcome.iter().map(|sent| sent.purpose).collect::<Vec<_>>();
    let openid = login(|_honest| {});
    let all = [
        Purpose::Metadata,
        Purpose::Token,
        Purpose::Keys,
        Purpose::Userinfo,
    ];
    assert_eq!(purposes(&openid.requests), all);
    let github = World::github().login(|_honest| {});
    assert_eq!(
        purposes(&github.requests),
        [Purpose::Token, Purpose::Userinfo, Purpose::Emails]
    );
    // An ID token that says it all leaves nothing to ask.
    let complete = login(|script| {
        script.claims.set("name", "Jane");
        script.claims.set("email", "jane@mail.example");
    });
    assert!(!complete.called(Purpose::Userinfo));
    assert_eq!(complete.identity().name.as_deref(), Some("Jane"));
}

/// Facebook's proof for the token and secret of these tests, computed with OpenSSL:
/// `printf access-token-1 | openssl dgst -sha256 -hmac client-secret`.
const PROOF: &str = "235420b841d5b87233b538f6607a295790211c0158d0289d71d2235b0d38ae1d";

#[test]
fn facebook_gets_a_proof_that_we_know_the_secret() {
    let outcome = World::facebook().login(|_honest| {});
    let sent = outcome.sent(Purpose::Userinfo);
    assert!(
        sent.request
            .url
            .starts_with("https://graph.facebook.com/v24.0/me?")
    );
    assert_eq!(
        distinct(sent.query()),
        expected(&[
            ("fields", "id,name,email,picture"),
            ("appsecret_proof", PROOF)
        ])
    );
    for other in [login(|_honest| {}), World::github().login(|_honest| {})] {
        assert!(
            other
                .requests
                .iter()
                .all(|sent| !sent.request.url.contains("proof"))
        );
    }
}

#[test]
fn apis_are_told_who_asks() {
    let outcome = World::github().login(|_honest| {});
    for purpose in [Purpose::Userinfo, Purpose::Emails] {
        let sent = outcome.sent(purpose);
        let agent = sent.request.header("user-agent").unwrap_or_default();
        assert!(agent.starts_with("codegrant/"), "{agent:?}");
        assert_eq!(sent.request.method, Method::Get);
    }
}
