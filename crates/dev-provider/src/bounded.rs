//! A map that forgets: what a provider remembers must not grow for ever.

use std::collections::{HashMap, VecDeque};

/// Entries by a key that is never used twice; beyond the limit the oldest is dropped.
pub(crate) struct Bounded<V> {
    entries: HashMap<String, V>,
    order: VecDeque<String>,
    limit: usize,
}

impl<V> Bounded<V> {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            entries: HashMap::new(),
            order: VecDeque::new(),
            limit,
        }
    }

    pub(crate) fn insert(&mut self, key: String, value: V) {
        if self.entries.insert(key.clone(), value).is_some() {
            return;
        }
        self.order.push_back(key);
        // A removed key keeps its place in the order until it is the oldest.
        while self.order.len() > self.limit {
            if let Some(oldest) = self.order.pop_front() {
                self.entries.remove(&oldest);
            }
        }
    }

    pub(crate) fn find(&self, key: &str) -> Option<&V> {
        self.entries.get(key)
    }

    pub(crate) fn find_mut(&mut self, key: &str) -> Option<&mut V> {
        self.entries.get_mut(key)
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<V> {
        self.entries.remove(key)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.values()
    }

    /// Drops every entry for which `keep` is false.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&V) -> bool) {
        self.entries.retain(|_, value| keep(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entry_makes_room_for_a_new_one() {
        let mut map = Bounded::new(2);
        for (key, value) in [("a", 1), ("b", 2), ("a", 3), ("c", 4)] {
            map.insert(key.to_owned(), value);
        }
        assert_eq!(map.find("a"), None);
        assert_eq!((map.find("b"), map.find("c")), (Some(&2), Some(&4)));
        assert_eq!(map.order.len(), 2);
    }

    #[test]
    fn removed_entries_do_not_let_the_map_grow() {
        let mut map = Bounded::new(3);
        for number in 0..100 {
            map.insert(number.to_string(), number);
            map.remove(&number.to_string());
        }
        assert!(map.order.len() <= 3);
        assert!(map.entries.is_empty());
    }
}
