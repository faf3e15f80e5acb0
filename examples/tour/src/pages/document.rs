//! What all pages share: the head, the line on top, and the headers that they are sent with.

use std::sync::LazyLock;

use codegrant_web::pages::{Escaped, source_hash};
use codegrant_web::{Auth, Identity, Session};

use super::style::STYLE;
use super::watch;
use crate::tour::Answer;

/// Nothing is loaded and nothing runs but the one style sheet.
///
/// There is no `form-action`: a log-out is a form that may end at the provider by a redirect, and
/// Chromium applies `form-action` to every address on the way.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "default-src 'none'; style-src '{}'; base-uri 'none'; frame-ancestors 'none'",
        source_hash(STYLE)
    )
});

/// The policy of a page that watches the session at the provider: one script more, and the login's own frame.
static WATCHING_POLICY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{}; script-src '{}'; frame-src 'self'",
        *POLICY,
        source_hash(watch::SCRIPT)
    )
});

/// What the line on top needs to know.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'a> {
    /// The login: where its endpoints are, and what its providers are called.
    pub(crate) auth: &'a Auth,
    /// Who is there.
    pub(crate) session: Option<&'a Session>,
    /// The providers whose session pages watch.
    pub(crate) watched: &'a [String],
}

/// The places that the line on top leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Home,
    Me,
    Api,
    Flow,
    Nowhere,
}

const LINKS: [(Place, &str, &str); 4] = [
    (Place::Home, "/", "Start"),
    (Place::Me, "/me", "You"),
    (Place::Api, "/api-call", "API"),
    (Place::Flow, "/flow", "Step by step"),
];

impl<'a> Frame<'a> {
    /// Returns where the login's endpoints are, safe in HTML.
    pub(super) fn base(&self) -> Escaped<'a> {
        Escaped(self.auth.base())
    }

    /// Returns what people call a provider, safe in HTML; its id when it is not configured any longer.
    pub(super) fn provider_name(&self, id: &'a str) -> Escaped<'a> {
        let provider = self.auth.providers().find(|provider| provider.id == id);
        Escaped(provider.map_or(id, |provider| provider.name.as_ref()))
    }

    /// Puts a page together; `main` is HTML.
    pub(super) fn page(&self, status: u16, place: Place, title: &str, main: &str) -> Answer {
        let links: String = LINKS
            .iter()
            .map(|(held, path, name)| {
                let current = if *held == place {
                    " aria-current=\"page\""
                } else {
                    ""
                };
                format!("<a href=\"{path}\"{current}>{name}</a>\n")
            })
            .collect();
        let title = Escaped(title);
        let person = self.person();
        let provider = self.session.map(|session| &session.identity().provider);
        let watched = provider.filter(|provider| self.watched.contains(provider));
        let (watch, policy) = match watched {
            Some(provider) => (watch::html(self.auth.base(), provider), &*WATCHING_POLICY),
            None => (String::new(), &*POLICY),
        };
        let body = format!(
            r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} – codegrant tour</title>
<style>{STYLE}</style>
</head>
<body>
<header>
<div class="bar">
<a class="brand" href="/">codegrant <span>tour</span></a>
<nav aria-label="Pages">
{links}</nav>
{person}</div>
</header>
<main>
{main}</main>
<footer>A demo. It shows more than an app should: an app tells strangers nothing about its logins.</footer>
{watch}</body>
</html>
"##
        );
        Answer {
            status,
            headers: vec![
                ("content-type", "text/html; charset=utf-8".to_owned()),
                ("content-security-policy", policy.clone()),
                ("cache-control", "no-store".to_owned()),
                // Forms have to say where they come from: without any referrer the origin would be `null`.
                ("referrer-policy", "same-origin".to_owned()),
                ("x-content-type-options", "nosniff".to_owned()),
                ("x-frame-options", "DENY".to_owned()),
            ],
            body,
        }
    }

    fn person(&self) -> String {
        let base = self.base();
        match self.session {
            None => format!(
                "<div class=\"person\"><a class=\"button small\" href=\"{base}/login?return_to=/me\">Log in</a></div>\n"
            ),
            Some(session) => format!(
                "<form class=\"person\" method=\"post\" action=\"{base}/logout\">\n\
                 <input type=\"hidden\" name=\"return_to\" value=\"/\">\n\
                 <span class=\"who\">{}</span>\n\
                 <button class=\"button small\" type=\"submit\" id=\"log-out\">Log out</button>\n</form>\n",
                Escaped(&session.identity().to_string())
            ),
        }
    }
}

/// Makes the circle with somebody's first letter: a picture would be loaded from elsewhere.
pub(super) fn initial(identity: &Identity) -> String {
    let name = identity.to_string();
    let sign = name.chars().find(|char| char.is_alphanumeric());
    let sign: String = sign.map_or_else(
        || "\u{2022}".to_owned(),
        |char| char.to_uppercase().take(1).collect(),
    );
    format!(
        "<svg class=\"initial\" viewBox=\"0 0 32 32\" aria-hidden=\"true\"><circle cx=\"16\" cy=\"16\" r=\"16\"/>\
         <text x=\"16\" y=\"16.5\">{}</text></svg>\n",
        Escaped(&sign)
    )
}

/// Makes a table of two columns; both sides are text.
pub(super) fn table(caption: &str, rows: &[(&str, &str)]) -> String {
    let rows: String = rows
        .iter()
        .map(|(name, value)| {
            format!(
                "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td></tr>\n",
                Escaped(name),
                Escaped(value)
            )
        })
        .collect();
    format!(
        "<table>\n<caption>{}</caption>\n{rows}</table>\n",
        Escaped(caption)
    )
}
