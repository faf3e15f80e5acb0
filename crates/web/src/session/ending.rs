//! Ending sessions before their time: one, those that a provider names, or all of somebody's.

use codegrant_core::Timestamp;

use super::ended::Entries;
use super::index::{self, IndexKey, Named, Said, Whose};
use super::record::SessionData;
use super::revocations::Revocation;
use super::sessions::{END_OF_TIME, Sessions};
use crate::error::Error;

impl Sessions {
    /// Puts one session among what is over.
    ///
    /// A session in the store is gone from there; its end is remembered here for what is under way.
    pub(crate) async fn end_one(&self, data: &SessionData, now: Timestamp) -> Result<(), Error> {
        let revocation = Revocation {
            entry: IndexKey::of_login(data.transaction),
            issued_by: END_OF_TIME,
            started_by: END_OF_TIME,
            until: data.ends_at,
        };
        if self.stored {
            self.index.revoke_here(&revocation, now);
        } else {
            self.index.revoke(&revocation, now).await?;
            self.mark_ended(data, now).await?;
        }
        Ok(())
    }

    /// Tells whether a session is over, as far as this process knows.
    pub(crate) fn has_ended(&self, data: &SessionData, now: Timestamp) -> bool {
        self.had_ended(data, data.started_at, now)
    }

    /// Tells the same of a session whose login began earlier than the session itself.
    pub(crate) fn had_ended(&self, data: &SessionData, began: Timestamp, now: Timestamp) -> bool {
        self.index
            .has(data, &Entries::default(), began, &self.ring, now)
    }

    /// Ends the sessions that a provider names, whoever's browser they are in.
    ///
    /// Those in the store are over at once. Sealed cookies are refused by this process from now on, and by the
    /// others within the bound of the revocation index.
    pub(crate) async fn end_named(
        &self,
        named: &Named<'_>,
        said: Said,
        now: Timestamp,
    ) -> Result<(), Error> {
        let endings = index::endings(named, said, &self.ring);
        // A session that opens just now is not in the store yet; what nobody proved fills no list for that.
        if !self.stored || said != Said::Claimed {
            for ending in &endings {
                for key in &ending.keys {
                    let entry = match said {
                        Said::Claimed => key.claimed(),
                        Said::Again if self.index.ended().knows(key, now) => continue,
                        Said::Proven | Said::Again => key.clone(),
                    };
                    let revocation = self.revocation(entry, ending.issued_by, now);
                    match said {
                        Said::Claimed => self.index.revoke_claimed(&revocation, now).await?,
                        Said::Proven | Said::Again => self.index.revoke(&revocation, now).await?,
                    }
                }
            }
        }
        if self.stored {
            for ending in &endings {
                for key in &ending.keys {
                    self.store().end_all(key, ending.issued_by, now).await?;
                }
            }
        }
        Ok(())
    }

    /// Ends all sessions of an account or a person, on all nodes, and the logins that are under way.
    ///
    /// The list comes first: a login that opens its session after the sessions were ended finds itself there.
    pub(crate) async fn end_all_of(&self, whose: Whose<'_>, now: Timestamp) -> Result<(), Error> {
        let keys = whose.keys(&self.ring);
        for key in &keys {
            let revocation = self.revocation(key.clone(), END_OF_TIME, now);
            self.index.revoke(&revocation, now).await?;
        }
        if self.stored {
            for key in &keys {
                self.store().end_all(key, END_OF_TIME, now).await?;
            }
        }
        Ok(())
    }

    fn revocation(&self, entry: IndexKey, issued_by: Timestamp, now: Timestamp) -> Revocation {
        Revocation {
            entry,
            issued_by,
            started_by: now,
            until: now.plus(self.absolute_seconds()),
        }
    }
}
