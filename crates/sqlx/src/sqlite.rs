//! Sessions in SQLite.

mod sql;

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use codegrant_web::{
    Created, IndexKey, Position, Record, Replaced, Revocation, Revoked, SessionKey, SessionStore,
    StoreError, Timestamp, TransactionId,
};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{Connection, Executor, SqliteConnection, SqlitePool};

use crate::attempt::{self, DEADLINE, Held};
use crate::columns::{self, Columns, Row};
use crate::migration::{self, Migration, migrations};
use crate::numbered;
use crate::sweep::{self, BATCH, Sweeper, Swept};

/// Keeps sessions in SQLite: one file, for any number of processes on one machine.
///
/// Cheap to clone. Writers take turns, so it is for apps whose sessions change some hundred times a second at
/// most; with a file on a network drive nothing holds.
///
/// ```no_run
/// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
/// use codegrant_sqlx::SqliteStore;
///
/// let store = SqliteStore::open("sessions.db").await?;
/// store.migrate().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct SqliteStore {
    pool: SqlitePool,
    deadline: Duration,
}

impl SqliteStore {
    /// Keeps sessions in the database of an app's own pool.
    ///
    /// Set it to `journal_mode` `WAL`, so that readers do not wait for a writer, and to a `busy_timeout`, which
    /// sqlx does by default. A pool over `:memory:` has one database for each connection, and so is of no use.
    pub fn new(pool: SqlitePool) -> Self {
        Self {
            pool,
            deadline: DEADLINE,
        }
    }

    /// Opens a file of its own, and makes it where there is none; call [`SqliteStore::migrate`] next.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened or is no database.
    pub async fn open(file: impl AsRef<Path>) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .busy_timeout(DEADLINE);
        let pool = SqlitePoolOptions::new().max_connections(4);
        let pool = pool.connect_with(options).await;
        pool.map(Self::new).map_err(|error| attempt::told(&error))
    }

    /// Sets how long a call may take; five seconds unless told otherwise.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Returns the pool that it was made of.
    pub fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// Returns the SQL that [`SqliteStore::migrate`] runs, in its order.
    pub fn migrations() -> &'static [Migration] {
        migrations!("sqlite")
    }

    /// Makes the tables, or brings older ones up to date; any number of processes may call it at once.
    ///
    /// # Errors
    ///
    /// When the database does not work, or refuses.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        attempt::within(self.deadline, passes, || async {
            let mut held = Held::of(&self.pool).await?;
            let mut writing = held.begin_with("begin immediate").await?;
            let table = "select count(*) from sqlite_master where name = 'codegrant_migration'";
            let begun: i64 = sqlx::query_scalar(table).fetch_one(&mut *writing).await?;
            let mut applied = Vec::new();
            if begun > 0 {
                let versions = sqlx::query_scalar("select version from codegrant_migration");
                applied = versions.fetch_all(&mut *writing).await?;
            }
            for migration in migration::pending(Self::migrations(), &applied) {
                sqlx::raw_sql(migration.sql).execute(&mut *writing).await?;
            }
            writing.commit().await?;
            held.done(());
            Ok(())
        })
        .await
    }

    /// Removes what had expired five minutes before `now` or earlier, in batches, and counts it.
    ///
    /// # Errors
    ///
    /// When the database does not work; what was removed until then stays removed.
    pub async fn sweep(&self, now: Timestamp) -> Result<Swept, StoreError> {
        let remove = |sql: &'static str| {
            sweep::batches(move || {
                attempt::within(self.deadline, passes, move || async move {
                    let mut held = Held::of(&self.pool).await?;
                    let query = sqlx::query(sql).bind(sweep::over_by(now)).bind(BATCH);
                    let removed = query.execute(&mut *held).await?.rows_affected();
                    Ok(held.done(removed))
                })
            })
        };
        Ok(Swept {
            sessions: remove(sql::SWEEP_SESSIONS).await?,
            transactions: remove(sql::SWEEP_USED).await?,
            revocations: remove(sql::SWEEP_REVOCATIONS).await?,
        })
    }

    /// Sweeps at every interval, by this machine's clock, until what it returns is dropped.
    pub fn sweep_every(&self, interval: Duration) -> Sweeper {
        let store = self.clone();
        sweep::every(interval, move |now| {
            let store = store.clone();
            async move { store.sweep(now).await }
        })
    }
}

