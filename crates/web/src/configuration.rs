//! Configuration in a TOML text, or in whatever file an app has.

mod entry;

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::builder::{AuthBuilder, read_file, read_secret};
use crate::error::{SetupError, SetupErrors};
use crate::session::{Lifetime, MemoryStore};

/// The login's part of an app's own configuration; `docs/configuration.md` lists its keys.
///
/// An app that reads its settings with serde, from any format, has a field of this type among them:
///
/// ```
/// use codegrant_web::{AuthBuilder, Configuration};
///
/// #[derive(serde::Deserialize)]
/// struct Settings {
///     workers: usize,
///     login: Configuration,
/// }
///
/// let settings: Settings = serde_json::from_str(r#"{
///     "workers": 4,
///     "login": {
///         "public_origin": "http://localhost:3000",
///         "provider": [{ "preset": "github", "client_id": "id", "client_secret": "secret" }]
///     }
/// }"#)?;
/// let auth = AuthBuilder::from_configuration(settings.login)?.build()?;
/// # assert_eq!(settings.workers, 4);
/// # assert_eq!(auth.base(), "/auth");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// What stands in it is checked by [`AuthBuilder::from_configuration`], which quotes no secret in an error.
#[derive(Clone, Deserialize)]
#[serde(from = "toml::Value")]
pub struct Configuration {
    written: toml::Value,
    directory: PathBuf,
}

impl Configuration {
    /// Lets relative paths in it start at a directory; at the app's working directory otherwise.
    #[must_use]
    pub fn in_directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = directory.into();
        self
    }
}

/// One in which nothing is written.
impl Default for Configuration {
    fn default() -> Self {
        toml::Value::Table(toml::Table::new()).into()
    }
}

impl From<toml::Value> for Configuration {
    fn from(written: toml::Value) -> Self {
        Self {
            written,
            directory: PathBuf::new(),
        }
    }
}

/// Shows the directory only: there are secrets in the rest.
impl fmt::Debug for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Configuration")
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

/// The keys beside the providers; `docs/configuration.md` describes each.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
struct Written {
    public_origin: String,
    base: Option<String>,
    home: Option<String>,
    app_name: Option<String>,
    secret: Option<String>,
    secret_file: Option<String>,
    #[serde(default)]
    session: Session,
    root_certificate: Option<String>,
    #[serde(default)]
    provider: Vec<toml::Table>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Session {
    #[serde(default)]
    kind: Kind,
    absolute_seconds: Option<i64>,
    idle_seconds: Option<i64>,
    /// The most sessions that memory holds.
    capacity: Option<usize>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum Kind {
    #[default]
    Cookie,
    Memory,
}

impl AuthBuilder {
    /// Reads a configuration; more can be set in code before `build`.
    ///
    /// # Errors
    ///
    /// When the text is not TOML, or a key outside the providers is unknown or of a wrong type. Every other
    /// mistake is reported by `build`, all at once.
    pub fn from_toml(text: &str) -> Result<Self, SetupErrors> {
        let written: Written = toml::from_str(text).map_err(|error| {
            let before = error
                .span()
                .and_then(|span| text.get(..span.start))
                .unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            SetupErrors(vec![syntax(&error, &format!("line {line}: "))])
        })?;
        Ok(Self::written(written, Path::new("")))
    }

    /// Reads the login's part of an app's own configuration; more can be set in code before `build`.
    ///
    /// # Errors
    ///
    /// When a key outside the providers is unknown or of a wrong type. Every other mistake is reported by
    /// `build`, all at once.
    pub fn from_configuration(configuration: Configuration) -> Result<Self, SetupErrors> {
        let Configuration { written, directory } = configuration;
        let written = written.try_into();
        let written = written.map_err(|error| SetupErrors(vec![syntax(&error, "")]))?;
        Ok(Self::written(written, &directory))
    }

    fn written(written: Written, directory: &Path) -> Self {
        let mut mistakes = Vec::new();
        let mut builder = Self::new(written.public_origin);
        if let Some(base) = written.base {
            builder = builder.base(base);
        }
        if let Some(home) = written.home {
            builder = builder.home(home);
        }
        if let Some(name) = written.app_name {
            builder = builder.app_name(name);
        }
        let from_file = written
            .secret_file
            .map(|path| read_secret(&within(directory, &path), &mut mistakes));
        if let Some(secret) = written.secret.or(from_file) {
            builder = builder.secret(secret);
        }
        if let Some(pem) = written
            .root_certificate
            .and_then(|path| read_file(&within(directory, &path), &mut mistakes))
        {
            builder = builder.root_certificate(pem);
        }
        let usual = Lifetime::default();
        let absolute_seconds = written
            .session
            .absolute_seconds
            .unwrap_or(usual.absolute_seconds);
        builder = builder.lifetime(Lifetime {
            absolute_seconds,
            // What is not said must not contradict what is.
            idle_seconds: written
                .session
                .idle_seconds
                .unwrap_or(usual.idle_seconds.min(absolute_seconds)),
        });
        if let Kind::Memory = written.session.kind {
            builder = builder.store(MemoryStore::new(
                written.session.capacity.unwrap_or(100_000),
            ));
        }
        for (at, entry) in written.provider.into_iter().enumerate() {
            match entry::registration(at + 1, entry, directory, &mut mistakes) {
                Ok(registration) => builder = builder.registration(registration),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        for mistake in mistakes {
            builder.mistake(mistake);
        }
        builder
    }
}

fn within(directory: &Path, path: &str) -> String {
    directory.join(path).to_string_lossy().into_owned()
}

fn parsed<T: DeserializeOwned>(table: toml::Table, place: &str) -> Result<T, SetupError> {
    table.try_into().map_err(|error| syntax(&error, place))
}

/// Says where the mistake is and what; the line itself is left out, because it may hold a secret.
fn syntax(error: &toml::de::Error, place: &str) -> SetupError {
    let message = error.message().trim();
    // "invalid type: integer `7`, expected a string" holds the value, and so does `string "7"`.
    let message = match (message.find(['`', '"']), message.rsplit_once(", expected")) {
        (Some(value), Some((_, expected))) if message.starts_with("invalid ") => {
            format!("{}, expected{expected}", message[..value].trim_end())
        }
        _ => message.to_owned(),
    };
    let key = key_of(error).map_or_else(String::new, |key| format!("{key}: "));
    let reason = format!("{place}{key}{message}");
    SetupError::Syntax { reason }
}

/// Returns the key whose value is wrong: the error tells it in the last line of its text, and nowhere else.
fn key_of(error: &toml::de::Error) -> Option<String> {
    let text = error.to_string();
    let last = text.trim_end().lines().last()?;
    let key = last.strip_prefix("in `")?.strip_suffix('`')?;
    Some(key.to_owned())
}
