//! Writing sessions in MySQL, which has no conditional upsert and no statement for two tables.

use codegrant_web::{Created, Replaced, Timestamp};
use sqlx::mysql::{MySqlConnection, MySqlQueryResult};
use sqlx::{Connection, QueryBuilder};

use super::sql;
use crate::columns::Columns;

/// A query with the columns of a record, in the order of [`sql::CREATE`].
macro_rules! with_columns {
    ($sql:expr, $columns:expr) => {
        sqlx::query($sql)
            .bind(&*$columns.sealed)
            .bind($columns.version)
            .bind($columns.issued_at)
            .bind($columns.expires_at)
            .bind($columns.joined_entries())
    };
}

/// Writes a record unless a live one is there.
pub(super) async fn create(
    connection: &mut MySqlConnection,
    id: &str,
    columns: &Columns,
    now: Timestamp,
) -> Result<Created, sqlx::Error> {
    loop {
        if insert(connection, id, columns).await? {
            return Ok(Created::Yes);
        }
        let mut writing = connection.begin().await?;
        let take_over = with_columns!(sql::TAKE_OVER, columns)
            .bind(id)
            .bind(now.as_unix());
        if take_over.execute(&mut *writing).await?.rows_affected() > 0 {
            forget(&mut writing, id).await?;
            keep(&mut writing, id, &columns.entries).await?;
            writing.commit().await?;
            return Ok(Created::Yes);
        }
        writing.rollback().await?;
        let query = sqlx::query_scalar(sql::IS_THERE).bind(id);
        let is_there: i64 = query.fetch_one(&mut *connection).await?;
        if is_there > 0 {
            return Ok(Created::No);
        }
        // It was removed meanwhile.
    }
}

/// Writes a record whose id is new, and tells whether it was.
async fn insert(
    connection: &mut MySqlConnection,
    id: &str,
    columns: &Columns,
) -> Result<bool, sqlx::Error> {
    let insert = with_columns!(sql::CREATE, columns).bind(id);
    if columns.entries.is_empty() {
        return inserted(insert.execute(connection).await);
    }
    let mut writing = connection.begin().await?;
    if inserted(insert.execute(&mut *writing).await)? {
        keep(&mut writing, id, &columns.entries).await?;
        writing.commit().await?;
        return Ok(true);
    }
    // An insert that failed has locked what is there for reading. Of two that went on to change it under that lock
    // each would wait for the other.
    writing.rollback().await?;
    Ok(false)
}

/// Writes a record in place of the expected version.
pub(super) async fn replace(
    connection: &mut MySqlConnection,
    id: &str,
    expected: i64,
    columns: &Columns,
    now: Timestamp,
) -> Result<Replaced, sqlx::Error> {
    let without_entries = with_columns!(sql::REPLACE_WITHOUT_ENTRIES, columns)
        .bind(id)
        .bind(expected)
        .bind(now.as_unix());
    if without_entries
        .execute(&mut *connection)
        .await?
        .rows_affected()
        > 0
    {
        return Ok(Replaced::Yes);
    }
    let mut writing = connection.begin().await?;
    let replace = with_columns!(sql::REPLACE, columns)
        .bind(id)
        .bind(expected)
        .bind(now.as_unix());
    if replace.execute(&mut *writing).await?.rows_affected() == 0 {
        writing.rollback().await?;
        return Ok(Replaced::No);
    }
    forget(&mut writing, id).await?;
    keep(&mut writing, id, &columns.entries).await?;
    writing.commit().await?;
    Ok(Replaced::Yes)
}

/// Removes the entries of a session.
async fn forget(writing: &mut MySqlConnection, id: &str) -> Result<(), sqlx::Error> {
    let query = sqlx::query("delete from codegrant_session_index where id = ?").bind(id);
    query.execute(writing).await.map(drop)
}

/// Writes the entries of a session that has none.
async fn keep(
    writing: &mut MySqlConnection,
    id: &str,
    entries: &[String],
) -> Result<(), sqlx::Error> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::new("insert into codegrant_session_index (id, entry) ");
    query.push_values(entries, |mut row, entry| {
        row.push_bind(id).push_bind(entry);
    });
    query.build().execute(writing).await.map(drop)
}

/// Tells whether a row was inserted, or one with its name is there.
pub(super) fn inserted(ended: Result<MySqlQueryResult, sqlx::Error>) -> Result<bool, sqlx::Error> {
    match ended {
        Ok(_) => Ok(true),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(false),
        Err(error) => Err(error),
    }
}
