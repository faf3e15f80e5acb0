//! The ID token's times, against a clock that is set by hand.

use codegrant_core::Timestamp;
use codegrant_core::error::{Error, IdTokenError};
use codegrant_testkit::World;
use serde_json::{Value, json};

use crate::{login, refused_at_the_id_token, start};

/// How far two clocks may be apart, in seconds.
const SKEW: i64 = 60;

fn now() -> i64 {
    start().as_unix()
}

fn claim(name: &'static str, value: impl Into<Value>) -> Option<&'static str> {
    login(|script| script.claims.set(name, value)).code()
}

/// Logs in with claims in which one number is written as any text.
fn written(name: &str, digits: &str) -> Option<&'static str> {
    let outcome = login(|script| {
        script.claims.set(name, "DIGITS");
        let claims = script.claims.to_string().replace("\"DIGITS\"", digits);
        let token = script.signed_text(&script.header.to_string(), &claims);
        script.token.set("id_token", token);
    });
    outcome.code()
}

// attack: JW-28 JW-32
#[test]
fn expiry_and_issue_have_to_be_there() {
    for name in ["exp", "iat"] {
        let outcome = login(|script| script.claims.remove(name));
        refused_at_the_id_token(&outcome, "id_token.claim_missing");
    }
}

// attack: JW-29
#[test]
fn an_expired_token_is_refused() {
    for age in [360, 3_600, 86_400, now(), i64::MAX / 2] {
        let outcome = login(|script| script.claims.set("exp", now() - age));
        refused_at_the_id_token(&outcome, "id_token.expired");
    }
    let outcome = login(|script| script.claims.set("exp", now() - 360));
    let expired = IdTokenError::Expired {
        expires: Timestamp::from_unix(now() - 360),
        now: start(),
        skew: SKEW,
    };
    assert_eq!(outcome.result.unwrap_err(), Error::IdToken(expired));
}

// attack: JW-30
#[test]
fn a_time_of_another_type_is_never_taken_for_absent() {
    for name in ["exp", "iat", "nbf", "auth_time"] {
        for odd in [
            json!("9999999999"),
            json!(now().to_string()),
            json!("0"),
            Value::Null,
            json!(true),
            json!([now()]),
            json!({}),
            json!(""),
        ] {
            let shown = odd.to_string();
            assert_eq!(
                claim(name, odd),
                Some("id_token.claim_type"),
                "{name}: {shown}"
            );
        }
    }
}

// attack: JW-31
#[test]
fn a_time_beyond_all_times_overflows_nothing() {
    for far in [
        "1e300",
        "18446744073709551615",
        "18446744073709551616",
        "9223372036854775807",
        "1e19",
    ] {
        assert_eq!(written("exp", far), None, "{far}");
        assert_eq!(
            written("iat", far),
            Some("id_token.from_the_future"),
            "{far}"
        );
        assert_eq!(
            written("nbf", far),
            Some("id_token.from_the_future"),
            "{far}"
        );
    }
    for past in [
        "-1",
        "-1.5",
        "0",
        "-0.0",
        "1e-300",
        "-1e300",
        "-9223372036854775808",
        "-9223372036854775809",
    ] {
        assert_eq!(written("exp", past), Some("id_token.expired"), "{past}");
        assert_eq!(written("iat", past), Some("id_token.stale"), "{past}");
        assert_eq!(written("nbf", past), None, "{past}");
    }
    for no_number in [
        "NaN",
        "Infinity",
        "1e999",
        "-1e999",
        "0x7fffffff",
        "1_000",
        "+1",
        "01",
        ".5",
        "5.",
    ] {
        assert_eq!(
            written("exp", no_number),
            Some("id_token.claims_json"),
            "{no_number}"
        );
    }
    let fraction = format!("{}.5", now());
    for name in ["exp", "iat", "nbf", "auth_time"] {
        assert_eq!(written(name, &fraction), None, "{name}");
    }
    assert_eq!(written("exp", &format!("{}e0", now() + 1)), None);
}

