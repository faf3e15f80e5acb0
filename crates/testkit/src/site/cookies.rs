//! The cookies of one browser (RFC 6265, with the rules of its successor draft for prefixes and sites).

use codegrant_core::Timestamp;
use codegrant_core::oauth2::url::Url;

/// The longest name and value together that a browser keeps, in bytes.
const LONGEST: usize = 4096;

/// A cookie as a browser holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cookie {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
    /// The host that set it, or the domain that it is for.
    pub host: String,
    /// The path below which it is sent.
    pub path: String,
    /// Whether only `https` carries it.
    pub secure: bool,
    /// Whether scripts are kept from it.
    pub http_only: bool,
    /// When the browser forgets it; with its window when absent.
    pub expires: Option<Timestamp>,
    domain_wide: bool,
    same_site: SameSite,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SameSite {
    Strict,
    Lax,
    None,
}

/// How a request came about, as far as cookies care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// By a page of the same site, or by the person.
    SameSite,
    /// Another site opens a page by `GET`.
    CrossSiteNavigation,
    /// Another site posts a form, loads an image, frames a page.
    CrossSiteOther,
}

/// A browser's cookies, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct CookieJar(pub(super) Vec<Cookie>);

impl CookieJar {
    /// Takes a `Set-Cookie` value; what a browser would refuse is ignored.
    pub(crate) fn take(&mut self, url: &Url, set_cookie: &str, now: Timestamp) {
        let Some(cookie) = Cookie::parse(url, set_cookie, now) else {
            return;
        };
        let held = self.0.iter().position(|held| held.is_same(&cookie));
        if cookie.expires.is_some_and(|expires| expires <= now) {
            self.0.retain(|held| !held.is_same(&cookie));
        } else if let Some(at) = held {
            // A cookie keeps its place when its value changes (RFC 6265 section 5.3).
            self.0[at] = cookie;
        } else {
            self.0.push(cookie);
        }
    }

    /// Returns what `Cookie` says to this address; `None` when there is nothing to say.
    pub(crate) fn header(&self, url: &Url, occasion: Occasion, now: Timestamp) -> Option<String> {
        let mut sent: Vec<&Cookie> = self
            .0
            .iter()
            .filter(|cookie| cookie.goes_to(url, occasion, now))
            .collect();
        // Longer paths first, then by age (RFC 6265 section 5.4); the sort keeps the order of equals.
        sent.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<String> = sent
            .iter()
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Puts a cookie in whatever a browser would say to it: somebody else did, on the wire or by hand.
    pub(super) fn plant(&mut self, url: &Url, name: &str, value: &str) {
        self.0
            .retain(|held| held.name != name || held.host != host_of(url));
        self.0.push(Cookie {
            name: name.to_owned(),
            value: value.to_owned(),
            host: host_of(url).to_owned(),
            path: "/".to_owned(),
            secure: false,
            http_only: true,
            expires: None,
            domain_wide: false,
            same_site: SameSite::Lax,
        });
    }
}

impl Cookie {
    fn parse(url: &Url, set_cookie: &str, now: Timestamp) -> Option<Self> {
        let mut parts = set_cookie.split(';').map(str::trim);
        let (name, value) = parts.next()?.split_once('=')?;
        let mut cookie = Self {
            name: name.to_owned(),
            value: value.to_owned(),
            host: host_of(url).to_owned(),
            path: default_path(url),
            secure: false,
            http_only: false,
            expires: None,
            domain_wide: false,
            same_site: SameSite::Lax,
        };
        for attribute in parts {
            let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            match name.to_ascii_lowercase().as_str() {
                "path" if value.starts_with('/') => value.clone_into(&mut cookie.path),
                "max-age" => cookie.expires = value.parse().ok().map(|age| now.plus(age)),
                // The one date that is in use: the beginning of time, which removes the cookie.
                "expires" if value.contains("1970") => {
                    cookie.expires = cookie.expires.or(Some(now));
                }
                "secure" => cookie.secure = true,
                "httponly" => cookie.http_only = true,
                "samesite" => cookie.same_site = SameSite::parse(value),
                "domain" => {
                    value.trim_start_matches('.').clone_into(&mut cookie.host);
                    cookie.domain_wide = true;
                }
                _unknown => {}
            }
        }
        cookie.is_acceptable(url).then_some(cookie)
    }

    fn is_acceptable(&self, url: &Url) -> bool {
        let prefixed = self.name.starts_with("__Host-");
        let host_fits = !prefixed || (self.secure && self.path == "/" && !self.domain_wide);
        // Some browsers take `Secure` cookies from http://localhost, others do not: not to be relied on.
        let secure_fits = (!self.secure && self.same_site != SameSite::None)
            || url.scheme() == "https" && self.secure;
        let fits_domain = !self.domain_wide || is_below(host_of(url), &self.host);
        host_fits && secure_fits && fits_domain && self.name.len() + self.value.len() <= LONGEST
    }

    fn is_same(&self, other: &Self) -> bool {
        (&self.name, &self.host, &self.path, self.domain_wide)
            == (&other.name, &other.host, &other.path, other.domain_wide)
    }

