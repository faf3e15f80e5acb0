//! The newest tokens of a session, whichever kind it is: what a refresh reads first and writes first.
//!
//! A session in a store is its own record. One in a cookie cannot be changed from here: its tokens stand in a note,
//! from the first refresh on, and the cookie follows when a response can set it. A log-out leaves a mark there, so
//! that a refresh which was under way finds out.

use codegrant_core::Timestamp;
use codegrant_core::oauth2::RefreshToken;
use serde::{Deserialize, Serialize};

use super::notes::{Kind, Note};
use super::record::{Session, SessionData};
use super::sessions::{Found, Sessions};
use super::store::{Replaced, StoreError};
use super::token_set::TokenSet;
use crate::cookie::Jar;
use crate::error::Error;

/// How long a browser that was led over the refresh is not led there again.
const LED_AROUND_SECONDS: i64 = 10;

/// How often a write is tried that others get ahead of.
const TRIES: usize = 100;

/// What stands beside a session in a cookie.
#[derive(Serialize, Deserialize)]
enum Beside {
    #[serde(rename = "n")]
    Newest(TokenSet),
    /// It is over, and this is the refresh token that is nobody's any longer.
    #[serde(rename = "e")]
    Ended(Option<RefreshToken>),
}

/// What came of writing tokens.
pub(crate) enum Wrote {
    Yes,
    /// There are newer ones.
    Newer(TokenSet),
    /// The session is over.
    Gone,
}

impl Sessions {
    /// Reads the newest tokens of a session; `None` when it is over.
    pub(crate) async fn newest(
        &self,
        session: &Session,
        now: Timestamp,
    ) -> Result<Option<TokenSet>, StoreError> {
        let data = session.data();
        if data.ends_at <= now || self.has_ended(data, now) {
            return Ok(None);
        }
        if let Some(key) = &data.key {
            let record = self.store().load(key, now).await?;
            let stored = record.and_then(|record| self.unseal(key, &record));
            return Ok(stored.map(|stored| TokenSet::of(&stored)));
        }
        Ok(match self.beside(data, now).await? {
            None => Some(TokenSet::of(data)),
            Some(note) => newer(data, &note),
        })
    }

    async fn beside(
        &self,
        data: &SessionData,
        now: Timestamp,
    ) -> Result<Option<Note<Beside>>, StoreError> {
        let key = Kind::Tokens.key(&data.transaction.to_hex());
        self.note_at((Kind::Tokens, &key), now).await
    }

    /// Makes these the newest tokens of a session, unless it has newer ones or is over.
    pub(crate) async fn write_newest(
        &self,
        session: &Session,
        tokens: &TokenSet,
        now: Timestamp,
    ) -> Result<Wrote, StoreError> {
        for _ in 0..TRIES {
            let wrote = match session.data().key {
                Some(_) => self.write_record(session, tokens, now).await?,
                None => self.write_beside(session.data(), tokens, now).await?,
            };
            if let Some(wrote) = wrote {
                return Ok(wrote);
            }
        }
        Err(StoreError {
            reason: format!("a record changes faster than it can be read, {TRIES} times"),
        })
    }

    /// `None` where somebody else wrote meanwhile.
    async fn write_record(
        &self,
        session: &Session,
        tokens: &TokenSet,
        now: Timestamp,
    ) -> Result<Option<Wrote>, StoreError> {
        let Some(key) = &session.data().key else {
            return Ok(Some(Wrote::Gone));
        };
        let Some(record) = self.store().load(key, now).await? else {
            return Ok(Some(Wrote::Gone));
        };
        let Some(stored) = self.unseal(key, &record) else {
            return Ok(Some(Wrote::Gone));
        };
        if stored.refreshes >= tokens.refreshes {
            return Ok(Some(Wrote::Newer(TokenSet::of(&stored))));
        }
        let changed = tokens.clone().put_into(stored);
        let changed = self.record(key, &changed, record.version + 1, now);
        let replaced = self.store().replace(key, record.version, changed, now);
        Ok((replaced.await? == Replaced::Yes).then_some(Wrote::Yes))
    }

