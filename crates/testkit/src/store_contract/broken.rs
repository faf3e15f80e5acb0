//! Stores that are wrong in one way each, so that every rule is seen to fail.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod rules;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use codegrant_core::{Timestamp, TransactionId};
use codegrant_web::{
    Created, IndexKey, Position, Record, Replaced, Revocation, Revoked, SessionKey, SessionStore,
    StoreError,
};
use tokio::task::yield_now;

use super::*;

/// What is wrong with a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Nothing,
    CutsLongRecords,
    CreatesOver,
    LooksBeforeItCreates,
    NeverCreatesTwice,
    IndexesAfterItCreated,
    NeverExpires,
    ReplacesAnyVersion,
    LooksBeforeItReplaces,
    BringsBackWhatIsGone,
    KeepsTheFirstEntries,
    EndsWhatIsYounger,
    EndsUnchangedOnes,
    EndsWhatItListed,
    DeletesItsEntriesLater,
    ListsAll,
    ListsExpiredOnes,
    LooksBeforeItConsumes,
    ConsumesAlone,
    RemembersTenTransactions,
    KeepsOneRevocationPerEntry,
    TellsWhatCountsNoLonger,
    TellsOnePage,
    TellsWithoutEnd,
    NumbersBeforeItShows,
    WritesLater,
}

/// One process's value of a store; clones are the same process.
#[derive(Clone)]
struct Broken {
    fault: Fault,
    data: Arc<Mutex<Data>>,
    /// What this process alone knows.
    own: Arc<Mutex<HashSet<TransactionId>>>,
}

#[derive(Default, Clone)]
struct Data {
    records: HashMap<SessionKey, Record>,
    /// What records are found by where that is not what they say.
    first_entries: HashMap<SessionKey, Vec<IndexKey>>,
    /// Those that the index has lost.
    hidden: HashSet<SessionKey>,
    used: Vec<TransactionId>,
    /// By their numbers; one that has no number yet is not shown.
    revocations: Vec<Option<Revocation>>,
    changes: usize,
    disk: Option<Box<Data>>,
}

impl Data {
    fn finds(&self, entry: &IndexKey) -> Vec<SessionKey> {
        let all = self.records.iter();
        let found = all.filter(|&(key, record)| {
            let entries = self.first_entries.get(key).unwrap_or(&record.index);
            entries.contains(entry) && !self.hidden.contains(key)
        });
        found.map(|(key, _)| key.clone()).collect()
    }
}

impl Broken {
    fn new(fault: Fault) -> Self {
        Self::beside(fault, Arc::default())
    }

    /// Another process's value of the store with this data.
    fn beside(fault: Fault, data: Arc<Mutex<Data>>) -> Self {
        let own = Arc::default();
        Self { fault, data, own }
    }

    fn pair(fault: Fault) -> (Self, Self) {
        let data = Arc::<Mutex<Data>>::default();
        (Self::beside(fault, data.clone()), Self::beside(fault, data))
    }

    fn data(&self) -> MutexGuard<'_, Data> {
        self.data.lock().unwrap()
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    /// Yields where the fault is to do two things one after the other.
    async fn pause_for(&self, fault: Fault) {
        if self.has(fault) {
            yield_now().await;
        }
    }

    /// Counts a change; what writes later writes now and then.
    fn changed(&self) {
        let mut data = self.data();
        data.changes += 1;
        if data.changes.is_multiple_of(7) {
            data.disk = None;
            data.disk = Some(Box::new(data.clone()));
        }
    }

    /// What is left after a crash.
    fn crash(&self) {
        if self.has(Fault::WritesLater) {
            let mut data = self.data();
            let disk = data.disk.take();
            *data = disk.map(|disk| *disk).unwrap_or_default();
        }
    }
}

#[async_trait]
impl SessionStore for Broken {
    async fn create(
        &self,
        key: &SessionKey,
        mut record: Record,
        now: Timestamp,
    ) -> Result<Created, StoreError> {
        let taken = |data: &Data| {
            let held = data.records.get(key);
            held.is_some_and(|held| now < held.expires_at || self.has(Fault::NeverCreatesTwice))
        };
        let mut is_taken = taken(&self.data());
        self.pause_for(Fault::LooksBeforeItCreates).await;
        if self.has(Fault::CutsLongRecords) {
            record.sealed = record.sealed.iter().copied().take(4096).collect();
        }
        {
            let mut data = self.data();
            if !self.has(Fault::LooksBeforeItCreates) {
                is_taken = taken(&data);
            }
            if is_taken && !self.has(Fault::CreatesOver) {
                return Ok(Created::No);
            }
            data.first_entries.remove(key);
            if self.has(Fault::KeepsTheFirstEntries) {
                data.first_entries.insert(key.clone(), record.index.clone());
            }
            data.hidden.remove(key);
            if self.has(Fault::IndexesAfterItCreated) {
                data.hidden.insert(key.clone());
            }
            data.records.insert(key.clone(), record);
        }
        self.pause_for(Fault::IndexesAfterItCreated).await;
        if self.has(Fault::IndexesAfterItCreated) {
            self.data().hidden.remove(key);
        }
        self.changed();
        Ok(Created::Yes)
    }

