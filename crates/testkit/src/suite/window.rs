//! A real browser, and what a person does with it.

use std::path::{Path, PathBuf};
use std::time::Instant;

use codegrant_core::jose::base64url;
use serde_json::{Value, json};

use super::directory::Directory;
use super::port::free_port;
use super::process::Process;
use super::webdriver::{Element, Refusal, Session};
use super::{PATIENCE, must};

/// What keeps the browser quiet, fast, and off the network.
const ARGUMENTS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    "--window-size=1280,900",
    // The browser ends when the driver does, because this pipe breaks.
    "--remote-debugging-pipe",
];

/// A browser and the program that drives it.
pub(super) struct Chromium {
    pub(super) browser: PathBuf,
    pub(super) driver: PathBuf,
}

/// What the person has switched off.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum SwitchedOff {
    #[default]
    Nothing,
    Scripts,
    Cookies,
    /// Cookies in frames of other sites, and no others.
    ThirdPartyCookies,
}

/// How large the window is, and whether pages are dark.
#[derive(Clone, Copy)]
pub(super) struct Look {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) is_phone: bool,
    pub(super) is_dark: bool,
}

/// A browser with an empty profile; dropping it closes it and forgets the profile.
pub(super) struct Window {
    // Dropped in this order: the browser closes, the driver ends, the profile goes.
    session: Session,
    driver: Process,
    _profile: Directory,
}

/// One of the window's tabs.
pub(super) struct Tab(String);

