//! A browser, as far as these tests need one.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use codegrant_axum::Session;
use codegrant_testkit::Site;
use tower::ServiceExt as _;

const ORIGIN: &str = "https://app.example";

/// One person's browser in front of the app.
pub(super) struct Browser {
    site: Site,
    app: Router,
    cookies: BTreeMap<String, String>,
}

/// What is shown in the end.
pub(super) struct Page {
    pub(super) path: String,
    pub(super) status: u16,
    pub(super) body: String,
    /// The address elsewhere that the browser is sent to.
    pub(super) leads_to: Option<String>,
}

impl Browser {
    pub(super) fn new(site: Site, app: Router) -> Self {
        Self {
            site,
            app,
            cookies: BTreeMap::new(),
        }
    }

    pub(super) async fn get(&mut self, target: &str) -> Page {
        self.go("GET", target, &[]).await
    }

    pub(super) async fn post(&mut self, target: &str, fields: &[(&str, &str)]) -> Page {
        self.go("POST", target, fields).await
    }

    /// Comes back from a provider.
    pub(super) async fn follow(&mut self, callback: &str) -> Page {
        self.get(callback).await
    }

    /// Starts a login and signs in; returns the callback.
    pub(super) async fn sign_in(&mut self, provider: &str, subject: &str) -> String {
        let page = self.get(&format!("/auth/login/{provider}")).await;
        self.at_provider(provider, subject, &page)
    }

    pub(super) async fn log_in(&mut self, provider: &str, subject: &str) -> Page {
        let callback = self.sign_in(provider, subject).await;
        self.follow(&callback).await
    }

    /// Adds an identity by the pages, from the button to wherever it ends.
    pub(super) async fn link(&mut self, provider: &str, subject: &str) -> Page {
        let path = format!("/auth/link/{provider}");
        let page = self.post(&path, &[("return_to", "/account")]).await;
        let callback = self.at_provider(provider, subject, &page);
        let page = self.follow(&callback).await;
        let (_, confirm) = page.body.split_once("name=\"confirm\" value=\"").unwrap();
        let (confirm, _) = confirm.split_once('"').unwrap();
        self.post(&path, &[("confirm", confirm)]).await
    }

    pub(super) async fn remove(&mut self, issuer: &str, subject: &str) -> Page {
        let fields = [("issuer", issuer), ("subject", subject)];
        self.post("/account/remove", &fields).await
    }

    /// The number of the account that is logged in.
    pub(super) async fn account(&self) -> i64 {
        let session = self.session().await.expect("somebody is logged in");
        session.account().unwrap().parse().unwrap()
    }

    pub(super) async fn is_logged_in(&self) -> bool {
        self.session().await.is_some()
    }

    pub(super) async fn session(&self) -> Option<Session> {
        let mut browser = self.site.browser();
        for (name, value) in &self.cookies {
            browser.plant(name, value);
        }
        browser.session().await
    }

    fn cookie(&self) -> String {
        let pairs = self.cookies.iter();
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    fn at_provider(&self, provider: &str, subject: &str, page: &Page) -> String {
        let url = page.leads_to.as_ref().expect("the way to the provider");
        let provider = self.site.provider(provider);
        let answer = provider.authorize_as(url, subject, self.site.now());
        let location = answer.headers.iter().find(|(name, _)| name == "location");
        location.expect("the way back").1.replace(ORIGIN, "")
    }

    async fn go(&mut self, method: &str, target: &str, fields: &[(&str, &str)]) -> Page {
        let (mut method, mut target) = (method.to_owned(), target.to_owned());
        let form: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", value.replace(':', "%3A")))
            .collect();
        for _ in 0..10 {
            let mut request = Request::builder()
                .method(method.as_str())
                .uri(&target)
                .header(header::ACCEPT, "text/html")
                .header("sec-fetch-site", "same-origin")
                .header("sec-fetch-mode", "navigate")
                .header("sec-fetch-dest", "document")
                .header(header::COOKIE, self.cookie());
            if method == "POST" {
                let kind = "application/x-www-form-urlencoded";
                request = request
                    .header(header::CONTENT_TYPE, kind)
                    .header(header::ORIGIN, ORIGIN);
            }
            let body = if method == "POST" {
                form.join("&")
            } else {
                String::new()
            };
            let request = request.body(Body::from(body)).unwrap();
            let answer = self.app.clone().oneshot(request).await.unwrap();
            for set in answer.headers().get_all(header::SET_COOKIE) {
                let set = set.to_str().unwrap();
                let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
                if set.contains("Max-Age=0") {
                    self.cookies.remove(name);
                } else {
                    self.cookies.insert(name.to_owned(), value.to_owned());
                }
            }
            let status = answer.status().as_u16();
            let location = answer.headers().get(header::LOCATION);
            let location = location.map(|value| value.to_str().unwrap().to_owned());
            let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
            match location {
                Some(location) if location.starts_with('/') => target = location,
                leads_to => {
                    return Page {
                        path: target,
                        status,
                        body: String::from_utf8(body.to_vec()).unwrap(),
                        leads_to,
                    };
                }
            }
            "GET".clone_into(&mut method);
        }
        panic!("too many redirects, the last to {target}");
    }
}
