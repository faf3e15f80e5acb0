//! What is over, as all processes of an app learn it: the list that makes sealed sessions killable.

use codegrant_core::Timestamp;

use super::index::IndexKey;

/// Some sessions that are over: those with an entry, as far as they are old enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// What they have in common: one login, a provider's session, a person, or an account.
    pub entry: IndexKey,
    /// The provider had vouched for them at that moment or before, by its own clock.
    pub issued_by: Timestamp,
    /// They had begun here at that moment or before.
    pub started_by: Timestamp,
    /// When none of them could be alive any longer, so that a store may forget it.
    pub until: Timestamp,
}

/// How far a reader has come in a store's list; what it says is the store's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position(String);

impl Position {
    /// Makes one out of whatever the store goes on from.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns what it was made of.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a store answers to [`SessionStore::revoked`](super::SessionStore::revoked).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// What was added, in any order.
    pub revocations: Vec<Revocation>,
    /// Where to go on.
    pub position: Position,
    /// Whether there is more already: the reader then asks again at once.
    pub more: bool,
}
