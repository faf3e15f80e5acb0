//! A bounded map whose entries expire: small, and no call takes longer because much is held.

mod slots;

use std::collections::BTreeMap;
use std::collections::btree_map;
use std::hash::{BuildHasher, Hash, RandomState};

use codegrant_core::Timestamp;

pub(super) use slots::Slot;
use slots::Slots;

/// How many that have expired go with one insertion at most: more than come, and never so many that one call
/// stands still for them.
const SWEPT: usize = 16;

/// A bounded map whose entries expire; the next to expire is always at hand.
///
/// A hash table beside the values, with one chain to a bucket. It grows by one bucket at a time, which splits one
/// chain (linear hashing): the map of the standard library would move a million entries in one insertion now and
/// then, while everybody waits.
pub(crate) struct Expiring<K, V> {
    capacity: usize,
    /// With keys of its own, so that nobody can choose names that meet in one bucket.
    hasher: RandomState,
    entries: Slots<Entry<K, V>>,
    /// The first of each chain.
    buckets: Vec<Option<Slot>>,
    /// What expires in each second, in the order in which it came.
    order: BTreeMap<Timestamp, Second>,
}

struct Entry<K, V> {
    key: K,
    value: V,
    expires: Timestamp,
    hash: u32,
    /// The next one in its bucket.
    next: Option<Slot>,
    /// Its neighbours among those of the same second.
    before: Option<Slot>,
    after: Option<Slot>,
}

struct Second {
    first: Slot,
    last: Slot,
}

/// What an insertion did.
pub(crate) struct Inserted<K, V> {
    pub(super) slot: Slot,
    /// What went for it: the key's value before, some that had expired, and what had to make room. Its places may
    /// have been taken again.
    pub(super) gone: Vec<(Slot, K, V)>,
}

