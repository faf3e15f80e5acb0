//! Where sessions live that do not live in a cookie: a trait to implement over any database.

use std::sync::Arc;

use async_trait::async_trait;
use codegrant_core::{Timestamp, TransactionId};

use super::index::IndexKey;
use super::revocations::{Position, Revocation, Revoked};
use super::session_key::SessionKey;

/// One session as a store keeps it: sealed, so that the store's operator reads no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The sealed session; a clone shares the bytes.
    pub sealed: Arc<[u8]>,
    /// Counts the changes; [`SessionStore::replace`] compares it.
    pub version: u64,
    /// When the store may forget it.
    pub expires_at: Timestamp,
    /// What [`SessionStore::end_all`] finds it by: one entry, and one each where a provider may end sessions and where
    /// the app has accounts. A record that a store gives back may come without them.
    pub index: Vec<IndexKey>,
    /// When the provider vouched for it, by the provider's clock.
    pub issued_at: Timestamp,
}

/// What became of a new record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a record whose key is taken was not kept"]
pub enum Created {
    /// It is stored.
    Yes,
    /// A record that has not expired is there under its key; nothing was written.
    No,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a change that lost the race has not happened"]
pub enum Replaced {
    /// It is stored.
    Yes,
    /// The record has changed or gone since it was read; nothing was written.
    No,
}

/// A store that cannot be reached or does not work; the text is for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("session store: {reason}")]
pub struct StoreError {
    /// What the store says, without any secret.
    pub reason: String,
}

/// Keeps sessions, and what all processes of an app have to know of each other: which transactions are used,
/// which sealed sessions are over, and which tokens are being refreshed.
///
/// Every method is one step: of callers at the same moment, in whatever process, one comes first and the next
/// sees what it left. What a method has returned is kept if this process ends right after.
///
/// Time is an argument. A record whose `expires_at` is not after `now` does not exist any longer, whether
/// or not it was cleaned up. `codegrant-testkit` has the contract as a test suite.
///
/// A store of your own takes `async_trait` (the crate `async-trait`):
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::Mutex;
///
/// use async_trait::async_trait;
/// use codegrant_web::{
///     Created, IndexKey, Position, Record, Replaced, Revocation, Revoked, SessionKey, SessionStore,
///     StoreError, Timestamp, TransactionId,
/// };
///
/// #[derive(Default)]
/// struct Table {
///     sessions: Mutex<HashMap<SessionKey, Record>>,
///     used: Mutex<HashMap<TransactionId, Timestamp>>,
///     revocations: Mutex<Vec<Revocation>>,
/// }
///
/// #[async_trait]
/// impl SessionStore for Table {
///     async fn create(
///         &self, key: &SessionKey, record: Record, now: Timestamp,
///     ) -> Result<Created, StoreError> {
///         let mut sessions = self.sessions.lock().unwrap();
///         if sessions.get(key).is_some_and(|held| now < held.expires_at) {
///             return Ok(Created::No);
///         }
///         sessions.insert(key.clone(), record);
///         Ok(Created::Yes)
///     }
///
///     async fn load(&self, key: &SessionKey, now: Timestamp) -> Result<Option<Record>, StoreError> {
///         let sessions = self.sessions.lock().unwrap();
///         Ok(sessions.get(key).filter(|held| now < held.expires_at).cloned())
///     }
///
///     async fn replace(
///         &self, key: &SessionKey, expected: u64, record: Record, now: Timestamp,
///     ) -> Result<Replaced, StoreError> {
///         let mut sessions = self.sessions.lock().unwrap();
///         match sessions.get_mut(key) {
///             Some(held) if held.version == expected && now < held.expires_at => {
///                 *held = record;
///                 Ok(Replaced::Yes)
///             }
///             _ => Ok(Replaced::No),
///         }
///     }
///
///     async fn delete(&self, key: &SessionKey) -> Result<(), StoreError> {
///         self.sessions.lock().unwrap().remove(key);
///         Ok(())
///     }
///
///     async fn end_all(
///         &self, entry: &IndexKey, issued_by: Timestamp, _now: Timestamp,
///     ) -> Result<usize, StoreError> {
///         let mut sessions = self.sessions.lock().unwrap();
///         let before = sessions.len();
///         sessions.retain(|_, held| !held.index.contains(entry) || issued_by < held.issued_at);
///         Ok(before - sessions.len())
///     }
///
///     async fn list(
///         &self, entry: &IndexKey, limit: usize, now: Timestamp,
///     ) -> Result<Vec<(SessionKey, Record)>, StoreError> {
///         let sessions = self.sessions.lock().unwrap();
///         let live = sessions.iter().filter(|(_, held)| now < held.expires_at && held.index.contains(entry));
///         Ok(live.map(|(key, held)| (key.clone(), held.clone())).take(limit).collect())
///     }
///
///     async fn revoke(&self, revocation: &Revocation, _now: Timestamp) -> Result<(), StoreError> {
///         self.revocations.lock().unwrap().push(revocation.clone());
///         Ok(())
///     }
///
///     async fn revoked(&self, after: Option<&Position>, now: Timestamp) -> Result<Revoked, StoreError> {
///         let held = self.revocations.lock().unwrap();
///         let seen = after.and_then(|after| after.as_str().parse().ok()).unwrap_or(0);
///         let new = held.iter().skip(seen).filter(|revocation| now < revocation.until);
///         Ok(Revoked {
///             revocations: new.cloned().collect(),
///             position: Position::new(held.len().to_string()),
///             more: false,
///         })
///     }
///
///     async fn consume(
///         &self, transaction: TransactionId, until: Timestamp, now: Timestamp,
///     ) -> Result<bool, StoreError> {
///         let mut used = self.used.lock().unwrap();
///         let first = used.get(&transaction).is_none_or(|until| *until <= now);
///         used.insert(transaction, until);
///         Ok(first)
///     }
/// }
/// ```
#[async_trait]
pub trait SessionStore: Send + Sync + 'static {
    /// Keeps a new record, unless one that has not expired is there under its key.
    ///
    /// Of many callers one gets [`Created::Yes`]: by this, one process of all refreshes a token.
    ///
    /// # Errors
    ///
    /// When the store does not work.
    async fn create(
        &self,
        key: &SessionKey,
        record: Record,
        now: Timestamp,
    ) -> Result<Created, StoreError>;

