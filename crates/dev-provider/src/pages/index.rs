//! The page at the issuer itself: what this is, for whoever opens the address.

use codegrant_core::http::HttpResponse;

use super::{escape, page};
use crate::settings::Settings;

/// Renders the page.
pub(crate) fn index(settings: &Settings, base: &str) -> HttpResponse {
    let issuer = escape(&settings.issuer);
    let base = escape(base);
    let clients: String = settings
        .clients
        .iter()
        .map(|client| format!("<dd><code>{}</code></dd>", escape(client.id())))
        .collect();
    let main = format!(
        r#"<h1>Development provider</h1>
<p>An OpenID Provider for trying out logins on this machine. Anybody can be anybody here; there are no passwords.</p>
<dl>
<dt>Issuer</dt><dd><code>{issuer}</code></dd>
<dt>Clients</dt>{clients}
<dt>Metadata</dt><dd><a href="{base}/.well-known/openid-configuration"><code>/.well-known/openid-configuration</code></a></dd>
</dl>"#
    );
    page(200, "About", &main)
}
