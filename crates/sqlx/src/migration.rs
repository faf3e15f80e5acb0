//! The migrations that ship with the stores.

use std::fmt;

/// One step of the tables' history: what [`PostgresStore::migrate`](crate::PostgresStore::migrate) and its
/// likes run, to be shown or run by hand.
///
/// Each can be run again without harm, and notes in the table `codegrant_migration` that it was.
///
/// ```
/// for migration in codegrant_sqlx::SqliteStore::migrations() {
///     println!("{migration}"); // the SQL
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Migration {
    /// Counts from 1.
    pub version: i32,
    /// Its SQL: several statements.
    pub sql: &'static str,
}

impl fmt::Display for Migration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sql)
    }
}

/// The migrations of one database, in their order.
macro_rules! migrations {
    ($database:literal) => {
        &[
            $crate::migration::Migration {
                version: 1,
                sql: include_str!(concat!("../migrations/", $database, "/0001_sessions.sql")),
            },
            $crate::migration::Migration {
                version: 2,
                sql: include_str!(concat!(
                    "../migrations/",
                    $database,
                    "/0002_revocations.sql"
                )),
            },
        ]
    };
}
pub(crate) use migrations;

/// Returns the migrations that are still to come.
pub(crate) fn pending(
    all: &'static [Migration],
    applied: &[i32],
) -> impl Iterator<Item = &'static Migration> {
    all.iter()
        .filter(move |migration| !applied.contains(&migration.version))
}
