//! What the browser suite plays on: a development provider, the app, and a window.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;

use codegrant_core::http::Method;
use codegrant_core::jose::Algorithm;
use codegrant_dev_provider::{ClientRegistration, DevProvider, DevUser, Feature, Settings};
use serde_json::Value;

use super::app::{App, Entry, Plan};
use super::conformance::keys::client_pem;
use super::window::{Chromium, SwitchedOff, Window};
use super::{leave_out, must};
use crate::serve::{Loopback, Served};

pub(super) const CLIENT_SECRET: &str = "a secret between the tour and its provider";

/// Everything that a test in the browser needs; dropping it ends all of it.
pub(super) struct Scene {
    pub(super) window: Window,
    pub(super) app: App,
    pub(super) provider: Arc<DevProvider>,
    _served: Served,
}

/// How a scene differs from the usual one.
#[derive(Clone, Copy, Default)]
pub(super) struct Twist {
    pub(super) switched_off: SwitchedOff,
    /// A second provider stands in the configuration.
    pub(super) has_two_providers: bool,
    /// The provider posts its answers (OAuth 2.0 Form Post Response Mode).
    pub(super) is_posting_answers: bool,
    pub(super) has_sessions_in_memory: bool,
    pub(super) logs_out_at_provider: bool,
    /// App and provider are where the documentation says, so that pictures of them agree with it.
    pub(super) has_usual_ports: bool,
    /// The provider is under the app's own host name: to a browser, ports make no other site.
    pub(super) is_one_site: bool,
    /// The client has a key in place of a secret.
    pub(super) has_key: bool,
    /// Ada's ID tokens are longer than a URL should be.
    pub(super) has_long_id_tokens: bool,
    /// What the provider can do besides.
    pub(super) features: &'static [Feature],
    /// What the provider's section of the app's file says besides.
    pub(super) keys: &'static str,
    /// What the client is registered with besides, for an app at this origin.
    pub(super) registered: Option<fn(&str) -> Value>,
}

/// Where the documentation says that the app and the provider are.
const USUAL_PORTS: (u16, u16) = (3000, 4000);

impl Scene {
    /// Starts everything; `None`, and a word about it, where there is no browser.
    pub(super) fn open(binary: &str, twist: Twist) -> Option<Self> {
        let chromium = find_chromium()?;
        let loopback = if twist.has_usual_ports {
            Loopback::bind_to((Ipv4Addr::LOCALHOST, USUAL_PORTS.1).into())
        } else {
            Loopback::bind()
        };
        let loopback = must("the provider's port", loopback);
        // The app is on `localhost`: to a browser, that is another site than the address.
        let host = if twist.is_one_site {
            "localhost"
        } else {
            "127.0.0.1"
        };
        let issuer = format!("http://{host}:{}", loopback.address().port());
        let mut plan = Plan::new().with_api(format!("{issuer}/api/me"));
        if twist.has_usual_ports {
            plan = plan.on_port(USUAL_PORTS.0);
        }
        let settings = twist.settings(&issuer, &plan.origin());
        let provider = Arc::new(must("provider", DevProvider::new(settings)));
        let served = loopback.serve_provider(provider.clone());
        let entry = Entry {
            algorithm: Some("ES256"),
            client_secret: twist.secret(),
            authentication: twist.has_key.then_some("private_key_jwt"),
            is_posting_answers: twist.is_posting_answers,
            logs_out_at_provider: twist.logs_out_at_provider,
            ..Entry::new("house", "House", &issuer, "tour")
        };
        if twist.has_sessions_in_memory {
            plan = plan.with_sessions_in_memory();
        }
        plan = plan.with_provider(entry.clone());
        if twist.has_two_providers {
            plan = plan.with_provider(Entry {
                id: "garden",
                name: "Garden",
                ..entry
            });
        }
        plan = plan.with_log("codegrant=info,warn");
        // The file ends with the section of the last provider, so that this goes on with it.
        plan = plan.with_sections(twist.keys);
        if twist.has_key {
            let key = client_pem("ES256");
            plan = plan.with_sections(&format!("signing_key = '''\n{key}'''\n"));
        }
        Some(Self {
            app: plan.start(binary),
            window: Window::open(&chromium, twist.switched_off),
            provider,
            _served: served,
        })
    }

