//! What of a message may be shown: every name, and the values that are nobody's secret.

use codegrant_core::form;
use codegrant_core::http::HttpResponse;

/// Parameters and members whose value may be shown; whatever is not listed is hidden.
const SHOWN: &[&str] = &[
    "client_id",
    "code_challenge_method",
    "error",
    "expires_in",
    "grant_type",
    "issuer",
    "iss",
    "max_age",
    "prompt",
    "redirect_uri",
    "response_mode",
    "response_type",
    "scope",
    "token_type",
    "acr_values",
    "active",
    "audience",
    "issued_token_type",
    "requested_token_type",
    "resource",
    "subject_token_type",
    "post_logout_redirect_uri",
    "token_type_hint",
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "userinfo_endpoint",
    "end_session_endpoint",
    "revocation_endpoint",
];

pub(super) fn masked(encoded: &str) -> Vec<(String, String)> {
    let parameters = form::parameters(encoded).unwrap_or_default();
    parameters
        .into_iter()
        .map(|(name, value)| shown(&name, value))
        .collect()
}

pub(super) fn members(response: &HttpResponse) -> Vec<(String, String)> {
    let Ok(object) = codegrant_core::jose::json::object(&response.body) else {
        return Vec::new();
    };
    let text = |value: &serde_json::Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    object
        .iter()
        .map(|(name, value)| shown(name, text(value)))
        .collect()
}

fn shown(name: &str, value: String) -> (String, String) {
    let clean = |text: &str| {
        text.chars()
            .take(200)
            .filter(|c| !c.is_control())
            .collect::<String>()
    };
    let value = if SHOWN.contains(&name) {
        clean(&value)
    } else {
        hidden(&value)
    };
    (clean(name), value)
}

pub(super) fn hidden(value: &str) -> String {
    format!("[{} characters]", value.chars().count())
}
