//! What was ended in this process: a sealed cookie cannot be taken back, so its end is remembered.
//!
//! Other processes do not know of it. An index that all of them share would stand beside the store and be asked
//! where [`Ended::has`] is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use codegrant_core::{Timestamp, TransactionId};

use super::Expiring;
use super::index::{Ending, IndexKey, Said, entries_of};
use super::record::SessionData;
use crate::seal::KeyRing;

/// How many ended sessions are remembered, and as many log-outs that a provider proved.
const ENDED_SESSIONS: usize = 100_000;

/// How many log-outs are remembered that nobody proved; they push nothing else out.
const CLAIMED: usize = 10_000;

/// Sessions that are over, by the transaction that opened each, or by the index.
pub(super) struct Ended {
    /// Whether there is anything at all: most processes never have, and ask nothing else.
    any: AtomicBool,
    /// Whether a provider ended anything.
    named: AtomicBool,
    held: Mutex<Held>,
}

struct Held {
    sessions: Expiring<TransactionId, ()>,
    proven: Expiring<IndexKey, Until>,
    claimed: Expiring<IndexKey, Until>,
}

/// Which sessions an entry ends: those that the provider had issued by then, and that had begun here.
#[derive(Clone, Copy)]
struct Until {
    issued_by: Timestamp,
    started_by: Timestamp,
}

impl Ended {
    pub(super) fn new() -> Self {
        Self {
            any: AtomicBool::new(false),
            named: AtomicBool::new(false),
            held: Mutex::new(Held {
                sessions: Expiring::new(ENDED_SESSIONS),
                proven: Expiring::new(ENDED_SESSIONS),
                claimed: Expiring::new(CLAIMED),
            }),
        }
    }

    /// Remembers one session until it would have ended anyway.
    pub(super) fn one(&self, data: &SessionData, now: Timestamp) {
        self.held()
            .sessions
            .insert(data.transaction, (), data.ends_at, now);
        self.any.store(true, Ordering::Release);
    }

    /// Remembers what a provider ended, for as long as a session of now can last.
    pub(super) fn named(
        &self,
        endings: &[Ending],
        said: Said,
        absolute_seconds: i64,
        now: Timestamp,
    ) {
        let mut held = self.held();
        let entries = match said {
            Said::Proven | Said::Again => &mut held.proven,
            Said::Claimed => &mut held.claimed,
        };
        for ending in endings {
            let Some(key) = ending.keys.first() else {
                continue;
            };
            let mut until = Until {
                issued_by: ending.issued_by,
                started_by: now,
            };
            if let Some(before) = entries.live(key, now).copied() {
                if said == Said::Again {
                    continue;
                }
                until.issued_by = until.issued_by.max(before.issued_by);
            }
            entries.insert(key.clone(), until, now.plus(absolute_seconds), now);
        }
        drop(held);
        self.named.store(true, Ordering::Release);
        self.any.store(true, Ordering::Release);
    }

    /// Tells whether a session was ended in this process.
    pub(super) fn has(&self, data: &SessionData, ring: &KeyRing, now: Timestamp) -> bool {
        if !self.any.load(Ordering::Acquire) {
            return false;
        }
        if self.held().sessions.live(&data.transaction, now).is_some() {
            return true;
        }
        let Some(issued_at) = data.issued_at else {
            return false;
        };
        if !self.named.load(Ordering::Acquire) {
            return false;
        }
        let entries = entries_of(data, ring);
        let held = self.held();
        entries.iter().any(|entry| {
            [&held.proven, &held.claimed]
                .into_iter()
                .filter_map(|ended| ended.live(entry, now))
                .any(|until| issued_at <= until.issued_by && data.started_at <= until.started_by)
        })
    }

    /// A panic elsewhere cannot leave the maps half changed, so a poisoned lock is taken all the same.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
