//! What the app is told of sessions after they opened: that tokens were renewed, and that somebody was logged out.

use std::error::Error as StdError;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use codegrant_core::error::Quoted;
use codegrant_core::{Identity, Timestamp};

use crate::Boxed;
use crate::auth::Auth;
use crate::error::{Error, SessionError};
use crate::events::LogOutReason;
use crate::on_login::{caught, with_causes};
use crate::session::{Session, SessionData};

/// How long a hook is waited for; it goes on after that, and nobody waits for it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who was logged out, and by whom; see [`AuthBuilder::on_logout`](crate::AuthBuilder::on_logout).
///
/// It says what is known. A log-out at the provider names a person, a session of the provider's, or both, and
/// whoever was logged out may have no session here at all: an app that keeps sessions itself finds its own by
/// these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedOut {
    pub(crate) reason: LogOutReason,
    pub(crate) provider: Option<String>,
    pub(crate) issuer: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) session_id: Option<String>,
    pub(crate) account: Option<String>,
    pub(crate) at: Timestamp,
}

impl LoggedOut {
    /// Tells of nobody in particular yet.
    pub(crate) fn new(reason: LogOutReason, at: Timestamp) -> Self {
        Self {
            reason,
            provider: None,
            issuer: None,
            subject: None,
            session_id: None,
            account: None,
            at,
        }
    }

    /// Tells of a session that was found.
    pub(crate) fn of(data: &SessionData, reason: LogOutReason, at: Timestamp) -> Self {
        Self {
            session_id: data.session_id.clone(),
            account: data.account.clone(),
            ..Self::person(&data.identity, reason, at)
        }
    }

    /// Tells of a person.
    pub(crate) fn person(identity: &Identity, reason: LogOutReason, at: Timestamp) -> Self {
        Self {
            provider: Some(identity.provider.clone()),
            issuer: Some(identity.issuer.clone()),
            subject: Some(identity.subject.clone()),
            ..Self::new(reason, at)
        }
    }

    /// Returns who ended it, and how much of it: one session, or all of a person's.
    pub fn reason(&self) -> LogOutReason {
        self.reason
    }

    /// Returns the provider's id, where one is concerned.
    pub fn provider(&self) -> Option<&str> {
        self.provider.as_deref()
    }

    /// Returns the issuer, where one is known.
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// Returns the person at the issuer, where the log-out names one.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Returns the provider's session (`sid`), where the log-out names one; compare it with
    /// [`Login::session_id`](crate::Login::session_id).
    ///
    /// With one, that session is over; without one, all sessions of the person that began before
    /// [`LoggedOut::at`].
    pub fn session_id(&self) -> Option<&str> {
        self.session_id.as_deref()
    }

    /// Returns the app's own key for the account, where it is known.
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// Returns when it was said; by the provider's clock where the provider said it. A session that began later
    /// is not meant.
    pub fn at(&self) -> Timestamp {
        self.at
    }
}

/// What becomes of a session whose tokens were renewed; see
/// [`AuthBuilder::on_refresh`](crate::AuthBuilder::on_refresh).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefreshVerdict {
    /// It goes on.
    Keep,
    /// It ends, and its tokens are given back. The reason is for the operator; the browser is told none.
    End(String),
}

type Failure = Box<dyn StdError + Send + Sync>;

/// What a hook on log-outs returns; an error is the operator's and stops nothing.
pub(crate) type Told = Result<(), Failure>;

/// What a hook on refreshes returns; an error means that it could not tell.
pub(crate) type Judged = Result<RefreshVerdict, Failure>;

type Hook<I, O> = Arc<dyn Fn(I) -> Boxed<'static, O> + Send + Sync>;

/// The app's hooks, as far as it has any.
#[derive(Default)]
pub(crate) struct Hooks {
    on_logout: Option<Hook<LoggedOut, Told>>,
    on_refresh: Option<Hook<Session, Judged>>,
}

impl Hooks {
    pub(crate) fn set_on_logout<H, F>(&mut self, hook: H)
    where
        H: Fn(LoggedOut) -> F + Send + Sync + 'static,
        F: Future<Output = Told> + Send + 'static,
    {
        self.on_logout = Some(Arc::new(move |ended| Box::pin(hook(ended))));
    }

    pub(crate) fn set_on_refresh<H, F>(&mut self, hook: H)
    where
        H: Fn(Session) -> F + Send + Sync + 'static,
        F: Future<Output = Judged> + Send + 'static,
    {
        self.on_refresh = Some(Arc::new(move |session| Box::pin(hook(session))));
    }

    /// Asks the app whether a session goes on whose tokens were just renewed.
    ///
    /// A hook that fails ends nothing: an app whose database is down logs nobody out by it.
    ///
    /// # Errors
    ///
    /// When the app ends it: then the session and the new tokens are to go.
    pub(crate) async fn refreshed(
        &self,
        auth: &Auth,
        data: &SessionData,
        correlation_id: &str,
    ) -> Result<(), SessionError> {
        let Some(hook) = self.on_refresh.clone() else {
            return Ok(());
        };
        let session = Session::new(data.clone());
        match waited(async move { hook(session).await }).await {
            Ok(RefreshVerdict::Keep) => Ok(()),
            Ok(RefreshVerdict::End(reason)) => Err(SessionError::EndedByApp {
                reason: Quoted::new(&reason),
            }),
            Err(reason) => {
                let provider = Some(data.identity.provider.as_str());
                failed(auth, "on_refresh", &reason, provider, correlation_id);
                Ok(())
            }
        }
    }
}

impl Auth {
    /// Tells the operator and the app who was logged out.
    ///
    /// Whatever the hook does, the log-out is done.
    pub(crate) async fn has_logged_out(&self, correlation_id: &str, ended: LoggedOut) {
        self.0.events.logged_out(correlation_id, &ended);
        self.tell_hook(correlation_id, ended).await;
    }

    /// Tells the app alone, of what is told to the operator in another way.
    pub(crate) async fn tell_hook(&self, correlation_id: &str, ended: LoggedOut) {
        let Some(hook) = self.0.hooks.on_logout.clone() else {
            return;
        };
        let provider = ended.provider.clone();
        if let Err(reason) = waited(async move { hook(ended).await }).await {
            let provider = provider.as_deref();
            failed(self, "on_logout", &reason, provider, correlation_id);
        }
    }
}

/// Runs the app's code to its end, also when the browser goes away, and waits for it for a while; an error is a
/// text for the operator.
async fn waited<T: Send + 'static>(
    hook: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<T, String> {
    let running = tokio::spawn(async move {
        match caught(hook).await {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => Err(with_causes(error.as_ref())),
            None => Err("it panicked".to_owned()),
        }
    });
    match tokio::time::timeout(PATIENCE, running).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err("the runtime is going down".to_owned()),
        Err(_) => Err(format!("it takes longer than {} s", PATIENCE.as_secs())),
    }
}

fn failed(auth: &Auth, hook: &'static str, reason: &str, provider: Option<&str>, id: &str) {
    let reason = Quoted::new(reason);
    let error = Error::from(SessionError::HookFailed { hook, reason });
    auth.0.events.failed(id, provider, &error);
}
