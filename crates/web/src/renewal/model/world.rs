//! The world of the model: requests, one store, a provider, and all that can happen next.

use codegrant_core::Timestamp;

use super::super::attempt::Attempt;
use super::super::lease::{Failure, Lease};
use super::super::step::{Answer, Held, Seen, Step, Want, Written};
use super::provider::Provider;
use super::{GENERATIONS, LIFE, Numbered, REQUESTS, SESSION, Setting};

/// Which request did what, if one did.
pub(super) type Deed = (Option<usize>, &'static str);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub(super) now: i64,
    pub(super) sessions: [Session; 2],
    pub(super) leases: [Option<Stored>; GENERATIONS],
    pub(super) provider: Provider,
    pub(super) requests: [Request; REQUESTS],
    pub(super) pauses: usize,
    pub(super) crashes: u8,
    pub(super) losses: u8,
    pub(super) log_outs: u8,
    /// Signs of life that are still to be given.
    pub(super) signs: u8,
    pub(super) given_back: [bool; GENERATIONS],
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Stored {
    version: u64,
    lease: Lease<Numbered>,
    expires_at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Session {
    /// What the cookie holds; it is never set anew here.
    pub(super) cookie: Numbered,
    pub(super) record: Record,
    pub(super) revoked: bool,
}

/// The truth about a session.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Record {
    /// As the cookie has it.
    Absent,
    Newest(Numbered),
    /// Deleted, or where sessions are in cookies, marked.
    Ended,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Request {
    /// It has not come yet.
    Coming,
    Running {
        attempt: Box<Attempt<Numbered>>,
        step: Step<Numbered>,
        answer: Option<Answer<Numbered>>,
        floor: u32,
    },
    Over,
    Crashed,
}

impl World {
    pub(super) fn new(setting: Setting) -> Self {
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
    pub(super) fn successors(&self, setting: &Setting) -> Vec<(Deed, Self)> {
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

    pub(super) fn give_back(&mut self, tokens: Numbered) {
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
                    attempt: Box::new(attempt),
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
    pub(super) fn read(&self, session: usize) -> Option<Numbered> {
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
}

impl Request {
    pub(super) fn is_over(&self) -> bool {
        matches!(self, Self::Over | Self::Crashed)
    }
}
