//! The one request with a refresh token: what has to be had before it, and what is believed of its answer.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use codegrant_core::HeldLogin;
use codegrant_core::jose::KeySet;

use super::attempt::Attempt;
use super::lease::Lease;
use crate::auth::Auth;
use crate::error::{Error, SessionError};
use crate::session::{NoteKind, Session, SessionKey, TokenSet};

/// How often a holder says that it lives.
const SIGN_OF_LIFE: Duration = Duration::from_secs(3);

/// How often a lease is tried to be let go of, and how long apart at most.
const TRIES: u32 = 60;
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

impl Auth {
    /// Fetches new tokens for a session, and asks the app whether it goes on with them.
    pub(super) async fn refreshed(
        &self,
        session: &Session,
        tokens: &TokenSet,
        correlation_id: &str,
    ) -> Result<TokenSet, Error> {
        let data = session.data();
        let refresh_token = tokens.refresh_token.as_ref();
        let refresh_token = refresh_token.ok_or(SessionError::NoRefreshToken)?;
        let (registered, metadata) = self.issuer_of(correlation_id, &data.identity).await?;
        let client = registered.client();
        // From before tokens were bound here: what it would bring is not.
        if client.uses_dpop() && data.dpop_key.is_none() {
            return Err(SessionError::NoRefreshToken.into());
        }
        // Before anything is sent: an answer that cannot be judged afterwards would be lost.
        self.keys(correlation_id, registered, &metadata, |_| false)
            .await?;
        let key = data.dpop_key.as_ref();
        let step = client.refresh(&metadata, refresh_token, key, self.moment())?;
        let mut refreshed = self.drive(correlation_id, &client, step).await?;
        let keys = if refreshed.needs_keys() {
            let lacking = |keys: &KeySet| refreshed.lacks_key(keys);
            self.keys(correlation_id, registered, &metadata, lacking)
                .await?
        } else {
            KeySet::empty()
        };
        let brought = refreshed.refresh_token().unwrap_or(refresh_token).clone();
        let held = HeldLogin {
            identity: &data.identity,
            id_token: tokens.id_token,
            scopes: &tokens.scopes,
        };
        // Nobody uses what came with an ID token that proves somebody else, or what the app does not want.
        let unused = |_: &_| self.give_back(&data.identity, Some(&brought), correlation_id);
        let renewed = refreshed.accept(&held, &keys).inspect_err(unused)?;
        let renewed = tokens.renewed(renewed, self.now());
        let anew = renewed.clone().put_into(data.clone());
        let hooks = &self.0.hooks;
        let unused = |_: &_| self.give_back(&data.identity, Some(&brought), correlation_id);
        let judged = hooks.refreshed(self, &anew, correlation_id).await;
        judged.inspect_err(unused)?;
        self.0
            .events
            .tokens_refreshed(correlation_id, registered.id());
        Ok(renewed)
    }
}

/// Waits for the provider, and writes into the lease every few seconds that its holder lives; returns how often.
///
/// A sign of life that is being written when the answer comes is written to its end: the lease's version is known
/// then.
pub(super) async fn kept_alive<T>(
    auth: &Auth,
    key: &SessionKey,
    attempt: &Attempt<TokenSet>,
    work: impl Future<Output = T>,
) -> (T, u64) {
    let sessions = &auth.0.sessions;
    let (signs, writing) = (AtomicU64::new(0), AtomicBool::new(false));
    let alive = async {
        let mut version = attempt.alive(auth.now()).0;
        loop {
            tokio::time::sleep(SIGN_OF_LIFE).await;
            writing.store(true, Ordering::Relaxed);
            let now = auth.now();
            let (_, lease) = attempt.alive(now);
            let until = lease.expires_at(now, sessions.absolute_seconds());
            let place = (NoteKind::Lease, key);
            let written = sessions.replace_note(place, &lease, version, until, now);
            if let Ok(true) = written.await {
                version += 1;
                signs.fetch_add(1, Ordering::Relaxed);
            }
            writing.store(false, Ordering::Relaxed);
        }
    };
    let (mut work, mut alive) = (pin!(work), pin!(alive));
    let mut answer = None;
    let answer = poll_fn(|task| {
        if answer.is_none()
            && let Poll::Ready(came) = work.as_mut().poll(task)
        {
            answer = Some(came);
        }
        if answer.is_none() || writing.load(Ordering::Relaxed) {
            let Poll::Pending = alive.as_mut().poll(task);
        }
        match answer.take_if(|_| !writing.load(Ordering::Relaxed)) {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        }
    })
    .await;
    (answer, signs.load(Ordering::Relaxed))
}

/// Lets go of a lease whose token was not sent, as soon as the store answers.
pub(super) async fn let_go(auth: &Auth, key: &SessionKey, holder: u64) {
    let sessions = &auth.0.sessions;
    let place = (NoteKind::Lease, key);
    for tried in 0..TRIES {
        let now = auth.now();
        let note = sessions.note_at::<Lease<TokenSet>>(place, now).await;
        let own = |lease: &Lease<TokenSet>| matches!(lease, Lease::Sending { holder: held, .. } if *held == holder);
        match note {
            Ok(Some(note)) if note.text.as_ref().is_some_and(own) => {
                let free = Lease::<TokenSet>::Free { tries: 0 };
                let until = free.expires_at(now, sessions.absolute_seconds());
                let freed = sessions.replace_note(place, &free, note.version, until, now);
                if freed.await.is_ok() {
                    return;
                }
            }
            Ok(_) => return,
            Err(_) => {}
        }
        let pause = Duration::from_millis(100) * (tried + 1);
        tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
    }
}
