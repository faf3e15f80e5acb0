//! Logs a user in inside a test, without a provider.
//!
//! It opens a real session, sealed or stored as [`Auth`] is configured, so that everything between the
//! `Cookie` header and the handler runs as it does for people. It is behind the feature `test`, which
//! belongs under `[dev-dependencies]`. It is no back door: whoever holds the [`Auth`] holds the keys that
//! seal its sessions, and no request can reach this.

use codegrant_core::oauth2::AccessToken;
use codegrant_core::provider::Protocol;
use codegrant_core::{Email, Identity, Step, Timestamp, TransactionId, VerifiedEmail};
use serde_json::{Map, Value, json};

use crate::auth::Auth;
use crate::clients::Registered;
use crate::cookie::Jar;
use crate::seal;
use crate::session::SessionData;

/// A person to be logged in by [`Auth::test_cookie`]; `"alice"` alone is one as well.
///
/// ```
/// use codegrant_web::test::TestUser;
/// let editor = TestUser::new("alice").name("Alice").account("17").claim("groups", ["editors"]);
/// # let _ = editor;
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct TestUser {
    subject: String,
    provider: Option<String>,
    issuer: Option<String>,
    name: Option<String>,
    username: Option<String>,
    email: Email,
    picture: Option<String>,
    claims: Map<String, Value>,
    account: Option<String>,
    roles: Vec<String>,
    access_token: AccessToken,
    scopes: Vec<String>,
    logged_in_at: Option<Timestamp>,
}

impl TestUser {
    /// Makes a person of whom nothing is known but the subject at the provider.
    pub fn new(subject: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            provider: None,
            issuer: None,
            name: None,
            username: None,
            email: Email::Absent,
            picture: None,
            claims: Map::new(),
            account: None,
            roles: Vec::new(),
            access_token: AccessToken::new("test-access-token".to_owned()),
            scopes: Vec::new(),
            logged_in_at: None,
        }
    }

    /// Sets where they logged in, by the provider's id; at the first one of the configuration otherwise.
    pub fn provider(mut self, id: impl Into<String>) -> Self {
        self.provider = Some(id.into());
        self
    }

    /// Sets the issuer, for a provider that has many; the configured one otherwise.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Sets the person's name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the handle.
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.username = Some(username.into());
        self
    }

    /// Sets the e-mail address and what it is worth.
    pub fn email(mut self, email: Email) -> Self {
        self.email = email;
        self
    }

    /// Sets an e-mail address that the provider vouches for.
    ///
    /// # Panics
    ///
    /// When it is not one plain address.
    pub fn verified_email(self, address: &str) -> Self {
        let verified = VerifiedEmail::try_from(address.to_owned());
        let verified = verified.unwrap_or_else(|reason| panic!("{address:?}: {reason}"));
        self.email(Email::Verified(verified))
    }

    /// Sets the URL of a picture.
    pub fn picture(mut self, url: impl Into<String>) -> Self {
        self.picture = Some(url.into());
        self
    }

    /// Adds a claim, as if the ID token, or with OAuth 2.0 alone the userinfo answer, had brought it.
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// Sets the account, as [`Verdict::AcceptAs`](crate::Verdict::AcceptAs) does.
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.account = Some(account.into());
        self
    }

    /// Sets what they may do, as [`Verdict::AcceptWithRoles`](crate::Verdict::AcceptWithRoles) and a provider's
    /// `roles_claim` do.
    pub fn roles<S: Into<String>>(mut self, roles: impl IntoIterator<Item = S>) -> Self {
        self.roles = roles.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the access token; `test-access-token` otherwise.
    pub fn access_token(mut self, token: impl Into<String>) -> Self {
        self.access_token = AccessToken::new(token.into());
        self
    }

    /// Sets what the provider granted.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Sets when they logged in; now otherwise.
    pub fn logged_in_at(mut self, at: Timestamp) -> Self {
        self.logged_in_at = Some(at);
        self
    }

    fn into_session(self, registered: &Registered, now: Timestamp, seconds: i64) -> SessionData {
        let (configured, source) = match &registered.provider().protocol {
            Protocol::OpenId { issuer, .. } => (issuer.to_string(), "id_token"),
            _ => (issuer_without_metadata(registered), "userinfo"),
        };
        let mut identity: Identity = serde_json::from_value(json!({
            "provider": registered.id(),
            "issuer": self.issuer.unwrap_or(configured),
            "subject": self.subject,
            "claims": { source: self.claims },
        }))
        .expect("an identity is plain data");
        identity.name = self.name;
        identity.username = self.username;
        identity.email = self.email;
        identity.picture = self.picture;
        let started_at = self.logged_in_at.unwrap_or(now);
        let state = codegrant_core::jose::base64url::encode(&seal::random::<32>());
        SessionData {
            claim_sources: Vec::new(),
            dpop_key: None,
            refreshes: 0,
            renewed_at: None,
            keeps_refresh_token: false,
            roles: self.roles,
            device: None,
            last_seen: None,
            key: None,
            id_token: None,
            identity,
            account: self.account,
            access_token: self.access_token,
            access_token_expires_at: None,
            refresh_token: None,
            scopes: self.scopes,
            authorization_details: Vec::new(),
            id_token_hint: None,
            session_id: None,
            issued_at: None,
            session_state: None,
            started_at,
            ends_at: started_at.plus(seconds),
            transaction: TransactionId::of_state(&state),
            return_to: "/".to_owned(),
        }
    }
}

