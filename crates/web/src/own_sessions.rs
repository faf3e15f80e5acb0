//! Where a user is logged in, and ending that: one session, all of them, or all of somebody's.

use codegrant_core::Timestamp;
use codegrant_core::oauth2::RefreshToken;

use crate::auth::Auth;
use crate::device;
use crate::error::Error;
use crate::events::LogOutReason;
use crate::hooks::LoggedOut;
use crate::session::{Listed, Session, SessionData, Whose};

/// Compiles the code of the guide.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/sessions.md")]
struct SessionsGuide;

/// One of a user's sessions; see [`Auth::sessions`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionEntry {
    handle: String,
    user_agent: Option<String>,
    device: String,
    provider: String,
    started_at: Timestamp,
    last_seen: Timestamp,
    is_this_one: bool,
}

impl SessionEntry {
    fn new(handle: String, data: &SessionData, present: &Session, now: Timestamp) -> Self {
        let is_this_one = data.transaction == present.data().transaction;
        let last_seen = data.last_seen.unwrap_or(data.started_at);
        Self {
            handle,
            device: device::label(data.device.as_deref()),
            user_agent: data.device.clone(),
            provider: data.identity.provider.clone(),
            started_at: data.started_at,
            last_seen: if is_this_one { now } else { last_seen },
            is_this_one,
        }
    }

    /// Returns what [`Auth::end_session`] takes: visible ASCII, and nothing that opens a session.
    pub fn handle(&self) -> &str {
        &self.handle
    }

    /// Returns a line such as "Firefox on Windows", made of what the browser said of itself at the login.
    ///
    /// Anybody can say anything: it helps people to recognise their own devices, and proves nothing.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// Returns what the browser said itself (RFC 9110 section 10.1.5): 200 visible ASCII characters at most.
    ///
    /// It is known where sessions are in a store, and of the present session nowhere else either.
    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }

    /// Returns the id of the provider that vouches for it.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// Returns when the user logged in.
    pub fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// Returns when it was last used, to a tenth of the idle limit: twelve minutes unless you set another.
    pub fn last_seen(&self) -> Timestamp {
        self.last_seen
    }

    /// Tells whether it is the session that asked.
    pub fn is_this_one(&self) -> bool {
        self.is_this_one
    }
}

