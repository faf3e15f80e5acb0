//! Finding, opening, renewing and ending sessions, whichever of the two kinds the app chose.

use std::sync::Arc;

use codegrant_core::{Timestamp, TransactionId};

use super::index;
use super::opened::{Known, Opened};
use super::record::{Session, SessionData};
use super::revocation_index::RevocationIndex;
use super::session_key::SessionKey;
use super::store::{Created, Record, Replaced, SessionStore};
use super::{BOUND_SECONDS, Lifetime, MemoryStore, written};
use crate::cookie::{self, Cookies, Jar};
use crate::error::{Error, SessionError};
use crate::seal::{self, KeyRing, Purpose};

/// How much of each kind is remembered where no store does it.
const REMEMBERED: usize = 100_000;

/// How long the mark of a log-out stays in the browser; it says nothing and is never read.
const LEFT_SECONDS: i64 = 5;

/// Later than anything.
pub(super) const END_OF_TIME: Timestamp = Timestamp::from_unix(i64::MAX);

/// A session is touched in the store when this part of its idle time has passed, not at every request.
const TOUCH_PART: i64 = 10;

/// Where sessions are.
pub(crate) enum Kind {
    /// In their cookies; the store, if there is one, has what all processes must know.
    Sealed {
        /// That store.
        shared: Option<Arc<dyn SessionStore>>,
        /// How old this process's copy of the revocation index may be, in seconds.
        bound_seconds: i64,
    },
    /// In a store.
    Stored(Arc<dyn SessionStore>),
}

pub(crate) struct Sessions {
    pub(super) cookies: Cookies,
    pub(super) ring: KeyRing,
    /// The name of the session's cookie.
    name: String,
    lifetime: Lifetime,
    /// Whether sessions are in the store, and not in their cookies.
    pub(super) stored: bool,
    /// Whether they stay in this process's memory, where the key is as well: then they are not sealed there.
    plain: bool,
    /// What the processes of the app share; with sealed cookies alone it is this process's memory.
    shared: Arc<dyn SessionStore>,
    /// What is over: a sealed cookie that somebody kept, a refresh or a login that was under way, does not bring it
    /// back.
    pub(super) index: RevocationIndex,
    opened: Opened,
}

/// A session and where it was found.
pub(crate) struct Found {
    pub(crate) session: Session,
    pub(super) place: Place,
}

pub(super) enum Place {
    Cookie,
    Store { key: SessionKey, version: u64 },
}

/// Returns the key of the record that a cookie names; there is none for what is not UTF-8.
fn key_of(id: &[u8]) -> Option<SessionKey> {
    str::from_utf8(id).ok().map(SessionKey::of_id)
}

impl Sessions {
    pub(crate) fn new(cookies: Cookies, ring: KeyRing, lifetime: Lifetime, kind: Kind) -> Self {
        let (stored, given, bound_seconds) = match kind {
            Kind::Sealed {
                shared,
                bound_seconds,
            } => (false, shared, bound_seconds),
            Kind::Stored(store) => (true, Some(store), BOUND_SECONDS),
        };
        let index = RevocationIndex::new(given.clone(), bound_seconds);
        let shared = given.unwrap_or_else(|| Arc::new(MemoryStore::new(REMEMBERED)));
        Self {
            name: cookies.name("session"),
            cookies,
            ring,
            lifetime,
            stored,
            plain: shared.stays_in_process(),
            shared,
            index,
            opened: Opened::new(),
        }
    }

    /// Returns the store itself: called through its `Arc`, which is a store as well, each call would be boxed twice.
    pub(super) fn store(&self) -> &dyn SessionStore {
        &*self.shared
    }

    /// Finds the session that the cookies name, if there is one and it has not ended.
    pub(crate) async fn find(&self, jar: &Jar<'_>, now: Timestamp) -> Result<Option<Found>, Error> {
        let Some(value) = cookie::join(jar, &self.name) else {
            return Ok(None);
        };
        if !self.stored {
            return self.find_sealed(&value, now).await;
        }
        let known = self.opened.of(&value);
        let key = known
            .as_ref()
            .and_then(|known| known.session.data().key.clone());
        let Some(key) = key.or_else(|| key_of(&value)) else {
            return Ok(None);
        };
        let record = self.store().load(&key, now).await?;
        let opened = record.and_then(|record| {
            let known = known.filter(|known| known.is_of(&record.sealed));
            let known = known.or_else(|| self.open_record(&value, &key, &record))?;
            let session = self.is_live(&known, now).then(|| known.session.clone());
            Some((session?, record))
        });
        let Some((session, record)) = opened else {
            self.opened.forget(&value);
            return Ok(None);
        };
        let mut version = record.version;
        if self.is_due(&record, session.data(), now) {
            // In a box: it is rare, and what it needs would be part of every request.
            version = Box::pin(self.touch(&key, version, session.data(), now)).await?;
        }
        Ok(Some(Found {
            session,
            place: Place::Store { key, version },
        }))
    }