#[async_trait]
impl SessionStore for SqliteStore {
    async fn create(
        &self,
        key: &SessionKey,
        record: Record,
        now: Timestamp,
    ) -> Result<Created, StoreError> {
        let (id, columns) = (columns::id(key)?, &Columns::of(record)?);
        attempt::within(self.deadline, passes, || async move {
            let mut held = Held::of(&self.pool).await?;
            let mut writing = held.begin_with("begin immediate").await?;
            let query = sqlx::query(sql::CREATE)
                .bind(id)
                .bind(&*columns.sealed)
                .bind(columns.version)
                .bind(columns.issued_at)
                .bind(columns.expires_at)
                .bind(columns.joined_entries())
                .bind(now.as_unix());
            let created = query.execute(&mut *writing).await?.rows_affected() > 0;
            if created {
                index(&mut writing, id, &columns.entries).await?;
            }
            writing.commit().await?;
            Ok(held.done(if created { Created::Yes } else { Created::No }))
        })
        .await
    }

    async fn load(&self, key: &SessionKey, now: Timestamp) -> Result<Option<Record>, StoreError> {
        let id = columns::id(key)?;
        attempt::within(self.deadline, passes, || async move {
            let mut held = Held::of(&self.pool).await?;
            let query = sqlx::query_as(sql::LOAD).bind(id).bind(now.as_unix());
            let row: Option<Row<String>> = query.fetch_optional(&mut *held).await?;
            Ok(held.done(row.map(record).transpose()?))
        })
        .await
    }

    async fn replace(
        &self,
        key: &SessionKey,
        expected: u64,
        record: Record,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        let (id, columns) = (columns::id(key)?, &Columns::of(record)?);
        let Ok(expected) = i64::try_from(expected) else {
            return Ok(Replaced::No);
        };
        attempt::within(self.deadline, passes, || async move {
            let mut held = Held::of(&self.pool).await?;
            let mut writing = held.begin_with("begin immediate").await?;
            let query = sqlx::query_scalar(sql::READ_ENTRIES)
                .bind(id)
                .bind(expected)
                .bind(now.as_unix());
            let before: Option<String> = query.fetch_optional(&mut *writing).await?;
            if let Some(before) = &before {
                let entries = columns.joined_entries();
                let query = sqlx::query(sql::REPLACE)
                    .bind(id)
                    .bind(&*columns.sealed)
                    .bind(columns.version)
                    .bind(columns.issued_at)
                    .bind(columns.expires_at)
                    .bind(&entries);
                query.execute(&mut *writing).await?;
                if *before != entries {
                    index(&mut writing, id, &columns.entries).await?;
                }
            }
            writing.commit().await?;
            Ok(held.done(before.map_or(Replaced::No, |_| Replaced::Yes)))
        })
        .await
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), StoreError> {
        let id = columns::id(key)?;
        attempt::within(self.deadline, passes, || async move {
            let mut held = Held::of(&self.pool).await?;
            sqlx::query(sql::DELETE)
                .bind(id)
                .execute(&mut *held)
                .await?;
            held.done(());
            Ok(())
        })
        .await
    }

    async fn end_all(
        &self,
        entry: &IndexKey,
        issued_by: Timestamp,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let entry = columns::name(entry.as_str())?;
        attempt::within(self.deadline, passes, || async move {
            let mut held = Held::of(&self.pool).await?;
            let query = sqlx::query(sql::END_ALL)
                .bind(entry)
                .bind(issued_by.as_unix())
                .bind(now.as_unix());
            let ended = query.execute(&mut *held).await?.rows_affected();
            Ok(held.done(usize::try_from(ended).unwrap_or(usize::MAX)))
        })
        .await
    }

