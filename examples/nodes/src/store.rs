//! The store that all nodes share, by its URL.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use codegrant_axum::SessionStore;
use codegrant_redis::RedisStore;
use codegrant_sqlx::sqlx::postgres::PgPoolOptions;
use codegrant_sqlx::{PostgresStore, Sweeper};

/// How many connections one node keeps to PostgreSQL at most: twenty nodes fit into its hundred.
const CONNECTIONS: u32 = 4;

/// How often what has expired is removed; any node may do it.
const SWEEP: Duration = Duration::from_secs(600);

/// A store, and what removes the expired from it where it does not do so itself.
pub(crate) type Opened = (Arc<dyn SessionStore>, Option<Sweeper>);

/// Connects to the store at a URL.
///
/// # Errors
///
/// When it is of no kind that is known here, or does not answer.
pub(crate) async fn open(url: &str) -> Result<Opened, Box<dyn Error>> {
    match url.split("://").next() {
        Some("redis" | "rediss") => Ok((Arc::new(RedisStore::connect(url).await?), None)),
        Some("postgres" | "postgresql") => {
            let pool = PgPoolOptions::new().max_connections(CONNECTIONS);
            let store = PostgresStore::new(pool.connect(url).await?);
            store.migrate().await?;
            let sweeper = store.sweep_every(SWEEP);
            Ok((Arc::new(store), Some(sweeper)))
        }
        _ => Err("NODES_STORE is neither redis:// nor postgres://".into()),
    }
}
