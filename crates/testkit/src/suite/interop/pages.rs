//! A person in front of a provider's pages.

use super::provider::{Provider, Software};
use crate::site::reply::Reply;
use crate::suite::visitor::{Visitor, target_of};

/// The password of every user of the providers that look at it.
pub(super) const PASSWORD: &str = "difference engine";

/// How many pages a provider shows before it sends somebody back: sign-in and consent, and once more of each
/// for somebody who has to be asked again.
const PAGES: usize = 4;

/// Answers the provider's pages as this user until it sends the browser elsewhere; returns that redirect, or
/// the page that posts the answer.
pub(super) fn consent(
    visitor: &mut Visitor,
    provider: &Provider,
    user: &str,
    first: Reply,
) -> Reply {
    let origin = origin(&provider.issuer);
    let stays = |next: &str| next.starts_with(&origin);
    let mut reply = visitor.follow_while(first, stays);
    for _ in 0..PAGES {
        if target_of(&reply).is_some() {
            break;
        }
        let Some((form, answers)) = answers(provider.software, &reply, user) else {
            break;
        };
        let next = visitor.submit(&reply, &form, &answers);
        reply = visitor.follow_while(next, stays);
    }
    reply
}

/// Says yes to the provider's question whether to sign out.
pub(super) fn sign_out(visitor: &mut Visitor, software: Software, question: &Reply) -> Reply {
    let (form, yes) = match software {
        Software::OidcProvider => ("/session/end/confirm", ("logout", "yes")),
        Software::Canaille => ("", ("answer", "logout")),
        Software::DjangoOauthToolkit => ("", ("allow", "Logout")),
    };
    visitor.submit(question, form, &[yes])
}

/// What a form is sent with besides its hidden fields.
type Answers<'a> = Vec<(&'a str, &'a str)>;

/// Returns the end of a form's address and what to fill in; `None` for a page that asks nothing.
fn answers<'a>(software: Software, page: &Reply, user: &'a str) -> Option<(String, Answers<'a>)> {
    let asks = |name: &str| page.body.contains(&format!("name=\"{name}\""));
    match software {
        Software::OidcProvider => {
            let (_, rest) = page.body.split_once("name=\"prompt\" value=\"")?;
            let interaction = page.url.rsplit('/').next().unwrap_or_default().to_owned();
            let answers = match rest.split('"').next()? {
                "login" => vec![("login", user), ("password", "x")],
                _ => Vec::new(),
            };
            Some((interaction, answers))
        }
        _ => {
            let answers = if page.body.contains("id=\"accept\"") {
                vec![("answer", "accept")]
            } else if asks("allow") {
                vec![("allow", "Authorize")]
            } else if asks("username") {
                vec![("username", user), ("password", PASSWORD)]
            } else if asks("password") {
                vec![("password", PASSWORD)]
            } else if asks("login") {
                vec![("login", user)]
            } else {
                return None;
            };
            Some((String::new(), answers))
        }
    }
}

/// Returns the scheme and the host of an address, with a slash.
fn origin(url: &str) -> String {
    let parts: Vec<&str> = url.splitn(4, '/').take(3).collect();
    format!("{}/", parts.join("/"))
}
