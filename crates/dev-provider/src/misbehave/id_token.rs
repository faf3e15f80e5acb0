//! Faults in the ID token: its claims, its header and its signature.

use aws_lc_rs::hmac;
use codegrant_core::Timestamp;
use codegrant_core::jose::{SigningKey, SigningKeyError, base64url};
use serde_json::{Map, Value, json};

use super::STRANGER;
use crate::fault::Fault;
use crate::id_token::Occasion;
use crate::keys;
use crate::state::State;

const HOUR: i64 = 3600;

/// Signs the claims of an ID token: honestly, unless a fault says how else.
pub(crate) fn sign_id_token(
    state: &mut State,
    mut claims: Map<String, Value>,
    occasion: Occasion,
    now: Timestamp,
) -> Result<String, SigningKeyError> {
    if state.faults.is_empty() {
        return state.keys.current.sign(Some("JWT"), &claims);
    }
    alter_claims(state, &mut claims, now);
    if occasion == Occasion::Refresh && state.has(Fault::RefreshWrongSub) {
        claims.insert("sub".to_owned(), json!("somebody-else"));
    }
    let mut payload = Value::Object(claims).to_string();
    if state.has(Fault::DuplicateSub) {
        payload = payload.replacen('{', r#"{"sub":"somebody-else","#, 1);
    }
    if state.has(Fault::IdTokenGarbage) {
        return Ok("not-a-token".to_owned());
    }
    if state.has(Fault::IdTokenEncrypted) {
        return Ok("eyJhbGciOiJSU0EtT0FFUCJ9.AA.AA.AA.AA".to_owned());
    }
    if state.has(Fault::AlgNone) {
        return Ok(unsigned(&json!({ "alg": "none" }), &payload) + ".");
    }
    if state.has(Fault::AlgHs256) {
        return Ok(signed_with_public_key(&state.keys.current, &payload));
    }
    let embedded = if state.has(Fault::EmbeddedKey) {
        let key_id = state.keys.current.key_id().to_owned();
        Some(keys::generate(state.keys.current.algorithm(), key_id)?)
    } else {
        None
    };
    let key = match &embedded {
        Some(key) => key,
        None if state.has(Fault::OtherPublishedKeyOtherAlg) => &state.keys.other,
        None => &state.keys.current,
    };
    let mut header = header(state, key);
    if let Some(key) = &embedded {
        header["jwk"] = key.public_jwk();
    }
    let token = key.sign_raw(header.to_string().as_bytes(), payload.as_bytes())?;
    if state.has(Fault::WrongSignature) {
        let other = key.sign_raw(header.to_string().as_bytes(), b"{}")?;
        return Ok(with_signature_of(&token, &other));
    }
    Ok(token)
}

fn alter_claims(state: &State, claims: &mut Map<String, Value>, now: Timestamp) {
    let removals = [
        (Fault::MissingSub, "sub"),
        (Fault::MissingExp, "exp"),
        (Fault::MissingIat, "iat"),
        (Fault::MissingNonce, "nonce"),
        (Fault::MissingAuthTime, "auth_time"),
    ];
    for (_, claim) in removals.iter().filter(|(fault, _)| state.has(*fault)) {
        claims.remove(*claim);
    }
    let at = |seconds: i64| json!(now.plus(seconds).as_unix());
    let client = claims.get("aud").cloned().unwrap_or_default();
    let expires = claims.get("exp").map(Value::to_string).unwrap_or_default();
    // A logout token (OpenID Connect Back-Channel Logout 1.0 section 2.4).
    let events = json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
    let changes = [
        (Fault::WrongIssuerInIdToken, "iss", json!(STRANGER)),
        (Fault::EmptySub, "sub", json!("")),
        (Fault::WrongAudience, "aud", json!("another-client")),
        (
            Fault::SecondAudience,
            "aud",
            json!([client, "another-client"]),
        ),
        (Fault::SecondAudience, "azp", client),
        (Fault::WrongAuthorizedParty, "azp", json!("another-client")),
        (Fault::ExpString, "exp", json!(expires)),
        (Fault::ExpiredIdToken, "exp", at(-HOUR)),
        (Fault::FutureIat, "iat", at(HOUR)),
        (Fault::StaleIat, "iat", at(-HOUR)),
        (Fault::FutureNbf, "nbf", at(HOUR)),
        (Fault::WrongNonce, "nonce", json!("another-nonce")),
        (Fault::OldAuthTime, "auth_time", at(-24 * HOUR)),
        (Fault::BadAtHash, "at_hash", json!("another-hash")),
        (Fault::LogoutTokenAsIdToken, "events", events),
    ];
    for (_, claim, value) in changes
        .into_iter()
        .filter(|(fault, _, _)| state.has(*fault))
    {
        claims.insert(claim.to_owned(), value);
    }
}

fn header(state: &State, key: &SigningKey) -> Value {
    let mut header = json!({ "alg": key.algorithm().as_str(), "kid": key.key_id(), "typ": "JWT" });
    if state.has(Fault::UnknownKid) {
        header["kid"] = json!("unpublished");
    }
    if state.has(Fault::AccessTokenAsIdToken) {
        header["typ"] = json!("at+jwt");
    }
    if state.has(Fault::UnknownCrit) {
        header["crit"] = json!(["policy"]);
        header["policy"] = json!("strict");
    }
    if state.has(Fault::NoKid)
        && let Some(members) = header.as_object_mut()
    {
        members.remove("kid");
    }
    header
}

fn unsigned(header: &Value, payload: &str) -> String {
    let part = |text: &str| base64url::encode(text.as_bytes());
    format!("{}.{}", part(&header.to_string()), part(payload))
}

/// Takes the public key for a shared secret, as a verifier might that lets the header choose.
fn signed_with_public_key(key: &SigningKey, payload: &str) -> String {
    let message = unsigned(&json!({ "alg": "HS256", "kid": key.key_id() }), payload);
    let secret = key.public_jwk().to_string();
    let secret = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&secret, message.as_bytes());
    format!("{message}.{}", base64url::encode(tag.as_ref()))
}

fn with_signature_of(token: &str, other: &str) -> String {
    let (message, _) = token.rsplit_once('.').unwrap_or((token, ""));
    let (_, signature) = other.rsplit_once('.').unwrap_or(("", other));
    format!("{message}.{signature}")
}
