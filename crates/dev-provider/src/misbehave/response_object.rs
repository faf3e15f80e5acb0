//! Faults in authorization responses as a JWT (JARM section 2.4).

use std::collections::BTreeSet;

use codegrant_core::Timestamp;
use codegrant_core::jose::{SigningKey, SigningKeyError, base64url};
use serde_json::{Map, Value, json};

use super::{STRANGER, with_signature_of};
use crate::fault::Fault;
use crate::protection;
use crate::state::State;

const HOUR: i64 = 3600;
const YEAR: i64 = 365 * 24 * HOUR;

type Fields = Vec<(&'static str, String)>;

/// Signs a response: honestly, unless a fault says how else.
pub(crate) fn sign_response(
    state: &State,
    key: &SigningKey,
    mut claims: Map<String, Value>,
    now: Timestamp,
) -> Result<String, SigningKeyError> {
    for (fault, name) in [
        (Fault::JarmWithoutIss, "iss"),
        (Fault::JarmWithoutAud, "aud"),
        (Fault::JarmWithoutExp, "exp"),
    ] {
        if state.has(fault) {
            claims.remove(name);
        }
    }
    for (fault, name, value) in [
        (Fault::JarmWrongIss, "iss", json!(STRANGER)),
        (Fault::JarmWrongAud, "aud", json!("another-client")),
        (Fault::JarmExpired, "exp", json!(now.minus(HOUR).as_unix())),
        (Fault::JarmLongLived, "exp", json!(now.plus(YEAR).as_unix())),
    ] {
        if state.has(fault) {
            claims.insert(name.to_owned(), value);
        }
    }
    let payload = Value::Object(claims).to_string();
    if state.has(Fault::JarmAlgNone) {
        let part = |text: &str| base64url::encode(text.as_bytes());
        return Ok(format!("{}.{}.", part(r#"{"alg":"none"}"#), part(&payload)));
    }
    let key = if state.has(Fault::JarmOtherAlgorithm) {
        state.keys.with_another_algorithm(key.algorithm())
    } else {
        key
    };
    let header = protection::header(key, Some("JWT"), state.keys.have_ids());
    let token = protection::sign(key, &header, &payload)?;
    if state.has(Fault::JarmWrongSignature) {
        let other = protection::sign(key, &header, "{}")?;
        return Ok(with_signature_of(&token, &other));
    }
    Ok(token)
}

/// Alters what stands around the JWT; `plain` is what it holds.
pub(crate) fn alter_response_object(
    faults: &BTreeSet<Fault>,
    response: &mut Fields,
    plain: Fields,
) {
    if faults.contains(&Fault::JarmPlainInstead) {
        *response = plain;
    } else if faults.contains(&Fault::JarmWithPlainParameters) {
        response.extend(plain);
    }
}
