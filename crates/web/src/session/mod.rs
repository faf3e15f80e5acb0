//! Sessions: who is logged in, held in a sealed cookie or in a store.

mod allowance;
mod ended;
mod ending;
mod expiring;
mod fingerprint;
mod index;
mod listed;
mod log_out_state;
mod memory;
mod newest;
mod notes;
mod opened;
mod proof;
mod record;
mod revocation_index;
mod revocations;
mod roles;
mod session_key;
mod sessions;
mod store;
mod token_set;
mod written;

pub(crate) use expiring::Expiring;
pub use index::IndexKey;
pub(crate) use index::{Named, Said, Whose};
pub(crate) use listed::Listed;
pub use memory::MemoryStore;
pub use record::Session;
pub use revocations::{Position, Revocation, Revoked};
pub use session_key::SessionKey;
pub use store::{Created, Record, Replaced, SessionStore, StoreError};

pub(crate) use newest::Wrote;
pub(crate) use notes::Kind as NoteKind;
pub(crate) use proof::{Held, Proof};
pub(crate) use record::{Kept, SessionData};
pub(crate) use revocation_index::BOUND_SECONDS;
pub(crate) use sessions::{Found, Kind, Sessions};
pub(crate) use token_set::TokenSet;

/// How long a session lasts, in seconds.
///
/// A sealed cookie ends at the absolute limit. A session in a store also ends when it was not used for
/// the idle limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// From login, whatever happens.
    pub absolute_seconds: i64,
    /// From the last use.
    pub idle_seconds: i64,
}

impl Default for Lifetime {
    /// Twelve hours, and two without use: a working day.
    fn default() -> Self {
        Self {
            absolute_seconds: 12 * 3600,
            idle_seconds: 2 * 3600,
        }
    }
}