    async fn list(
        &self,
        entry: &IndexKey,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<(SessionKey, Record)>, StoreError> {
        let entry = columns::name(entry.as_str())?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        attempt::within(self.deadline, passes, || async move {
            let mut held = Held::of(&self.pool).await?;
            let query = sqlx::query_as(sql::LIST)
                .bind(entry)
                .bind(now.as_unix())
                .bind(limit);
            let rows: Vec<(String, Vec<u8>, i64, i64, i64, String)> =
                query.fetch_all(&mut *held).await?;
            let listed =
                rows.into_iter()
                    .map(|(id, sealed, version, issued_at, expires_at, entries)| {
                        let row = (sealed, version, issued_at, expires_at, entries);
                        Ok((SessionKey::new(id), record(row)?))
                    });
            Ok(held.done(listed.collect::<Result<_, sqlx::Error>>()?))
        })
        .await
    }

    async fn revoke(&self, revocation: &Revocation, _now: Timestamp) -> Result<(), StoreError> {
        let entry = columns::name(revocation.entry.as_str())?;
        attempt::within(self.deadline, passes, || async move {
            let mut held = Held::of(&self.pool).await?;
            let query = sqlx::query(sql::REVOKE)
                .bind(entry)
                .bind(revocation.issued_by.as_unix())
                .bind(revocation.started_by.as_unix())
                .bind(revocation.until.as_unix());
            query.execute(&mut *held).await?;
            held.done(());
            Ok(())
        })
        .await
    }

    async fn revoked(
        &self,
        after: Option<&Position>,
        now: Timestamp,
    ) -> Result<Revoked, StoreError> {
        attempt::within(self.deadline, passes, || async move {
            let after = numbered::after(after)?;
            let mut held = Held::of(&self.pool).await?;
            let query = sqlx::query_as(sql::REVOKED)
                .bind(after)
                .bind(now.as_unix())
                .bind(numbered::PAGE);
            let rows = query.fetch_all(&mut *held).await?;
            Ok(held.done(numbered::revoked(after, rows)))
        })
        .await
    }

    async fn consume(
        &self,
        transaction: TransactionId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let id = &transaction.to_hex();
        attempt::within(self.deadline, passes, || async move {
            let mut held = Held::of(&self.pool).await?;
            let query = sqlx::query(sql::CONSUME)
                .bind(id)
                .bind(until.as_unix())
                .bind(now.as_unix());
            let first = query.execute(&mut *held).await?.rows_affected() > 0;
            Ok(held.done(first))
        })
        .await
    }
}

/// Writes the entries of a session in place of those that it had.
async fn index(
    writing: &mut SqliteConnection,
    id: &str,
    entries: &[String],
) -> Result<(), sqlx::Error> {
    let forget = sqlx::query("delete from codegrant_session_index where id = ?1").bind(id);
    writing.execute(forget).await?;
    for entry in entries {
        let keep = sqlx::query("insert into codegrant_session_index (id, entry) values (?1, ?2)");
        writing.execute(keep.bind(id).bind(entry)).await?;
    }
    Ok(())
}

fn record(
    (sealed, version, issued_at, expires_at, entries): Row<String>,
) -> Result<Record, sqlx::Error> {
    let entries = entries.split_ascii_whitespace().map(str::to_owned);
    columns::record((sealed, version, issued_at, expires_at), entries)
}

/// Whether another writer was in the way for longer than the connection waits: nothing was written then.
fn passes(error: &sqlx::Error) -> bool {
    // SQLITE_BUSY, SQLITE_LOCKED and what SQLite tells of them beyond that.
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("5" | "6" | "261" | "262" | "517"))
}
