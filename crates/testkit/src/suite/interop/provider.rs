//! Providers that nobody here wrote, each a process of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::suite::leave_out;
use crate::suite::process::Process;

/// What a provider is made with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Software {
    /// The npm package `oidc-provider`, which is certified.
    OidcProvider,
    /// The PyPI package `canaille`, on Authlib.
    Canaille,
    /// The PyPI package `django-oauth-toolkit`, on oauthlib.
    DjangoOauthToolkit,
}

/// A provider, listening; dropping it ends it.
pub(super) struct Provider {
    pub(super) software: Software,
    pub(super) issuer: String,
    process: Process,
}

impl Provider {
    /// Starts it with the configuration that the `README.md` beside its program describes.
    ///
    /// `None`, and a word about it, where it is not installed.
    pub(super) fn start(software: Software, configuration: &Value) -> Option<Self> {
        let (interpreter, program) = software.find()?;
        let program = program.display().to_string();
        let arguments = [program, "--config".to_owned(), configuration.to_string()];
        let process = Process::start_listening(interpreter, &arguments);
        let issuer = process.wait_for_output(|line| {
            let ready: Value = serde_json::from_str(line).ok()?;
            ready["issuer"].as_str().map(str::to_owned)
        });
        Some(Self {
            software,
            issuer,
            process,
        })
    }

    /// Waits for a line about what it did that holds all these words, and returns it.
    pub(super) fn wait_for_line(&self, words: &[&str]) -> String {
        self.process.wait_for_error_line(words)
    }

    /// Returns what it has printed: why it refused what it refused.
    pub(super) fn said(&self) -> String {
        self.process.said()
    }
}

/// Describes the users that the tests log in as, `ada` wherever one is enough.
pub(super) fn users() -> Value {
    json!({
        "ada": { "name": "Ada Lovelace", "email": "ada@example.test", "email_verified": true },
        "grace": { "name": "Grace Hopper", "email": "grace@example.test", "email_verified": true },
    })
}

impl Software {
    /// Finds its interpreter and its program, or says why the test is left out.
    fn find(self) -> Option<(PathBuf, PathBuf)> {
        let (suite, variable, folder, interpreter, package, program) = match self {
            Self::OidcProvider => (
                "interop",
                "CODEGRANT_OIDC_PROVIDER",
                "oidc-provider",
                "node",
                "node_modules/oidc-provider",
                "server.mjs",
            ),
            Self::Canaille | Self::DjangoOauthToolkit => (
                "interop-python",
                "CODEGRANT_PYTHON_PROVIDERS",
                "python",
                "venv/bin/python",
                "venv/.installed",
                match self {
                    Self::Canaille => "canaille_server.py",
                    _ => "django_server.py",
                },
            ),
        };
        let usual = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/interop");
        let usual = || usual().join(folder);
        let folder = std::env::var_os(variable).map_or_else(usual, PathBuf::from);
        let missing = [package, program];
        let missing = missing.iter().find(|part| !folder.join(part).exists());
        if let Some(part) = missing {
            let why = format!(
                "{variable} is not set, or {} has no {part}",
                folder.display()
            );
            leave_out(suite, &why);
            return None;
        }
        let interpreter = match self {
            Self::OidcProvider => PathBuf::from(interpreter),
            _ => folder.join(interpreter),
        };
        let version = Command::new(&interpreter).arg("--version").output();
        if !version.is_ok_and(|output| output.status.success()) {
            leave_out(suite, &format!("{} does not run", interpreter.display()));
            return None;
        }
        Some((interpreter, folder.join(program)))
    }
}