impl Auth {
    /// Lists the live sessions of whomever a session belongs to, the one last used first.
    ///
    /// They are those of the account that the app named, and of the person where it named none: a hundred at
    /// most. Sealed cookies of other browsers cannot be listed, so with them it is the present one alone;
    /// [`Auth::log_out_everywhere`] reaches them all the same.
    ///
    /// # Errors
    ///
    /// When the session store does not work.
    ///
    /// ```
    /// # async fn page(auth: &codegrant_web::Auth, session: &codegrant_web::Session) -> Result<(), codegrant_web::Error> {
    /// for entry in auth.sessions(session).await? {
    ///     println!("{}, since {}", entry.device(), entry.started_at());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sessions(&self, session: &Session) -> Result<Vec<SessionEntry>, Error> {
        let (sessions, now) = (&self.0.sessions, self.now());
        if !sessions.lists_all() {
            let data = session.data();
            let only = SessionEntry::new(data.transaction.to_hex(), data, session, now);
            return Ok(vec![only]);
        }
        let found = sessions.listed(session.data(), now).await?;
        let vouched = found
            .iter()
            .filter(|listed| self.registered(&listed.data.identity.provider).is_some());
        let mut entries: Vec<SessionEntry> = vouched
            .map(|listed| {
                let handle = listed.key.as_str().to_owned();
                SessionEntry::new(handle, &listed.data, session, now)
            })
            .collect();
        entries.sort_by_key(|entry| (!entry.is_this_one, -entry.last_seen.as_unix()));
        Ok(entries)
    }

    /// Ends one of the sessions of whomever a session belongs to, on all nodes; true when there was one.
    ///
    /// A handle that nobody has and one of somebody else's are the same: nothing happens. Its refresh token is
    /// given back to the provider.
    ///
    /// # Errors
    ///
    /// When the session store does not work.
    pub async fn end_session(&self, session: &Session, handle: &str) -> Result<bool, Error> {
        let id = self.new_correlation_id();
        self.end_one_of(session, handle, &id).await
    }

    pub(crate) async fn end_one_of(
        &self,
        session: &Session,
        handle: &str,
        id: &str,
    ) -> Result<bool, Error> {
        let (sessions, now) = (&self.0.sessions, self.now());
        let data = session.data();
        if !sessions.lists_all() {
            if handle != data.transaction.to_hex() {
                return Ok(false);
            }
            sessions.end_one(data, now).await?;
            self.after_ending(data, LogOutReason::User, id).await;
            return Ok(true);
        }
        let found = sessions.listed_as(handle, now).await?;
        let own = |listed: &Listed| is_of_the_same(&listed.data, data);
        let Some(listed) = found.filter(own) else {
            return Ok(false);
        };
        sessions.end_listed(&listed, now).await?;
        let reason = if listed.data.transaction == data.transaction {
            LogOutReason::User
        } else {
            LogOutReason::OtherDevice
        };
        self.after_ending(&listed.data, reason, id).await;
        Ok(true)
    }

    /// Ends every session of whomever a session belongs to, the present one included, and the logins that are
    /// under way.
    ///
    /// Those in a store are over at once. Sealed cookies are refused by this process at once and by the others
    /// within the bound of the revocation index; without one, by this process alone, until it ends. Somebody who
    /// logs in again in the same second is refused once.
    ///
    /// # Errors
    ///
    /// When the store does not work; whether anything was ended is then unknown, and trying again does no harm.
    pub async fn log_out_everywhere(&self, session: &Session) -> Result<(), Error> {
        let id = self.new_correlation_id();
        self.end_everywhere(session.data(), &id).await
    }

    pub(crate) async fn end_everywhere(&self, data: &SessionData, id: &str) -> Result<(), Error> {
        let (sessions, now) = (&self.0.sessions, self.now());
        // Only their tokens are wanted, so that no failure of the list stops a log-out.
        let known = match sessions.lists_all() {
            true => sessions.listed(data, now).await.unwrap_or_default(),
            false => Vec::new(),
        };
        sessions.end_all_like(data, now).await?;
        self.give_back_all(data, &known, id);
        let mut ended = LoggedOut::of(data, LogOutReason::Everywhere, now);
        ended.session_id = None;
        self.has_logged_out(id, ended).await;
        Ok(())
    }

    /// Ends every session of an account of the app's own, and its logins that are under way: after a changed
    /// password, or by an administrator.
    ///
    /// `account` is what the hook of [`AuthBuilder::on_login`](crate::AuthBuilder::on_login) said. It reaches as
    /// far as [`Auth::log_out_everywhere`].
    ///
    /// # Errors
    ///
    /// When the store does not work.
    pub async fn log_out_account(&self, account: &str) -> Result<(), Error> {
        let now = self.now();
        let whose = Whose::Account(account);
        self.0.sessions.end_all_of(whose, now).await?;
        let mut ended = LoggedOut::new(LogOutReason::App, now);
        ended.account = Some(account.to_owned());
        self.has_logged_out(&self.new_correlation_id(), ended).await;
        Ok(())
    }

    /// Ends every session of a person at an issuer, and their logins that are under way.
    ///
    /// It is for apps that name no accounts, and reaches as far as [`Auth::log_out_everywhere`].
    ///
    /// # Errors
    ///
    /// When the store does not work.
    pub async fn log_out_person(&self, issuer: &str, subject: &str) -> Result<(), Error> {
        let now = self.now();
        let whose = Whose::Person { issuer, subject };
        self.0.sessions.end_all_of(whose, now).await?;
        let mut ended = LoggedOut::new(LogOutReason::App, now);
        ended.issuer = Some(issuer.to_owned());
        ended.subject = Some(subject.to_owned());
        self.has_logged_out(&self.new_correlation_id(), ended).await;
        Ok(())
    }

    async fn after_ending(&self, data: &SessionData, reason: LogOutReason, id: &str) {
        self.give_back_last(data, id);
        let ended = LoggedOut::of(data, reason, self.now());
        self.has_logged_out(id, ended).await;
    }

    /// Gives the refresh tokens of sessions that are over back, one after the other.
    fn give_back_all(&self, data: &SessionData, known: &[Listed], id: &str) {
        let mut tokens: Vec<(_, RefreshToken)> = Vec::new();
        let all = known.iter().map(|listed| &listed.data).chain([data]);
        for data in all {
            let Some(token) = &data.refresh_token else {
                continue;
            };
            // A provider may give one to several sessions of a user.
            if !tokens
                .iter()
                .any(|(_, held)| held.secret() == token.secret())
            {
                tokens.push((data.identity.clone(), token.clone()));
            }
        }
        self.give_back_each(tokens, id);
    }
}

/// Tells whether two sessions belong to the same account, or to the same person.
fn is_of_the_same(one: &SessionData, other: &SessionData) -> bool {
    let account = one.account.is_some() && one.account == other.account;
    account || one.identity.key() == other.identity.key()
}
