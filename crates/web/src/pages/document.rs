//! The frame that all built-in pages share: head, style, card, and the policy that they are sent with.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use codegrant_core::jose::base64url;

use super::html::Escaped;
use super::style::STYLE;
use super::{Page, repost};

/// The policy of a page that has neither style nor script.
pub(super) const BARE_POLICY: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/// The policy of the built-in pages.
///
/// There is no `form-action`: log-out is a form that may end at the provider by a redirect, and
/// Chromium applies `form-action` to every address on the way.
static STYLED_POLICY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "default-src 'none'; style-src '{}'; base-uri 'none'; frame-ancestors 'none'",
        source_hash(STYLE)
    )
});

/// The policy of the page that sends itself: one script, and a form that cannot leave this origin.
static REPOST_POLICY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'",
        source_hash(repost::SCRIPT),
        source_hash(STYLE)
    )
});

/// The policy of the page that sends itself to a provider: as above, and without `form-action`, because the
/// provider may lead on to others by redirects.
static POSTING_POLICY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; base-uri 'none'; frame-ancestors 'none'",
        source_hash(repost::SCRIPT),
        source_hash(STYLE)
    )
});

/// The drawing above the heading; it says nothing that the heading does not say.
#[derive(Debug, Clone, Copy)]
pub(super) enum Icon {
    Person,
    Notice,
    Leave,
    Done,
    Onward,
}

impl Icon {
    const fn path(self) -> &'static str {
        match self {
            Self::Person => "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20a7.5 7.5 0 0 1 15 0",
            Self::Notice => "M12 4.5v9.5M12 19v.01",
            Self::Leave => "M10 4H6v16h4M14 8l4 4-4 4M18 12h-8",
            Self::Done => "M5.5 12.5l4.5 4.5 9-10",
            Self::Onward => "M5 12h14M13 6l6 6-6 6",
        }
    }
}

/// A built-in page before it is put together.
pub(super) struct Document<'a> {
    pub(super) icon: Icon,
    /// The heading and the window's title, escaped here.
    pub(super) title: &'a str,
    /// Further elements of the head, as HTML.
    pub(super) head: &'a str,
    /// What stands below the heading, as HTML.
    pub(super) body: &'a str,
}

impl Document<'_> {
    /// Finishes a page that has no script.
    pub(super) fn into_page(self) -> Page {
        Page::with_policy(self.html(), STYLED_POLICY.clone())
    }

    /// Finishes the page that sends itself.
    pub(super) fn into_repost_page(self) -> Page {
        Page::with_policy(self.html(), REPOST_POLICY.clone())
    }

    /// Finishes the page that sends itself to a provider.
    pub(super) fn into_posting_page(self) -> Page {
        Page::with_policy(self.html(), POSTING_POLICY.clone())
    }

    fn html(&self) -> String {
        let Self {
            icon, head, body, ..
        } = self;
        let title = Escaped(self.title);
        let path = icon.path();
        format!(
            r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
{head}<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="{path}"/></svg>
<h1>{title}</h1>
{body}</main>
</body>
</html>
"#
        )
    }
}

/// Returns the source expression that allows exactly this inline text (CSP Level 3 section 2.3.1).
///
/// Policies are written in plain base64: the other alphabet, and padding, which 32 bytes always need.
///
/// ```
/// use codegrant_web::pages::{Page, source_hash};
/// let style = "body { margin: 2rem }";
/// let policy = format!("default-src 'none'; style-src '{}'", source_hash(style));
/// let page = Page::with_policy(format!("<!doctype html><style>{style}</style>"), policy);
/// # let _ = page;
/// ```
pub fn source_hash(text: &str) -> String {
    let hash = base64url::encode(digest(&SHA256, text.as_bytes()).as_ref());
    format!("sha256-{}=", hash.replace('-', "+").replace('_', "/"))
}
