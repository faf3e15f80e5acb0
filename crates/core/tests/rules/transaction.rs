//! One login, one browser, one use: state, age and provider of a transaction.

use std::collections::HashSet;

use aws_lc_rs::digest::{SHA256, digest};
use codegrant_core::jose::base64url;
use codegrant_core::oauth2::url::Url;
use codegrant_core::{
    Attempt, AuthorizationOptions, AuthorizationResponse, Client, Moment, ReturnTo, Seed,
    Timestamp, Transaction, TransactionId, provider::Provider,
};
use codegrant_testkit::World;
use codegrant_testkit::world::PendingLogin;

use crate::{login, refused_at_the_callback};

// attack: ST-02
#[test]
fn the_attackers_state_does_not_fit_the_victims_transaction() {
    let mut world = World::openid();
    let victims = world.start();
    let attackers = world.start();
    let forged = world.finish(victims.clone(), |script| {
        script.callback.set("code", "attackers-code");
        script.callback.set("state", &attackers.parameter("state"));
    });
    refused_at_the_callback(&forged, "callback.state_mismatch");
    assert_eq!(world.finish(victims, |_honest| {}).code(), None);
}

// attack: ST-07 ST-08
#[test]
fn a_state_that_is_not_there_equals_nothing() {
    let missing = login(|script| script.callback.remove("state"));
    refused_at_the_callback(&missing, "callback.state_missing");
    for query in [
        "code=C&state=",
        "code=C&state",
        "code=C&=",
        "code=C&State=x",
        "code=C",
    ] {
        let outcome = login(|script| script.callback.replace(query));
        refused_at_the_callback(&outcome, "callback.state_missing");
    }
    // Not even where the transaction's own state is empty, as a broken store might leave it.
    let world = World::openid();
    let pending = with_transaction(World::openid().start(), |stored| stored["s"] = "".into());
    let outcome = world.finish(pending, |script| script.callback.set("state", ""));
    refused_at_the_callback(&outcome, "callback.state_missing");
}

// attack: TP-01
#[test]
fn a_provider_that_drops_the_state_cannot_be_used() {
    let outcome = World::github().login(|script| script.callback.remove("state"));
    refused_at_the_callback(&outcome, "callback.state_missing");
}

