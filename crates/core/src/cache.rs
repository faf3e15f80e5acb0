//! How long an answer stays good, and how often it may be asked for again: judged by values.

use crate::http::HttpResponse;
use crate::time::Timestamp;

/// A fetched document with how long it stays fresh, in seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fetched<T> {
    /// The document.
    pub value: T,
    /// How long it stays fresh: the provider's `Cache-Control`, held between 5 minutes and a day.
    pub lifetime_seconds: i64,
}

impl<T> Fetched<T> {
    /// Takes a document that is good for that many seconds.
    pub fn new(value: T, lifetime_seconds: i64) -> Self {
        Self {
            value,
            lifetime_seconds,
        }
    }
}

/// How long a document is fresh whose provider says nothing.
const USUAL: i64 = 3600;
const SHORTEST: i64 = 300;
const LONGEST: i64 = 86_400;

/// How long a stale document serves while the provider cannot be reached.
const GRACE: i64 = 86_400;

/// How long a failure is remembered, so that a crowd does not knock at a door that is shut.
const FAILURE: i64 = 5;

/// How many fetches may follow one another at once, and after how many seconds one more is allowed.
const BURST: i64 = 4;
const REFILL: i64 = 30;

/// Reads `Cache-Control` (RFC 9111 section 5.2) within its bounds: `max-age`, and the shortest time for a
/// document that is not to be kept.
pub(crate) fn lifetime(response: &HttpResponse) -> i64 {
    let value = response
        .header("cache-control")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let directives = || value.split(',').map(str::trim);
    if directives().any(|directive| matches!(directive, "no-store" | "no-cache")) {
        return SHORTEST;
    }
    let age = directives().find_map(|directive| directive.strip_prefix("max-age=")?.parse().ok());
    age.unwrap_or(USUAL).clamp(SHORTEST, LONGEST)
}

/// One document of one provider, with a token bucket for fetching it again.
///
/// A new key set replaces the old one whole, so that a key that the provider took back is not trusted
/// any longer. A document that cannot be fetched again serves for another day and no longer.
///
/// ```
/// use codegrant_core::{Cache, Timestamp};
/// let mut cache: Cache<&str> = Cache::default();
/// let now = Timestamp::from_unix(1_000);
/// assert!(cache.fresh(now).is_none() && cache.may_fetch(now));
/// ```
#[derive(Debug, Clone)]
pub struct Cache<T> {
    held: Option<Held<T>>,
    failed_at: Option<Timestamp>,
    spent: i64,
    refilled_at: Timestamp,
}

#[derive(Debug, Clone)]
struct Held<T> {
    value: T,
    fresh_until: Timestamp,
}

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Self {
            held: None,
            failed_at: None,
            spent: 0,
            refilled_at: Timestamp::from_unix(0),
        }
    }
}

impl<T: Clone> Cache<T> {
    /// Returns the document while it is fresh.
    pub fn fresh(&self, now: Timestamp) -> Option<T> {
        self.held
            .as_ref()
            .filter(|held| now < held.fresh_until)
            .map(|held| held.value.clone())
    }

    /// Returns the document while it may serve in place of one that cannot be fetched.
    pub fn usable(&self, now: Timestamp) -> Option<T> {
        let held = self.held.as_ref()?;
        (now < held.fresh_until.plus(GRACE)).then(|| held.value.clone())
    }

    /// Takes leave to fetch once: false when a fetch failed seconds ago or the bucket is empty.
    pub fn may_fetch(&mut self, now: Timestamp) -> bool {
        if self
            .failed_at
            .is_some_and(|failed| (0..FAILURE).contains(&now.seconds_since(failed)))
        {
            return false;
        }
        if now < self.refilled_at {
            // The clock was set back; waiting for it to catch up could take for ever.
            self.refilled_at = now;
        }
        let gained = now.seconds_since(self.refilled_at) / REFILL;
        if gained > 0 {
            self.spent = self.spent.saturating_sub(gained).max(0);
            self.refilled_at = self.refilled_at.plus(gained.saturating_mul(REFILL));
        }
        let allowed = self.spent < BURST;
        self.spent += i64::from(allowed);
        allowed
    }

    /// Keeps a fetched document in place of the old one.
    pub fn store(&mut self, fetched: Fetched<T>, now: Timestamp) {
        self.failed_at = None;
        let fresh_until = now.plus(fetched.lifetime_seconds);
        self.held = Some(Held {
            value: fetched.value,
            fresh_until,
        });
    }

    /// Remembers that fetching failed.
    pub fn failed(&mut self, now: Timestamp) {
        self.failed_at = Some(now);
    }
}
