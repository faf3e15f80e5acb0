//! New tokens for a session, once whoever asks: in this process and in all others.

mod attempt;
mod driver;
mod lease;
#[cfg(test)]
mod model;
mod send;
mod step;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use codegrant_core::{Timestamp, TransactionId};
use tokio::sync::OnceCell;

use crate::Boxed;
use crate::auth::Auth;
use crate::error::{Error, SessionError};
use crate::outbound::finished;
use crate::session::{Expiring, Session, TokenSet};
use driver::{Came, Driver, Ended};
use step::{Outcome, Want};

/// How long a request waits for new tokens that has some which are good still.
const PATIENCE_WITH_TOKENS: Duration = Duration::from_secs(2);

/// How long a request waits in all: longer than an attempt takes where the provider and the store answer in their time.
///
/// With several runtimes in a process, as Actix-web has them, the one that makes it may be blocked.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often one request begins anew because what it joined was not meant for it.
const JOINS: usize = 3;

/// How long no second detour is made, in seconds, and for how many sessions that is remembered.
const DETOUR_SECONDS: i64 = 10;
const DETOURS: usize = 10_000;

/// What makes one attempt do for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Name {
    transaction: TransactionId,
    want: Want,
    waits: bool,
}

/// The attempts of this process that are under way: as many as there are sessions that ask at this moment.
pub(crate) struct Renewals {
    running: Mutex<HashMap<Name, Arc<OnceCell<Ended>>>>,
    detours: Mutex<Expiring<TransactionId, ()>>,
}

impl Default for Renewals {
    fn default() -> Self {
        Self {
            running: Mutex::default(),
            detours: Mutex::new(Expiring::new(DETOURS)),
        }
    }
}

impl Renewals {
    /// Tells whether a browser may be led over the refresh now; once within some seconds, or it could go round.
    pub(crate) fn may_detour(&self, transaction: TransactionId, now: Timestamp) -> bool {
        let mut detours = self.detours.lock().unwrap_or_else(PoisonError::into_inner);
        let first = detours.live(&transaction, now).is_none();
        if first {
            detours.insert(transaction, (), now.plus(DETOUR_SECONDS), now);
        }
        first
    }

    /// A panic elsewhere cannot leave the map half changed, so a poisoned lock is taken all the same.
    fn running(&self) -> MutexGuard<'_, HashMap<Name, Arc<OnceCell<Ended>>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What became of a session's tokens.
#[derive(Clone)]
pub(crate) enum Renewed {
    /// These are the newest.
    Newest(Session),
    /// There are no newer ones, for this reason.
    Not(Error),
}

impl Auth {
    /// Returns the session with tokens that are not stale, as far as that can be had.
    pub(crate) async fn kept_fresh(&self, session: &Session, id: &str) -> Result<Renewed, Error> {
        let tokens = TokenSet::of(session.data());
        let now = self.now();
        if !tokens.is_stale(now) {
            return Ok(Renewed::Newest(session.clone()));
        }
        let usable = tokens.is_usable(now);
        let (want, waits) = (Want::Fresh, !usable);
        if !usable {
            return self.renewed(session, want, waits, id).await;
        }
        // Whoever has a token that is good still waits for nobody for long.
        if self.is_running(session, want, waits) {
            return Ok(Renewed::Newest(session.clone()));
        }
        let attempt = self.renewed(session, want, waits, id);
        match tokio::time::timeout(PATIENCE_WITH_TOKENS, attempt).await {
            Ok(Ok(Renewed::Newest(newest))) => Ok(Renewed::Newest(newest)),
            Ok(Ok(Renewed::Not(Error::Session(SessionError::Gone)))) => {
                Ok(Renewed::Not(SessionError::Gone.into()))
            }
            Ok(Ok(Renewed::Not(error))) if error.ends_session() => Ok(Renewed::Not(error)),
            Ok(Ok(Renewed::Not(_)) | Err(_)) | Err(_) => Ok(Renewed::Newest(session.clone())),
        }
    }

    /// Returns the session with newer tokens than it has, whether or not those are stale.
    pub(crate) async fn renewed_now(&self, session: &Session, id: &str) -> Result<Renewed, Error> {
        let want = Want::NewerThan(session.data().refreshes);
        self.renewed(session, want, true, id).await
    }

