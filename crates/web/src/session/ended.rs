//! What is over, as this process knows it: a sealed cookie cannot be taken back, so its end is remembered.
//!
//! Where processes share a revocation index this is the copy of it that requests are held to
//! ([`RevocationIndex`](super::revocation_index::RevocationIndex)); alone, it is all there is.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use codegrant_core::Timestamp;

use super::expiring::Expiring;
use super::fingerprint::{Fingerprint, Fingerprints};
use super::index::{self, IndexKey};
use super::record::SessionData;
use super::revocations::Revocation;
use crate::seal::KeyRing;

/// How many endings are remembered, of each issuer and of our own log-outs.
const ENDED: usize = 1_000_000;

/// How many log-outs of an issuer are remembered that nobody proved; they push nothing else out.
const CLAIMED: usize = 10_000;

/// Sessions that are over, by what they have in common.
pub(super) struct Ended {
    /// Whether there is anything at all: most processes never have, and ask nothing else.
    any: AtomicBool,
    /// Whether there is anything but single logins.
    named: AtomicBool,
    /// By the part of the index: however many endings one has, they push none of another's out.
    held: Mutex<Parts>,
    fingerprints: Fingerprints,
    /// How many a part holds, and one of what nobody proved.
    limits: [usize; 2],
}

type Parts = HashMap<String, Expiring<Fingerprint, Until>>;

/// Which sessions an entry ends: those that the provider had issued by then, and that had begun here.
#[derive(Clone, Copy)]
struct Until {
    issued_by: Timestamp,
    started_by: Timestamp,
}

/// What may have ended one session, once it was looked for: each takes a hash under a key to find out.
///
/// It is of that session as it is, and of the process that looks: it goes wherever either goes.
#[derive(Default)]
pub(super) struct Entries {
    login: OnceLock<Sought>,
    /// Whatever else it could be ended by, proved or only claimed, by every key of the ring.
    named: OnceLock<Vec<Sought>>,
}

struct Sought {
    entry: IndexKey,
    fingerprint: Fingerprint,
}

impl Sought {
    fn among(&self, held: &Parts, now: Timestamp) -> Option<Until> {
        let part = held.get(self.entry.part())?;
        part.live(&self.fingerprint, now).copied()
    }
}

impl Ended {
    pub(super) fn new() -> Self {
        Self::of_size([ENDED, CLAIMED])
    }

    fn of_size(limits: [usize; 2]) -> Self {
        Self {
            limits,
            any: AtomicBool::new(false),
            named: AtomicBool::new(false),
            held: Mutex::default(),
            fingerprints: Fingerprints::new(),
        }
    }

    /// Remembers an ending; two of the same entry are one that reaches as far as either.
    pub(super) fn take(&self, revocation: &Revocation, now: Timestamp) {
        let Revocation {
            entry,
            issued_by,
            started_by,
            until,
        } = revocation;
        let (mut issued_by, mut started_by, mut until) = (*issued_by, *started_by, *until);
        let fingerprint = self.fingerprints.of(entry);
        let mut held = self.held();
        let part = part_of(&mut held, entry, self.limits);
        if let Some((before, before_until)) = part.live_until(&fingerprint, now) {
            issued_by = issued_by.max(before.issued_by);
            started_by = started_by.max(before.started_by);
            until = until.max(before_until);
        }
        let reach = Until {
            issued_by,
            started_by,
        };
        part.insert(fingerprint, reach, until, now);
        drop(held);
        if !entry.is_one_login() {
            self.named.store(true, Ordering::Release);
        }
        self.any.store(true, Ordering::Release);
    }

    /// Tells whether an entry is remembered.
    pub(super) fn knows(&self, entry: &IndexKey, now: Timestamp) -> bool {
        let sought = self.sought(entry.clone());
        sought.among(&self.held(), now).is_some()
    }

    /// Tells whether a session that began at `started_at` is over, as far as this process knows.
    pub(super) fn has(
        &self,
        data: &SessionData,
        entries: &Entries,
        started_at: Timestamp,
        ring: &KeyRing,
        now: Timestamp,
    ) -> bool {
        if !self.any.load(Ordering::Acquire) {
            return false;
        }
        let of_login = || self.sought(IndexKey::of_login(data.transaction));
        let login = entries.login.get_or_init(of_login);
        if login.among(&self.held(), now).is_some() {
            return true;
        }
        if !self.named.load(Ordering::Acquire) {
            return false;
        }
        let named = entries.named.get_or_init(|| {
            let proven = index::lookups(data, ring).into_iter();
            let all = proven.flat_map(|entry| [entry.claimed(), entry]);
            all.map(|entry| self.sought(entry)).collect()
        });
        let issued_at = data.issued_at.unwrap_or(started_at);
        let reaches = |until: Until| issued_at <= until.issued_by && started_at <= until.started_by;
        let held = self.held();
        let mut found = named.iter().filter_map(|sought| sought.among(&held, now));
        found.any(reaches)
    }

