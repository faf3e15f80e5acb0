//! The first page: what this is, and where to log in.

use std::fmt::Write as _;

use codegrant_web::Session;
use codegrant_web::pages::Escaped;
use codegrant_web::provider::Provider;

use super::document::{Frame, Place, initial};
use crate::tour::Answer;

/// Shows what this is, who is there, and a button for each provider.
pub(crate) fn home(frame: &Frame<'_>, dev_provider: bool) -> Answer {
    let mut main = String::from(
        "<div class=\"hero\">\n<h1>Log in, and watch how it works</h1>\n\
         <p class=\"lead\">A small app with one protected page. Logging in takes five steps between your browser, \
         this app and a provider: the OAuth 2.0 Authorization Code Grant. Afterwards you see each of them.</p>\n</div>\n",
    );
    main.push_str(&match frame.session {
        Some(session) => greeting(frame, session),
        None => choice(frame, dev_provider),
    });
    main.push_str(STEPS);
    frame.page(200, Place::Home, "Start", &main)
}

fn greeting(frame: &Frame<'_>, session: &Session) -> String {
    let identity = session.identity();
    format!(
        "<section class=\"card\" id=\"logged-in\">\n<div class=\"person-card\">{}\
         <div><h2>You are <bdi>{}</bdi></h2>\n<p class=\"quiet\">Logged in with {}.</p></div></div>\n\
         <div class=\"actions\"><a class=\"button primary\" href=\"/me\">What is known about you</a>\n\
         <a class=\"button\" href=\"/flow\">How you logged in, step by step</a>\n\
         <a class=\"button\" href=\"/api-call\">Call an API in your name</a></div>\n</section>\n",
        initial(identity),
        Escaped(&identity.to_string()),
        frame.provider_name(&identity.provider),
    )
}

fn choice(frame: &Frame<'_>, dev_provider: bool) -> String {
    let mut html = String::from(
        "<section class=\"card\" id=\"log-in\">\n<h2>Nobody is logged in</h2>\n\
         <p>Choose where you have an account. Your password stays there: this app never sees it.</p>\n\
         <div class=\"actions\">\n",
    );
    for provider in frame.auth.providers() {
        button(&mut html, frame, provider);
    }
    html.push_str("</div>\n");
    if dev_provider {
        html.push_str(
            "<p class=\"note\">The development provider is part of this app and works without internet. \
             Pick any person there, or type a name.</p>\n",
        );
    }
    html.push_str(
        "<p class=\"note\">Or open <a href=\"/me\">the protected page</a> as a stranger would: you are sent to \
         the login and come back to it.</p>\n</section>\n",
    );
    html
}

fn button(html: &mut String, frame: &Frame<'_>, provider: &Provider) {
    let written = writeln!(
        html,
        "<a class=\"button primary\" href=\"{base}/login/{id}?return_to=/me\" data-provider=\"{id}\">\
         <span>Log in with <bdi>{name}</bdi></span></a>",
        base = frame.base(),
        id = Escaped(&provider.id),
        name = Escaped(&provider.name),
    );
    written.expect("writing to a string does not fail");
}

const STEPS: &str = r#"<section>
<h2>The five steps</h2>
<ol class="path">
<li><strong>You open the app.</strong> It does not know you.</li>
<li><strong>You choose a provider</strong> by its log-in button.</li>
<li><strong>Your browser goes there</strong> with the app's id and the scopes it asks for. You sign in and consent.</li>
<li><strong>Your browser comes back</strong> with a code that is good for one use.</li>
<li><strong>The app exchanges the code</strong> for tokens, proves who you are, and opens a session.</li>
</ol>
</section>
"#;
