//! Reading revocations where rows become visible in the order of their numbers.

use codegrant_web::{IndexKey, Position, Revocation, Revoked, Timestamp};

/// How many revocations one answer holds at most.
pub(crate) const PAGE: i64 = 1_000;

/// A row of an answer: the last number that there is, and a revocation unless there is none: its number, entry,
/// issued_by, started_by, expires_at.
pub(crate) type Row = (
    i64,
    Option<i64>,
    Option<String>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
);

/// Reads the number from which a reader goes on.
///
/// # Errors
///
/// When this store did not give out that position.
pub(crate) fn after(position: Option<&Position>) -> Result<i64, sqlx::Error> {
    let text = position.map_or("0", Position::as_str);
    text.parse()
        .map_err(|_| super::attempt::refused("a position that this store did not give"))
}

/// Puts an answer together out of its rows, in their order.
///
/// Where the last number lies before the reader's, the table is another than the one it read (or all of its rows
/// were swept), and reading begins anew.
pub(crate) fn revoked(after: i64, rows: Vec<Row>) -> Revoked {
    let last = rows.first().map_or(0, |row| row.0);
    let is_full = rows.len() >= PAGE.unsigned_abs() as usize;
    let mut reached = last;
    let mut revocations = Vec::with_capacity(rows.len());
    for row in rows {
        if let (_, Some(number), Some(entry), Some(issued_by), Some(started_by), Some(until)) = row
        {
            if is_full {
                reached = number;
            }
            revocations.push(Revocation {
                entry: IndexKey::new(entry),
                issued_by: Timestamp::from_unix(issued_by),
                started_by: Timestamp::from_unix(started_by),
                until: Timestamp::from_unix(until),
            });
        }
    }
    let begins_anew = last < after;
    Revoked {
        revocations,
        position: Position::new(if begins_anew { 0 } else { reached }.to_string()),
        more: is_full || begins_anew,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(last: i64, number: i64) -> Row {
        (
            last,
            Some(number),
            Some("e".to_owned()),
            Some(1),
            Some(2),
            Some(3),
        )
    }

    #[test]
    fn a_reader_goes_on_after_the_last_number_that_there_is() {
        let answer = revoked(3, vec![row(9, 4), row(9, 7)]);
        assert_eq!(answer.position.as_str(), "9", "those between have expired");
        assert_eq!((answer.revocations.len(), answer.more), (2, false));
        let answer = revoked(9, vec![(9, None, None, None, None, None)]);
        assert_eq!(answer.position.as_str(), "9");
        assert!(answer.revocations.is_empty() && !answer.more);
    }

    #[test]
    fn a_full_answer_goes_on_where_it_ends() {
        let answer = revoked(0, (1..=PAGE).map(|number| row(5_000, number)).collect());
        assert_eq!(answer.position.as_str(), "1000");
        assert!(answer.more);
    }

    #[test]
    fn a_table_that_counts_anew_is_read_anew() {
        let answer = revoked(9, vec![(2, None, None, None, None, None)]);
        assert_eq!((answer.position.as_str(), answer.more), ("0", true));
        let answer = revoked(0, vec![row(2, 1), row(2, 2)]);
        assert_eq!((answer.position.as_str(), answer.more), ("2", false));
    }

    #[test]
    fn a_position_of_another_store_is_refused() {
        assert_eq!(after(None).unwrap(), 0);
        assert_eq!(after(Some(&Position::new("12"))).unwrap(), 12);
        assert!(after(Some(&Position::new("1:2:3"))).is_err());
    }
}
