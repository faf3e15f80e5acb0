//! Faults in whole answers: which endpoint gives which of them.

use std::collections::BTreeSet;

use codegrant_core::http::HttpResponse;
use codegrant_core::jose::json;
use serde_json::{Map, Value, json};

use super::{documents, pushed, registration, token, userinfo};
use crate::call::json_response;
use crate::endpoint::Endpoint;
use crate::fault::Fault;
use crate::parameters::Parameters;

/// Gives the answer of a fault that leaves the endpoint itself untouched: nothing was redeemed, rotated or
/// revoked, so that the provider works on from where it was once it is healed.
pub(crate) fn instead(
    faults: &BTreeSet<Fault>,
    endpoint: Endpoint,
    body: &[u8],
) -> Option<HttpResponse> {
    let has = |fault| faults.contains(&fault);
    if has(Fault::Down) {
        return Some(HttpResponse::new(503).with_header("retry-after", "30"));
    }
    match endpoint {
        Endpoint::Metadata => documents::instead_of_metadata(&has),
        Endpoint::Keys => documents::instead_of_keys(&has),
        Endpoint::Token => token::instead(&has, &Parameters::parse(body)),
        Endpoint::Userinfo => userinfo::instead(&has),
        Endpoint::Push => pushed::instead(&has),
        Endpoint::Me => resource(&has),
        Endpoint::Register => registration::instead_of_registration(&has),
        Endpoint::Webfinger => registration::instead_of_webfinger(&has),
        Endpoint::Revoke if has(Fault::RevocationServerError) => Some(HttpResponse::new(503)),
        _ => None,
    }
}

/// Alters a good answer.
pub(crate) fn alter(
    faults: &BTreeSet<Fault>,
    endpoint: Endpoint,
    body: &[u8],
    response: HttpResponse,
) -> HttpResponse {
    if faults.is_empty() || !matches!(response.status, 200 | 201) {
        return response;
    }
    let has = |fault| faults.contains(&fault);
    match endpoint {
        Endpoint::Metadata => documents::alter_metadata(&has, response),
        Endpoint::Token => token::alter(&has, &Parameters::parse(body), response),
        Endpoint::Userinfo => userinfo::alter(&has, response),
        Endpoint::Push => pushed::alter(&has, response),
        Endpoint::Webfinger => registration::alter_webfinger(&has, response),
        _ => response,
    }
}

/// Gives the answers of an API that wants another token, or another sign-in (RFC 9470 section 3).
fn resource(has: &impl Fn(Fault) -> bool) -> Option<HttpResponse> {
    let (status, name, more) = if has(Fault::ApiStepUp) {
        let more = r#", acr_values="gold silver", max_age="5""#;
        (401, "insufficient_user_authentication", more)
    } else if has(Fault::ApiUnauthorized) {
        (401, "invalid_token", "")
    } else if has(Fault::ApiInsufficientScope) {
        (403, "insufficient_scope", r#", scope="accounts""#)
    } else {
        return None;
    };
    let challenge = format!(r#"Bearer realm="dev-provider", error="{name}"{more}"#);
    Some(error(status, name, "not with this token").with_header("www-authenticate", challenge))
}

/// Changes the members of a JSON object.
pub(super) fn with_members(
    mut response: HttpResponse,
    change: impl FnOnce(&mut Map<String, Value>),
) -> HttpResponse {
    if let Ok(mut members) = json::object(&response.body) {
        change(&mut members);
        response.body = Value::Object(members).to_string().into_bytes();
    }
    response
}

/// Names a member twice, with two values: the first is `value`.
pub(super) fn with_duplicate(
    mut response: HttpResponse,
    member: &str,
    value: &str,
) -> HttpResponse {
    let text = String::from_utf8_lossy(&response.body).into_owned();
    if let Some(rest) = text.strip_prefix('{') {
        let first = json!(value);
        response.body = format!("{{\"{member}\":{first},{rest}").into_bytes();
    }
    response
}

/// Makes a web page out of nowhere, such as a captive portal's.
pub(super) fn html(status: u16) -> HttpResponse {
    HttpResponse::new(status)
        .with_header("content-type", "text/html; charset=utf-8")
        .with_body("<!doctype html><title>Hello</title><p>This is not what you asked for.</p>")
}

/// Makes a redirect to somewhere else.
pub(super) fn redirect(path: &str) -> HttpResponse {
    HttpResponse::new(307).with_header("location", format!("{}{path}", super::STRANGER))
}

/// Makes an error of RFC 6749 section 5.2.
pub(super) fn error(status: u16, error: &str, description: &str) -> HttpResponse {
    json_response(
        status,
        &json!({ "error": error, "error_description": description }),
    )
}
