//! The pages that people see on the way: choose a provider, an error, log out, logged out.
//!
//! They are plain HTML that works without JavaScript, loads nothing, and names no other origin. An app
//! that wants its own look implements [`Pages`] and replaces one page or all of them.

mod built_in;
mod document;
mod html;
mod problem;
mod repost;
mod session_frame;
mod sessions;
mod style;
#[cfg(test)]
mod tests;

use codegrant_core::Timestamp;

pub use document::source_hash;
pub use html::Escaped;
pub use problem::Problem;
pub(crate) use repost::{post_to, repost};
pub(crate) use session_frame::{Watched, session_frame};

/// Renders what people see; implement it to replace any page.
///
/// Every method has the built-in page as its default body, so that an implementation writes only what
/// it changes. A page of your own gets its values as they came: put each one through [`Escaped`].
///
/// ```
/// use codegrant_web::pages::{ErrorPage, Escaped, Page, Pages};
///
/// struct OurPages;
///
/// impl Pages for OurPages {
///     fn error(&self, page: &ErrorPage<'_>) -> Page {
///         Page::new(format!(
///             "<!doctype html><html lang=\"en\"><title>{title}</title><h1>{title}</h1><p>{sentence}</p>\
///              <p>Reference: {reference}</p><p><a href=\"{home}\">Home</a></p></html>",
///             title = page.problem.title(),
///             sentence = page.problem.sentence(),
///             reference = Escaped(page.correlation_id),
///             home = Escaped(page.home),
///         ))
///     }
/// }
/// ```
pub trait Pages: Send + Sync + 'static {
    /// Renders the page on which people choose where to log in.
    fn login(&self, page: &LoginPage<'_>) -> Page {
        built_in::login(page)
    }

    /// Renders the page that says what went wrong, and offers a way on.
    fn error(&self, page: &ErrorPage<'_>) -> Page {
        built_in::error(page)
    }

    /// Renders the page that asks before somebody goes to a provider to add an account there.
    fn link(&self, page: &LinkPage<'_>) -> Page {
        built_in::link(page)
    }

    /// Renders the page that shows who came back from there, and asks again.
    fn confirm_link(&self, page: &ConfirmLinkPage<'_>) -> Page {
        built_in::confirm_link(page)
    }

    /// Renders the page that asks before it logs out, for whoever came by a link.
    fn log_out(&self, page: &LogOutPage<'_>) -> Page {
        built_in::log_out(page)
    }

    /// Renders the page on which people see where they are logged in, and end it.
    fn sessions(&self, page: &SessionsPage<'_>) -> Page {
        sessions::sessions(page)
    }

    /// Renders the page that stands at the end of a log-out.
    fn logged_out(&self, page: &LoggedOutPage<'_>) -> Page {
        built_in::logged_out(page)
    }
}

/// Renders the built-in pages, all of them.
#[derive(Debug, Clone, Copy, Default)]
pub struct DefaultPages;

impl Pages for DefaultPages {}

/// Holds a finished page: a whole HTML document and what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// The document, from `<!doctype html>` on, in UTF-8.
    pub html: String,
    /// The value of the `Content-Security-Policy` header (CSP Level 3) that it is sent with.
    pub content_security_policy: String,
}

impl Page {
    /// Makes a page that is text and links only: no style, no script, no image, no frame around it.
    pub fn new(html: String) -> Self {
        Self::with_policy(html, document::BARE_POLICY.to_owned())
    }

    /// Makes a page with a policy of your own, as it goes into `Content-Security-Policy`.
    ///
    /// Keep `frame-ancestors 'none'` and `base-uri 'none'` in it (RFC 9700 section 4.16), and leave
    /// `form-action` out of a log-out page: the form may end at the provider by a redirect, which
    /// browsers count as part of the form's way.
    pub fn with_policy(html: String, content_security_policy: String) -> Self {
        Self {
            html,
            content_security_policy,
        }
    }
}

/// Holds what the page needs on which people choose where to log in.
///
/// Its links are paths of this origin.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoginPage<'a> {
    /// The providers, in the order in which the app lists them.
    pub providers: Vec<ProviderLink<'a>>,
    /// What the app calls itself, if it said so.
    pub app_name: Option<&'a str>,
    /// Where the app starts.
    pub home: &'a str,
}

/// Holds one provider of the login page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProviderLink<'a> {
    /// The provider's id, as it stands in URLs.
    pub id: &'a str,
    /// What people call it.
    pub name: &'a str,
    /// The path that starts a login there, with its query; followed by `GET`.
    pub url: &'a str,
}

