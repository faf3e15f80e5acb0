//! Text that a stranger sent, made safe to stand in a log.

use std::fmt;

/// The most characters of a stranger's text that are ever shown.
const SHOWN: usize = 200;

/// A stranger's text for the operator's eyes: escaped, cut short, and never sent to a browser.
///
/// ```
/// use codegrant_core::error::Quoted;
/// assert_eq!(Quoted::new("a\nb").to_string(), "\"a\\nb\"");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Quoted(String);

impl Quoted {
    /// Takes the text, cut after 200 characters.
    pub fn new(text: &str) -> Self {
        Self(text.chars().take(SHOWN).collect())
    }

    /// Takes the text with every occurrence of the given secrets blotted out.
    pub fn without(text: &str, secrets: &[&str]) -> Self {
        let mut clean = text.to_owned();
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            clean = clean.replace(secret, "[redacted]");
        }
        Self::new(&clean)
    }
}

/// The provider's own words after an error, where it said any.
pub(super) fn described(words: &Option<Quoted>) -> String {
    words
        .as_ref()
        .map(|words| format!(", described as {words}"))
        .unwrap_or_default()
}

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_default())
    }
}

impl fmt::Debug for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