// attack: ST-09
#[test]
fn a_state_altered_anywhere_is_refused() {
    let mut world = World::openid();
    let pending = world.start();
    let state = pending.parameter("state");
    let flipped = |at: usize| {
        let mut bytes = state.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    let mut altered: Vec<String> = (0..state.len()).map(flipped).collect();
    altered.extend([
        format!("{state}1"),
        format!(" {state}"),
        format!("{state}~"),
        format!("{state}="),
        format!("{state}\0"),
        state[1..].to_owned(),
        state[..state.len() - 1].to_owned(),
        state.to_lowercase(),
        state.to_uppercase(),
        state.repeat(2),
    ]);
    for altered in altered {
        let outcome = world.finish(pending.clone(), |script| {
            script.callback.set("state", &altered);
        });
        refused_at_the_callback(&outcome, "callback.state_mismatch");
    }
}

// attack: ST-11
#[test]
fn a_transaction_is_refused_a_second_after_its_ten_minutes() {
    let mut world = World::openid();
    let pending = world.start();
    world.wait(Transaction::LIFETIME_SECONDS);
    assert_eq!(world.finish(pending.clone(), |_honest| {}).code(), None);
    world.wait(1);
    let late = world.finish(pending.clone(), |_honest| {});
    refused_at_the_callback(&late, "callback.expired");
    for now in [i64::MAX, 0, i64::MIN, world.now.as_unix() - 601 - 61] {
        world.now = Timestamp::from_unix(now);
        let outcome = world.finish(pending.clone(), |_honest| {});
        refused_at_the_callback(&outcome, "callback.expired");
    }
}

#[test]
fn a_clock_that_was_set_back_a_minute_ends_no_login() {
    let mut world = World::openid();
    let pending = world.start();
    world.wait(-60);
    assert_eq!(world.finish(pending.clone(), |_honest| {}).code(), None);
    world.wait(-1);
    refused_at_the_callback(&world.finish(pending, |_honest| {}), "callback.expired");
}

// attack: ST-12
#[test]
fn a_transaction_of_one_provider_is_refused_at_the_callback_of_another() {
    let mut op = World::openid();
    let second = Provider::openid("ev", "Ev", "https://ev.example");
    let mut ev = World::new(Client::new(
        second,
        "app",
        "https://app.example/auth/callback/ev",
    ));
    let pending = op.start();
    let outcome = ev.finish(pending.clone(), |_honest| {});
    refused_at_the_callback(&outcome, "callback.provider_mismatch");
    // Nor with the metadata of the provider whose callback it is.
    let mut swapped = ev.start();
    swapped.transaction = pending.transaction.clone();
    refused_at_the_callback(
        &ev.finish(swapped, |_honest| {}),
        "callback.provider_mismatch",
    );
    assert_eq!(op.finish(pending, |_honest| {}).code(), None);
}

#[test]
fn a_transaction_ends_when_its_provider_changes_its_issuer() {
    let mut world = World::openid();
    let pending = world.start();
    let state = pending.parameter("state");
    let moved = Provider::openid("op", "Moved", "https://moved.example");
    let mut world = World::new(Client::new(
        moved,
        "app",
        "https://app.example/auth/callback/op",
    ));
    let mut swapped = world.start();
    swapped.transaction = pending.transaction;
    let outcome = world.finish(swapped, |script| script.callback.set("state", &state));
    refused_at_the_callback(&outcome, "callback.provider_mismatch");
}

// attack: ST-13 PK-05
#[test]
fn a_thousand_logins_share_no_random_value() {
    let mut world = World::openid();
    let metadata = world.start().metadata;
    let mut seen = HashSet::new();
    for number in 0..1_000_u64 {
        // One bit apart in each third of the seed, and the clock stands still.
        let mut bytes = [0; Seed::BYTES];
        for third in bytes.chunks_mut(32) {
            third[24..].copy_from_slice(&number.to_be_bytes());
        }
        let options = AuthorizationOptions::default();
        let (request, transaction) = world
            .client
            .authorize(&metadata, options, &Seed::new(bytes), world.moment())
            .unwrap()
            .finished()
            .unwrap();
        for name in ["state", "nonce", "code_challenge"] {
            let value = parameter(request.url(), name);
            assert!(value.len() >= 22 && value.len() <= 128, "{name}: {value}");
            assert!(value.bytes().all(url_safe), "{name}: {value}");
            assert!(
                seen.insert((name, value)),
                "{name} of login {number} was used before"
            );
        }
        let verifier = stored(&transaction)["v"].as_str().unwrap().to_owned();
        assert!((43..=128).contains(&verifier.len()) && verifier.bytes().all(url_safe));
        assert!(seen.insert(("verifier", verifier)));
    }
}

#[test]
fn no_random_value_depends_on_the_clock() {
    let mut world = World::openid();
    let metadata = world.start().metadata;
    let values = |now: i64| {
        let seed = Seed::new([7; Seed::BYTES]);
        let options = AuthorizationOptions::default();
        let moment = Moment::new(Timestamp::from_unix(now), [7; Moment::BYTES]);
        let (request, _) = world
            .client
            .authorize(&metadata, options, &seed, moment)
            .unwrap()
            .finished()
            .unwrap();
        request.url().to_owned()
    };
    assert_eq!(values(1), values(1_900_000_000));
}

// attack: ST-15
#[test]
fn state_nonce_and_verifier_are_independent() {
    let mut world = World::openid();
    let pending = world.start();
    let [state, nonce, challenge] =
        ["state", "nonce", "code_challenge"].map(|name| pending.parameter(name));
    let verifier = stored(&pending.transaction)["v"]
        .as_str()
        .unwrap()
        .to_owned();
    let hash = |text: &str| base64url::encode(digest(&SHA256, text.as_bytes()).as_ref());
    assert_eq!(challenge, hash(&verifier));
    assert!(challenge != hash(&state) && challenge != hash(&nonce));
    let all: HashSet<_> = [&state, &nonce, &challenge, &verifier]
        .into_iter()
        .collect();
    assert_eq!(all.len(), 4);
    // Each takes its own third of the seed: a change in one part leaves the other two as they were.
    for (part, changed) in [(0, "state"), (1, "nonce"), (2, "code_challenge")] {
        let url = |byte: u8| {
            let mut bytes = [1; Seed::BYTES];
            bytes[part * 32..(part + 1) * 32].fill(byte);
            let options = AuthorizationOptions::default();
            let seed = Seed::new(bytes);
            let (request, _) = world
                .client
                .authorize(&pending.metadata, options, &seed, world.moment())
                .unwrap()
                .finished()
                .unwrap();
            request.url().to_owned()
        };
        for name in ["state", "nonce", "code_challenge"] {
            let differs = parameter(&url(2), name) != parameter(&url(3), name);
            assert_eq!(differs, name == changed, "{name} when part {part} changes");
        }
    }
}

#[test]
fn two_logins_of_one_browser_finish_in_any_order() {
    let mut world = World::openid();
    let first = world.start();
    let second = world.start();
    assert_ne!(first.transaction.id(), second.transaction.id());
    let tokens = |pending: &PendingLogin| {
        let outcome = world.finish(pending.clone(), |_honest| {});
        outcome.value().tokens.access_token.secret().clone()
    };
    assert_eq!(tokens(&second), "access-token-2");
    assert_eq!(tokens(&first), "access-token-1");
}

// attack: ST-31
#[test]
fn logins_of_two_users_over_one_client_never_mix() {
    let mut world = World::openid();
    for round in 0..100_u32 {
        let alice = world.start();
        let bob = world.start();
        let as_user = |pending: &PendingLogin, subject: &str| {
            let outcome = world.finish(pending.clone(), |script| {
                script.claims.set("sub", subject);
                script.userinfo.set("sub", subject);
            });
            outcome.identity().subject.clone()
        };
        let orders = [
            [(&alice, "alice"), (&bob, "bob")],
            [(&bob, "bob"), (&alice, "alice")],
        ];
        for (pending, subject) in orders[round as usize % 2] {
            assert_eq!(as_user(pending, subject), subject);
        }
        // The same answers under the other one's transaction prove nobody.
        let nonce = alice.parameter("nonce");
        let crossed = world.finish(bob, |script| script.claims.set("nonce", nonce));
        assert_eq!(crossed.code(), Some("id_token.nonce_mismatch"));
    }
}

#[test]
fn a_transaction_survives_being_stored() {
    let mut world = World::openid();
    world.options.return_to = ReturnTo::parse("/orders?page=2", "/auth");
    world.options.max_age = Some(300);
    let pending = with_transaction(world.start(), |_unchanged| {});
    let outcome = world.finish(pending, |script| {
        script.claims.set("auth_time", 1_800_000_000);
    });
    assert_eq!(outcome.value().return_to.as_str(), "/orders?page=2");
}

#[test]
fn the_second_attempt_is_marked_in_the_state_and_still_compared() {
    let mut world = World::openid();
    let first = world.start();
    world.options.attempt = Attempt::Again;
    let again = world.start();
    assert_eq!(Attempt::of_state(&first.parameter("state")), Attempt::First);
    let state = again.parameter("state");
    assert_eq!(Attempt::of_state(&state), Attempt::Again);
    assert!(state.len() <= 128 && state.bytes().all(url_safe));
    let unmarked = world.finish(again.clone(), |script| {
        script.callback.set("state", state.trim_end_matches('~'));
    });
    refused_at_the_callback(&unmarked, "callback.state_mismatch");
    assert_eq!(world.finish(again, |_honest| {}).code(), None);
}

#[test]
fn a_transaction_is_found_by_a_hash_of_its_state() {
    let pending = World::openid().start();
    let state = pending.parameter("state");
    let id = TransactionId::of_state(&state);
    assert_eq!(id, pending.transaction.id());
    let expected: String = digest(&SHA256, state.as_bytes()).as_ref()[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(id.to_hex(), expected);
    assert_ne!(TransactionId::of_state(""), id);
    let response = AuthorizationResponse::parse(&format!("state={state}")).unwrap();
    assert_eq!(TransactionId::of_state(response.state().unwrap()), id);
}

fn stored(transaction: &Transaction) -> serde_json::Value {
    serde_json::to_value(transaction).unwrap()
}

/// Alters a transaction the way only a broken store could.
fn with_transaction(
    mut pending: PendingLogin,
    alter: impl FnOnce(&mut serde_json::Value),
) -> PendingLogin {
    let mut text = stored(&pending.transaction);
    alter(&mut text);
    pending.transaction = serde_json::from_value(text).unwrap();
    pending
}

fn parameter(url: &str, name: &str) -> String {
    let url = Url::parse(url).unwrap();
    let found = url.query_pairs().find(|(held, _)| held == name);
    found.unwrap().1.into_owned()
}

/// RFC 3986 section 2.3: what needs no escape anywhere in a URL.
fn url_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}
