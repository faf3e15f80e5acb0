//! What is over, as a stream: each process goes on where it was.

use codegrant_web::{IndexKey, Position, Revocation, Revoked, StoreError, Timestamp};

use crate::connection::Connection;
use crate::layout::{FORMAT, SLACK, foreign, moment, read_moment, time_to_live};
use crate::scripts;

/// How many are read at once.
const PAGE: usize = 1000;

/// How far a reader looks back, in milliseconds: after a failover the new server's clock may be behind, and
/// number what is new below what was read.
const LOOK_BACK: u64 = 60_000;

/// Where a reader goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    /// It has read everything up to there, and looks back a while.
    Settled(Id),
    /// It is reading, and there was more.
    Reading(Id),
}

/// The number of an item: milliseconds, and one that tells items of the same millisecond apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Id(u64, u64);

/// Adds one.
///
/// # Errors
///
/// When the server does not work.
pub(crate) async fn add(
    connection: &Connection,
    key: &str,
    revocation: &Revocation,
    now: Timestamp,
) -> Result<(), StoreError> {
    let lasts = time_to_live(revocation.until.plus(SLACK), now).to_string();
    let (ended, new) = (moment(now.minus(SLACK)), write(revocation));
    let arguments = [&ended[..], &new, lasts.as_bytes()];
    let added = connection.run::<i64>("revoke", &scripts::REVOKE, key, &arguments);
    added.await.map(drop)
}

/// Reads what was added after a position.
///
/// # Errors
///
/// When the server does not work, the position is none of this store, or what lies there is none of ours.
pub(crate) async fn read(
    connection: &Connection,
    key: &str,
    after: Option<&Position>,
    now: Timestamp,
) -> Result<Revoked, StoreError> {
    let from = match after {
        None => From::Settled(Id(0, 0)),
        Some(position) => From::read(position.as_str())?,
    };
    let mut command = redis::cmd("XRANGE");
    command.arg(key).arg(from.first().text()).arg("+");
    command.arg("COUNT").arg(PAGE);
    let items: Vec<(String, Vec<Vec<u8>>)> = connection.ask("revoked", &command).await?;
    let mut last = from.id();
    let more = items.len() == PAGE;
    let mut revocations = Vec::with_capacity(items.len());
    for (count, (id, fields)) in items.iter().enumerate() {
        let id = Id::read(id).ok_or_else(foreign)?;
        // The first page of a look back may end before the place that was reached.
        last = if count == 0 && more { id } else { id.max(last) };
        let revocation = fields.get(1).and_then(|bytes| parse(bytes));
        let revocation = revocation.ok_or_else(foreign)?;
        if now < revocation.until {
            revocations.push(revocation);
        }
    }
    let position = match more {
        true => From::Reading(last),
        false => From::Settled(last),
    };
    Ok(Revoked {
        revocations,
        position: position.text(),
        more,
    })
}

impl From {
    fn id(self) -> Id {
        match self {
            Self::Settled(id) | Self::Reading(id) => id,
        }
    }

    /// The first item that may have to be read.
    fn first(self) -> Id {
        match self {
            Self::Settled(Id(milliseconds, _)) => Id(milliseconds.saturating_sub(LOOK_BACK), 0),
            Self::Reading(Id(milliseconds, number)) => match number.checked_add(1) {
                Some(next) => Id(milliseconds, next),
                None => Id(milliseconds.saturating_add(1), 0),
            },
        }
    }

    fn text(self) -> Position {
        Position::new(match self {
            Self::Settled(id) => id.text(),
            Self::Reading(id) => format!("{}+", id.text()),
        })
    }

    fn read(text: &str) -> Result<Self, StoreError> {
        let read = match text.strip_suffix('+') {
            Some(id) => Id::read(id).map(Self::Reading),
            None => Id::read(text).map(Self::Settled),
        };
        read.ok_or_else(|| StoreError {
            reason: "redis: a position that this store did not give".to_owned(),
        })
    }
}

impl Id {
    fn text(self) -> String {
        format!("{}-{}", self.0, self.1)
    }

    fn read(text: &str) -> Option<Self> {
        let (milliseconds, number) = text.split_once('-')?;
        Some(Self(milliseconds.parse().ok()?, number.parse().ok()?))
    }
}

/// A format, until when it counts, both moments, and the entry.
fn write(revocation: &Revocation) -> Vec<u8> {
    let mut bytes = vec![FORMAT];
    bytes.extend(moment(revocation.until));
    bytes.extend(moment(revocation.issued_by));
    bytes.extend(moment(revocation.started_by));
    bytes.extend(revocation.entry.as_str().as_bytes());
    bytes
}

fn parse(bytes: &[u8]) -> Option<Revocation> {
    let rest = bytes.strip_prefix(&[FORMAT])?;
    let (until, rest) = rest.split_first_chunk::<8>()?;
    let (issued_by, rest) = rest.split_first_chunk::<8>()?;
    let (started_by, entry) = rest.split_first_chunk::<8>()?;
    Some(Revocation {
        entry: IndexKey::new(str::from_utf8(entry).ok()?),
        issued_by: read_moment(*issued_by),
        started_by: read_moment(*started_by),
        until: read_moment(*until),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revocation_comes_back_as_it_was_written_and_another_format_is_none() {
        let revocation = Revocation {
            entry: IndexKey::new("an entry"),
            issued_by: Timestamp::from_unix(i64::MAX),
            started_by: Timestamp::from_unix(1_800_000_000),
            until: Timestamp::from_unix(1_800_003_600),
        };
        let bytes = write(&revocation);
        assert_eq!(parse(&bytes), Some(revocation));
        for length in 0..25 {
            assert_eq!(parse(&bytes[..length]), None);
        }
        assert_eq!(parse(&[&[2], &bytes[1..]].concat()), None);
    }

    #[test]
    fn position_goes_on_exactly_while_reading_and_looks_back_after() {
        let reading = From::read("70000-18446744073709551615+").unwrap();
        assert_eq!(reading.first(), Id(70_001, 0));
        assert_eq!(From::read("70000-3+").unwrap().first(), Id(70_000, 4));
        assert_eq!(From::read("70000-3").unwrap().first(), Id(10_000, 0));
        assert_eq!(From::read("5-3").unwrap().first(), Id(0, 0));
        for foreign in ["", "5", "5-", "-5", "a-b", "5-3-1", "5-3++"] {
            assert!(From::read(foreign).is_err(), "{foreign}");
        }
        for text in ["5-3", "5-3+"] {
            assert_eq!(From::read(text).unwrap().text().as_str(), text);
        }
    }
}
