//! One login in flight, bound to one browser (RFC 9700 section 2.1: "transaction-specific").

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::dpop::DpopKey;
use crate::error::CallbackError;
use crate::jose::base64url;
use crate::return_to::ReturnTo;
use crate::time::Timestamp;

/// What has to be kept between the redirect to the provider and the callback.
///
/// It is the only thing of a login that outlives a request. It must reach the browser sealed and come
/// back from the same browser: whoever holds it can finish the login that it belongs to.
#[derive(Clone, Serialize, Deserialize)]
pub struct Transaction {
    #[serde(rename = "p")]
    pub(crate) provider: String,
    #[serde(rename = "i")]
    pub(crate) issuer: String,
    #[serde(rename = "s")]
    pub(crate) state: String,
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub(crate) nonce: Option<String>,
    #[serde(rename = "v")]
    pub(crate) verifier: String,
    #[serde(rename = "u")]
    pub(crate) redirect_uri: String,
    #[serde(rename = "r")]
    pub(crate) return_to: ReturnTo,
    #[serde(rename = "t")]
    pub(crate) started_at: Timestamp,
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_age: Option<u32>,
    #[serde(rename = "a", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) acr_values: Vec<String>,
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub(crate) expected_subject: Option<String>,
    #[serde(rename = "q", default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) silent: bool,
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub(crate) dpop_key: Option<DpopKey>,
}

/// Whether a login is the first try or the one fresh start after a lost transaction.
///
/// The state carries it, because it has to survive a browser that keeps no cookie at all: without it a
/// login that heals itself could go round for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Attempt {
    /// The user asked for it.
    #[default]
    First,
    /// The callback asked for it, and must not do so again.
    Again,
}

impl Attempt {
    /// An unreserved character that base64url does not use.
    const MARK: char = '~';

    pub(crate) fn mark(self, state: String) -> String {
        match self {
            Self::First => state,
            Self::Again => state + &Self::MARK.to_string(),
        }
    }

    /// Reads the mark off a state, believed or not: the worst a forged one does is an error page.
    pub fn of_state(state: &str) -> Self {
        if state.ends_with(Self::MARK) {
            Self::Again
        } else {
            Self::First
        }
    }
}

impl Transaction {
    /// How long a login may take, in seconds, from the redirect to the callback.
    pub const LIFETIME_SECONDS: i64 = 600;

    /// Returns the id of the provider it was started for.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// Returns where the user goes afterwards.
    pub fn return_to(&self) -> &ReturnTo {
        &self.return_to
    }

    /// Returns when it was started.
    pub fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// Tells whether this login asked the provider to show nothing (`prompt=none`), so that no login at all is
    /// one of its expected ends.
    pub fn is_silent(&self) -> bool {
        self.silent
    }

    /// Tells whether this login is for one account only, and any other is refused.
    pub fn expects_subject(&self) -> bool {
        self.expected_subject.is_some()
    }

    /// Returns the name under which it is kept; see [`TransactionId`].
    pub fn id(&self) -> TransactionId {
        TransactionId::of_state(&self.state)
    }

    /// Checks that a response answers this transaction: provider, state and age, in that order.
    pub(crate) fn answers(
        &self,
        provider: &str,
        state: Option<&str>,
        now: Timestamp,
    ) -> Result<(), CallbackError> {
        if self.provider != provider {
            return Err(CallbackError::ProviderMismatch {
                started: self.provider.clone(),
                answered: provider.to_owned(),
            });
        }
        let state = state
            .filter(|state| !state.is_empty())
            .ok_or(CallbackError::StateMissing)?;
        verify_slices_are_equal(self.state.as_bytes(), state.as_bytes())
            .map_err(|_| CallbackError::StateMismatch)?;
        let age = now.seconds_since(self.started_at);
        if !(-crate::id_token::CLOCK_SKEW_SECONDS..=Self::LIFETIME_SECONDS).contains(&age) {
            return Err(CallbackError::Expired {
                age,
                limit: Self::LIFETIME_SECONDS,
            });
        }
        Ok(())
    }
}

impl std::fmt::Debug for Transaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transaction")
            .field("provider", &self.provider)
            .field("issuer", &self.issuer)
            .field("return_to", &self.return_to)
            .field("started_at", &self.started_at)
            .finish_non_exhaustive()
    }
}

/// The name of a transaction: a hash of its state, so that it tells nothing and cannot be chosen.
///
/// It is written as base64url, 22 characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TransactionId([u8; 16]);

impl Serialize for TransactionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for TransactionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = base64url::decode(&text).and_then(|bytes| bytes.try_into().ok());
        bytes
            .map(Self)
            .ok_or_else(|| de::Error::custom("not 16 bytes"))
    }
}

impl TransactionId {
    /// Computes the name for a state: the first 16 bytes of its SHA-256.
    pub fn of_state(state: &str) -> Self {
        let mut id = [0; 16];
        id.copy_from_slice(&digest(&SHA256, state.as_bytes()).as_ref()[..16]);
        Self(id)
    }

    /// Takes the bytes of a name that was computed before.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Returns its bytes.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// Returns it in lower-case hexadecimal, 32 characters.
    pub fn to_hex(self) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut hex = String::with_capacity(2 * self.0.len());
        for byte in self.0 {
            for half in [byte >> 4, byte & 0xf] {
                hex.push(char::from(DIGITS[usize::from(half)]));
            }
        }
        hex
    }
}
