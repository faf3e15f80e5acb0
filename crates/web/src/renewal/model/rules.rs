//! What holds, whatever happened.

use super::super::step::{Outcome, Step};
use super::world::{Record, Request, World};
use super::{REQUESTS, Setting};

impl World {
    /// Ends the requests that are done, and holds what they end with to the rules.
    pub(super) fn settle(&mut self, setting: &Setting) {
        for number in 0..REQUESTS {
            let Request::Running {
                attempt,
                step: Step::Finish(outcome),
                floor,
                ..
            } = &self.requests[number]
            else {
                continue;
            };
            let may_send = attempt.tokens().keeps;
            let (outcome, floor) = (outcome.clone(), *floor);
            let (crashed, lost) = (self.crashes < setting.crashes, self.losses < setting.losses);
            let logged_out = self.log_outs < setting.log_outs;
            match outcome {
                Outcome::Newest(tokens) => {
                    assert!(
                        tokens.refreshes >= floor,
                        "{number} is given what was replaced: {tokens:?}"
                    );
                    assert!(tokens.refreshes > 0, "{number} is given what was stale");
                }
                Outcome::Busy => assert!(!setting.waits, "{number} did not wait"),
                Outcome::Failed { .. } => {
                    assert!(lost, "{number} is told of a failure that was none");
                }
                Outcome::InDoubt => {
                    assert!(!may_send, "{number} doubts what it may send");
                    assert!(self.now > 0, "{number} doubts at once");
                }
                // With one token for two sessions the provider tells nobody whose it was.
                Outcome::NoRefreshToken => assert!(
                    lost || logged_out || (crashed && setting.sessions[REQUESTS - 1] != 0),
                    "{number} lost its refresh token"
                ),
                Outcome::Gone { unused } => {
                    assert!(logged_out, "{number} lost its session");
                    if let Some(unused) = unused {
                        self.give_back(unused);
                    }
                }
                Outcome::Ends => panic!("{number} ends a session"),
            }
            self.requests[number] = Request::Over;
        }
    }

    /// What holds when all is over.
    pub(super) fn end(&self, setting: &Setting) {
        assert!(
            self.requests.iter().all(Request::is_over),
            "somebody waits for ever"
        );
        let (crashed, lost) = (self.crashes < setting.crashes, self.losses < setting.losses);
        let logged_out = self.log_outs < setting.log_outs;
        if crashed || lost {
            return;
        }
        assert!(!self.provider.ended, "the grant has ended");
        let newest = if setting.rotates {
            self.provider.next - 1
        } else {
            0
        };
        if !logged_out {
            assert!(
                (0..2).any(|session| self
                    .read(session)
                    .is_some_and(|held| held.refresh == Some(newest))),
                "the newest refresh token is nowhere"
            );
        } else if self.sessions[0].revoked {
            assert!(
                self.given_back[usize::from(newest)],
                "the newest refresh token is nobody's, and good"
            );
            assert_eq!(
                self.sessions[0].record,
                Record::Ended,
                "the session is back"
            );
        }
        if self.now == 0 && !logged_out {
            assert_eq!(self.provider.sent, 1, "one token request for one expiry");
        }
    }
}
