//! The configuration file: where to listen, which API to call, and everything that the login takes.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use codegrant_web::{AuthBuilder, BuiltInClient, PublicOrigin, Resource, SetupErrors, find_issuer};
use serde::Deserialize;

/// What a file of the tour app says; `docs/configuration.md` describes each key.
///
/// ```
/// use tour::Configuration;
/// let configuration = Configuration::parse(
///     r#"
///     listen = "127.0.0.1:8080"
///     public_origin = "http://localhost:8080"
///
///     [[provider]]
///     preset = "github"
///     client_id = "an id"
///     client_secret = "a secret"
///     "#,
/// )?;
/// assert_eq!(configuration.listen().port(), 8080);
/// # Ok::<(), tour::StartError>(())
/// ```
#[derive(Clone)]
pub struct Configuration {
    listen: SocketAddr,
    apis: Vec<Api>,
    dev_provider: bool,
    /// The rest, which is the login's own.
    login: toml::Table,
}

/// A protected API to call with the access token.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// Its address, called by `GET`.
    pub url: String,
    /// Whose access tokens are sent there; every provider's when absent.
    #[serde(default)]
    pub provider: Option<String>,
}

/// Why the program cannot start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The command line.
    #[error("argument {argument:?} is not known")]
    Argument {
        /// What was given.
        argument: String,
    },
    /// `--config` without a file.
    #[error("--config needs a file")]
    FileMissing,
    /// The file.
    #[error("file {}: {reason}", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The text is not TOML, or one of the tour's own keys has a wrong type.
    #[error("configuration: {reason}")]
    Syntax {
        /// Where and what, without the line itself: it may hold a secret.
        reason: String,
    },
    /// The account of an entry leads to no issuer.
    #[error("webfinger {account}: {reason}")]
    WebFinger {
        /// The account from the configuration.
        account: String,
        /// What went wrong.
        reason: String,
    },
    /// The address cannot be taken.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// The address from the configuration.
        address: SocketAddr,
        /// What the system says.
        reason: String,
    },
}

impl StartError {
    /// Tells whether the program was called in a wrong way.
    pub(crate) fn is_of_the_command_line(&self) -> bool {
        matches!(self, Self::Argument { .. } | Self::FileMissing)
    }
}

/// The tour's own keys.
#[derive(Deserialize)]
struct Ours {
    listen: Option<SocketAddr>,
    /// One, or several of them.
    api: Option<toml::Value>,
    #[serde(default)]
    dev_provider: bool,
}

const OURS: [&str; 3] = ["listen", "api", "dev_provider"];

/// The app with the provider inside it, and that provider's small API.
const DEVELOPMENT: &str = r#"
public_origin = "http://localhost:3000"
app_name = "the tour"
dev_provider = true

[api]
url = "http://localhost:3000/auth/dev-provider/api/me"
provider = "dev"
"#;

