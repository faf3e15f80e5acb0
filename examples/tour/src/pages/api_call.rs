//! The page that shows a call to a protected API.

use codegrant_web::Session;
use codegrant_web::pages::Escaped;

use super::document::{Frame, Place};
use crate::api_call::{ApiCall, ApiOutcome};
use crate::moment;
use crate::tour::Answer;

/// The longest document that is shown, in characters.
const SHOWN: usize = 8000;

/// Shows the request, the status and the JSON that came back.
pub(crate) fn api_call(frame: &Frame<'_>, session: &Session, call: Option<&ApiCall>) -> Answer {
    let lead = "The app calls a protected API in your name: with the access token that the login gave it, \
                and without your password.";
    let result = call.map_or_else(
        || {
            "<section class=\"card\">\n<h2>There is nothing to call</h2>\n<p>This provider has no userinfo endpoint, and \
             the configuration names no API: see <code>[api]</code>.</p>\n</section>\n"
                .to_owned()
        },
        shown,
    );
    let renew = if session.can_refresh() {
        format!(
            "<form method=\"post\" action=\"{}/refresh\"><input type=\"hidden\" name=\"return_to\" value=\"/api-call\">\
             <button class=\"button\" type=\"submit\">Renew tokens and call again</button></form>\n",
            frame.base()
        )
    } else {
        String::new()
    };
    let main = format!(
        "<div class=\"hero\"><h1>Calling the API</h1>\n<p class=\"lead\">{lead}</p></div>\n{result}\
         <div class=\"actions row\">\n<a class=\"button primary\" href=\"/api-call\">Call again</a>\n{renew}\
         <a class=\"button\" href=\"/me\">Back to your page</a>\n</div>\n"
    );
    frame.page(200, Place::Api, "Calling the API", &main)
}

fn shown(call: &ApiCall) -> String {
    let which = if call.is_userinfo {
        "No API is configured for this provider, so the app asks its userinfo endpoint who you are."
    } else {
        "The API that the configuration names."
    };
    format!(
        "<section class=\"card\">\n<h2>Sent</h2>\n<p class=\"quiet\">{which}</p>\n\
         <pre><code>GET {url}\nAuthorization: Bearer [{length} characters]</code></pre>\n</section>\n\
         <section class=\"card\">\n<h2>Received {badge}</h2>\n<p class=\"quiet\">after {took}</p>\n{answer}</section>\n",
        url = Escaped(&call.url),
        length = call.token_length,
        badge = badge(&call.outcome),
        took = moment::duration(call.took),
        answer = answer(call),
    )
}

fn badge(outcome: &ApiOutcome) -> String {
    match outcome.status() {
        Some(status @ 200..=299) => {
            format!("<span class=\"badge good\" id=\"status\">{status}</span>")
        }
        Some(status) => format!("<span class=\"badge bad\" id=\"status\">{status}</span>"),
        None => "<span class=\"badge bad\" id=\"status\">no answer</span>".to_owned(),
    }
}

fn answer(call: &ApiCall) -> String {
    let outcome = &call.outcome;
    match outcome {
        ApiOutcome::Json { document, .. } => {
            let text = serde_json::to_string_pretty(document).unwrap_or_default();
            let cut: String = text.chars().take(SHOWN).collect();
            let more = if cut.len() < text.len() {
                "<p class=\"quiet\">Cut here: the answer is longer.</p>\n"
            } else {
                ""
            };
            format!(
                "<pre id=\"answer\"><code>{}</code></pre>\n{more}{}",
                Escaped(&cut),
                hint(call)
            )
        }
        ApiOutcome::Other {
            media_type,
            bytes,
            challenge,
            ..
        } => {
            let kind = media_type.as_deref().unwrap_or("without a media type");
            let challenge = challenge.as_deref().map_or_else(String::new, |challenge| {
                format!(
                    "<pre><code>WWW-Authenticate: {}</code></pre>\n",
                    Escaped(challenge)
                )
            });
            format!(
                "<p>Not JSON, so it is not shown: {} of {bytes} bytes.</p>\n{challenge}{}",
                Escaped(kind),
                hint(call)
            )
        }
        ApiOutcome::Nothing { reason } => format!("<p>{}</p>\n", Escaped(reason)),
    }
}

fn hint(call: &ApiCall) -> String {
    if let Some(path) = &call.step_up {
        return format!(
            "<p class=\"note\">The token is good, but this API wants you to have signed in more lately, or by stronger \
             means.</p>\n<div class=\"actions\"><a class=\"button primary\" href=\"{}\" id=\"step-up\">Sign in again for \
             this</a></div>\n",
            Escaped(path)
        );
    }
    let said = match call.outcome.status() {
        Some(401) => {
            "<p class=\"note\">401: the access token is not accepted any longer. Renew it, or log in again.</p>\n"
        }
        Some(403) => {
            "<p class=\"note\">403: the token is good, but its scopes do not reach this far.</p>\n"
        }
        Some(300..=399) => {
            "<p class=\"note\">A redirect is not followed: it could carry the token to somebody else.</p>\n"
        }
        _ => "",
    };
    said.to_owned()
}
