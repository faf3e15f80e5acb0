//! Entries of the index as this process's memory has them: 12 bytes each.

use std::hash::{BuildHasher, RandomState};

use super::index::IndexKey;

/// An entry in short, under keys that this process has drawn.
///
/// Entries are hashes already, under a key that nobody outside has. Two of a million meet in 96 bits in
/// fewer than one of 10^16 processes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Fingerprint([u32; 3]);

/// The keys.
pub(super) struct Fingerprints([RandomState; 2]);

impl Fingerprints {
    pub(super) fn new() -> Self {
        Self([RandomState::new(), RandomState::new()])
    }

    pub(super) fn of(&self, entry: &IndexKey) -> Fingerprint {
        let [first, second] = &self.0;
        let first = first.hash_one(entry);
        let second = second.hash_one(entry) as u32;
        Fingerprint([first as u32, (first >> 32) as u32, second])
    }
}
