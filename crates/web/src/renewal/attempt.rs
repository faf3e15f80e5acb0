//! Who may send a refresh token: the machine behind every refresh, without a clock, a store or a network.
//!
//! A provider that rotates takes the second use of a refresh token for a theft and ends the whole grant (RFC 9700
//! section 4.14.2). So a token has one sender of all processes: whoever keeps its [`Lease`].
//!
//! A lease is kept alive by its holder. A holder that fell silent may be dead, or asleep right before it sends:
//! nobody can tell, and so **nobody sends that token again**, unless the provider was seen not to rotate. The one
//! truth is the session's own record: its newest tokens are written there before anything else is told, and whoever
//! gets the right to send reads it once more first. `model.rs` tries every order of these steps.

use codegrant_core::Timestamp;

use super::lease::{ALIVE_SECONDS, Lease, Tokens};
use super::step::{Answer, Held, Outcome, Phase, Seen, Step, Then, Want, Written};

/// How long after a failure the next try is, in seconds: this long after the first, this much longer after each,
/// and no longer than the last.
const AGAIN_SECONDS: i64 = 5;
const LONGEST_SECONDS: i64 = 60;

/// How often an attempt begins anew because others have written meanwhile.
const ROUNDS: u8 = 8;

/// One attempt to get newer tokens for one session.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Attempt<T> {
    want: Want,
    /// Whether it waits for others; not where the tokens at hand still do.
    waits: bool,
    /// A random number: whose lease it is. Versions are counted from it, so that a lease that comes after one that
    /// was forgotten never passes for that one.
    holder: u64,
    /// The newest tokens that were seen, whose refresh token the lease is for.
    tokens: T,
    /// Of the lease, as this holder wrote it last.
    version: u64,
    tries: u32,
    rounds: u8,
    phase: Phase<T>,
}

impl<T: Tokens> Attempt<T> {
    /// Begins, with the tokens that a request came with.
    pub(super) fn begin(tokens: T, want: Want, waits: bool, holder: u64) -> (Self, Step<T>) {
        let attempt = Self {
            want,
            waits,
            holder,
            tokens,
            version: 0,
            tries: 0,
            rounds: 0,
            phase: Phase::Looking,
        };
        (attempt, Step::ReadTruth)
    }

    /// Returns the tokens whose refresh token the lease is for.
    pub(super) fn tokens(&self) -> &T {
        &self.tokens
    }

    /// Returns the lease that says that the holder is alive, and the version that it replaces.
    pub(super) fn alive(&self, now: Timestamp) -> (u64, Lease<T>) {
        (self.version, self.sending(now))
    }

    /// Takes that the lease was written once more.
    pub(super) fn kept_alive(&mut self) {
        self.version += 1;
    }