// attack: JW-33
#[test]
fn a_token_from_the_future_is_refused() {
    assert_eq!(claim("iat", now() + SKEW), None);
    for ahead in [SKEW + 1, 3_600, i64::MAX - now()] {
        let outcome = login(|script| script.claims.set("iat", now() + ahead));
        refused_at_the_id_token(&outcome, "id_token.from_the_future");
    }
}

// attack: JW-34
#[test]
fn a_token_from_before_the_login_is_refused() {
    let finish = |issued: i64| {
        let mut world = World::openid();
        let pending = world.start();
        world.wait(500);
        world.finish(pending, |script| script.claims.set("iat", issued))
    };
    assert_eq!(finish(now() - SKEW).code(), None);
    for issued in [now() - SKEW - 1, now() - 2 * 86_400, 0] {
        refused_at_the_id_token(&finish(issued), "id_token.stale");
    }
}

// attack: JW-35
#[test]
fn a_token_that_is_not_valid_yet_is_refused() {
    assert_eq!(claim("nbf", now() + SKEW), None);
    assert_eq!(claim("nbf", 0), None);
    for ahead in [SKEW + 1, 3_600] {
        let outcome = login(|script| script.claims.set("nbf", now() + ahead));
        refused_at_the_id_token(&outcome, "id_token.from_the_future");
    }
}

// attack: JW-53
#[test]
fn a_sign_in_longer_ago_than_was_asked_for_is_refused() {
    let asking = |alter: &dyn Fn(&mut codegrant_testkit::world::Script)| {
        let mut world = World::openid();
        world.options.max_age = Some(300);
        world.login(alter)
    };
    let missing = asking(&|_honest| {});
    refused_at_the_id_token(&missing, "id_token.claim_missing");
    for age in [300 + SKEW + 1, 1_000, now(), i64::MAX / 2] {
        let outcome = asking(&|script| script.claims.set("auth_time", now() - age));
        refused_at_the_id_token(&outcome, "id_token.authentication_too_old");
    }
    for age in [0, 300, 300 + SKEW] {
        let outcome = asking(&|script| script.claims.set("auth_time", now() - age));
        assert_eq!(outcome.code(), None, "{age}");
    }
    assert_eq!(claim("auth_time", 0), None, "nobody asked");
}

#[test]
fn a_sign_in_right_now_can_be_asked_for() {
    let mut world = World::openid();
    world.options.max_age = Some(0);
    let old = world.login(|script| script.claims.set("auth_time", now() - SKEW - 1));
    refused_at_the_id_token(&old, "id_token.authentication_too_old");
    let fresh = world.login(|script| script.claims.set("auth_time", now()));
    assert_eq!(fresh.code(), None);
}

// attack: JW-60
#[test]
fn expiry_plus_skew_has_to_lie_ahead() {
    for (expires, accepted) in [
        (now() + 1, true),
        (now(), true),
        (now() - SKEW + 1, true),
        (now() - SKEW, false),
        (now() - SKEW - 1, false),
    ] {
        assert_eq!(
            claim("exp", expires).is_none(),
            accepted,
            "exp {expires} at {}",
            now()
        );
    }
}

// attack: JW-60
#[test]
fn no_clock_makes_a_login_panic() {
    for now in [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX] {
        let mut world = World::openid();
        world.options.max_age = Some(u32::MAX);
        world.now = Timestamp::from_unix(now);
        for claimed in [i64::MIN, 0, now, i64::MAX] {
            // Whatever the verdict: it is one.
            let _ = world.login(|script| {
                for name in ["exp", "iat", "nbf", "auth_time"] {
                    script.claims.set(name, claimed);
                }
            });
        }
        let honest = world.login(|script| script.claims.set("auth_time", now));
        let last_moment = now == i64::MAX;
        assert_eq!(
            honest.code().is_none(),
            !last_moment,
            "{now}: {:?}",
            honest.code()
        );
    }
}
