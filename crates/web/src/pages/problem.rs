//! What the browser is told when something went wrong: a status, a title, a sentence.
//!
//! The operator reads the cause in the log, under the correlation id. Nothing here tells one cause from
//! another any finer than a person needs to know what to do next.

/// Names what went wrong, as far as the browser is told.
///
/// The texts are fixed: they repeat nothing of what was sent, and do not say which check failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Problem {
    /// The user said no at the provider, or the provider said no to the user.
    Cancelled,
    /// The login was begun too long ago.
    LoginExpired,
    /// The provider's answer broke a rule.
    LoginRefused,
    /// The app does not let this account in; [`ErrorPage::retry`](super::ErrorPage::retry) leads to another.
    AccountRefused,
    /// The user is logged in here, and signed in with another account at the provider.
    OtherAccount,
    /// The user is logged in here already with the account that they wanted to add.
    OwnAccount,
    /// The account cannot be added to the one that the user is logged in with.
    LinkRefused,
    /// Whoever wanted to add an account was logged out here meanwhile, or logged in anew.
    LinkStopped,
    /// The link does not belong to a login that this browser began.
    LoginUnknown,
    /// The provider does not answer.
    ProviderUnavailable,
    /// The provider answers, but nothing that can be used.
    ProviderFailed,
    /// The user is logged in, and the page is not for them.
    Forbidden,
    /// What was sent takes a fresher or a stronger sign-in; [`ErrorPage::retry`](super::ErrorPage::retry) leads
    /// there.
    SignInAgain,
    /// There is no such endpoint or provider.
    NotFound,
    /// The endpoint exists, for another method.
    MethodNotAllowed,
    /// The body is longer than any that is read.
    TooLarge,
    /// A form was sent from another origin.
    WrongOrigin,
    /// The app's own parts, such as its session store, do not answer.
    Unavailable,
    /// The app is at fault.
    Internal,
    /// The address was loaded inside another page or by a script.
    NotANavigation,
}

impl Problem {
    /// Lists every problem, for whoever tests a page of their own.
    pub const ALL: &[Self] = &[
        Self::Cancelled,
        Self::LoginExpired,
        Self::LoginRefused,
        Self::AccountRefused,
        Self::OtherAccount,
        Self::OwnAccount,
        Self::LinkRefused,
        Self::LinkStopped,
        Self::LoginUnknown,
        Self::ProviderUnavailable,
        Self::ProviderFailed,
        Self::Forbidden,
        Self::SignInAgain,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::TooLarge,
        Self::WrongOrigin,
        Self::Unavailable,
        Self::Internal,
        Self::NotANavigation,
    ];

    /// Returns the status code of the response (RFC 9110 section 15).
    ///
    /// 4xx where the browser's side can do something about it, 5xx where it cannot. A cancelled login
    /// is 403 and not 400: the request is well formed, and the answer to it is no.
    pub const fn status(self) -> u16 {
        match self {
            Self::LoginExpired | Self::LoginRefused | Self::LoginUnknown => 400,
            Self::Cancelled
            | Self::AccountRefused
            | Self::OtherAccount
            | Self::LinkRefused
            | Self::Forbidden
            | Self::SignInAgain
            | Self::WrongOrigin
            | Self::NotANavigation => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::OwnAccount | Self::LinkStopped => 409,
            Self::TooLarge => 413,
            Self::Internal => 500,
            Self::ProviderFailed => 502,
            Self::ProviderUnavailable | Self::Unavailable => 503,
        }
    }

    /// Returns the heading: a few words, no full stop.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Cancelled => "Login cancelled",
            Self::LoginExpired => "The login took too long",
            Self::LoginRefused => "The login was stopped",
            Self::AccountRefused => "This account is not let in",
            Self::OtherAccount => "That is another account",
            Self::OwnAccount => "You use that account already",
            Self::LinkRefused => "That account was not added",
            Self::LinkStopped => "Your login here has changed",
            Self::LoginUnknown => "This login did not start here",
            Self::ProviderUnavailable => "The provider does not answer",
            Self::ProviderFailed => "The provider could not log you in",
            Self::Forbidden => "This page is not for you",
            Self::SignInAgain => "Please sign in again first",
            Self::NotFound => "Page not found",
            Self::MethodNotAllowed => "That does not work here",
            Self::TooLarge => "Too much was sent",
            Self::WrongOrigin => "This came from another site",
            Self::Unavailable => "Logging in is not possible right now",
            Self::Internal => "Something went wrong",
            Self::NotANavigation => "Please open this page directly",
        }
    }

    /// Returns the one sentence below the heading: what it means, and what to do.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Cancelled => {
                "You did not finish logging in at the provider, so nothing was changed."
            }
            Self::LoginExpired => {
                "For your safety a login has to be finished within a few minutes; please start again."
            }
            Self::LoginRefused => {
                "The answer that came back did not pass a safety check, so you were not logged in."
            }
            Self::AccountRefused => {
                "You did log in at the provider, but this app does not let that account in; if you have another one, use that, or ask whoever runs the app."
            }
            Self::OtherAccount => {
                "You signed in at the provider with another account than the one that you use here, so nothing was changed."
            }
            Self::OwnAccount => {
                "You signed in at the provider with the account that you are logged in with here, so there was nothing to add."
            }
            Self::LinkRefused => {
                "You did sign in at the provider, but that account cannot be added to the one that you are logged in with, so nothing was changed."
            }
            Self::LinkStopped => {
                "Since you began, you were logged out here or logged in anew, so nothing was changed; please start again from the app."
            }
            Self::LoginUnknown => {
                "The link does not belong to a login that this browser began; please start from the app."
            }
            Self::ProviderUnavailable => {
                "The place where you log in cannot be reached at the moment; please try again soon."
            }
            Self::ProviderFailed => {
                "The place where you log in sent an answer that could not be used; please try again."
            }
            Self::Forbidden => {
                "You are logged in, but your account may not open this page; if it should, ask whoever runs the app."
            }
            Self::SignInAgain => {
                "This takes another sign-in, so what you sent was not done; sign in again, and then send it once more."
            }
            Self::NotFound => "There is nothing at this address.",
            Self::MethodNotAllowed => "This address cannot be used in this way.",
            Self::TooLarge => "The request is larger than this address accepts.",
            Self::WrongOrigin => "For your safety this can only be done from the app itself.",
            Self::Unavailable => {
                "A part of the app does not answer at the moment; please try again soon."
            }
            Self::Internal => "The fault is on our side, and it has been noted.",
            Self::NotANavigation => {
                "For your safety a login does not work inside another page or from a script."
            }
        }
    }
}
