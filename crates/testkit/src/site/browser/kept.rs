//! The cookies of a browser: looked at, planted, changed and lost.

use codegrant_core::oauth2::url::Url;

use super::Browser;
use crate::site::cookies::Cookie;

impl Browser {
    /// Returns every cookie, oldest first.
    pub fn cookies(&self) -> &[Cookie] {
        &self.cookies.0
    }

    /// Returns the value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let found = self.cookies.0.iter().find(|cookie| cookie.name == name);
        found.map(|cookie| cookie.value.as_str())
    }

    /// Returns the names of the cookies that hold logins under way, oldest first.
    pub fn login_cookies(&self) -> Vec<String> {
        self.named(".login.")
    }

    /// Returns the names of the cookies that hold the session.
    pub fn session_cookies(&self) -> Vec<String> {
        self.named(".session")
    }

    /// Puts a cookie in, with a value that somebody else chose; it replaces one of that name.
    pub fn plant(&mut self, name: &str, value: &str) {
        let app = self.site.auth().public_origin().to_string();
        let url = Url::parse(&app).expect("a public origin is a URL");
        self.cookies.plant(&url, name, value);
    }

    /// Takes a `Set-Cookie` value that some page at `url` sends, by the rules of browsers.
    ///
    /// # Panics
    ///
    /// When `url` is no absolute URL.
    pub fn take_cookie(&mut self, url: &str, set_cookie: &str) {
        let url = Url::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        self.cookies.take(&url, set_cookie, self.site.now());
    }

    /// Forgets a cookie.
    pub fn remove_cookie(&mut self, name: &str) {
        self.cookies.0.retain(|cookie| cookie.name != name);
    }

    /// Forgets all cookies.
    pub fn clear_cookies(&mut self) {
        self.cookies.0.clear();
    }

    /// Changes the value of a cookie in place.
    ///
    /// # Panics
    ///
    /// When there is none of that name.
    pub fn change_cookie(&mut self, name: &str, change: impl FnOnce(&str) -> String) {
        let mut cookies = self.cookies.0.iter_mut();
        let found = cookies.find(|cookie| cookie.name == name);
        let cookie = found.unwrap_or_else(|| panic!("no cookie {name}"));
        cookie.value = change(&cookie.value);
    }

    fn named(&self, part: &str) -> Vec<String> {
        let held = self.cookies.0.iter().map(|cookie| &cookie.name);
        held.filter(|name| name.contains("codegrant") && name.contains(part))
            .cloned()
            .collect()
    }
}
