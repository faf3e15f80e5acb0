//! The built-in page on which people see where they are logged in, and end it.

use codegrant_core::Timestamp;

use super::built_in::SEND_ORIGIN;
use super::document::{Document, Icon};
use super::html::{Escaped, local};
use super::{Page, SessionLine, SessionsPage};

pub(super) fn sessions(page: &SessionsPage<'_>) -> Page {
    let action = local(page.action);
    let lines: String = page
        .sessions
        .iter()
        .map(|line| one(line, page.action, page.now))
        .collect();
    let note = if page.lists_all {
        ""
    } else {
        "<p class=\"note\">Other devices are not listed: this app keeps each login in its own browser only.</p>\n"
    };
    let all = if page.everywhere {
        format!(
            "<form class=\"actions\" method=\"post\" action=\"{action}\">\n\
             <input type=\"hidden\" name=\"all\" value=\"1\">\n\
             <button class=\"button primary\" type=\"submit\">Log out everywhere</button>\n</form>\n"
        )
    } else {
        String::new()
    };
    Document {
        icon: Icon::Person,
        title: "Where you are logged in",
        head: SEND_ORIGIN,
        body: &format!(
            "<p>Log out a device that you do not know or no longer use.</p>\n<ul class=\"sessions\" role=\"list\">\n{lines}</ul>\n\
             {note}{all}<p class=\"note back\"><a href=\"{home}\">Go back to the app</a></p>\n",
            home = local(page.home),
        ),
    }
    .into_page()
}

fn one(line: &SessionLine<'_>, action: &str, now: Timestamp) -> String {
    let device = Escaped(line.device);
    let (seen, button) = if line.is_this_one {
        ("This device, now".to_owned(), "Log out")
    } else {
        let seen = ago(now.seconds_since(line.last_seen));
        (format!("Last seen {seen}"), "End")
    };
    format!(
        "<li>\n<div><b>{device}</b>\n<small>{seen}</small>\n\
         <small>Logged in {started} with <bdi>{provider}</bdi></small></div>\n\
         <form method=\"post\" action=\"{action}\">\n\
         <input type=\"hidden\" name=\"handle\" value=\"{handle}\">\n\
         <button class=\"button\" type=\"submit\" aria-label=\"{button}: {device}\">{button}</button>\n</form>\n</li>\n",
        started = ago(now.seconds_since(line.started_at)),
        provider = Escaped(line.provider),
        action = local(action),
        handle = Escaped(line.handle),
    )
}

/// Says how long ago, in no time zone.
fn ago(seconds: i64) -> String {
    let counted = |number: i64, unit: &str| {
        let plural = if number == 1 { "" } else { "s" };
        format!("{number} {unit}{plural} ago")
    };
    match seconds {
        ..60 => "just now".to_owned(),
        60..3_600 => counted(seconds / 60, "minute"),
        3_600..86_400 => counted(seconds / 3_600, "hour"),
        _ => counted(seconds / 86_400, "day"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_ago_is_said_in_the_largest_whole_unit() {
        for (seconds, said) in [
            (-5, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (3_599, "59 minutes ago"),
            (3_600, "1 hour ago"),
            (86_399, "23 hours ago"),
            (86_400, "1 day ago"),
            (30 * 86_400, "30 days ago"),
        ] {
            assert_eq!(ago(seconds), said);
        }
    }
}
