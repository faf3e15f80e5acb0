//! The app's own accounts, as they were before: in memory here, in a database elsewhere.
//!
//! Not a word of it is the framework's: the example in Rocket has the same file.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Identity;

/// Somebody who has an account.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) id: usize,
    pub(crate) name: String,
    // A hash in an app that is not an example.
    password: Option<&'static str>,
}

#[derive(Clone, Default)]
pub(crate) struct Users(Arc<Mutex<Accounts>>);

#[derive(Default)]
struct Accounts {
    members: Vec<Member>,
    /// Which account an identity belongs to, by issuer and subject. The one table that is new.
    identities: HashMap<(String, String), usize>,
}

impl Users {
    pub(crate) fn add(&self, name: &str, password: Option<&'static str>) -> usize {
        self.accounts().add(name, password)
    }

    /// Returns the account of an identity, and makes one for an identity that has never been here.
    ///
    /// Never by e-mail: an address may have belonged to somebody else, and not every provider checks it.
    pub(crate) fn of_identity(&self, identity: &Identity) -> usize {
        let (issuer, subject) = identity.key();
        let key = (issuer.to_owned(), subject.to_owned());
        let mut accounts = self.accounts();
        if let Some(id) = accounts.identities.get(&key) {
            return *id;
        }
        let id = accounts.add(&identity.to_string(), None);
        accounts.identities.insert(key, id);
        id
    }

    /// Returns the account of whoever knows its password.
    pub(crate) fn of_password(&self, name: &str, password: &str) -> Option<Member> {
        let fits = |held: &&Member| held.name == name && held.password == Some(password);
        self.accounts().members.iter().find(fits).cloned()
    }

    pub(crate) fn of_id(&self, id: &str) -> Option<Member> {
        let id: usize = id.parse().ok()?;
        self.accounts().members.get(id).cloned()
    }

    fn accounts(&self) -> MutexGuard<'_, Accounts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Accounts {
    fn add(&mut self, name: &str, password: Option<&'static str>) -> usize {
        let (id, name) = (self.members.len(), name.to_owned());
        self.members.push(Member { id, name, password });
        id
    }
}
