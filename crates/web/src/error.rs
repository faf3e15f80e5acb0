//! What can go wrong in this layer, and what the browser is told about any error.

use codegrant_core::error::{
    CallbackError, Code, ConfigurationError, Error as CoreError, ProviderError, Quoted,
};

use crate::http_client::TransportError;
use crate::pages::Problem;
use crate::session::StoreError;

codegrant_core::codes! {
    UNREACHABLE = "transport.unreachable",
        "the provider could not be reached: name resolution, a firewall, TLS, or it is down",
        "try the address from this machine; a private certificate authority needs root_certificate";
    TIMEOUT = "transport.timeout",
        "the provider did not answer in time",
        "look at the provider's status page; the user tries again";
    BODY_TOO_LARGE = "transport.too_large",
        "the provider's answer is longer than any answer that makes sense",
        "open the address by hand: it is probably not the endpoint";
    RESTING = "transport.resting",
        "metadata or keys failed moments ago or were asked for too often, so the provider is left alone for seconds",
        "look at the error before this one";
    STORE = "store.unavailable",
        "the session store does not work",
        "look at the store; logged-in users are neither logged in nor out until it is back";
    SESSION_TOO_LARGE = "session.too_large",
        "the session does not fit into cookies: many groups, many claims, or long tokens",
        "use a store, for example .store(MemoryStore::new(10_000)), or ask for fewer scopes";
    SESSION_GONE = "session.gone",
        "the session ended while a request was changing it",
        "nothing; the user logs in again";
    ISSUER_CHANGED = "session.issuer_changed",
        "the provider's entry names another issuer than the one that the session's tokens came from",
        "nothing, if that was meant: the tokens are sent nowhere, and the user logs in again";
    NO_REFRESH = "session.no_refresh_token",
        "a refresh was asked for and the provider gave no refresh token",
        "ask for offline access in the way the provider's documentation says";
    LOST_UNREADABLE = "callback.transaction_unreadable",
        "the browser brought the login's cookie, but it cannot be opened: another secret, another public origin, or it was cut or altered",
        "use the same secret on all nodes and keep the old one in the list when it is replaced";
    LOST_COOKIES = "callback.cookies_missing",
        "the browser brought no cookie at all: the login began under another host name (localhost against 127.0.0.1, www against none), over http with Secure cookies, or the browser blocks cookies",
        "open the app under its public origin exactly; compare it with the address bar";
    LOST_UNKNOWN = "callback.transaction_unknown",
        "this browser did not begin the login that the callback belongs to, or finished it: a forged link, a bookmark, or the oldest of many open logins",
        "nothing; the user was offered a fresh start";
    USED = "callback.transaction_used",
        "the callback was sent a second time: a double click, a reload, or a copied link",
        "nothing; the code was sent to the provider once only";
    TRANSACTION_TOO_LARGE = "login.too_large",
        "what a login has to remember does not fit into its cookie",
        "send a shorter return_to; ask for fewer acr_values";
    NOT_FOUND = "request.not_found",
        "there is no such endpoint, or no provider of that id",
        "compare the path with the table in docs/start/axum.md; a provider's id is its `id` or its preset's name";
    METHOD = "request.method_not_allowed",
        "the endpoint takes another method: a log-out by link, or a provider that posts its answer where the client asks for a redirect",
        "log out by a form that posts; set response_mode to what the provider is set to";
    BODY = "request.too_large",
        "the body is longer than 64 KiB, or broke off",
        "nothing, unless it happens at every login: then report the provider";
    NOT_NAVIGATION = "request.not_a_navigation",
        "the address was loaded by a frame, an image, a script or a prefetch",
        "nothing; if your own page does it, link to it instead";
    WRONG_ORIGIN = "request.wrong_origin",
        "a form was sent from another origin, or by something that says no origin",
        "put the form on a page under the public origin; compare it with the address bar";
    ROOT_CERTIFICATE = "configuration.root_certificate",
        "the extra root certificate cannot be read",
        "give a PEM file with one certificate of a certificate authority";
    HTTP_CLIENT = "configuration.http_client",
        "the HTTP client cannot be set up",
        "install the system's root certificates (Debian: ca-certificates)";
    SECRET = "configuration.secret",
        "the secret that seals cookies is missing or too short",
        "set CODEGRANT_SECRET to at least 32 random bytes as text, for example from `openssl rand -hex 32`; give the same to all nodes";
    NO_PROVIDER = "configuration.no_provider",
        "there is no provider to log in with",
        "name at least one";
    SAME_ID = "configuration.provider_twice",
        "two providers have one id, so that they would share a callback (RFC 9700 section 4.4)",
        "give each its own `id`";
    BASE = "configuration.base",
        "the path of the login endpoints is not a plain path",
        "use a path such as /auth, without a slash at its end";
    VARIABLE = "configuration.variable_missing",
        "an environment variable is not set",
        "set it, or give the value in code or in a file";
    FILE = "configuration.file",
        "a file that the configuration names cannot be read",
        "check the path and its permissions";
    SYNTAX = "configuration.syntax",
        "the configuration is not valid TOML, lacks a key, or holds an unknown one",
        "compare the named place with docs/configuration.md";
    DEV = "configuration.dev_on_public_origin",
        "the development provider lets anybody be anybody, works on loopback only, and could not start",
        "use Auth::from_env with a real provider, or http://localhost for development";
    LIFETIME = "configuration.lifetime",
        "a session would end before it begins",
        "give positive numbers of seconds, idle not above absolute";
}

