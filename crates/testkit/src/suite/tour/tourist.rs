//! Somebody who takes the tour, on an app with the provider inside it.

use crate::site::reply::Reply;
use crate::suite::app::{App, Plan};
use crate::suite::visitor::Visitor;

/// A running app, and somebody in front of it.
pub(super) struct Tourist {
    pub(super) app: App,
    pub(super) visitor: Visitor,
}

impl Tourist {
    /// Starts the app as it is without a configuration, on a port of its own.
    pub(super) fn arrive(binary: &str) -> Self {
        let plan = plan();
        let api = format!("{}/auth/dev-provider/api/me", plan.origin());
        Self::arrive_at(plan.with_api_of("dev", api), binary)
    }

    /// Starts the app that is planned.
    pub(super) fn arrive_at(plan: Plan, binary: &str) -> Self {
        Self {
            app: plan.start(binary),
            visitor: Visitor::default(),
        }
    }

    /// Opens a page of the app and goes wherever it leads.
    pub(super) fn open(&mut self, path: &str) -> Reply {
        self.visitor.browse(&self.app.at(path))
    }

    /// Presses the button of a page that posts to this address, and goes wherever it leads.
    pub(super) fn press(&mut self, page: &Reply, address: &str, more: &[(&str, &str)]) -> Reply {
        let first = self.visitor.submit(page, address, more);
        self.visitor.follow(first)
    }

    /// Opens a page as a stranger, signs in, answers the consent page, and arrives.
    pub(super) fn log_in(&mut self, path: &str, who: (&str, &str), decision: &str) -> Reply {
        let sign_in = self.open(path);
        let consent = self.press(&sign_in, "/auth/dev-provider/sign-in", &[who]);
        let decision = [("decision", decision)];
        self.press(&consent, "/auth/dev-provider/consent", &decision)
    }
}

/// Plans an app with the provider inside it and no API.
pub(super) fn plan() -> Plan {
    Plan::new().with_dev_provider()
}

/// Returns what stands between two texts, the first of each.
pub(super) fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let cut = text
        .split_once(before)
        .and_then(|(_, rest)| rest.split_once(after));
    cut.unwrap_or_else(|| panic!("nothing between {before:?} and {after:?}: {text}"))
        .0
}
