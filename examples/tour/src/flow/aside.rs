//! What is recorded beside logins: refreshes, log-outs and refused requests.

use std::time::Duration;

use codegrant_web::Event;

use super::{Exchange, Failure};
use crate::recorder::Flow;

/// Something that is no login: a refresh, a log-out, or a request that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    /// The correlation id.
    pub id: String,
    /// When it ended, since the Unix epoch.
    pub at: Duration,
    /// What happened, in a few words.
    pub what: &'static str,
    /// Calls to the provider.
    pub exchanges: Vec<Exchange>,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
}

impl Aside {
    /// Reads a flow that is no login; `None` while nothing has come of it.
    pub fn of(flow: &Flow) -> Option<Self> {
        let failure = flow.events.iter().find_map(|seen| Failure::of(&seen.event));
        let outcome = flow.events.iter().find_map(|seen| match seen.event {
            Event::TokensRefreshed { .. } => Some("The tokens were renewed"),
            Event::LoggedOut { .. } => Some("Somebody logged out"),
            _ => None,
        });
        let refused = failure.as_ref().map(|_| "A request was refused");
        Some(Self {
            id: flow.id.clone(),
            at: flow.events.last()?.at,
            what: outcome.or(refused)?,
            exchanges: flow.events.iter().filter_map(Exchange::of_call).collect(),
            failure,
        })
    }
}