    /// Reads a record that has not expired.
    ///
    /// # Errors
    ///
    /// When the store does not work; the user is then neither logged in nor out.
    async fn load(&self, key: &SessionKey, now: Timestamp) -> Result<Option<Record>, StoreError>;

    /// Writes a record if the stored one still has the version `expected`: compare and swap.
    ///
    /// A record that is gone stays gone, so that a slow request cannot bring a session back that was
    /// logged out meanwhile.
    ///
    /// # Errors
    ///
    /// When the store does not work.
    async fn replace(
        &self,
        key: &SessionKey,
        expected: u64,
        record: Record,
        now: Timestamp,
    ) -> Result<Replaced, StoreError>;

    /// Removes a record; removing what is not there is no error.
    ///
    /// # Errors
    ///
    /// When the store does not work.
    async fn delete(&self, key: &SessionKey) -> Result<(), StoreError>;

    /// Removes every record that has this entry in its `index` and was issued at `issued_by` or before, and
    /// returns how many those were.
    ///
    /// This is how a log-out at the provider ends sessions. Anybody may make it be called with an entry that
    /// nothing has, so look entries up by an index of the database's own.
    ///
    /// # Errors
    ///
    /// When the store does not work; the provider is then told that nobody was logged out.
    async fn end_all(
        &self,
        entry: &IndexKey,
        issued_by: Timestamp,
        now: Timestamp,
    ) -> Result<usize, StoreError>;

    /// Returns the records that have this entry in their `index` and have not expired: `limit` of them at most,
    /// in any order.
    ///
    /// # Errors
    ///
    /// When the store does not work.
    async fn list(
        &self,
        entry: &IndexKey,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<(SessionKey, Record)>, StoreError>;

    /// Adds to the list of what is over, for all processes; [`SessionStore::revoked`] gives it out until its
    /// `until`.
    ///
    /// # Errors
    ///
    /// When the store does not work; the log-out that it belongs to then fails.
    async fn revoke(&self, revocation: &Revocation, now: Timestamp) -> Result<(), StoreError>;

    /// Returns what was added to that list after a position, or all of it that still counts.
    ///
    /// A reader that goes on from each answer's position sees everything that [`SessionStore::revoke`] had
    /// returned for before it asked, at least once. Giving something out twice is no error, leaving something
    /// out is: a database that numbers rows as they begin and shows them as they commit has to look back a
    /// while.
    ///
    /// # Errors
    ///
    /// When the store does not work; sealed sessions are then refused once what is known is too old.
    async fn revoked(
        &self,
        after: Option<&Position>,
        now: Timestamp,
    ) -> Result<Revoked, StoreError>;

    /// Marks a transaction as used until `until`; true for exactly one of all callers.
    ///
    /// A logout token is marked in the same way.
    ///
    /// # Errors
    ///
    /// When the store does not work; the login is then refused.
    async fn consume(
        &self,
        transaction: TransactionId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Tells whether records never leave the memory of this process: false, unless a store says otherwise.
    ///
    /// The records of such a store need no sealing, since whoever reads them could read the key as well. So only a
    /// store that holds them inside the process itself may say so: nothing that writes them to a disk or sends them
    /// anywhere.
    fn stays_in_process(&self) -> bool {
        false
    }
}

/// A shared store is a store, so that an app can keep a handle to the one that it gave away.
#[async_trait]
impl<S: SessionStore + ?Sized> SessionStore for Arc<S> {
    async fn create(
        &self,
        key: &SessionKey,
        record: Record,
        now: Timestamp,
    ) -> Result<Created, StoreError> {
        (**self).create(key, record, now).await
    }

    async fn load(&self, key: &SessionKey, now: Timestamp) -> Result<Option<Record>, StoreError> {
        (**self).load(key, now).await
    }

    async fn replace(
        &self,
        key: &SessionKey,
        expected: u64,
        record: Record,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        (**self).replace(key, expected, record, now).await
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), StoreError> {
        (**self).delete(key).await
    }

    async fn end_all(
        &self,
        entry: &IndexKey,
        issued_by: Timestamp,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        (**self).end_all(entry, issued_by, now).await
    }

    async fn list(
        &self,
        entry: &IndexKey,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<(SessionKey, Record)>, StoreError> {
        (**self).list(entry, limit, now).await
    }

    async fn revoke(&self, revocation: &Revocation, now: Timestamp) -> Result<(), StoreError> {
        (**self).revoke(revocation, now).await
    }

    async fn revoked(
        &self,
        after: Option<&Position>,
        now: Timestamp,
    ) -> Result<Revoked, StoreError> {
        (**self).revoked(after, now).await
    }

    async fn consume(
        &self,
        transaction: TransactionId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        (**self).consume(transaction, until, now).await
    }

    fn stays_in_process(&self) -> bool {
        (**self).stays_in_process()
    }
}
