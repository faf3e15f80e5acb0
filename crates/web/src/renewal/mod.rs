//! New tokens for a session, once whoever asks: in this process and in all others.

mod attempt;
mod lease;
#[cfg(test)]
mod model;
mod send;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use codegrant_core::error::Code;
use codegrant_core::{DpopKey, Timestamp, TransactionId};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::auth::Auth;
use crate::error::{Error, SessionError};
use crate::outbound::finished;
use crate::seal;
use crate::session::{Expiring, NoteKind, Session, SessionKey, TokenSet, Wrote};
use attempt::{Answer, Attempt, Held, Outcome, Seen, Step, Want, Written};
use lease::{Failure, Lease, Tokens};

/// How long a request waits for another process at most, a little longer than a silent one counts as alive.
const PATIENCE: Duration = Duration::from_secs(12);

/// How long a request waits for new tokens that has some which are good still.
const PATIENCE_WITH_TOKENS: Duration = Duration::from_secs(2);

/// How often a lease is looked at that another process holds: soon, then less and less often.
const FIRST_LOOK: Duration = Duration::from_millis(50);
const LONGEST_LOOK: Duration = Duration::from_millis(500);

/// For how long tokens are tried to be kept when the store is down just then: nobody else has them.
const KEEPING: Duration = Duration::from_secs(30);

/// How often one request begins anew because what it joined was not meant for it.
const JOINS: usize = 3;

/// How long no second detour is made, in seconds, and for how many sessions that is remembered.
const DETOUR_SECONDS: i64 = 10;
const DETOURS: usize = 10_000;

/// What one attempt came to, for all who waited for it.
type Ended = Result<Came, Error>;

/// The end of an attempt, with the error that this process saw, if it was the one that asked the provider.
#[derive(Clone)]
struct Came {
    outcome: Outcome<TokenSet>,
    error: Option<Error>,
}

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

    async fn renewed(
        &self,
        session: &Session,
        want: Want,
        waits: bool,
        id: &str,
    ) -> Result<Renewed, Error> {
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
        let Came { outcome, error } = came?;
        Ok(match outcome {
            Outcome::Newest(tokens) => {
                let data = tokens.put_into(session.data().clone());
                Renewed::Newest(Session::new(data))
            }
            outcome => Renewed::Not(self.reason(outcome, error)),
        })
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

/// Does what the machine says, with the store and the provider.
struct Driver<'a> {
    auth: &'a Auth,
    session: &'a Session,
    id: &'a str,
    /// Whose refresh token it is: what the key of a lease begins with.
    whose: String,
    /// The error of the provider's answer.
    error: Option<Error>,
    holder: u64,
    sent: bool,
}

impl<'a> Driver<'a> {
    fn new(auth: &'a Auth, session: &'a Session, id: &'a str) -> Result<Self, Error> {
        let data = session.data();
        let (issuer, subject) = data.identity.key();
        let bound = data.dpop_key.as_ref().map(DpopKey::thumbprint);
        let bound = bound.transpose()?.unwrap_or_default();
        // Versions are counted from it, and stay whole numbers wherever a store computes in floating point.
        let holder = u64::from_be_bytes(seal::random::<8>()) >> 12;
        Ok(Self {
            auth,
            session,
            id,
            whose: format!("{issuer}\n{subject}\n{bound}"),
            error: None,
            holder,
            sent: false,
        })
    }

    async fn run(&mut self, want: Want, waits: bool) -> Ended {
        let began = Instant::now();
        let mut look = FIRST_LOOK;
        let tokens = TokenSet::of(self.session.data());
        let (mut attempt, mut step) = Attempt::begin(tokens, want, waits, self.holder);
        loop {
            let seen = match step {
                Step::Finish(outcome) => return Ok(self.finish(outcome)),
                Step::Wait => {
                    tokio::time::sleep(look).await;
                    look = (look * 2).min(LONGEST_LOOK);
                    let patient = began.elapsed() < PATIENCE;
                    Seen::Waited { patient }
                }
                Step::Send(tokens) => Seen::Answer(self.send(&mut attempt, tokens).await),
                step => match self.store(attempt.tokens(), step).await {
                    Ok(seen) => seen,
                    Err(error) => {
                        self.let_go(attempt.tokens());
                        return Err(error);
                    }
                },
            };
            step = attempt.next(seen, self.auth.now());
        }
    }

    fn key(&self, tokens: &TokenSet) -> SessionKey {
        let secret = tokens.refresh_token.as_ref();
        let secret = secret.map_or("", |token| token.secret().as_str());
        NoteKind::Lease.key(&format!("{}\n{secret}", self.whose))
    }

