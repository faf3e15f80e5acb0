//! What can go wrong in this layer, and what the browser is told about any error.

mod codes;
mod link;
mod setup;

use codegrant_core::error::{
    CallbackError, Code, Error as CoreError, IdTokenError, ProviderError, Quoted,
};

use crate::http_client::TransportError;
use crate::pages::Problem;
use crate::session::StoreError;

pub(crate) use codes::NOT_MOUNTED;
pub use link::LinkError;
pub use setup::{SetupError, SetupErrors};

/// Returns every code of this crate and of `codegrant-core`, for the documentation.
pub fn error_codes() -> impl Iterator<Item = &'static Code> {
    codegrant_core::error::codes().chain(codes::ALL)
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
    /// A call that the app asked for.
    #[error(transparent)]
    Call(#[from] CallError),
    /// What the app said to a login.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// An identity that is not added to an account.
    #[error(transparent)]
    Link(#[from] LinkError),
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
    /// It began with the very sign-in that an API asks for.
    #[error("the sign-in that an API asks for has just taken place")]
    StepUpRepeated,
    /// It has no refresh token.
    #[error("session has no refresh token")]
    NoRefreshToken,
    /// The last refresh of its tokens failed a moment ago, in this process or another.
    #[error("the last refresh failed with {code}, the next may be in {seconds} s")]
    RefreshFailed {
        /// What it failed with; the details stand where it happened.
        code: String,
        /// When it is tried again, in seconds.
        seconds: i64,
    },
    /// Its refresh token was given to a process that fell silent, and may have been used.
    #[error("nobody knows what became of the refresh token")]
    RefreshInDoubt,
    /// Another process refreshes its tokens, or another thread of this one, and takes its time.
    #[error("somebody else is at the refresh still")]
    RefreshUnderWay,
    /// The app ended it when its tokens were renewed.
    #[error("the app ends this session: {reason}")]
    EndedByApp {
        /// What the hook said.
        reason: Quoted,
    },
    /// A hook of the app's that is told of sessions failed; nothing depends on it.
    #[error("the app's hook {hook} failed: {reason}")]
    HookFailed {
        /// Which one.
        hook: &'static str,
        /// Its error and what caused it, that it panicked, or that it takes too long.
        reason: Quoted,
    },
}

/// Why a call that the app asked for is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// No provider has that id.
    #[error("no provider has the id {id}")]
    UnknownProvider {
        /// What the app said.
        id: Quoted,
    },
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
    /// Somebody who has not what the page wants.
    #[error("requires {required}, found {found}")]
    Forbidden {
        /// What the page wants, as far as it is lacking.
        required: Quoted,
        /// What the session has of the kind.
        found: Quoted,
    },
    /// Another method than the endpoint takes.
    #[error("method {received}, expected {expected}")]
    MethodNotAllowed {
        /// What the endpoint takes.
        expected: &'static str,
        /// The request's method.
        received: Quoted,
    },
    /// A body that is too long, broke off, or took too long.
    #[error("body is longer than {limit} bytes, broke off or took too long")]
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
    /// A login that somebody else starts for another issuer (OpenID Connect Core 1.0 section 4).
    #[error("sent to log in at {received}, this address is for \"{expected}\"")]
    WrongIssuer {
        /// The issuer of this address.
        expected: String,
        /// The issuer that was named.
        received: Quoted,
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

/// Why a login that was proved opened nothing all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// The app's hook said no.
    #[error("the app refuses this login: {reason}")]
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

impl LoginError {
    pub(crate) fn refused(reason: &str) -> Self {
        Self::Refused {
            reason: Quoted::new(reason),
        }
    }
}

impl Error {
    /// Returns the stable name with the likely cause and the remedy.
    pub fn code(&self) -> &'static Code {
        match self {
            Self::Protocol(error) => error.code(),
            Self::Transport(TransportError::Unreachable { .. }) => &codes::UNREACHABLE,
            Self::Transport(TransportError::Timeout { .. }) => &codes::TIMEOUT,
            Self::Transport(TransportError::TooLarge { .. }) => &codes::BODY_TOO_LARGE,
            Self::Transport(TransportError::OutOfReach { .. }) => &codes::OUT_OF_REACH,
            Self::Transport(TransportError::Resting { .. }) => &codes::RESTING,
            Self::Store(_) => &codes::STORE,
            Self::Session(SessionError::TooLarge { .. }) => &codes::SESSION_TOO_LARGE,
            Self::Session(SessionError::Gone) => &codes::SESSION_GONE,
            Self::Session(SessionError::IssuerChanged { .. }) => &codes::ISSUER_CHANGED,
            Self::Session(SessionError::NoRefreshToken) => &codes::NO_REFRESH,
            Self::Session(SessionError::RefreshFailed { .. }) => &codes::REFRESH_FAILED,
            Self::Session(SessionError::RefreshInDoubt) => &codes::REFRESH_IN_DOUBT,
            Self::Session(SessionError::RefreshUnderWay) => &codes::REFRESH_UNDER_WAY,
            Self::Session(SessionError::EndedByApp { .. }) => &codes::ENDED_BY_APP,
            Self::Session(SessionError::HookFailed { .. }) => &codes::SESSION_HOOK_FAILED,
            Self::Session(SessionError::StepUpRepeated) => &codes::STEP_UP_REPEATED,
            Self::Call(CallError::UnknownProvider { .. }) => &codes::UNKNOWN_PROVIDER,
            Self::Lost(LostTransaction::Unreadable) => &codes::LOST_UNREADABLE,
            Self::Lost(LostTransaction::NoCookies) => &codes::LOST_COOKIES,
            Self::Lost(LostTransaction::Unknown) => &codes::LOST_UNKNOWN,
            Self::Lost(LostTransaction::Used) => &codes::USED,
            Self::Session(SessionError::TransactionTooLarge { .. }) => {
                &codes::TRANSACTION_TOO_LARGE
            }
            Self::Request(RequestError::NotFound { .. }) => &codes::NOT_FOUND,
            Self::Request(RequestError::Forbidden { .. }) => &codes::FORBIDDEN,
            Self::Request(RequestError::MethodNotAllowed { .. }) => &codes::METHOD,
            Self::Request(RequestError::TooLarge { .. }) => &codes::BODY,
            Self::Request(RequestError::NotANavigation { .. }) => &codes::NOT_NAVIGATION,
            Self::Request(RequestError::WrongIssuer { .. }) => &codes::WRONG_ISSUER,
            Self::Request(RequestError::WrongOrigin { .. }) => &codes::WRONG_ORIGIN,
            Self::Login(LoginError::Refused { .. }) => &codes::REFUSED,
            Self::Login(LoginError::HookFailed { .. }) => &codes::HOOK_FAILED,
            Self::Link(LinkError::SessionChanged { .. }) => &codes::LINK_SESSION_CHANGED,
            Self::Link(LinkError::OwnIdentity) => &codes::LINK_OWN_IDENTITY,
            Self::Link(LinkError::NothingToConfirm) => &codes::LINK_NOTHING_TO_CONFIRM,
            Self::Link(LinkError::Conflict) => &codes::LINK_CONFLICT,
            Self::Link(LinkError::Refused { .. }) => &codes::LINK_REFUSED,
            Self::Link(LinkError::HookFailed { .. }) => &codes::LINK_HOOK_FAILED,
        }
    }

    /// Returns what the browser is told.
    pub(crate) fn problem(&self) -> Problem {
        match self {
            Self::Protocol(CoreError::Callback(
                CallbackError::Denied { .. } | CallbackError::InteractionRequired { .. },
            )) => Problem::Cancelled,
            Self::Protocol(CoreError::Callback(CallbackError::Expired { .. })) => {
                Problem::LoginExpired
            }
            Self::Protocol(CoreError::IdToken(IdTokenError::Subject { .. })) => {
                Problem::OtherAccount
            }
            Self::Protocol(CoreError::Callback(_) | CoreError::IdToken(_)) => Problem::LoginRefused,
            Self::Protocol(
                CoreError::Provider(_) | CoreError::Registration(_) | CoreError::WebFinger(_),
            )
            | Self::Transport(TransportError::TooLarge { .. }) => Problem::ProviderFailed,
            Self::Transport(_) => Problem::ProviderUnavailable,
            Self::Store(_) => Problem::Unavailable,
            Self::Lost(_) => Problem::LoginUnknown,
            Self::Request(RequestError::NotFound { .. } | RequestError::WrongIssuer { .. }) => {
                Problem::NotFound
            }
            Self::Request(RequestError::Forbidden { .. }) => Problem::Forbidden,
            Self::Request(RequestError::MethodNotAllowed { .. }) => Problem::MethodNotAllowed,
            Self::Request(RequestError::TooLarge { .. }) => Problem::TooLarge,
            Self::Request(RequestError::NotANavigation { .. }) => Problem::NotANavigation,
            Self::Request(RequestError::WrongOrigin { .. }) => Problem::WrongOrigin,
            Self::Login(LoginError::Refused { .. }) => Problem::AccountRefused,
            Self::Link(LinkError::SessionChanged { .. }) => Problem::LinkStopped,
            Self::Link(LinkError::NothingToConfirm) => Problem::LoginExpired,
            Self::Link(LinkError::OwnIdentity) => Problem::OwnAccount,
            // Whether another account has it is nobody's to learn.
            Self::Link(LinkError::Conflict | LinkError::Refused { .. }) => Problem::LinkRefused,
            Self::Protocol(_)
            | Self::Session(_)
            | Self::Call(_)
            | Self::Login(LoginError::HookFailed { .. })
            | Self::Link(LinkError::HookFailed { .. }) => Problem::Internal,
        }
    }

    /// Tells whether a refresh brought an ID token that does not continue the login.
    pub(crate) fn proves_somebody_else(&self) -> bool {
        matches!(self, Self::Protocol(CoreError::IdToken(_)))
    }

    /// Tells whether nothing but another login brings new tokens.
    pub(crate) fn needs_login(&self) -> bool {
        matches!(
            self,
            Self::Session(
                SessionError::NoRefreshToken
                    | SessionError::RefreshInDoubt
                    | SessionError::IssuerChanged { .. }
            )
        )
    }

    /// Tells whether what a refresh brought ends the session: it is somebody else's, or the app said so.
    pub(crate) fn ends_session(&self) -> bool {
        let by_app = matches!(self, Self::Session(SessionError::EndedByApp { .. }));
        by_app || self.proves_somebody_else()
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
