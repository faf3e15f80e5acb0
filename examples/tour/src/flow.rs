//! A recorded flow, told as the five steps of the Authorization Code Grant (RFC 6749 section 4.1).

mod aside;
mod exchange;
mod told;

use std::time::Duration;

use codegrant_web::{Event, Session};

pub use aside::Aside;
pub use exchange::Exchange;
pub(crate) use exchange::Purpose;

use crate::recorder::{Flow, Seen};

/// A login as five steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowView {
    /// The correlation id.
    pub id: String,
    /// The id of the provider.
    pub provider: String,
    /// When it began, since the Unix epoch.
    pub began: Duration,
    /// From the click to the session or to the error, with the time that the user spent at the provider.
    pub took: Option<Duration>,
    /// Who logged in, if the flow came that far.
    pub account: Option<Account>,
    /// The five steps, always all of them.
    pub steps: [Step; 5],
    /// What came after the end: the same callback once more.
    pub repeated: usize,
}

/// The account that logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Who vouches for it.
    pub issuer: String,
    /// Which account it is there.
    pub subject: String,
}

/// One of the five steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What happens, as a heading.
    pub title: &'static str,
    /// The same in a word or two.
    pub short: &'static str,
    /// Who talks to whom.
    pub between: &'static str,
    /// How far it came.
    pub progress: Progress,
    /// What was sent and received.
    pub exchanges: Vec<Exchange>,
    /// How long it took, and what was waited for.
    pub took: Option<(Duration, &'static str)>,
    /// What was checked before the flow went on.
    pub checked: &'static str,
}

/// How far a step came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It is over, and all was well.
    Done,
    /// The flow waits here.
    Waiting,
    /// The flow ended here.
    Failed(Failure),
    /// The flow did not come this far.
    Ahead,
    /// The flow came past, but this app did not see it: it was restarted, or nobody began here.
    Unseen,
}

/// Why a flow ended early, as the operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The stable name.
    pub code: &'static str,
    /// Both sides of what did not match.
    pub detail: String,
    /// What most likely happened.
    pub cause: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

impl FlowView {
    /// Reads a flow; `None` when it is not a login, such as a refresh or a log-out.
    ///
    /// `base` is where the login's endpoints are, such as `/auth`.
    pub fn of(flow: &Flow, base: &str) -> Option<Self> {
        Parts::of(flow)?.view(flow, base)
    }

    /// Tells whether this login was the session's account logging in, now or another time.
    pub fn is_of(&self, session: &Session) -> bool {
        let account = self.account.as_ref();
        account.is_some_and(|held| {
            (held.issuer.as_str(), held.subject.as_str()) == session.identity().key()
        })
    }

    /// Returns the failure, if there is one.
    pub fn failure(&self) -> Option<&Failure> {
        self.steps.iter().find_map(|step| match &step.progress {
            Progress::Failed(failure) => Some(failure),
            _ => None,
        })
    }
}

impl Failure {
    /// Reads a failure out of its event.
    pub(crate) fn of(event: &Event) -> Option<Self> {
        match event {
            Event::Failed {
                code,
                detail,
                cause,
                remedy,
                ..
            } => Some(Self {
                code,
                detail: detail.clone(),
                cause,
                remedy,
            }),
            _ => None,
        }
    }
}

/// The events of a login, by what they are.
struct Parts<'a> {
    provider: &'a str,
    /// Calls before the browser was sent away: the provider's metadata.
    lookups: Vec<&'a Seen>,
    started: Option<&'a Seen>,
    callback: Option<&'a Seen>,
    /// Calls after the browser came back.
    calls: Vec<&'a Seen>,
    /// [`Event::LoginFinished`] or [`Event::Failed`].
    end: Option<&'a Seen>,
    /// Callbacks after the end.
    repeated: usize,
}

impl<'a> Parts<'a> {
    fn of(flow: &'a Flow) -> Option<Self> {
        let mut parts = Self {
            provider: "",
            lookups: Vec::new(),
            started: None,
            callback: None,
            calls: Vec::new(),
            end: None,
            repeated: 0,
        };
        for seen in &flow.events {
            match &seen.event {
                Event::CallbackReceived { .. } if parts.end.is_some() => parts.repeated += 1,
                _ if parts.end.is_some() => {}
                Event::LoginStarted { provider, .. } => {
                    parts.provider = provider;
                    parts.started = Some(seen);
                }
                Event::CallbackReceived { provider, .. } => {
                    parts.provider = provider;
                    parts.callback = Some(seen);
                }
                Event::ProviderCalled { provider, .. } => {
                    parts.provider = provider;
                    if parts.callback.is_some() {
                        parts.calls.push(seen);
                    } else {
                        parts.lookups.push(seen);
                    }
                }
                Event::Failed { provider, .. } => {
                    // A login always knows its provider; whatever else fails may not.
                    parts.provider = provider.as_deref()?;
                    parts.end = Some(seen);
                }
                Event::LoginFinished { .. } => parts.end = Some(seen),
                // Refresh and log-out are no logins.
                _ => return None,
            }
        }
        let login = parts.started.is_some() || parts.callback.is_some() || parts.end.is_some();
        login.then_some(parts)
    }