/// Returns every code of this crate and of `codegrant-core`, for the documentation.
pub fn error_codes() -> impl Iterator<Item = &'static Code> {
    codegrant_core::error::codes().chain(ALL)
}

/// Why a request failed: for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The protocol's own rules.
    #[error(transparent)]
    Protocol(#[from] CoreError),
    /// No response from the provider.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The session store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The session itself.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// A callback without its transaction.
    #[error(transparent)]
    Lost(#[from] LostTransaction),
    /// What sent the request.
    #[error(transparent)]
    Request(#[from] RequestError),
}

impl From<CallbackError> for Error {
    fn from(error: CallbackError) -> Self {
        Self::Protocol(error.into())
    }
}

/// What is wrong with a session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// It does not fit into cookies.
    #[error("session has {bytes} bytes, cookies hold {limit}")]
    TooLarge {
        /// Its size, sealed.
        bytes: usize,
        /// What fits.
        limit: usize,
    },
    /// What a login has to remember does not fit into its cookie.
    #[error("transaction has {bytes} bytes, a cookie holds {limit}")]
    TransactionTooLarge {
        /// Its size, sealed.
        bytes: usize,
        /// What fits.
        limit: usize,
    },
    /// It ended meanwhile.
    #[error("session ended meanwhile")]
    Gone,
    /// Its tokens came from another issuer than the one that is configured now.
    #[error("session is of issuer \"{session}\", configured \"{configured}\"")]
    IssuerChanged {
        /// The session's issuer.
        session: String,
        /// The issuer under the same id today.
        configured: String,
    },
    /// It has no refresh token.
    #[error("session has no refresh token")]
    NoRefreshToken,
}

/// Why the transaction of a callback cannot be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LostTransaction {
    /// Its cookie is there and does not open.
    #[error("the transaction's cookie does not open")]
    Unreadable,
    /// There is no cookie of this app at all.
    #[error("no cookie came back")]
    NoCookies,
    /// There are cookies of this app, and none is this transaction's.
    #[error("no cookie belongs to this state")]
    Unknown,
    /// It was used before.
    #[error("the transaction was used before")]
    Used,
}

/// What is wrong with a request to one of our endpoints.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// No such endpoint or provider.
    #[error("no endpoint at {path}")]
    NotFound {
        /// The path.
        path: Quoted,
    },
    /// Another method than the endpoint takes.
    #[error("method {received}, expected {expected}")]
    MethodNotAllowed {
        /// What the endpoint takes.
        expected: &'static str,
        /// The request's method.
        received: Quoted,
    },
    /// A body that is too long or broke off.
    #[error("body is longer than {limit} bytes or broke off")]
    TooLarge {
        /// How long it may be.
        limit: usize,
    },
    /// Not a person opening a page.
    #[error("not a navigation: {seen}")]
    NotANavigation {
        /// What the browser says about the request.
        seen: Quoted,
    },
    /// A change of state that this origin did not ask for.
    #[error("sent from {received}, expected \"{expected}\"")]
    WrongOrigin {
        /// The public origin.
        expected: String,
        /// What the browser says about the sender.
        received: Quoted,
    },
}

