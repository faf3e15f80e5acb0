//! How a step is carried out: within a deadline, again where the database asks for it, and told without secrets.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use codegrant_web::StoreError;
use sqlx::pool::PoolConnection;
use sqlx::{Database, Pool};

/// How long a step may take, all its attempts together.
pub(crate) const DEADLINE: Duration = Duration::from_secs(5);

/// How often a step is tried that the database gave up for another one's sake.
const ATTEMPTS: u32 = 8;

/// The longest text of a database that an operator is shown.
const LONGEST_REASON: usize = 400;

/// Tries a step until it is done, fails for good, or the deadline has passed.
///
/// Only failures that `passes` knows are tried again: those after which nothing was written and another attempt
/// may go through.
pub(crate) async fn within<T, F: Future<Output = Result<T, sqlx::Error>>>(
    deadline: Duration,
    passes: impl Fn(&sqlx::Error) -> bool,
    mut step: impl FnMut() -> F,
) -> Result<T, StoreError> {
    let attempts = async {
        let mut attempt = 1;
        loop {
            match step().await {
                Err(error) if attempt < ATTEMPTS && passes(&error) => {
                    tokio::time::sleep(Duration::from_millis(1 << attempt)).await;
                    attempt += 1;
                }
                ended => return ended,
            }
        }
    };
    match tokio::time::timeout(deadline, attempts).await {
        Ok(ended) => ended.map_err(|error| told(&error)),
        Err(_) => Err(StoreError {
            reason: format!("no answer within {} ms", deadline.as_millis()),
        }),
    }
}

/// Says what went wrong on one line; sqlx names no password, and what a database says is cut.
pub(crate) fn told(error: &sqlx::Error) -> StoreError {
    let said = error.to_string();
    let plain = said.chars().map(|c| if c.is_control() { ' ' } else { c });
    StoreError {
        reason: plain.take(LONGEST_REASON).collect(),
    }
}

/// A failure of ours among those of the database.
pub(crate) fn refused(reason: impl Into<String>) -> sqlx::Error {
    let reason: Box<dyn std::error::Error + Send + Sync> = reason.into().into();
    sqlx::Error::Decode(reason)
}

/// A connection that goes back to its pool when it is done, and is closed when it is dropped before.
///
/// A step that its deadline cut off may have an answer on the way that nobody can say when to expect: the pool
/// would wait for it before it gave the connection to anybody else.
pub(crate) struct Held<DB: Database> {
    connection: PoolConnection<DB>,
    is_done: bool,
}

impl<DB: Database> Held<DB> {
    pub(crate) async fn of(pool: &Pool<DB>) -> Result<Self, sqlx::Error> {
        Ok(Self {
            connection: pool.acquire().await?,
            is_done: false,
        })
    }

    /// Gives the connection back, and the result on.
    pub(crate) fn done<T>(mut self, result: T) -> T {
        self.is_done = true;
        result
    }
}

impl<DB: Database> Drop for Held<DB> {
    fn drop(&mut self) {
        if !self.is_done {
            self.connection.close_on_drop();
        }
    }
}

impl<DB: Database> Deref for Held<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        &self.connection
    }
}

impl<DB: Database> DerefMut for Held<DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        &mut self.connection
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_step_that_never_ends_is_cut_off() {
        let soon = Duration::from_millis(10);
        let ended: Result<(), _> = within(soon, |_| true, std::future::pending).await;
        assert_eq!(ended.unwrap_err().reason, "no answer within 10 ms");
    }

    #[tokio::test]
    async fn what_passes_is_tried_again_and_not_for_ever() {
        let count = AtomicU32::new(0);
        let step = |until: u32| {
            let count = &count;
            move || async move {
                let attempt = count.fetch_add(1, Ordering::SeqCst);
                if attempt < until {
                    Err(sqlx::Error::PoolClosed)
                } else {
                    Ok(attempt)
                }
            }
        };
        assert_eq!(within(DEADLINE, |_| true, step(3)).await, Ok(3));
        count.store(0, Ordering::SeqCst);
        assert!(within(DEADLINE, |_| true, step(u32::MAX)).await.is_err());
        assert_eq!(count.swap(0, Ordering::SeqCst), ATTEMPTS);
        assert!(within(DEADLINE, |_| false, step(1)).await.is_err());
        assert_eq!(count.load(Ordering::SeqCst), 1, "for good at once");
    }

    #[test]
    fn a_reason_is_one_short_line() {
        let reason = told(&refused(format!("two\nlines {}", "x".repeat(9_999)))).reason;
        assert!(
            reason.len() <= LONGEST_REASON && reason.contains("two lines"),
            "{reason}"
        );
    }
}
