//! Log-out: the question, and what stands there afterwards.

use codegrant_core::http::HttpResponse;

use super::{escape, interaction_field, monogram, page};
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

/// Renders the end of a log-out that was called off.
pub(crate) fn stayed() -> HttpResponse {
    let main =
        "<h1>You are still signed in</h1>\n<p>Nothing has changed. You can close this page.</p>";
    page(200, "Still signed in", main)
}
