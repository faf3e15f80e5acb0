//! Adding a second identity to the account of a live session: what the app is asked, and what it says.

use std::error::Error;
use std::future::Future;

use codegrant_core::ReturnTo;
use codegrant_core::error::Quoted;
use codegrant_core::form;

use crate::Boxed;
use crate::auth::Auth;
use crate::error::LinkError;
use crate::on_login::{Login, caught, with_causes};
use crate::session::Session;

/// Compiles the code of the guide.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/accounts.md")]
struct AccountsGuide;

/// An identity that was proved and confirmed, and the session whose account it is to be added to.
///
/// The hook of [`AuthBuilder::on_link`](crate::AuthBuilder::on_link) judges it. Both halves were checked at
/// this moment: the session is live, and it is the one that asked.
///
/// `Debug` shows who they are and no token.
#[derive(Debug, Clone)]
pub struct Link {
    session: Session,
    login: Login,
}

impl Link {
    pub(crate) fn new(session: Session, login: Login) -> Self {
        Self { session, login }
    }

    /// Returns who is logged in: [`Session::account`] is whom the identity is to belong to.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Returns the identity that was proved, with the tokens that came with it.
    ///
    /// The tokens are good while the hook runs: they are given back afterwards. Claims of other issuers are
    /// not kept until now.
    pub fn login(&self) -> &Login {
        &self.login
    }
}

/// What becomes of an identity that somebody wants to add; see
/// [`AuthBuilder::on_link`](crate::AuthBuilder::on_link).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkVerdict {
    /// It belongs to the session's account now, or did before.
    Linked,
    /// It belongs to another account, and stays there.
    Conflict,
    /// It is not added. The reason is for the operator; the browser is told the same as for a conflict.
    Refuse(String),
}

/// What a hook returns; an error means that it could not tell.
pub(crate) type LinkAnswer = Result<LinkVerdict, Box<dyn Error + Send + Sync>>;

type Hook = dyn Fn(Link) -> Boxed<'static, LinkAnswer> + Send + Sync;

/// The app's hook, if it has one; without one nothing can be linked.
#[derive(Default)]
pub(crate) struct OnLink(Option<Box<Hook>>);

impl OnLink {
    pub(crate) fn new<H, F>(hook: H) -> Self
    where
        H: Fn(Link) -> F + Send + Sync + 'static,
        F: Future<Output = LinkAnswer> + Send + 'static,
    {
        Self(Some(Box::new(move |link| Box::pin(hook(link)))))
    }

    /// Tells whether the app has a hook.
    pub(crate) fn is_set(&self) -> bool {
        self.0.is_some()
    }

    /// Asks the app; without a hook nothing is linked.
    pub(crate) async fn ask(&self, link: Link) -> Result<(), LinkError> {
        let Some(hook) = &self.0 else {
            return Err(LinkError::Conflict);
        };
        let reason = match caught(async { hook(link).await }).await {
            Some(Ok(LinkVerdict::Linked)) => return Ok(()),
            Some(Ok(LinkVerdict::Conflict)) => return Err(LinkError::Conflict),
            Some(Ok(LinkVerdict::Refuse(reason))) => {
                let reason = Quoted::new(&reason);
                return Err(LinkError::Refused { reason });
            }
            Some(Err(error)) => with_causes(error.as_ref()),
            None => "it panicked".to_owned(),
        };
        Err(LinkError::HookFailed {
            reason: Quoted::new(&reason),
        })
    }
}

impl Auth {
    /// Returns the path of the page that adds an identity at this provider to the account of whoever is logged
    /// in, for links and buttons of your own.
    ///
    /// The page asks before anything happens, so that a link to it is harmless. It ends at `return_to`, a path of
    /// this app. It is there only where the app has a hook, [`AuthBuilder::on_link`](crate::AuthBuilder::on_link).
    ///
    /// ```
    /// use codegrant_web::{Auth, LinkVerdict, provider::GITHUB};
    /// let auth = Auth::builder("http://localhost:3000")
    ///     .login_with(GITHUB, "id", "secret")
    ///     .on_link(|_| async { Ok(LinkVerdict::Linked) })
    ///     .build()?;
    /// assert_eq!(auth.link_url("github", "/account"), "/auth/link/github?return_to=%2Faccount");
    /// # Ok::<(), codegrant_web::SetupErrors>(())
    /// ```
    pub fn link_url(&self, provider: &str, return_to: &str) -> String {
        self.link_path(provider, &self.landing(Some(return_to)))
    }

    pub(crate) fn link_path(&self, provider: &str, to: &ReturnTo) -> String {
        let path = format!("{}/link/{provider}", self.0.base);
        if *to == ReturnTo::default() {
            return path;
        }
        format!("{path}?return_to={}", form::encode(to.as_str()))
    }
}