impl Configuration {
    /// Reads the command line: `--config FILE`, or nothing for the provider inside the app.
    ///
    /// `arguments` does not hold the program's own name.
    ///
    /// # Errors
    ///
    /// When an argument is unknown, or the file cannot be read or is not TOML.
    pub fn from_arguments(arguments: impl IntoIterator<Item = String>) -> Result<Self, StartError> {
        let mut arguments = arguments.into_iter();
        let mut configuration = None;
        while let Some(argument) = arguments.next() {
            if argument != "--config" || configuration.is_some() {
                return Err(StartError::Argument { argument });
            }
            let path = arguments.next().ok_or(StartError::FileMissing)?;
            configuration = Some(Self::read(Path::new(&path))?);
        }
        Ok(configuration.unwrap_or_default())
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is not TOML.
    pub fn read(path: &Path) -> Result<Self, StartError> {
        let text = std::fs::read_to_string(path).map_err(|error| StartError::File {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        Self::parse(&text)
    }

    /// Reads a TOML text.
    ///
    /// # Errors
    ///
    /// When it is not TOML, or one of the tour's own keys has a wrong type. The login's keys are judged by
    /// [`Configuration::builder`].
    pub fn parse(text: &str) -> Result<Self, StartError> {
        let mut table: toml::Table = toml::from_str(text).map_err(|error| syntax(&error))?;
        let mut ours = toml::Table::new();
        for key in OURS {
            if let Some(value) = table.remove(key) {
                ours.insert(key.to_owned(), value);
            }
        }
        let ours: Ours = ours.try_into().map_err(|error| syntax(&error))?;
        let apis = match ours.api {
            None => Vec::new(),
            Some(toml::Value::Array(several)) => several,
            Some(one) => vec![one],
        };
        let apis = apis.into_iter().map(toml::Value::try_into);
        let apis: Result<Vec<Api>, toml::de::Error> = apis.collect();
        let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, 3000));
        Ok(Self {
            listen: ours.listen.unwrap_or(usual),
            apis: apis.map_err(|error| syntax(&error))?,
            dev_provider: ours.dev_provider,
            login: table,
        })
    }

    /// Returns the address to listen on.
    pub fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// Returns the protected APIs that are named.
    pub fn apis(&self) -> &[Api] {
        &self.apis
    }

    /// Tells whether the provider inside the app is one of those to log in with.
    pub fn has_dev_provider(&self) -> bool {
        self.dev_provider
    }

    /// Returns the ids of the providers whose session the pages watch: `session_management` is on there.
    pub fn watched(&self) -> Vec<String> {
        let entries = self.login.get("provider").and_then(toml::Value::as_array);
        let entries = entries.map(Vec::as_slice).unwrap_or_default();
        let watched = entries.iter().filter(|entry| {
            let switch = entry.get("session_management");
            switch.and_then(toml::Value::as_bool) == Some(true)
        });
        let ids = watched.filter_map(|entry| entry.get("id").or_else(|| entry.get("preset")));
        ids.filter_map(|id| id.as_str().map(str::to_owned))
            .collect()
    }

    /// Asks for the issuer of each entry that names an account in place of one: its key `webfinger`.
    ///
    /// An app would ask once a person has typed theirs. The tour has one configuration file, so that the
    /// account stands there.
    ///
    /// # Errors
    ///
    /// When an account leads to no issuer, or `root_certificate` cannot be read.
    pub async fn find_issuers(&mut self) -> Result<(), StartError> {
        let text = |table: &toml::Table, key| table.get(key)?.as_str().map(str::to_owned);
        let origin = text(&self.login, "public_origin").unwrap_or_default();
        let on_loopback = PublicOrigin::parse(&origin).is_ok_and(|origin| origin.is_loopback());
        let root = text(&self.login, "root_certificate");
        let Some(toml::Value::Array(entries)) = self.login.get_mut("provider") else {
            return Ok(());
        };
        for entry in entries.iter_mut().filter_map(toml::Value::as_table_mut) {
            let Some(account) = text(entry, "webfinger") else {
                continue;
            };
            let issuer = issuer_of(&account, on_loopback, root.as_deref()).await?;
            entry.remove("webfinger");
            entry.insert("issuer".to_owned(), issuer.into());
        }
        Ok(())
    }

    /// Starts the login's configuration; more can be set in code before `build`.
    ///
    /// # Errors
    ///
    /// When a key is unknown or has a wrong type; other mistakes are reported by `build`, all at once.
    pub fn builder(&self) -> Result<AuthBuilder, SetupErrors> {
        let builder = AuthBuilder::from_toml(&self.login.to_string())?;
        Ok(if self.dev_provider {
            builder.dev()
        } else {
            builder
        })
    }
}

impl Default for Configuration {
    /// The provider inside the app, on `http://localhost:3000`: no accounts, no internet.
    fn default() -> Self {
        Self::parse(DEVELOPMENT).expect("the built-in configuration is sound")
    }
}

impl std::fmt::Debug for Configuration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Configuration")
            .field("listen", &self.listen)
            .field("apis", &self.apis)
            .field("dev_provider", &self.dev_provider)
            .finish_non_exhaustive()
    }
}

async fn issuer_of(
    account: &str,
    on_loopback: bool,
    root: Option<&str>,
) -> Result<String, StartError> {
    let failed = |reason: String| StartError::WebFinger {
        account: account.to_owned(),
        reason,
    };
    let root = root.map(std::fs::read).transpose();
    let root = root.map_err(|error| failed(format!("root_certificate: {error}")))?;
    let client = BuiltInClient::new(root.as_deref()).map_err(|error| failed(error.to_string()))?;
    let resource = if on_loopback {
        Resource::parse_on_loopback(account)
    } else {
        Resource::parse(account)
    };
    let resource = resource.map_err(|error| failed(error.to_string()))?;
    let found = find_issuer(&client, &resource).await;
    found.map_err(|error| failed(error.to_string()))
}

