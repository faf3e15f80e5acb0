//! The right to send a refresh token, as all processes read it in the store that they share.
//!
//! ```text
//!                 create, or compare and swap
//!   (absent) ───────────────────────────────▶ Sending ──▶ Done     what it brought, for whoever waits
//!                  ▲     ▲                      │ │ └───▶ Over     the token is worth nothing any longer
//!                  │     └──── Free ◀───────────┘ └─────▶ Failed   its sender lives, and saw it fail
//!                  └──────────────────────────────────────┘  again, when some seconds have passed
//! ```

use codegrant_core::Timestamp;
use serde::{Deserialize, Serialize};

/// How long a holder counts as alive after it last said so, in seconds.
pub(super) const ALIVE_SECONDS: i64 = 10;

/// How long what a refresh brought is told, in seconds: to other sessions with the same refresh token, and to
/// whoever waits.
pub(super) const TOLD_SECONDS: i64 = 60;

/// How long a failure is remembered for the next one to be later, in seconds.
const FAILED_SECONDS: i64 = 600;

/// What the machine has to know of the tokens of a session.
pub(super) trait Tokens: Clone {
    /// Returns how often they were renewed.
    fn refreshes(&self) -> u32;
    /// Tells whether there is a refresh token.
    fn can_refresh(&self) -> bool;
    /// Tells whether both have the same refresh token, or both have none.
    fn same_refresh_token(&self, other: &Self) -> bool;
    /// Tells whether both have the same access token.
    fn same_access_token(&self, other: &Self) -> bool;
    /// Tells whether it is time for new ones.
    fn is_stale(&self, now: Timestamp) -> bool;
    /// Returns when they came.
    fn obtained_at(&self) -> Timestamp;
    /// Tells whether the provider was seen to leave the refresh token as it was.
    fn keeps_refresh_token(&self) -> bool;
    /// Takes what another session's refresh with the same refresh token brought.
    fn adopting(&self, brought: &Self) -> Self;
    /// Drops the refresh token.
    fn without_refresh_token(&self) -> Self;
}

/// What is known of one refresh token, by all processes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum Lease<T> {
    /// Somebody has the right to send it, and may have done so.
    #[serde(rename = "s")]
    Sending {
        holder: u64,
        alive_until: Timestamp,
        tries: u32,
    },
    /// It was sent, and brought these.
    #[serde(rename = "d")]
    Done { tokens: T },
    /// It was sent, or could not be, and its sender saw that nothing came.
    #[serde(rename = "f")]
    Failed {
        failure: Failure,
        again_at: Timestamp,
        tries: u32,
    },
    /// It has been replaced, or the provider refused it.
    #[serde(rename = "o")]
    Over,
    /// It was not sent after all.
    #[serde(rename = "n")]
    Free { tries: u32 },
}

impl<T> Lease<T> {
    /// Returns when the store may forget it.
    ///
    /// One that is being sent is remembered for as long as a session with that token may live: if its holder is
    /// dead, only this says that the token was used.
    pub(super) fn expires_at(&self, now: Timestamp, session_seconds: i64) -> Timestamp {
        match self {
            Self::Sending { .. } => now.plus(session_seconds),
            Self::Done { .. } | Self::Over | Self::Free { .. } => now.plus(TOLD_SECONDS),
            Self::Failed { .. } => now.plus(FAILED_SECONDS),
        }
    }
}

/// What went wrong, as other processes are told: the stable code, whose details its own log has.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Failure(pub(super) String);
