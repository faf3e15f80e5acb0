//! Reading revocations in PostgreSQL, where a row becomes visible when its transaction ends and not before.
//!
//! Rows get their numbers as they are written, so that the row with the higher number may be visible first. A
//! reader that went on from the highest number would miss the other one. Each row therefore has the number of its
//! transaction, and each answer of the database comes with the number of the oldest transaction that was still
//! open then: everything before it is visible or never will be, and from there the reader goes on. What was
//! visible already is then read twice, which does no harm.

use codegrant_web::{IndexKey, Position, Revocation, Revoked, Timestamp};

use crate::attempt;

/// How many revocations one answer holds at most.
pub(super) const PAGE: i64 = 1_000;

/// A row of an answer: the oldest transaction that was open, and a revocation unless there is none: its
/// transaction, number, entry, issued_by, started_by, expires_at.
pub(super) type RevocationRow = (
    i64,
    Option<i64>,
    Option<i64>,
    Option<String>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
);

/// Where a reader is: after a row, or before all rows of a transaction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reader {
    /// Where it goes on when it has read all pages: what was open when it read the first of them.
    first_open: i64,
    /// The row that it has read last, or the transaction where it begins, with no number.
    pub(super) written: i64,
    pub(super) id: i64,
}

impl Reader {
    /// Reads where the last answer ended.
    ///
    /// # Errors
    ///
    /// When this store did not give out that position.
    pub(super) fn at(position: Option<&Position>) -> Result<Self, sqlx::Error> {
        let Some(position) = position else {
            return Ok(Self::default());
        };
        let numbers = position.as_str().split(':');
        let numbers: Result<Vec<i64>, _> = numbers.map(str::parse).collect();
        match numbers.as_deref() {
            Ok(&[first_open, written, id]) if first_open >= 0 && written >= 0 && id >= 0 => {
                Ok(Self {
                    first_open,
                    written,
                    id,
                })
            }
            _ => Err(attempt::refused("a position that this store did not give")),
        }
    }

    /// Puts an answer together out of its rows, in their order.
    pub(super) fn read(self, rows: Vec<RevocationRow>) -> Revoked {
        let open = rows.first().map_or(0, |row| row.0);
        // Another cluster than the one that was read before, restored from a dump: it counts anew.
        let begins_anew = open < self.first_open;
        let is_first_page = self.id == 0;
        let first_open = if is_first_page { open } else { self.first_open };
        let is_full = rows.len() >= PAGE.unsigned_abs() as usize;
        let mut next = Self {
            first_open,
            written: first_open,
            id: 0,
        };
        let mut revocations = Vec::with_capacity(rows.len());
        for (_, written, id, entry, issued_by, started_by, until) in rows {
            let (Some(written), Some(id), Some(entry)) = (written, id, entry) else {
                continue;
            };
            let (Some(issued_by), Some(started_by), Some(until)) = (issued_by, started_by, until)
            else {
                continue;
            };
            if is_full {
                next = Self {
                    written,
                    id,
                    ..next
                };
            }
            revocations.push(Revocation {
                entry: IndexKey::new(entry),
                issued_by: Timestamp::from_unix(issued_by),
                started_by: Timestamp::from_unix(started_by),
                until: Timestamp::from_unix(until),
            });
        }
        if begins_anew {
            next = Self::default();
        }
        Revoked {
            revocations,
            position: next.position(),
            more: is_full || begins_anew,
        }
    }

    fn position(self) -> Position {
        Position::new(format!("{}:{}:{}", self.first_open, self.written, self.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(open: i64, written: i64, id: i64) -> RevocationRow {
        let entry = Some("e".to_owned());
        (
            open,
            Some(written),
            Some(id),
            entry,
            Some(1),
            Some(2),
            Some(3),
        )
    }

    fn at(first_open: i64, written: i64, id: i64) -> Reader {
        Reader {
            first_open,
            written,
            id,
        }
    }

    fn next(answer: &Revoked) -> Reader {
        Reader::at(Some(&answer.position)).unwrap()
    }

    #[test]
    fn a_reader_goes_on_from_the_oldest_transaction_that_was_open() {
        let answer = Reader::default().read(vec![row(7, 3, 1), row(7, 9, 2)]);
        assert_eq!((answer.revocations.len(), answer.more), (2, false));
        assert_eq!(next(&answer), at(7, 7, 0), "the row of 9 is read again");
        let answer = at(7, 7, 0).read(vec![(12, None, None, None, None, None, None)]);
        assert_eq!(next(&answer), at(12, 12, 0));
        assert!(answer.revocations.is_empty() && !answer.more);
    }

    #[test]
    fn pages_end_where_the_first_one_saw_open_transactions() {
        let full = (1..=PAGE).map(|id| row(7, id + 5, id)).collect();
        let answer = at(5, 5, 0).read(full);
        assert!(answer.more);
        assert_eq!(next(&answer), at(7, PAGE + 5, PAGE));
        // Meanwhile 7 has ended, and what it wrote lies before the reader.
        let answer = next(&answer).read(vec![row(9_000, 2_000, 1_001)]);
        assert!(!answer.more);
        assert_eq!(next(&answer), at(7, 7, 0), "which reads it next time");
    }

    #[test]
    fn a_cluster_that_counts_anew_is_read_anew() {
        let answer = at(700, 700, 0).read(vec![(12, None, None, None, None, None, None)]);
        assert!(answer.more);
        assert_eq!(next(&answer), Reader::default());
    }

    #[test]
    fn a_position_of_another_store_is_refused() {
        for position in ["", "1", "1:2", "1:2:3:4", "a:b:c", "-1:0:0"] {
            let position = Position::new(position);
            assert!(Reader::at(Some(&position)).is_err(), "{position:?}");
        }
        assert_eq!(Reader::at(None).unwrap(), Reader::default());
    }
}
