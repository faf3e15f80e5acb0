//! What makes a page notice that the user has logged out at the provider (OpenID Connect Session Management 1.0).

use codegrant_web::pages::Escaped;

/// Asks the login what the change means, as the guide to log-out has it.
pub(super) const SCRIPT: &str = r#"
  addEventListener("message", function (event) {
    if (event.origin !== location.origin || event.data.codegrant !== "session") { return; }
    if (event.data.state !== "changed") { return; }
    location.assign(event.data.check + "&return_to=" + encodeURIComponent(location.pathname + location.search));
  });
"#;

/// Puts the login's frame into a page, and the script that hears what it reports.
pub(super) fn html(base: &str, provider: &str) -> String {
    format!(
        "<iframe src=\"{}/session/{}\" hidden title=\"Session\"></iframe>\n<script>{SCRIPT}</script>\n",
        Escaped(base),
        Escaped(provider)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Configuration, Tour};

    /// Whatever is seen to work here works for whoever copies it from there.
    #[test]
    fn the_guide_has_the_very_script() {
        let guide = include_str!("../../../../docs/guide/log-out.md");
        assert!(guide.contains(&format!("<script>{SCRIPT}</script>")));
    }

    #[test]
    fn nothing_is_watched_for_a_stranger_or_without_the_switch() {
        let entry = "public_origin = \"http://localhost:3000\"\n[[provider]]\nid = \"house\"\n\
                     issuer = \"http://localhost:4000\"\nclient_id = \"tour\"\nauthentication = \"none\"\n";
        for (switch, watched) in [("", vec![]), ("session_management = true\n", vec!["house"])] {
            let configuration = Configuration::parse(&format!("{entry}{switch}")).unwrap();
            assert_eq!(configuration.watched(), watched);
            let page = Tour::start(&configuration).unwrap().home(None);
            assert!(!page.body.contains("<iframe") && !page.body.contains("<script"));
        }
    }
}
