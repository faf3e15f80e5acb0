//! The app under test, running: its configuration file and its process.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use super::directory::Directory;
use super::must;
use super::port::free_port;
use super::process::Process;

/// Where the app is and what its configuration file says.
pub(super) struct Plan {
    port: u16,
    host: &'static str,
    is_store_in_memory: bool,
    api: Option<Api>,
    has_dev_provider: bool,
    providers: Vec<Entry>,
    /// The file of one more root certificate to trust.
    root_certificate: Option<String>,
    /// What it logs, besides warnings.
    log: Option<&'static str>,
    /// More of the file, as it stands there.
    sections: String,
}

/// The protected API of the configuration file.
struct Api {
    url: String,
    provider: Option<&'static str>,
}

/// One provider of the configuration file.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) issuer: String,
    pub(super) client_id: &'static str,
    pub(super) client_secret: Option<&'static str>,
    pub(super) authentication: Option<&'static str>,
    pub(super) algorithm: Option<&'static str>,
    pub(super) scopes: &'static [&'static str],
    /// Parameters that the authorization request carries besides.
    pub(super) parameters: &'static [(&'static str, &'static str)],
    pub(super) is_posting_answers: bool,
    pub(super) logs_out_at_provider: bool,
}

/// The app, started from its binary; dropping it ends it.
pub(super) struct App {
    origin: String,
    binary: String,
    directory: Directory,
    log: Option<&'static str>,
    process: Process,
}

const FILE: &str = "tour.toml";

/// How long a line takes through the pipe, once it is written.
const AT_ONCE: Duration = Duration::from_secs(3);

impl Plan {
    /// Plans an app under `http://localhost:PORT`, on a free port.
    pub(super) fn new() -> Self {
        Self {
            port: free_port(),
            host: "localhost",
            is_store_in_memory: false,
            api: None,
            has_dev_provider: false,
            providers: Vec::new(),
            root_certificate: None,
            log: None,
            sections: String::new(),
        }
    }

    /// Returns the plan on another port.
    pub(super) fn on_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Returns the plan with the sessions in the app's memory in place of the cookie.
    pub(super) fn with_sessions_in_memory(mut self) -> Self {
        self.is_store_in_memory = true;
        self
    }

    /// Returns the plan with a protected API to call.
    pub(super) fn with_api(mut self, url: String) -> Self {
        let provider = None;
        self.api = Some(Api { url, provider });
        self
    }

    /// Returns the plan with a protected API that takes the tokens of one provider.
    pub(super) fn with_api_of(mut self, provider: &'static str, url: String) -> Self {
        let provider = Some(provider);
        self.api = Some(Api { url, provider });
        self
    }

    /// Returns the plan with the provider inside the app, which is called `dev`.
    pub(super) fn with_dev_provider(mut self) -> Self {
        self.has_dev_provider = true;
        self
    }

    /// Returns the plan with one more provider.
    pub(super) fn with_provider(mut self, entry: Entry) -> Self {
        self.providers.push(entry);
        self
    }

    /// Returns the port that the app will be on.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Returns the plan with one more root certificate, in this file.
    pub(super) fn with_root_certificate(mut self, path: &Path) -> Self {
        self.root_certificate = Some(path.display().to_string());
        self
    }

    /// Returns the plan with more in the operator's log, in the words of `RUST_LOG`.
    pub(super) fn with_log(mut self, wanted: &'static str) -> Self {
        self.log = Some(wanted);
        self
    }

    /// Returns the plan with more sections, as they stand in the file.
    pub(super) fn with_sections(mut self, toml: &str) -> Self {
        self.sections.push_str(toml);
        self
    }

    /// Returns where browsers reach the app, without a slash at the end.
    pub(super) fn origin(&self) -> String {
        format!("http://{}:{}", self.host, self.port)
    }

    /// Starts the app, and returns when it answers.
    pub(super) fn start(self, binary: &str) -> App {
        must(binary, self.try_start(binary))
    }

    /// Starts the app, and returns when it answers.
    ///
    /// # Errors
    ///
    /// What it says when it ends in place of that.
    pub(super) fn try_start(self, binary: &str) -> Result<App, String> {
        let directory = Directory::new();
        self.write(&directory);
        Ok(App {
            origin: self.origin(),
            binary: binary.to_owned(),
            process: App::run(binary, &directory, self.log)?,
            log: self.log,
            directory,
        })
    }

