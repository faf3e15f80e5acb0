//! The store that all nodes share: a throw-away server, which loses nothing that it has acknowledged.

use codegrant_testkit::servers::{PostgresServer, RedisServer};

/// A server of one of the two kinds.
pub(crate) enum Store {
    Redis(RedisServer),
    Postgres(PostgresServer),
}

impl Store {
    /// Starts Redis, or says that it is not installed.
    pub(crate) fn redis() -> Option<Self> {
        RedisServer::durable().map(Self::Redis)
    }

    /// Starts PostgreSQL, or says that it is not installed.
    pub(crate) fn postgres() -> Option<Self> {
        PostgresServer::start().map(Self::Postgres)
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Redis(_) => "redis",
            Self::Postgres(_) => "postgres",
        }
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::Redis(server) => server.url(),
            Self::Postgres(server) => server.url(),
        }
    }

    /// Kills it without warning, and starts it again where it was.
    pub(crate) fn restart(&self) {
        let server = match self {
            Self::Redis(server) => &**server,
            Self::Postgres(server) => &**server,
        };
        server.kill();
        server.start_again();
    }
}
