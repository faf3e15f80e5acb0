//! Sessions in PostgreSQL.

mod reading;
mod sql;

use std::time::Duration;

use async_trait::async_trait;
use codegrant_web::{
    Created, IndexKey, Position, Record, Replaced, Revocation, Revoked, SessionKey, SessionStore,
    StoreError, Timestamp, TransactionId,
};
use sqlx::{Connection, PgPool};

use self::reading::{Reader, RevocationRow};
use crate::attempt::{self, DEADLINE, Held};
use crate::columns::{self, Columns, Row};
use crate::migration::{self, Migration, migrations};
use crate::sweep::{self, BATCH, Sweeper, Swept};

/// Keeps sessions in PostgreSQL 13 or later.
///
/// Cheap to clone. Every method is one statement, so that a pooler between the app and the database may share
/// connections between statements.
///
/// ```no_run
/// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
/// use codegrant_sqlx::PostgresStore;
/// use codegrant_sqlx::sqlx::PgPool;
///
/// let pool = PgPool::connect("postgres://app@db.internal/app").await?;
/// let store = PostgresStore::new(pool.clone());
/// store.migrate().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct PostgresStore {
    pool: PgPool,
    deadline: Duration,
}

impl PostgresStore {
    /// Keeps sessions in the database of an app's own pool, in the first schema of its search path.
    pub fn new(pool: PgPool) -> Self {
        Self {
            pool,
            deadline: DEADLINE,
        }
    }

    /// Sets how long a call may take; five seconds unless told otherwise.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Returns the pool that it was made of.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Returns the SQL that [`PostgresStore::migrate`] runs, in its order.
    pub fn migrations() -> &'static [Migration] {
        migrations!("postgres")
    }

    /// Makes the tables, or brings older ones up to date; any number of processes may call it at once.
    ///
    /// # Errors
    ///
    /// When the database does not work, or refuses: the role needs `create` on the schema.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        // Others may be at it, and making an index on a large table takes its time.
        attempt::within(self.deadline * 12, passes, || async {
            let mut held = Held::of(&self.pool).await?;
            let mut writing = held.begin().await?;
            let alone = sqlx::query("select pg_advisory_xact_lock($1)").bind(MIGRATION_LOCK);
            alone.execute(&mut *writing).await?;
            let table = "select to_regclass('codegrant_migration') is not null";
            let begun: bool = sqlx::query_scalar(table).fetch_one(&mut *writing).await?;
            let mut applied = Vec::new();
            if begun {
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
impl SessionStore for PostgresStore {
    async fn create(
        &self,
        key: &SessionKey,
        record: Record,
        now: Timestamp,
    ) -> Result<Created, StoreError> {
        let (id, columns) = (columns::id(key)?, &Columns::of(record)?);
        attempt::within(self.deadline, passes, || async move {
            let mut held = Held::of(&self.pool).await?;
            let query = sqlx::query_scalar(sql::CREATE)
                .bind(id)
                .bind(&*columns.sealed)
                .bind(columns.version)
                .bind(columns.issued_at)
                .bind(columns.expires_at)
                .bind(&columns.entries)
                .bind(now.as_unix());
            let created: i64 = query.fetch_one(&mut *held).await?;
            Ok(held.done(match created {
                0 => Created::No,
                _ => Created::Yes,
            }))
        })
        .await
    }

    async fn load(&self, key: &SessionKey, now: Timestamp) -> Result<Option<Record>, StoreError> {
        let id = columns::id(key)?;
        attempt::within(self.deadline, passes, || async move {
            let mut held = Held::of(&self.pool).await?;
            let query = sqlx::query_as(sql::LOAD).bind(id).bind(now.as_unix());
            let row: Option<Row<Vec<String>>> = query.fetch_optional(&mut *held).await?;
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
            let query = sqlx::query_scalar(sql::REPLACE)
                .bind(id)
                .bind(&*columns.sealed)
                .bind(columns.version)
                .bind(columns.issued_at)
                .bind(columns.expires_at)
                .bind(&columns.entries)
                .bind(expected)
                .bind(now.as_unix());
            let replaced: i64 = query.fetch_one(&mut *held).await?;
            Ok(held.done(match replaced {
                0 => Replaced::No,
                _ => Replaced::Yes,
            }))
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
            let rows: Vec<(String, Vec<u8>, i64, i64, i64, Vec<String>)> =
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
            let reader = Reader::at(after)?;
            let mut held = Held::of(&self.pool).await?;
            let query = sqlx::query_as(sql::REVOKED)
                .bind(reader.written.to_string())
                .bind(reader.id)
                .bind(now.as_unix())
                .bind(reading::PAGE);
            let rows: Vec<RevocationRow> = query.fetch_all(&mut *held).await?;
            Ok(held.done(reader.read(rows)))
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

/// What processes that migrate wait for, among the advisory locks of the database: an arbitrary number.
const MIGRATION_LOCK: i64 = 0x636f_6465_6772_616e;

fn record(
    (sealed, version, issued_at, expires_at, entries): Row<Vec<String>>,
) -> Result<Record, sqlx::Error> {
    columns::record(
        (sealed, version, issued_at, expires_at),
        entries.into_iter(),
    )
}

/// Whether the database gave a step up for another one's sake, without having written anything.
fn passes(error: &sqlx::Error) -> bool {
    // serialization_failure, deadlock_detected
    let error = error.as_database_error();
    let code = error.and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("40001" | "40P01"))
}
