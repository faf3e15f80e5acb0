//! How a record lies in a string: a header that scripts can read, the index entries, and the sealed session.
//!
//! ```text
//!  byte  0        the format, 1
//!        1..9     version
//!        9..17    expires at
//!       17..25    issued at
//!       25..33    what tells this record from the next one under the same key
//!       33..41    what tells this change from every other
//!       41..49    until when its index entries last
//!       49        how many entries there are, then each with two bytes of length before it
//!       ...       the sealed session
//! ```
//!
//! Numbers are big-endian. Moments have their sign bit turned round, so that the bytes of two compare as the
//! moments do: scripts have no integer of 64 bits.

use std::hash::{BuildHasher, Hasher, RandomState};

use codegrant_web::{IndexKey, Record, StoreError, Timestamp};

/// The first byte of everything that this crate writes.
pub(crate) const FORMAT: u8 = 1;

/// Where the entries begin.
const ENTRIES: usize = 49;

/// How much longer than needed an entry lasts, in seconds: the clocks of two processes differ.
pub(crate) const SLACK: i64 = 3600;

/// The longest time to live that a server is asked for: a hundred years.
const LONGEST: i64 = 100 * 365 * 86_400;

/// Tells a record from the next one under the same key, and a call from another.
pub(crate) type Nonce = [u8; 8];

/// A record as it lies in the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) record: Record,
    pub(crate) nonce: Nonce,
    pub(crate) change: Nonce,
    pub(crate) indexed_until: Timestamp,
}

/// Returns eight bytes that no other call returns; they are no secret.
pub(crate) fn nonce() -> Nonce {
    // Every `RandomState` has keys of its own.
    RandomState::new().build_hasher().finish().to_be_bytes()
}

/// Writes a moment so that its bytes compare as it does.
pub(crate) fn moment(at: Timestamp) -> [u8; 8] {
    (at.as_unix().cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

/// Reads what [`moment`] wrote.
pub(crate) fn read_moment(bytes: [u8; 8]) -> Timestamp {
    Timestamp::from_unix((u64::from_be_bytes(bytes) ^ (1 << 63)).cast_signed())
}

/// Returns how long something lives from now, in milliseconds: one at least.
pub(crate) fn time_to_live(until: Timestamp, now: Timestamp) -> i64 {
    until.seconds_since(now).clamp(0, LONGEST) * 1000 + 1
}

/// Returns until when the entries of a record are made to last: twice as long as the record, so that the next
/// change need not touch them.
pub(crate) fn indexed_until(record: &Record, now: Timestamp) -> Timestamp {
    if record.index.is_empty() {
        return Timestamp::from_unix(i64::MAX);
    }
    let lasts = record.expires_at.seconds_since(now).clamp(0, LONGEST);
    record.expires_at.max(now.plus(lasts).plus(lasts))
}

/// Returns the entries as they lie in the record.
///
/// # Errors
///
/// When there are too many, or one is too long.
pub(crate) fn entries(index: &[IndexKey]) -> Result<Vec<u8>, StoreError> {
    let too_much = |_| StoreError {
        reason: "redis: a record has more than 255 index entries, or one of more than 65535 bytes"
            .to_owned(),
    };
    let mut bytes = vec![u8::try_from(index.len()).map_err(too_much)?];
    for entry in index {
        let entry = entry.as_str().as_bytes();
        let length = u16::try_from(entry.len()).map_err(too_much)?;
        bytes.extend(length.to_be_bytes());
        bytes.extend(entry);
    }
    Ok(bytes)
}

impl Stored {
    /// Writes it.
    ///
    /// # Errors
    ///
    /// When it has too many index entries.
    pub(crate) fn write(&self) -> Result<Vec<u8>, StoreError> {
        let record = &self.record;
        let mut bytes = vec![FORMAT];
        bytes.extend(record.version.to_be_bytes());
        bytes.extend(moment(record.expires_at));
        bytes.extend(moment(record.issued_at));
        bytes.extend(self.nonce);
        bytes.extend(self.change);
        bytes.extend(moment(self.indexed_until));
        bytes.extend(entries(&record.index)?);
        bytes.extend(&*record.sealed);
        Ok(bytes)
    }

    /// Reads what [`Stored::write`] wrote.
    ///
    /// # Errors
    ///
    /// When it is of a newer format, or nothing that this crate wrote.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, StoreError> {
        match bytes.first() {
            Some(&FORMAT) => Self::fields(bytes).ok_or_else(foreign),
            _ => Err(foreign()),
        }
    }

    fn fields(bytes: &[u8]) -> Option<Self> {
        let number = |at: usize| -> Option<[u8; 8]> { bytes.get(at..at + 8)?.try_into().ok() };
        let count = *bytes.get(ENTRIES)?;
        let mut rest = bytes.get(ENTRIES + 1..)?;
        let mut index = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            let (length, after) = rest.split_first_chunk::<2>()?;
            let (entry, after) = after.split_at_checked(u16::from_be_bytes(*length).into())?;
            index.push(IndexKey::new(str::from_utf8(entry).ok()?));
            rest = after;
        }
        Some(Self {
            record: Record {
                sealed: rest.into(),
                version: u64::from_be_bytes(number(1)?),
                expires_at: read_moment(number(9)?),
                index,
                issued_at: read_moment(number(17)?),
            },
            nonce: number(25)?,
            change: number(33)?,
            indexed_until: read_moment(number(41)?),
        })
    }
}