    /// Writes the configuration file, and returns the arguments that point the app at it.
    pub(super) fn write(&self, directory: &Directory) -> [String; 2] {
        directory.write(FILE, &self.configuration());
        arguments(directory)
    }

    fn configuration(&self) -> String {
        let mut text = format!(
            "listen = \"127.0.0.1:{}\"\npublic_origin = \"{}\"\napp_name = \"the tour\"\nsecret = \"{}\"\n",
            self.port,
            self.origin(),
            secret(),
        );
        if self.has_dev_provider {
            text.push_str("dev_provider = true\n");
        }
        if let Some(path) = &self.root_certificate {
            let _ = writeln!(text, "root_certificate = {path:?}");
        }
        if self.is_store_in_memory {
            text.push_str("\n[session]\nkind = \"memory\"\n");
        }
        if let Some(Api { url, provider }) = &self.api {
            let _ = write!(text, "\n[api]\nurl = \"{url}\"\n");
            if let Some(provider) = provider {
                let _ = writeln!(text, "provider = \"{provider}\"");
            }
        }
        for provider in &self.providers {
            provider.write(&mut text);
        }
        text.push_str(&self.sections);
        text
    }
}

impl Entry {
    /// Makes an entry of a public client that asks for the usual scopes.
    pub(super) fn new(
        id: &'static str,
        name: &'static str,
        issuer: &str,
        client_id: &'static str,
    ) -> Self {
        Self {
            id,
            name,
            issuer: issuer.to_owned(),
            client_id,
            client_secret: None,
            authentication: None,
            algorithm: None,
            scopes: &["openid", "profile", "email"],
            parameters: &[],
            is_posting_answers: false,
            logs_out_at_provider: false,
        }
    }

    fn write(&self, text: &mut String) {
        let Self {
            id,
            name,
            issuer,
            client_id,
            scopes,
            ..
        } = self;
        let _ = write!(
            text,
            "\n[[provider]]\nid = \"{id}\"\nname = \"{name}\"\nissuer = \"{issuer}\"\n\
             client_id = \"{client_id}\"\nscopes = {scopes:?}\n"
        );
        let strings = [
            ("client_secret", self.client_secret),
            ("authentication", self.authentication),
            ("algorithm", self.algorithm),
            (
                "response_mode",
                self.is_posting_answers.then_some("form_post"),
            ),
        ];
        for (key, value) in strings {
            if let Some(value) = value {
                let _ = writeln!(text, "{key} = {value:?}");
            }
        }
        if self.logs_out_at_provider {
            text.push_str("log_out_at_provider = true\n");
        }
        if !self.parameters.is_empty() {
            let pairs: Vec<String> = self
                .parameters
                .iter()
                .map(|(name, value)| format!("[{name:?}, {value:?}]"))
                .collect();
            let _ = writeln!(text, "authorization_parameters = [{}]", pairs.join(", "));
        }
    }
}

impl App {
    fn run(
        binary: &str,
        directory: &Directory,
        log: Option<&'static str>,
    ) -> Result<Process, String> {
        let log = log.map(|wanted| ("RUST_LOG", OsStr::new(wanted)));
        let process = Process::start_with(binary, &arguments(directory), log.as_slice());
        process.try_wait_for_output(|_line| Some(()))?;
        Ok(process)
    }

    /// Ends it and starts it again: whatever it held in memory is gone.
    pub(super) fn restart(&mut self) {
        self.process.end();
        self.process = must(
            &self.binary,
            Self::run(&self.binary, &self.directory, self.log),
        );
    }

    /// Returns the URL of one of its pages.
    pub(super) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// Waits until the operator's log has a line with all these words, and returns it.
    pub(super) fn logs(&self, words: &[&str]) -> String {
        self.process.wait_for_error_line(words)
    }

    /// Waits like [`App::logs`], for a line that is written before the app answers.
    ///
    /// # Errors
    ///
    /// What there is in place of such a line.
    pub(super) fn find_in_log(&self, words: &[&str]) -> Result<String, String> {
        self.process.find_error_line(words, AT_ONCE)
    }

    /// Returns all that it has printed and logged.
    pub(super) fn said(&self) -> String {
        self.process.said()
    }
}

/// Returns what every app under test seals its cookies with.
pub(super) fn secret() -> String {
    "0123456789abcdef".repeat(4)
}

fn arguments(directory: &Directory) -> [String; 2] {
    let file = directory.path().join(FILE).display().to_string();
    ["--config".to_owned(), file]
}
