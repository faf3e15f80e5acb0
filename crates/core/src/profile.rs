//! Security profiles: one setting that turns options into requirements.

use serde::Deserialize;

use crate::jose::Algorithm;

/// How strict a client is with its provider and with itself.
///
/// A FAPI 2.0 profile switches on what it can by itself (pushed requests, bound tokens, and with message
/// signing signed requests and signed responses). What it cannot choose for the operator, and what
/// contradicts it, [`Client::validate`](crate::Client::validate) lists; what only the provider's metadata
/// shows, [`Client::discover`](crate::Client::discover) refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Profile {
    /// OAuth 2.0 and OpenID Connect as RFC 9700 recommends them.
    #[default]
    Standard,
    /// FAPI 2.0 Security Profile.
    Fapi2,
    /// FAPI 2.0 Message Signing, on top of the Security Profile.
    Fapi2MessageSigning,
}

impl Profile {
    /// Returns the name that configurations use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Fapi2 => "fapi2",
            Self::Fapi2MessageSigning => "fapi2_message_signing",
        }
    }

    /// Tells whether it is one of FAPI 2.0.
    pub const fn is_fapi(self) -> bool {
        !matches!(self, Self::Standard)
    }

    /// Tells whether requests and responses have to be signed.
    pub const fn signs_messages(self) -> bool {
        matches!(self, Self::Fapi2MessageSigning)
    }

    /// Tells whether messages may be signed with an algorithm (FAPI 2.0 Security Profile section 5.4.1).
    pub fn permits(self, algorithm: Algorithm) -> bool {
        !self.is_fapi()
            || matches!(
                algorithm,
                Algorithm::Ps256 | Algorithm::Es256 | Algorithm::EdDsa | Algorithm::Ed25519
            )
    }

    /// Returns the algorithm that is expected where nothing was registered.
    pub(crate) const fn usual_algorithm(self) -> Algorithm {
        match self {
            // OpenID Connect Core 1.0 section 2, JARM section 3.
            Self::Standard => Algorithm::Rs256,
            Self::Fapi2 | Self::Fapi2MessageSigning => Algorithm::Ps256,
        }
    }
}
