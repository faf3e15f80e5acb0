//! The app's own code: what it says to logins and links, and what it is told of sessions.

use std::future::Future;

use super::AuthBuilder;
use crate::hooks::{Judged, LoggedOut, Told};
use crate::on_link::{Link, LinkAnswer, OnLink};
use crate::on_login::{Answer, Login, OnLogin};
use crate::session::Session;

impl AuthBuilder {
    /// Asks the app about every login that has been proved, before a session opens.
    ///
    /// The hook sees the [`Login`] and says its [`Verdict`](crate::Verdict): yes, yes as this account of the
    /// app's own table, handed over to the app's own sessions, or no. It is called once for each login, and
    /// never for a callback that is seen again. While it runs the user waits, so give what it asks a
    /// deadline. It may be dropped at any `.await`, because some frameworks drop a request whose browser has
    /// gone: write to a database in one transaction. An error or a panic in it logs nobody in: the user sees
    /// a page with status 500, and the operator reads `login.hook_failed` with the error and its causes.
    /// Without a hook everybody is accepted; a later call of this method replaces the hook.
    ///
    /// Key accounts by [`Identity::key`](crate::Identity::key), and never by an address or a name: both
    /// change hands. Do not join a login to an account that was made otherwise because their addresses are
    /// the same; whoever made that account may have typed the address of somebody else.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::collections::HashMap;
    /// use std::sync::{Arc, Mutex};
    /// use codegrant_web::{Auth, Verdict, provider::GITHUB};
    ///
    /// // Stands for a table with a unique key over issuer and subject.
    /// let accounts: Arc<Mutex<HashMap<(String, String), usize>>> = Arc::default();
    /// let auth = Auth::builder("http://localhost:3000")
    ///     .login_with(GITHUB, "id", "secret")
    ///     .on_login(move |login| {
    ///         let accounts = accounts.clone();
    ///         async move {
    ///             let (issuer, subject) = login.identity().key();
    ///             let mut accounts = accounts.lock().map_err(|_| "the table is gone")?;
    ///             let next = accounts.len() + 1;
    ///             let id = accounts.entry((issuer.to_owned(), subject.to_owned())).or_insert(next);
    ///             Ok(Verdict::AcceptAs(id.to_string()))
    ///         }
    ///     })
    ///     .build()?;
    /// # let _ = auth;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A hook that lets in the members of a GitHub organisation alone asks GitHub with the user's token,
    /// which needs the scope `read:org`. Whatever is not a plain yes or no is an error, and nobody comes in
    /// by an error:
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # #[cfg(feature = "http-client")] {
    /// use std::sync::Arc;
    /// use codegrant_web::http::{HttpRequest, Method};
    /// use codegrant_web::{Auth, HttpClient, Registration, BuiltInClient, Verdict, provider::GITHUB};
    ///
    /// let client = Arc::new(BuiltInClient::new(None)?);
    /// let github = Registration::new(GITHUB, "id")
    ///     .secret("secret")
    ///     .scopes(["read:user", "user:email", "read:org"]);
    /// let auth = Auth::builder("http://localhost:3000")
    ///     .registration(github)
    ///     .on_login(move |login| {
    ///         let client = client.clone();
    ///         async move {
    ///             let url = "https://api.github.com/user/memberships/orgs/orchard";
    ///             let mut request = HttpRequest::new(Method::Get, url);
    ///             let token = login.access_token().secret();
    ///             request.set_header("authorization", format!("Bearer {token}"));
    ///             let response = client.send(request).await?;
    ///             match response.status {
    ///                 200 => {
    ///                     let body: serde_json::Value = serde_json::from_slice(&response.body)?;
    ///                     match body["state"].as_str() {
    ///                         Some("active") => Ok(Verdict::Accept),
    ///                         _ => Ok(Verdict::Refuse("invited to orchard, not a member yet".into())),
    ///                     }
    ///                 }
    ///                 404 => Ok(Verdict::Refuse("not a member of orchard".into())),
    ///                 status => Err(format!("github answers {status}").into()),
    ///             }
    ///         }
    ///     })
    ///     .build()?;
    /// # let _ = auth;
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn on_login<H, F>(mut self, hook: H) -> Self
    where
        H: Fn(Login) -> F + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        self.on_login = OnLogin::new(hook);
        self
    }

    /// Lets people add an account at a second provider to the one that they are logged in with, and asks the app
    /// about each.
    ///
    /// A link to [`Auth::link_url`](crate::Auth::link_url) leads to a page that asks; then come the provider, and a
    /// page that shows who came back and asks again; then this hook. It sees the [`Link`] and says its
    /// [`LinkVerdict`](crate::LinkVerdict). When it says that it is done, the session gets a new id and stays who it
    /// is, with the tokens of its own login; those of the added account are given back. A conflict and a refusal
    /// look the same in the browser. The session that asked has to be there still, at each step. Without a hook
    /// there is no such page.
    ///
    /// As with [`AuthBuilder::on_login`], give what it asks a deadline, and write in one transaction. Give the
    /// identity to the account by [`Identity::key`](crate::Identity::key), unless another account has it; an address
    /// that both have in common says nothing.
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use std::sync::{Arc, Mutex};
    /// use codegrant_web::{Auth, LinkVerdict, provider::GITHUB};
    ///
    /// // Stands for a table with a unique key over issuer and subject.
    /// let identities: Arc<Mutex<HashMap<(String, String), String>>> = Arc::default();
    /// let auth = Auth::builder("http://localhost:3000")
    ///     .login_with(GITHUB, "id", "secret")
    ///     .on_link(move |link| {
    ///         let identities = identities.clone();
    ///         async move {
    ///             let account = link.session().account().ok_or("a session without an account")?;
    ///             let (issuer, subject) = link.login().identity().key();
    ///             let mut identities = identities.lock().map_err(|_| "the table is gone")?;
    ///             let owner = identities.entry((issuer.to_owned(), subject.to_owned()));
    ///             let owner = owner.or_insert_with(|| account.to_owned());
    ///             Ok(if owner == account { LinkVerdict::Linked } else { LinkVerdict::Conflict })
    ///         }
    ///     })
    ///     .build()?;
    /// # let _ = auth;
    /// # Ok::<(), codegrant_web::SetupErrors>(())
    /// ```
    #[must_use]
    pub fn on_link<H, F>(mut self, hook: H) -> Self
    where
        H: Fn(Link) -> F + Send + Sync + 'static,
        F: Future<Output = LinkAnswer> + Send + 'static,
    {
        self.on_link = OnLink::new(hook);
        self
    }

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
