//! Sessions in PostgreSQL, MySQL, MariaDB or SQLite, over an app's own [`sqlx`] pool.
//!
//! Each database is a feature of its own: `postgres`, `mysql` (MariaDB too), `sqlite`. None is on by default.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = std::env::temp_dir().join(format!("codegrant-sqlx-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! # let file = folder.join("sessions.db");
//! use std::time::Duration;
//!
//! use codegrant_sqlx::SqliteStore;
//!
//! let store = SqliteStore::open(&file).await?; // or `SqliteStore::new(pool)` over a pool of the app
//! store.migrate().await?;
//! let sweeper = store.sweep_every(Duration::from_secs(600));
//! // `AuthBuilder::store(store)` keeps sessions there; `AuthBuilder::revocation_index(store)` keeps there
//! // what is over of those in cookies.
//! # drop((store, sweeper));
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok(())
//! # }
//! ```
//!
//! What stands in the database: records sealed by the app's key, hashes of session ids, keyed hashes of persons,
//! and moments. Tables have names that begin with `codegrant_`, migrations are counted in one of them, and nothing of the
//! app's own is touched.
//!
//! **One step each.** Every method is one statement, or one transaction that is tried again where the database
//! asks for that. Loading a session is one statement that reads one row by its primary key.
//!
//! **Deadlines.** A call that has no answer after five seconds fails, and its connection is given up; see
//! `with_deadline` of each store.
//!
//! **Cleaning up.** What has expired is never given out. It is removed by `sweep` or `sweep_every`, which any
//! number of nodes may run at once; nothing but disk depends on it.

#[cfg(any(feature = "postgres", feature = "mysql", feature = "sqlite"))]
mod attempt;
#[cfg(any(feature = "postgres", feature = "mysql", feature = "sqlite"))]
mod columns;
#[cfg(any(feature = "postgres", feature = "mysql", feature = "sqlite"))]
mod migration;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(any(feature = "mysql", feature = "sqlite"))]
mod numbered;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(feature = "postgres", feature = "mysql", feature = "sqlite"))]
mod sweep;

pub use sqlx;

#[cfg(any(feature = "postgres", feature = "mysql", feature = "sqlite"))]
pub use migration::Migration;
#[cfg(feature = "mysql")]
pub use mysql::MySqlStore;
#[cfg(feature = "postgres")]
pub use postgres::PostgresStore;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;
#[cfg(any(feature = "postgres", feature = "mysql", feature = "sqlite"))]
pub use sweep::{Sweeper, Swept};
