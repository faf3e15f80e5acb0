//! Finding, opening, renewing and ending sessions, whichever of the two kinds the app chose.

use std::sync::Arc;

use codegrant_core::{Timestamp, TransactionId};

use super::ended::Ended;
use super::index::{self, Named, Said};
use super::record::{Session, SessionData};
use super::store::{Created, Record, Replaced, SessionKey, SessionStore};
use super::{Lifetime, MemoryStore};
use crate::cookie::{self, Cookies, Jar};
use crate::error::{Error, SessionError};
use crate::seal::{self, KeyRing, Purpose};

/// How many used transactions are remembered where no store does it.
const USED_TRANSACTIONS: usize = 100_000;

/// How long the mark of a log-out stays in the browser; it says nothing and is never read.
const LEFT_SECONDS: i64 = 5;

/// A session is touched in the store when this part of its idle time has passed, not at every request.
const TOUCH_PART: i64 = 10;

pub(crate) struct Sessions {
    pub(super) cookies: Cookies,
    pub(super) ring: KeyRing,
    lifetime: Lifetime,
    /// Where sessions are; `None` when they are in their cookies.
    store: Option<Arc<dyn SessionStore>>,
    /// The sessions that were logged out in this process: a sealed cookie that somebody kept, or a refresh
    /// that was under way, does not bring them back.
    ended: Ended,
    /// Remembers used transactions where there is no store: in this process only.
    used: MemoryStore,
}

/// A session and where it was found.
pub(crate) struct Found {
    pub(crate) session: Session,
    place: Place,
}

enum Place {
    Cookie,
    Store { key: SessionKey, version: u64 },
}

impl Sessions {
    pub(crate) fn new(
        cookies: Cookies,
        ring: KeyRing,
        lifetime: Lifetime,
        store: Option<Arc<dyn SessionStore>>,
    ) -> Self {
        Self {
            cookies,
            ring,
            lifetime,
            store,
            ended: Ended::new(),
            used: MemoryStore::new(USED_TRANSACTIONS),
        }
    }

    fn name(&self) -> String {
        self.cookies.name("session")
    }

    /// Finds the session that the cookies name, if there is one and it has not ended.
    pub(crate) async fn find(&self, jar: &Jar<'_>, now: Timestamp) -> Result<Option<Found>, Error> {
        let name = self.name();
        let Some(value) = cookie::join(jar, &name) else {
            return Ok(None);
        };
        let found = match &self.store {
            None => self
                .ring
                .open_text(Purpose::Session, &[&name], &value)
                .and_then(|bytes| read(&bytes))
                .map(|data| (data, Place::Cookie)),
            Some(store) => {
                let key = SessionKey::of_id(&value);
                let Some(record) = store.load(&key, now).await? else {
                    return Ok(None);
                };
                let data = self.unseal(&key, &record);
                if let Some(data) = &data {
                    self.touch(store.as_ref(), &key, &record, data, now).await?;
                }
                data.map(|data| {
                    (
                        data,
                        Place::Store {
                            key,
                            version: record.version,
                        },
                    )
                })
            }
        };
        Ok(found
            .filter(|(data, _)| now < data.ends_at && !self.has_ended(data, now))
            .map(|(data, place)| Found {
                session: Session::new(data),
                place,
            }))
    }

    /// Opens a session for a finished login: a new id, and whatever stood there before is gone.
    pub(crate) async fn open(
        &self,
        data: &SessionData,
        jar: &Jar<'_>,
        now: Timestamp,
    ) -> Result<Vec<String>, Error> {
        self.forget(jar).await?;
        let seconds = self.lifetime.absolute_seconds;
        let Some(store) = &self.store else {
            return self.cookies_of(data, jar, seconds);
        };
        let id = codegrant_core::jose::base64url::encode(&seal::random::<32>());
        let key = SessionKey::of_id(&id);
        let record = self.record(&key, data, 0, now);
        if store.create(&key, record, now).await? == Created::No {
            // Two random numbers of 256 bits do not meet.
            return Err(SessionError::Gone.into());
        }
        self.set(&id, jar, seconds)
    }

    /// Puts new tokens in place of old ones; the session stays the same.
    pub(crate) async fn renew(
        &self,
        found: &Found,
        data: SessionData,
        jar: &Jar<'_>,
        now: Timestamp,
    ) -> Result<Vec<String>, Error> {
        match (&found.place, &self.store) {
            (Place::Store { key, version }, Some(store)) => {
                let mut expected = *version;
                loop {
                    let record = self.record(key, &data, expected + 1, now);
                    if store.replace(key, expected, record, now).await? == Replaced::Yes {
                        return Ok(Vec::new());
                    }
                    // Somebody wrote meanwhile. A touch leaves the tokens as they were, and these are
                    // newer; other tokens are newer than these; a session that is gone stays gone.
                    let Some(stored) = store.load(key, now).await? else {
                        return Err(SessionError::Gone.into());
                    };
                    let held = self.unseal(key, &stored).ok_or(SessionError::Gone)?;
                    if held.access_token.secret() != found.session.access_token().secret() {
                        return Ok(Vec::new());
                    }
                    expected = stored.version;
                }
            }
            _ => self.cookies_of(&data, jar, data.ends_at.seconds_since(now).max(0)),
        }
    }

