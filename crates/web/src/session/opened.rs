//! What was opened lately: a browser sends the same cookie with every request, and need not wait for it to be opened
//! each time.
//!
//! Opening is a calculation and no judgement: the same bytes, under the same keys, are the same session. So what came
//! out is kept beside what went in, for exactly those bytes. Nothing is judged by it. Whether the session has ended,
//! whether its store still has it and in which version, and whether its provider is still one of the app's is asked
//! at every request, as if it had just been opened.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::ended::Entries;
use super::record::Session;

/// How many are kept at most: some two kilobytes each.
const PLACES: usize = 1_024;

/// How much of a cookie says in which place it is: a sealed one ends in a tag which no other has, an id is random
/// throughout.
const END: usize = 24;

/// What was opened lately, by the value of its cookie.
///
/// One place for one value, and a lock for each place: whoever comes later takes it from whoever was there.
pub(super) struct Opened {
    /// With keys of its own, so that nobody can choose values that meet in one place, nor learn a byte of somebody's
    /// cookie by how long it takes to tell it from another.
    hasher: RandomState,
    places: Box<[Mutex<Option<Arc<Known>>>]>,
}

/// A session, and what it was opened from.
pub(super) struct Known {
    hash: u64,
    cookie: Box<[u8]>,
    /// What the store had, where the cookie is only a name.
    record: Option<Arc<[u8]>>,
    pub(super) session: Session,
    /// What is looked for at each request among what is over.
    pub(super) entries: Entries,
}

impl Known {
    /// Tells whether this is what the store has now.
    pub(super) fn is_of(&self, record: &Arc<[u8]>) -> bool {
        let known = self.record.as_ref();
        known.is_some_and(|known| Arc::ptr_eq(known, record) || known == record)
    }
}

impl Opened {
    pub(super) fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            places: (0..PLACES).map(|_| Mutex::default()).collect(),
        }
    }

    /// Returns what this very value opened to.
    pub(super) fn of(&self, cookie: &[u8]) -> Option<Arc<Known>> {
        let hash = self.hash(cookie);
        let place = self.place(hash);
        let known = place.as_ref()?;
        (known.hash == hash && *known.cookie == *cookie).then(|| Arc::clone(known))
    }

    /// Keeps what a value opened to, or what the record did that it names.
    pub(super) fn keep(
        &self,
        cookie: &[u8],
        record: Option<&Arc<[u8]>>,
        session: Session,
    ) -> Arc<Known> {
        let known = Arc::new(Known {
            hash: self.hash(cookie),
            cookie: cookie.into(),
            record: record.cloned(),
            session,
            entries: Entries::default(),
        });
        *self.place(known.hash) = Some(Arc::clone(&known));
        known
    }

    /// Forgets a value: its session is over.
    pub(super) fn forget(&self, cookie: &[u8]) {
        let hash = self.hash(cookie);
        let mut place = self.place(hash);
        if place.as_ref().is_some_and(|known| known.hash == hash) {
            *place = None;
        }
    }

    fn hash(&self, cookie: &[u8]) -> u64 {
        let end = cookie.last_chunk::<END>().map_or(cookie, |end| end);
        self.hasher.hash_one(end)
    }

    /// A panic elsewhere cannot leave a place half changed, so a poisoned lock is taken all the same.
    fn place(&self, hash: u64) -> MutexGuard<'_, Option<Arc<Known>>> {
        let place = &self.places[hash as usize % PLACES];
        place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::written::tests::shortest;
    use super::*;

    fn session(subject: &str) -> Session {
        let mut data = shortest();
        data.identity.subject = subject.to_owned();
        Session::new(data)
    }

    fn subject(known: Option<Arc<Known>>) -> Option<String> {
        known.map(|known| known.session.identity().subject.clone())
    }

    fn held(opened: &Opened) -> usize {
        let places = opened.places.iter();
        places
            .filter(|place| place.lock().unwrap().is_some())
            .count()
    }

    // attack: CK-11
    #[test]
    fn only_the_very_same_value_is_what_was_opened() {
        let opened = Opened::new();
        let value = "v".repeat(3 * END);
        opened.keep(value.as_bytes(), None, session("ada"));
        assert_eq!(subject(opened.of(value.as_bytes())).unwrap(), "ada");
        for at in 0..value.len() {
            let mut changed = value.clone();
            changed.replace_range(at..=at, "w");
            assert!(opened.of(changed.as_bytes()).is_none(), "byte {at}");
            assert!(opened.of(&value.as_bytes()[..at]).is_none(), "cut at {at}");
            assert!(
                opened.of(&value.as_bytes()[at + 1..]).is_none(),
                "without {at}"
            );
        }
        assert!(opened.of(format!("{value}v").as_bytes()).is_none());
    }

    #[test]
    fn a_record_that_was_written_anew_is_not_what_was_opened() {
        let opened = Opened::new();
        let record: Arc<[u8]> = b"first".as_slice().into();
        opened.keep(b"id", Some(&record), session("ada"));
        let known = opened.of(b"id").unwrap();
        assert!(known.is_of(&record));
        assert!(
            known.is_of(&b"first".as_slice().into()),
            "as another process reads it"
        );
        assert!(!known.is_of(&b"other".as_slice().into()));
        opened.keep(b"id", None, session("ada"));
        assert!(!opened.of(b"id").unwrap().is_of(&record));
    }

    #[test]
    fn what_is_forgotten_is_gone_and_nothing_beside_it() {
        let opened = Opened::new();
        let values: Vec<String> = (0..3 * PLACES).map(|number| number.to_string()).collect();
        for value in &values {
            opened.keep(value.as_bytes(), None, session(value));
        }
        let (known, displaced): (Vec<&String>, Vec<&String>) = values
            .iter()
            .partition(|value| opened.of(value.as_bytes()).is_some());
        for value in displaced {
            opened.forget(value.as_bytes());
        }
        assert_eq!(
            held(&opened),
            known.len(),
            "a place is whose value is in it"
        );
        for (at, value) in known.iter().enumerate() {
            opened.forget(value.as_bytes());
            assert!(opened.of(value.as_bytes()).is_none());
            assert_eq!(held(&opened), known.len() - at - 1);
        }
    }

    #[test]
    fn however_many_come_no_more_are_kept_and_the_latest_is() {
        let opened = Opened::new();
        for number in 0..3 * PLACES {
            let value = number.to_string();
            opened.keep(value.as_bytes(), None, session(&value));
            assert_eq!(subject(opened.of(value.as_bytes())).unwrap(), value);
        }
        let places = held(&opened);
        assert!(places <= PLACES && places > PLACES / 2, "{places}");
    }
}
