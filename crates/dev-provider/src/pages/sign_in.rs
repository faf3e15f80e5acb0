//! The sign-in page: choose somebody, or be somebody by typing a name.

use codegrant_core::http::HttpResponse;

use super::{escape, interaction_field, monogram, page};
use crate::dev_user::DevUser;

/// What the page shows.
pub(crate) struct SignInPage<'a> {
    pub(crate) base_path: &'a str,
    pub(crate) interaction: &'a str,
    pub(crate) client_name: &'a str,
    pub(crate) users: &'a [DevUser],
    /// The subject of the user whom the client expects.
    pub(crate) suggested: Option<&'a str>,
    /// What stands in the text field to begin with.
    pub(crate) name: Option<&'a str>,
    /// What was wrong the last time.
    pub(crate) mistake: Option<&'a str>,
}

/// Renders the page: one form of buttons named `user`, one with a text field `name`, one to cancel.
pub(crate) fn sign_in(shown: &SignInPage<'_>) -> HttpResponse {
    let base = escape(shown.base_path);
    let interaction = interaction_field(shown.interaction);
    let client = escape(shown.client_name);
    let name = escape(shown.name.unwrap_or_default());
    let mistake = shown.mistake.map_or_else(String::new, |mistake| {
        let mistake = escape(mistake);
        format!(r#"<p class="mistake" id="mistake" role="alert">{mistake}</p>"#)
    });
    let described = if shown.mistake.is_some() {
        "mistake name-hint"
    } else {
        "name-hint"
    };
    let mut users: Vec<&DevUser> = shown.users.iter().collect();
    // The one who is expected stands first; sorting keeps the order of the others.
    users.sort_by_key(|user| shown.suggested != Some(user.subject.as_str()));
    let buttons: String = users
        .iter()
        .map(|user| button(user, shown.suggested == Some(user.subject.as_str())))
        .collect();
    let choice = if buttons.is_empty() {
        String::new()
    } else {
        format!(
            r#"<form method="post" action="{base}/sign-in" aria-label="Choose an account">
{interaction}
<ul class="people">{buttons}
</ul>
</form>
<p class="or"><span>or</span></p>"#
        )
    };
    let main = format!(
        r#"<h1>Sign in</h1>
<p class="lead">to continue to <strong>{client}</strong></p>
{mistake}
{choice}
<form method="post" action="{base}/sign-in" class="stack">
{interaction}
<label for="name">Be somebody else</label>
<div class="row">
<input id="name" name="name" type="text" value="{name}" maxlength="60" required autocomplete="off" spellcheck="false" aria-describedby="{described}" placeholder="Any name">
<button class="primary" type="submit">Continue</button>
</div>
<p class="hint" id="name-hint">No password. The same name is the same account each time.</p>
</form>
<form method="post" action="{base}/consent" class="foot">
{interaction}
<button class="quiet" type="submit" name="decision" value="deny">Cancel and go back</button>
</form>"#
    );
    page(200, "Sign in", &main)
}

fn button(user: &DevUser, suggested: bool) -> String {
    let monogram = monogram(&user.name);
    let subject = escape(&user.subject);
    let name = escape(&user.name);
    let email = escape(&user.email);
    let note = if user.email_verified {
        ""
    } else {
        r#" <span class="tag">not verified</span>"#
    };
    let expected = if suggested {
        r#"<span class="tag tag-suggested">suggested</span>"#
    } else {
        ""
    };
    format!(
        r#"
<li><button class="person" type="submit" name="user" value="{subject}">{monogram}<span class="who"><span class="name">{name}</span><span class="email">{email}{note}</span></span>{expected}</button></li>"#
    )
}