    async fn find_sealed(&self, value: &[u8], now: Timestamp) -> Result<Option<Found>, Error> {
        let known = self.opened.of(value);
        let Some(known) = known.or_else(|| self.open_cookie(value)) else {
            return Ok(None);
        };
        if now < known.session.data().ends_at {
            self.index.keep_up(now).await?;
        }
        if !self.is_live(&known, now) {
            self.opened.forget(value);
            return Ok(None);
        }
        Ok(Some(Found {
            session: known.session.clone(),
            place: Place::Cookie,
        }))
    }

    fn open_record(&self, id: &[u8], key: &SessionKey, record: &Record) -> Option<Arc<Known>> {
        let mut data = self.unseal(key, record)?;
        data.key = Some(key.clone());
        let session = Session::new(data);
        Some(self.opened.keep(id, Some(&record.sealed), session))
    }

    fn open_cookie(&self, value: &[u8]) -> Option<Arc<Known>> {
        let text = str::from_utf8(value).ok()?;
        let opened = self.ring.open_text(Purpose::Session, &[&self.name], text)?;
        let session = Session::new(self.read(&opened)?);
        Some(self.opened.keep(value, None, session))
    }

    fn is_live(&self, known: &Known, now: Timestamp) -> bool {
        let data = known.session.data();
        let has_ended = || {
            self.index
                .has(data, &known.entries, data.started_at, &self.ring, now)
        };
        now < data.ends_at && !has_ended()
    }

    /// Opens a session for a finished login: a new id, and whatever stood there before is gone.
    ///
    /// `None` where the person was logged out, on whatever node, since the login `began`: its session is looked
    /// for among what is over when it is there to be found, so that a log-out at the same moment sees it or is
    /// seen.
    pub(crate) async fn open(
        &self,
        data: &SessionData,
        began: Timestamp,
        jar: &Jar<'_>,
        now: Timestamp,
    ) -> Result<Option<Vec<String>>, Error> {
        if !self.stored
            && let Some(found) = self.find(jar, now).await?
        {
            // A copy of the cookie ends with it, as it does where a record is deleted.
            self.end_one(found.session.data(), now).await?;
        }
        self.forget(jar).await?;
        let seconds = self.lifetime.absolute_seconds;
        if !self.stored {
            let over = self.is_overtaken(data, began, now).await?;
            let cookies = self.cookies_of(data, jar, seconds)?;
            return Ok((!over).then_some(cookies));
        }
        let id = codegrant_core::jose::base64url::encode(&seal::random::<32>());
        let key = SessionKey::of_id(&id);
        let record = self.record(&key, data, 0, now);
        if self.store().create(&key, record, now).await? == Created::No {
            // Two random numbers of 256 bits do not meet.
            return Err(SessionError::Gone.into());
        }
        if self.is_overtaken(data, began, now).await? {
            self.store().delete(&key).await?;
            return Ok(None);
        }
        Ok(Some(self.set(&id, jar, seconds)?))
    }

    /// Tells whether the person was logged out, wherever that was, since a login began.
    pub(crate) async fn is_overtaken(
        &self,
        data: &SessionData,
        began: Timestamp,
        now: Timestamp,
    ) -> Result<bool, Error> {
        self.index.read_now(now).await?;
        Ok(self.had_ended(data, began, now))
    }

    /// Ends the session that was found, and returns what drops its cookies.
    pub(crate) async fn end(
        &self,
        found: Option<&Found>,
        jar: &Jar<'_>,
        now: Timestamp,
    ) -> Result<Vec<String>, Error> {
        if let Some(found) = found {
            self.end_one(found.session.data(), now).await?;
        }
        self.forget(jar).await?;
        let dropped = cookie::pieces(&self.name)
            .filter(|piece| *piece == self.name || jar.first(piece).is_some());
        let mut cookies: Vec<String> = dropped.map(|piece| self.cookies.drop(&piece)).collect();
        // Chromium shows a page again from its back/forward cache, `no-store` or not, unless it saw an
        // HttpOnly cookie change. It misses a single removal at times, and sees this one as well.
        cookies.push(
            self.cookies
                .keep(&self.cookies.name("left"), "1", LEFT_SECONDS),
        );
        Ok(cookies)
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
        Ok(self.store().consume(transaction, until, now).await?)
    }

