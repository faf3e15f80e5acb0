//! What the tests of the three databases share.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(unreachable_pub, reason = "a module of tests has no reader outside")]

mod rules;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use codegrant_sqlx::{Migration, Swept};
use codegrant_web::{
    Created, IndexKey, Record, Replaced, Revocation, SessionKey, SessionStore, StoreError,
    Timestamp, TransactionId,
};
use tokio::task::JoinSet;

pub use rules::*;

/// What the stores have in common beside the trait.
pub trait Tested: SessionStore + Clone {
    fn all_migrations() -> &'static [Migration];
    fn make_tables(&self) -> impl Future<Output = Result<(), StoreError>> + Send;
    fn sweep_by(&self, now: Timestamp) -> impl Future<Output = Result<Swept, StoreError>> + Send;
    fn run(&self, sql: &'static str) -> impl Future<Output = ()> + Send;
    fn count(&self, sql: &'static str) -> impl Future<Output = i64> + Send;
    /// Returns how the database would carry a statement out, in its own words.
    fn plan(&self, sql: &'static str) -> impl Future<Output = String> + Send;
}

/// Makes a store one that can be tested.
#[macro_export]
macro_rules! tested {
    ($store:ty, $explain:literal) => {
        impl common::Tested for $store {
            fn all_migrations() -> &'static [codegrant_sqlx::Migration] {
                Self::migrations()
            }

            async fn make_tables(&self) -> Result<(), codegrant_web::StoreError> {
                self.migrate().await
            }

            async fn sweep_by(
                &self,
                now: codegrant_web::Timestamp,
            ) -> Result<codegrant_sqlx::Swept, codegrant_web::StoreError> {
                self.sweep(now).await
            }

            async fn run(&self, sql: &'static str) {
                sqlx::raw_sql(sql).execute(self.pool()).await.unwrap();
            }

            async fn count(&self, sql: &'static str) -> i64 {
                sqlx::query_scalar(sql)
                    .fetch_one(self.pool())
                    .await
                    .unwrap()
            }

            async fn plan(&self, sql: &'static str) -> String {
                use codegrant_sqlx::sqlx::Row;
                let sql = sqlx::AssertSqlSafe(format!("{} {sql}", $explain));
                let rows = sqlx::raw_sql(sql).fetch_all(self.pool()).await.unwrap();
                let mut plan = String::new();
                for row in &rows {
                    for column in 0..row.len() {
                        plan += row
                            .try_get_unchecked::<String, _>(column)
                            .as_deref()
                            .unwrap_or("");
                        plan += " ";
                    }
                    plan += "\n";
                }
                plan
            }
        }
    };
}

/// A table with enough rows that reading all of them would be worse than an index.
pub async fn fill<S: Tested>(store: &S) {
    let now = clock();
    let mut writing = JoinSet::new();
    for part in 0..8 {
        let store = store.clone();
        writing.spawn(async move {
            for number in 0..250 {
                let entries = [
                    format!("person-{part}-{number}"),
                    format!("login-{part}-{number}"),
                ];
                let entries = [entries[0].as_str(), entries[1].as_str()];
                created(store.create(&new_key(), record(&entries, now), now).await);
                let used = TransactionId::of_state(&unique());
                assert_eq!(store.consume(used, now.plus(60), now).await, Ok(true));
                let over = revocation(entries[0], now.plus(60));
                store.revoke(&over, now).await.unwrap();
            }
        });
    }
    writing.join_all().await;
}

/// Asks until there is an answer.
pub async fn reached<S: Tested>(store: &S, key: &SessionKey) -> Option<Record> {
    let begun = Instant::now();
    loop {
        match store.load(key, clock()).await {
            Ok(record) => return record,
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(60), "{error}"),
        }
    }
}

/// Creates, changes, lists, ends, uses up and revokes.
pub async fn works<S: Tested>(store: &S) {
    let now = clock();
    let (key, person) = (new_key(), unique());
    created(store.create(&key, record(&[&person], now), now).await);
    let mut change = record(&[&person], now);
    change.version = 1;
    let replaced = store.replace(&key, 0, change.clone(), now).await;
    assert_eq!(replaced, Ok(Replaced::Yes));
    let entry = IndexKey::new(&person);
    let listed = store.list(&entry, 10, now).await;
    assert_eq!(listed, Ok(vec![(key, change)]));
    assert_eq!(store.end_all(&entry, now, now).await, Ok(1));
    let used = TransactionId::of_state(&unique());
    assert_eq!(store.consume(used, now.plus(60), now).await, Ok(true));
    let over = revocation(&person, now.plus(60));
    store.revoke(&over, now).await.unwrap();
    let revoked = store.revoked(None, now).await.unwrap();
    assert!(revoked.revocations.contains(&over));
}

#[track_caller]
pub fn created(result: Result<Created, StoreError>) {
    assert_eq!(result, Ok(Created::Yes));
}

pub fn record(entries: &[&str], now: Timestamp) -> Record {
    let mut index: Vec<IndexKey> = Vec::new();
    for entry in entries {
        index.push(IndexKey::new(*entry));
    }
    Record {
        sealed: [0x5a; 100].into(),
        version: 0,
        expires_at: now.plus(3_600),
        index,
        issued_at: now,
    }
}

pub fn revocation(entry: &str, until: Timestamp) -> Revocation {
    Revocation {
        entry: IndexKey::new(entry),
        issued_by: Timestamp::from_unix(i64::MAX),
        started_by: Timestamp::from_unix(0),
        until,
    }
}

pub fn new_key() -> SessionKey {
    SessionKey::of_id(&unique())
}

/// By the clock of this machine, because a sweeper that runs beside goes by it.
pub fn clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_unix(i64::try_from(since.as_secs()).unwrap())
}

/// A name that no other test and no other run has.
pub fn unique() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::SeqCst);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    format!("{}-{}-{count}", std::process::id(), since.as_nanos())
}
