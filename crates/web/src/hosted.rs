//! Request objects that are passed by reference (RFC 9101 section 5.2): held ready for the provider to fetch,
//! for minutes, in this process.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use codegrant_core::Timestamp;
use codegrant_core::jose::base64url;

use crate::seal;

/// How long one is held, in seconds: as long as it is good for.
const SECONDS: i64 = 300;

/// The most that are held; the oldest goes first.
const MOST: usize = 1024;

/// The longest that is held, in bytes.
const LONGEST: usize = 32 * 1024;

/// The request objects of the logins that began minutes ago.
#[derive(Default)]
pub(crate) struct Hosted(Mutex<VecDeque<Object>>);

struct Object {
    id: String,
    text: String,
    until: Timestamp,
}

impl Hosted {
    /// Makes an id that nobody guesses: 128 bits.
    pub(crate) fn new_id() -> String {
        base64url::encode(&seal::random::<16>())
    }

    /// Holds an object ready; one that is longer than any login needs is not held.
    pub(crate) fn hold(&self, id: String, text: &str, now: Timestamp) {
        if text.len() > LONGEST {
            return;
        }
        let mut objects = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        objects.retain(|object| now < object.until);
        if objects.len() >= MOST {
            objects.pop_front();
        }
        objects.push_back(Object {
            id,
            text: text.to_owned(),
            until: now.plus(SECONDS),
        });
    }

    /// Returns an object, as often as the provider asks while the login may still be under way.
    pub(crate) fn find(&self, id: &str, now: Timestamp) -> Option<String> {
        let objects = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = objects.iter().find(|object| object.id == id)?;
        (now < found.until).then(|| found.text.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    // attack: DS-18
    #[test]
    fn an_object_is_held_for_minutes_under_an_id_that_nobody_guesses() {
        let hosted = Hosted::default();
        let id = Hosted::new_id();
        assert_eq!(id.len(), 22);
        assert_ne!(id, Hosted::new_id());
        hosted.hold(id.clone(), "object", NOW);
        assert_eq!(hosted.find(&id, NOW).as_deref(), Some("object"));
        assert_eq!(
            hosted.find(&id, NOW.plus(SECONDS - 1)).as_deref(),
            Some("object")
        );
        assert_eq!(hosted.find(&id, NOW.plus(SECONDS)), None);
        assert_eq!(hosted.find(&id[1..], NOW), None);
        assert_eq!(hosted.find("", NOW), None);
    }

    // attack: DS-18
    #[test]
    fn a_flood_of_logins_costs_bounded_memory() {
        let hosted = Hosted::default();
        for number in 0..MOST + 2 {
            hosted.hold(number.to_string(), "object", NOW);
        }
        assert_eq!(hosted.find("1", NOW), None);
        assert!(hosted.find("2", NOW).is_some());
        hosted.hold("long".to_owned(), &"x".repeat(LONGEST + 1), NOW);
        assert_eq!(hosted.find("long", NOW), None);
        hosted.hold("later".to_owned(), "object", NOW.plus(SECONDS));
        assert_eq!(hosted.0.lock().unwrap().len(), 1);
    }
}
