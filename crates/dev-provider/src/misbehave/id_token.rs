//! Faults in the ID token: its claims, its header and its signature.

use aws_lc_rs::hmac;
use codegrant_core::Timestamp;
use codegrant_core::jose::{Algorithm, SigningKey, SigningKeyError, base64url};
use serde_json::{Map, Value, json};

use super::STRANGER;
use crate::fault::Fault;
use crate::id_token::Occasion;
use crate::keys;
use crate::protection;
use crate::state::State;

const HOUR: i64 = 3600;

/// Signs the claims of an ID token: honestly, unless a fault says how else.
pub(crate) fn sign_id_token(
    state: &State,
    key: &SigningKey,
    mut claims: Map<String, Value>,
    occasion: Occasion,
    now: Timestamp,
) -> Result<String, SigningKeyError> {
    alter_claims(state, &mut claims, now);
    if occasion == Occasion::Refresh {
        alter_refreshed(state, &mut claims, now);
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
        let like = &state.keys.current;
        Some(keys::generate(like.algorithm(), like.key_id().to_owned())?)
    } else {
        None
    };
    let rsa = state.keys.for_algorithm(other_rsa(key.algorithm()));
    let key = match &embedded {
        Some(key) => key,
        None if state.has(Fault::OtherPublishedKeyOtherAlg) => {
            state.keys.with_another_algorithm(key.algorithm())
        }
        None if state.has(Fault::PublishedRsaKey) => rsa.as_deref().unwrap_or(key),
        None => key,
    };
    let mut header = header(state, key);
    if let Some(key) = &embedded {
        header.insert("jwk".to_owned(), key.public_jwk());
    }
    let token = protection::sign(key, &header, &payload)?;
    if state.has(Fault::WrongSignature) {
        let other = protection::sign(key, &header, "{}")?;
        return Ok(with_signature_of(&token, &other));
    }
    Ok(token)
}

/// Returns an algorithm of RSA that is not this one.
pub(crate) fn other_rsa(algorithm: Algorithm) -> Algorithm {
    match algorithm {
        Algorithm::Rs256 => Algorithm::Ps256,
        _ => Algorithm::Rs256,
    }
}

/// What a refreshed ID token must not change (OpenID Connect Core 1.0 section 12.2).
fn alter_refreshed(state: &State, claims: &mut Map<String, Value>, now: Timestamp) {
    let earlier = |seconds: i64| json!(now.minus(seconds).as_unix());
    let changes = [
        (Fault::RefreshWrongSub, "sub", json!("somebody-else")),
        (Fault::RefreshWrongIss, "iss", json!(STRANGER)),
        (Fault::RefreshWrongAud, "aud", json!("another-client")),
        (Fault::RefreshWrongAzp, "azp", json!("another-client")),
        (Fault::RefreshOlderIat, "iat", earlier(HOUR)),
        (Fault::RefreshWrongNonce, "nonce", json!("another-nonce")),
        (Fault::RefreshOtherAuthTime, "auth_time", earlier(HOUR)),
    ];
    for (_, claim, value) in changes.into_iter().filter(|(it, _, _)| state.has(*it)) {
        claims.insert(claim.to_owned(), value);
    }
}

fn alter_claims(state: &State, claims: &mut Map<String, Value>, now: Timestamp) {
    let removals = [
        (Fault::MissingIss, "iss"),
        (Fault::MissingSub, "sub"),
        (Fault::MissingAud, "aud"),
        (Fault::MissingExp, "exp"),
        (Fault::MissingIat, "iat"),
        (Fault::MissingNonce, "nonce"),
        (Fault::MissingAuthTime, "auth_time"),
        (Fault::NoSid, "sid"),
        (Fault::NoAcr, "acr"),
    ];
    for (_, claim) in removals.iter().filter(|(fault, _)| state.has(*fault)) {
        claims.remove(*claim);
    }
    let at = |seconds: i64| json!(now.plus(seconds).as_unix());
    let client = claims.get("aud").cloned().unwrap_or_default();
    let audience = client.clone();
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
        (
            Fault::SecondAudienceNoAzp,
            "aud",
            json!([audience, "another-client"]),
        ),
        (Fault::AudienceArray, "aud", json!([audience])),
        (Fault::WrongAuthorizedParty, "azp", json!("another-client")),
        (Fault::ExpString, "exp", json!(expires)),
        (Fault::ExpiredIdToken, "exp", at(-HOUR)),
        (Fault::ExpiredSixMinutes, "exp", at(-360)),
        (Fault::FutureIat, "iat", at(HOUR)),
        (Fault::StaleIat, "iat", at(-HOUR)),
        (Fault::FutureNbf, "nbf", at(HOUR)),
        (Fault::WrongNonce, "nonce", json!("another-nonce")),
        (Fault::OldAuthTime, "auth_time", at(-24 * HOUR)),
        (Fault::OtherAcr, "acr", json!("another-context")),
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

fn header(state: &State, key: &SigningKey) -> Map<String, Value> {
    let with_key_id = state.keys.have_ids() && !state.has(Fault::NoKid);
    let mut header = protection::header(key, Some("JWT"), with_key_id);
    let mut set = |member: &str, value: Value| header.insert(member.to_owned(), value);
    if state.has(Fault::UnknownKid) {
        set("kid", json!("unpublished"));
    }
    if state.has(Fault::AccessTokenAsIdToken) {
        set("typ", json!("at+jwt"));
    }
    if state.has(Fault::UnknownCrit) {
        set("crit", json!(["policy"]));
        set("policy", json!("strict"));
    }
    header
}

pub(super) fn unsigned(header: &Value, payload: &str) -> String {
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

/// Puts the signature of one token under another.
pub(crate) fn with_signature_of(token: &str, other: &str) -> String {
    let (message, _) = token.rsplit_once('.').unwrap_or((token, ""));
    let (_, signature) = other.rsplit_once('.').unwrap_or(("", other));
    format!("{message}.{signature}")
}
