//! Why a login starts.

use crate::parameter::Parameters;

/// Why a login starts; it travels in the query of the login's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// The user asked for it.
    Asked,
    /// The callback asked for it, and must not do so again.
    Again,
    /// The user was refused, and the provider is to ask which account it shall be.
    OtherAccount,
    /// A page of the app heard that the provider's session has changed: without a word to the user.
    Silent,
}

impl Start {
    pub(crate) fn parameter(self) -> Option<&'static str> {
        match self {
            Self::Asked => None,
            Self::Again => Some("again"),
            Self::OtherAccount => Some("other_account"),
            Self::Silent => Some("silent"),
        }
    }

    /// Reads it out of the parameters of a query.
    pub(crate) fn of(query: &Parameters) -> Self {
        let says = |start: &Self| {
            let name = start.parameter();
            name.is_some_and(|name| query.single(name).is_some())
        };
        let known = [Self::Again, Self::OtherAccount, Self::Silent];
        let said = known.into_iter().find(says);
        said.unwrap_or(Self::Asked)
    }
}
