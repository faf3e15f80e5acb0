//! The text of `docs/errors.md`.

use std::fmt::Write as _;

use crate::error_codes::ErrorCode;

/// Each culprit, the part of a code before the dot, with a heading and who has to act.
const CULPRITS: &[(&str, &str, &str)] = &[
    (
        "configuration",
        "The configuration",
        "Settings that cannot work. They are found when the app starts, all at once.",
    ),
    (
        "discovery",
        "The provider's metadata",
        "What the provider says about itself contradicts the configuration.",
    ),
    (
        "callback",
        "The callback",
        "What the browser brought back from the provider.",
    ),
    (
        "provider",
        "The provider's answers",
        "What the provider answered when the app asked it directly.",
    ),
    (
        "id_token",
        "The ID token",
        "Which rule of OpenID Connect Core 1.0 section 3.1.3.7, or of RFC 7515, a token breaks.",
    ),
    (
        "logout_token",
        "The logout token",
        "Which rule of OpenID Connect Back-Channel Logout 1.0 section 2.6 a token breaks; nobody was logged out by it.",
    ),
    (
        "registration",
        "Dynamic registration",
        "What a provider answered when the app registered itself there (RFC 7591, RFC 7592).",
    ),
    (
        "webfinger",
        "WebFinger",
        "What a host answered when it was asked for the issuer of an account (RFC 7033).",
    ),
    (
        "api",
        "Calls of APIs",
        "A call that the app makes with an access token; nothing was sent.",
    ),
    (
        "keys",
        "The provider's keys",
        "The key set with which ID tokens are checked.",
    ),
    (
        "signing_key",
        "Our own signing keys",
        "A private key with which this program signs.",
    ),
    (
        "encryption",
        "Encrypted tokens",
        "An ID token or userinfo that is encrypted for this program, where that is registered, and the way in which it is.",
    ),
    (
        "decryption_key",
        "Our own decryption keys",
        "A private key with which this program decrypts.",
    ),
    (
        "login",
        "The login under way",
        "What a login has to remember while the user is at the provider, and what the app says to one that was proved.",
    ),
    (
        "link",
        "An account that is added",
        "Why an account at a second provider was not added to the one of a live session; nothing has changed.",
    ),
    (
        "session",
        "The session",
        "What a browser presents as its session, or where sessions are kept.",
    ),
    ("store", "The session store", "Where sessions are kept."),
    (
        "transport",
        "The way to the provider",
        "The network between the app and the provider.",
    ),
    (
        "setup",
        "The app around the login",
        "What the app forgot when it took the login in.",
    ),
    (
        "request",
        "The request",
        "What a browser sent to the login endpoints.",
    ),
];

/// Writes the page: every code under its culprit, in the order of its table.
///
/// # Errors
///
/// A culprit that the page has no heading for, a text that is no sentence.
pub(super) fn write(codes: &[ErrorCode]) -> Result<String, Vec<String>> {
    let problems = problems(codes);
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut page = String::from(
        "# Error codes\n\n\
         <!-- Written by `cargo xtask codegen` from the tables in the sources. Change it there. -->\n\n\
         Each failed login, and each configuration that cannot work, has a code that does not change\n\
         between versions. It stands in the operator's log beside both sides of the comparison that failed,\n\
         never in a browser, and never beside a secret. A user who reports a correlation id leads you to the\n\
         line; the code in it leads you here.\n",
    );
    for (culprit, heading, about) in CULPRITS {
        let of_culprit = codes.iter().filter(|code| culprit_of(code) == *culprit);
        let mut of_culprit = of_culprit.peekable();
        if of_culprit.peek().is_some() {
            push(&mut page, format_args!("\n## {heading}\n\n{about}\n"));
        }
        for ErrorCode {
            name,
            cause,
            remedy,
        } in of_culprit
        {
            push(
                &mut page,
                format_args!(
                    "\n### <a id=\"{name}\"></a>`{name}`\n\n- Cause: {}.\n- Remedy: {}.\n",
                    escaped(cause),
                    escaped(remedy)
                ),
            );
        }
    }
    Ok(page)
}

fn problems(codes: &[ErrorCode]) -> Vec<String> {
    let mut problems = Vec::new();
    for code in codes {
        let name = &code.name;
        if !CULPRITS
            .iter()
            .any(|(known, ..)| *known == culprit_of(code))
        {
            problems.push(format!(
                "{name}: say who {} is in xtask/src/codegen/errors_page.rs",
                culprit_of(code)
            ));
        }
        for (what, text) in [("cause", &code.cause), ("remedy", &code.remedy)] {
            if text.trim().is_empty() || text.ends_with('.') {
                problems.push(format!(
                    "{name}: the {what} is empty or ends with a full stop"
                ));
            }
        }
    }
    problems
}

fn culprit_of(code: &ErrorCode) -> &str {
    code.name.split('.').next().unwrap_or_default()
}

/// Keeps what looks like HTML from being taken for it.
fn escaped(text: &str) -> String {
    text.replace('<', "&lt;")
}

fn push(page: &mut String, text: std::fmt::Arguments<'_>) {
    page.write_fmt(text).expect("a string takes any text");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(name: &str, cause: &str, remedy: &str) -> ErrorCode {
        let [name, cause, remedy] = [name, cause, remedy].map(str::to_owned);
        ErrorCode {
            name,
            cause,
            remedy,
        }
    }

    #[test]
    fn code_stands_under_its_culprit_with_an_anchor() {
        let page = write(&[
            code("callback.expired", "too late", "start <again>"),
            code("configuration.scope", "a space", "write a list"),
        ])
        .unwrap();
        let callback = page.find("## The callback").unwrap();
        let configuration = page.find("## The configuration").unwrap();
        let expired = page
            .find("### <a id=\"callback.expired\"></a>`callback.expired`")
            .unwrap();
        assert!(configuration < callback && callback < expired, "{page}");
        assert!(page.contains("- Cause: too late.\n- Remedy: start &lt;again>.\n"));
        assert!(!page.contains("## The ID token"));
    }

    #[test]
    fn culprit_without_a_heading_is_a_problem() {
        assert_eq!(
            write(&[code("moon.full", "a", "b")]).unwrap_err(),
            ["moon.full: say who moon is in xtask/src/codegen/errors_page.rs"]
        );
    }

    #[test]
    fn text_that_ends_twice_or_never_begins_is_a_problem() {
        let codes = [code("callback.a", "b.", " ")];
        assert_eq!(write(&codes).unwrap_err().len(), 2);
    }
}
