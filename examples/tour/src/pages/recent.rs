//! The page that wants more than a login: a sign-in of the last five minutes.

use codegrant_web::Session;
use codegrant_web::pages::Escaped;

use super::document::{Frame, Place};
use crate::tour::Answer;

/// Greets whoever signed in lately; nobody else gets here.
pub(crate) fn recent(frame: &Frame<'_>, session: &Session) -> Answer {
    let main = format!(
        "<div class=\"hero\"><h1>It is really you, <bdi>{name}</bdi></h1>\n\
         <p class=\"lead\">This page wants a sign-in of the last five minutes, as one that moves money would. Come back \
         later, and you are sent to your provider first, and then to this very page.</p></div>\n\
         <div class=\"actions row\"><a class=\"button primary\" href=\"/me\">See what the session says</a>\n\
         <a class=\"button\" href=\"/flow\">How you logged in</a></div>\n",
        name = Escaped(&session.identity().to_string()),
    );
    frame.page(200, Place::Nowhere, "A recent sign-in", &main)
}
