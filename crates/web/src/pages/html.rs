//! What may stand in a page: escaped text, and links that stay on this origin.

use std::fmt::{self, Write as _};

/// Displays a text so that it is safe in HTML, as an element's text or in a quoted attribute.
///
/// Not enough for a place that is code: an unquoted attribute, `<script>`, `<style>`, or an address
/// whose scheme somebody else chose.
///
/// ```
/// use codegrant_web::pages::Escaped;
/// assert_eq!(Escaped("<b title='x'>").to_string(), "&lt;b title=&#39;x&#39;&gt;");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Escaped<'a>(
    /// The text as it came.
    pub &'a str,
);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for char in self.0.chars() {
            match char {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// Displays the address of a link or a form: a path of this origin, or `/` when it is anything else.
///
/// Whoever fills in a page passes paths that were judged before. This is the second lock: an address
/// with a scheme (`javascript:`) or another host never reaches an `href`.
pub(super) fn local(address: &str) -> Escaped<'_> {
    // Browsers drop tabs and newlines inside an address and read a backslash as a slash.
    let plain = !address
        .chars()
        .any(|char| char == '\\' || char.is_control() || char.is_whitespace());
    let stays = address.starts_with('/') && !address.starts_with("//");
    Escaped(if plain && stays { address } else { "/" })
}
