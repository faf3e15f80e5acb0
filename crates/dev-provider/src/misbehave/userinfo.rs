//! Faults of the userinfo endpoint.

use std::collections::BTreeSet;

use codegrant_core::http::HttpResponse;
use codegrant_core::jose::{SigningKey, SigningKeyError};
use serde_json::{Map, Value, json};

use super::STRANGER;
use super::answer::{error, html, redirect, with_duplicate};
use super::id_token::{unsigned, with_signature_of};
use crate::fault::Fault;
use crate::protection;
use crate::state::State;

pub(super) fn instead(has: &impl Fn(Fault) -> bool) -> Option<HttpResponse> {
    if has(Fault::UserinfoHtml) {
        return Some(html(200));
    }
    if has(Fault::UserinfoServerError) {
        return Some(html(500));
    }
    if has(Fault::UserinfoRedirect) {
        return Some(redirect("/userinfo"));
    }
    has(Fault::UserinfoUnauthorized).then(|| {
        let challenge = r#"Bearer error="invalid_token""#;
        error(401, "invalid_token", "not today").with_header("www-authenticate", challenge)
    })
}

/// Alters what userinfo says, before it is signed.
pub(crate) fn alter_claims(faults: &BTreeSet<Fault>, claims: &mut Map<String, Value>) {
    let has = |fault| faults.contains(&fault);
    if has(Fault::UserinfoOtherSub) {
        claims.insert("sub".to_owned(), json!("somebody-else"));
    }
    if has(Fault::UserinfoNoSub) {
        claims.remove("sub");
    }
    if has(Fault::UserinfoSubNumber) {
        claims.insert("sub".to_owned(), json!(42));
    }
    if has(Fault::UserinfoEmailVerifiedString)
        && let Some(verified) = claims.get("email_verified").map(Value::to_string)
    {
        claims.insert("email_verified".to_owned(), verified.into());
    }
}

/// Signs userinfo: honestly, unless a fault says how else.
pub(crate) fn sign(
    state: &State,
    key: &SigningKey,
    mut claims: Map<String, Value>,
) -> Result<String, SigningKeyError> {
    if state.has(Fault::UserinfoWrongIss) {
        claims.insert("iss".to_owned(), json!(STRANGER));
    }
    if state.has(Fault::UserinfoWrongAud) {
        claims.insert("aud".to_owned(), json!("another-client"));
    }
    if state.has(Fault::UserinfoNoIss) {
        claims.remove("iss");
    }
    if state.has(Fault::UserinfoNoAud) {
        claims.remove("aud");
    }
    let payload = Value::Object(claims).to_string();
    if state.has(Fault::UserinfoAlgNone) {
        return Ok(unsigned(&json!({ "alg": "none" }), &payload) + ".");
    }
    let key = if state.has(Fault::UserinfoOtherAlg) {
        state.keys.with_another_algorithm(key.algorithm())
    } else {
        key
    };
    let header = protection::header(key, None, state.keys.have_ids());
    let token = protection::sign(key, &header, &payload)?;
    if state.has(Fault::UserinfoWrongSignature) {
        let other = protection::sign(key, &header, "{}")?;
        return Ok(with_signature_of(&token, &other));
    }
    Ok(token)
}

pub(super) fn alter(has: &impl Fn(Fault) -> bool, mut response: HttpResponse) -> HttpResponse {
    if has(Fault::UserinfoDuplicateSub) {
        response = with_duplicate(response, "sub", "somebody-else");
    }
    if has(Fault::UserinfoJwt) {
        response = HttpResponse::new(200)
            .with_header("content-type", "application/jwt")
            .with_body("e30.e30.");
    }
    response
}
