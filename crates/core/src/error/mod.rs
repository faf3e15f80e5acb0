//! What can go wrong, one enum per culprit.
//!
//! An error is for the operator: [`Error::code`] gives its stable name, the likely cause and the remedy;
//! `Display` gives both sides of the comparison that failed. No error holds a code, a token, a state, a
//! nonce or a secret, and none of its text is meant for a browser.

mod callback;
mod code;
mod configuration;
mod id_token;
mod provider;
mod quoted;

pub use callback::CallbackError;
pub use code::Code;
pub use configuration::ConfigurationError;
pub use id_token::IdTokenError;
pub use provider::{ProviderError, Purpose};
pub use quoted::Quoted;

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
    /// The configuration cannot work.
    #[error("configuration refused: {0}")]
    Configuration(#[from] ConfigurationError),
}

impl Error {
    /// Returns the stable name with the likely cause and the remedy.
    pub fn code(&self) -> &'static Code {
        match self {
            Self::Callback(error) => error.code(),
            Self::Provider(error) => error.code(),
            Self::IdToken(error) => error.code(),
            Self::Configuration(error) => error.code(),
        }
    }
}

/// Returns every code of this crate, for the documentation.
pub fn codes() -> impl Iterator<Item = &'static Code> {
    [
        callback::ALL,
        provider::ALL,
        id_token::ALL,
        configuration::ALL,
        crate::jose::ALL,
        crate::jose::JWE_ALL,
    ]
    .into_iter()
    .flatten()
}
