//! A browser without a screen, over real sockets: for pages that need no scripts and no eyes.

use std::time::{SystemTime, UNIX_EPOCH};

use codegrant_core::Timestamp;
use codegrant_core::http::HttpResponse;
use codegrant_core::oauth2::url::Url;

use super::{must, plain_http};
use crate::site::cookies::CookieJar;
use crate::site::reply::{Reply, attribute};
use crate::site::visit::Visit;

/// How many redirects in a row a browser takes.
const REDIRECTS: usize = 20;

/// Somebody with a cookie jar, who never runs scripts.
#[derive(Clone, Default)]
pub(super) struct Visitor {
    cookies: CookieJar,
    /// Every answer, oldest first, redirects among them.
    seen: Vec<Reply>,
}

impl Visitor {
    /// Opens an address as if it had been typed, and follows no redirect.
    pub(super) fn get(&mut self, url: &str) -> Reply {
        self.send(&Visit::get(url))
    }

    /// Returns every answer so far, oldest first, redirects among them.
    pub(super) fn seen(&self) -> &[Reply] {
        &self.seen
    }

    /// Opens an address and goes where redirects lead.
    pub(super) fn browse(&mut self, url: &str) -> Reply {
        let first = self.get(url);
        self.follow(first)
    }

    /// Goes where redirects lead.
    pub(super) fn follow(&mut self, first: Reply) -> Reply {
        self.follow_while(first, |_| true)
    }

    /// Goes where redirects lead as long as `goes_on` agrees with the next address.
    pub(super) fn follow_while(&mut self, first: Reply, goes_on: impl Fn(&str) -> bool) -> Reply {
        let mut reply = first;
        for _ in 0..REDIRECTS {
            let Some(next) = target_of(&reply).filter(|next| goes_on(next)) else {
                return reply;
            };
            let mut visit = Visit::get(next);
            visit.initiator = reply.initiator.clone();
            reply = self.send(&visit);
        }
        panic!(
            "more than {REDIRECTS} redirects, the last from {}",
            reply.url
        );
    }

    /// Presses a button of a form: the first form whose address ends so, its hidden fields and these.
    ///
    /// A form without an address goes to the page that it stands on.
    pub(super) fn submit(
        &mut self,
        page: &Reply,
        address_end: &str,
        more: &[(&str, &str)],
    ) -> Reply {
        let mut forms = page.body.split("<form").skip(1).map(|form| {
            let (tag, _) = form.split_once('>').unwrap_or((form, ""));
            match attribute(tag, "action") {
                Some(_) => format!("<form{form}"),
                None => format!("<form action=\"\"{form}"),
            }
        });
        let fits = |form: &String| {
            attribute(form, "action").is_some_and(|action| action.ends_with(address_end))
        };
        let form = forms.find(fits).unwrap_or_else(|| {
            panic!(
                "{} has no form to ...{address_end}: {}",
                page.url, page.body
            )
        });
        let (action, fields) = Reply {
            body: form,
            ..page.clone()
        }
        .form()
        .unwrap_or_default();
        let fields = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let fields: Vec<(&str, &str)> = fields.chain(more.iter().copied()).collect();
        let from = parsed(&page.url).origin().ascii_serialization();
        let url = joined(&page.url, &action);
        self.send(&Visit::post(url, &fields).from_page(from))
    }

    /// Follows a link: the first whose address ends so.
    pub(super) fn follow_link(&mut self, page: &Reply, address_end: &str) -> Reply {
        let mut links = page
            .body
            .split("<a ")
            .skip(1)
            .filter_map(|link| attribute(&format!(" {link}"), "href"));
        let found = links.find(|address| address.ends_with(address_end));
        let address = found.unwrap_or_else(|| {
            panic!(
                "{} has no link to ...{address_end}: {}",
                page.url, page.body
            )
        });
        let from = parsed(&page.url).origin().ascii_serialization();
        self.send(&Visit::get(joined(&page.url, &address)).from_page(from))
    }

    /// Returns the cookies that a browser takes along to an address that a redirect led to.
    pub(super) fn cookies_for(&self, url: &str) -> Option<String> {
        let occasion = Visit::get(url).occasion(&parsed(url), "");
        self.cookies.header(&parsed(url), occasion, now())
    }

    /// Takes an answer to a `GET` that no socket was needed for.
    pub(super) fn receive(&mut self, url: &str, response: HttpResponse) -> Reply {
        self.keep(&Visit::get(url), response)
    }

    /// Sends any request, and follows no redirect.
    pub(super) fn send(&mut self, visit: &Visit) -> Reply {
        let url = parsed(&visit.target);
        // Whoever is not the person is a page, which names itself: there is no app by values here.
        let mut headers = visit.headers(&url, "");
        let cookies = self.cookies.header(&url, visit.occasion(&url, ""), now());
        headers.extend(cookies.map(|cookies| ("cookie".to_owned(), cookies)));
        let lines: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let response = must(
            &visit.target,
            plain_http::send(&visit.method, &visit.target, &lines, &visit.body),
        );
        self.keep(visit, response)
    }

    fn keep(&mut self, visit: &Visit, response: HttpResponse) -> Reply {
        let url = parsed(&visit.target);
        for (name, value) in &response.headers {
            if name == "set-cookie" {
                self.cookies.take(&url, value, now());
            }
        }
        let reply = Reply {
            url: visit.target.clone(),
            status: response.status,
            headers: response.headers,
            body: String::from_utf8_lossy(&response.body).into_owned(),
            initiator: visit.initiator.clone(),
            // Whatever the app knows of a login stays in the app.
            login: None,
        };
        self.seen.push(reply.clone());
        reply
    }
}

/// Returns where a redirect leads, as an absolute address.
pub(super) fn target_of(reply: &Reply) -> Option<String> {
    let location = reply
        .location()
        .filter(|_| (301..=308).contains(&reply.status))?;
    Some(joined(&reply.url, location))
}

/// Returns the reply if its status is this one and it says all of these.
pub(super) fn saying(reply: Reply, status: u16, words: &[&str]) -> Reply {
    let Reply { url, body, .. } = &reply;
    assert_eq!(reply.status, status, "{url}: {body}");
    for word in words {
        assert!(body.contains(word), "{url} does not say {word:?}: {body}");
    }
    reply
}

fn joined(base: &str, address: &str) -> String {
    must(address, parsed(base).join(address)).into()
}

fn parsed(url: &str) -> Url {
    must(url, Url::parse(url))
}

fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_unix(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