/// Something under our keys that is not ours, or of a version to come: neither there nor gone.
pub(crate) fn foreign() -> StoreError {
    StoreError {
        reason:
            "redis: what lies under a key is of a newer version of codegrant, or of something else"
                .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(entries: &[&str]) -> Stored {
        Stored {
            record: Record {
                sealed: (0..=u8::MAX).collect(),
                version: u64::MAX - 1,
                expires_at: Timestamp::from_unix(1_800_000_000),
                index: entries.iter().map(|text| IndexKey::new(*text)).collect(),
                issued_at: Timestamp::from_unix(-5),
            },
            nonce: nonce(),
            change: nonce(),
            indexed_until: Timestamp::from_unix(i64::MAX),
        }
    }

    #[test]
    fn record_comes_back_as_it_was_written() {
        for entries in [&[][..], &["one"], &["", "two", "äöü"]] {
            let stored = stored(entries);
            assert_eq!(Stored::read(&stored.write().unwrap()).unwrap(), stored);
        }
    }

    // attack: DO-08
    #[test]
    fn piece_of_a_record_and_a_newer_format_are_errors() {
        let stored = stored(&["an entry", "another"]);
        let whole = stored.write().unwrap();
        let header = whole.len() - stored.record.sealed.len();
        for length in 0..header {
            assert!(Stored::read(&whole[..length]).is_err(), "{length} bytes");
        }
        let mut newer = whole;
        newer[0] = 2;
        assert!(Stored::read(&newer).unwrap_err().reason.contains("newer"));
    }

    #[test]
    fn moments_compare_as_their_bytes() {
        let moments = [i64::MIN, -1, 0, 1, 255, 256, 1 << 40, i64::MAX];
        for pair in moments.windows(2) {
            let [before, after] = [pair[0], pair[1]].map(Timestamp::from_unix);
            assert!(moment(before) < moment(after));
            assert_eq!(read_moment(moment(before)), before);
        }
    }

    #[test]
    fn time_to_live_is_never_nothing_and_never_too_much_for_a_server() {
        let now = Timestamp::from_unix(1_800_000_000);
        assert_eq!(time_to_live(now.plus(60), now), 60_001);
        assert_eq!(time_to_live(now.minus(60), now), 1);
        let end_of_time = Timestamp::from_unix(i64::MAX);
        assert!(time_to_live(end_of_time, now) < 1 << 43);
    }

    #[test]
    fn too_many_entries_are_refused() {
        let mut stored = stored(&[]);
        stored.record.index = vec![IndexKey::new("e"); 256];
        assert!(stored.write().is_err());
        stored.record.index = vec![IndexKey::new("e".repeat(70_000))];
        assert!(stored.write().is_err());
    }

    #[test]
    fn nonces_differ() {
        let nonces: std::collections::HashSet<_> = (0..1000).map(|_| nonce()).collect();
        assert_eq!(nonces.len(), 1000);
    }
}
