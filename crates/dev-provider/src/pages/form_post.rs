//! The page that posts an authorization response (OAuth 2.0 Form Post Response Mode section 2).

use codegrant_core::http::HttpResponse;

use super::{STYLE, escape, page, source_hash};

/// Sends the form as soon as the page is read; without scripts the button does it.
const SUBMIT: &str = "document.forms[0].submit()";

/// Renders the page that carries these fields to the client.
pub(crate) fn form_post(address: &str, fields: &[(&'static str, String)]) -> HttpResponse {
    let action = escape(address);
    let inputs: String = fields
        .iter()
        .map(|(name, value)| {
            let value = escape(value);
            format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">\n")
        })
        .collect();
    let main = format!(
        r#"<h1>Going back to the app</h1>
<p>If nothing happens, press the button.</p>
<form method="post" action="{action}" class="actions">
{inputs}<button class="primary" type="submit">Continue</button>
</form>
<script>{SUBMIT}</script>"#
    );
    let mut response = page(200, "Going back", &main);
    let policy = format!(
        "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; frame-ancestors 'none'",
        source_hash(SUBMIT),
        source_hash(STYLE)
    );
    response
        .headers
        .retain(|(name, _)| name != "content-security-policy");
    response.with_header("content-security-policy", policy)
}