    /// Takes what came of a step, and returns the next one.
    pub(super) fn next(&mut self, seen: Seen<T>, now: Timestamp) -> Step<T> {
        let phase = std::mem::replace(&mut self.phase, Phase::Looking);
        match (phase, seen) {
            (Phase::Looking, Seen::Truth(truth)) => self.looked(truth, now),
            (Phase::Claiming, Seen::Created(true)) => {
                self.version = self.holder;
                self.confirm()
            }
            (Phase::Claiming, Seen::Created(false))
            | (Phase::TakingOver { .. }, Seen::Swapped(false))
            | (Phase::Waiting, Seen::Waited { patient: true }) => self.ask(),
            (Phase::Waiting, Seen::Waited { patient: false }) => Step::Finish(Outcome::Busy),
            (Phase::Asking, Seen::Lease(held)) => self.asked(held, now),
            (Phase::TakingOver { version, tries }, Seen::Swapped(true)) => {
                self.version = version + 1;
                self.tries = tries;
                self.confirm()
            }
            (Phase::Confirming, Seen::Truth(truth)) => self.confirmed(truth, now),
            (Phase::Sending, Seen::Answer(answer)) => self.answered(answer, now),
            (Phase::Keeping(brought), Seen::Written(written)) => match written {
                Written::Yes => {
                    let told = Lease::Done {
                        tokens: brought.clone(),
                    };
                    self.leave(told, Then::Finish(Outcome::Newest(brought)))
                }
                Written::Newer(truth) => {
                    let last = self.after(&brought);
                    self.leave(last, Then::Finish(Outcome::Newest(truth)))
                }
                Written::Gone => {
                    let (last, unused) = (self.after(&brought), Some(brought));
                    self.leave(last, Then::Finish(Outcome::Gone { unused }))
                }
            },
            (Phase::Disbelieving, Seen::Truth(truth)) => match truth {
                None => self.leave(Lease::Over, gone()),
                Some(truth) if truth.same_refresh_token(&self.tokens) => {
                    self.drop_refresh_token(&truth, true)
                }
                Some(_) => self.leave(Lease::Over, Then::LookAgain),
            },
            (Phase::Dropping { with_lease }, Seen::Written(written)) => {
                let then = match written {
                    Written::Yes => Then::Finish(Outcome::NoRefreshToken),
                    Written::Newer(_) => Then::LookAgain,
                    Written::Gone => gone(),
                };
                if with_lease {
                    self.leave(Lease::Over, then)
                } else {
                    self.go_on(then)
                }
            }
            (Phase::Ending, Seen::Ended) => self.leave(Lease::Over, Then::Finish(Outcome::Ends)),
            (Phase::Doubting, Seen::Truth(truth)) => match self.moved_on(truth, now) {
                Ok(_same) => Step::Finish(Outcome::InDoubt),
                Err(step) => step,
            },
            (Phase::Rereading, Seen::Truth(truth)) => match self.moved_on(truth, now) {
                Ok(same) => self.drop_refresh_token(&same, false),
                Err(step) => step,
            },
            (Phase::Adopting(brought), Seen::Truth(truth)) => match self.moved_on(truth, now) {
                Ok(same) => {
                    let adopted = same.adopting(&brought);
                    self.phase = Phase::Adopted(adopted.clone());
                    Step::WriteTruth(adopted)
                }
                Err(step) => step,
            },
            (Phase::Adopted(adopted), Seen::Written(written)) => match written {
                Written::Yes if self.want.is_met_by(&adopted, now) => {
                    Step::Finish(Outcome::Newest(adopted))
                }
                Written::Yes | Written::Newer(_) => self.go_on(Then::LookAgain),
                // Others use what came: nothing is given back.
                Written::Gone => Step::Finish(Outcome::Gone { unused: None }),
            },
            (Phase::Leaving { then, .. }, Seen::Swapped(true)) => self.go_on(then),
            (Phase::Leaving { last, then, again }, Seen::Swapped(false)) => {
                if again {
                    return self.go_on(then);
                }
                // A sign of life was written whose answer never came: the version is another, the holder the same.
                let again = true;
                self.phase = Phase::Leaving { last, then, again };
                Step::ReadLease
            }
            (Phase::Leaving { last, then, again }, Seen::Lease(held)) => match held {
                Held::This {
                    version,
                    lease: Lease::Sending { holder, .. },
                } if holder == self.holder => {
                    let lease = last.clone();
                    self.phase = Phase::Leaving { last, then, again };
                    Step::SwapLease { version, lease }
                }
                _ => self.go_on(then),
            },
            // The driver answers what it was asked; anything else would be a mistake in it, and nothing is sent then.
            _ => Step::Finish(Outcome::InDoubt),
        }
    }

    fn looked(&mut self, truth: Option<T>, now: Timestamp) -> Step<T> {
        let Some(truth) = truth else {
            return Step::Finish(Outcome::Gone { unused: None });
        };
        if self.want.is_met_by(&truth, now) {
            return Step::Finish(Outcome::Newest(truth));
        }
        if !truth.can_refresh() {
            return Step::Finish(Outcome::NoRefreshToken);
        }
        self.rounds += 1;
        if self.rounds > ROUNDS {
            return Step::Finish(Outcome::Busy);
        }
        self.tokens = truth;
        self.claim(now)
    }

    fn claim(&mut self, now: Timestamp) -> Step<T> {
        self.tries = 0;
        self.phase = Phase::Claiming;
        Step::CreateLease(self.sending(now))
    }

    fn ask(&mut self) -> Step<T> {
        self.phase = Phase::Asking;
        Step::ReadLease
    }

    fn asked(&mut self, held: Held<T>, now: Timestamp) -> Step<T> {
        let (version, lease) = match held {
            Held::Nothing => return self.go_on(Then::LookAgain),
            Held::Unreadable => return self.read_truth(Phase::Doubting),
            Held::This { version, lease } => (version, lease),
        };
        match lease {
            Lease::Sending { alive_until, .. } if now < alive_until => {
                if self.waits {
                    self.phase = Phase::Waiting;
                    Step::Wait
                } else {
                    Step::Finish(Outcome::Busy)
                }
            }
            Lease::Sending { tries, .. } => {
                if self.tokens.keeps_refresh_token() {
                    self.take_over(version, tries, now)
                } else {
                    self.read_truth(Phase::Doubting)
                }
            }
            Lease::Done { tokens } => {
                if self.is_served_by(&tokens, now) {
                    self.read_truth(Phase::Adopting(tokens))
                } else {
                    self.take_over(version, 0, now)
                }
            }
            Lease::Failed {
                failure, again_at, ..
            } if now < again_at => Step::Finish(Outcome::Failed { failure, again_at }),
            Lease::Failed { tries, .. } | Lease::Free { tries } => {
                self.take_over(version, tries, now)
            }
            Lease::Over => self.read_truth(Phase::Rereading),
        }
    }

