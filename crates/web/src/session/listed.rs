//! Sessions of other browsers: found by whose they are, and ended from here.

use codegrant_core::Timestamp;

use super::index::Whose;
use super::record::SessionData;
use super::session_key::SessionKey;
use super::sessions::{Found, Place, Sessions};
use crate::error::Error;

/// How many sessions of one account are listed; ending all of them ends the others as well.
const LISTED: usize = 100;

/// How long the name of a record is: a hash in base64url.
const NAME: usize = 43;

/// A session that was found without its cookie.
pub(crate) struct Listed {
    pub(crate) key: SessionKey,
    pub(crate) data: SessionData,
}

impl Found {
    /// Returns the name that a list of sessions gives it.
    pub(crate) fn handle(&self) -> String {
        match &self.place {
            Place::Store { key, .. } => key.as_str().to_owned(),
            Place::Cookie => self.session.data().transaction.to_hex(),
        }
    }
}

impl Sessions {
    /// Tells whether sessions of other browsers can be listed.
    pub(crate) fn lists_all(&self) -> bool {
        self.stored
    }

    /// Tells whether an ending is kept where all processes learn of it.
    pub(crate) fn ends_everywhere(&self) -> bool {
        self.stored || self.index.is_shared()
    }

    /// Finds the live sessions of whomever a session belongs to, in any order.
    pub(crate) async fn listed(
        &self,
        data: &SessionData,
        now: Timestamp,
    ) -> Result<Vec<Listed>, Error> {
        let mut found: Vec<Listed> = Vec::new();
        for entry in all_of(data).iter().flat_map(|whose| whose.keys(&self.ring)) {
            for (key, record) in self.store().list(&entry, LISTED, now).await? {
                let known = found.iter().any(|held| held.key == key);
                let read = self.unseal(&key, &record).filter(|_| !known);
                let live = read.filter(|data| now < data.ends_at && !self.has_ended(data, now));
                found.extend(live.map(|data| Listed { key, data }));
            }
        }
        Ok(found)
    }

    /// Finds one session by the name of its record; anybody may have written the name.
    pub(crate) async fn listed_as(
        &self,
        name: &str,
        now: Timestamp,
    ) -> Result<Option<Listed>, Error> {
        let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if !self.stored || name.len() != NAME || !name.bytes().all(is_sign) {
            return Ok(None);
        }
        let key = SessionKey::new(name);
        let record = self.store().load(&key, now).await?;
        let data = record.and_then(|record| self.unseal(&key, &record));
        let live = data.filter(|data| now < data.ends_at && !self.has_ended(data, now));
        Ok(live.map(|data| Listed { key, data }))
    }

    /// Ends a session that was found in this way.
    pub(crate) async fn end_listed(&self, listed: &Listed, now: Timestamp) -> Result<(), Error> {
        self.end_one(&listed.data, now).await?;
        Ok(self.store().delete(&listed.key).await?)
    }

    /// Ends every session of whomever a session belongs to, on all nodes, and the logins that are under way.
    pub(crate) async fn end_all_like(
        &self,
        data: &SessionData,
        now: Timestamp,
    ) -> Result<(), Error> {
        for whose in all_of(data) {
            self.end_all_of(whose, now).await?;
        }
        Ok(())
    }
}

/// Whose sessions go with a session: the account's, and the person's from before the app named accounts.
fn all_of(data: &SessionData) -> Vec<Whose<'_>> {
    let (issuer, subject) = data.identity.key();
    let account = data.account.as_deref().map(Whose::Account);
    let person = Whose::Person { issuer, subject };
    account.into_iter().chain([person]).collect()
}
