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

    /// Says how much it holds and how often it was asked, where its own client is installed.
    pub(crate) fn size(&self) -> String {
        match self {
            Self::Redis(server) => {
                let port = server.port().to_string();
                let all = said("redis-cli", &["-p", &port, "info", "everything"]);
                let wanted = ["used_memory:", "total_commands_processed:", "db0:"];
                let lines = all
                    .lines()
                    .filter(|line| wanted.iter().any(|name| line.starts_with(name)));
                lines.map(str::trim).collect::<Vec<_>>().join(", ")
            }
            Self::Postgres(server) => {
                const QUESTION: &str = "select (select count(*) from codegrant_session) || ' sessions in ' || \
                    sum(pg_total_relation_size(oid)) || ' bytes with indices, ' || \
                    (select xact_commit from pg_stat_database where datname = current_database()) || ' commits' \
                    from pg_class where relkind = 'r' and relname like 'codegrant%'";
                said("psql", &[&server.url(), "-Atc", QUESTION])
            }
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

fn said(program: &str, words: &[&str]) -> String {
    let output = std::process::Command::new(program).args(words).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.unwrap_or_default()
}