impl<K: Hash + Eq, V> Expiring<K, V> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.clamp(1, Slots::<Entry<K, V>>::MOST),
            hasher: RandomState::new(),
            entries: Slots::new(),
            buckets: Vec::new(),
            order: BTreeMap::new(),
        }
    }

    /// Returns how many there are, expired ones included.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns every value, expired ones included.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.values().map(|entry| &entry.value)
    }

    pub(crate) fn live(&self, key: &K, now: Timestamp) -> Option<&V> {
        self.live_until(key, now).map(|(value, _)| value)
    }

    /// Returns a value and when it expires.
    pub(super) fn live_until(&self, key: &K, now: Timestamp) -> Option<(&V, Timestamp)> {
        let entry = self.entries.get(self.find(key, self.hash(key))?)?;
        (now < entry.expires).then_some((&entry.value, entry.expires))
    }

    /// Returns what is in a place.
    pub(super) fn live_at(&self, slot: Slot, now: Timestamp) -> Option<(&K, &V, Timestamp)> {
        let entry = self.entries.get(slot)?;
        (now < entry.expires).then_some((&entry.key, &entry.value, entry.expires))
    }

    /// Puts a value in, and returns where it is and what went for it.
    pub(crate) fn insert(
        &mut self,
        key: K,
        value: V,
        expires: Timestamp,
        now: Timestamp,
    ) -> Inserted<K, V> {
        let hash = self.hash(&key);
        let mut gone = Vec::new();
        if let Some(slot) = self.find(&key, hash) {
            gone.extend(self.take(slot));
        }
        let mut swept = 0;
        while let Some((&first, second)) = self.order.first_key_value() {
            let goes = first <= now && swept < SWEPT;
            if !goes && self.len() < self.capacity {
                break;
            }
            swept += 1;
            gone.extend(self.take(second.first));
        }
        let slot = self.entries.insert(Entry {
            key,
            value,
            expires,
            hash,
            next: None,
            before: None,
            after: None,
        });
        if self.buckets.len() < self.len() {
            self.split();
        }
        self.chain(slot, hash);
        self.queue(slot, expires);
        Inserted { slot, gone }
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<(Slot, V)> {
        let slot = self.find(key, self.hash(key))?;
        self.take(slot).map(|(slot, _, value)| (slot, value))
    }

    /// Empties a place.
    fn take(&mut self, slot: Slot) -> Option<(Slot, K, V)> {
        let entry = self.entries.remove(slot)?;
        self.unchain(slot, &entry);
        self.unqueue(&entry);
        Some((slot, entry.key, entry.value))
    }

    fn hash(&self, key: &K) -> u32 {
        // The lower half says as much as is needed.
        self.hasher.hash_one(key) as u32
    }

    fn find(&self, key: &K, hash: u32) -> Option<Slot> {
        let mut next = *self.buckets.get(bucket(hash, self.buckets.len()))?;
        while let Some(slot) = next {
            let entry = self.entries.get(slot)?;
            if entry.hash == hash && entry.key == *key {
                return Some(slot);
            }
            next = entry.next;
        }
        None
    }

    /// Puts an entry at the head of its bucket's chain.
    fn chain(&mut self, slot: Slot, hash: u32) {
        let bucket = bucket(hash, self.buckets.len());
        let next = self.buckets[bucket].replace(slot);
        if let Some(entry) = self.entries.get_mut(slot) {
            entry.next = next;
        }
    }

    /// Takes an entry that has left its place out of its chain.
    fn unchain(&mut self, slot: Slot, entry: &Entry<K, V>) {
        let bucket = bucket(entry.hash, self.buckets.len());
        if self.buckets[bucket] == Some(slot) {
            self.buckets[bucket] = entry.next;
            return;
        }
        let mut at = self.buckets[bucket];
        while let Some(before) = at.and_then(|slot| self.entries.get_mut(slot)) {
            if before.next == Some(slot) {
                before.next = entry.next;
                return;
            }
            at = before.next;
        }
    }

    /// Adds a bucket, and spreads the one chain over both that could be in it.
    fn split(&mut self) {
        let (count, new) = (self.buckets.len() + 1, self.buckets.len());
        self.buckets.push(None);
        let old = new - count.next_power_of_two() / 2;
        let mut at = self.buckets[old].take();
        while let Some(slot) = at {
            let Some(entry) = self.entries.get(slot) else {
                return;
            };
            at = entry.next;
            self.chain(slot, entry.hash);
        }
    }

    /// Puts an entry behind the others of its second.
    fn queue(&mut self, slot: Slot, expires: Timestamp) {
        match self.order.entry(expires) {
            btree_map::Entry::Vacant(second) => {
                second.insert(Second {
                    first: slot,
                    last: slot,
                });
            }
            btree_map::Entry::Occupied(mut second) => {
                let before = std::mem::replace(&mut second.get_mut().last, slot);
                if let Some(entry) = self.entries.get_mut(before) {
                    entry.after = Some(slot);
                }
                if let Some(entry) = self.entries.get_mut(slot) {
                    entry.before = Some(before);
                }
            }
        }
    }

    /// Takes an entry that has left its place from among the others of its second.
    fn unqueue(&mut self, entry: &Entry<K, V>) {
        if let Some(before) = entry.before.and_then(|slot| self.entries.get_mut(slot)) {
            before.after = entry.after;
        }
        if let Some(after) = entry.after.and_then(|slot| self.entries.get_mut(slot)) {
            after.before = entry.before;
        }
        match (entry.before, entry.after) {
            (None, None) => {
                self.order.remove(&entry.expires);
            }
            (None, Some(first)) => {
                if let Some(second) = self.order.get_mut(&entry.expires) {
                    second.first = first;
                }
            }
            (Some(last), None) => {
                if let Some(second) = self.order.get_mut(&entry.expires) {
                    second.last = last;
                }
            }
            (Some(_), Some(_)) => {}
        }
    }
}

/// Returns where a hash belongs among so many buckets: by as many of its bits as number them all, or by one fewer
/// where that bucket is yet to be split off.
fn bucket(hash: u32, buckets: usize) -> usize {
    let mask = buckets.next_power_of_two() - 1;
    let wanted = hash as usize & mask;
    if wanted < buckets {
        wanted
    } else {
        wanted & (mask >> 1)
    }
}

#[cfg(test)]
mod tests;