    fn failure(&self) -> Option<Failure> {
        Failure::of(&self.end?.event)
    }

    /// Returns the index of the step that the flow is in, or ended in.
    fn reached(&self) -> usize {
        let callback_refused = self
            .failure()
            .is_some_and(|failure| told::is_of_callback(failure.code));
        match (self.started, self.callback) {
            (_, Some(_)) if self.calls.is_empty() || callback_refused => 3,
            (_, Some(_)) => 4,
            (Some(_), None) => 2,
            (None, None) => 1,
        }
    }

    fn progress(&self, index: usize) -> Progress {
        let reached = self.reached();
        if self.started.is_none() && self.callback.is_some() && index < 3 {
            return Progress::Unseen;
        }
        match self.end.map(|_| self.failure()) {
            Some(None) => Progress::Done,
            Some(Some(failure)) if index == reached => Progress::Failed(failure),
            None if index == reached => Progress::Waiting,
            _ if index < reached => Progress::Done,
            _ => Progress::Ahead,
        }
    }

    fn view(&self, flow: &Flow, base: &str) -> Option<FlowView> {
        let first = flow.events.first()?;
        let began = self.lookups.first().map_or(first.at, |seen| began(seen));
        let steps = [0, 1, 2, 3, 4].map(|index| {
            let exchanges = match index {
                0 => flow.visit.iter().map(Exchange::of_visit).collect(),
                1 => self.click(base),
                2 => self
                    .started
                    .and_then(Exchange::of_redirect)
                    .into_iter()
                    .collect(),
                3 => self
                    .callback
                    .and_then(|seen| Exchange::of_callback(seen, base))
                    .into_iter()
                    .collect(),
                _ => self
                    .calls
                    .iter()
                    .copied()
                    .filter_map(Exchange::of_call)
                    .collect(),
            };
            Step {
                title: told::TITLES[index],
                short: told::SHORT[index],
                between: told::BETWEEN[index],
                progress: self.progress(index),
                exchanges,
                took: self.took(index, flow),
                checked: told::checked(index, self.has_id_token()),
            }
        });
        Some(FlowView {
            id: flow.id.clone(),
            provider: self.provider.to_owned(),
            began,
            took: self.end.map(|end| end.at.saturating_sub(began)),
            account: self.account(),
            steps,
            repeated: self.repeated,
        })
    }

    /// What the click on "Log in with ..." led to: the look-ups that were needed, and the redirect.
    fn click(&self, base: &str) -> Vec<Exchange> {
        let answer = match (self.started, self.end) {
            (Some(_), _) => "303, to the provider",
            (None, Some(_)) => "the error page",
            (None, None) => "nothing yet",
        };
        // A callback that nobody asked for has no click before it.
        let clicked = self.started.is_some() || self.callback.is_none();
        let click = Exchange::of_click(&format!("{base}/login/{}", self.provider), answer);
        let lookups = self.lookups.iter().copied().filter_map(Exchange::of_call);
        clicked
            .then_some(click)
            .into_iter()
            .chain(lookups)
            .collect()
    }

    fn account(&self) -> Option<Account> {
        match &self.end?.event {
            Event::LoginFinished {
                issuer, subject, ..
            } => Some(Account {
                issuer: issuer.clone(),
                subject: subject.clone(),
            }),
            _ => None,
        }
    }

    /// Tells whether the token answer holds an ID token; before it came, it may.
    fn has_id_token(&self) -> bool {
        let token = self
            .calls
            .iter()
            .find(|seen| Purpose::of(&seen.event) == Some(Purpose::Token));
        token.is_none_or(|seen| match &seen.event {
            Event::ProviderCalled { received, .. } => {
                received.iter().any(|(name, _)| name == "id_token")
            }
            _ => false,
        })
    }

    fn took(&self, index: usize, flow: &Flow) -> Option<(Duration, &'static str)> {
        let at = |seen: Option<&Seen>| seen.map(|seen| seen.at);
        let between =
            |from: Option<Duration>, to: Option<Duration>| Some(to?.saturating_sub(from?));
        let clicked = self
            .lookups
            .first()
            .map(|seen| began(seen))
            .or(at(self.started));
        let first_call = self.calls.first().map(|seen| began(seen));
        let (took, on) = match index {
            0 => (
                between(flow.visit.as_ref().map(|visit| visit.at), clicked),
                "until the click",
            ),
            1 => (between(clicked, at(self.started)), "in the app"),
            2 => (
                between(at(self.started), at(self.callback)),
                "at the provider, with the user",
            ),
            3 => (
                between(at(self.callback), first_call.or(at(self.end))),
                "in the app",
            ),
            _ => (between(first_call, at(self.end)), "server to server"),
        };
        // With the metadata at hand, choosing a provider is one event, and nothing was measured.
        took.filter(|took| !took.is_zero()).map(|took| (took, on))
    }
}

/// Returns when a call began: it is seen when it has ended.
fn began(seen: &Seen) -> Duration {
    match &seen.event {
        Event::ProviderCalled { microseconds, .. } => {
            seen.at.saturating_sub(Duration::from_micros(*microseconds))
        }
        _ => seen.at,
    }
}

#[cfg(test)]
mod tests;
