//! Where the user goes after login: a path of this app, whatever was asked for.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use url::Url;

/// The longest target that is kept, in bytes; it has to fit into a cookie beside the transaction.
const LIMIT: usize = 1024;

/// How often a target is percent-decoded to see what a careless server behind us might see.
const DECODINGS: usize = 3;

/// What a target is resolved against; whatever does not stay there is refused.
static HERE: LazyLock<Url> =
    LazyLock::new(|| Url::parse("https://app.invalid/").expect("a constant that is a URL"));

/// A path and query of this app that a login or a log-out may end at.
///
/// It cannot name another origin (RFC 9700 section 4.11). What is not such a path becomes the default:
/// a login must not fail because somebody sent a strange link.
///
/// ```
/// use codegrant_core::ReturnTo;
/// assert_eq!(ReturnTo::parse("/orders?page=2", "/auth").as_str(), "/orders?page=2");
/// assert_eq!(ReturnTo::parse("https://evil.example/", "/auth").as_str(), "/");
/// assert_eq!(ReturnTo::parse("/auth/logout", "/auth").as_str(), "/");
/// ```
///
/// Deserialising one reads it in the same way, save that the base is not known there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct ReturnTo(String);

impl From<String> for ReturnTo {
    fn from(target: String) -> Self {
        normalise(&target, None).map_or_else(Self::default, Self)
    }
}

impl From<ReturnTo> for String {
    fn from(target: ReturnTo) -> Self {
        target.0
    }
}

impl Default for ReturnTo {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl ReturnTo {
    /// Reads a target; anything but a safe path outside `base` becomes `/`.
    ///
    /// `base` is where the login's own endpoints are mounted: a login that ends there would loop.
    pub fn parse(target: &str, base: &str) -> Self {
        let base = Some(base).filter(|base| base.len() > 1);
        normalise(target, base).map_or_else(Self::default, Self)
    }

    /// Returns the path with its query, as it goes into `Location`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ReturnTo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn normalise(target: &str, base: Option<&str>) -> Option<String> {
    if target.len() > LIMIT || !escapes_are_whole(target) {
        return None;
    }
    // Only what may stand in a request line: no space, no control character, nothing beyond ASCII.
    if !target.bytes().all(|byte| (0x21..=0x7e).contains(&byte)) {
        return None;
    }
    let is_below = |path: &str| {
        base.and_then(|base| path.strip_prefix(base))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if is_plain(target) {
        return (!is_below(target)).then(|| target.to_owned());
    }
    let resolved = resolve(target)?;
    let mut path = resolved.path().to_owned();
    for _ in 0..DECODINGS {
        // Without an escape there is nothing else to see.
        if is_below(&path) || !path.contains('%') {
            break;
        }
        path = resolve(&percent_decode(&path)?)?.path().to_owned();
    }
    if is_below(&path) {
        return None;
    }
    let query = resolved
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    let normalised = format!("{}{query}", resolved.path());
    // Resolving escapes what a browser escapes, which makes it longer.
    (normalised.len() <= LIMIT).then_some(normalised)
}

/// Tells whether a target is what it resolves to, so that nobody need resolve it: a path of names without a dot, an
/// escape, or a query. Most are.
fn is_plain(target: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~');
    target == "/"
        || target.strip_prefix('/').is_some_and(|names| {
            let mut names = names.split('/');
            names.all(|name| !name.is_empty() && name.bytes().all(is_name))
        })
}

/// Resolves like a browser would, dot segments included, and refuses whatever leaves the origin.
fn resolve(path: &str) -> Option<Url> {
    let mut bytes = path.bytes();
    let first = bytes.next();
    if first != Some(b'/') || matches!(bytes.next(), Some(b'/' | b'\\')) {
        return None;
    }
    if path.contains('\\') || path.chars().any(char::is_control) {
        return None;
    }
    let resolved = HERE.join(path).ok()?;
    let stays = resolved.origin() == HERE.origin()
        && !resolved.path().starts_with("//")
        && resolved.username().is_empty();
    stays.then_some(resolved)
}

fn escapes_are_whole(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'%')
        .all(|(at, _)| {
            bytes
                .get(at + 1..at + 3)
                .is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit))
        })
}

/// Decodes once; `None` when the result is not text, which no path of ours is.
fn percent_decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let pair = (first == b'%').then(|| tail.get(..2)).flatten();
        let value =
            pair.and_then(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        if let Some(value) = value {
            decoded.push(value);
            rest = &tail[2..];
        } else {
            decoded.push(first);
            rest = tail;
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_target_is_what_it_resolves_to() {
        let plain = ["/", "/a", "/orders/17", "/~me/a-b_c", "/AUTH"];
        let others = [
            "",
            "a",
            "//",
            "//evil.example",
            "/a//b",
            "/a/",
            "/.",
            "/..",
            "/a/../b",
            "/a.b",
            "/a?b",
            "/a#b",
            "/a:b",
            "/%61",
            "/\\evil.example",
            "/a b",
            "/\u{e9}",
            "/a\tb",
            "/@evil.example",
            "/;a",
        ];
        for target in plain {
            assert!(is_plain(target), "{target}");
            let resolved = resolve(target).unwrap();
            assert_eq!((resolved.path(), resolved.query()), (target, None));
        }
        for target in others {
            assert!(!is_plain(target), "{target}");
        }
        // Whatever a byte is: what counts as plain resolves to itself.
        for byte in 0..=0x7f_u8 {
            let target = format!("/a{}b", char::from(byte));
            let resolved = resolve(&target)
                .map(|resolved| String::from(resolved)[HERE.as_str().len() - 1..].to_owned());
            assert!(
                !is_plain(&target) || resolved.as_deref() == Some(&target),
                "{target:?}"
            );
        }
    }
}
