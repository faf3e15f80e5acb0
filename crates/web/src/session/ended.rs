//! What was ended in this process: a sealed cookie cannot be taken back, so its end is remembered.
//!
//! Other processes do not know of it. An index that all of them share would stand beside the store and be asked
//! where [`Ended::has`] is.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use codegrant_core::{Timestamp, TransactionId};

use super::Expiring;
use super::index::{Ending, IndexKey, Said, entries_of};
use super::record::SessionData;
use crate::seal::KeyRing;

/// How many ended sessions are remembered, and of each issuer as many log-outs that it proved.
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
    /// By the issuer: however many one of them makes, they push none of another's out.
    proven: HashMap<String, Expiring<IndexKey, Until>>,
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
                proven: HashMap::new(),
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
        issuer: &str,
        endings: &[Ending],
        said: Said,
        absolute_seconds: i64,
        now: Timestamp,
    ) {
        let mut held = self.held();
        let entries = match said {
            Said::Proven | Said::Again => {
                let proven = held.proven.entry(issuer.to_owned());
                proven.or_insert_with(|| Expiring::new(ENDED_SESSIONS))
            }
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
            let proven = held.proven.get(&data.identity.issuer);
            proven
                .into_iter()
                .chain([&held.claimed])
                .filter_map(|ended| ended.live(entry, now))
                .any(|until| issued_at <= until.issued_by && data.started_at <= until.started_by)
        })
    }

    /// A panic elsewhere cannot leave the maps half changed, so a poisoned lock is taken all the same.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::index::{Named, endings};
    use super::*;

    // attack: DO-07
    #[test]
    fn one_issuers_log_outs_push_none_of_anothers_out() {
        let now = Timestamp::from_unix(1_800_000_000);
        let ring = KeyRing::new(&[[7; 32]], "https://app.example/auth");
        let ended = Ended::new();
        let session = |issuer: &str| -> SessionData {
            let session = serde_json::json!({
                "i": {"provider": "op", "issuer": issuer, "subject": "ada", "claims": {}},
                "a": "token", "b": now, "e": now.plus(3600), "t": vec![0; 16], "g": "/", "o": now,
            });
            serde_json::from_value(session).unwrap()
        };
        let log_out = |issuer: &str, subject: &str| {
            let named = Named {
                issuer,
                session_id: None,
                subject: Some(subject),
                at: now,
            };
            let endings = endings(&named, Said::Proven, &ring);
            ended.named(issuer, &endings, Said::Proven, 3600, now);
        };
        let (one, other) = ("https://op.example", "https://evil.example");
        log_out(one, "ada");
        let many = (0..=ENDED_SESSIONS).map(|number| Ending {
            keys: vec![IndexKey::new(number.to_string())],
            issued_by: now,
        });
        let many: Vec<Ending> = many.collect();
        ended.named(other, &many, Said::Proven, 3600, now);
        assert!(ended.has(&session(one), &ring, now));
        assert!(!ended.has(&session(other), &ring, now));
        let held = ended.held();
        assert_eq!(held.proven[other].values().count(), ENDED_SESSIONS);
    }
}
