//! Throw-away Redis, PostgreSQL and MariaDB servers, to test against the real thing.
//!
//! Each listens on a port of loopback that was free, keeps its data in a folder among the temporary files, and
//! is gone with both when it is dropped, also when the test was killed. It answers when `start` returns.
//!
//! ```
//! use codegrant_testkit::servers::RedisServer;
//!
//! let Some(redis) = RedisServer::start() else {
//!     return; // not installed, and it has said so
//! };
//! assert!(redis.url().starts_with("redis://127.0.0.1:"));
//! redis.kill();
//! redis.start_again();
//! ```
//!
//! A test that finds no server prints `codegrant-skip: redis: WHY` and passes, or fails where
//! `CODEGRANT_SUITES=required` is set. What is looked for, first in the variable, then in `PATH`, then where
//! Debian has it:
//!
//! | server | programs | variable |
//! |---|---|---|
//! | [`RedisServer`] | `redis-server`, or Valkey's | `CODEGRANT_REDIS_SERVER`: the program |
//! | [`PostgresServer`] | `postgres`, `initdb`, `createdb` | `CODEGRANT_POSTGRES_BIN`: their folder |
//! | [`MariaDbServer`] | `mariadbd`, `mariadb-install-db`, `mariadb` | `CODEGRANT_MARIADB_BIN`: their folder |
//!
//! Many tests share one server by `shared()`, each with keys or with a database of its own. One that kills,
//! stops or pauses its server starts one for itself.

mod mariadb;
mod postgres;
mod program;
mod redis;
mod server;

pub use mariadb::MariaDbServer;
pub use postgres::PostgresServer;
pub use redis::RedisServer;
pub use server::Server;
