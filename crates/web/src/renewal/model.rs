//! Every order in which the steps of a refresh can happen, tried out: three requests of several processes, one store,
//! a provider that rotates and takes reuse for theft, and crashes, pauses and lost answers at every point.
//!
//! The requests are the real [`Attempt`]s. Each state that can be reached is visited once; what must never be, panics
//! with the way that leads there.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::hash::{BuildHasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};

use codegrant_core::Timestamp;

use super::attempt::{Answer, Attempt, Held, Outcome, Seen, Step, Want, Written};
use super::lease::{ALIVE_SECONDS, Failure, Lease, TOLD_SECONDS, Tokens};

/// Tokens by their number: the refresh token of the login is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Numbered {
    refresh: Option<u8>,
    access: u8,
    refreshes: u32,
    obtained_at: i64,
    keeps: bool,
}

/// Access tokens live this long.
const LIFE: i64 = 2 * ALIVE_SECONDS;

/// How far the clock moves at a time: until a silent holder counts as dead, or until all that is told is forgotten.
const SILENT: i64 = ALIVE_SECONDS;
const FORGOTTEN: i64 = TOLD_SECONDS + ALIVE_SECONDS;

/// How long a session lives, for the store.
const SESSION: i64 = 1_000;

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

const REQUESTS: usize = 3;
const GENERATIONS: usize = 8;

/// What is tried.
#[derive(Clone, Copy)]
struct Setting {
    /// Which session each request belongs to; two sessions have the same refresh token.
    sessions: [usize; REQUESTS],
    rotates: bool,
    /// Whether sessions are in cookies, and the truth in a record only once there was a refresh.
    sealed: bool,
    waits: bool,
    /// How the clock moves: at any time, and in this order.
    pauses: &'static [i64],
    crashes: u8,
    losses: u8,
    log_outs: u8,
    /// How often a holder says that it lives.
    signs: u8,
}