    /// Tells whether what a refresh with the same token brought is news here.
    fn is_served_by(&self, brought: &T, now: Timestamp) -> bool {
        if !brought.same_refresh_token(&self.tokens) {
            // It was replaced: there is no sending it any longer.
            return true;
        }
        !brought.same_access_token(&self.tokens)
            && brought.obtained_at() >= self.tokens.obtained_at()
            && !brought.is_stale(now)
    }

    fn take_over(&mut self, version: u64, tries: u32, now: Timestamp) -> Step<T> {
        self.tries = tries;
        self.phase = Phase::TakingOver { version, tries };
        let lease = self.sending(now);
        Step::SwapLease { version, lease }
    }

    fn sending(&self, now: Timestamp) -> Lease<T> {
        Lease::Sending {
            holder: self.holder,
            alive_until: now.plus(ALIVE_SECONDS),
            tries: self.tries,
        }
    }

    fn confirm(&mut self) -> Step<T> {
        self.read_truth(Phase::Confirming)
    }

    /// The truth may have been read long before the right to send was had: another may have sent the token, told
    /// the truth, and been forgotten since.
    fn confirmed(&mut self, truth: Option<T>, now: Timestamp) -> Step<T> {
        let free = Lease::Free { tries: self.tries };
        let Some(truth) = truth else {
            return self.leave(free, gone());
        };
        if !truth.same_refresh_token(&self.tokens) {
            return self.leave(Lease::Over, Then::LookAgain);
        }
        if self.want.is_met_by(&truth, now) {
            return self.leave(free, Then::Finish(Outcome::Newest(truth)));
        }
        self.tokens = truth.clone();
        self.phase = Phase::Sending;
        Step::Send(truth)
    }

    fn answered(&mut self, answer: Answer<T>, now: Timestamp) -> Step<T> {
        match answer {
            Answer::Tokens(brought) => {
                self.phase = Phase::Keeping(brought.clone());
                Step::WriteTruth(brought)
            }
            Answer::Failed(failure) => {
                let more = AGAIN_SECONDS.saturating_mul(i64::from(self.tries));
                let again_at = now.plus((AGAIN_SECONDS + more).min(LONGEST_SECONDS));
                let tries = self.tries.saturating_add(1);
                let told = failure.clone();
                let lease = Lease::Failed {
                    failure: told,
                    again_at,
                    tries,
                };
                self.leave(lease, Then::Finish(Outcome::Failed { failure, again_at }))
            }
            Answer::Refused => self.read_truth(Phase::Disbelieving),
            Answer::Ends => {
                self.phase = Phase::Ending;
                Step::EndTruth
            }
        }
    }

    /// Returns the truth if it has the same refresh token still, or what to do because it has not.
    fn moved_on(&mut self, truth: Option<T>, now: Timestamp) -> Result<T, Step<T>> {
        let Some(truth) = truth else {
            return Err(Step::Finish(Outcome::Gone { unused: None }));
        };
        if truth.same_refresh_token(&self.tokens) && !self.want.is_met_by(&truth, now) {
            return Ok(truth);
        }
        Err(self.looked(Some(truth), now))
    }

    fn drop_refresh_token(&mut self, truth: &T, with_lease: bool) -> Step<T> {
        self.phase = Phase::Dropping { with_lease };
        Step::WriteTruth(truth.without_refresh_token())
    }

    /// Returns the lease after a result that nobody is told of.
    fn after(&self, brought: &T) -> Lease<T> {
        if brought.same_refresh_token(&self.tokens) {
            Lease::Free { tries: 0 }
        } else {
            Lease::Over
        }
    }

    fn leave(&mut self, last: Lease<T>, then: Then<T>) -> Step<T> {
        let (version, lease, again) = (self.version, last.clone(), false);
        self.phase = Phase::Leaving { last, then, again };
        Step::SwapLease { version, lease }
    }

    fn go_on(&mut self, then: Then<T>) -> Step<T> {
        match then {
            Then::Finish(outcome) => Step::Finish(outcome),
            Then::LookAgain => self.read_truth(Phase::Looking),
        }
    }

    fn read_truth(&mut self, because: Phase<T>) -> Step<T> {
        self.phase = because;
        Step::ReadTruth
    }
}

fn gone<T>() -> Then<T> {
    Then::Finish(Outcome::Gone { unused: None })
}
