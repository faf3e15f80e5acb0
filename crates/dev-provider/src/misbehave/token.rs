//! Faults of the token endpoint.

use codegrant_core::http::HttpResponse;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::answer::{error, html, redirect, with_duplicate, with_members};
use crate::fault::Fault;
use crate::parameters::Parameters;

pub(super) fn instead(
    has: &impl Fn(Fault) -> bool,
    parameters: &Parameters,
) -> Option<HttpResponse> {
    let refreshes = refreshes(parameters);
    if refreshes && has(Fault::RefreshInvalidGrant) {
        return Some(error(400, "invalid_grant", "the grant has ended"));
    }
    if has(Fault::TokenServerError) || (refreshes && has(Fault::RefreshServerError)) {
        return Some(html(500));
    }
    if has(Fault::TokenRedirect) {
        return Some(redirect("/token"));
    }
    if has(Fault::TokenHtml) {
        return Some(html(200));
    }
    if has(Fault::TokenErrorWith200) {
        return Some(error(200, "invalid_request", "an error with status 200"));
    }
    if has(Fault::TokenInvalidClient) {
        let refused = error(401, "invalid_client", "the client is unknown");
        return Some(refused.with_header("www-authenticate", "Basic"));
    }
    if has(Fault::TokenInvalidGrant) {
        return Some(error(400, "invalid_grant", "the grant is unknown"));
    }
    has(Fault::TokenErrorEchoesRequest).then(|| {
        let sent = ["code", "code_verifier", "client_secret", "refresh_token"];
        let echo = sent.iter().filter_map(|name| parameters.value(name));
        error(400, "invalid_request", &echo.collect::<Vec<_>>().join(" "))
    })
}

pub(super) fn alter(
    has: &impl Fn(Fault) -> bool,
    parameters: &Parameters,
    response: HttpResponse,
) -> HttpResponse {
    let mut response = with_members(response, |members| {
        alter_members(has, members);
        if refreshes(parameters) && has(Fault::RefreshNoIdToken) {
            members.remove("id_token");
        }
    });
    if has(Fault::TokenFormEncoded) {
        response = form_encoded(&response);
    }
    if has(Fault::TokenDuplicateMember) {
        response = with_duplicate(response, "access_token", "another-token");
    }
    if has(Fault::TokenBrokenJson) {
        response.body.truncate(response.body.len() / 2);
    }
    if has(Fault::TokenEmptyBody) {
        response.body.clear();
    }
    if has(Fault::TokenCreated) {
        response.status = 201;
    }
    response
}

fn alter_members(has: &impl Fn(Fault) -> bool, members: &mut Map<String, Value>) {
    if has(Fault::TokenNoAccessToken) {
        members.remove("access_token");
    }
    if has(Fault::TokenNoTokenType) {
        members.remove("token_type");
    }
    if has(Fault::TokenTypeMac) {
        members.insert("token_type".to_owned(), json!("mac"));
    }
    if has(Fault::TokenTypeOtherCase)
        && let Some(kind) = members.get("token_type").and_then(Value::as_str)
    {
        let kind = kind.replace("DPoP", "dpOp").replace("Bearer", "bEARER");
        members.insert("token_type".to_owned(), kind.into());
    }
    if has(Fault::TokenTypeBearer) {
        members.insert("token_type".to_owned(), json!("Bearer"));
    }
    if has(Fault::TokenNoExpiresIn) {
        members.remove("expires_in");
    }
    if has(Fault::TokenNoScope) {
        members.remove("scope");
    }
    if has(Fault::IdTokenMissing) {
        members.remove("id_token");
    }
    if has(Fault::TokenExpiresInString)
        && let Some(seconds) = members.get("expires_in").map(ToString::to_string)
    {
        members.insert("expires_in".to_owned(), seconds.into());
    }
    if has(Fault::TokenScopeArray)
        && let Some(scopes) = members.get("scope").and_then(Value::as_str)
    {
        let scopes: Vec<&str> = scopes.split(' ').collect();
        let scopes = json!(scopes);
        members.insert("scope".to_owned(), scopes);
    }
    if has(Fault::HugeTokenBody) {
        members.insert("access_token".to_owned(), "a".repeat(1_000_000).into());
    }
}

fn refreshes(parameters: &Parameters) -> bool {
    parameters.value("grant_type") == Some("refresh_token")
}

fn form_encoded(response: &HttpResponse) -> HttpResponse {
    let members: Map<String, Value> = serde_json::from_slice(&response.body).unwrap_or_default();
    let pairs = members.iter().map(|(name, value)| {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        (name, text)
    });
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    HttpResponse::new(response.status)
        .with_header("content-type", "application/x-www-form-urlencoded")
        .with_body(body)
}
