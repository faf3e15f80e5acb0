//! The frame that asks the provider's frame whether its session has changed (OpenID Connect Session
//! Management 1.0 section 3.1).
//!
//! ```text
//!   page of the app ──frame── this page ──frame── check_session_iframe of the provider
//!                                 │  "client_id session_state", every five seconds ──▶
//!                                 ◀── "unchanged" | "changed" | "error"
//!                   ◀── {codegrant: "session", provider, state, check}, once
//! ```

use super::Page;
use super::document::source_hash;
use super::html::{Escaped, local};

/// What the frame watches.
pub(crate) struct Watched<'a> {
    /// The provider's id.
    pub(crate) provider: &'a str,
    /// Our id there.
    pub(crate) client_id: &'a str,
    /// What the login brought.
    pub(crate) session_state: &'a str,
    /// The provider's frame.
    pub(crate) address: &'a str,
    /// Where that is: messages go there and come from there, and nowhere else.
    pub(crate) origin: &'a str,
    /// The path that asks the provider whether somebody is still logged in, without a word to the person.
    pub(crate) check: &'a str,
}

/// Asks, and tells the page around it once.
///
/// A message counts when it comes from the provider's frame and from its origin. After a "changed" or an
/// "error" nothing more is asked. Two reports of one tab are at least a minute apart, also over page loads, so
/// that a provider that always says "changed" does not keep a page from being read.
///
/// A frame of another site sees none of its cookies in most browsers, and then says "changed" whatever is true.
/// What has never been "unchanged" in this tab is reported twice and no more: whoever reads the page has not
/// been sent round for nothing all day, and has not lost what they were typing.
pub(super) const SCRIPT: &str = r#"(function () {
  "use strict";
  var own = document.currentScript.dataset;
  var frame = document.getElementById("provider");
  var pause = 60000, every = 5000, most = 2, timer = 0, over = false, sees = false;
  var key = "codegrant.session." + own.provider;
  function held(name) {
    try { return Number(sessionStorage.getItem(key + name)) || 0; } catch (refused) { return 0; }
  }
  function hold(name, number) {
    try { sessionStorage.setItem(key + name, String(number)); } catch (refused) { }
  }
  function report(state) {
    hold(".at", Date.now());
    hold(".blind", sees ? 0 : held(".blind") + 1);
    window.parent.postMessage(
      { codegrant: "session", provider: own.provider, state: state, check: own.check },
      window.location.origin
    );
  }
  function ask() {
    frame.contentWindow.postMessage(own.message, own.origin);
  }
  window.addEventListener("message", function (event) {
    if (event.origin !== own.origin || event.source !== frame.contentWindow || over) { return; }
    if (event.data === "unchanged" && !sees) { sees = true; hold(".blind", 0); }
    if (event.data !== "changed" && event.data !== "error") { return; }
    over = true;
    clearInterval(timer);
    if (!sees && held(".blind") >= most) { return; }
    var wait = held(".at") + pause - Date.now();
    setTimeout(report, wait > 0 && wait <= pause ? wait : 0, event.data);
  });
  frame.addEventListener("load", ask);
  timer = setInterval(ask, every);
})();"#;

/// Renders the frame; without anything to watch it is empty.
pub(crate) fn session_frame(watched: Option<&Watched<'_>>) -> Page {
    let Some(watched) = watched else {
        let policy = "default-src 'none'; base-uri 'none'; frame-ancestors 'self'";
        return Page::with_policy(html(""), policy.to_owned());
    };
    let policy = format!(
        "default-src 'none'; script-src '{}'; frame-src {}; form-action 'none'; base-uri 'none'; \
         frame-ancestors 'self'",
        source_hash(SCRIPT),
        watched.origin
    );
    // The frame keeps its origin, whose cookies it is for, and cannot lead our page away.
    let body = format!(
        "<iframe id=\"provider\" title=\"Session at the provider\" src=\"{address}\" \
         sandbox=\"allow-scripts allow-same-origin\" hidden></iframe>\n\
         <script data-message=\"{client_id} {session_state}\" data-origin=\"{origin}\" \
         data-provider=\"{provider}\" data-check=\"{check}\">{SCRIPT}</script>\n",
        address = Escaped(watched.address),
        client_id = Escaped(watched.client_id),
        session_state = Escaped(watched.session_state),
        origin = Escaped(watched.origin),
        provider = Escaped(watched.provider),
        check = local(watched.check),
    );
    Page::with_policy(html(&body), policy)
}

fn html(body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>Session</title>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::super::post_to;
    use super::*;

    const HOSTILE: &str = "\"'><script src=//evil.example/x.js></script><b onload=x>&amp;";

    fn watched(text: &str) -> Page {
        session_frame(Some(&Watched {
            provider: text,
            client_id: text,
            session_state: text,
            address: text,
            origin: "https://op.example",
            check: text,
        }))
    }

    #[test]
    fn pages_for_a_provider_allow_their_one_script_and_escape_what_they_are_filled_with() {
        let frame = watched(HOSTILE);
        let posting = post_to(HOSTILE, &[(HOSTILE, HOSTILE)]);
        for page in [&frame, &posting] {
            let html = &page.html;
            assert!(!html.contains("evil.example/x.js></script><b onload=x"));
            assert_eq!(html.matches("<script").count(), 1, "{html}");
            let (_, script) = html.split_once("<script").unwrap();
            let (attributes, script) = script.split_once('>').unwrap();
            let quotes = attributes.matches('"').count();
            assert_eq!(quotes % 2, 0, "{attributes}");
            let (script, _) = script.split_once("</script>").unwrap();
            let allowed = format!("script-src '{}'", source_hash(script));
            assert!(page.content_security_policy.contains(&allowed), "{allowed}");
        }
        assert!(posting.html.contains("method=\"post\""));
        assert!(!posting.content_security_policy.contains("form-action"));
        assert!(
            frame
                .html
                .contains(" sandbox=\"allow-scripts allow-same-origin\" ")
        );
        let policy = &frame.content_security_policy;
        assert!(policy.contains("; frame-src https://op.example; form-action 'none'; "));
        assert!(policy.ends_with("frame-ancestors 'self'"));
    }

    #[test]
    fn a_frame_with_nothing_to_watch_does_nothing() {
        let page = session_frame(None);
        assert!(!page.html.contains("<script") && !page.html.contains("<iframe"));
        assert!(
            page.content_security_policy
                .starts_with("default-src 'none'; base-uri")
        );
    }
}