/// Returns what stands for the issuer of a provider whose endpoints are written down.
fn issuer_without_metadata(registered: &Registered) -> String {
    match registered.client().discover() {
        Ok(Step::Done(written)) => written.value.issuer.clone(),
        _ => panic!(
            "the endpoints of {:?} were checked at start",
            registered.id()
        ),
    }
}

impl From<&str> for TestUser {
    fn from(subject: &str) -> Self {
        Self::new(subject)
    }
}

impl From<String> for TestUser {
    fn from(subject: String) -> Self {
        Self::new(subject)
    }
}

impl Auth {
    /// Logs a user in for a test, and returns the value of the `Cookie` header that proves it.
    ///
    /// The session is as real as any: it ends when its time is over, and a log-out ends it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use codegrant_web::{Auth, Request, provider::GITHUB};
    ///
    /// let auth = Auth::builder("http://localhost:3000").login_with(GITHUB, "id", "secret").build()?;
    /// let cookie = auth.test_cookie("alice").await;
    ///
    /// let request = Request::new("GET", "/", None, [("cookie", cookie.as_bytes())]);
    /// let session = auth.identify(request).await?.ok_or("nobody")?;
    /// assert_eq!(session.identity().subject, "alice");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// When no provider has the id that [`TestUser::provider`] names, when the session does not fit into
    /// cookies, and when the session store does not work.
    pub async fn test_cookie(&self, user: impl Into<TestUser>) -> String {
        let user = user.into();
        let registered = match &user.provider {
            None => self.0.clients.listed().first(),
            Some(id) => self.registered(id),
        };
        let registered = registered.unwrap_or_else(|| {
            let ids: Vec<&str> = self.0.clients.listed().iter().map(Registered::id).collect();
            let asked = user.provider.as_deref().unwrap_or_default();
            panic!("no provider {asked:?} is configured; there are {ids:?}")
        });
        let sessions = &self.0.sessions;
        let data = user.into_session(registered, self.now(), sessions.absolute_seconds());
        let jar = Jar::read([]);
        let opened = sessions.open(&data, data.started_at, &jar, self.now());
        let opened = opened.await;
        let cookies = opened.unwrap_or_else(|error| panic!("{}: {error}", error.code().name));
        let cookies = cookies.expect("a session is not over before anybody has had it");
        let pairs: Vec<&str> = cookies
            .iter()
            .filter_map(|cookie| cookie.split(';').next())
            .collect();
        pairs.join("; ")
    }
}
