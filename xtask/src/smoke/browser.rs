//! A browser without a screen: cookies, the headers that tell where a request comes from, and no
//! redirect that it was not told to follow.

use std::io;

use super::html::{Fields, encode};
use super::http::{self, Address, Headers, Request, Response, header};

/// What it calls itself, so that its requests can be told from the app's.
pub(super) const USER_AGENT: &str = "codegrant-smoke";

/// A browser with its cookies.
#[derive(Debug, Default)]
pub(super) struct Browser {
    cookies: Vec<Cookie>,
}

/// A page that was asked for: where it is, and what came back.
#[derive(Debug)]
pub(super) struct Visit {
    /// Where.
    pub(super) address: Address,
    /// The method.
    pub(super) method: &'static str,
    /// What was posted.
    pub(super) fields: Fields,
    /// What came back.
    pub(super) response: Response,
}

#[derive(Debug)]
struct Cookie {
    host: String,
    path: String,
    name: String,
    value: String,
}

impl Browser {
    /// Opens an address.
    pub(super) fn open(&mut self, address: Address) -> io::Result<Visit> {
        self.request("GET", address, Vec::new(), None)
    }

    /// Posts a form that stands on `page`.
    pub(super) fn post(&mut self, page: &Address, to: Address, form: Fields) -> io::Result<Visit> {
        self.request("POST", to, form, Some(page))
    }

    fn request(
        &mut self,
        method: &'static str,
        address: Address,
        fields: Fields,
        page: Option<&Address>,
    ) -> io::Result<Visit> {
        let site = match page {
            Some(page) if page.authority == address.authority => "same-origin",
            Some(_) => "cross-site",
            None => "none",
        };
        let mut headers: Headers = vec![
            ("host".to_owned(), address.authority.clone()),
            ("user-agent".to_owned(), USER_AGENT.to_owned()),
            ("accept".to_owned(), "text/html".to_owned()),
            ("sec-fetch-dest".to_owned(), "document".to_owned()),
            ("sec-fetch-mode".to_owned(), "navigate".to_owned()),
            ("sec-fetch-site".to_owned(), site.to_owned()),
        ];
        let cookies = self.cookies_for(&address);
        if !cookies.is_empty() {
            headers.push(("cookie".to_owned(), cookies));
        }
        if let Some(page) = page {
            let form = "application/x-www-form-urlencoded".to_owned();
            headers.push(("origin".to_owned(), format!("http://{}", page.authority)));
            headers.push(("content-type".to_owned(), form));
        }
        let request = Request {
            method: method.to_owned(),
            target: address.target.clone(),
            headers,
            body: encode(&fields).into_bytes(),
        };
        let response = http::send(&address.authority, &request)?;
        for (name, value) in &response.headers {
            if name == "set-cookie" {
                self.take_cookie(&address, value);
            }
        }
        Ok(Visit {
            address,
            method,
            fields,
            response,
        })
    }

    /// Returns the cookies for an address as one header; RFC 6265 section 5.4, as far as it matters on
    /// loopback.
    fn cookies_for(&self, address: &Address) -> String {
        let path = address.path();
        let fitting = self.cookies.iter().filter(|cookie| {
            let below = path.strip_prefix(cookie.path.as_str());
            let below = below.is_some_and(|rest| {
                rest.is_empty() || rest.starts_with('/') || cookie.path.ends_with('/')
            });
            cookie.host == address.host() && below
        });
        let pairs = fitting.map(|cookie| format!("{}={}", cookie.name, cookie.value));
        pairs.collect::<Vec<_>>().join("; ")
    }

    fn take_cookie(&mut self, address: &Address, line: &str) {
        let mut parts = line.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
            return;
        };
        let mut cookie = Cookie {
            host: address.host().to_owned(),
            path: "/".to_owned(),
            name: name.to_owned(),
            value: value.to_owned(),
        };
        for attribute in parts {
            let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            if key.eq_ignore_ascii_case("path") && value.starts_with('/') {
                value.clone_into(&mut cookie.path);
            }
        }
        self.cookies.retain(|held| {
            (&held.host, &held.path, &held.name) != (&cookie.host, &cookie.path, &cookie.name)
        });
        if !removes(line) {
            self.cookies.push(cookie);
        }
    }
}

impl Visit {
    /// Returns where the response sends the browser, if it does.
    pub(super) fn location(&self) -> Option<Address> {
        let is_redirect = matches!(self.response.status, 302 | 303);
        let location = header(&self.response.headers, "location")?;
        is_redirect
            .then(|| self.address.resolve(location))
            .flatten()
    }

    /// Returns the names of the cookies that the response removes, or of those that it sets.
    pub(super) fn cookies(&self, removed: bool) -> impl Iterator<Item = &str> {
        let lines = self.response.headers.iter();
        let lines = lines.filter(|(name, _)| name == "set-cookie");
        let wanted = lines.filter(move |(_, line)| removes(line) == removed);
        wanted.filter_map(|(_, line)| line.split('=').next())
    }
}

/// Tells whether a `Set-Cookie` line removes its cookie: `Max-Age` of zero or less.
fn removes(line: &str) -> bool {
    line.split(';').skip(1).any(|attribute| {
        let pair = attribute.trim().split_once('=');
        pair.is_some_and(|(name, value)| {
            name.eq_ignore_ascii_case("max-age") && value.parse().is_ok_and(|age: i64| age <= 0)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> Address {
        Address::parse(url).unwrap()
    }

    fn browser(lines: &[&str]) -> Browser {
        let mut browser = Browser::default();
        for line in lines {
            browser.take_cookie(&at("http://localhost:3000/auth/login"), line);
        }
        browser
    }

    #[test]
    fn cookies_are_sent_to_their_host_and_path_only() {
        let browser = browser(&["a=1; Path=/; HttpOnly", "b=2; Path=/auth", "c=3; path=/x/"]);
        let sent = |url| browser.cookies_for(&at(url));
        assert_eq!(sent("http://localhost:3000/"), "a=1");
        assert_eq!(sent("http://localhost:4000/auth/callback?b=c"), "a=1; b=2");
        assert_eq!(sent("http://localhost:3000/authors"), "a=1");
        assert_eq!(sent("http://localhost:3000/x/y"), "a=1; c=3");
        assert_eq!(sent("http://127.0.0.1:3000/auth"), "");
    }

    #[test]
    fn cookie_is_replaced_and_removed() {
        let mut browser = browser(&["a=1; Path=/", "a=2; Path=/"]);
        let address = at("http://localhost:3000/");
        assert_eq!(browser.cookies_for(&address), "a=2");
        browser.take_cookie(&address, "a=; Path=/; Max-Age=0");
        assert_eq!(browser.cookies_for(&address), "");
    }
}
