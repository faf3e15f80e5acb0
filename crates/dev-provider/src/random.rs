//! Codes, tokens and ids: unguessable with a random seed, the same each time with a fixed one.

use aws_lc_rs::hmac;
use codegrant_core::jose::base64url;

/// A sequence of values, each the HMAC-SHA256 of a counter under the seed.
pub(crate) struct Random {
    key: hmac::Key,
    counter: u64,
}

impl Random {
    pub(crate) fn new(seed: &[u8; 32]) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, seed),
            counter: 0,
        }
    }

    /// Makes the next value: 256 bits in base64url, 43 characters.
    pub(crate) fn next_id(&mut self) -> String {
        self.counter += 1;
        base64url::encode(hmac::sign(&self.key, &self.counter.to_be_bytes()).as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_depend_on_the_seed_and_never_repeat() {
        let mut one = Random::new(&[1; 32]);
        let mut same = Random::new(&[1; 32]);
        let mut other = Random::new(&[2; 32]);
        let first = one.next_id();
        assert_eq!(first.len(), 43);
        assert_eq!(first, same.next_id());
        assert_ne!(first, other.next_id());
        assert_ne!(first, one.next_id());
    }
}