impl Window {
    pub(super) fn open(chromium: &Chromium, switched_off: SwitchedOff) -> Self {
        let profile = Directory::new();
        let port = free_port();
        let driver = Process::start_at_home(
            &chromium.driver,
            &[format!("--port={port}")],
            profile.path(),
        );
        driver.wait_for_output(|line| line.contains("started successfully").then_some(()));
        let mut arguments: Vec<String> = ARGUMENTS
            .iter()
            .map(|&argument| argument.to_owned())
            .collect();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        let blocked = match switched_off {
            SwitchedOff::Nothing => json!({}),
            SwitchedOff::Scripts => {
                json!({ "profile.managed_default_content_settings.javascript": 2 })
            }
            SwitchedOff::Cookies => {
                json!({ "profile.managed_default_content_settings.cookies": 2 })
            }
            SwitchedOff::ThirdPartyCookies => json!({
                "profile.block_third_party_cookies": true,
                "profile.cookie_controls_mode": 1,
            }),
        };
        let milliseconds = u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX);
        let capabilities = json!({
            "browserName": "chrome",
            "timeouts": { "implicit": milliseconds, "pageLoad": milliseconds, "script": milliseconds },
            "goog:loggingPrefs": { "performance": "ALL" },
            "goog:chromeOptions": { "binary": chromium.browser, "args": arguments, "prefs": blocked },
        });
        let session = Session::open(&format!("http://127.0.0.1:{port}"), &capabilities);
        let session =
            session.unwrap_or_else(|refusal| panic!("no browser: {refusal}\n{}", driver.said()));
        Self {
            session,
            driver,
            _profile: profile,
        }
    }

    /// Opens an address.
    pub(super) fn visit(&self, url: &str) {
        self.done(
            &format!("visit {url}"),
            self.session.post("url", &json!({ "url": url })),
        );
    }

    /// Returns what stands in the address bar.
    pub(super) fn address(&self) -> String {
        let url = self.done("address", self.session.get("url"));
        url.as_str().unwrap_or_default().to_owned()
    }

    /// Presses the button or follows the link that reads like this, once it is there.
    pub(super) fn press(&self, label: &str) {
        let label = literal(label);
        let reads = format!("normalize-space()={label} or *[normalize-space()={label}]");
        self.press_at(&format!("//*[self::a or self::button][{reads}]"));
    }

    /// Presses what a longer label, or a part of one, belongs to.
    pub(super) fn press_containing(&self, part: &str) {
        let xpath = format!(
            "//*[self::a or self::button][contains(normalize-space(), {})]",
            literal(part)
        );
        self.press_at(&xpath);
    }

    /// Presses a button, and waits until the page that it stands on is gone.
    ///
    /// The driver waits for the next page only if the browser has begun to load it when the click returns.
    /// Where that page reads like this one, what is looked for next would still be found on the old one.
    pub(super) fn press_and_leave(&self, label: &str) {
        let left = self.done("page", self.session.find("/html"));
        self.press(label);
        let begun = Instant::now();
        while self.session.text_of(&left).is_ok() {
            assert!(
                begun.elapsed() < PATIENCE,
                "{label} leads nowhere: the window is at {}",
                self.address()
            );
        }
    }

    /// Presses the first element that an XPath finds.
    fn press_at(&self, xpath: &str) {
        let press = |element: &Element| self.session.click(element);
        self.with_element(xpath, &press);
    }

    /// Types into the field of this name.
    pub(super) fn fill(&self, field: &str, text: &str) {
        let fill = |element: &Element| self.session.type_into(element, text);
        self.with_element(&format!("//input[@name={}]", literal(field)), &fill);
    }

    /// Waits until the page holds these words.
    pub(super) fn sees(&self, words: &str) {
        let xpath = format!("//body//*[contains(normalize-space(), {})]", literal(words));
        self.with_element(&xpath, &|_found| Ok(()));
    }

    /// Waits until the page has a heading with these words in it.
    pub(super) fn sees_heading(&self, words: &str) {
        let xpath = format!("//h1[contains(normalize-space(), {})]", literal(words));
        self.with_element(&xpath, &|_found| Ok(()));
    }

    /// Waits until the page or the frame has this title.
    pub(super) fn has_title(&self, title: &str) {
        let xpath = format!("//title[normalize-space()={}]", literal(title));
        self.with_element(&xpath, &|_found| Ok(()));
    }

    /// Returns the page's markup as it is at the moment.
    pub(super) fn source(&self) -> String {
        let source = self.done("source", self.session.get("source"));
        source.as_str().unwrap_or_default().to_owned()
    }

    /// Presses the browser's back button.
    pub(super) fn back(&self) {
        self.done("back", self.session.post("back", &json!({})));
    }

    /// Presses the browser's reload button.
    pub(super) fn reload(&self) {
        self.done("reload", self.session.post("refresh", &json!({})));
    }

    /// Returns the tab in front.
    pub(super) fn tab(&self) -> Tab {
        let handle = self.done("tab", self.session.get("window"));
        Tab(handle.as_str().unwrap_or_default().to_owned())
    }

    /// Opens another tab and brings it to the front.
    pub(super) fn open_tab(&self) -> Tab {
        let made = self.done(
            "new tab",
            self.session.post("window/new", &json!({ "type": "tab" })),
        );
        let tab = Tab(made["handle"].as_str().unwrap_or_default().to_owned());
        self.show(&tab);
        tab
    }

    /// Brings a tab to the front.
    pub(super) fn show(&self, tab: &Tab) {
        self.done(
            "tab",
            self.session.post("window", &json!({ "handle": tab.0 })),
        );
    }

    /// Returns every address that was requested since this was asked last, redirects among them.
    pub(super) fn requested(&self) -> Vec<String> {
        let log = self.done(
            "log",
            self.session
                .post("se/log", &json!({ "type": "performance" })),
        );
        let entries = log.as_array().map(Vec::as_slice).unwrap_or_default();
        let urls = entries.iter().filter_map(|entry| {
            let entry: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let message = &entry["message"];
            let is_request = message["method"] == "Network.requestWillBeSent";
            let url = message["params"]["request"]["url"].as_str()?;
            is_request.then(|| url.to_owned())
        });
        urls.collect()
    }

    /// Runs the body of a function in the page or the frame, and returns what it returns.
    pub(super) fn run(&self, body: &str) -> Value {
        let script = json!({ "script": body, "args": [] });
        self.done(body, self.session.post("execute/sync", &script))
    }

    /// Runs the body of a function in the page or the frame, and waits until it calls its only argument.
    pub(super) fn wait_for(&self, body: &str) -> Value {
        let body = format!("const done = arguments[0];\n{body}");
        let script = json!({ "script": body, "args": [] });
        self.done(&body, self.session.post("execute/async", &script))
    }

    /// Goes into a frame of the page, or of the frame: what follows is about what stands in there.
    ///
    /// A page of another site is in a process of its own, which takes a moment to be there.
    pub(super) fn enter_frame(&self, xpath: &str) {
        let enter = |frame: &Element| self.session.enter(frame);
        self.with_element(xpath, &enter);
    }

    /// Comes back from all frames.
    pub(super) fn leave_frames(&self) {
        self.done(
            "page",
            self.session.post("frame", &json!({ "id": Value::Null })),
        );
    }

    /// Returns the `Cookie` field that an address of this host would get, whatever page is shown.
    pub(super) fn cookies_of(&self, host: &str) -> String {
        let held = self.devtools("Storage.getCookies", &json!({}));
        let cookies = held["cookies"].as_array().map(Vec::as_slice);
        let mine = cookies.unwrap_or_default().iter();
        let mine = mine.filter(|cookie| cookie["domain"] == host);
        let pairs: Vec<String> = mine
            .filter_map(|cookie| {
                let (name, value) = (cookie["name"].as_str()?, cookie["value"].as_str()?);
                Some(format!("{name}={value}"))
            })
            .collect();
        pairs.join("; ")
    }

    /// Puts a cookie in place that an app of this address has set elsewhere.
    pub(super) fn put_cookie(&self, url: &str, name: &str, value: &str) {
        let cookie = json!({
            "url": url, "name": name, "value": value, "path": "/", "httpOnly": true, "sameSite": "Lax",
        });
        let put = self.devtools("Network.setCookie", &cookie);
        assert_eq!(put["success"], true, "{name} is not kept");
    }

    /// Forgets the cookies of one host, whatever page is shown.
    pub(super) fn forget_cookies_of(&self, host: &str) {
        let held = self.devtools("Storage.getCookies", &json!({}));
        let cookies = held["cookies"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let mine: Vec<_> = cookies
            .iter()
            .filter(|cookie| cookie["domain"] == host)
            .collect();
        assert!(!mine.is_empty(), "no cookies of {host} to forget: {held}");
        for cookie in mine {
            let which = json!({ "name": cookie["name"], "domain": host, "path": cookie["path"] });
            self.devtools("Network.deleteCookies", &which);
        }
    }

    /// Shows pages from now on in a window of this size, light or dark.
    pub(super) fn look(&self, look: Look) {
        let size = json!({
            "width": look.width, "height": look.height, "deviceScaleFactor": 1, "mobile": look.is_phone,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", &size);
        let scheme = if look.is_dark { "dark" } else { "light" };
        // A button that changes its colour slowly would be caught half way.
        let media = json!({ "features": [
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ] });
        self.devtools("Emulation.setEmulatedMedia", &media);
        self.devtools("Emulation.setScrollbarsHidden", &json!({ "hidden": true }));
    }

    /// Writes a picture of what the window shows, or of the whole page.
    pub(super) fn picture(&self, path: &Path, whole_page: bool) {
        let wanted = json!({ "format": "png", "captureBeyondViewport": whole_page });
        let taken = self.devtools("Page.captureScreenshot", &wanted);
        // The driver writes the other alphabet, and padding.
        let data = taken["data"].as_str().unwrap_or_default();
        let data = data
            .trim_end_matches('=')
            .replace('+', "-")
            .replace('/', "_");
        let png = base64url::decode(&data).unwrap_or_else(|| panic!("no picture: {taken}"));
        must(&path.display().to_string(), std::fs::write(path, png));
    }

    /// Finds an element, waiting for it, and does something with it.
    ///
    /// A page that is replaced in between makes the found element stale; then it is looked for again.
    fn with_element<T>(&self, xpath: &str, act: &dyn Fn(&Element) -> Result<T, Refusal>) -> T {
        let begun = Instant::now();
        loop {
            let done = self.session.find(xpath).and_then(|element| act(&element));
            match done {
                Err(refusal) if refusal.is_of_a_passing_page() && begun.elapsed() < PATIENCE => {}
                done => return self.done(xpath, done),
            }
        }
    }

    fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.done(command, self.session.devtools(command, parameters))
    }

    /// Returns the result, or fails with what the window shows just now.
    fn done<T>(&self, what: &str, result: Result<T, Refusal>) -> T {
        result.unwrap_or_else(|refusal| {
            let address = self.session.get("url").unwrap_or_default();
            let body = self
                .session
                .find("//body")
                .and_then(|body| self.session.text_of(&body));
            let shown = body.unwrap_or_default();
            panic!(
                "{what}: {refusal}\nthe window is at {address} and shows:\n{shown}\n{}",
                self.driver.said()
            )
        })
    }
}

/// Writes a text as an XPath literal, which knows no escapes (XPath 1.0 section 3.7).
fn literal(text: &str) -> String {
    let parts: Vec<String> = text.split('"').map(|part| format!("\"{part}\"")).collect();
    match parts.as_slice() {
        [whole] => whole.clone(),
        parts => format!("concat({})", parts.join(", '\"', ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_in_a_literal_stand_alone() {
        assert_eq!(literal("it's"), "\"it's\"");
        assert_eq!(
            literal("a \"b\""),
            "concat(\"a \", '\"', \"b\", '\"', \"\")"
        );
    }
}
