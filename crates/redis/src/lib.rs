//! Keeps sessions in Redis or Valkey, for any number of processes.
//!
//! ```no_run
//! use codegrant_redis::RedisStore;
//! use codegrant_web::Auth;
//!
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! let store = RedisStore::connect("rediss://app:secret@redis.internal/0").await?;
//! let auth = Auth::builder("https://app.example").store(store).build()?;
//! # Ok(()) }
//! ```
//!
//! The same value serves sessions that stay in cookies, as what all processes have to know of each other:
//! give it to `AuthBuilder::revocation_index` then.
//!
//! # What lies in the server
//!
//! | key | type | what | ends |
//! |---|---|---|---|
//! | `codegrant:s:HASH` | string | one session, sealed, behind a header of 50 bytes and its index entries | with the session |
//! | `codegrant:i:ENTRY` | sorted set | which sessions an entry may find, by when they end | with the last of them |
//! | `codegrant:t:ID` | string | one used transaction, or logout token | when it cannot be replayed any longer |
//! | `codegrant:r` | stream | what is over, for sessions in cookies | with the last that it concerns |
//!
//! Every key has a time to live. A command names one key, so that a cluster can place each where it likes.
//!
//! # What is written first
//!
//! A session and the entries that find it lie under different keys, in a cluster on different machines, and a
//! process may die between two commands. The entries are written first. So a session that
//! [`SessionStore::create`](codegrant_web::SessionStore::create) has returned for is found by every entry that
//! it has, and an entry may name a session that is not there, or has moved on to other entries. That does no
//! harm: what an entry names is judged by the session's own record, in one step on the server.
//!
//! Each record carries eight random bytes for as long as it lives, and an entry names them too. Only the entry
//! of a record that is known to be dead is taken away, so that tidying up never meets the next record under
//! the same key. What a crash leaves behind goes when its session would have ended.
//!
//! - A change beside an end: both are one step on the same key. Whichever comes second sees the first: the
//!   change finds nothing, or the end finds the changed record.
//! - A new session beside an end: the session is ended, or it counts as begun after it.
//! - A change that needs other entries, or that outlives those it has, writes these first and is then compared
//!   again. Others are one command. An entry is made to last twice as long as its session, so that most are.
//! - A command whose answer was lost is sent once more, on a new connection. The server knows it again by the
//!   eight random bytes that every call has, and answers as it did.
//!
//! # Why nothing is published
//!
//! Redis can tell subscribers that something is over. Messages are lost while a subscriber reconnects, so the
//! stream would have to be read all the same to keep the bound that log-out promises; it is read every few
//! seconds, in one command. Publishing would add a connection to each process, and shorten a bound of five
//! seconds to a little less, most of the time.

mod builder;
mod connection;
mod index;
mod keys;
mod layout;
mod revocations;
mod scripts;
mod store;

pub use builder::RedisStoreBuilder;
pub use redis;
pub use store::RedisStore;