    fn sought(&self, entry: IndexKey) -> Sought {
        let fingerprint = self.fingerprints.of(&entry);
        Sought { entry, fingerprint }
    }

    /// A panic elsewhere cannot leave the maps half changed, so a poisoned lock is taken all the same.
    fn held(&self) -> MutexGuard<'_, Parts> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn part_of<'a>(
    held: &'a mut Parts,
    entry: &IndexKey,
    limits: [usize; 2],
) -> &'a mut Expiring<Fingerprint, Until> {
    let name = entry.part();
    if !held.contains_key(name) {
        let limit = limits[usize::from(entry.is_claimed())];
        held.insert(name.to_owned(), Expiring::new(limit));
    }
    held.get_mut(name).expect("it was there or was put there")
}

#[cfg(test)]
mod tests {
    use super::super::index::{Named, Said, endings};
    use super::super::written::tests::shortest;
    use super::*;

    fn session(issuer: &str, now: Timestamp) -> SessionData {
        let mut session = shortest();
        session.identity = codegrant_core::Identity::new("op", issuer, "ada");
        (session.started_at, session.ends_at) = (now, now.plus(3600));
        session.issued_at = Some(now);
        session
    }

    fn revocation(entry: IndexKey, now: Timestamp) -> Revocation {
        Revocation {
            entry,
            issued_by: now,
            started_by: now,
            until: now.plus(3600),
        }
    }

    // attack: DO-07
    #[test]
    fn one_issuers_log_outs_push_none_of_anothers_out() {
        let now = Timestamp::from_unix(1_800_000_000);
        let ring = KeyRing::new(&[[7; 32]], "https://app.example/auth");
        let limits = [100, 10];
        let ended = Ended::of_size(limits);
        let entry_of = |issuer: &str| {
            let named = Named {
                issuer,
                session_id: None,
                subject: Some("ada"),
                at: now,
            };
            let mut endings = endings(&named, Said::Proven, &ring);
            endings.swap_remove(0).keys.swap_remove(0)
        };
        let (one, other) = (
            entry_of("https://op.example"),
            entry_of("https://evil.example"),
        );
        let claimed = other.claimed();
        for part in [&other, &claimed] {
            let limit = limits[usize::from(part.is_claimed())];
            ended.take(&revocation(one.clone(), now), now);
            for number in 0..=limit {
                let entry = IndexKey::new(format!("{}{number}", part.part()));
                ended.take(&revocation(entry, now), now);
            }
            let is_over = |issuer| {
                let session = session(issuer, now);
                ended.has(&session, &Entries::default(), now, &ring, now)
            };
            assert!(is_over("https://op.example"));
            assert!(!is_over("https://evil.example"));
            let held = ended.held();
            assert_eq!(held[part.part()].values().count(), limit);
        }
    }

    // attack: CK-18
    #[test]
    fn an_ending_is_found_by_whoever_has_looked_for_it_before() {
        let now = Timestamp::from_unix(1_800_000_000);
        let ring = KeyRing::new(&[[7; 32]], "https://app.example/auth");
        let session = session("https://op.example", now);
        let login = IndexKey::of_login(session.transaction);
        let mut endings = index::lookups(&session, &ring);
        endings.extend(endings.clone().iter().map(IndexKey::claimed));
        endings.push(login);
        for ending in endings {
            let (ended, entries) = (Ended::new(), Entries::default());
            let is_over = || ended.has(&session, &entries, now, &ring, now);
            ended.take(&revocation(IndexKey::new("another's entry"), now), now);
            assert!(!is_over());
            ended.take(&revocation(ending.clone(), now), now);
            assert!(is_over(), "{ending:?}");
        }
    }

    #[test]
    fn an_ending_reaches_as_far_as_the_longest_of_its_entry() {
        let now = Timestamp::from_unix(1_800_000_000);
        let ended = Ended::new();
        let entry = IndexKey::new("an entry");
        let far = Revocation {
            until: now.plus(100),
            ..revocation(entry.clone(), now)
        };
        let near = Revocation {
            until: now.plus(10),
            issued_by: now.minus(10),
            ..far.clone()
        };
        ended.take(&far, now);
        ended.take(&near, now);
        assert!(ended.knows(&entry, now.plus(99)));
        assert!(!ended.knows(&entry, now.plus(100)));
    }
}
