//! What the browser suite plays on: a development provider, the app, and a window.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;

use codegrant_core::http::Method;
use codegrant_core::jose::Algorithm;
use codegrant_dev_provider::{ClientRegistration, DevProvider, Settings};

use super::app::{App, Entry, Plan};
use super::window::{Chromium, SwitchedOff, Window};
use super::{leave_out, must};
use crate::serve::{Loopback, Served};

const CLIENT_SECRET: &str = "a secret between the tour and its provider";

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
        // The app is on `localhost`: to a browser, that is another site than this.
        let issuer = format!("http://127.0.0.1:{}", loopback.address().port());
        let client =
            ClientRegistration::any_on_loopback("tour", Some(CLIENT_SECRET)).with_name("the tour");
        let settings = Settings::new(&issuer, [7; 32])
            .with_algorithm(Algorithm::Es256)
            .with_client(client);
        let provider = Arc::new(must("provider", DevProvider::new(settings)));
        let served = loopback.serve_provider(provider.clone());
        let entry = Entry {
            algorithm: Some("ES256"),
            client_secret: Some(CLIENT_SECRET),
            is_posting_answers: twist.is_posting_answers,
            logs_out_at_provider: twist.logs_out_at_provider,
            ..Entry::new("house", "House", &issuer, "tour")
        };
        let mut plan = Plan::new().with_api(format!("{issuer}/api/me"));
        if twist.has_usual_ports {
            plan = plan.on_port(USUAL_PORTS.0);
        }
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

    /// Returns how often the provider's endpoint was called, with these words in the body.
    pub(super) fn calls(&self, method: Method, path: &str, words: &str) -> usize {
        let requests = self.provider.requests();
        let fitting = requests.iter().filter(|request| {
            request.method == method && request.path == path && request.body.contains(words)
        });
        fitting.count()
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
