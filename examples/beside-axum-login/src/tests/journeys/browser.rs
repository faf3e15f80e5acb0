//! A browser, as far as these journeys need one: it knows what a cookie's `SameSite` is for.

use std::collections::BTreeMap;

use codegrant_testkit::Site;

use super::{App, Got, Sent, Start, Variant};

const ORIGIN: &str = "https://app.example";

/// The way out, at the end of the account page.
pub(super) const LOG_OUT: &str = "<form method=post action=/logout><button>Log out</button></form>";

/// One person's browser.
pub(super) struct Browser {
    pub(super) site: Site,
    app: App,
    pub(super) cookies: BTreeMap<String, Cookie>,
}

#[derive(Clone)]
pub(super) struct Cookie {
    pub(super) value: String,
    pub(super) attributes: String,
}

/// What is shown in the end.
pub(super) struct Page {
    pub(super) path: String,
    pub(super) status: u16,
    /// Without the form that logs out.
    pub(super) body: String,
    /// The address elsewhere that the browser is sent to, at a provider for example.
    pub(super) leads_to: Option<String>,
}

/// Whose page made the browser go there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    App,
    Elsewhere,
}

impl Browser {
    pub(super) fn open(start: Start, variant: Variant) -> Self {
        let (site, app) = start(variant);
        Self {
            site,
            app,
            cookies: BTreeMap::new(),
        }
    }

    pub(super) fn get(&mut self, target: &str) -> Page {
        self.go("GET", target, "", From::App)
    }

    pub(super) fn post(&mut self, target: &str, form: &str) -> Page {
        self.go("POST", target, form, From::App)
    }

    /// Sends a request and follows redirects within the app; the page that began it all stays the one.
    pub(super) fn go(
        &mut self,
        method: &'static str,
        target: &str,
        form: &str,
        from: From,
    ) -> Page {
        let (mut method, mut target) = (method, target.to_owned());
        for _ in 0..10 {
            let got = self.send(method, &target, form, from);
            let location = got.headers.iter().find(|(name, _)| name == "location");
            let location = location.map(|(_, value)| value.strip_prefix(ORIGIN).unwrap_or(value));
            match location {
                Some(location) if location.starts_with('/') => target = location.to_owned(),
                elsewhere => {
                    return Page {
                        path: target,
                        status: got.status,
                        leads_to: elsewhere.map(str::to_owned),
                        body: got.body.replace(LOG_OUT, ""),
                    };
                }
            }
            if got.status != 307 {
                method = "GET";
            }
        }
        panic!("too many redirects, the last to {target}");
    }

    pub(super) fn send(
        &mut self,
        method: &'static str,
        target: &str,
        form: &str,
        from: From,
    ) -> Got {
        let goes = |cookie: &Cookie| match from {
            From::App => true,
            // A page that another site leads to gets no `Strict` cookie, and a form not even a `Lax` one.
            From::Elsewhere => method == "GET" && !cookie.attributes.contains("samesite=strict"),
        };
        let cookies = self.cookies.iter().filter(|(_, cookie)| goes(cookie));
        let site = match from {
            From::App => "same-origin",
            From::Elsewhere => "cross-site",
        };
        let mut headers = vec![
            ("accept", "text/html".to_owned()),
            ("sec-fetch-site", site.to_owned()),
            ("sec-fetch-mode", "navigate".to_owned()),
            ("sec-fetch-dest", "document".to_owned()),
        ];
        if method == "POST" {
            let origin = match from {
                From::App => ORIGIN,
                From::Elsewhere => "https://evil.example",
            };
            headers.push(("origin", origin.to_owned()));
            let kind = "application/x-www-form-urlencoded";
            headers.push(("content-type", kind.to_owned()));
        }
        let got = (self.app)(&Sent {
            method,
            target: target.to_owned(),
            headers,
            cookies: cookies
                .map(|(name, cookie)| (name.clone(), cookie.value.clone()))
                .collect(),
            body: form.to_owned(),
        });
        for (_, set) in got.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (pair, attributes) = set.split_once(';').unwrap_or((set, ""));
            let (name, value) = pair.split_once('=').expect("a cookie has a name");
            let attributes = attributes.to_ascii_lowercase();
            if attributes.contains("max-age=0") {
                self.cookies.remove(name);
                continue;
            }
            let value = value.to_owned();
            let cookie = Cookie { value, attributes };
            self.cookies.insert(name.to_owned(), cookie);
        }
        got
    }

    /// Starts a login, and returns where the provider is.
    fn begin(&mut self, provider: &str) -> String {
        let reply = self.get("/login?next=%2Faccount");
        let (_, rest) = reply
            .body
            .split_once("href=\"")
            .expect("a link to the login");
        let (link, _) = rest.split_once('"').expect("the end of the link");
        // The page behind the link offers both providers.
        let target = link.replace("/auth/login", &format!("/auth/login/{provider}"));
        let got = self.send("GET", &target, "", From::App);
        let location = got.headers.into_iter().find(|(name, _)| name == "location");
        location.expect("a way to the provider").1
    }

    /// Signs in at the provider, and returns the callback.
    pub(super) fn sign_in(&mut self, provider: &str, subject: &str) -> String {
        let url = self.begin(provider);
        let provider = self.site.provider(provider);
        let answer = provider.authorize_as(&url, subject, self.site.now());
        let location = answer.headers.iter().find(|(name, _)| name == "location");
        let (_, location) = location.expect("the way back");
        location.replace(ORIGIN, "")
    }

    /// Logs in through the provider, from the link to the page that comes in the end.
    pub(super) fn log_in(&mut self, subject: &str) -> Page {
        self.log_in_at("op", subject)
    }

    pub(super) fn log_in_at(&mut self, provider: &str, subject: &str) -> Page {
        let callback = self.sign_in(provider, subject);
        self.go("GET", &callback, "", From::Elsewhere)
    }

    /// Logs in as the app's members always did.
    pub(super) fn log_in_by_password(&mut self) -> Page {
        self.post("/login", "name=mary&password=secret")
    }

    /// The cookies of the app, as opposed to codegrant's.
    pub(super) fn of_app(&self) -> BTreeMap<String, Cookie> {
        let mut cookies = self.cookies.clone();
        cookies.retain(|name, _| !name.starts_with("__Host-codegrant"));
        cookies
    }

    pub(super) fn has_session_of_codegrant(&self) -> bool {
        let mut names = self.cookies.keys();
        names.any(|name| name.starts_with("__Host-codegrant.session"))
    }

    pub(super) fn greeting(&mut self) -> String {
        self.get("/").body
    }
}
