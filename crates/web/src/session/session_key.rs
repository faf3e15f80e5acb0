//! The name of a session in a store.

use crate::seal;

/// How long a name is that [`SessionKey::of_id`] made.
const LENGTH: usize = 43;

/// The name of a session in a store: the hash of the id that the browser holds.
///
/// Whoever reads the store learns no id that a browser would be believed for.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SessionKey(Name);

/// What is of the usual length needs no memory beside itself, and never is the other.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Name {
    Usual([u8; LENGTH]),
    Other(Box<str>),
}

impl SessionKey {
    /// Computes the name for the id that a browser holds: its SHA-256.
    pub fn of_id(id: &str) -> Self {
        Self::new(seal::hash(id.as_bytes()))
    }

    /// Takes a name as a store has it, for [`SessionStore::list`](super::SessionStore::list).
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        Self(match name.as_bytes().try_into() {
            Ok(bytes) => Name::Usual(bytes),
            Err(_) => Name::Other(name.into()),
        })
    }

    /// Returns it as 43 characters of base64url.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Name::Usual(bytes) => str::from_utf8(bytes).expect("it was text"),
            Name::Other(name) => name,
        }
    }
}

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SessionKey").field(&self.as_str()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_any_length_comes_back() {
        let (shorter, umlauts) = ("a".repeat(LENGTH - 1), "ä".repeat(LENGTH / 2) + "b");
        let names = ["", &shorter, &umlauts, &"c".repeat(LENGTH), &"d".repeat(99)];
        for name in names {
            assert_eq!(SessionKey::new(name).as_str(), name);
        }
        let key = SessionKey::of_id("an id");
        assert_eq!(key.as_str().len(), LENGTH);
        assert_eq!(
            format!("{key:?}"),
            format!("SessionKey({:?})", key.as_str())
        );
        assert_eq!(SessionKey::new(key.as_str()), key);
    }
}
