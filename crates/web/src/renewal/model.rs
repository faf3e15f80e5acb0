//! Every order in which the steps of a refresh can happen, tried out: three requests of several processes, one store,
//! a provider that rotates and takes reuse for theft, and crashes, pauses and lost answers at every point.
//!
//! The requests are the real [`Attempt`]s. Each state that can be reached is visited once; what must never be, panics
//! with the way that leads there.

mod provider;
mod rules;
mod world;

use std::collections::HashSet;
use std::fmt::Write as _;
use std::hash::{BuildHasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};

use codegrant_core::Timestamp;

use super::lease::{ALIVE_SECONDS, TOLD_SECONDS, Tokens};
use world::{Request, World};

/// Tokens by their number: the refresh token of the login is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Numbered {
    pub(super) refresh: Option<u8>,
    pub(super) access: u8,
    pub(super) refreshes: u32,
    pub(super) obtained_at: i64,
    pub(super) keeps: bool,
}

/// Access tokens live this long.
pub(super) const LIFE: i64 = 2 * ALIVE_SECONDS;

/// How far the clock moves at a time: until a silent holder counts as dead, or until all that is told is forgotten.
pub(super) const SILENT: i64 = ALIVE_SECONDS;
pub(super) const FORGOTTEN: i64 = TOLD_SECONDS + ALIVE_SECONDS;

/// How long a session lives, for the store.
pub(super) const SESSION: i64 = 1_000;

impl Tokens for Numbered {
    fn refreshes(&self) -> u32 {
        self.refreshes
    }

    fn can_refresh(&self) -> bool {
        self.refresh.is_some()
    }

    fn same_refresh_token(&self, other: &Self) -> bool {
        self.refresh == other.refresh
    }

    fn same_access_token(&self, other: &Self) -> bool {
        self.access == other.access
    }

    fn is_stale(&self, now: Timestamp) -> bool {
        now.as_unix() >= self.obtained_at + LIFE
    }

    fn obtained_at(&self) -> Timestamp {
        Timestamp::from_unix(self.obtained_at)
    }

    fn keeps_refresh_token(&self) -> bool {
        self.keeps
    }

    fn adopting(&self, brought: &Self) -> Self {
        Self {
            refreshes: self.refreshes + 1,
            ..*brought
        }
    }

    fn without_refresh_token(&self) -> Self {
        Self {
            refreshes: self.refreshes + 1,
            refresh: None,
            ..*self
        }
    }
}

pub(super) const REQUESTS: usize = 3;
pub(super) const GENERATIONS: usize = 8;

/// What is tried.
#[derive(Clone, Copy)]
pub(super) struct Setting {
    /// Which session each request belongs to; two sessions have the same refresh token.
    pub(super) sessions: [usize; REQUESTS],
    pub(super) rotates: bool,
    /// Whether sessions are in cookies, and the truth in a record only once there was a refresh.
    pub(super) sealed: bool,
    pub(super) waits: bool,
    /// How the clock moves: at any time, and in this order.
    pub(super) pauses: &'static [i64],
    pub(super) crashes: u8,
    pub(super) losses: u8,
    pub(super) log_outs: u8,
    /// How often a holder says that it lives.
    pub(super) signs: u8,
}

pub(super) const USUAL: Setting = Setting {
    sessions: [0; REQUESTS],
    rotates: true,
    sealed: false,
    waits: true,
    pauses: &[FORGOTTEN],
    crashes: 0,
    losses: 0,
    log_outs: 0,
    signs: 0,
};

/// Visits every state; returns how many there are.
fn explore(setting: &Setting) -> usize {
    let hasher = RandomState::new();
    let mut visited = HashSet::new();
    let mut path: Vec<usize> = Vec::new();
    let start = World::new(*setting);
    visited.insert(hasher.hash_one(&start));
    let mut stack = vec![start.successors(setting).into_iter().enumerate()];
    let all = AssertUnwindSafe(|| {
        while let Some(top) = stack.last_mut() {
            let Some((number, (_, mut world))) = top.next() else {
                stack.pop();
                path.pop();
                continue;
            };
            path.push(number);
            world.settle(setting);
            if !visited.insert(hasher.hash_one(&world)) {
                path.pop();
                continue;
            }
            let next = world.successors(setting);
            if next.is_empty() {
                world.end(setting);
            }
            stack.push(next.into_iter().enumerate());
        }
        visited.len()
    });
    match catch_unwind(all) {
        Ok(states) => states,
        Err(_) => panic!("by this way:\n{}", told(&path, setting)),
    }
}

/// Tells a way through the states.
fn told(path: &[usize], setting: &Setting) -> String {
    let mut world = World::new(*setting);
    let mut told = String::new();
    for number in path {
        let ((request, deed), next) = world.successors(setting).swap_remove(*number);
        match request.map(|request| (request, &world.requests[request])) {
            Some((number, Request::Running { step, answer, .. })) => {
                let _ = writeln!(told, "{} {number} {deed}: {step:?} {answer:?}", world.now);
            }
            _ => {
                let _ = writeln!(told, "{} {request:?} {deed}", world.now);
            }
        }
        world = next;
        if let Ok(settled) = catch_unwind(|| {
            let mut settled = world.clone();
            settled.settle(setting);
            settled
        }) {
            world = settled;
        }
    }
    told
}

/// Tries a setting, and says how many states it has.
#[track_caller]
fn tried(setting: Setting) {
    let states = explore(&setting);
    println!("{states} states");
    assert!(states > 500, "{states} states are too few for a race");
}

const DEADLY: Setting = Setting {
    pauses: &[SILENT, FORGOTTEN],
    crashes: 1,
    ..USUAL
};

// attack: RF-01 RF-02
#[test]
fn whoever_sleeps_or_dies_no_refresh_token_is_sent_twice_and_nobody_waits_for_ever() {
    tried(DEADLY);
    tried(Setting {
        waits: false,
        ..DEADLY
    });
}

// attack: RF-02
#[test]
fn a_lost_answer_leads_to_one_more_try_and_to_no_loop() {
    tried(Setting { losses: 1, ..USUAL });
}

// attack: RF-12
#[test]
fn a_log_out_meanwhile_stays_one_and_what_comes_after_it_is_given_back() {
    for sealed in [false, true] {
        tried(Setting {
            log_outs: 1,
            sealed,
            ..USUAL
        });
    }
}

#[test]
fn signs_of_life_take_the_lease_from_nobody() {
    tried(Setting {
        signs: 1,
        pauses: &[SILENT],
        ..USUAL
    });
}

// attack: RF-04
#[test]
fn a_token_that_stays_is_sent_again_also_where_its_sender_died() {
    tried(Setting {
        rotates: false,
        crashes: 1,
        ..USUAL
    });
}

// attack: RF-01
#[test]
fn two_sessions_with_one_refresh_token_share_what_it_brings() {
    let two = Setting {
        sessions: [0, 0, 1],
        ..USUAL
    };
    tried(Setting {
        rotates: false,
        ..two
    });
    // Which provider would rotate what others hold? Nobody is told for ever.
    tried(Setting {
        pauses: &[SILENT],
        ..two
    });
}
