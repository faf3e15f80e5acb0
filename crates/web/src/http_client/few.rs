//! A few things that are made when they are first asked for.

use std::borrow::Borrow;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

/// What was made for the latest few keys; the one that was made first makes room.
pub(super) struct Few<K, V> {
    most: usize,
    /// The latest last.
    held: Mutex<Vec<(K, Arc<V>)>>,
}

impl<K, V> Few<K, V> {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            held: Mutex::default(),
        }
    }

    /// Returns what is there for a key, or makes it.
    pub(super) fn get<Q>(&self, key: &Q, make: impl FnOnce() -> V) -> Arc<V>
    where
        K: Borrow<Q>,
        Q: ToOwned<Owned = K> + PartialEq + ?Sized,
    {
        let made = self.try_get(key, || Ok::<_, Infallible>(make()));
        made.unwrap_or_else(|never| match never {})
    }

    /// Returns what is there for a key, or makes it; what cannot be made is not kept.
    pub(super) fn try_get<Q, E>(
        &self,
        key: &Q,
        make: impl FnOnce() -> Result<V, E>,
    ) -> Result<Arc<V>, E>
    where
        K: Borrow<Q>,
        Q: ToOwned<Owned = K> + PartialEq + ?Sized,
    {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, value)) = held.iter().find(|(held, _)| held.borrow() == key) {
            return Ok(value.clone());
        }
        let value = Arc::new(make()?);
        if held.len() >= self.most {
            held.remove(0);
        }
        held.push((key.to_owned(), value.clone()));
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_few_are_kept_and_what_cannot_be_made_is_not() {
        let few = Few::<String, usize>::new(2);
        assert_eq!(few.try_get("a", || Err::<usize, _>("no")), Err("no"));
        assert_eq!(*few.get("a", || 1), 1);
        assert_eq!(*few.get("b", || 2), 2);
        assert_eq!(*few.get("a", || 3), 1, "it was there");
        assert_eq!(*few.get("c", || 4), 4);
        assert_eq!(*few.get("b", || 5), 2);
        assert_eq!(*few.get("a", || 6), 6, "it made room");
    }
}
