//! Numbered places for values: a place that is given up is taken again, and nothing moves when more are needed.

use std::num::NonZeroU32;

/// How many places are made at a time.
const PIECE: usize = 256;

/// The number of a place, from one; an optional one takes no more room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::session) struct Slot(NonZeroU32);

impl Slot {
    /// Before all others.
    pub(in crate::session) const FIRST: Self = Self(NonZeroU32::MIN);
    /// After all others.
    pub(in crate::session) const LAST: Self = Self(NonZeroU32::MAX);

    fn of_index(index: usize) -> Self {
        let number = u32::try_from(index + 1).ok().and_then(NonZeroU32::new);
        Self(number.expect("no map holds as many as there are numbers"))
    }

    fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// Values in numbered places.
pub(super) struct Slots<T> {
    /// In pieces, so that growing neither copies what is there nor keeps room for as much again.
    pieces: Vec<Vec<Place<T>>>,
    held: usize,
    /// The first of those that were given up.
    free: Option<Slot>,
}

enum Place<T> {
    Held(T),
    /// Given up, as was the one that it names.
    Free(Option<Slot>),
}

impl<T> Slots<T> {
    /// The most that there are numbers for.
    pub(super) const MOST: usize = u32::MAX as usize - 1;

    pub(super) fn new() -> Self {
        Self {
            pieces: Vec::new(),
            held: 0,
            free: None,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.held
    }

    pub(super) fn get(&self, slot: Slot) -> Option<&T> {
        match self.place(slot)? {
            Place::Held(value) => Some(value),
            Place::Free(_) => None,
        }
    }

    pub(super) fn get_mut(&mut self, slot: Slot) -> Option<&mut T> {
        let index = slot.index();
        match self.pieces.get_mut(index / PIECE)?.get_mut(index % PIECE)? {
            Place::Held(value) => Some(value),
            Place::Free(_) => None,
        }
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.pieces
            .iter()
            .flatten()
            .filter_map(|place| match place {
                Place::Held(value) => Some(value),
                Place::Free(_) => None,
            })
    }

    pub(super) fn insert(&mut self, value: T) -> Slot {
        self.held += 1;
        let Some(slot) = self.free else {
            return self.append(value);
        };
        let index = slot.index();
        let place = &mut self.pieces[index / PIECE][index % PIECE];
        if let Place::Free(next) = std::mem::replace(place, Place::Held(value)) {
            self.free = next;
        }
        slot
    }

    pub(super) fn remove(&mut self, slot: Slot) -> Option<T> {
        self.get(slot)?;
        let index = slot.index();
        let place = &mut self.pieces[index / PIECE][index % PIECE];
        match std::mem::replace(place, Place::Free(self.free)) {
            Place::Held(value) => {
                self.held -= 1;
                self.free = Some(slot);
                Some(value)
            }
            Place::Free(_) => None,
        }
    }

    fn place(&self, slot: Slot) -> Option<&Place<T>> {
        let index = slot.index();
        self.pieces.get(index / PIECE)?.get(index % PIECE)
    }

    /// Takes a new place; only the first piece grows, since most maps are small.
    fn append(&mut self, value: T) -> Slot {
        if self.pieces.last().is_none_or(|piece| piece.len() == PIECE) {
            let room = if self.pieces.is_empty() { 0 } else { PIECE };
            self.pieces.push(Vec::with_capacity(room));
        }
        let before = (self.pieces.len() - 1) * PIECE;
        let piece = self.pieces.last_mut().expect("one was there or was made");
        piece.push(Place::Held(value));
        Slot::of_index(before + piece.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_was_given_up_is_taken_again() {
        let mut slots = Slots::new();
        let all: Vec<Slot> = (0..PIECE * 3).map(|number| slots.insert(number)).collect();
        assert!(all.is_sorted() && slots.get(all[700]) == Some(&700));
        assert_eq!(slots.remove(all[700]), Some(700));
        assert_eq!(slots.remove(all[3]), Some(3));
        assert_eq!((slots.remove(all[3]), slots.get(all[3])), (None, None));
        assert_eq!(slots.len(), PIECE * 3 - 2);
        assert_eq!((slots.insert(8), slots.insert(9)), (all[3], all[700]));
        assert_eq!(slots.insert(10), Slot::of_index(PIECE * 3));
        assert_eq!(slots.values().count(), slots.len());
    }

    #[test]
    fn a_value_that_has_room_to_spare_pays_nothing_for_its_place() {
        assert_eq!(size_of::<Place<Box<u8>>>(), 16);
        assert_eq!(size_of::<Option<Slot>>(), 4);
    }
}
