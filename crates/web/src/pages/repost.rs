//! The page that posts a provider's answer once more, from our own origin.
//!
//! With `response_mode=form_post` (OAuth 2.0 Form Post Response Mode section 2) the answer comes as a
//! `POST` from the provider's origin, and a browser leaves `SameSite=Lax` cookies at home. The same post
//! from a page of our own brings them along, and no code ever stands in a URL.

use super::Page;
use super::built_in::SEND_ORIGIN;
use super::document::{Document, Icon};
use super::html::{Escaped, local};

/// What sends the form.
///
/// The prototype's `submit`, because a field of that name would stand in the way of the form's own.
pub(super) const SCRIPT: &str = "HTMLFormElement.prototype.submit.call(document.forms[0])";

/// Renders the page that posts `fields` to `action`, a path of this origin, by itself.
///
/// A browser without JavaScript shows the button. Names and values may be anything: they are escaped.
pub(crate) fn repost(action: &str, fields: &[(&str, &str)]) -> Page {
    let says = "Your login continues by itself. If it does not, press the button.";
    let body = form(says, local(action), fields);
    Document {
        icon: Icon::Onward,
        title: "One moment",
        head: SEND_ORIGIN,
        body: &body,
    }
    .into_repost_page()
}

/// Renders the page that posts `fields` to a provider's log-out page by itself.
///
/// For what is too long for a URL. `action` is an address that was judged with the rest of the metadata.
pub(crate) fn post_to(action: &str, fields: &[(&str, &str)]) -> Page {
    let says =
        "Your log-out continues at the provider by itself. If it does not, press the button.";
    Document {
        icon: Icon::Onward,
        title: "One moment",
        head: "",
        body: &form(says, Escaped(action), fields),
    }
    .into_posting_page()
}

fn form(says: &str, action: Escaped<'_>, fields: &[(&str, &str)]) -> String {
    let inputs: String = fields
        .iter()
        .map(|(name, value)| {
            format!(
                "<input type=\"hidden\" name=\"{}\" value=\"{}\">\n",
                Escaped(name),
                Escaped(value)
            )
        })
        .collect();
    format!(
        "<p>{says}</p>\n\
         <form class=\"actions\" method=\"post\" action=\"{action}\">\n{inputs}\
         <button class=\"button primary\" type=\"submit\">Continue</button>\n</form>\n\
         <script>{SCRIPT}</script>\n"
    )
}