const USUAL: Setting = Setting {
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

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World {
    now: i64,
    sessions: [Session; 2],
    leases: [Option<Stored>; GENERATIONS],
    provider: Provider,
    requests: [Request; REQUESTS],
    pauses: usize,
    crashes: u8,
    losses: u8,
    log_outs: u8,
    /// Signs of life that are still to be given.
    signs: u8,
    given_back: [bool; GENERATIONS],
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Stored {
    version: u64,
    lease: Lease<Numbered>,
    expires_at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Session {
    /// What the cookie holds; it is never set anew here.
    cookie: Numbered,
    record: Record,
    revoked: bool,
}

/// The truth about a session.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Record {
    /// As the cookie has it.
    Absent,
    Newest(Numbered),
    /// Deleted, or where sessions are in cookies, marked.
    Ended,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Provider {
    next: u8,
    used: [bool; GENERATIONS],
    /// Tokens whose sender saw no answer: it may send them once more.
    excused: [bool; GENERATIONS],
    ended: bool,
    sent: u8,
    access: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Request {
    /// It has not come yet.
    Coming,
    Running {
        attempt: Attempt<Numbered>,
        step: Step<Numbered>,
        answer: Option<Answer<Numbered>>,
        floor: u32,
    },
    Over,
    Crashed,
}

impl World {
    fn new(setting: Setting) -> Self {
        let login = Numbered {
            refresh: Some(0),
            access: 0,
            refreshes: 0,
            obtained_at: -LIFE,
            keeps: !setting.rotates && setting.crashes > 0,
        };
        let session = Session {
            cookie: login,
            record: if setting.sealed {
                Record::Absent
            } else {
                Record::Newest(login)
            },
            revoked: false,
        };
        Self {
            now: 0,
            sessions: [session.clone(), session],
            leases: Default::default(),
            provider: Provider {
                next: 1,
                used: [false; GENERATIONS],
                excused: [false; GENERATIONS],
                ended: false,
                sent: 0,
                access: 0,
            },
            requests: [Request::Coming, Request::Coming, Request::Coming],
            pauses: setting.pauses.len(),
            crashes: setting.crashes,
            losses: setting.losses,
            log_outs: setting.log_outs,
            signs: setting.signs,
            given_back: [false; GENERATIONS],
        }
    }

    fn time(&self) -> Timestamp {
        Timestamp::from_unix(self.now)
    }

    /// Whatever may happen next, each with its name.
    fn successors(&self, setting: &Setting) -> Vec<(Deed, Self)> {
        let mut all = Vec::new();
        for number in 0..REQUESTS {
            self.request(number, setting, &mut all);
        }
        let half = |session: &Session| session.revoked && session.record != Record::Ended;
        if self.requests.iter().all(Request::is_over) && !self.sessions.iter().any(half) {
            return all;
        }
        if let Some(pause) = setting.pauses.get(setting.pauses.len() - self.pauses) {
            let mut later = self.clone();
            later.now += pause;
            later.pauses -= 1;
            for held in &mut later.leases {
                held.take_if(|held| held.expires_at <= later.now);
            }
            all.push(((None, "time passes"), later));
        }
        for number in 0..=setting.sessions[REQUESTS - 1] {
            all.extend(self.log_out(number, setting));
        }
        all
    }

    /// The user logs out: the index is told where there is one, then the record goes or is marked, and the newest
    /// refresh token is given back.
    fn log_out(&self, number: usize, setting: &Setting) -> Option<(Deed, Self)> {
        let session = &self.sessions[number];
        if session.record == Record::Ended || (self.log_outs == 0 && !session.revoked) {
            return None;
        }
        let mut next = self.clone();
        let session = &mut next.sessions[number];
        if !session.revoked {
            next.log_outs -= 1;
            session.revoked = true;
            if setting.sealed {
                return Some(((None, "the session is revoked"), next));
            }
        }
        let newest = match std::mem::replace(&mut session.record, Record::Ended) {
            Record::Newest(newest) => newest,
            Record::Absent | Record::Ended => session.cookie,
        };
        next.give_back(newest);
        Some(((None, "the session is over"), next))
    }

    fn give_back(&mut self, tokens: Numbered) {
        if let Some(refresh) = tokens.refresh {
            self.given_back[usize::from(refresh)] = true;
        }
    }

    fn request(&self, number: usize, setting: &Setting, all: &mut Vec<(Deed, Self)>) {
        let session = setting.sessions[number];
        let (step, answer) = match &self.requests[number] {
            Request::Over | Request::Crashed => return,
            Request::Coming => {
                let Some(seen) = self.read(session) else {
                    let mut next = self.clone();
                    next.requests[number] = Request::Over;
                    all.push(((Some(number), "finds nobody logged in"), next));
                    return;
                };
                let holder = 100 * (number as u64 + 1);
                let (attempt, step) = Attempt::begin(seen, Want::Fresh, setting.waits, holder);
                let mut next = self.clone();
                let floor = seen.refreshes;
                next.requests[number] = Request::Running {
                    attempt,
                    step,
                    answer: None,
                    floor,
                };
                all.push(((Some(number), "comes"), next));
                return;
            }
            Request::Running { step, answer, .. } => (step, answer),
        };
        // It dies: before this step, and after the one before.
        if self.crashes > 0 && self.pauses > 0 {
            let mut next = self.clone();
            next.crashes -= 1;
            next.requests[number] = Request::Crashed;
            all.push(((Some(number), "dies"), next));
        }
        match (step, answer) {
            (Step::Send(_), Some(arrived)) => {
                let mut next = self.clone();
                next.advance(number, Seen::Answer(arrived.clone()));
                all.push(((Some(number), "hears"), next));
                self.lose(number, "has its answer lost", all);
                self.sign_of_life(number, all);
            }
            (Step::Send(tokens), None) => {
                let mut next = self.clone();
                next.arrive(number, *tokens, setting);
                all.push(((Some(number), "sends"), next));
                self.lose(number, "has its request lost", all);
                self.sign_of_life(number, all);
            }
            (Step::Wait, _) => {
                let lease = &self.leases[self.key(number)];
                let stands = lease.as_ref().is_some_and(|held| {
                    matches!(held.lease, Lease::Sending { alive_until, .. } if self.time() < alive_until)
                });
                if !stands {
                    let mut next = self.clone();
                    next.advance(number, Seen::Waited { patient: true });
                    all.push(((Some(number), "has waited"), next));
                }
            }
            (step, _) => {
                let mut next = self.clone();
                next.store(number, session, step.clone());
                all.push(((Some(number), "asks the store"), next));
            }
        }
    }

    /// What is in flight never arrives; its sender lives and sees it.
    fn lose(&self, number: usize, what: &'static str, all: &mut Vec<(Deed, Self)>) {
        if self.losses == 0 {
            return;
        }
        let mut next = self.clone();
        next.losses -= 1;
        let key = next.key(number);
        next.provider.excused[key] = true;
        let failure = Failure("transport.timeout".to_owned());
        next.advance(number, Seen::Answer(Answer::Failed(failure)));
        all.push(((Some(number), what), next));
    }

    /// The holder says that it lives; the store's answer to that may be lost.
    fn sign_of_life(&self, number: usize, all: &mut Vec<(Deed, Self)>) {
        let Request::Running { attempt, .. } = &self.requests[number] else {
            return;
        };
        let key = self.key(number);
        let (version, lease) = attempt.alive(self.time());
        let Some(held) = &self.leases[key] else {
            return;
        };
        if self.signs == 0 || held.version != version || held.lease == lease {
            return;
        }
        let mut next = self.clone();
        next.signs -= 1;
        next.leases[key] = Some(self.stored(version + 1, lease));
        let lost = next.clone();
        if let Request::Running { attempt, .. } = &mut next.requests[number] {
            attempt.kept_alive();
        }
        all.push(((Some(number), "says that it lives"), next));
        all.push((
            (Some(number), "says that it lives, and does not learn it"),
            lost,
        ));
    }

    fn key(&self, number: usize) -> usize {
        match &self.requests[number] {
            Request::Running { attempt, .. } => usize::from(
                attempt
                    .tokens()
                    .refresh
                    .expect("a lease is for a refresh token"),
            ),
            _ => unreachable!(),
        }
    }

    fn stored(&self, version: u64, lease: Lease<Numbered>) -> Stored {
        let expires_at = lease.expires_at(self.time(), SESSION).as_unix();
        Stored {
            version,
            lease,
            expires_at,
        }
    }

    /// What a process reads of a session. That it is revoked may not have reached it yet.
    fn read(&self, session: usize) -> Option<Numbered> {
        let session = &self.sessions[session];
        match session.record {
            Record::Absent => Some(session.cookie),
            Record::Newest(newest) => Some(newest),
            Record::Ended => None,
        }
    }

    fn store(&mut self, number: usize, session: usize, step: Step<Numbered>) {
        let seen = match step {
            Step::ReadTruth => Seen::Truth(self.read(session)),
            Step::WriteTruth(tokens) => match self.sessions[session].record {
                Record::Newest(held) if held.refreshes >= tokens.refreshes => {
                    Seen::Written(Written::Newer(held))
                }
                Record::Ended => Seen::Written(Written::Gone),
                Record::Absent | Record::Newest(_) => {
                    self.sessions[session].record = Record::Newest(tokens);
                    Seen::Written(Written::Yes)
                }
            },
            Step::EndTruth => Seen::Ended,
            Step::CreateLease(lease) => {
                let key = self.key(number);
                let free = self.leases[key].is_none();
                if free {
                    let holder = 100 * (number as u64 + 1);
                    self.leases[key] = Some(self.stored(holder, lease));
                }
                Seen::Created(free)
            }
            Step::ReadLease => {
                let held = self.leases[self.key(number)].clone();
                Seen::Lease(held.map_or(Held::Nothing, |held| Held::This {
                    version: held.version,
                    lease: held.lease,
                }))
            }
            Step::SwapLease { version, lease } => {
                let key = self.key(number);
                let same = self.leases[key]
                    .as_ref()
                    .is_some_and(|held| held.version == version);
                if same {
                    self.leases[key] = Some(self.stored(version + 1, lease));
                }
                Seen::Swapped(same)
            }
            Step::Send(_) | Step::Wait | Step::Finish(_) => unreachable!(),
        };
        self.advance(number, seen);
    }

    fn arrive(&mut self, number: usize, tokens: Numbered, setting: &Setting) {
        let refresh = tokens.refresh.expect("only what is there is sent");
        let key = usize::from(refresh);
        let provider = &mut self.provider;
        provider.sent += 1;
        let again = std::mem::replace(&mut provider.used[key], true);
        if setting.rotates && again {
            assert!(
                provider.excused[key],
                "refresh token {refresh} is sent a second time"
            );
            provider.ended = true;
        }
        let said = if provider.ended {
            Answer::Refused
        } else {
            provider.access += 1;
            let (refresh, access) = (
                if setting.rotates {
                    provider.next
                } else {
                    refresh
                },
                provider.access,
            );
            provider.next += 1;
            Answer::Tokens(Numbered {
                refresh: Some(refresh),
                access,
                refreshes: tokens.refreshes + 1,
                obtained_at: self.now,
                keeps: !setting.rotates,
            })
        };
        let Request::Running { answer, .. } = &mut self.requests[number] else {
            unreachable!()
        };
        *answer = Some(said);
    }

    fn advance(&mut self, number: usize, seen: Seen<Numbered>) {
        let now = self.time();
        let Request::Running {
            attempt,
            step,
            answer,
            ..
        } = &mut self.requests[number]
        else {
            unreachable!()
        };
        *answer = None;
        *step = attempt.next(seen, now);
    }

    /// Ends the requests that are done, and holds what they end with to the rules.
    fn settle(&mut self, setting: &Setting) {
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
                    assert!(lost, "{number} is told of a failure that was none")
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
    fn end(&self, setting: &Setting) {
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

impl Request {
    fn is_over(&self) -> bool {
        matches!(self, Self::Over | Self::Crashed)
    }
}

/// Which request did what, if one did.
type Deed = (Option<usize>, &'static str);

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