    /// Opens one of the app's pages.
    pub(super) fn visit(&self, path: &str) {
        self.window.visit(&self.app.at(path));
    }

    /// Logs in from the first page, as somebody who has never been here.
    pub(super) fn log_in(&self) {
        self.visit("/");
        self.window.press("Log in with House");
        self.sign_in();
        self.window.sees_heading("Hello, Ada Lovelace");
    }

    /// Says at the provider who one is, and consents.
    pub(super) fn sign_in(&self) {
        self.window.sees_heading("Sign in");
        self.window.press_containing("Ada Lovelace");
        self.window.sees_heading("Allow the tour?");
        self.window.press("Allow");
    }

    /// Logs out at the provider, on its own page.
    pub(super) fn log_out_at_the_provider(&self) {
        let page = format!("{}/end_session", self.provider.issuer());
        self.window.visit(&page);
        self.window
            .sees_heading("Log out of the development provider?");
        self.window.press("Log out");
        self.window.sees_heading("You are logged out");
    }

    /// Fails unless the address bar shows this page of the app.
    pub(super) fn is_at(&self, path: &str) {
        assert_eq!(self.window.address(), self.app.at(path));
    }

    /// Returns the callbacks that the browser has sent, oldest first.
    pub(super) fn callbacks(&self) -> Vec<String> {
        let start = self.app.at("/auth/callback/");
        let mut requested = self.window.requested();
        requested.retain(|url| url.starts_with(&start));
        requested
    }

    /// Returns how often the provider's endpoint was called, with these words in the body or the query.
    pub(super) fn calls(&self, method: Method, path: &str, words: &str) -> usize {
        let requests = self.provider.requests();
        let fitting = requests.iter().filter(|request| {
            let says = request.body.contains(words) || request.query.contains(words);
            request.method == method && request.path == path && says
        });
        fitting.count()
    }
}

impl Twist {
    /// No twist at all.
    pub(super) const USUAL: Self = Self {
        switched_off: SwitchedOff::Nothing,
        has_two_providers: false,
        is_posting_answers: false,
        has_sessions_in_memory: false,
        logs_out_at_provider: false,
        has_usual_ports: false,
        is_one_site: false,
        has_key: false,
        has_long_id_tokens: false,
        features: &[],
        keys: "",
        registered: None,
    };

    fn secret(&self) -> Option<&'static str> {
        (!self.has_key).then_some(CLIENT_SECRET)
    }

    /// Returns what the provider is made from, for an app at this origin.
    fn settings(&self, issuer: &str, app: &str) -> Settings {
        let mut client =
            ClientRegistration::any_on_loopback("tour", self.secret()).with_name("the tour");
        if let Some(registered) = self.registered {
            client = client.with_metadata(registered(app));
        }
        let settings = Settings::new(issuer, [7; 32])
            .with_algorithm(Algorithm::Es256)
            .with_client(client)
            .with_features(self.features.iter().copied())
            .with_outbox(crate::outbox());
        if self.has_long_id_tokens {
            let picture = format!("https://pictures.example.test/{}", "a".repeat(1000));
            let ada = DevUser::new("ada", "Ada Lovelace", "ada").with_picture(picture);
            return settings.with_claims_in_id_token().with_users([ada]);
        }
        settings
    }
}

/// Finds the browser and its driver, or says why the test is left out.
fn find_chromium() -> Option<Chromium> {
    let find = |variable: &str, usual: &str| {
        let path = std::env::var_os(variable).map_or_else(|| PathBuf::from(usual), PathBuf::from);
        if path.exists() {
            return Some(path);
        }
        leave_out(
            "browser",
            &format!("{variable} is not set, or there is no {}", path.display()),
        );
        None
    };
    Some(Chromium {
        browser: find("CODEGRANT_CHROMIUM", "/usr/bin/chromium")?,
        driver: find("CODEGRANT_CHROMEDRIVER", "/usr/bin/chromedriver")?,
    })
}
