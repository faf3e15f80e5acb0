//! What the app says to a login that has been proved: yes, yes as this account, handed over, or no.

use std::error::Error;
use std::future::{Future, poll_fn};
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use codegrant_core::ClaimSource;
use codegrant_core::error::Quoted;

use crate::Boxed;
use crate::error::LoginError;
use crate::session::{Session, SessionData};

/// Compiles the code of the guide.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/signed-and-encrypted.md")]
struct ClaimsGuide;

/// A login that has just been proved: who it is, and the tokens that came with it.
///
/// The hook of [`AuthBuilder::on_login`](crate::AuthBuilder::on_login) judges it. It then comes with the
/// [`Response`](crate::Response) that ends the login, for an app that opens a session of its own; there
/// [`Session::account`] is what the hook said. It is a [`Session`] in all but one thing: holding one does
/// not mean that a session of ours is open.
///
/// `Debug` shows who it is and no token.
#[derive(Debug, Clone)]
pub struct Login(Session);

impl Login {
    pub(crate) fn new(data: SessionData) -> Self {
        Self(Session::new(data))
    }

    /// Returns the provider's own session (`sid`), where a log-out at the provider may name it.
    ///
    /// It is kept where the registration takes part in back-channel or front-channel log-out. An app with
    /// sessions of its own stores it beside them, for
    /// [`AuthBuilder::on_logout`](crate::AuthBuilder::on_logout).
    pub fn session_id(&self) -> Option<&str> {
        self.0.data().session_id.as_deref()
    }

    /// Returns claims of other issuers that the provider passed on or pointed to, unverified (OpenID Connect
    /// Core 1.0 section 5.6.2).
    ///
    /// No session holds them: what the app needs, it keeps itself, now.
    pub fn claim_sources(&self) -> &[ClaimSource] {
        &self.0.data().claim_sources
    }
}

impl Deref for Login {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.0
    }
}

/// Two are equal when the same transaction brought them.
impl PartialEq for Login {
    fn eq(&self, other: &Self) -> bool {
        self.data().transaction == other.data().transaction
    }
}

impl Eq for Login {}

/// What becomes of a login that has been proved; see [`AuthBuilder::on_login`](crate::AuthBuilder::on_login).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// Our session opens.
    Accept,
    /// Our session opens, and [`Session::account`] is this key of the app's own table.
    AcceptAs(String),
    /// Our session opens for this key of the app's own table, with these roles besides those that the provider
    /// says: what the account may do, [`Session::roles`].
    AcceptWithRoles(String, Vec<String>),
    /// No session of ours opens, and one that was open ends: the app opens its own for this key, out of the
    /// [`Login`] that comes with the response.
    HandOver(String),
    /// Nobody is logged in. The reason is for the operator; the browser is told none.
    Refuse(String),
}

/// What a hook returns; an error means that it could not tell.
pub(crate) type Answer = Result<Verdict, Box<dyn Error + Send + Sync>>;

type Hook = dyn Fn(Login) -> Boxed<'static, Answer> + Send + Sync;

/// The app's hook, if it has one.
#[derive(Default)]
pub(crate) struct OnLogin(Option<Box<Hook>>);

impl OnLogin {
    pub(crate) fn new<H, F>(hook: H) -> Self
    where
        H: Fn(Login) -> F + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        Self(Some(Box::new(move |login| Box::pin(hook(login)))))
    }

    /// Asks the app; without a hook every login that was proved is welcome.
    pub(crate) async fn ask(&self, data: &SessionData) -> Result<Verdict, LoginError> {
        let Some(hook) = &self.0 else {
            return Ok(Verdict::Accept);
        };
        let login = Login::new(data.clone());
        let reason = match caught(async { hook(login).await }).await {
            Some(Ok(verdict)) => return Ok(verdict),
            Some(Err(error)) => with_causes(error.as_ref()),
            None => "it panicked".to_owned(),
        };
        Err(LoginError::HookFailed {
            reason: Quoted::new(&reason),
        })
    }
}

/// Runs the app's code to its end; `None` when it panics, so that the login ends with a page all the same.
pub(crate) async fn caught<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|context| {
        // A future that has panicked is only dropped from here on.
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Some),
            Err(_shown_by_the_panic_hook) => Poll::Ready(None),
        }
    })
    .await
}

/// Joins an error and its causes.
pub(crate) fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
