//! What people see of the app.

use axum::response::Html;
use codegrant_axum::Auth;
use codegrant_axum::pages::Escaped;

use crate::accounts::{Linked, Listed};

const STYLE: &str = include_str!("style.css");

fn page(title: &str, body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} - Orchard</title>\n<style>{STYLE}</style>\n\
         <header><a href=\"/\">Orchard</a></header>\n<main>\n<h1>{title}</h1>\n{body}</main>\n</html>\n",
        title = Escaped(title),
    ))
}

pub(crate) fn stranger(login: &str) -> Html<String> {
    let body = format!(
        "<p>Log in with an account that you have already.</p>\n\
         <p><a class=\"button\" href=\"{}\">Log in</a></p>\n",
        Escaped(login)
    );
    page("Welcome", &body)
}

pub(crate) fn welcome(name: &str, is_admin: bool) -> Html<String> {
    let admin = if is_admin {
        "<li><a href=\"/admin\">All accounts</a></li>\n"
    } else {
        ""
    };
    let body = format!(
        "<p>You are logged in as <strong>{}</strong>.</p>\n<ul class=\"ways\">\n\
         <li><a href=\"/account\">Ways to log in</a></li>\n\
         <li><a href=\"/auth/sessions\">Where you are logged in</a></li>\n{admin}\
         <li><a href=\"/auth/logout\">Log out</a></li>\n</ul>\n",
        Escaped(name)
    );
    page("Your account", &body)
}

pub(crate) fn account(
    auth: &Auth,
    name: &str,
    identities: &[Linked],
    here: (&str, &str),
) -> Html<String> {
    let only = identities.len() == 1;
    let lines = identities.iter().map(|linked| {
        let this = (linked.issuer.as_str(), linked.subject.as_str()) == here;
        let note = if this {
            " <small>in use now</small>"
        } else {
            ""
        };
        let remove = if only {
            String::new()
        } else {
            format!(
                "<form method=\"post\" action=\"/account/remove\">\
                 <input type=\"hidden\" name=\"issuer\" value=\"{}\">\
                 <input type=\"hidden\" name=\"subject\" value=\"{}\">\
                 <button>Remove</button></form>",
                Escaped(&linked.issuer),
                Escaped(&linked.subject)
            )
        };
        format!(
            "<li><div><strong><bdi>{}</bdi></strong><br>{}{note}</div>{remove}</li>\n",
            Escaped(&linked.label),
            Escaped(called(auth, &linked.provider)),
        )
    });
    let lines: String = lines.collect();
    let more = auth.providers().map(|provider| {
        format!(
            "<p><a class=\"button\" href=\"{}\">Add an account at {}</a></p>\n",
            Escaped(&auth.link_url(&provider.id, "/account")),
            Escaped(&provider.name)
        )
    });
    let more: String = more.collect();
    let body = format!(
        "<p>All of these lead to the account of <strong>{}</strong>.</p>\n\
         <ul class=\"cards\">\n{lines}</ul>\n{more}",
        Escaped(name)
    );
    page("Ways to log in", &body)
}

/// What people call a provider, also one that was taken out of the configuration.
fn called<'a>(auth: &'a Auth, id: &'a str) -> &'a str {
    let mut providers = auth.providers();
    let known = providers.find(|provider| provider.id == id);
    known.map_or(id, |provider| provider.name.as_ref())
}

pub(crate) fn last() -> Html<String> {
    let body = "<p>Nobody could log in to your account without it. Add another one first.</p>\n\
                <p><a class=\"button\" href=\"/account\">Back</a></p>\n";
    page("That is the last one", body)
}

pub(crate) fn admin(name: &str, accounts: &[Listed]) -> Html<String> {
    let lines = accounts.iter().map(|account| {
        format!(
            "<tr><td>{}</td><td><bdi>{}</bdi></td><td>{}</td><td>{}</td></tr>\n",
            account.id,
            Escaped(&account.name),
            account.identities,
            Escaped(&account.roles.join(", "))
        )
    });
    let lines: String = lines.collect();
    let body = format!(
        "<p>{} may see this.</p>\n<table>\n<tr><th>Number</th><th>Name</th><th>Identities</th>\
         <th>Roles</th></tr>\n{lines}</table>\n",
        Escaped(name)
    );
    page("All accounts", &body)
}

pub(crate) fn failed() -> Html<String> {
    page(
        "Please try again",
        "<p>A part of the app does not answer at the moment.</p>\n",
    )
}
