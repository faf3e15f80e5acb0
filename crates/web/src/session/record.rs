//! What a session holds.

use std::sync::Arc;

use codegrant_core::oauth2::{AccessToken, RefreshToken};
use codegrant_core::{
    ClaimSource, DpopKey, IdToken, IdTokenRecord, Identity, Login, Timestamp, TransactionId,
};
use serde_json::{Map, Value};

use super::session_key::SessionKey;
use super::token_set::TokenSet;

/// A session of a logged-in user: cheap to clone, and as it was when the request came in.
///
/// `Debug` shows who it is and no token.
#[derive(Clone)]
pub struct Session(Arc<SessionData>);

/// All that a session is; [`written`](super::written) has its written form.
#[derive(Clone)]
pub(crate) struct SessionData {
    pub(crate) identity: Identity,
    pub(crate) access_token: AccessToken,
    pub(crate) access_token_expires_at: Option<Timestamp>,
    pub(crate) refresh_token: Option<RefreshToken>,
    pub(crate) scopes: Vec<String>,
    /// Fine-grained rights, where there are any (RFC 9396).
    pub(crate) authorization_details: Vec<Map<String, Value>>,
    /// Kept only where the log-out at the provider needs it.
    pub(crate) id_token_hint: Option<String>,
    pub(crate) started_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    /// Which transaction opened it, so that the same callback seen again is recognised.
    pub(crate) transaction: TransactionId,
    /// Where that login ended, as text: it was judged then, and reading it again costs more than all the
    /// rest of opening a session.
    pub(crate) return_to: String,
    /// Whom the app takes this person for; it costs no byte where it says nothing.
    pub(crate) account: Option<String>,
    /// The provider's own session, and when its ID token was issued: by these a log-out at the provider finds
    /// it. Kept only where that may be.
    pub(crate) session_id: Option<String>,
    pub(crate) issued_at: Option<Timestamp>,
    /// What the provider's frame tells changes by; kept only where it is asked.
    pub(crate) session_state: Option<String>,
    /// What the ID token of a refresh is held to; kept only where there can be one.
    pub(crate) id_token: Option<IdTokenRecord>,
    /// Claims of others: there when the login ends and in no session after it.
    pub(crate) claim_sources: Vec<ClaimSource>,
    /// What the tokens are bound to, where they are (RFC 9449).
    pub(crate) dpop_key: Option<DpopKey>,
    /// How often the tokens were renewed: of two copies of a session, the one with more has the newer tokens.
    pub(crate) refreshes: u32,
    /// When that was last.
    pub(crate) renewed_at: Option<Timestamp>,
    /// Whether the last refresh left the refresh token as it was: then it may be sent again where nobody knows
    /// what became of it.
    pub(crate) keeps_refresh_token: bool,
    /// What the app lets the account do, as its hook said.
    pub(crate) roles: Vec<String>,
    /// What the browser called itself; kept in a store only.
    pub(crate) device: Option<String>,
    /// When a request last moved the idle limit on; kept in a store only.
    pub(crate) last_seen: Option<Timestamp>,
    /// The key of its record, where it is in a store: known by where it was found.
    pub(crate) key: Option<SessionKey>,
}

/// What a session keeps for its log-out at the provider, all of it off by default.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Kept {
    /// The ID token, for the provider's log-out page.
    pub(crate) hint: bool,
    /// What the provider names it by when it ends sessions by itself.
    pub(crate) name: bool,
    /// What the provider's frame tells changes by.
    pub(crate) state: bool,
}

impl SessionData {
    pub(crate) fn new(login: Login, kept: Kept, now: Timestamp, absolute_seconds: i64) -> Self {
        let hint = login.id_token.as_ref().filter(|_| kept.hint);
        let named = login.id_token.as_ref().filter(|_| kept.name);
        let refreshable = login.tokens.refresh_token.is_some();
        let record = login.id_token.as_ref().filter(|_| refreshable);
        let record = record.map(IdToken::record);
        Self {
            identity: login.identity,
            id_token_hint: hint.map(|id_token| id_token.raw().to_owned()),
            session_id: named.and_then(|token| token.session_id().map(str::to_owned)),
            issued_at: named.map(|token| token.issued_at().unwrap_or(now)),
            session_state: login.session_state.filter(|_| kept.state),
            started_at: now,
            ends_at: now.plus(absolute_seconds),
            transaction: login.transaction,
            return_to: login.return_to.to_string(),
            access_token: login.tokens.access_token,
            access_token_expires_at: login.tokens.expires_at,
            refresh_token: login.tokens.refresh_token,
            scopes: login.tokens.scopes,
            authorization_details: login.tokens.authorization_details,
            account: None,
            id_token: record,
            claim_sources: login.claim_sources,
            dpop_key: login.dpop_key,
            refreshes: 0,
            renewed_at: None,
            keeps_refresh_token: false,
            roles: Vec::new(),
            device: None,
            last_seen: None,
            key: None,
        }
    }
}

impl Session {
    pub(crate) fn new(data: SessionData) -> Self {
        Self(Arc::new(data))
    }

    pub(crate) fn data(&self) -> &SessionData {
        &self.0
    }

    /// Returns who is logged in.
    pub fn identity(&self) -> &Identity {
        &self.0.identity
    }

    /// Returns the key of the app's own table that its `on_login` hook named, if it named one.
    ///
    /// A session that was opened before the app had such a hook has none.
    pub fn account(&self) -> Option<&str> {
        self.0.account.as_deref()
    }

    /// Returns the token for the provider's API, as it was at login or at the last refresh.
    pub fn access_token(&self) -> &AccessToken {
        &self.0.access_token
    }

    /// Returns when the access token expires; unknown when the provider did not say.
    pub fn access_token_expires_at(&self) -> Option<Timestamp> {
        self.0.access_token_expires_at
    }

    /// Tells whether it is time for a new access token.
    pub(crate) fn is_stale(&self, now: Timestamp) -> bool {
        TokenSet::of(&self.0).is_stale(now)
    }

    /// Tells whether new tokens can be fetched without the user.
    pub fn can_refresh(&self) -> bool {
        self.0.refresh_token.is_some()
    }

    /// Returns what the provider granted.
    pub fn scopes(&self) -> &[String] {
        &self.0.scopes
    }

    /// Returns the fine-grained rights that were granted, each with its `type` (RFC 9396); empty where the
    /// provider says none.
    pub fn authorization_details(&self) -> &[Map<String, Value>] {
        &self.0.authorization_details
    }

    /// Returns when the user logged in.
    pub fn started_at(&self) -> Timestamp {
        self.0.started_at
    }

    /// Returns when the session ends whatever happens.
    pub fn ends_at(&self) -> Timestamp {
        self.0.ends_at
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("identity", &self.0.identity)
            .field("started_at", &self.0.started_at)
            .field("ends_at", &self.0.ends_at)
            .finish_non_exhaustive()
    }
}
