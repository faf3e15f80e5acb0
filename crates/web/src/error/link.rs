//! Why an identity is not added to an account.

use codegrant_core::error::Quoted;

/// Why an identity is not added to the account of a session, although somebody asked for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The session that asked is not the one that is here now.
    #[error("session \"{asked}\" asked to link, here is {here}")]
    SessionChanged {
        /// The session that asked, by the correlation id of its login.
        asked: String,
        /// The session that is here, in the same way, or that there is none.
        here: Quoted,
    },
    /// The identity is the one that the session was opened with.
    #[error("the session was opened with this very identity")]
    OwnIdentity,
    /// There is nothing that this browser could confirm.
    #[error("no identity waits to be confirmed by this form")]
    NothingToConfirm,
    /// The app's hook says that the identity belongs to another account.
    #[error("the identity belongs to another account")]
    Conflict,
    /// The app's hook said no.
    #[error("the app refuses to link: {reason}")]
    Refused {
        /// What the hook said.
        reason: Quoted,
    },
    /// The app's hook could not tell.
    #[error("the app's hook failed: {reason}")]
    HookFailed {
        /// Its error and what caused it, or that it panicked.
        reason: Quoted,
    },
}
