//! How much is done, in which order chance decides, and what counts as soon enough.

use std::time::Duration;

/// Where sessions are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// In the store.
    Store,
    /// In sealed cookies; the store has what the nodes must know of each other.
    Cookie,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Cookie => "cookie",
        }
    }

    /// Returns how old a log-out is at most when the last node hears of it, as the documentation states.
    pub(crate) fn bound(self) -> Duration {
        match self {
            Self::Store => Duration::ZERO,
            Self::Cookie => Duration::from_secs(5),
        }
    }
}

/// One run.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) kind: Kind,
    pub(crate) nodes: usize,
    pub(crate) logins: usize,
    pub(crate) requests: usize,
    /// How many browsers are busy at a time.
    pub(crate) browsers: usize,
    pub(crate) seed: u64,
    /// How long it takes at least, so that tokens come to their end.
    pub(crate) at_least: Duration,
    pub(crate) access_token_seconds: i64,
    /// How long the nodes are left alone between two kills, about.
    pub(crate) kill_every: Duration,
    /// How many persons log out everywhere, each with three browsers; and how many sessions end alone.
    pub(crate) everywhere: usize,
    pub(crate) alone: usize,
}

impl Plan {
    /// Makes the plan of a test, or of the environment: `SOAK_NODES`, `SOAK_LOGINS`, `SOAK_REQUESTS` and
    /// `SOAK_SEED`, as `cargo xtask soak` sets them, and more by hand.
    pub(crate) fn new(kind: Kind) -> Self {
        let number = |name: &str, usual: usize| {
            let set = std::env::var(name)
                .ok()
                .and_then(|value| value.parse().ok());
            set.unwrap_or(usual)
        };
        let logins = number("SOAK_LOGINS", 200);
        let nodes = number("SOAK_NODES", 4);
        Self {
            kind,
            nodes,
            logins,
            requests: number("SOAK_REQUESTS", 2_000),
            browsers: number("SOAK_BROWSERS", (2 * nodes).clamp(8, 24)),
            seed: number("SOAK_SEED", 1) as u64,
            at_least: Duration::from_secs(20),
            access_token_seconds: 4,
            kill_every: Duration::from_millis(number(
                "SOAK_KILL_MILLISECONDS",
                if cfg!(debug_assertions) { 1_500 } else { 500 },
            ) as u64),
            everywhere: number("SOAK_EVERYWHERE", (logins / 500).clamp(2, 20)),
            alone: (logins / 100).clamp(5, 100),
        }
    }

    /// Returns how many tokens of one kind the provider has to remember.
    pub(crate) fn remembered(&self) -> usize {
        10 * (self.logins + self.requests) + 10_000
    }
}
