//! Claims of other issuers (OpenID Connect Core 1.0 section 5.6.2): kept apart, never believed unverified,
//! and never the end of a login.

use codegrant_core::error::{IdTokenError, Purpose};
use codegrant_core::http::{HttpResponse, Reach};
use codegrant_core::jose::{Algorithm, KeySet, SigningKey};
use codegrant_core::{ClaimSource, Client, Email, Login, Timestamp};
use codegrant_testkit::World;
use codegrant_testkit::world::{Answer, Outcome, Script, stranger_key};
use serde_json::{Value, json};

use crate::{login, with_quirks};

const BANK: &str = "https://bank.example";
const ENDPOINT: &str = "https://bank.example/claims";

fn bank() -> std::sync::Arc<SigningKey> {
    stranger_key(Algorithm::EdDsa, "bank")
}

fn bank_keys() -> KeySet {
    KeySet::parse(
        json!({ "keys": [bank().public_jwk()] })
            .to_string()
            .as_bytes(),
    )
    .unwrap()
}

/// The bank's token, which tries to be more than it is asked for.
fn bank_token() -> String {
    let claims = json!({
        "iss": BANK, "sub": "victim", "credit_score": 650,
        "email": "ceo@app.example", "email_verified": true, "name": "Admin",
    });
    bank().sign(None, claims.as_object().unwrap()).unwrap()
}

fn named(document: &mut Answer, names: Value, sources: Value) {
    document.set("_claim_names", names);
    document.set("_claim_sources", sources);
}

fn aggregated() -> Outcome<Login> {
    login(|script| {
        let names = json!({"credit_score": "bank", "email": "bank", "sub": "bank"});
        named(
            &mut script.userinfo,
            names,
            json!({"bank": {"JWT": bank_token()}}),
        );
    })
}

fn distributed(alter: impl FnOnce(&mut Script)) -> Outcome<Login> {
    distributed_in(&mut World::openid(), alter)
}

fn distributed_in(world: &mut World, alter: impl FnOnce(&mut Script)) -> Outcome<Login> {
    world.login(|script| {
        let names = json!({"credit_score": "bank"});
        let source = json!({"endpoint": ENDPOINT, "access_token": "for-the-bank"});
        named(&mut script.userinfo, names, json!({ "bank": source }));
        let mut answer = Answer::json(Value::Null);
        answer.replace_body("application/jwt", bank_token());
        script.sources.insert(ENDPOINT.to_owned(), answer);
        alter(script);
    })
}

#[track_caller]
fn only_source(outcome: &Outcome<Login>) -> ClaimSource {
    let login = outcome.result.as_ref().unwrap();
    assert_eq!(login.claim_sources.len(), 1);
    login.claim_sources[0].clone()
}

#[test]
fn aggregated_claims_are_kept_apart_and_never_change_who_it_is() {
    let outcome = aggregated();
    let honest = login(|_| {});
    let (identity, plain) = (outcome.identity(), honest.identity());
    assert_eq!(identity.key(), plain.key());
    assert_eq!(identity.name, plain.name);
    assert_eq!(identity.email, plain.email);
    assert_eq!(identity.claims.userinfo(), plain.claims.userinfo());
    let source = only_source(&outcome);
    assert_eq!((source.name(), source.is_distributed()), ("bank", false));
    // `sub` is the protocol's and no claim of a bank's.
    assert_eq!(source.claims(), ["credit_score", "email"]);
    assert_eq!(source.token(), Some(&*bank_token()));
    assert!(!outcome.called(Purpose::Api));
}

#[test]
fn a_source_alone_never_makes_a_verified_address() {
    let outcome = login(|script| {
        script.userinfo.remove("email");
        script.userinfo.remove("email_verified");
        let names = json!({"email": "bank", "email_verified": "bank"});
        named(
            &mut script.userinfo,
            names,
            json!({"bank": {"JWT": bank_token()}}),
        );
    });
    assert_eq!(outcome.identity().email, Email::Absent);
}

#[test]
fn a_source_is_read_by_the_keys_of_an_issuer_that_the_app_trusts() {
    let source = only_source(&aggregated());
    let now = Timestamp::from_unix(1_800_000_000);
    let claims = source
        .verify(BANK, &bank_keys(), Algorithm::EdDsa, now)
        .unwrap();
    // What the provider did not say that the bank has is left out, and so is the bank's `sub`.
    let expected = json!({"credit_score": 650, "email": "ceo@app.example"});
    assert_eq!(Value::Object(claims), expected);
    let verify = |issuer, keys: &KeySet, algorithm| source.verify(issuer, keys, algorithm, now);
    assert!(matches!(
        verify("https://op.example", &bank_keys(), Algorithm::EdDsa),
        Err(IdTokenError::Issuer { .. })
    ));
    assert!(verify(BANK, &KeySet::empty(), Algorithm::EdDsa).is_err());
    assert!(verify(BANK, &bank_keys(), Algorithm::Rs256).is_err());
    assert!(verify(BANK, &bank_keys(), Algorithm::Hs256).is_err());
}