    async fn write_beside(
        &self,
        data: &SessionData,
        tokens: &TokenSet,
        now: Timestamp,
    ) -> Result<Option<Wrote>, StoreError> {
        let key = Kind::Tokens.key(&data.transaction.to_hex());
        let place = (Kind::Tokens, &key);
        let (text, until) = (Beside::Newest(tokens.clone()), data.ends_at);
        let written = match self.note_at::<Beside>(place, now).await? {
            None => self.create_note(place, &text, 0, until, now).await?,
            Some(note) => match newer(data, &note) {
                None => return Ok(Some(Wrote::Gone)),
                Some(held) if held.refreshes >= tokens.refreshes => {
                    return Ok(Some(Wrote::Newer(held)));
                }
                Some(_) => {
                    self.replace_note(place, &text, note.version, until, now)
                        .await?
                }
            },
        };
        Ok(written.then_some(Wrote::Yes))
    }

    /// Marks a session in a cookie as over, for refreshes that are under way.
    pub(super) async fn mark_ended(
        &self,
        data: &SessionData,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // Nothing was ever refreshed, and nothing will be.
        if data.refresh_token.is_none() && data.refreshes == 0 {
            return Ok(());
        }
        let key = Kind::Tokens.key(&data.transaction.to_hex());
        let (place, until) = ((Kind::Tokens, &key), data.ends_at);
        for _ in 0..TRIES {
            let marked = match self.note_at::<Beside>(place, now).await? {
                None => {
                    let mark = Beside::Ended(data.refresh_token.clone());
                    self.create_note(place, &mark, 0, until, now).await?
                }
                Some(note) => {
                    let last = match note.text {
                        Some(Beside::Ended(_)) => return Ok(()),
                        Some(Beside::Newest(newest)) => newest.refresh_token,
                        None => None,
                    };
                    let mark = Beside::Ended(last);
                    self.replace_note(place, &mark, note.version, until, now)
                        .await?
                }
            };
            if marked {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Ends a session wherever it is.
    pub(crate) async fn end_session(&self, session: &Session, now: Timestamp) -> Result<(), Error> {
        self.end_one(session.data(), now).await?;
        if let Some(key) = &session.data().key {
            self.store().delete(key).await?;
        }
        Ok(())
    }

    /// Returns what sets the cookie to the newest tokens where it has older ones.
    ///
    /// Where the session is over, it is left alone: a newer one may stand in it by now.
    pub(crate) async fn follow(
        &self,
        found: &Found,
        jar: &Jar<'_>,
        now: Timestamp,
    ) -> Result<Vec<String>, Error> {
        let data = found.session.data();
        match self.newest(&found.session, now).await {
            Ok(Some(newest)) if !self.stored && newest.refreshes > data.refreshes => {
                let left = data.ends_at.seconds_since(now).max(0);
                self.cookies_of(&newest.put_into(data.clone()), jar, left)
            }
            // What a request brought stays good where the store cannot say more.
            Ok(_) | Err(_) => Ok(Vec::new()),
        }
    }

    /// Tells whether the newest tokens are where other processes, and this one after a restart, find them.
    pub(crate) fn shares_tokens(&self) -> bool {
        self.stored || self.index.is_shared()
    }

    /// Returns what marks a browser that was led over the refresh, so that it does not go round.
    pub(crate) fn led_around(&self) -> String {
        let name = self.cookies.name("refreshed");
        self.cookies.keep(&name, "1", LED_AROUND_SECONDS)
    }

    pub(crate) fn was_led_around(&self, jar: &Jar<'_>) -> bool {
        jar.first(&self.cookies.name("refreshed")).is_some()
    }

    /// Returns the last refresh token of a session that is over, as far as it is known.
    pub(crate) async fn last_refresh_token(
        &self,
        data: &SessionData,
        now: Timestamp,
    ) -> Option<RefreshToken> {
        let own = || data.refresh_token.clone();
        if data.key.is_some() {
            return own();
        }
        match self.beside(data, now).await {
            Ok(Some(Note {
                text: Some(Beside::Ended(last)),
                ..
            })) => last,
            Ok(Some(Note {
                text: Some(Beside::Newest(newest)),
                ..
            })) => newest.refresh_token,
            _ => own(),
        }
    }
}

/// Returns the newest tokens where a note stands beside the cookie. One that cannot be read may have newer ones, so
/// that nothing is done with the cookie's.
fn newer(data: &SessionData, note: &Note<Beside>) -> Option<TokenSet> {
    let mut own = TokenSet::of(data);
    match &note.text {
        Some(Beside::Newest(newest)) if newest.refreshes > own.refreshes => {
            Some(newest.clone().spread_as(data))
        }
        Some(Beside::Newest(_)) => Some(own),
        Some(Beside::Ended(_)) => None,
        None => {
            own.refresh_token = None;
            Some(own)
        }
    }
}
