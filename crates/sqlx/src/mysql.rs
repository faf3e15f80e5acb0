//! Sessions in MySQL and MariaDB.

mod sql;
mod writing;

use std::time::Duration;

use async_trait::async_trait;
use codegrant_web::{
    Created, IndexKey, Position, Record, Replaced, Revocation, Revoked, SessionKey, SessionStore,
    StoreError, Timestamp, TransactionId,
};
use sqlx::mysql::{MySqlDatabaseError, MySqlPool};

use crate::attempt::{self, DEADLINE, Held};
use crate::columns::{self, Columns, Row};
use crate::migration::{self, Migration, migrations};
use crate::numbered;
use crate::sweep::{self, BATCH, Sweeper, Swept};

/// Keeps sessions in MySQL 8 or MariaDB 10.6, or later ones, in InnoDB tables.
///
/// Cheap to clone. All nodes write to one primary: where several members of a cluster take writes, a revocation
/// may become visible behind a reader's back.
///
/// Without TLS, MySQL's default way to check a password needs an RSA key exchange, which is left out here: connect
/// by TLS, or by a Unix socket. MariaDB's default way works on either.
///
/// ```no_run
/// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
/// use codegrant_sqlx::MySqlStore;
/// use codegrant_sqlx::sqlx::MySqlPool;
///
/// let pool = MySqlPool::connect("mysql://app@db.internal/app").await?;
/// let store = MySqlStore::new(pool.clone());
/// store.migrate().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct MySqlStore {
    pool: MySqlPool,
    deadline: Duration,
}

impl MySqlStore {
    /// Keeps sessions in the database of an app's own pool.
    pub fn new(pool: MySqlPool) -> Self {
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
    pub fn pool(&self) -> &MySqlPool {
        &self.pool
    }

    /// Returns the SQL that [`MySqlStore::migrate`] runs, in its order.
    pub fn migrations() -> &'static [Migration] {
        migrations!("mysql")
    }

    /// Makes the tables, or brings older ones up to date; any number of processes may call it at once.
    ///
    /// # Errors
    ///
    /// When the database does not work, or refuses: the user needs `create`, `alter`, `index` and `references`.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        // Others may be at it, and making an index on a large table takes its time.
        attempt::within(self.deadline * 12, passes, || async {
            let mut held = Held::of(&self.pool).await?;
            // The lock goes with the connection, should this end before it is given back.
            let alone = "select coalesce(get_lock(concat('codegrant ', md5(database())), 60), 0)";
            let alone: i64 = sqlx::query_scalar(alone).fetch_one(&mut *held).await?;
            if alone != 1 {
                return Err(attempt::refused("another process migrates for too long"));
            }
            let table = "select count(*) from information_schema.tables \
                where table_schema = database() and table_name = 'codegrant_migration'";
            let begun: i64 = sqlx::query_scalar(table).fetch_one(&mut *held).await?;
            let mut applied = Vec::new();
            if begun > 0 {
                let versions = sqlx::query_scalar("select version from codegrant_migration");
                applied = versions.fetch_all(&mut *held).await?;
            }
            for migration in migration::pending(Self::migrations(), &applied) {
                sqlx::raw_sql(migration.sql).execute(&mut *held).await?;
            }
            let free = "do release_lock(concat('codegrant ', md5(database())))";
            sqlx::query(free).execute(&mut *held).await?;
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
impl SessionStore for MySqlStore {
    async fn create(
        &self,
        key: &SessionKey,
        record: Record,
        now: Timestamp,
    ) -> Result<Created, StoreError> {
        let (id, columns) = (columns::id(key)?, &Columns::of(record)?);
        attempt::within(self.deadline, passes, || async move {
            let mut held = Held::of(&self.pool).await?;
            let created = writing::create(&mut held, id, columns, now).await?;
            Ok(held.done(created))
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
            let replaced = writing::replace(&mut held, id, expected, columns, now).await?;
            Ok(held.done(replaced))
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
            match query.execute(&mut *held).await?.rows_affected() {
                1 => {
                    held.done(());
                    Ok(())
                }
                _ => Err(attempt::refused(
                    "table codegrant_revocation_order has lost its row",
                )),
            }
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
            let query = sqlx::query(sql::CONSUME).bind(id).bind(until.as_unix());
            if writing::inserted(query.execute(&mut *held).await)? {
                return Ok(held.done(true));
            }
            let query = sqlx::query(sql::CONSUME_AGAIN)
                .bind(until.as_unix())
                .bind(id)
                .bind(now.as_unix());
            let again = query.execute(&mut *held).await?.rows_affected() > 0;
            Ok(held.done(again))
        })
        .await
    }
}

fn record(
    (sealed, version, issued_at, expires_at, entries): Row<String>,
) -> Result<Record, sqlx::Error> {
    let entries = entries.split_ascii_whitespace().map(str::to_owned);
    columns::record((sealed, version, issued_at, expires_at), entries)
}

/// Whether the database gave a step up for another one's sake, without having written anything.
fn passes(error: &sqlx::Error) -> bool {
    let error = error.as_database_error();
    let number = error.and_then(|error| error.try_downcast_ref::<MySqlDatabaseError>());
    // ER_LOCK_DEADLOCK, ER_LOCK_WAIT_TIMEOUT, and MariaDB's ER_CHECKREAD: changed since it was read.
    number.is_some_and(|error| matches!(error.number(), 1213 | 1205 | 1020))
}