#[test]
fn a_sources_token_expires() {
    let claims = json!({"iss": BANK, "credit_score": 1, "exp": 1_800_000_000});
    let token = bank().sign(None, claims.as_object().unwrap()).unwrap();
    let outcome = login(|script| {
        let names = json!({"credit_score": "bank"});
        named(&mut script.userinfo, names, json!({"bank": {"JWT": token}}));
    });
    let source = only_source(&outcome);
    let at = |seconds| {
        let now = Timestamp::from_unix(seconds);
        source.verify(BANK, &bank_keys(), Algorithm::EdDsa, now)
    };
    assert!(at(1_800_000_059).is_ok());
    assert!(matches!(
        at(1_800_000_060),
        Err(IdTokenError::Expired { .. })
    ));
}

#[test]
fn a_distributed_source_is_fetched_with_the_token_that_came_with_it() {
    let outcome = distributed(|_| {});
    let source = only_source(&outcome);
    assert!(source.is_distributed());
    assert_eq!(source.token(), Some(&*bank_token()));
    let sent: Vec<_> = outcome
        .requests
        .iter()
        .filter(|sent| sent.purpose == Purpose::Api)
        .collect();
    assert_eq!(sent.len(), 1);
    let request = &sent[0].request;
    assert_eq!(request.url, ENDPOINT);
    assert_eq!(request.header("authorization"), Some("Bearer for-the-bank"));
    assert_eq!(request.limits.deadline_seconds, 3);
    assert_eq!(request.limits.max_body, 64 * 1024);
    assert_eq!(request.reach, Reach::LikeHost("op.example".to_owned()));
}

// attack: DS-05 DS-06
#[test]
fn a_source_of_an_issuer_that_a_stranger_chose_is_called_at_public_addresses_only() {
    let mut world = World::openid();
    let chosen = world.client.provider().clone().on_public_addresses_only();
    let redirect_uri = "https://app.example/auth/callback/op";
    world.client = Client::new(chosen, "app", redirect_uri).with_secret("client-secret");
    for endpoint in [ENDPOINT, "https://op.example:8443/claims"] {
        let outcome = distributed_in(&mut world, |script| {
            let source = json!({"endpoint": endpoint, "access_token": "for-the-bank"});
            named(
                &mut script.userinfo,
                json!({"credit_score": "bank"}),
                json!({ "bank": source }),
            );
        });
        assert_eq!(outcome.code(), None);
        let last = &outcome.requests.last().unwrap().request;
        assert_eq!((last.url.as_str(), &last.reach), (endpoint, &Reach::Public));
    }
}

#[test]
fn nothing_that_a_source_does_ends_the_login() {
    for response in [
        HttpResponse::new(500),
        HttpResponse::new(504),
        HttpResponse::new(401),
        HttpResponse::new(302).with_header("location", "https://evil.example/"),
        HttpResponse::new(200),
        HttpResponse::new(200).with_body("<html> x . y </html>"),
        HttpResponse::new(200).with_body(vec![0xff, 0xfe]),
        HttpResponse::new(200).with_body("x.".repeat(64 * 1024)),
    ] {
        let outcome = distributed(|script| {
            let mut answer = Answer::json(Value::Null);
            answer.replace(response);
            script.sources.insert(ENDPOINT.to_owned(), answer);
        });
        assert_eq!(outcome.code(), None);
        assert_eq!(only_source(&outcome).token(), None);
    }
    for (names, sources) in [
        (json!(null), json!(null)),
        (json!("x"), json!([])),
        (json!({"a": 1}), json!({"bank": 1})),
        (json!({"a": "bank"}), json!({"bank": {}})),
        (json!({"a": "bank"}), json!({"bank": {"JWT": 7}})),
        (json!({"a": "bank"}), json!({"bank": {"JWT": "no token"}})),
        (
            json!({"a": "bank"}),
            json!({"bank": {"JWT": "x.".repeat(64 * 1024)}}),
        ),
        (
            json!({"a": "other"}),
            json!({"bank": {"JWT": bank_token()}}),
        ),
        (json!({}), json!({"bank": {"JWT": bank_token()}})),
    ] {
        let outcome = login(|script| named(&mut script.userinfo, names, sources));
        let login = outcome.result.unwrap();
        assert!(login.claim_sources.is_empty(), "{:?}", login.claim_sources);
    }
}