impl Error {
    /// Returns the stable name with the likely cause and the remedy.
    pub fn code(&self) -> &'static Code {
        match self {
            Self::Protocol(error) => error.code(),
            Self::Transport(TransportError::Unreachable { .. }) => &UNREACHABLE,
            Self::Transport(TransportError::Timeout { .. }) => &TIMEOUT,
            Self::Transport(TransportError::TooLarge { .. }) => &BODY_TOO_LARGE,
            Self::Transport(TransportError::Resting { .. }) => &RESTING,
            Self::Store(_) => &STORE,
            Self::Session(SessionError::TooLarge { .. }) => &SESSION_TOO_LARGE,
            Self::Session(SessionError::Gone) => &SESSION_GONE,
            Self::Session(SessionError::IssuerChanged { .. }) => &ISSUER_CHANGED,
            Self::Session(SessionError::NoRefreshToken) => &NO_REFRESH,
            Self::Lost(LostTransaction::Unreadable) => &LOST_UNREADABLE,
            Self::Lost(LostTransaction::NoCookies) => &LOST_COOKIES,
            Self::Lost(LostTransaction::Unknown) => &LOST_UNKNOWN,
            Self::Lost(LostTransaction::Used) => &USED,
            Self::Session(SessionError::TransactionTooLarge { .. }) => &TRANSACTION_TOO_LARGE,
            Self::Request(RequestError::NotFound { .. }) => &NOT_FOUND,
            Self::Request(RequestError::MethodNotAllowed { .. }) => &METHOD,
            Self::Request(RequestError::TooLarge { .. }) => &BODY,
            Self::Request(RequestError::NotANavigation { .. }) => &NOT_NAVIGATION,
            Self::Request(RequestError::WrongOrigin { .. }) => &WRONG_ORIGIN,
        }
    }

    /// Returns what the browser is told.
    pub(crate) fn problem(&self) -> Problem {
        match self {
            Self::Protocol(CoreError::Callback(CallbackError::Denied { .. })) => Problem::Cancelled,
            Self::Protocol(CoreError::Callback(CallbackError::Expired { .. })) => {
                Problem::LoginExpired
            }
            Self::Protocol(CoreError::Callback(_) | CoreError::IdToken(_)) => Problem::LoginRefused,
            Self::Protocol(CoreError::Provider(_))
            | Self::Transport(TransportError::TooLarge { .. }) => Problem::ProviderFailed,
            Self::Transport(_) => Problem::ProviderUnavailable,
            Self::Store(_) => Problem::Unavailable,
            Self::Lost(_) => Problem::LoginUnknown,
            Self::Request(RequestError::NotFound { .. }) => Problem::NotFound,
            Self::Request(RequestError::MethodNotAllowed { .. }) => Problem::MethodNotAllowed,
            Self::Request(RequestError::TooLarge { .. }) => Problem::TooLarge,
            Self::Request(RequestError::NotANavigation { .. }) => Problem::NotANavigation,
            Self::Request(RequestError::WrongOrigin { .. }) => Problem::WrongOrigin,
            Self::Protocol(_) | Self::Session(_) => Problem::Internal,
        }
    }

    /// Tells whether the provider has ended the grant, as opposed to being out of reach.
    pub(crate) fn ends_grant(&self) -> bool {
        matches!(
            self,
            Self::Protocol(CoreError::Provider(ProviderError::TokenRefused {
                grant_ended: true,
                ..
            }))
        )
    }
}

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
            Self::RootCertificate { .. } => &ROOT_CERTIFICATE,
            Self::HttpClient { .. } => &HTTP_CLIENT,
            Self::Secret { .. } => &SECRET,
            Self::NoProvider => &NO_PROVIDER,
            Self::ProviderTwice { .. } => &SAME_ID,
            Self::Base { .. } => &BASE,
            Self::VariableMissing { .. } => &VARIABLE,
            Self::File { .. } => &FILE,
            Self::Syntax { .. } => &SYNTAX,
            Self::DevOnPublicOrigin { .. } => &DEV,
            Self::Lifetime { .. } => &LIFETIME,
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