    async fn load(&self, key: &SessionKey, now: Timestamp) -> Result<Option<Record>, StoreError> {
        let held = self.data().records.get(key).cloned();
        Ok(held.filter(|held| now < held.expires_at || self.has(Fault::NeverExpires)))
    }

    async fn replace(
        &self,
        key: &SessionKey,
        expected: u64,
        record: Record,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        let fits = |data: &Data| match data.records.get(key) {
            Some(held) if self.has(Fault::ReplacesAnyVersion) => now < held.expires_at,
            Some(held) => held.version == expected && now < held.expires_at,
            None => self.has(Fault::BringsBackWhatIsGone),
        };
        let mut it_fits = fits(&self.data());
        self.pause_for(Fault::LooksBeforeItReplaces).await;
        {
            let mut data = self.data();
            if !self.has(Fault::LooksBeforeItReplaces) {
                it_fits = fits(&data);
            }
            if !it_fits {
                return Ok(Replaced::No);
            }
            data.records.insert(key.clone(), record);
        }
        self.changed();
        Ok(Replaced::Yes)
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), StoreError> {
        self.data().records.remove(key);
        self.pause_for(Fault::DeletesItsEntriesLater).await;
        if self.has(Fault::DeletesItsEntriesLater) {
            self.data().hidden.insert(key.clone());
        }
        self.changed();
        Ok(())
    }

    async fn end_all(
        &self,
        entry: &IndexKey,
        issued_by: Timestamp,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let over = |data: &Data| -> Vec<(SessionKey, u64)> {
            let found = data.finds(entry).into_iter();
            let found = found.map(|key| (key.clone(), data.records[&key].clone()));
            let live = found.filter(|(_, record)| {
                let old = record.issued_at <= issued_by || self.has(Fault::EndsWhatIsYounger);
                old && now < record.expires_at
            });
            live.map(|(key, record)| (key, record.version)).collect()
        };
        let mut found = over(&self.data());
        self.pause_for(Fault::EndsUnchangedOnes).await;
        self.pause_for(Fault::EndsWhatItListed).await;
        let ended = {
            let mut data = self.data();
            if !self.has(Fault::EndsUnchangedOnes) && !self.has(Fault::EndsWhatItListed) {
                found = over(&data);
            }
            if self.has(Fault::EndsUnchangedOnes) {
                let version = |key: &SessionKey| data.records.get(key).map(|held| held.version);
                found.retain(|(key, seen)| version(key) == Some(*seen));
            }
            let all = found.iter();
            all.filter(|(key, _)| data.records.remove(key).is_some())
                .count()
        };
        self.changed();
        Ok(ended)
    }

    async fn list(
        &self,
        entry: &IndexKey,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<(SessionKey, Record)>, StoreError> {
        let data = self.data();
        let found = data.finds(entry).into_iter();
        let found = found.map(|key| (key.clone(), data.records[&key].clone()));
        if self.has(Fault::ListsExpiredOnes) {
            return Ok(found.take(limit).collect());
        }
        let live = found.filter(|(_, record)| now < record.expires_at);
        if self.has(Fault::ListsAll) {
            return Ok(live.collect());
        }
        Ok(live.take(limit).collect())
    }

    async fn revoke(&self, revocation: &Revocation, _now: Timestamp) -> Result<(), StoreError> {
        let number = {
            let mut data = self.data();
            if self.has(Fault::KeepsOneRevocationPerEntry) {
                let same = |held: &Option<Revocation>| {
                    held.as_ref()
                        .is_some_and(|held| held.entry == revocation.entry)
                };
                data.revocations.retain(|held| !same(held));
            }
            data.revocations.push(None);
            data.revocations.len() - 1
        };
        self.pause_for(Fault::NumbersBeforeItShows).await;
        self.data().revocations[number] = Some(revocation.clone());
        self.changed();
        Ok(())
    }

    async fn revoked(
        &self,
        after: Option<&Position>,
        now: Timestamp,
    ) -> Result<Revoked, StoreError> {
        let data = self.data();
        let seen = after.map_or(0, |after| after.as_str().parse().unwrap());
        let all = data.revocations.iter().skip(seen);
        let page = if self.has(Fault::TellsOnePage) {
            100
        } else {
            10_000
        };
        let counts =
            |one: &&Revocation| now < one.until || self.has(Fault::TellsWhatCountsNoLonger);
        Ok(Revoked {
            revocations: all.take(page).flatten().filter(counts).cloned().collect(),
            position: Position::new(data.revocations.len().to_string()),
            more: self.has(Fault::TellsWithoutEnd),
        })
    }

    async fn consume(
        &self,
        transaction: TransactionId,
        _until: Timestamp,
        _now: Timestamp,
    ) -> Result<bool, StoreError> {
        if self.has(Fault::ConsumesAlone) {
            return Ok(self.own.lock().unwrap().insert(transaction));
        }
        let mut used = self.data().used.contains(&transaction);
        self.pause_for(Fault::LooksBeforeItConsumes).await;
        {
            let mut data = self.data();
            if !self.has(Fault::LooksBeforeItConsumes) {
                used = data.used.contains(&transaction);
            }
            data.used.push(transaction);
            if self.has(Fault::RemembersTenTransactions) && data.used.len() > 10 {
                data.used.remove(0);
            }
        }
        self.changed();
        Ok(!used)
    }
}
