//! The app's own code that is told of sessions.

use std::future::Future;

use super::AuthBuilder;
use crate::hooks::{Judged, LoggedOut, Told};
use crate::session::Session;

impl AuthBuilder {
    /// Tells the app about every log-out: by the user, here or everywhere, by the app, and by the provider.
    ///
    /// The session of ours is over when the hook is called, and nothing that the hook does changes that: an error
    /// or a panic in it is the operator's, who reads `session.hook_failed`. It runs to its end even if the browser
    /// goes away; it is waited for, ten seconds at most. On twenty nodes the one is told that the log-out came to.
    /// A session that merely expired is told to nobody.
    ///
    /// An app that [keeps sessions itself](crate::Verdict::HandOver) ends them here. Look them up by what
    /// [`LoggedOut`] says and by nothing else: the log-out page of a provider can be loaded by anybody
    /// ([`LogOutReason::FrontChannel`](crate::LogOutReason::FrontChannel)), who then has to know the session's name.
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use std::sync::{Arc, Mutex};
    /// use codegrant_web::{Auth, provider::GOOGLE};
    ///
    /// // Stands for a table of the app's own sessions, each with the `Login::session_id` that it began with.
    /// let sessions: Arc<Mutex<HashMap<String, String>>> = Arc::default();
    /// let auth = Auth::builder("http://localhost:3000")
    ///     .login_with(GOOGLE, "id", "secret")
    ///     .on_logout(move |ended| {
    ///         let sessions = sessions.clone();
    ///         async move {
    ///             let mut sessions = sessions.lock().map_err(|_| "the table is gone")?;
    ///             sessions.retain(|_, began_with| ended.session_id() != Some(began_with));
    ///             Ok(())
    ///         }
    ///     })
    ///     .build()?;
    /// # let _ = auth;
    /// # Ok::<(), codegrant_web::SetupErrors>(())
    /// ```
    #[must_use]
    pub fn on_logout<H, F>(mut self, hook: H) -> Self
    where
        H: Fn(LoggedOut) -> F + Send + Sync + 'static,
        F: Future<Output = Told> + Send + 'static,
    {
        self.hooks.set_on_logout(hook);
        self
    }

    /// Asks the app, whenever tokens were renewed, whether the session goes on.
    ///
    /// The hook sees the session with its new tokens, and ends it by
    /// [`RefreshVerdict::End`](crate::RefreshVerdict::End): its account was closed meanwhile, or a claim is no longer
    /// there. It is asked once for each refresh, on the node that did it, and waited for ten seconds at most. An error or a
    /// panic in it ends nothing; the operator reads `session.hook_failed`.
    ///
    /// ```
    /// use codegrant_web::{Auth, RefreshVerdict, provider::GOOGLE};
    /// # async fn is_closed(_: &str) -> Result<bool, std::io::Error> { Ok(false) }
    /// let auth = Auth::builder("http://localhost:3000")
    ///     .login_with(GOOGLE, "id", "secret")
    ///     .on_refresh(|session| async move {
    ///         match session.account() {
    ///             Some(account) if is_closed(account).await? => Ok(RefreshVerdict::End("closed".into())),
    ///             _ => Ok(RefreshVerdict::Keep),
    ///         }
    ///     })
    ///     .build()?;
    /// # let _ = auth;
    /// # Ok::<(), codegrant_web::SetupErrors>(())
    /// ```
    #[must_use]
    pub fn on_refresh<H, F>(mut self, hook: H) -> Self
    where
        H: Fn(Session) -> F + Send + Sync + 'static,
        F: Future<Output = Judged> + Send + 'static,
    {
        self.hooks.set_on_refresh(hook);
        self
    }
}
