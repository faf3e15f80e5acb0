//! Settings that cannot work, found at start.

use codegrant_core::error::{Code, ConfigurationError, Quoted};

use super::codes;

/// A setting that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The protocol's own settings.
    #[error(transparent)]
    Protocol(#[from] ConfigurationError),
    /// The extra root certificate.
    #[error("root certificate: {reason}")]
    RootCertificate {
        /// What the TLS library says.
        reason: String,
    },
    /// The HTTP client.
    #[error("http client: {reason}")]
    HttpClient {
        /// What it says.
        reason: String,
    },
    /// The secret that seals cookies.
    #[error("secret {}", length.map_or("is missing".to_owned(), |length| format!("has {length} bytes, at least 32 are needed")))]
    Secret {
        /// How long it is, in bytes; `None` when there is none.
        length: Option<usize>,
    },
    /// Nothing to log in with.
    #[error("no provider")]
    NoProvider,
    /// Two providers of one name.
    #[error("two providers have the id \"{id}\"")]
    ProviderTwice {
        /// The id.
        id: String,
    },
    /// Where the endpoints are mounted.
    #[error("base {value} is not a path such as /auth")]
    Base {
        /// What is configured.
        value: Quoted,
    },
    /// An environment variable.
    #[error("environment variable {name} is not set")]
    VariableMissing {
        /// Its name.
        name: String,
    },
    /// A file.
    #[error("file {path}: {reason}")]
    File {
        /// Its path.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// A private key, or a certificate.
    #[error("provider {provider}: {setting}: {reason}")]
    Key {
        /// The provider's id.
        provider: String,
        /// Which key.
        setting: &'static str,
        /// What is wrong with it, without any of it.
        reason: String,
    },
    /// A configuration text.
    #[error("configuration: {reason}")]
    Syntax {
        /// Where and what.
        reason: String,
    },
    /// The development provider under a public name.
    #[error("the development provider is refused for {origin}: {reason}")]
    DevOnPublicOrigin {
        /// The public origin.
        origin: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The session's lifetime.
    #[error("session lifetime: absolute {absolute_seconds} seconds, idle {idle_seconds} seconds")]
    Lifetime {
        /// From login.
        absolute_seconds: i64,
        /// From the last use.
        idle_seconds: i64,
    },
}

impl SetupError {
    /// Returns the stable name with the likely cause and the remedy.
    pub fn code(&self) -> &'static Code {
        match self {
            Self::Protocol(error) => error.code(),
            Self::RootCertificate { .. } => &codes::ROOT_CERTIFICATE,
            Self::HttpClient { .. } => &codes::HTTP_CLIENT,
            Self::Secret { .. } => &codes::SECRET,
            Self::NoProvider => &codes::NO_PROVIDER,
            Self::ProviderTwice { .. } => &codes::SAME_ID,
            Self::Base { .. } => &codes::BASE,
            Self::VariableMissing { .. } => &codes::VARIABLE,
            Self::File { .. } => &codes::FILE,
            Self::Key { .. } => &codes::KEY,
            Self::Syntax { .. } => &codes::SYNTAX,
            Self::DevOnPublicOrigin { .. } => &codes::DEV,
            Self::Lifetime { .. } => &codes::LIFETIME,
        }
    }
}

/// Every mistake of a configuration, found at start, each with its remedy.
///
/// `Display` and `Debug` are the same list: it is read when `main` returns it.
#[derive(Clone, PartialEq, Eq)]
pub struct SetupErrors(pub(crate) Vec<SetupError>);

impl SetupErrors {
    /// Returns the mistakes.
    pub fn mistakes(&self) -> &[SetupError] {
        &self.0
    }
}

impl std::fmt::Display for SetupErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = self.0.len();
        write!(
            f,
            "the login cannot start: {count} mistake{}",
            if count == 1 { "" } else { "s" }
        )?;
        for mistake in &self.0 {
            let code = mistake.code();
            write!(
                f,
                "\n  {} {mistake}\n    cause:  {}\n    remedy: {}",
                code.name, code.cause, code.remedy
            )?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for SetupErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for SetupErrors {}
