//! The built-in pages: what each one says and offers.

use super::document::{Document, Icon};
use super::html::{Escaped, local};
use super::{
    ConfirmLinkPage, ErrorPage, LinkPage, LinkedAccount, LogOutPage, LoggedOutPage, LoginPage,
    Page, Problem, ProviderLink,
};

/// Lets a page with a form say where it comes from.
///
/// Responses ask for no `Referer` at all, and then browsers send `Origin: null` with a form, so that the
/// form would fail the origin check (Fetch, "append a request `Origin` header").
pub(super) const SEND_ORIGIN: &str = "<meta name=\"referrer\" content=\"same-origin\">\n";

pub(super) fn login(page: &LoginPage<'_>) -> Page {
    let title = page
        .app_name
        .map_or_else(|| "Log in".to_owned(), |app| format!("Log in to {app}"));
    let links: String = page.providers.iter().map(provider_link).collect();
    let choice = if links.is_empty() {
        "<p>No way to log in is set up yet.</p>\n".to_owned()
    } else {
        // Safari takes a list without bullets for no list, unless its role says so.
        format!(
            "<p>Choose an account that you already have.</p>\n<ul role=\"list\">\n{links}</ul>\n\
             <p class=\"note\">You type your password at the provider only. This app never sees it.</p>\n"
        )
    };
    let home = local(page.home);
    Document {
        icon: Icon::Person,
        title: &title,
        head: "",
        body: &format!(
            "{choice}<p class=\"note back\"><a href=\"{home}\">Go back to the app</a></p>\n"
        ),
    }
    .into_page()
}

pub(super) fn error(page: &ErrorPage<'_>) -> Page {
    let reference = reference(page.correlation_id);
    let home = local(page.home);
    if let Some(restart) = page.restart {
        let restart = local(restart);
        return Document {
            icon: Icon::Onward,
            title: "One moment",
            head: &format!("<meta http-equiv=\"refresh\" content=\"0;url={restart}\">\n"),
            body: &format!(
                "<p>Your login starts again by itself.</p>\n<div class=\"actions\">\n\
                 <a class=\"button primary\" href=\"{restart}\">Continue</a>\n</div>\n{reference}"
            ),
        }
        .into_page();
    }
    let actions = page.retry.map(local).map_or_else(
        || format!("<a class=\"button primary\" href=\"{home}\">Go back to the app</a>\n"),
        |retry| {
            let way_on = match page.problem {
                Problem::AccountRefused | Problem::LinkRefused | Problem::OwnAccount => {
                    "Use another account"
                }
                Problem::OtherAccount => "Choose the account again",
                Problem::SignInAgain => "Sign in again",
                _ => "Try again",
            };
            format!(
                "<a class=\"button primary\" href=\"{retry}\">{way_on}</a>\n\
                 <a class=\"button\" href=\"{home}\">Go back to the app</a>\n"
            )
        },
    );
    Document {
        icon: Icon::Notice,
        title: page.problem.title(),
        head: "",
        body: &format!(
            "<p>{sentence}</p>\n<div class=\"actions\">\n{actions}</div>\n{reference}",
            sentence = Escaped(page.problem.sentence()),
        ),
    }
    .into_page()
}

pub(super) fn link(page: &LinkPage<'_>) -> Page {
    Document {
        icon: Icon::Person,
        title: &format!("Add an account at {}", page.provider),
        head: SEND_ORIGIN,
        body: &format!(
            "<p>Whoever can sign in to that account will get in here as you.</p>\n{user}\
             <form class=\"actions\" method=\"post\" action=\"{action}\">\n\
             <input type=\"hidden\" name=\"return_to\" value=\"{return_to}\">\n\
             <button class=\"button primary\" type=\"submit\">\
             <span>Sign in at <bdi>{provider}</bdi></span></button>\n\
             <a class=\"button\" href=\"{back}\">Cancel</a>\n</form>\n",
            user = accounts(&[("You are logged in as", &page.user)]),
            action = local(page.action),
            provider = Escaped(page.provider),
            return_to = Escaped(page.return_to),
            back = local(page.return_to),
        ),
    }
    .into_page()
}

