//! What happens during a login, done by a browser without a screen and printed step by step.

use std::time::Instant;

use super::browser::{Browser, Visit};
use super::html::{self, Fields, forms};
use super::http::{Address, header};
use super::mask;
use super::relay::{Exchange, Relay};

/// How many pages a sign-in may have before it is taken for a loop.
const PAGES: usize = 10;

/// A login under way.
#[derive(Debug)]
pub(super) struct Story<'a> {
    relay: &'a Relay,
    told: &'a mut String,
    browser: Browser,
    number: usize,
    title: String,
    begin: Instant,
    lines: Vec<String>,
    calls: Vec<Exchange>,
}

impl<'a> Story<'a> {
    /// Begins with a browser that has never been anywhere; what happens is added to `told`.
    pub(super) fn new(relay: &'a Relay, told: &'a mut String) -> Self {
        Self {
            relay,
            told,
            browser: Browser::default(),
            number: 0,
            title: String::new(),
            begin: Instant::now(),
            lines: Vec::new(),
            calls: Vec::new(),
        }
    }

    /// Returns what the app asked the provider so far.
    pub(super) fn calls(&self) -> &[Exchange] {
        &self.calls
    }

    /// Begins a step.
    pub(super) fn step(&mut self, title: &str) {
        self.step_since(title, Instant::now());
    }

    /// Ends a step and prints it with its time.
    pub(super) fn end(&mut self) {
        self.end_at(Instant::now());
    }

    fn step_since(&mut self, title: &str, begin: Instant) {
        self.number += 1;
        title.clone_into(&mut self.title);
        self.begin = begin;
    }

    fn end_at(&mut self, end: Instant) {
        let time = end.duration_since(self.begin).as_secs_f64() * 1000.0;
        self.say(&format!("{}. {} ({time:.1} ms)", self.number, self.title));
        for line in std::mem::take(&mut self.lines) {
            self.say(&format!("   {line}"));
        }
        self.say("");
    }

    /// Adds a line to what was told.
    pub(super) fn say(&mut self, line: &str) {
        self.told.push_str(line);
        self.told.push('\n');
    }

    /// Opens a page.
    pub(super) fn open(&mut self, address: &Address) -> Result<Visit, String> {
        let visit = self.browser.open(address.clone());
        let visit = visit.map_err(|error| format!("{}: {error}", address.authority))?;
        self.tell(&visit);
        Ok(visit)
    }

    /// Opens a page whose answer belongs to the next step, which begins when the app turns to the
    /// provider.
    pub(super) fn open_in_two_steps(
        &mut self,
        address: &Address,
        next: &str,
    ) -> Result<Visit, String> {
        let visit = self.browser.open(address.clone());
        let visit = visit.map_err(|error| format!("{}: {error}", address.authority))?;
        self.tell_request(&visit);
        let calls = self.relay.take();
        let turn = calls.first().map_or_else(Instant::now, |call| call.begin);
        self.end_at(turn);
        self.step_since(next, turn);
        self.tell_calls(calls);
        self.tell_response(&visit);
        Ok(visit)
    }

    /// Presses a button of a page, one that `choose` finds the fields of.
    fn press(
        &mut self,
        page: &Visit,
        choose: impl Fn(&html::Form) -> Option<Fields>,
    ) -> Result<Visit, String> {
        let found = forms(&page.response.text());
        let mut found = found.iter().filter_map(|form| Some((form, choose(form)?)));
        let (form, fields) = found.next().ok_or_else(|| {
            let status = page.response.status;
            format!(
                "{}: a page ({status}) without the button",
                page.address.url()
            )
        })?;
        let to = page.address.resolve(&form.action);
        let to = to.ok_or_else(|| format!("{} is no address here", form.action))?;
        let visit = self.browser.post(&page.address, to, fields);
        let visit = visit.map_err(|error| error.to_string())?;
        self.tell(&visit);
        Ok(visit)
    }

    /// Signs in as the first user and consents. Returns the address in the app that the provider sends
    /// the browser back to.
    pub(super) fn sign_in(
        &mut self,
        authorize: &Address,
        app: &Address,
    ) -> Result<Address, String> {
        let mut visit = self.open(authorize)?;
        for _ in 0..PAGES {
            visit = match visit.location() {
                Some(to) if to.authority == app.authority => return Ok(to),
                Some(to) => self.open(&to)?,
                None => self.press(&visit, |form| {
                    let user = form.pressing("user", None);
                    user.or_else(|| form.pressing("decision", Some("allow")))
                })?,
            };
        }
        Err("the provider never sends the browser back".to_owned())
    }

    /// Presses the button on the log-out page, and follows where that leads.
    pub(super) fn log_out(&mut self, page: &Address) -> Result<(), String> {
        let page = self.open(page)?;
        let mut visit = self.press(&page, |form| Some(form.hidden.clone()))?;
        for _ in 0..PAGES {
            match visit.location() {
                Some(to) => visit = self.open(&to)?,
                None if visit.response.status == 200 => return Ok(()),
                None => return Err(format!("the log-out ends with {}", visit.response.status)),
            }
        }
        Err("the log-out never ends".to_owned())
    }

    /// Adds the lines for what the browser sent, what the app did meanwhile, and what came back.
    fn tell(&mut self, visit: &Visit) {
        self.tell_request(visit);
        let calls = self.relay.take();
        self.tell_calls(calls);
        self.tell_response(visit);
    }

    fn tell_request(&mut self, visit: &Visit) {
        let Visit {
            address, method, ..
        } = visit;
        let query = address
            .target
            .split_once('?')
            .map_or("", |(_, query)| query);
        let fields = [mask::form(query), mask::form(&html::encode(&visit.fields))].concat();
        let url = format!("http://{}{}", address.authority, address.path());
        self.lines.push(format!("browser  {method} {url}"));
        self.push_indented(&fields);
    }

    fn tell_response(&mut self, visit: &Visit) {
        let mut answer = visit.response.status.to_string();
        if let Some(to) = visit.location() {
            answer.push_str(&format!(", on to http://{}{}", to.authority, to.path()));
        }
        for (verb, removed) in [("sets", false), ("removes", true)] {
            let cookies: Vec<&str> = visit.cookies(removed).collect();
            if !cookies.is_empty() {
                answer.push_str(&format!(", {verb} cookie {}", cookies.join(" and ")));
            }
        }
        self.lines.push(format!("         => {answer}"));
    }

    fn tell_calls(&mut self, calls: Vec<Exchange>) {
        calls.iter().for_each(|call| self.tell_call(call));
        self.calls.extend(calls);
    }

    /// Adds the lines for what the app asked the provider.
    fn tell_call(&mut self, call: &Exchange) {
        let request = &call.request;
        let host = header(&request.headers, "host").unwrap_or_default();
        let path = request.target.split('?').next().unwrap_or_default();
        let mut line = format!("app      {} http://{host}{path}", request.method);
        if let Some(value) = header(&request.headers, "authorization") {
            line.push_str(&format!(", authorization: {}", mask::authorization(value)));
        }
        self.lines.push(line);
        self.push_indented(&mask::form(&String::from_utf8_lossy(&request.body)));
        let time = call.time.as_secs_f64() * 1000.0;
        let answer = mask::json(&call.response.body);
        self.lines.push(format!(
            "         => {} in {time:.1} ms",
            call.response.status
        ));
        self.push_indented(&answer);
    }

    fn push_indented(&mut self, text: &str) {
        if !text.is_empty() {
            self.lines.push(format!("            {text}"));
        }
    }
}