    fn goes_to(&self, url: &Url, occasion: Occasion, now: Timestamp) -> bool {
        let host_fits = if self.domain_wide {
            is_below(host_of(url), &self.host)
        } else {
            host_of(url) == self.host
        };
        let rest = url.path().strip_prefix(self.path.as_str());
        let path_fits = rest.is_some_and(|rest| {
            rest.is_empty() || self.path.ends_with('/') || rest.starts_with('/')
        });
        let site_fits = match self.same_site {
            SameSite::None => true,
            SameSite::Lax => occasion != Occasion::CrossSiteOther,
            SameSite::Strict => occasion == Occasion::SameSite,
        };
        let fresh = self.expires.is_none_or(|expires| now < expires);
        host_fits && path_fits && site_fits && fresh && (!self.secure || url.scheme() == "https")
    }
}

impl SameSite {
    fn parse(value: &str) -> Self {
        match value.to_ascii_lowercase().as_str() {
            "strict" => Self::Strict,
            "none" => Self::None,
            _ => Self::Lax,
        }
    }
}

fn host_of(url: &Url) -> &str {
    url.host_str().unwrap_or_default()
}

fn is_below(host: &str, domain: &str) -> bool {
    host == domain
        || host
            .strip_suffix(domain)
            .is_some_and(|rest| rest.ends_with('.'))
}

/// RFC 6265 section 5.1.4: the path up to its last slash.
fn default_path(url: &Url) -> String {
    match url.path().rfind('/') {
        None | Some(0) => "/".to_owned(),
        Some(at) => url.path()[..at].to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_000);

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn sent(set: &[(&str, &str)], to: &str, occasion: Occasion, now: Timestamp) -> String {
        let mut jar = CookieJar::default();
        for (from, set_cookie) in set {
            jar.take(&url(from), set_cookie, NOW);
        }
        jar.header(&url(to), occasion, now).unwrap_or_default()
    }

    #[test]
    fn longer_paths_go_first_then_older_cookies() {
        let set = [
            ("https://a.example/", "one=1; Path=/"),
            ("https://a.example/", "two=2; Path=/x"),
            ("https://a.example/", "three=3; Path=/"),
            ("https://a.example/", "one=4; Path=/"),
            ("https://b.example/", "other=5; Path=/"),
        ];
        let to = |path| sent(&set, path, Occasion::SameSite, NOW);
        assert_eq!(to("https://a.example/x/y"), "two=2; one=4; three=3");
        assert_eq!(to("https://a.example/xy"), "one=4; three=3");
    }

    #[test]
    fn host_prefix_needs_secure_and_root_and_no_domain() {
        for (set_cookie, kept) in [
            ("__Host-a=1; Secure; Path=/", true),
            ("__Host-a=1; Path=/", false),
            ("__Host-a=1; Secure; Path=/x", false),
            ("__Host-a=1; Secure; Path=/; Domain=a.example", false),
        ] {
            let set = [("https://www.a.example/x", set_cookie)];
            let said = sent(&set, "https://www.a.example/x", Occasion::SameSite, NOW);
            assert_eq!(!said.is_empty(), kept, "{set_cookie}");
        }
        let plain = [("http://www.a.example/", "__Host-a=1; Secure; Path=/")];
        assert_eq!(
            sent(&plain, "http://www.a.example/", Occasion::SameSite, NOW),
            ""
        );
    }

    #[test]
    fn domain_reaches_hosts_below_it_and_no_others() {
        let set = [("https://www.a.example/", "a=1; Path=/; Domain=a.example")];
        let to = |to| sent(&set, to, Occasion::SameSite, NOW);
        assert_eq!(to("https://other.a.example/"), "a=1");
        assert_eq!(to("https://nota.example/"), "");
        let foreign = [("https://evil.example/", "a=1; Path=/; Domain=a.example")];
        assert_eq!(
            sent(&foreign, "https://a.example/", Occasion::SameSite, NOW),
            ""
        );
    }

    #[test]
    fn lax_stays_at_home_when_another_site_posts() {
        let set = [
            ("https://a.example/", "lax=1; SameSite=Lax"),
            ("https://a.example/", "usual=2"),
            ("https://a.example/", "strict=3; SameSite=Strict"),
            ("https://a.example/", "none=4; SameSite=None; Secure"),
            ("https://a.example/", "bare=5; SameSite=None"),
        ];
        let on = |occasion| sent(&set, "https://a.example/", occasion, NOW);
        assert_eq!(on(Occasion::SameSite), "lax=1; usual=2; strict=3; none=4");
        assert_eq!(on(Occasion::CrossSiteNavigation), "lax=1; usual=2; none=4");
        assert_eq!(on(Occasion::CrossSiteOther), "none=4");
    }

    #[test]
    fn max_age_ends_a_cookie_and_zero_removes_it() {
        let from = "https://a.example/";
        let to = |set: &[(&str, &str)], after| sent(set, from, Occasion::SameSite, NOW.plus(after));
        assert_eq!(to(&[(from, "a=1; Max-Age=5")], 4), "a=1");
        assert_eq!(to(&[(from, "a=1; Max-Age=5")], 5), "");
        assert_eq!(to(&[(from, "a=1"), (from, "a=; Max-Age=0")], 0), "");
        let past = "a=; expires=Thu, 01 Jan 1970 00:00:00 GMT; path=/";
        assert_eq!(to(&[(from, "a=1; path=/"), (from, past)], 0), "");
    }

    #[test]
    fn oversized_cookie_is_not_kept() {
        let from = "https://a.example/";
        let long = format!("a={}", "v".repeat(LONGEST));
        assert_eq!(sent(&[(from, &long)], from, Occasion::SameSite, NOW), "");
        assert_ne!(
            sent(&[(from, &long[..LONGEST])], from, Occasion::SameSite, NOW),
            ""
        );
    }
}