    /// Ends the session that was found, and returns what drops its cookies.
    pub(crate) async fn end(
        &self,
        found: Option<&Found>,
        jar: &Jar<'_>,
        now: Timestamp,
    ) -> Result<Vec<String>, Error> {
        if let Some(found) = found {
            self.ended.one(found.session.data(), now);
        }
        self.forget(jar).await?;
        let name = self.name();
        let dropped =
            cookie::pieces(&name).filter(|piece| *piece == name || jar.first(piece).is_some());
        let mut cookies: Vec<String> = dropped.map(|piece| self.cookies.drop(&piece)).collect();
        // Chromium shows a page again from its back/forward cache, `no-store` or not, unless it saw an
        // HttpOnly cookie change. It misses a single removal at times, and sees this one as well.
        cookies.push(
            self.cookies
                .keep(&self.cookies.name("left"), "1", LEFT_SECONDS),
        );
        Ok(cookies)
    }

    /// Tells whether a session was logged out in this process.
    pub(crate) fn has_ended(&self, data: &SessionData, now: Timestamp) -> bool {
        self.ended.has(data, &self.ring, now)
    }

    /// Ends the sessions that a provider names, whoever's browser they are in.
    ///
    /// With a store all processes know of it at once. Sealed cookies are refused by this process from now on,
    /// and by no other.
    pub(crate) async fn end_named(
        &self,
        named: &Named<'_>,
        said: Said,
        now: Timestamp,
    ) -> Result<(), Error> {
        let endings = index::endings(named, said, &self.ring);
        // A session that opens just now is not in the store yet; what nobody proved fills no memory for that.
        if self.store.is_none() || said != Said::Claimed {
            let seconds = self.lifetime.absolute_seconds;
            self.ended.named(named.issuer, &endings, said, seconds, now);
        }
        let Some(store) = &self.store else {
            return Ok(());
        };
        for ending in &endings {
            for key in &ending.keys {
                store.end_all(key, ending.issued_by, now).await?;
            }
        }
        Ok(())
    }

    pub(crate) fn absolute_seconds(&self) -> i64 {
        self.lifetime.absolute_seconds
    }

    /// Marks a transaction as used; true for exactly one of all callers.
    pub(crate) async fn consume(
        &self,
        transaction: TransactionId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, Error> {
        Ok(match &self.store {
            Some(store) => store.consume(transaction, until, now).await?,
            None => self.used.consume(transaction, until, now).await?,
        })
    }

    async fn forget(&self, jar: &Jar<'_>) -> Result<(), Error> {
        if let (Some(store), Some(id)) = (&self.store, cookie::join(jar, &self.name())) {
            store.delete(&SessionKey::of_id(&id)).await?;
        }
        Ok(())
    }

    fn cookies_of(
        &self,
        data: &SessionData,
        jar: &Jar<'_>,
        seconds: i64,
    ) -> Result<Vec<String>, Error> {
        let sealed = self
            .ring
            .seal_text(Purpose::Session, &[&self.name()], &written(data));
        self.set(&sealed, jar, seconds)
    }

    /// Sets the cookie, split if it is long, and drops pieces left over from a longer one.
    fn set(&self, value: &str, jar: &Jar<'_>, seconds: i64) -> Result<Vec<String>, Error> {
        let name = self.name();
        let pieces = cookie::split(&name, value).ok_or(SessionError::TooLarge {
            bytes: value.len(),
            limit: cookie::SPLIT_LIMIT,
        })?;
        let stale = cookie::pieces(&name)
            .skip(pieces.len())
            .filter(|piece| jar.first(piece).is_some());
        let dropped: Vec<String> = stale.map(|piece| self.cookies.drop(&piece)).collect();
        let kept = pieces
            .iter()
            .map(|(name, value)| self.cookies.keep(name, value, seconds));
        Ok(kept.chain(dropped).collect())
    }

    fn record(&self, key: &SessionKey, data: &SessionData, version: u64, now: Timestamp) -> Record {
        Record {
            sealed: self
                .ring
                .seal(Purpose::Record, &[key.as_str()], &written(data)),
            version,
            expires_at: self.idle_end(data, now),
            index: index::entries_of(data, &self.ring),
            issued_at: data.issued_at.unwrap_or(data.started_at),
        }
    }

    fn unseal(&self, key: &SessionKey, record: &Record) -> Option<SessionData> {
        read(
            &self
                .ring
                .open(Purpose::Record, &[key.as_str()], &record.sealed)?,
        )
    }

    fn idle_end(&self, data: &SessionData, now: Timestamp) -> Timestamp {
        now.plus(self.lifetime.idle_seconds).min(data.ends_at)
    }

    /// Moves the idle limit on; a request that loses the race needs no touch of its own.
    async fn touch(
        &self,
        store: &dyn SessionStore,
        key: &SessionKey,
        record: &Record,
        data: &SessionData,
        now: Timestamp,
    ) -> Result<(), Error> {
        let wanted = self.idle_end(data, now);
        if wanted.seconds_since(record.expires_at) > self.lifetime.idle_seconds / TOUCH_PART {
            let touched = Record {
                expires_at: wanted,
                version: record.version + 1,
                ..record.clone()
            };
            let _lost_to_another = store.replace(key, record.version, touched, now).await?;
        }
        Ok(())
    }
}

fn written(data: &SessionData) -> Vec<u8> {
    serde_json::to_vec(data).expect("a session is plain data")
}

fn read(bytes: &[u8]) -> Option<SessionData> {
    serde_json::from_slice(bytes).ok()
}
