//! Notes: small sealed records in the store that all processes share, beside the sessions.
//!
//! What a note is about is hashed into its key with a line break in it, which no cookie can bring: nobody names a
//! note in the place of a session.

use codegrant_core::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::session_key::SessionKey;
use super::sessions::Sessions;
use super::store::{Created, Record, Replaced, StoreError};
use crate::seal::Purpose;

/// What a note is: one kind's never opens as another's, nor as a session.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// The newest tokens of a session whose cookie has older ones.
    Tokens,
    /// The right to send a refresh token.
    Lease,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::Lease => "lease",
        }
    }

    /// Names the note about something.
    pub(crate) fn key(self, about: &str) -> SessionKey {
        SessionKey::of_id(&format!("{}\n{about}", self.as_str()))
    }
}

/// A note as it was found.
pub(crate) struct Note<T> {
    pub(crate) version: u64,
    /// `None` where this process cannot read it: it is sealed under a key that is not in its ring.
    pub(crate) text: Option<T>,
}

impl Sessions {
    /// Keeps a note unless there is one; true when it was kept.
    pub(crate) async fn create_note<T: Serialize>(
        &self,
        (kind, key): (Kind, &SessionKey),
        text: &T,
        version: u64,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let record = self.note((kind, key), text, version, until, now);
        Ok(self.store().create(key, record, now).await? == Created::Yes)
    }

    /// Reads a note.
    pub(crate) async fn note_at<T: DeserializeOwned>(
        &self,
        (kind, key): (Kind, &SessionKey),
        now: Timestamp,
    ) -> Result<Option<Note<T>>, StoreError> {
        let record = self.store().load(key, now).await?;
        Ok(record.map(|record| Note {
            version: record.version,
            text: self
                .ring
                .open(
                    Purpose::Record,
                    &[key.as_str(), kind.as_str()],
                    record.sealed.to_vec(),
                )
                .and_then(|bytes| serde_json::from_slice(&bytes).ok()),
        }))
    }

    /// Puts a note in the place of one that has this version still, and counts it up; true when it did.
    pub(crate) async fn replace_note<T: Serialize>(
        &self,
        (kind, key): (Kind, &SessionKey),
        text: &T,
        version: u64,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let record = self.note((kind, key), text, version + 1, until, now);
        let replaced = self.store().replace(key, version, record, now).await?;
        Ok(replaced == Replaced::Yes)
    }

    fn note<T: Serialize>(
        &self,
        (kind, key): (Kind, &SessionKey),
        text: &T,
        version: u64,
        until: Timestamp,
        now: Timestamp,
    ) -> Record {
        let text = serde_json::to_vec(text).expect("a note is plain data");
        let place = [key.as_str(), kind.as_str()];
        Record {
            sealed: self.ring.seal(Purpose::Record, &place, &text).into(),
            version,
            expires_at: until,
            index: Vec::new(),
            issued_at: now,
        }
    }
}
