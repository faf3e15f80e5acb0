//! The state of a log-out that went on to the provider: in a sealed cookie, until the browser is back.

use codegrant_core::jose::base64url;
use codegrant_core::{Timestamp, TransactionId};
use serde::{Deserialize, Serialize};

use super::Sessions;
use crate::cookie::Jar;
use crate::seal::{self, Purpose};

/// How long a browser may stay at the provider, in seconds.
const KEPT_SECONDS: i64 = 600;

/// Names the cookie.
const COOKIE: &str = "log-out";

/// A log-out that is under way at the provider.
#[derive(Serialize, Deserialize)]
struct Pending {
    #[serde(rename = "s")]
    state: TransactionId,
    #[serde(rename = "p")]
    provider: String,
    #[serde(rename = "b")]
    at: Timestamp,
}

/// How a browser came back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Returned {
    /// Where the log-out went on, if this browser has one under way.
    pub(crate) provider: Option<String>,
    /// Whether the state that came back is the one that was sent.
    pub(crate) verified: bool,
}

impl Sessions {
    /// Makes the state to send, and the cookie that it is compared with.
    pub(crate) fn log_out_state(&self, provider: &str, now: Timestamp) -> (String, String) {
        let state = base64url::encode(&seal::random::<24>());
        let pending = Pending {
            state: TransactionId::of_state(&state),
            provider: provider.to_owned(),
            at: now,
        };
        let name = self.cookies.name(COOKIE);
        let text = serde_json::to_vec(&pending).expect("a mark is plain data");
        let sealed = self.ring.seal_text(Purpose::LogOut, &[&name], &text);
        (state, self.cookies.keep(&name, &sealed, KEPT_SECONDS))
    }

    /// Judges a browser that comes to the end of a log-out; `None` for one that only opened the page.
    pub(crate) fn returned(
        &self,
        jar: &Jar<'_>,
        state: Option<&str>,
        now: Timestamp,
    ) -> Option<Returned> {
        let name = self.cookies.name(COOKIE);
        let sealed = jar.first(&name);
        if sealed.is_none() && state.is_none() {
            return None;
        }
        let opened =
            sealed.and_then(|sealed| self.ring.open_text(Purpose::LogOut, &[&name], sealed));
        let pending: Option<Pending> = opened.and_then(|text| serde_json::from_slice(&text).ok());
        let verified = pending.as_ref().is_some_and(|pending| {
            let fits = |state| TransactionId::of_state(state) == pending.state;
            let age = now.seconds_since(pending.at);
            state.is_some_and(fits) && (0..KEPT_SECONDS).contains(&age)
        });
        Some(Returned {
            provider: pending.map(|pending| pending.provider),
            verified,
        })
    }

    /// Returns what drops the state's cookie, where the browser has it: it is good once.
    pub(crate) fn drop_log_out_state(&self, jar: &Jar<'_>) -> Option<String> {
        let name = self.cookies.name(COOKIE);
        jar.first(&name).map(|_| self.cookies.drop(&name))
    }
}
