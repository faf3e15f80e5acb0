//! The app's own accounts, as they were before: in memory here, in a database elsewhere.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum_login::{AuthUser, AuthnBackend};
use codegrant_axum::Identity;
use serde::Deserialize;

/// Somebody who has an account.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) id: usize,
    pub(crate) name: String,
    // A hash in an app that is not an example.
    password: Option<&'static str>,
}

/// What the app's own login form sends.
#[derive(Deserialize)]
pub(crate) struct Credentials {
    name: String,
    password: String,
}

#[derive(Clone, Default)]
pub(crate) struct Users(Arc<Mutex<Accounts>>);

#[derive(Default)]
struct Accounts {
    members: Vec<Member>,
    /// Accounts that nobody may use any longer.
    closed: HashSet<usize>,
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

    pub(crate) fn of_id(&self, id: &str) -> Option<Member> {
        self.accounts()
            .members
            .get(id.parse::<usize>().ok()?)
            .cloned()
    }

    #[cfg(test)]
    pub(crate) fn close(&self, id: usize) {
        self.accounts().closed.insert(id);
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

impl AuthUser for Member {
    type Id = usize;

    fn id(&self) -> usize {
        self.id
    }

    /// What ends all sessions of a member when it changes.
    fn session_auth_hash(&self) -> &[u8] {
        self.password.unwrap_or_default().as_bytes()
    }
}

impl AuthnBackend for Users {
    type User = Member;
    type Credentials = Credentials;
    type Error = Infallible;

    async fn authenticate(&self, given: Credentials) -> Result<Option<Member>, Infallible> {
        let fits = |member: &&Member| {
            member.name == given.name && member.password == Some(given.password.as_str())
        };
        Ok(self.accounts().members.iter().find(fits).cloned())
    }

    async fn get_user(&self, id: &usize) -> Result<Option<Member>, Infallible> {
        let accounts = self.accounts();
        let member = accounts.members.get(*id);
        Ok(member.filter(|_| !accounts.closed.contains(id)).cloned())
    }
}