#[test]
fn an_address_that_may_not_be_called_is_not() {
    for endpoint in [
        "http://bank.example/claims",
        "https://127.0.0.1/claims",
        "https://localhost/claims",
        "https://10.0.0.1/claims",
        "https://[::1]/claims",
        "https://169.254.169.254/latest/meta-data",
        "https://user:pass@bank.example/claims",
        "https://bank.example/claims#x",
        "file:///etc/passwd",
        "/claims",
        "",
    ] {
        let outcome = distributed(|script| {
            let source = json!({"endpoint": endpoint, "access_token": "t"});
            script
                .userinfo
                .set("_claim_sources", json!({ "bank": source }));
        });
        let asked = outcome.requests.last().unwrap();
        assert_eq!(asked.purpose, Purpose::Userinfo, "{endpoint}");
        assert_eq!(only_source(&outcome).token(), None, "{endpoint}");
    }
}

#[test]
fn without_a_token_of_its_own_a_source_is_not_called() {
    for token in [
        Value::Null,
        json!(""),
        json!(7),
        json!("a b"),
        json!("a\r\nx: y"),
        json!("t".repeat(5000)),
    ] {
        let outcome = distributed(|script| {
            let source = json!({"endpoint": ENDPOINT, "access_token": token.clone()});
            script
                .userinfo
                .set("_claim_sources", json!({ "bank": source }));
        });
        assert!(!outcome.called(Purpose::Api), "{token}");
        assert_eq!(outcome.code(), None);
    }
}

#[test]
fn a_login_has_at_most_four_sources() {
    let outcome = login(|script| {
        let (mut names, mut sources) = (json!({}), json!({}));
        for number in 0..20 {
            let (claim, source) = (format!("c{number:02}"), format!("s{number:02}"));
            let endpoint = format!("{ENDPOINT}/{number}");
            names[&claim] = json!(source);
            sources[&source] = json!({"endpoint": endpoint, "access_token": "t"});
            let mut answer = Answer::json(Value::Null);
            answer.replace_body("application/jwt", bank_token());
            script.sources.insert(endpoint, answer);
        }
        named(&mut script.userinfo, names.clone(), sources.clone());
        script.claims.set("_claim_names", names);
        script.claims.set("_claim_sources", sources);
    });
    assert_eq!(outcome.calls(Purpose::Api), 4);
    assert_eq!(outcome.result.unwrap().claim_sources.len(), 4);
}

#[test]
fn the_id_token_may_name_sources_as_well() {
    let outcome = login(|script| {
        let names = json!({"credit_score": "bank"});
        script.claims.set("_claim_names", names);
        let sources = json!({"bank": {"JWT": bank_token()}});
        script.claims.set("_claim_sources", sources);
    });
    assert_eq!(only_source(&outcome).claims(), ["credit_score"]);
    let identity = outcome.identity();
    assert!(!identity.claims.id_token().contains_key("_claim_sources"));
    assert!(!identity.claims.id_token().contains_key("_claim_names"));
}

#[test]
fn a_provider_without_openid_connect_names_no_sources() {
    let mut world = with_quirks([]);
    let source = json!({"endpoint": ENDPOINT, "access_token": "t"});
    world.userinfo = json!({
        "id": 1, "_claim_names": {"a": "bank"}, "_claim_sources": {"bank": source},
    });
    let outcome = world.login(|_| {});
    assert!(!outcome.called(Purpose::Api));
    assert!(outcome.result.unwrap().claim_sources.is_empty());
}

#[test]
fn a_source_shows_no_token_and_can_be_kept() {
    let source = only_source(&distributed(|_| {}));
    let shown = format!("{source:?}");
    assert!(shown.contains("bank"), "{shown}");
    assert!(!shown.contains(&bank_token()), "{shown}");
    let kept = serde_json::to_string(&source).unwrap();
    assert_eq!(serde_json::from_str::<ClaimSource>(&kept).unwrap(), source);
    assert!(!kept.contains("for-the-bank"), "{kept}");
}

#[test]
fn only_a_sources_request_may_stay_unanswered() {
    let mut world = World::openid();
    let step = world.client.discover().unwrap();
    let codegrant_core::Step::Fetch(fetch) = step else {
        panic!("discovery asks for nothing");
    };
    assert!(!fetch.is_optional());
    let _ = &mut world;
}
