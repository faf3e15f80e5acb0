//! What may be shown of a request: names in full, secrets by their length.

use super::html::decode;

/// Parameters and members that may be shown. Whatever is not listed is masked, so that a new secret is
/// not shown because nobody thought of it.
const SHOWN: &[&str] = &[
    "active",
    "client_id",
    "code_challenge_method",
    "decision",
    "email",
    "email_verified",
    "error",
    "error_description",
    "expires_in",
    "grant_type",
    "iss",
    "issuer",
    "keys",
    "name",
    "preferred_username",
    "prompt",
    "redirect_uri",
    "response_mode",
    "response_type",
    "return_to",
    "scope",
    "sub",
    "token_type",
    "token_type_hint",
    "user",
];

/// Shows a query or a form.
pub(super) fn form(text: &str) -> String {
    let fields = decode(text).into_iter();
    let shown = fields.map(|(name, value)| format!("{name}={}", value_of(&name, &value)));
    shown.collect::<Vec<_>>().join(" ")
}

/// Shows the members of a JSON object; of anything else, its length.
pub(super) fn json(body: &[u8]) -> String {
    let Ok(serde_json::Value::Object(members)) = serde_json::from_slice(body) else {
        return format!("({} bytes)", body.len());
    };
    let shown = members.iter().map(|(name, value)| match value {
        serde_json::Value::String(text) => format!("{name}={}", value_of(name, text)),
        serde_json::Value::Array(items) => format!("{name}=({} items)", items.len()),
        serde_json::Value::Object(_) => format!("{name}=(object)"),
        other => format!("{name}={}", value_of(name, &other.to_string())),
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// Shows how a client authenticates itself, not with what.
pub(super) fn authorization(value: &str) -> String {
    let scheme = value.split(' ').next().unwrap_or_default();
    format!("{scheme} {}", masked(&value[scheme.len()..]))
}

fn value_of(name: &str, value: &str) -> String {
    if SHOWN.contains(&name) {
        let shown: String = value.chars().take(80).collect();
        if shown.contains(' ') {
            format!("\"{shown}\"")
        } else {
            shown
        }
    } else {
        masked(value)
    }
}

fn masked(value: &str) -> String {
    format!("({} characters)", value.trim().chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_shown_by_their_length() {
        let shown =
            form("grant_type=authorization_code&code=hush&code_verifier=hushhush&scope=a+b");
        assert_eq!(
            shown,
            "grant_type=authorization_code code=(4 characters) code_verifier=(8 characters) \
             scope=\"a b\""
        );
        let shown = json(br#"{"access_token":"hush","expires_in":3600,"keys":[1,2],"new":true}"#);
        assert_eq!(
            shown,
            "access_token=(4 characters) expires_in=3600 keys=(2 items) new=(4 characters)"
        );
        assert_eq!(authorization("Basic aHVzaA=="), "Basic (8 characters)");
        assert_eq!(json(b"hush"), "(4 bytes)");
    }
}
