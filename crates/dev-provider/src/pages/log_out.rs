//! Log-out: the question, and what stands there afterwards.

use codegrant_core::http::HttpResponse;

use url::Url;

use super::{STYLE, escape, interaction_field, monogram, page, source_hash};
use crate::dev_user::DevUser;

/// Renders the question: one form with the buttons `decision=log-out` and `decision=stay`.
pub(crate) fn log_out(base_path: &str, id: &str, user: Option<&DevUser>) -> HttpResponse {
    let base = escape(base_path);
    let field = interaction_field(id);
    let account = user.map_or_else(String::new, |user| {
        let monogram = monogram(&user.name);
        let (name, email) = (escape(&user.name), escape(&user.email));
        format!(
            r#"<div class="account">{monogram}<span class="who"><span class="name">{name}</span><span class="email">{email}</span></span></div>"#
        )
    });
    let main = format!(
        r#"<h1>Log out of the development provider?</h1>
{account}
<p>After that, the next login asks again who you are.</p>
<form method="post" action="{base}/end_session/confirm" class="actions">
{field}
<button type="submit" name="decision" value="stay">Stay signed in</button>
<button class="primary" type="submit" name="decision" value="log-out">Log out</button>
</form>"#
    );
    page(200, "Log out", &main)
}

/// Renders the end of a log-out that leads nowhere else.
pub(crate) fn logged_out() -> HttpResponse {
    let main = "<h1>You are logged out</h1>\n<p>The next login with this provider asks who you are. You can close this page.</p>";
    page(200, "Logged out", main)
}

/// Goes on as soon as every frame has been read; without scripts the link does it.
const GO_ON: &str =
    "window.addEventListener('load', () => document.getElementById('continue')?.click())";

/// Renders the page that logs out of the apps as well, each in a frame of its own, and then leads on.
pub(crate) fn log_out_frames(frames: &[String], redirect: Option<&str>) -> HttpResponse {
    let shown: String = frames
        .iter()
        .map(|address| format!("<iframe src=\"{}\" hidden></iframe>\n", escape(address)))
        .collect();
    let next = redirect.map_or_else(String::new, |address| {
        let address = escape(address);
        format!("<p class=\"actions\"><a id=\"continue\" href=\"{address}\">Continue</a></p>")
    });
    let main = format!(
        "<h1>You are logged out</h1>\n<p>The apps that you went to with this provider log you out as well.</p>\n{shown}{next}\n<script>{GO_ON}</script>"
    );
    let origins = frames.iter().filter_map(|address| Url::parse(address).ok());
    let origins: Vec<String> = origins
        .map(|url| url.origin().ascii_serialization())
        .collect();
    let policy = format!(
        "default-src 'none'; script-src {}; style-src {}; frame-src {}; base-uri 'none'; frame-ancestors 'none'",
        source_hash(GO_ON),
        source_hash(STYLE),
        origins.join(" ")
    );
    let mut response = page(200, "Logged out", &main);
    response
        .headers
        .retain(|(name, _)| name != "content-security-policy");
    response.with_header("content-security-policy", policy)
}

/// Renders the end of a log-out that was called off.
pub(crate) fn stayed() -> HttpResponse {
    let main =
        "<h1>You are still signed in</h1>\n<p>Nothing has changed. You can close this page.</p>";
    page(200, "Still signed in", main)
}
