//! A module: one row of the suite as data.

use serde_json::{Map, Value};

use super::client;
use super::plays::{self, Play};
use super::variant::Variant;

/// A test plan of the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is named like the suite's plan")]
pub enum TestPlan {
    Basic,
    FormPost,
    Config,
    Dynamic,
    ThirdPartyLogin,
    Refresh,
    RpInitiatedLogout,
    BackChannelLogout,
    FrontChannelLogout,
    SessionManagement,
    /// The modules that stand in the comprehensive plans alone.
    Comprehensive,
    Fapi2SecurityProfile,
    Fapi2MessageSigning,
}

impl TestPlan {
    /// Returns the name by which a person asks for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::FormPost => "form-post",
            Self::Config => "config",
            Self::Dynamic => "dynamic",
            Self::ThirdPartyLogin => "third-party-login",
            Self::Refresh => "refresh",
            Self::RpInitiatedLogout => "rp-initiated-logout",
            Self::BackChannelLogout => "back-channel-logout",
            Self::FrontChannelLogout => "front-channel-logout",
            Self::SessionManagement => "session-management",
            Self::Comprehensive => "comprehensive",
            Self::Fapi2SecurityProfile => "fapi2-security-profile",
            Self::Fapi2MessageSigning => "fapi2-message-signing",
        }
    }

    /// Tells whether sessions end without their browser, for which they have to be in a store.
    pub(super) fn needs_store(self) -> bool {
        matches!(
            self,
            Self::BackChannelLogout | Self::FrontChannelLogout | Self::RpInitiatedLogout
        )
    }
}

/// One module in one variant.
#[derive(Clone)]
pub(super) struct Module {
    /// The suite's name for it.
    pub(super) name: &'static str,
    pub(super) variant: Variant,
    /// Faults of the development provider, by name.
    pub(super) faults: Vec<&'static str>,
    /// Features of the development provider, by name, besides those of its plan.
    pub(super) features: Vec<&'static str>,
    /// Members of the client's registration besides the usual ones (RFC 7591).
    pub(super) registered: Vec<(&'static str, Value)>,
    /// What else is different about the provider.
    pub(super) twists: Vec<Twist>,
    /// Why the client does not do this, where it does not.
    pub(super) left_out: Option<&'static str>,
    /// Whose issuer WebFinger finds.
    pub(super) account: Option<Account>,
    /// What the client signs its own JWTs with.
    pub(super) signs_with: &'static str,
    /// Keys of the client's section in place of the usual ones: TOML on the right.
    pub(super) keys: Vec<(&'static str, String)>,
    pub(super) play: Play,
    /// Every call that the provider sees, in order, as [`super::calls`] names them.
    pub(super) calls: String,
    pub(super) end: End,
}

/// Something about the provider that is neither a fault nor a feature of it.
#[derive(Clone, Copy)]
pub(super) enum Twist {
    /// Changes the metadata.
    Metadata(fn(&mut Map<String, Value>)),
    /// Changes what the token endpoint answers.
    Token(fn(&mut Map<String, Value>)),
    /// Signs ID tokens with this in place of RS256.
    Algorithm(&'static str),
}

/// How an account is written (OpenID Connect Discovery 1.0 section 2.1).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Account {
    Acct,
    Url,
}

/// How a module ends, for the person and for the operator.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Whoever asked for `/me` is there, and the session is good.
    LoggedIn,
    /// An error page, no session, and a line in the operator's log with this code.
    Refused(&'static str),
    /// The play has looked itself.
    Seen,
}

impl Module {
    /// Makes a module in which everything is as it should be.
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            variant: Variant::default(),
            faults: Vec::new(),
            features: Vec::new(),
            registered: Vec::new(),
            twists: Vec::new(),
            left_out: None,
            account: None,
            signs_with: "ES256",
            keys: Vec::new(),
            play: plays::log_in,
            calls: "metadata authorize token keys userinfo".to_owned(),
            end: End::LoggedIn,
        }
    }

    pub(super) fn fault(mut self, name: &'static str) -> Self {
        self.faults.push(name);
        self
    }

    pub(super) fn feature(mut self, name: &'static str) -> Self {
        self.features.push(name);
        self
    }

    /// Registers the client with this member in its metadata.
    pub(super) fn registered(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.registered.push((name, value.into()));
        self
    }

    pub(super) fn twist(mut self, twist: Twist) -> Self {
        self.twists.push(twist);
        self
    }

    pub(super) fn metadata(self, change: fn(&mut Map<String, Value>)) -> Self {
        self.twist(Twist::Metadata(change))
    }

    /// Sets a key of the client's section.
    pub(super) fn key(mut self, name: &'static str, toml: impl Into<String>) -> Self {
        self.keys.retain(|(held, _)| *held != name);
        self.keys.push((name, toml.into()));
        self
    }

    pub(super) fn play(mut self, play: Play) -> Self {
        self.play = play;
        self
    }

    pub(super) fn calls(mut self, calls: &str) -> Self {
        calls.clone_into(&mut self.calls);
        self
    }

    /// The login is refused after these calls, for this reason.
    pub(super) fn refused(mut self, calls: &str, code: &'static str) -> Self {
        self.end = End::Refused(code);
        self.calls(calls)
    }

    /// The client signs with another algorithm, and has the key for it.
    pub(super) fn signs_with(mut self, algorithm: &'static str) -> Self {
        self.signs_with = algorithm;
        self
    }

    /// The client does not do this, and here is why.
    pub(super) fn left_out(mut self, why: &'static str) -> Self {
        self.left_out = Some(why);
        self
    }

    /// The app knows no issuer, and finds it by an account.
    pub(super) fn account(mut self, account: Account) -> Self {
        self.account = Some(account);
        self.feature("webfinger")
    }

    /// Tells whether the provider has to speak TLS.
    pub(super) fn is_secure(&self) -> bool {
        self.variant.has_certificate() || self.account == Some(Account::Url)
    }

    /// Returns the id of the client that is registered.
    pub(super) fn client_id(&self) -> &'static str {
        if self.features.contains(&"session-management") {
            client::PLAIN_ID
        } else {
            client::ID
        }
    }

    /// The play judges the end.
    pub(super) fn seen(mut self) -> Self {
        self.end = End::Seen;
        self
    }

    pub(super) fn with(mut self, variant: Variant) -> Self {
        self.variant = variant;
        self
    }
}
