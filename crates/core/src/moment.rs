//! What an operation takes from outside when it begins: the time, and randomness.

use aws_lc_rs::hmac;

use crate::jose::base64url;
use crate::time::Timestamp;

/// The time at which an operation begins, and the random bytes that are its own.
///
/// From the bytes come the names that must never repeat: the `jti` of a client assertion and of a DPoP
/// proof, another one for every attempt (RFC 7523 section 3, RFC 9449 section 4.2). They must come from the
/// operating system's generator, new ones for each operation; core has no generator of its own.
pub struct Moment {
    now: Timestamp,
    random: [u8; Self::BYTES],
}

impl Moment {
    /// How many random bytes one operation takes.
    pub const BYTES: usize = 32;

    /// Takes the time and 32 bytes from a cryptographically secure generator.
    ///
    /// ```
    /// use codegrant_core::{Moment, Timestamp};
    /// let moment = Moment::new(Timestamp::from_unix(1_800_000_000), [7; Moment::BYTES]);
    /// assert_eq!(moment.now().as_unix(), 1_800_000_000);
    /// ```
    pub fn new(now: Timestamp, random: [u8; Self::BYTES]) -> Self {
        Self { now, random }
    }

    /// Returns the time.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Hands the same moment to another part of the same operation, which derives its names under purposes of
    /// its own.
    pub(crate) fn shared(&self) -> Self {
        Self {
            now: self.now,
            random: self.random,
        }
    }

    /// Derives what one part of an operation has of its own, at the same time.
    pub(crate) fn branch(&self, purpose: &str) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.random);
        let mut random = [0; Self::BYTES];
        let text = ["branch ", purpose].concat();
        random.copy_from_slice(hmac::sign(&key, text.as_bytes()).as_ref());
        Self {
            now: self.now,
            random,
        }
    }

    /// Derives a name that no other attempt and no other purpose has: 128 bits in base64url.
    pub(crate) fn unique(&self, purpose: &str, attempt: u8) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.random);
        let mut text = purpose.as_bytes().to_vec();
        text.push(attempt);
        base64url::encode(&hmac::sign(&key, &text).as_ref()[..16])
    }
}

/// Shows the time only: what is derived from the rest must not be foreseen.
impl std::fmt::Debug for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Moment")
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_attempts_and_no_two_purposes_share_a_name() {
        let moment = Moment::new(Timestamp::from_unix(0), [7; 32]);
        let names = [
            moment.unique("assertion", 0),
            moment.unique("assertion", 1),
            moment.unique("proof", 0),
            moment.branch("call").unique("proof", 0),
            moment.branch("resource").unique("proof", 0),
            Moment::new(Timestamp::from_unix(0), [8; 32]).unique("assertion", 0),
        ];
        let mut distinct = names.to_vec();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), names.len());
    }
}
