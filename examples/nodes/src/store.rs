//! The store that all nodes share, by its URL.

use std::error::Error;
use std::sync::Arc;

use codegrant_axum::SessionStore;
use codegrant_redis::RedisStore;

/// Connects to the store at a URL.
///
/// # Errors
///
/// When it is of no kind that is known here, or does not answer.
pub(crate) async fn open(url: &str) -> Result<Arc<dyn SessionStore>, Box<dyn Error>> {
    match url.split("://").next() {
        Some("redis" | "rediss") => Ok(Arc::new(RedisStore::connect(url).await?)),
        _ => Err("NODES_STORE is neither redis:// nor postgres://".into()),
    }
}
