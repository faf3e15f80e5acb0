//! The provider's keys, and the cache for them and for its metadata: how long, how often, whose.

use codegrant_core::error::{Error, ProviderError, Purpose};
use codegrant_core::http::HttpResponse;
use codegrant_core::jose::{Algorithm, KeySet};
use codegrant_core::provider::Provider;
use codegrant_core::{AuthorizationResponse, Cache, Client, Fetched, Grant, Timestamp};
use codegrant_testkit::World;
use codegrant_testkit::world::{drive, signing_key, stranger_key};
use serde_json::{Value, json};

use crate::{login, refused_at_the_id_token, start};

/// Fetches keys that come with this `Cache-Control`.
fn fetched(cache_control: Option<&str>, key_ids: &[&str]) -> Fetched<KeySet> {
    let keys: Vec<Value> = key_ids
        .iter()
        .map(|id| signing_key(Algorithm::Es256, id).public_jwk())
        .collect();
    let mut response = HttpResponse::json(&json!({ "keys": keys }));
    if let Some(value) = cache_control {
        response = response.with_header("cache-control", value);
    }
    let metadata = World::openid().start().metadata;
    drive(metadata.fetch_keys(), |_| response.clone()).unwrap()
}

// attack: KY-01
#[test]
fn a_thousand_unknown_key_ids_cost_a_handful_of_fetches() {
    let mut cache: Cache<KeySet> = Cache::default();
    cache.store(fetched(None, &["k1"]), start());
    let fetches = |cache: &mut Cache<KeySet>, now: Timestamp| {
        (0..1_000).filter(|_| cache.may_fetch(now)).count()
    };
    assert_eq!(fetches(&mut cache, start()), 4);
    assert_eq!(fetches(&mut cache, start().plus(29)), 0);
    assert_eq!(fetches(&mut cache, start().plus(30)), 1);
    assert_eq!(fetches(&mut cache, start().plus(59)), 0);
    assert_eq!(fetches(&mut cache, start().plus(90)), 2);
    // A quiet day fills the bucket and no more than that.
    assert_eq!(fetches(&mut cache, start().plus(86_400)), 4);
}

/// A set of one RSA key.
fn published(key: &str) -> KeySet {
    let jwk = signing_key(Algorithm::Rs256, key).public_jwk();
    KeySet::parse(json!({ "keys": [jwk] }).to_string().as_bytes()).unwrap()
}

/// What a code was exchanged for that brought this ID token.
fn granted(token: &str) -> Grant {
    let mut world = World::openid();
    let pending = world.start();
    let response = format!("code=c&state={}", pending.parameter("state"));
    let response = AuthorizationResponse::parse(&response).unwrap();
    let (metadata, transaction) = (&pending.metadata, pending.transaction);
    let redeemed = world
        .client
        .redeem(metadata, transaction, response, world.moment());
    let answer = json!({"access_token": "a", "token_type": "bearer", "id_token": token});
    drive(redeemed.unwrap(), |_| HttpResponse::json(&answer)).unwrap()
}

// attack: KY-04
#[test]
fn a_signature_is_proven_by_the_keys_of_now_and_not_by_those_that_once_fitted() {
    let token = signing_key(Algorithm::Rs256, "k1")
        .sign(None, json!({}).as_object().unwrap())
        .unwrap();
    let judged = |asked: &KeySet, now: &KeySet| {
        let mut grant = granted(&token);
        let lacking = grant.lacks_key(asked);
        (lacking, grant.identify(now).unwrap_err().code().name)
    };
    let (fitting, other) = (published("k1"), published("old"));
    let (signed, unsigned) = ("id_token.claim_missing", "id_token.unknown_key");
    assert_eq!(judged(&fitting, &fitting), (false, signed));
    assert_eq!(judged(&fitting, &other), (false, unsigned));
    assert_eq!(judged(&other, &other), (true, unsigned));
    assert_eq!(judged(&other, &fitting), (true, signed));
}

