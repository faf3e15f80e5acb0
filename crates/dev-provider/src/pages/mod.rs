//! What people see: plain HTML without scripts, one style, nothing from another host.

mod check_session;
mod consent;
mod form_post;
mod index;
mod log_out;
mod problem;
mod sign_in;

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use codegrant_core::http::HttpResponse;
use codegrant_core::jose::base64url;

pub(crate) use check_session::check_session;
pub(crate) use consent::{ConsentPage, consent};
pub(crate) use form_post::form_post;
pub(crate) use index::index;
pub(crate) use log_out::{log_out, log_out_frames, logged_out, stayed};
pub(crate) use problem::{Problem, error};
pub(crate) use sign_in::{SignInPage, sign_in};

const STYLE: &str = include_str!("style.css");

/// The policy of every page: its own style and nothing else.
///
/// It has no `form-action`, because browsers apply that to redirects after a form as well: the way back
/// to the client would be blocked.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = source_hash(STYLE);
    format!("default-src 'none'; style-src {style}; base-uri 'none'; frame-ancestors 'none'")
});

/// Puts a page around its main part.
fn page(status: u16, title: &str, main: &str) -> HttpResponse {
    let title = escape(title);
    let html = format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>{title} · Development provider</title>
<style>{STYLE}</style>
</head>
<body>
<p class="banner"><strong>Development provider:</strong> no real accounts, loopback only</p>
<main class="card">
{main}
</main>
</body>
</html>
"#
    );
    HttpResponse::new(status)
        .with_header("content-type", "text/html; charset=utf-8")
        .with_header("content-security-policy", POLICY.as_str())
        .with_header("cache-control", "no-store")
        .with_header("x-frame-options", "DENY")
        .with_header("x-content-type-options", "nosniff")
        .with_header("referrer-policy", "no-referrer")
        .with_body(html)
}

/// Sends the browser on by `GET`, whatever method it came by.
pub(crate) fn see_other(address: &str) -> HttpResponse {
    HttpResponse::new(303)
        .with_header("location", address)
        .with_header("cache-control", "no-store")
        .with_header("referrer-policy", "no-referrer")
}

/// Makes text safe between tags and between quotes.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// Writes the hidden field that names what a form belongs to.
fn interaction_field(id: &str) -> String {
    format!(
        r#"<input type="hidden" name="interaction" value="{}">"#,
        escape(id)
    )
}

/// Writes the round mark of a person or an app: up to two initials, in one of six colours.
fn monogram(name: &str) -> String {
    let initials: String = name
        .split_whitespace()
        .filter_map(|word| word.chars().next())
        .take(2)
        .flat_map(char::to_uppercase)
        .collect();
    let sum = name
        .bytes()
        .fold(0_usize, |sum, byte| sum * 33 % 997 + usize::from(byte));
    let initials = escape(&initials);
    format!(
        r#"<span class="monogram hue-{}" aria-hidden="true">{initials}</span>"#,
        sum % 6
    )
}

/// Writes a hash for a Content-Security-Policy: standard base64, padded.
fn source_hash(source: &str) -> String {
    let hash = base64url::encode(digest(&SHA256, source.as_bytes()).as_ref());
    format!("'sha256-{}='", hash.replace('-', "+").replace('_', "/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_characters_are_escaped() {
        assert_eq!(
            escape(r#"<a b="c" d='e'>&"#),
            "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;"
        );
    }

    #[test]
    fn a_source_hash_is_padded_standard_base64() {
        // printf '' | openssl dgst -sha256 -binary | openssl base64
        let empty = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='";
        assert_eq!(source_hash(""), empty);
    }

    #[test]
    fn initials_come_from_the_first_two_words() {
        assert!(monogram("ada king of lovelace").contains(">AK<"));
        assert!(monogram("<script>").contains(">&lt;<"));
        assert!(monogram("").contains("></span>"));
    }
}
