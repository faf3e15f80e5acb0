//! The flow recorder: keeps what the login said while it happened, for the page that shows it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use codegrant_web::{Event, Observer};

use crate::flow::Purpose;
use crate::moment;

/// How many flows are kept; the oldest go first.
const FLOWS: usize = 20;

/// How many events of one flow are kept: a callback can be sent again and again.
const EVENTS: usize = 40;

/// How long after a visit a login is still taken as its consequence.
const VISIT_COUNTS: Duration = Duration::from_secs(600);

/// Watches logins and keeps the last 20 flows in memory. Cheap to clone: all clones share one record.
///
/// Values that are secrets arrive here masked already, see [`Event`].
#[derive(Clone, Default)]
pub struct Recorder(Arc<Mutex<Record>>);

/// One flow: everything with one correlation id, such as a login from the first redirect to the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// The correlation id, which also stands on the error page.
    pub id: String,
    /// The page that the user saw before, if it was one of ours.
    pub visit: Option<Visit>,
    /// What happened, in order.
    pub events: Vec<Seen>,
}

/// A page that somebody saw who was not logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// When, since the Unix epoch.
    pub at: Duration,
    /// Its path.
    pub path: String,
}

/// An event and when it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// When, since the Unix epoch.
    pub at: Duration,
    /// What.
    pub event: Event,
}

#[derive(Default)]
struct Record {
    /// The flow that was last heard of stands last.
    flows: VecDeque<Flow>,
    visit: Option<Visit>,
}

impl Recorder {
    /// Returns all flows, the latest first.
    pub fn flows(&self) -> Vec<Flow> {
        self.record().flows.iter().rev().cloned().collect()
    }

    /// Notes that somebody who is not logged in saw a page: the first step of a login that may follow.
    pub fn visited(&self, path: &str) {
        self.visit_at(moment::now(), path);
    }

    fn visit_at(&self, at: Duration, path: &str) {
        let path = path.to_owned();
        self.record().visit = Some(Visit { at, path });
    }

    fn observe_at(&self, at: Duration, id: &str, event: Event) {
        let mut record = self.record();
        let mut flow = record.take(id, &event);
        if let Event::LoginStarted { .. } = event {
            let visit = record.visit.take();
            flow.visit = visit.filter(|visit| at.saturating_sub(visit.at) <= VISIT_COUNTS);
        }
        if flow.events.len() < EVENTS {
            flow.events.push(Seen { at, event });
        }
        if record.flows.len() == FLOWS {
            record.flows.pop_front();
        }
        record.flows.push_back(flow);
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Recorder {
    fn observe(&self, correlation_id: &str, event: Event) {
        self.observe_at(moment::now(), correlation_id, event);
    }
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder")
            .field("flows", &self.record().flows.len())
            .finish_non_exhaustive()
    }
}

impl Record {
    /// Takes the flow out that an event belongs to, or begins one.
    fn take(&mut self, id: &str, event: &Event) -> Flow {
        let known = self.flows.iter().position(|flow| flow.id == id);
        if let Some(flow) = known.and_then(|at| self.flows.remove(at)) {
            return flow;
        }
        // A login has its id from the moment it is drawn up. The metadata that it needed was fetched
        // before that, under an id of its own: those calls are the beginning of this flow.
        if let Event::LoginStarted { provider, .. } = event {
            let before = self
                .flows
                .iter()
                .rposition(|flow| flow.is_lookup_at(provider));
            if let Some(mut flow) = before.and_then(|at| self.flows.remove(at)) {
                id.clone_into(&mut flow.id);
                return flow;
            }
        }
        Flow {
            id: id.to_owned(),
            visit: None,
            events: Vec::new(),
        }
    }
}

impl Flow {
    /// Tells whether nothing happened so far but that this provider's metadata was fetched.
    fn is_lookup_at(&self, wanted: &str) -> bool {
        self.events.iter().all(|seen| match &seen.event {
            Event::ProviderCalled { provider, .. } => {
                provider == wanted && Purpose::of(&seen.event) == Some(Purpose::Metadata)
            }
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn called(provider: &str, path: &str) -> Event {
        Event::ProviderCalled {
            provider: provider.to_owned(),
            method: "GET",
            url: format!("https://{provider}.example{path}"),
            sent: Vec::new(),
            outcome: Ok(200),
            received: Vec::new(),
            microseconds: 1,
        }
    }

    fn started(provider: &str) -> Event {
        Event::LoginStarted {
            provider: provider.to_owned(),
            endpoint: String::new(),
            parameters: Vec::new(),
        }
    }

    fn ids(recorder: &Recorder) -> Vec<String> {
        recorder.flows().into_iter().map(|flow| flow.id).collect()
    }

    const METADATA: &str = "/.well-known/openid-configuration";

    #[test]
    fn metadata_fetched_for_a_login_belongs_to_it() {
        let recorder = Recorder::default();
        recorder.observe_at(at(1), "early", called("op", METADATA));
        recorder.observe_at(at(2), "login", started("op"));
        assert_eq!(ids(&recorder), ["login"]);
        assert_eq!(recorder.flows()[0].events.len(), 2);
    }

    #[test]
    fn nothing_else_is_taken_for_the_beginning_of_a_login() {
        let recorder = Recorder::default();
        recorder.observe_at(at(1), "other-provider", called("ev", METADATA));
        recorder.observe_at(at(2), "other-call", called("op", "/token"));
        recorder.observe_at(at(3), "login", started("op"));
        assert_eq!(ids(&recorder), ["login", "other-call", "other-provider"]);
    }

    #[test]
    fn last_twenty_flows_are_kept_the_latest_first() {
        let recorder = Recorder::default();
        for number in 0..25 {
            recorder.observe_at(at(number), &number.to_string(), started("op"));
        }
        recorder.observe_at(at(30), "10", called("op", "/token"));
        let ids = ids(&recorder);
        assert_eq!(ids.len(), FLOWS);
        assert_eq!(ids[..2], ["10", "24"]);
        assert_eq!(ids.last().unwrap(), "5");
    }

    #[test]
    fn flow_that_never_ends_stops_growing() {
        let recorder = Recorder::default();
        for number in 0..100 {
            recorder.observe_at(at(number), "one", called("op", "/token"));
        }
        assert_eq!(recorder.flows()[0].events.len(), EVENTS);
    }

    #[test]
    fn visit_counts_for_one_login_and_not_for_long() {
        let recorder = Recorder::default();
        let visit = |id: &str| {
            let flows = recorder.flows();
            let flow = flows.iter().find(|flow| flow.id == id).unwrap();
            flow.visit.as_ref().map(|visit| visit.path.clone())
        };
        recorder.visit_at(at(0), "/");
        recorder.observe_at(at(600), "first", started("op"));
        recorder.observe_at(at(600), "second", started("op"));
        recorder.visit_at(at(1000), "/");
        recorder.observe_at(at(1601), "late", started("op"));
        assert_eq!(visit("first").as_deref(), Some("/"));
        assert_eq!(visit("second"), None);
        assert_eq!(visit("late"), None);
    }
}