/// Holds what the page needs that says what went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorPage<'a> {
    /// What went wrong, as far as the browser is told.
    pub problem: Problem,
    /// The name under which the operator finds the cause.
    pub correlation_id: &'a str,
    /// The path that tries once more, where that makes sense.
    pub retry: Option<&'a str>,
    /// The path that the browser is to go to by itself, because the login starts again.
    ///
    /// A page and not a redirect: the request may come from a form whose policy forbids to end at the
    /// provider.
    pub restart: Option<&'a str>,
    /// Where the app starts.
    pub home: &'a str,
}

/// Holds an account at a provider, as far as people know it: for display, and escaped by whoever shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkedAccount<'a> {
    /// What people call the provider.
    pub provider: &'a str,
    /// The person's name.
    pub name: Option<&'a str>,
    /// The handle.
    pub username: Option<&'a str>,
    /// The e-mail address, verified or not.
    pub email: Option<&'a str>,
    /// The account at the provider, which may say nothing to people.
    pub subject: &'a str,
}

/// Holds what the page needs that asks before somebody goes to a provider to add an account there.
///
/// The page is a form sent by `POST`; what [`LogOutPage`] says of forms holds here too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkPage<'a> {
    /// The path that the form posts to.
    pub action: &'a str,
    /// What people call the provider.
    pub provider: &'a str,
    /// Who is logged in.
    pub user: LinkedAccount<'a>,
    /// The form's field `return_to`, and where a no leads: a path of this app.
    pub return_to: &'a str,
}

/// Holds what the page needs that shows who came back from a provider, and asks whether that account is to be added.
///
/// The page is a form sent by `POST`; what [`LogOutPage`] says of forms holds here too. Show both accounts: people
/// are signed in at providers with accounts that they forgot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfirmLinkPage<'a> {
    /// The path that the form posts to. The form without its field begins again, with another account.
    pub action: &'a str,
    /// The form's field `confirm`: which account is meant.
    pub confirm: &'a str,
    /// Who is logged in.
    pub user: LinkedAccount<'a>,
    /// The account that would be added.
    pub account: LinkedAccount<'a>,
    /// Where a no leads: a path of this app.
    pub return_to: &'a str,
}

/// Holds what the page needs that asks before it logs out.
///
/// The page is a form sent by `POST`. It is served with `Referrer-Policy: no-referrer`, under which
/// browsers send `Origin: null` with a form. Those that send no `Sec-Fetch-Site` either, which are old
/// ones, are then refused: put `<meta name="referrer" content="same-origin">` into a page of your own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogOutPage<'a> {
    /// The path that the form posts to.
    pub action: &'a str,
    /// The form's field `return_to`: the path to go to afterwards.
    pub return_to: &'a str,
    /// Whether to offer a log-out on all devices: the form's field `everywhere`, with any value.
    pub everywhere: bool,
    /// Where the app starts.
    pub home: &'a str,
}

/// Holds what the page needs on which people see where they are logged in.
///
/// Its forms are sent by `POST`, one for each session with the field `handle`, and one with the field `all`; what
/// [`LogOutPage`] says of `Referrer-Policy` holds for them as well.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionsPage<'a> {
    /// The sessions, the one last used first.
    pub sessions: Vec<SessionLine<'a>>,
    /// Whether these are all that are known: sealed cookies of other browsers cannot be listed.
    pub lists_all: bool,
    /// Whether to offer a log-out on all devices.
    pub everywhere: bool,
    /// The path that the forms post to.
    pub action: &'a str,
    /// What time it is.
    pub now: Timestamp,
    /// Where the app starts.
    pub home: &'a str,
}

/// Holds one session of that page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionLine<'a> {
    /// What the form's field `handle` says.
    pub handle: &'a str,
    /// The browser and what it runs on, as it said itself.
    pub device: &'a str,
    /// What people call the provider.
    pub provider: &'a str,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was last used, to some minutes.
    pub last_seen: Timestamp,
    /// Whether it is the one that looks at the page.
    pub is_this_one: bool,
}

/// Holds what the page needs that stands at the end of a log-out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoggedOutPage<'a> {
    /// The path of the login page.
    pub login: &'a str,
    /// Where the app starts.
    pub home: &'a str,
    /// Whether the browser has just come back from the provider's log-out page, with the state that was sent
    /// there.
    pub is_back: bool,
}
