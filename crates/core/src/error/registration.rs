//! The provider's side again: what came of registering by oneself.

use super::quoted::described;
use super::{Code, Quoted};

crate::codes! {
    NOT_OFFERED = "registration.not_offered",
        "the provider's metadata names no registration endpoint, so that a client cannot register itself",
        "register by hand at the provider, and give client_id in place of `register`";
    REFUSED = "registration.refused",
        "the provider refuses to register this client and says why",
        "compare with the provider's documentation; many want an initial access token";
    CHANGED = "registration.changed",
        "the provider registered something else than what was asked for: another callback, a weaker authentication or algorithm",
        "set the entry to what the provider offers, if that will do; nobody logs in until both say the same";
    SECRET_EXPIRED = "registration.secret_expired",
        "the provider gave out a client secret that has expired already",
        "compare the clocks of both machines; report it to the provider";
}

/// Why a dynamic registration is refused, by either side.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// There is nowhere to register.
    #[error("issuer \"{issuer}\" has no registration endpoint")]
    NotOffered {
        /// The issuer.
        issuer: String,
    },
    /// The provider's refusal (RFC 7591 section 3.2.2).
    #[error("registration endpoint says {error}{}", described(description))]
    Refused {
        /// The provider's error.
        error: Quoted,
        /// The provider's description.
        description: Option<Quoted>,
    },
    /// Something else was registered (RFC 7591 section 3.2.1).
    #[error("{member} is registered as {received}, asked for {asked}")]
    Changed {
        /// The member.
        member: Quoted,
        /// What was asked for.
        asked: Quoted,
        /// What was registered.
        received: Quoted,
    },
    /// A secret of no use.
    #[error("the new client secret expired at {at}")]
    SecretExpired {
        /// Seconds since 1970.
        at: i64,
    },
}

impl RegistrationError {
    /// Returns the stable name with the likely cause and the remedy.
    pub fn code(&self) -> &'static Code {
        match self {
            Self::NotOffered { .. } => &NOT_OFFERED,
            Self::Refused { .. } => &REFUSED,
            Self::Changed { .. } => &CHANGED,
            Self::SecretExpired { .. } => &SECRET_EXPIRED,
        }
    }
}
