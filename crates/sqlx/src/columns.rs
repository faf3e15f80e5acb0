//! A record as the columns of a row, checked on the way in and on the way out.

use std::sync::Arc;

use codegrant_web::{IndexKey, Record, SessionKey, StoreError, Timestamp};

/// The longest name that a row can have; ours are 43 characters.
const LONGEST_NAME: usize = 128;

/// The most bytes that a sealed record may have.
const LARGEST_RECORD: usize = 4 * 1024 * 1024;

/// A record as it is written.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    pub(crate) sealed: Arc<[u8]>,
    pub(crate) version: i64,
    pub(crate) issued_at: i64,
    pub(crate) expires_at: i64,
    /// In the order of the record, each once.
    pub(crate) entries: Vec<String>,
}

impl Columns {
    /// Takes a record apart.
    ///
    /// # Errors
    ///
    /// When a database could not give it back as it is.
    pub(crate) fn of(record: Record) -> Result<Self, StoreError> {
        if record.sealed.len() > LARGEST_RECORD {
            return Err(too_large("the sealed record", record.sealed.len()));
        }
        let mut entries: Vec<String> = Vec::with_capacity(record.index.len());
        for entry in &record.index {
            let entry = name(entry.as_str())?;
            if !entries.iter().any(|held| held == entry) {
                entries.push(entry.to_owned());
            }
        }
        Ok(Self {
            sealed: record.sealed,
            version: i64::try_from(record.version).map_err(|_| StoreError {
                reason: format!("version {} is too large for a database", record.version),
            })?,
            issued_at: record.issued_at.as_unix(),
            expires_at: record.expires_at.as_unix(),
            entries,
        })
    }

    /// Returns the entries as one text, for databases without lists.
    #[cfg(any(feature = "mysql", feature = "sqlite"))]
    pub(crate) fn joined_entries(&self) -> String {
        self.entries.join(" ")
    }
}

/// A row as it is read: sealed, version, issued_at, expires_at, entries.
pub(crate) type Row<E> = (Vec<u8>, i64, i64, i64, E);

/// Puts a record together from its row.
///
/// # Errors
///
/// When nothing of ours wrote it.
pub(crate) fn record(
    (sealed, version, issued_at, expires_at): (Vec<u8>, i64, i64, i64),
    entries: impl Iterator<Item = String>,
) -> Result<Record, sqlx::Error> {
    let version = u64::try_from(version)
        .map_err(|_| super::attempt::refused(format!("a row has the version {version}")))?;
    Ok(Record {
        sealed: sealed.into(),
        version,
        expires_at: Timestamp::from_unix(expires_at),
        index: entries.map(IndexKey::new).collect(),
        issued_at: Timestamp::from_unix(issued_at),
    })
}

/// Returns a session's name as a row has it.
///
/// # Errors
///
/// When it is not text that every database compares alike.
pub(crate) fn id(key: &SessionKey) -> Result<&str, StoreError> {
    name(key.as_str())
}

/// Checks a name: no space, by which entries are joined, and nothing that a collation could fold.
///
/// # Errors
///
/// When it has either, or is empty or long.
pub(crate) fn name(text: &str) -> Result<&str, StoreError> {
    if text.len() > LONGEST_NAME {
        return Err(too_large("a name", text.len()));
    }
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(StoreError {
            reason: "a name is empty or not printable ASCII".to_owned(),
        });
    }
    Ok(text)
}

fn too_large(what: &str, bytes: usize) -> StoreError {
    StoreError {
        reason: format!("{what} has {bytes} bytes, which is too many"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_entries(entries: &[&str]) -> Record {
        Record {
            sealed: [].into(),
            version: 0,
            expires_at: Timestamp::from_unix(i64::MAX),
            index: entries.iter().map(|entry| IndexKey::new(*entry)).collect(),
            issued_at: Timestamp::from_unix(i64::MIN),
        }
    }

    #[test]
    fn names_that_a_row_could_not_give_back_are_refused() {
        for name in ["", "two words", "two\nlines", "é", "\0", &"x".repeat(129)] {
            assert!(Columns::of(with_entries(&[name])).is_err(), "{name:?}");
            assert!(id(&SessionKey::new(name)).is_err(), "{name:?}");
        }
        assert!(Columns::of(with_entries(&[&"x".repeat(128), "-_", "A"])).is_ok());
    }

    #[test]
    fn an_entry_is_written_once() {
        let columns = Columns::of(with_entries(&["b", "a", "b"])).unwrap();
        assert_eq!(columns.entries, ["b", "a"]);
    }

    #[test]
    fn a_version_that_no_database_holds_is_refused() {
        let mut record = with_entries(&[]);
        record.version = 1 << 63;
        assert!(Columns::of(record).is_err());
    }

    #[test]
    fn a_record_larger_than_any_of_ours_is_refused() {
        let mut record = with_entries(&[]);
        record.sealed = vec![0; LARGEST_RECORD + 1].into();
        assert!(Columns::of(record).is_err());
    }

    #[test]
    fn a_row_with_a_negative_version_is_no_record() {
        let row = (Vec::new(), -1, 0, 0);
        assert!(record(row, std::iter::empty()).is_err());
    }
}
