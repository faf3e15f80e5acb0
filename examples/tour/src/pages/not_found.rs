//! The page for an address that does not exist.

use super::document::{Frame, Place};
use crate::tour::Answer;

/// Says that there is no such page, and leads back.
pub(crate) fn not_found(frame: &Frame<'_>) -> Answer {
    let main = "<div class=\"hero\"><h1>There is no such page</h1>\n\
                <p class=\"lead\">The link is old, or it has a typing mistake in it.</p></div>\n\
                <div class=\"actions row\"><a class=\"button primary\" href=\"/\">Go to the start</a>\n\
                <a class=\"button\" href=\"/flow\">See the last login</a></div>\n";
    frame.page(404, Place::Nowhere, "Not found", main)
}