// attack: KY-01
#[test]
fn only_a_token_that_a_new_key_could_save_asks_for_the_keys_again() {
    let lacks = |token: &str| {
        let mut grant = granted(token);
        (
            grant.lacks_key(&published("old")),
            grant.lacks_key(&published("k1")),
        )
    };
    let signed = |algorithm: Algorithm| {
        signing_key(algorithm, "k1")
            .sign(None, json!({}).as_object().unwrap())
            .unwrap()
    };
    assert_eq!(lacks(&signed(Algorithm::Rs256)), (true, false));
    // No key makes these good: garbage, another algorithm, an encrypted or unsigned token.
    for hopeless in [
        signed(Algorithm::Rs512),
        signed(Algorithm::Es256),
        "a.b.c".into(),
        "a.b.c.d.e".into(),
    ] {
        assert_eq!(lacks(&hopeless), (false, false), "{hopeless}");
    }
    // A signature that does not fit its key might fit a new key of the same name.
    let forged = stranger_key(Algorithm::Rs256, "k1").sign(None, json!({}).as_object().unwrap());
    assert_eq!(lacks(&forged.unwrap()), (true, true));
}

// attack: KY-04
#[test]
fn a_cached_set_grows_old_and_is_replaced_whole() {
    let mut cache = Cache::default();
    cache.store(fetched(Some("max-age=600"), &["old", "kept"]), start());
    assert_eq!(
        cache.fresh(start().plus(599)).map(|keys| keys.len()),
        Some(2)
    );
    assert!(cache.fresh(start().plus(600)).is_none());
    cache.store(fetched(Some("max-age=600"), &["kept"]), start().plus(600));
    let keys = cache.usable(start().plus(600)).unwrap();
    assert_eq!(keys.len(), 1, "the key that was taken back is gone");
    // The keys of a provider that cannot be reached serve for another day and not a second longer.
    let last = start().plus(600 + 600 + 86_400);
    assert!(cache.usable(last.minus(1)).is_some());
    assert!(cache.usable(last).is_none());
}

// attack: KY-04
#[test]
fn a_providers_cache_control_is_held_between_five_minutes_and_a_day() {
    for (value, seconds) in [
        (None, 3_600),
        (Some("max-age=600"), 600),
        (Some("public, max-age=7200, must-revalidate"), 7_200),
        (Some("max-age=0"), 300),
        (Some("max-age=-1"), 300),
        (Some("max-age=299"), 300),
        (Some("max-age=86401"), 86_400),
        (Some("max-age=9223372036854775807"), 86_400),
        (Some("no-store"), 300),
        (Some("private, No-Cache"), 300),
        (Some("Max-Age=600"), 600),
        (Some("max-age=99999999999999999999"), 3_600),
        (Some("max-age="), 3_600),
        (Some("max-age=1.5"), 3_600),
        (Some(""), 3_600),
    ] {
        assert_eq!(
            fetched(value, &["k1"]).lifetime_seconds,
            seconds,
            "{value:?}"
        );
    }
}

// attack: DS-10 DO-04
#[test]
fn a_failure_is_forgotten_within_seconds_and_drops_nothing() {
    let mut cache = Cache::default();
    cache.store(fetched(None, &["k1"]), start());
    let later = start().plus(7_200);
    assert!(cache.fresh(later).is_none() && cache.may_fetch(later));
    cache.failed(later);
    assert!(cache.usable(later).is_some(), "what was valid stays in use");
    assert!(!cache.may_fetch(later) && !cache.may_fetch(later.plus(4)));
    assert!(cache.may_fetch(later.plus(5)));
    cache.failed(later.plus(5));
    cache.store(fetched(None, &["k1"]), later.plus(5));
    assert!(cache.may_fetch(later.plus(5)), "success ends the pause");
}

#[test]
fn no_clock_makes_a_cache_panic() {
    let clocks = [i64::MIN, -1, 0, 1, 1_800_000_000, i64::MAX].map(Timestamp::from_unix);
    for first in clocks {
        for second in clocks {
            let mut cache = Cache::default();
            assert!(cache.usable(first).is_none());
            cache.may_fetch(first);
            cache.store(fetched(None, &["k1"]), first);
            cache.failed(first);
            let _ = (
                cache.fresh(second),
                cache.usable(second),
                cache.may_fetch(second),
            );
        }
    }
}

