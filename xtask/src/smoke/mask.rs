//! What may be shown of a request: names in full, secrets by their length.

use super::html::decode;

/// Parameters and members that may be shown.
const SHOWN: &[&str] = &[
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

/// Secrets, shown by their length. What stands in neither list is only counted, so that no secret is
/// shown because nobody thought of it.
const SECRETS: &[&str] = &[
    "access_token",
    "client_secret",
    "code",
    "code_challenge",
    "code_verifier",
    "id_token",
    "interaction",
    "nonce",
    "refresh_token",
    "state",
    "token",
];

/// Shows a query or a form.
pub(super) fn form(text: &str) -> String {
    shown(decode(text))
}

/// Shows the members of a JSON object; of anything else, its length.
pub(super) fn json(body: &[u8]) -> String {
    let Ok(serde_json::Value::Object(members)) = serde_json::from_slice(body) else {
        return format!("({} bytes)", body.len());
    };
    let text = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        serde_json::Value::Array(items) => format!("({} of them)", items.len()),
        other => other.to_string(),
    };
    shown(members.into_iter().map(|(name, value)| (name, text(value))))
}

/// Shows how a client authenticates itself, not with what.
pub(super) fn authorization(value: &str) -> String {
    let scheme = value.split(' ').next().unwrap_or_default();
    format!("{scheme} {}", masked(&value[scheme.len()..]))
}

fn shown(fields: impl IntoIterator<Item = (String, String)>) -> String {
    let mut told = Vec::new();
    let mut others = 0_usize;
    for (name, value) in fields {
        if SHOWN.contains(&name.as_str()) {
            told.push(format!("{name}={}", quoted(&value)));
        } else if SECRETS.contains(&name.as_str()) {
            told.push(format!("{name}={}", masked(&value)));
        } else {
            others += 1;
        }
    }
    if others > 0 {
        told.push(format!("and {others} more"));
    }
    told.join(" ")
}

fn quoted(value: &str) -> String {
    let shown: String = value.chars().take(80).collect();
    if shown.contains(' ') && !shown.starts_with('(') {
        format!("\"{shown}\"")
    } else {
        shown
    }
}

fn masked(value: &str) -> String {
    format!("({} characters)", value.trim().chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_shown_by_their_length_and_unknown_values_not_at_all() {
        let shown =
            form("grant_type=authorization_code&code=hush&code_verifier=hushhush&scope=a+b");
        assert_eq!(
            shown,
            "grant_type=authorization_code code=(4 characters) code_verifier=(8 characters) \
             scope=\"a b\""
        );
        let shown = json(br#"{"access_token":"hush","expires_in":3600,"keys":[1,2],"new":"hush"}"#);
        assert_eq!(
            shown,
            "access_token=(4 characters) expires_in=3600 keys=(2 of them) and 1 more"
        );
        assert_eq!(authorization("Basic aHVzaA=="), "Basic (8 characters)");
        assert_eq!(json(b"hush"), "(4 bytes)");
    }
}