    /// Takes one step at the store. Whoever has sent makes do where only others would learn from it.
    async fn store(
        &mut self,
        tokens: &TokenSet,
        step: Step<TokenSet>,
    ) -> Result<Seen<TokenSet>, Error> {
        let (auth, now) = (self.auth, self.auth.now());
        let sessions = &auth.0.sessions;
        let key = self.key(tokens);
        let place = (NoteKind::Lease, &key);
        let until = |lease: &Lease<TokenSet>| lease.expires_at(now, sessions.absolute_seconds());
        Ok(match step {
            Step::ReadTruth => Seen::Truth(sessions.newest(self.session, now).await?),
            Step::WriteTruth(newest) => Seen::Written(self.write(&newest).await?),
            Step::EndTruth => {
                sessions.end_session(self.session, now).await?;
                Seen::Ended
            }
            Step::CreateLease(lease) => {
                let until = until(&lease);
                let created = sessions.create_note(place, &lease, self.holder, until, now);
                Seen::Created(created.await?)
            }
            Step::ReadLease => {
                let note = match sessions.note_at(place, now).await {
                    Ok(note) => note,
                    Err(_) if self.sent => None,
                    Err(error) => return Err(error.into()),
                };
                Seen::Lease(match note {
                    None => Held::Nothing,
                    Some(note) => note.text.map_or(Held::Unreadable, |lease| Held::This {
                        version: note.version,
                        lease,
                    }),
                })
            }
            Step::SwapLease { version, lease } => {
                let until = until(&lease);
                let swapped = sessions.replace_note(place, &lease, version, until, now);
                match swapped.await {
                    Ok(swapped) => Seen::Swapped(swapped),
                    // Others take it for dead in a moment, and find the truth.
                    Err(_) if self.sent => Seen::Swapped(true),
                    Err(error) => return Err(error.into()),
                }
            }
            Step::Send(_) | Step::Wait | Step::Finish(_) => Seen::Waited { patient: false },
        })
    }

    /// Writes the newest tokens. Nobody else has what a refresh brought, so that a store which is down is tried
    /// again for a while.
    async fn write(&mut self, newest: &TokenSet) -> Result<Written<TokenSet>, Error> {
        let began = Instant::now();
        let mut pause = FIRST_LOOK;
        loop {
            let sessions = &self.auth.0.sessions;
            let wrote = sessions.write_newest(self.session, newest, self.auth.now());
            match wrote.await {
                Ok(Wrote::Yes) => return Ok(Written::Yes),
                Ok(Wrote::Newer(newer)) => return Ok(Written::Newer(newer)),
                Ok(Wrote::Gone) => return Ok(Written::Gone),
                Err(error) if !self.sent || began.elapsed() >= KEEPING => return Err(error.into()),
                Err(_) => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_LOOK);
                }
            }
        }
    }

    /// Sends the refresh token, and says that this process lives until the answer is there.
    async fn send(
        &mut self,
        attempt: &mut Attempt<TokenSet>,
        tokens: TokenSet,
    ) -> Answer<TokenSet> {
        self.sent = true;
        let key = self.key(&tokens);
        let work = self.auth.refreshed(self.session, &tokens, self.id);
        let (result, signs) = send::kept_alive(self.auth, &key, attempt, work).await;
        for _ in 0..signs {
            attempt.kept_alive();
        }
        let error = match result {
            Ok(brought) => return Answer::Tokens(brought),
            Err(error) => error,
        };
        let provider = self.session.identity().provider.as_str();
        self.auth.0.events.failed(self.id, Some(provider), &error);
        let code: &Code = error.code();
        let answer = if error.ends_session() {
            Answer::Ends
        } else if error.ends_grant() || error == SessionError::NoRefreshToken.into() {
            Answer::Refused
        } else {
            Answer::Failed(Failure(code.name.to_owned()))
        };
        self.error = Some(error);
        answer
    }

    /// Tells others that the token was not sent, when the store answers again: else they would never know.
    fn let_go(&self, tokens: &TokenSet) {
        if self.sent {
            return;
        }
        let (auth, key, holder) = (self.auth.clone(), self.key(tokens), self.holder);
        drop(tokio::spawn(async move {
            send::let_go(&auth, &key, holder).await;
        }));
    }

    fn finish(&mut self, outcome: Outcome<TokenSet>) -> Came {
        let data = self.session.data();
        if let Outcome::Gone {
            unused: Some(unused),
        } = &outcome
        {
            let token = unused.refresh_token.as_ref();
            self.auth.give_back(&data.identity, token, self.id);
        }
        if let Outcome::Failed { again_at, .. } = &outcome
            && self.error.is_some()
        {
            tracing::warn!(
                target: "codegrant", event = "tokens.refresh_failed", correlation_id = self.id,
                provider = data.identity.provider,
                again_in_seconds = again_at.seconds_since(self.auth.now())
            );
        }
        let error = self.error.take();
        Came { outcome, error }
    }
}

impl Tokens for TokenSet {
    fn refreshes(&self) -> u32 {
        self.refreshes
    }

    fn can_refresh(&self) -> bool {
        self.refresh_token.is_some()
    }

    fn same_refresh_token(&self, other: &Self) -> bool {
        let secret = |tokens: &Self| {
            tokens
                .refresh_token
                .as_ref()
                .map(|token| token.secret().clone())
        };
        secret(self) == secret(other)
    }

    fn same_access_token(&self, other: &Self) -> bool {
        self.access_token.secret() == other.access_token.secret()
    }

    fn is_stale(&self, now: Timestamp) -> bool {
        self.is_stale(now)
    }

    fn obtained_at(&self) -> Timestamp {
        self.obtained_at
    }

    fn keeps_refresh_token(&self) -> bool {
        self.keeps_refresh_token
    }

    fn adopting(&self, brought: &Self) -> Self {
        self.adopting(brought)
    }

    fn without_refresh_token(&self) -> Self {
        self.without_refresh_token()
    }
}
