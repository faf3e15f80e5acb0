//! What an attempt wants done, what came of it, and how it ends.

use codegrant_core::Timestamp;

use super::lease::{Failure, Lease, Tokens};

/// What an attempt is content with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Want {
    /// Tokens that are not stale.
    Fresh,
    /// Tokens that were renewed more often than this.
    NewerThan(u32),
}

impl Want {
    pub(super) fn is_met_by<T: Tokens>(self, tokens: &T, now: Timestamp) -> bool {
        match self {
            Self::Fresh => !tokens.is_stale(now),
            Self::NewerThan(refreshes) => tokens.refreshes() > refreshes,
        }
    }
}

/// What is to be done next; [`Attempt::next`](super::attempt::Attempt::next) takes what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Step<T> {
    /// Read the session's newest tokens.
    ReadTruth,
    /// Make these the session's newest tokens, unless it has newer ones or is over.
    WriteTruth(T),
    /// End the session.
    EndTruth,
    /// Keep this lease unless there is one.
    CreateLease(Lease<T>),
    /// Read the lease.
    ReadLease,
    /// Put this lease in the place of that version.
    SwapLease { version: u64, lease: Lease<T> },
    /// Send the refresh token of these, and keep the lease alive until the answer is there.
    Send(T),
    /// Wait a moment.
    Wait,
    /// Nothing: it is over.
    Finish(Outcome<T>),
}

/// What came of a [`Step`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Seen<T> {
    /// The newest tokens; `None` when the session is over.
    Truth(Option<T>),
    Written(Written<T>),
    Ended,
    /// Whether the lease was kept.
    Created(bool),
    Lease(Held<T>),
    /// Whether it had that version still.
    Swapped(bool),
    Answer(Answer<T>),
    /// Whether there is time to wait any longer.
    Waited {
        patient: bool,
    },
}

/// What came of writing the truth.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Written<T> {
    Yes,
    /// It is newer already.
    Newer(T),
    /// The session is over.
    Gone,
}

/// What stands under a lease's key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Held<T> {
    Nothing,
    /// What this process cannot read: sealed under a key that it does not have.
    Unreadable,
    This {
        version: u64,
        lease: Lease<T>,
    },
}

/// What the provider said.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Answer<T> {
    /// New tokens of the same login.
    Tokens(T),
    /// Nothing that could be used: it was not reached, did not answer in time, or failed.
    Failed(Failure),
    /// The grant has ended (`invalid_grant`).
    Refused,
    /// An ID token that does not continue the login, or tokens with which the app ends the session.
    Ends,
}

/// How an attempt ends.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Outcome<T> {
    /// With the newest tokens, whoever fetched them.
    Newest(T),
    /// Another process is at it.
    Busy,
    /// The last try failed, a moment ago.
    Failed {
        failure: Failure,
        again_at: Timestamp,
    },
    /// Nobody knows what became of the refresh token.
    InDoubt,
    /// There is none, or the provider refused it.
    NoRefreshToken,
    /// The session is over; these tokens are nobody's.
    Gone { unused: Option<T> },
    /// The session was ended by what came.
    Ends,
}

/// What has been asked for, and why.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Phase<T> {
    /// The truth, at the beginning or after somebody else wrote.
    Looking,
    Claiming,
    /// The lease that somebody else holds or left.
    Asking,
    TakingOver {
        version: u64,
        tries: u32,
    },
    /// The truth, with the right to send in hand.
    Confirming,
    Sending,
    /// The truth with what the refresh brought.
    Keeping(T),
    /// The truth, before a refusal is believed.
    Disbelieving,
    /// The truth without the refresh token that was refused.
    Dropping {
        with_lease: bool,
    },
    Ending,
    /// The truth, because the holder fell silent: it may have written before.
    Doubting,
    /// The truth, because the token is worth nothing any longer.
    Rereading,
    /// The truth, before another session's result is taken.
    Adopting(T),
    /// The truth with another session's result.
    Adopted(T),
    /// The lease, for the last time.
    Leaving {
        last: Lease<T>,
        then: Then<T>,
        again: bool,
    },
    Waiting,
}

/// What follows on leaving the lease.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Then<T> {
    Finish(Outcome<T>),
    LookAgain,
}