pub(super) fn confirm_link(page: &ConfirmLinkPage<'_>) -> Page {
    let shown = [
        ("You signed in as", &page.account),
        ("It will get in here as", &page.user),
    ];
    Document {
        icon: Icon::Person,
        title: "Add this account?",
        head: SEND_ORIGIN,
        body: &format!(
            "<p>Add it only if it is your own.</p>\n{shown}\
             <form class=\"actions\" method=\"post\" action=\"{action}\">\n\
             <input type=\"hidden\" name=\"confirm\" value=\"{confirm}\">\n\
             <button class=\"button primary\" type=\"submit\">Add this account</button>\n</form>\n\
             <form class=\"actions next\" method=\"post\" action=\"{action}\">\n\
             <input type=\"hidden\" name=\"return_to\" value=\"{return_to}\">\n\
             <button class=\"button\" type=\"submit\">Use another account</button>\n\
             <a class=\"button\" href=\"{back}\">Cancel</a>\n</form>\n",
            shown = accounts(&shown),
            action = local(page.action),
            confirm = Escaped(page.confirm),
            return_to = Escaped(page.return_to),
            back = local(page.return_to),
        ),
    }
    .into_page()
}

/// Lists accounts by what people know them by; providers let anybody write what they like there.
fn accounts(shown: &[(&str, &LinkedAccount<'_>)]) -> String {
    let lines = shown.iter().map(|(label, account)| {
        let named = account.name.or(account.username);
        let more = [account.email, account.username, Some(account.subject)];
        let called = named.or(account.email).unwrap_or(account.subject);
        let more = more.into_iter().flatten().find(|text| *text != called);
        let more = more.map_or_else(String::new, |text| {
            format!("<br><bdi>{}</bdi>", Escaped(&shortened(text)))
        });
        format!(
            "<dt>{label}</dt>\n<dd><strong><bdi>{called}</bdi></strong>{more}<br>\
             <span>at <bdi>{provider}</bdi></span></dd>\n",
            called = Escaped(&shortened(called)),
            provider = Escaped(account.provider),
        )
    });
    format!("<dl>\n{}</dl>\n", lines.collect::<String>())
}

/// Returns a text that is no longer than a page can show.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 80;
    let visible = text.chars().filter(|char| !char.is_control());
    let mut short: String = visible.clone().take(LONGEST).collect();
    if visible.count() > LONGEST {
        short.push('\u{2026}');
    }
    short
}

pub(super) fn log_out(page: &LogOutPage<'_>) -> Page {
    let everywhere = if page.everywhere {
        "<button class=\"button\" type=\"submit\" name=\"everywhere\" value=\"1\">Log out everywhere</button>\n"
    } else {
        ""
    };
    Document {
        icon: Icon::Leave,
        title: "Log out?",
        head: SEND_ORIGIN,
        body: &format!(
            "<p>This ends your login to this app in this browser.</p>\n\
             <form class=\"actions\" method=\"post\" action=\"{action}\">\n\
             <input type=\"hidden\" name=\"return_to\" value=\"{return_to}\">\n\
             <button class=\"button primary\" type=\"submit\">Log out</button>\n{everywhere}\
             <a class=\"button\" href=\"{home}\">Stay logged in</a>\n</form>\n",
            action = local(page.action),
            return_to = Escaped(page.return_to),
            home = local(page.home),
        ),
    }
    .into_page()
}

pub(super) fn logged_out(page: &LoggedOutPage<'_>) -> Page {
    let note = if page.is_back {
        ""
    } else {
        "<p class=\"note\">The provider may still know you. On a computer that you share, log out there too.</p>\n"
    };
    Document {
        icon: Icon::Done,
        title: "You are logged out",
        head: "",
        body: &format!(
            "<p>You can close this window now.</p>\n<div class=\"actions\">\n\
             <a class=\"button primary\" href=\"{login}\">Log in again</a>\n\
             <a class=\"button\" href=\"{home}\">Go back to the app</a>\n</div>\n{note}",
            login = local(page.login),
            home = local(page.home),
        ),
    }
    .into_page()
}

fn provider_link(provider: &ProviderLink<'_>) -> String {
    format!(
        "<li><a class=\"button provider\" href=\"{url}\" data-provider=\"{id}\">\
         <svg class=\"initial\" viewBox=\"0 0 32 32\" aria-hidden=\"true\">\
         <circle cx=\"16\" cy=\"16\" r=\"16\"/><text x=\"16\" y=\"16\">{initial}</text></svg>\
         <span>Log in with <bdi>{name}</bdi></span></a></li>\n",
        url = local(provider.url),
        id = Escaped(provider.id),
        initial = Escaped(&initial(provider.name)),
        name = Escaped(provider.name),
    )
}

/// Returns the one sign that stands for a provider; never a logo, which is somebody's trademark.
fn initial(name: &str) -> String {
    name.chars()
        .find(|char| char.is_alphanumeric())
        .map_or_else(
            || "\u{2022}".to_owned(),
            // One letter may become two in upper case; the circle has room for one.
            |char| char.to_uppercase().take(1).collect(),
        )
}

fn reference(correlation_id: &str) -> String {
    format!(
        "<p class=\"note\">If you need help, give this reference to support:\n<code>{}</code></p>\n",
        Escaped(correlation_id)
    )
}
