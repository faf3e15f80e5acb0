//! What can go wrong, one enum per culprit.
//!
//! An error is for the operator: [`Error::code`] gives its stable name, the likely cause and the remedy;
//! `Display` gives both sides of the comparison that failed. No error holds a code, a token, a state, a
//! nonce or a secret, and none of its text is meant for a browser.

mod api;
mod callback;
mod code;
mod configuration;
mod id_token;
mod logout_token;
mod provider;
mod quoted;
mod registration;
mod webfinger;

pub use api::ApiError;
pub use callback::CallbackError;
pub use code::Code;
pub use configuration::ConfigurationError;
pub use id_token::IdTokenError;
pub use logout_token::LogoutTokenError;
pub use provider::{ProviderError, Purpose};
pub use quoted::Quoted;
pub use registration::RegistrationError;
pub use webfinger::WebFingerError;

/// Why an operation ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What the browser brought back is not acceptable.
    #[error("callback refused: {0}")]
    Callback(#[from] CallbackError),
    /// What the provider answered is not acceptable.
    #[error("provider refused: {0}")]
    Provider(#[from] ProviderError),
    /// The ID token proves nobody.
    #[error("id token refused: {0}")]
    IdToken(#[from] IdTokenError),
    /// The logout token logs nobody out.
    #[error("logout token refused: {0}")]
    LogoutToken(#[from] LogoutTokenError),
    /// What came of registering by oneself is not acceptable.
    #[error("registration refused: {0}")]
    Registration(#[from] RegistrationError),
    /// No issuer was found for a person's identifier.
    #[error("no issuer found: {0}")]
    WebFinger(#[from] WebFingerError),
    /// The configuration cannot work.
    #[error("configuration refused: {0}")]
    Configuration(#[from] ConfigurationError),
    /// A call of the app's own cannot be made.
    #[error("call refused: {0}")]
    Api(#[from] ApiError),
}

impl Error {
    /// Returns the stable name with the likely cause and the remedy.
    pub fn code(&self) -> &'static Code {
        match self {
            Self::Callback(error) => error.code(),
            Self::Provider(error) => error.code(),
            Self::IdToken(error) => error.code(),
            Self::LogoutToken(error) => error.code(),
            Self::Registration(error) => error.code(),
            Self::WebFinger(error) => error.code(),
            Self::Configuration(error) => error.code(),
            Self::Api(error) => error.code(),
        }
    }
}

/// Returns every code of this crate, for the documentation.
pub fn codes() -> impl Iterator<Item = &'static Code> {
    [
        callback::ALL,
        provider::ALL,
        id_token::ALL,
        registration::ALL,
        webfinger::ALL,
        logout_token::ALL,
        configuration::ALL,
        api::ALL,
        crate::jose::ALL,
        crate::jose::JWE_ALL,
    ]
    .into_iter()
    .flatten()
}
