//! How many log-outs that nobody proved go into the list that all processes read.

use std::sync::{Mutex, PoisonError};

use codegrant_core::Timestamp;

/// How many one process may add at once.
const AT_ONCE: i64 = 1_000;

/// After how many seconds it may add one more.
const PAUSE_SECONDS: i64 = 5;

/// What a stranger may make one process write: the list stays short, however many names are guessed.
pub(super) struct Allowance(Mutex<State>);

struct State {
    left: i64,
    /// When the last was added to what is left.
    at: Timestamp,
}

impl Allowance {
    pub(super) fn new() -> Self {
        Self(Mutex::new(State {
            left: AT_ONCE,
            at: Timestamp::from_unix(0),
        }))
    }

    /// Takes leave for one more.
    pub(super) fn take(&self, now: Timestamp) -> bool {
        // A panic elsewhere cannot leave it half changed, so a poisoned lock is taken all the same.
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let grown = now.seconds_since(state.at) / PAUSE_SECONDS;
        if state.left.saturating_add(grown) >= AT_ONCE {
            (state.left, state.at) = (AT_ONCE, now);
        } else if grown > 0 {
            state.left += grown;
            state.at = state.at.plus(grown * PAUSE_SECONDS);
        }
        let leave = state.left > 0;
        state.left -= i64::from(leave);
        leave
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_go_at_once_and_then_one_every_five_seconds() {
        let allowance = Allowance::new();
        let mut now = Timestamp::from_unix(1_800_000_000);
        let taken = |now| (0..2_000).filter(|_| allowance.take(now)).count();
        assert_eq!(taken(now), 1_000);
        for expected in [0, 0, 0, 0, 1, 0] {
            now = now.plus(1);
            assert_eq!(taken(now), expected);
        }
        assert_eq!(
            taken(now.minus(3_600)),
            0,
            "a clock that is set back gives nothing"
        );
        assert_eq!(taken(now.plus(49)), 10);
        assert_eq!(taken(now.plus(1_000_000)), 1_000, "never more at once");
    }
}
