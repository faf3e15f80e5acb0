//! Faults in the logout token: its claims, its header and its signature.

use codegrant_core::Timestamp;
use codegrant_core::jose::{SigningKey, SigningKeyError};
use serde_json::{Map, Value, json};

use super::STRANGER;
use super::id_token::unsigned;
use crate::back_channel::EVENT;
use crate::fault::Fault;
use crate::keys;
use crate::protection;
use crate::state::State;

const HOUR: i64 = 3600;

/// Signs the claims of a logout token: honestly, unless a fault says how else.
pub(crate) fn sign_logout_token(
    state: &State,
    key: &SigningKey,
    mut claims: Map<String, Value>,
    now: Timestamp,
) -> Result<String, SigningKeyError> {
    alter_claims(state, &mut claims, now);
    let payload = Value::Object(claims).to_string();
    if state.has(Fault::LogoutTokenAlgNone) {
        return Ok(unsigned(&json!({ "alg": "none" }), &payload) + ".");
    }
    // `typ` is recommended only (section 2.4), and many providers leave it out.
    let with_key_id = state.keys.have_ids();
    if state.has(Fault::LogoutTokenForged) {
        let like = &state.keys.current;
        let forged = keys::generate(like.algorithm(), like.key_id().to_owned())?;
        let header = protection::header(&forged, None, with_key_id);
        return protection::sign(&forged, &header, &payload);
    }
    let key = if state.has(Fault::LogoutTokenOtherAlg) {
        state.keys.with_another_algorithm(key.algorithm())
    } else {
        key
    };
    let header = protection::header(key, None, with_key_id);
    protection::sign(key, &header, &payload)
}

fn alter_claims(state: &State, claims: &mut Map<String, Value>, now: Timestamp) {
    let removals = [
        (Fault::LogoutTokenNoEvents, "events"),
        (Fault::LogoutTokenNoSub, "sub"),
        (Fault::LogoutTokenNoSid, "sid"),
        (Fault::LogoutTokenNoJti, "jti"),
        (Fault::LogoutTokenNoIat, "iat"),
        (Fault::LogoutTokenNoExp, "exp"),
        (Fault::NoSid, "sid"),
    ];
    for (_, claim) in removals.iter().filter(|(fault, _)| state.has(*fault)) {
        claims.remove(*claim);
    }
    let ago = |seconds: i64| json!(now.minus(seconds).as_unix());
    let changes = [
        (Fault::LogoutTokenWrongIss, "iss", json!(STRANGER)),
        (Fault::LogoutTokenWrongAud, "aud", json!("another-client")),
        (
            Fault::LogoutTokenWrongEvent,
            "events",
            json!({ "http://schemas.openid.net/event/something-else": {} }),
        ),
        (
            Fault::LogoutTokenEventNotObject,
            "events",
            json!({ EVENT: 5 }),
        ),
        (Fault::LogoutTokenWithNonce, "nonce", json!("a-nonce")),
        (Fault::LogoutTokenNullNonce, "nonce", Value::Null),
        (Fault::LogoutTokenExpired, "exp", ago(HOUR)),
        (Fault::LogoutTokenExpired, "iat", ago(HOUR + 120)),
        (Fault::LogoutTokenStale, "iat", ago(HOUR)),
    ];
    for (_, claim, value) in changes.into_iter().filter(|(it, _, _)| state.has(*it)) {
        claims.insert(claim.to_owned(), value);
    }
    if state.has(Fault::LogoutTokenIsIdToken) {
        claims.remove("events");
        claims.insert("nonce".to_owned(), json!("the-nonce-of-a-login"));
        claims.insert("auth_time".to_owned(), ago(60));
    }
}
