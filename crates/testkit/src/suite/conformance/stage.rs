//! One module under way: the app, its provider, and the browser between the two.

use std::sync::Arc;

use codegrant_core::http::{HttpRequest, Method};

use super::house::Op;
use super::module::{End, Module};
use super::{calls, rules};
use crate::site::reply::Reply;
use crate::site::visit::Visit;
use crate::suite::app::App;
use crate::suite::visitor::{Visitor, target_of};

/// How many redirects and posting pages in a row a browser takes.
const STEPS: usize = 20;

/// What goes on in one module.
pub(super) struct Stage<'a> {
    pub(super) app: &'a App,
    pub(super) module: &'a Module,
    pub(super) op: Arc<Op>,
    pub(super) visitor: Visitor,
}

impl<'a> Stage<'a> {
    pub(super) fn new(app: &'a App, module: &'a Module, op: Arc<Op>) -> Self {
        Self {
            app,
            module,
            op,
            visitor: Visitor::default(),
        }
    }

    /// Plays the module and judges it.
    pub(super) fn perform(mut self) -> Result<(), String> {
        let reply = (self.module.play)(&mut self)?;
        match self.module.end {
            End::LoggedIn => self.is_logged_in(&reply)?,
            End::Refused(code) => self.is_refused(&reply, code)?,
            End::Seen => {}
        }
        let arrived = self.op.calls();
        calls::compare(&self.module.calls, &arrived)?;
        rules::judge(self.module, &self.op, &arrived, self.app)
    }

    /// Asks the app to log in, and stops before the browser leaves it.
    pub(super) fn begin(&mut self) -> Reply {
        let path = format!("/auth/login/{}?return_to=/me", self.op.alias);
        self.visitor.get(&self.app.at(&path))
    }

    /// Logs in from the app's button to wherever that ends.
    pub(super) fn log_in(&mut self) -> Result<Reply, String> {
        let first = self.begin();
        self.follow(first)
    }

    /// Goes where redirects and pages that post themselves lead, at the app and at the provider.
    pub(super) fn follow(&mut self, first: Reply) -> Result<Reply, String> {
        let callback = format!("/auth/callback/{}", self.op.alias);
        let mut reply = first;
        for _ in 0..STEPS {
            reply = if let Some(next) = target_of(&reply) {
                if next.starts_with(&self.op.issuer) {
                    self.at_provider(&next)
                } else {
                    self.visitor.get(&next)
                }
            } else if reply.form().is_some_and(|(to, _)| to.ends_with(&callback)) {
                self.visitor.submit(&reply, &callback, &[])
            } else {
                return Ok(reply);
            };
        }
        Err(format!(
            "more than {STEPS} redirects, the last from {}",
            reply.url
        ))
    }

    /// Opens an address of the provider; by value, since only the app's sockets matter.
    pub(super) fn at_provider(&mut self, url: &str) -> Reply {
        let mut request = HttpRequest::new(Method::Get, url);
        if let Some(cookies) = self.visitor.cookies_for(url) {
            request.set_header("cookie", cookies);
        }
        let response = self.op.handle(&request, None);
        self.visitor.receive(url, response)
    }

    fn is_logged_in(&mut self, reply: &Reply) -> Result<(), String> {
        if reply.status == 200 && reply.url == self.app.at("/me") {
            return Ok(());
        }
        Err(format!(
            "nobody is logged in, {} says {}: {}",
            reply.url,
            reply.status,
            self.told()
        ))
    }

    fn is_refused(&mut self, reply: &Reply, code: &str) -> Result<(), String> {
        if !(400..600).contains(&reply.status) {
            return Err(format!(
                "{} answers {} and should refuse",
                reply.url, reply.status
            ));
        }
        let stranger = self.visitor.get(&self.app.at("/me"));
        if stranger.status == 200 {
            return Err("somebody is logged in all the same".to_owned());
        }
        self.logs(&[code])
    }

    /// Fails unless the operator's log has a line with these words about this module's provider.
    pub(super) fn logs(&self, words: &[&str]) -> Result<(), String> {
        let provider = format!("provider=\"{}\"", self.op.alias);
        let words: Vec<&str> = words.iter().copied().chain([provider.as_str()]).collect();
        let found = self.app.find_in_log(&words);
        found
            .map(drop)
            .map_err(|_| format!("no {words:?} in the log: {}", self.told()))
    }

    /// Returns what the operator's log says about this module's provider.
    pub(super) fn told(&self) -> String {
        let provider = format!("provider=\"{}\"", self.op.alias);
        let said = self.app.said();
        let lines: Vec<&str> = said
            .lines()
            .filter(|line| line.contains(&provider))
            .collect();
        if lines.is_empty() {
            return "the log says nothing".to_owned();
        }
        lines.join(" / ")
    }

    /// Opens a page of the app as a click there would.
    pub(super) fn click(&mut self, path: &str) -> Reply {
        let url = self.app.at(path);
        self.visitor
            .send(&Visit::get(url).from_page(self.app.at("")))
    }

    /// Sends a form from a page of the app.
    pub(super) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let url = self.app.at(path);
        self.visitor
            .send(&Visit::post(url, fields).from_page(self.app.at("")))
    }
}