    fn is_running(&self, session: &Session, want: Want, waits: bool) -> bool {
        let name = Name {
            transaction: session.data().transaction,
            want,
            waits,
        };
        self.0.renewals.running().contains_key(&name)
    }

    /// Boxed, so that whoever has a fresh token carries none of it about.
    fn renewed<'a>(
        &'a self,
        session: &'a Session,
        want: Want,
        waits: bool,
        id: &'a str,
    ) -> Boxed<'a, Result<Renewed, Error>> {
        Box::pin(async move {
            let joining = self.joined_until_current(session, want, waits, id);
            let came = tokio::time::timeout(PATIENCE, joining).await;
            let came = came.unwrap_or_else(|_| {
                let error = SessionError::RefreshUnderWay.into();
                let provider = session.identity().provider.as_str();
                self.0.events.failed(id, Some(provider), &error);
                Err(error)
            });
            let Came { outcome, error } = came?;
            Ok(match outcome {
                Outcome::Newest(tokens) => {
                    let data = tokens.put_into(session.data().clone());
                    Renewed::Newest(Session::new(data))
                }
                outcome => Renewed::Not(self.reason(outcome, error)),
            })
        })
    }

    /// Joins an attempt that ends with tokens as new as the session's, or newer.
    async fn joined_until_current(
        &self,
        session: &Session,
        want: Want,
        waits: bool,
        id: &str,
    ) -> Ended {
        let mut came = Err(SessionError::RefreshUnderWay.into());
        for _ in 0..JOINS {
            came = self.joined(session, want, waits, id).await;
            match &came {
                // What was joined ended before these tokens came.
                Ok(Came {
                    outcome: Outcome::Newest(tokens),
                    ..
                }) if tokens.refreshes < session.data().refreshes => {}
                _ => break,
            }
        }
        came
    }

    /// Returns why there are no newer tokens: what this process saw where that says more.
    fn reason(&self, outcome: Outcome<TokenSet>, seen: Option<Error>) -> Error {
        let gone = SessionError::Gone;
        match (outcome, seen) {
            (Outcome::Failed { .. }, Some(error)) if error.needs_login() => error,
            (Outcome::Failed { failure, again_at }, _) => SessionError::RefreshFailed {
                code: failure.0,
                seconds: again_at.seconds_since(self.now()).max(1),
            }
            .into(),
            (Outcome::Ends, Some(error)) => error,
            (Outcome::Busy, _) => SessionError::RefreshUnderWay.into(),
            (Outcome::InDoubt, _) => SessionError::RefreshInDoubt.into(),
            (Outcome::NoRefreshToken, _) => SessionError::NoRefreshToken.into(),
            (Outcome::Newest(_) | Outcome::Gone { .. } | Outcome::Ends, _) => gone.into(),
        }
    }

    /// Tells the operator once how an attempt ended, where the provider's answer was not told already.
    fn tell(&self, ended: &Ended, session: &Session, waits: bool, id: &str) {
        let error = match ended {
            Err(error) => error.clone(),
            Ok(
                Came {
                    outcome: Outcome::Newest(_),
                    ..
                }
                | Came { error: Some(_), .. },
            ) => return,
            // That is as it should be: the tokens at hand do still.
            Ok(Came {
                outcome: Outcome::Busy,
                ..
            }) if !waits => return,
            Ok(Came {
                outcome,
                error: None,
            }) => self.reason(outcome.clone(), None),
        };
        let provider = session.identity().provider.as_str();
        self.0.events.failed(id, Some(provider), &error);
    }

    /// Joins the attempt that is under way for this, or makes one.
    ///
    /// A browser that goes away does not stop it: once the request is on its way, only its answer holds the next
    /// refresh token.
    async fn joined(&self, session: &Session, want: Want, waits: bool, id: &str) -> Ended {
        let name = Name {
            transaction: session.data().transaction,
            want,
            waits,
        };
        let cell = self.0.renewals.running().entry(name).or_default().clone();
        let (auth, session, id) = (self.clone(), session.clone(), id.to_owned());
        finished(async move {
            let made = cell.get_or_init(async || {
                let ended = Driver::new(&auth, &session, &id);
                let ended = match ended {
                    Ok(mut driver) => driver.run(want, waits).await,
                    Err(error) => Err(error),
                };
                auth.tell(&ended, &session, waits, &id);
                // Whoever comes from now on looks for itself.
                auth.0.renewals.running().remove(&name);
                ended
            });
            made.await.clone()
        })
        .await
    }
}
