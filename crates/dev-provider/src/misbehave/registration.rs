//! Faults in registration and WebFinger.

use std::collections::BTreeSet;

use codegrant_core::Timestamp;
use codegrant_core::http::HttpResponse;
use serde_json::{Map, Value, json};

use super::STRANGER;
use super::answer::{error, html, redirect, with_members};
use crate::fault::Fault;

pub(super) fn instead_of_registration(has: &impl Fn(Fault) -> bool) -> Option<HttpResponse> {
    has(Fault::RegistrationRefused)
        .then(|| error(400, "invalid_client_metadata", "the metadata is refused"))
}

pub(super) fn instead_of_webfinger(has: &impl Fn(Fault) -> bool) -> Option<HttpResponse> {
    if has(Fault::WebfingerRedirect) {
        return Some(redirect("/.well-known/webfinger"));
    }
    has(Fault::WebfingerNotJson).then(|| html(200))
}

pub(super) fn alter_webfinger(
    has: &impl Fn(Fault) -> bool,
    response: HttpResponse,
) -> HttpResponse {
    with_members(response, |members| {
        if has(Fault::WebfingerOtherSubject) {
            let other = json!("acct:somebody-else@stranger.example");
            members.insert("subject".to_owned(), other);
        }
        if has(Fault::WebfingerNoIssuer) {
            members.insert("links".to_owned(), json!([]));
        }
        if has(Fault::WebfingerHttpIssuer)
            && let Some(link) = members.get_mut("links").and_then(|links| links.get_mut(0))
        {
            link["href"] = json!("http://stranger.example");
        }
    })
}

/// Alters what a client is told about its registration.
pub(crate) fn alter_registration(
    faults: &BTreeSet<Fault>,
    members: &mut Map<String, Value>,
    now: Timestamp,
) {
    let has = |fault: &Fault| faults.contains(fault);
    let removals = [
        (Fault::RegistrationNoClientId, "client_id"),
        (
            Fault::RegistrationNoSecretExpiry,
            "client_secret_expires_at",
        ),
        (Fault::RegistrationNoManagement, "registration_client_uri"),
        (Fault::RegistrationNoManagement, "registration_access_token"),
    ];
    for (_, member) in removals.iter().filter(|(fault, _)| has(fault)) {
        members.remove(*member);
    }
    let changes = [
        (
            Fault::RegistrationOtherRedirectUris,
            "redirect_uris",
            json!([format!("{STRANGER}/callback")]),
        ),
        (
            Fault::RegistrationNoAuthentication,
            "token_endpoint_auth_method",
            json!("none"),
        ),
        (
            Fault::RegistrationUnsigned,
            "id_token_signed_response_alg",
            json!("none"),
        ),
        (
            Fault::RegistrationSecretExpired,
            "client_secret_expires_at",
            json!(now.minus(3600).as_unix()),
        ),
        (
            Fault::RegistrationForeignManagement,
            "registration_client_uri",
            json!(format!("{STRANGER}/register")),
        ),
    ];
    for (_, member, value) in changes.into_iter().filter(|(fault, _, _)| has(fault)) {
        members.insert(member.to_owned(), value);
    }
}