/// Keeps the parser's message and leaves out the line that it quotes.
fn syntax(error: &toml::de::Error) -> StartError {
    StartError::Syntax {
        reason: error.message().trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GITHUB: &str = r#"
        public_origin = "http://localhost:3000"
        [[provider]]
        preset = "github"
        client_id = "an id"
        client_secret = "a secret"
    "#;

    fn arguments(words: &[&str]) -> Result<Configuration, StartError> {
        Configuration::from_arguments(words.iter().map(|word| (*word).to_owned()))
    }

    /// Returns the codes of what the login says about a text.
    fn mistakes(text: &str) -> Vec<&'static str> {
        let built = Configuration::parse(text)
            .unwrap()
            .builder()
            .and_then(AuthBuilder::build);
        let mistakes = built.unwrap_err();
        let codes = mistakes
            .mistakes()
            .iter()
            .map(|mistake| mistake.code().name);
        codes.collect()
    }

    #[test]
    fn no_file_means_the_provider_inside_the_app() {
        let configuration = arguments(&[]).unwrap();
        assert!(configuration.has_dev_provider());
        assert_eq!(configuration.listen().to_string(), "127.0.0.1:3000");
        let auth = configuration.builder().unwrap().build().unwrap();
        let ids: Vec<&str> = auth
            .providers()
            .map(|provider| provider.id.as_ref())
            .collect();
        assert_eq!(ids, ["dev"]);
    }

    #[test]
    fn command_line_takes_one_file_and_nothing_else() {
        let refused = |words: &[&str]| arguments(words).unwrap_err();
        assert_eq!(refused(&["--config"]), StartError::FileMissing);
        for words in [&["--confg", "x"][..], &["x"]] {
            let argument = words[0].to_owned();
            assert_eq!(refused(words), StartError::Argument { argument });
        }
        let missing = arguments(&["--config", "/nowhere/at/all.toml"]).unwrap_err();
        assert!(
            missing
                .to_string()
                .starts_with("file /nowhere/at/all.toml: ")
        );
    }

    #[test]
    fn own_keys_are_taken_and_the_rest_is_the_logins() {
        let text =
            format!("listen = \"[::1]:8080\"\n{GITHUB}\n[api]\nurl = \"https://api.example/\"");
        let configuration = Configuration::parse(&text).unwrap();
        assert_eq!(configuration.listen().port(), 8080);
        assert_eq!(configuration.apis()[0].url, "https://api.example/");
        assert!(configuration.builder().unwrap().build().is_ok());
    }

    #[test]
    fn apis_are_one_or_several() {
        let one = "[[api]]\nurl = \"https://api.example/\"\nprovider = \"github\"\n";
        let text = format!("{GITHUB}\n{one}{}", one.replace("github", "google"));
        let configuration = Configuration::parse(&text).unwrap();
        let providers: Vec<_> = configuration
            .apis()
            .iter()
            .map(|api| api.provider.as_deref().unwrap())
            .collect();
        assert_eq!(providers, ["github", "google"]);
    }

    #[test]
    fn unknown_keys_are_refused_wherever_they_stand() {
        assert_eq!(
            mistakes(&format!("lisen = \"x\"\n{GITHUB}")),
            ["configuration.syntax"]
        );
        assert_eq!(
            mistakes(&format!("{GITHUB}\nclient_sekret = \"x\"")),
            ["configuration.syntax"]
        );
        assert_eq!(
            mistakes(&format!("{GITHUB}\n[session]\nkinds = \"x\"")),
            ["configuration.syntax"]
        );
        let api = Configuration::parse(&format!("{GITHUB}\n[api]\nuri = \"x\"")).unwrap_err();
        assert!(api.to_string().contains("unknown field `uri`"), "{api}");
    }

    #[test]
    fn wrong_types_of_own_keys_are_refused() {
        for text in [
            "listen = \"localhost\"",
            "listen = 3000",
            "api = \"x\"",
            "dev_provider = 1",
        ] {
            let error = Configuration::parse(text).unwrap_err();
            assert!(
                matches!(error, StartError::Syntax { .. }),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn mistakes_are_reported_all_at_once() {
        let text = r#"
            public_origin = "https://app.example"
            base = "auth"
            [[provider]]
            preset = "github"
            client_id = ""
            scopes = ["two words"]
        "#;
        let found = mistakes(text);
        for code in ["base", "secret", "client_id", "scope"] {
            let code = format!("configuration.{code}");
            assert!(found.contains(&code.as_str()), "{code} is not in {found:?}");
        }
    }

    #[test]
    fn broken_line_is_never_quoted() {
        let secret = "hunter2hunter2";
        for text in [
            format!("client_secret = \"{secret}"),
            format!("listen = \"{secret}\""),
            format!("{GITHUB}\nresponse_mode = \"{secret}\n"),
        ] {
            let error = Configuration::parse(&text).unwrap_err().to_string();
            assert!(!error.contains(secret), "{error}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let configuration = Configuration::parse(GITHUB).unwrap();
        assert!(!format!("{configuration:?}").contains("a secret"));
    }
}
