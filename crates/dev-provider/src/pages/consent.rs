//! The consent page: who asks, for what, and the two answers.

use codegrant_core::http::HttpResponse;
use url::Url;

use super::{escape, interaction_field, monogram, page};
use crate::dev_user::DevUser;

/// What the page shows.
pub(crate) struct ConsentPage<'a> {
    pub(crate) base_path: &'a str,
    pub(crate) interaction: &'a str,
    pub(crate) client_name: &'a str,
    pub(crate) redirect_uri: &'a str,
    pub(crate) user: &'a DevUser,
    pub(crate) scopes: &'a [String],
}

/// Renders the page: one form with the buttons `decision=allow` and `decision=deny`.
pub(crate) fn consent(shown: &ConsentPage<'_>) -> HttpResponse {
    let base = escape(shown.base_path);
    let field = interaction_field(shown.interaction);
    let interaction = escape(shown.interaction);
    let client = escape(shown.client_name);
    let host = escape(&host(shown.redirect_uri));
    let monogram = monogram(&shown.user.name);
    let name = escape(&shown.user.name);
    let email = escape(&shown.user.email);
    let scopes: String = shown
        .scopes
        .iter()
        .map(|scope| item(scope, shown.user))
        .collect();
    let main = format!(
        r#"<h1>Allow {client}?</h1>
<div class="account">{monogram}<span class="who"><span class="name">{name}</span><span class="email">{email}</span></span><a href="{base}/sign-in?interaction={interaction}">Not you?</a></div>
<p><strong>{client}</strong> at <code>{host}</code> would like to:</p>
<ul class="scopes">{scopes}
</ul>
<form method="post" action="{base}/consent" class="actions">
{field}
<button type="submit" name="decision" value="deny">Deny</button>
<button class="primary" type="submit" name="decision" value="allow">Allow</button>
</form>
<p class="hint">Either way you go back to <code>{host}</code>. What you allow is remembered until this provider is stopped.</p>"#
    );
    page(200, "Allow access", &main)
}

/// Says a scope in words, with what would be told where that is short.
fn item(scope: &str, user: &DevUser) -> String {
    let (words, detail) = match scope {
        "openid" => ("Know that it is you", String::new()),
        "profile" => (
            "See your name and user name",
            format!("{}, {}", user.name, user.username),
        ),
        "email" => ("See your e-mail address", user.email.clone()),
        "offline_access" => ("Stay connected while you are away", String::new()),
        other => (other, String::new()),
    };
    let (words, scope, detail) = (escape(words), escape(scope), escape(&detail));
    let detail = if detail.is_empty() {
        String::new()
    } else {
        format!(r#"<span class="detail">{detail}</span>"#)
    };
    format!(
        r#"
<li><span class="what">{words}{detail}</span><code class="scope">{scope}</code></li>"#
    )
}

/// Returns host and port, which is what tells one app from another.
fn host(redirect_uri: &str) -> String {
    let url = Url::parse(redirect_uri).ok();
    let found = url.as_ref().and_then(|url| {
        let host = url.host_str()?;
        Some(
            url.port()
                .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
        )
    });
    found.unwrap_or_else(|| redirect_uri.to_owned())
}