// attack: KY-06 KY-07
#[test]
fn a_token_without_a_key_id_finds_its_key() {
    let single = login(|script| {
        let others =
            [Algorithm::Es256, Algorithm::EdDsa].map(|other| signing_key(other, "x").public_jwk());
        let own = signing_key(Algorithm::Rs256, "k1").public_jwk();
        script.keys.set("keys", json!([others[0], own, others[1]]));
        script.header.remove("kid");
    });
    assert_eq!(single.code(), None);
    let several = login(|script| {
        let own = signing_key(Algorithm::Rs256, "k1").public_jwk();
        let other = stranger_key(Algorithm::Rs256, "k0").public_jwk();
        script.keys.set("keys", json!([other, own]));
        script.header.remove("kid");
    });
    assert_eq!(several.code(), None);
}

// attack: KY-11 KY-13
#[test]
fn keys_that_are_not_for_signatures_prove_nothing() {
    for (name, value) in [
        ("use", json!("enc")),
        ("use", json!(5)),
        ("key_ops", json!(["encrypt"])),
        ("alg", json!("PS256")),
        ("alg", json!("RSA-OAEP")),
        ("kty", json!("oct")),
    ] {
        let outcome = login(|script| script.keys.body["keys"][0][name] = value);
        refused_at_the_id_token(&outcome, "id_token.unknown_key");
    }
    let symmetric = login(|script| {
        script.keys.set(
            "keys",
            json!([{"kty": "oct", "kid": "k1", "k": "c2VjcmV0", "alg": "HS256"}]),
        );
    });
    refused_at_the_id_token(&symmetric, "id_token.unknown_key");
}

// attack: KY-15 KY-16
#[test]
fn an_answer_that_is_no_key_set_is_a_provider_failure() {
    let answers = [
        HttpResponse::json(&json!([])),
        HttpResponse::json(&json!({})),
        HttpResponse::json(&json!({"keys": null})),
        HttpResponse::json(&json!({"keys": {}})),
        HttpResponse::json(&json!({"keys": vec![json!({}); 101]})),
        HttpResponse::json(&json!({"keys": []}))
            .with_body(" ".repeat(512 * 1024) + "{\"keys\":[]}"),
        HttpResponse::json(&json!({})).with_body("<html>"),
        HttpResponse::json(&json!({})).with_body(r#"{"keys":[],"keys":[]}"#),
    ];
    for response in answers {
        let outcome = login(|script| script.keys.replace(response));
        refused_at_the_id_token(&outcome, "provider.keys");
        assert!(matches!(
            outcome.error(),
            Error::Provider(ProviderError::Keys(_))
        ));
    }
    for media_type in ["", "text/html", "text/plain", "application/jose"] {
        let outcome = login(|script| media_type.clone_into(&mut script.keys.media_type));
        refused_at_the_id_token(&outcome, "provider.media_type");
    }
    let own_type =
        login(|script| "application/jwk-set+json".clone_into(&mut script.keys.media_type));
    assert_eq!(own_type.code(), None);
    for (status, code) in [
        (204, "status"),
        (302, "redirect"),
        (404, "status"),
        (500, "status"),
    ] {
        let outcome = login(|script| script.keys.status = status);
        refused_at_the_id_token(&outcome, &format!("provider.{code}"));
    }
    assert_eq!(
        login(|_honest| {})
            .sent(Purpose::Keys)
            .request
            .limits
            .max_body,
        512 * 1024
    );
}

// attack: KY-19
#[test]
fn a_key_of_one_provider_proves_nothing_at_another() {
    let ev = Provider::openid("ev", "Ev", "https://ev.example");
    let mut ev = World::new(Client::new(
        ev,
        "app",
        "https://app.example/auth/callback/ev",
    ));
    // Both publish a key under the id `k1`; the other one's signs whatever it likes.
    let outcome = ev.login(|script| {
        script.keys.set(
            "keys",
            json!([stranger_key(Algorithm::Rs256, "k1").public_jwk()]),
        );
    });
    refused_at_the_id_token(&outcome, "id_token.bad_signature");
    let fetched = &outcome.sent(Purpose::Keys).request.url;
    assert_eq!(fetched, "https://ev.example/jwks");
}
