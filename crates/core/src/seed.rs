//! Randomness as an argument: what one login needs, given by the caller.

use crate::jose::base64url;
use crate::transaction::{Attempt, TransactionId};

/// The random bytes of one login: 32 each for state, nonce and PKCE verifier.
///
/// The three are independent: none is derived from another (RFC 9700 section 2.1). They must come from
/// the operating system's generator; core has none of its own. A seed cannot be copied, so that no two
/// logins share one by accident.
pub struct Seed([u8; Self::BYTES]);

impl Seed {
    /// How many random bytes one login takes.
    pub const BYTES: usize = 96;

    /// Takes 96 bytes from a cryptographically secure generator.
    pub fn new(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// Returns the name that the login made from this seed will have.
    pub fn transaction(&self, attempt: Attempt) -> TransactionId {
        TransactionId::of_state(&attempt.mark(self.state()))
    }

    pub(crate) fn state(&self) -> String {
        base64url::encode(&self.0[..32])
    }

    pub(crate) fn nonce(&self) -> String {
        base64url::encode(&self.0[32..64])
    }

    pub(crate) fn verifier(&self) -> String {
        base64url::encode(&self.0[64..])
    }
}

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed([redacted])")
    }
}
