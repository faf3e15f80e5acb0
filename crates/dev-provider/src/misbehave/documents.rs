//! Faults in the metadata and the key set.

use codegrant_core::http::HttpResponse;
use serde_json::{Value, json};

use super::STRANGER;
use super::answer::{html, redirect, with_duplicate, with_members};
use crate::fault::Fault;

pub(super) fn instead_of_metadata(has: &impl Fn(Fault) -> bool) -> Option<HttpResponse> {
    if has(Fault::DiscoveryNotJson) {
        return Some(html(200));
    }
    has(Fault::DiscoveryRedirect).then(|| redirect("/.well-known/openid-configuration"))
}

pub(super) fn instead_of_keys(has: &impl Fn(Fault) -> bool) -> Option<HttpResponse> {
    if has(Fault::JwksNotJson) {
        return Some(html(200));
    }
    if has(Fault::JwksRedirect) {
        return Some(redirect("/jwks"));
    }
    if has(Fault::JwksServerError) {
        return Some(html(500));
    }
    if has(Fault::JwksNoKeys) {
        return Some(HttpResponse::json(&json!({ "error": "not_found" })));
    }
    has(Fault::JwksEmpty).then(|| HttpResponse::json(&json!({ "keys": [] })))
}

pub(super) fn alter_metadata(has: &impl Fn(Fault) -> bool, response: HttpResponse) -> HttpResponse {
    let mut response = with_members(response, |metadata| {
        let mut set = |member: &str, value: Value| metadata.insert(member.to_owned(), value);
        if has(Fault::DiscoveryOtherIssuer) {
            set("issuer", STRANGER.into());
        }
        if has(Fault::DiscoveryHttpEndpoints) {
            set("token_endpoint", "http://stranger.example/token".into());
        }
        if has(Fault::DiscoveryOtherAlgorithm) {
            set("id_token_signing_alg_values_supported", json!(["HS256"]));
        }
        if has(Fault::DiscoveryOtherAuthentication) {
            set(
                "token_endpoint_auth_methods_supported",
                json!(["private_key_jwt"]),
            );
        }
        if has(Fault::DiscoveryTrailingSlash) {
            append(metadata, "issuer", "/");
        }
        if has(Fault::DiscoveryStateInEndpoint) {
            append(metadata, "authorization_endpoint", "?state=chosen");
        }
        if has(Fault::DiscoveryNoKeys) {
            metadata.remove("jwks_uri");
        }
        if has(Fault::NoUserinfoEndpoint) {
            metadata.remove("userinfo_endpoint");
        }
    });
    if has(Fault::DiscoveryDuplicateMember) {
        response = with_duplicate(response, "token_endpoint", STRANGER);
    }
    if has(Fault::DiscoveryBrokenJson) {
        response.body.truncate(response.body.len() / 2);
    }
    response
}

fn append(metadata: &mut serde_json::Map<String, Value>, member: &str, ending: &str) {
    if let Some(Value::String(text)) = metadata.get_mut(member) {
        text.push_str(ending);
    }
}
