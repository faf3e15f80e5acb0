//! An attempt, done: with the store, the provider and a real clock.

use std::time::Duration;

use codegrant_core::error::Code;
use codegrant_core::{DpopKey, Timestamp};
use tokio::time::Instant;

use super::attempt::Attempt;
use super::lease::{Failure, Lease, Tokens};
use super::send;
use super::step::{Answer, Held, Outcome, Seen, Step, Want, Written};
use crate::auth::Auth;
use crate::error::{Error, SessionError};
use crate::seal;
use crate::session::{NoteKind, Session, SessionKey, TokenSet, Wrote};

/// How long a request waits for another process at most, a little longer than a silent one counts as alive.
const PATIENCE: Duration = Duration::from_secs(12);

/// How often a lease is looked at that another process holds: soon, then less and less often.
const FIRST_LOOK: Duration = Duration::from_millis(50);
const LONGEST_LOOK: Duration = Duration::from_millis(500);

/// For how long tokens are tried to be kept when the store is down just then: nobody else has them.
const KEEPING: Duration = Duration::from_secs(30);

/// What one attempt came to, for all who waited for it.
pub(super) type Ended = Result<Came, Error>;

/// The end of an attempt, with the error that this process saw, if it was the one that asked the provider.
#[derive(Clone)]
pub(super) struct Came {
    pub(super) outcome: Outcome<TokenSet>,
    pub(super) error: Option<Error>,
}

/// Does what the machine says, with the store and the provider.
pub(super) struct Driver<'a> {
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
    pub(super) fn new(auth: &'a Auth, session: &'a Session, id: &'a str) -> Result<Self, Error> {
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

    pub(super) async fn run(&mut self, want: Want, waits: bool) -> Ended {
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