    async fn forget(&self, jar: &Jar<'_>) -> Result<(), Error> {
        let Some(value) = cookie::join(jar, &self.name) else {
            return Ok(());
        };
        self.opened.forget(&value);
        if let Some(key) = key_of(&value).filter(|_| self.stored) {
            self.store().delete(&key).await?;
        }
        Ok(())
    }

    pub(super) fn cookies_of(
        &self,
        data: &SessionData,
        jar: &Jar<'_>,
        seconds: i64,
    ) -> Result<Vec<String>, Error> {
        let sealed = self
            .ring
            .seal_text(Purpose::Session, &[&self.name], &written::write(data));
        self.set(&sealed, jar, seconds)
    }

    /// Sets the cookie, split if it is long, and drops pieces left over from a longer one.
    pub(super) fn set(
        &self,
        value: &str,
        jar: &Jar<'_>,
        seconds: i64,
    ) -> Result<Vec<String>, Error> {
        self.set_pieces(&self.name, value, jar, seconds)
    }

    pub(super) fn set_pieces(
        &self,
        name: &str,
        value: &str,
        jar: &Jar<'_>,
        seconds: i64,
    ) -> Result<Vec<String>, Error> {
        let pieces = cookie::split(name, value).ok_or(SessionError::TooLarge {
            bytes: value.len(),
            limit: cookie::SPLIT_LIMIT,
        })?;
        let stale = cookie::pieces(name)
            .skip(pieces.len())
            .filter(|piece| jar.first(piece).is_some());
        let dropped: Vec<String> = stale.map(|piece| self.cookies.drop(&piece)).collect();
        let kept = pieces
            .iter()
            .map(|(name, value)| self.cookies.keep(name, value, seconds));
        Ok(kept.chain(dropped).collect())
    }

    pub(super) fn record(
        &self,
        key: &SessionKey,
        data: &SessionData,
        version: u64,
        now: Timestamp,
    ) -> Record {
        let text = written::write(data);
        let sealed = if self.plain {
            self.ring.mark_plain(&text)
        } else {
            self.ring.seal(Purpose::Record, &[key.as_str()], &text)
        };
        Record {
            sealed: sealed.into(),
            version,
            expires_at: self.idle_end(data, now),
            index: index::entries_of(data, &self.ring),
            issued_at: data.issued_at.unwrap_or(data.started_at),
        }
    }

    pub(super) fn unseal(&self, key: &SessionKey, record: &Record) -> Option<SessionData> {
        if self.plain
            && let Some(text) = self.ring.plain(&record.sealed)
        {
            return self.read(text);
        }
        let place = [key.as_str()];
        let sealed = record.sealed.to_vec();
        self.read(&self.ring.open(Purpose::Record, &place, sealed)?)
    }

    /// Reads a session, which lasts no longer than one that began then would now: an ending is remembered for that
    /// long, and a session from before the lifetime was made shorter would outlive it.
    fn read(&self, bytes: &[u8]) -> Option<SessionData> {
        let mut data = written::read(bytes)?;
        let longest = data.started_at.plus(self.lifetime.absolute_seconds);
        data.ends_at = data.ends_at.min(longest);
        Some(data)
    }

    pub(super) fn idle_end(&self, data: &SessionData, now: Timestamp) -> Timestamp {
        now.plus(self.lifetime.idle_seconds).min(data.ends_at)
    }

    /// Tells whether it is time to move the idle limit on.
    fn is_due(&self, record: &Record, data: &SessionData, now: Timestamp) -> bool {
        let wanted = self.idle_end(data, now);
        wanted.seconds_since(record.expires_at) > self.lifetime.idle_seconds / TOUCH_PART
    }

    /// Moves the idle limit on, and returns the record's version; a request that loses the race needs no touch of
    /// its own.
    async fn touch(
        &self,
        key: &SessionKey,
        before: u64,
        data: &SessionData,
        now: Timestamp,
    ) -> Result<u64, Error> {
        let mut seen = data.clone();
        seen.last_seen = Some(now);
        let version = before + 1;
        let touched = self.record(key, &seen, version, now);
        let replaced = self.store().replace(key, before, touched, now);
        Ok(match replaced.await? {
            Replaced::Yes => version,
            Replaced::No => before,
        })
    }
}
