//! Plays the corpus: keeps each entry's cookies and state, and writes down what comes.

use codegrant_core::form;

use super::super::ask::Ask;
use super::super::stage::{FRAMEWORK_OWN, LOGGED_IN, Player, Stage, mask_runs, masked};
use super::super::wire::Answer;
use super::super::{Adapter, Broken};
use super::entry::{Cookies, Entry, Mark, Spelling, Step};
use super::transcript::{Outcome, Record, Transcript};

/// Whoever can be asked: an app over its socket, or web by values.
pub(in crate::contract) trait Asked {
    /// Sends one request, and says why no answer came.
    fn ask(&mut self, ask: &Ask, spelling: &Spelling) -> Result<Answer, Broken>;

    /// Whose provider is called.
    fn player(&self) -> &Player;
}

/// What the framework of an adapter does by itself, as the adapter declared it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Leeway {
    pub(super) refuses_unknown_methods: bool,
    pub(super) drops_foreign_fields: bool,
}

impl Leeway {
    /// Everything reaches the adapter as it was sent.
    pub(super) const NONE: Self = Self {
        refuses_unknown_methods: false,
        drops_foreign_fields: false,
    };

    pub(super) fn of(adapter: &Adapter) -> Self {
        Self {
            refuses_unknown_methods: adapter.refuses_unknown_methods,
            drops_foreign_fields: adapter.drops_foreign_fields,
        }
    }

    fn covers(self, mark: Mark) -> bool {
        match mark {
            Mark::Reaches => false,
            Mark::UnknownMethod => self.refuses_unknown_methods,
            Mark::ForeignBytes => self.drops_foreign_fields,
            Mark::Strict(_) => true,
        }
    }
}

/// An app over HTTP/1.1, each request on a connection of its own.
pub(super) struct Wire<'a> {
    pub(super) stage: &'a Stage,
}

impl Asked for Wire<'_> {
    fn ask(&mut self, ask: &Ask, spelling: &Spelling) -> Result<Answer, Broken> {
        let mut connection = self.stage.connect()?;
        match spelling {
            Spelling::Usual => connection.send(&ask.bytes()),
            Spelling::Bytes(bytes) | Spelling::Malformed(bytes) => {
                let cookie = ask.headers.iter().find(|(name, _)| *name == "cookie");
                let cookie = cookie.map(|(_, value)| String::from_utf8_lossy(value));
                let bytes = with_cookie(bytes, &cookie.unwrap_or_default());
                connection.send(&bytes);
                if matches!(spelling, Spelling::Malformed(_)) {
                    connection.finish_sending();
                }
            }
            Spelling::Declaring(length) => {
                connection.send(&ask.head(Some(*length)));
                connection.send(&ask.body);
            }
            Spelling::BrokenOff(length) => {
                connection.send(&ask.head(Some(*length)));
                connection.send(&ask.body);
                connection.finish_sending();
            }
        }
        connection.receive(&ask.method)
    }

    fn player(&self) -> &Player {
        &self.stage.app
    }
}

/// Puts the cookies into bytes that are sent as they stand.
fn with_cookie(bytes: &[u8], cookie: &str) -> Vec<u8> {
    const PLACE: &[u8] = b"{cookie}";
    let at = bytes.windows(PLACE.len()).position(|here| here == PLACE);
    match at {
        Some(at) => [&bytes[..at], cookie.as_bytes(), &bytes[at + PLACE.len()..]].concat(),
        None => bytes.to_vec(),
    }
}

/// Plays every entry and returns what came of each request.
pub(super) fn through(
    entries: &[Entry],
    leeway: Leeway,
    sealed: &mut dyn Asked,
    stored: &mut dyn Asked,
) -> Result<Transcript, Broken> {
    let mut records = Vec::new();
    for entry in entries {
        let asked: &mut dyn Asked = if entry.stored { stored } else { sealed };
        let mut visit = Visit::default();
        for (at, step) in entry.steps.iter().enumerate() {
            let name = match entry.steps.len() {
                1 => entry.name.clone(),
                _ => format!("{}, {}", entry.name, at + 1),
            };
            records.push(visit.play(name, step, leeway, asked));
        }
    }
    if records
        .iter()
        .all(|record| record.outcome == Outcome::Refused)
    {
        return Err(Broken::new("nothing of the corpus is answered"));
    }
    Ok(Transcript { records })
}

/// What a browser keeps during one entry.
#[derive(Default)]
struct Visit {
    jar: Vec<String>,
    /// Every cookie that there has been, also those that were dropped or replaced.
    ever: Vec<String>,
    state: String,
}

impl Visit {
    fn play(
        &mut self,
        entry: String,
        step: &Step,
        leeway: Leeway,
        asked: &mut dyn Asked,
    ) -> Record {
        let ask = step.ask.clone().filled("{state}", &self.state);
        let jar = match step.cookies {
            Cookies::Copied => &self.ever,
            _ => &self.jar,
        };
        let ask = step.cookies.add(ask, jar);
        let before = asked.player().provider.calls().len();
        let answer = asked.ask(&ask, &step.spelling);
        let mut calls = asked.player().provider.calls();
        let calls = calls.split_off(before);
        if let Ok(answer) = &answer {
            self.keep(answer);
        }
        let heard = match &answer {
            Ok(answer) => format!("status {}", answer.status),
            Err(broken) => broken.to_string(),
        };
        Record {
            entry,
            request: step.ask.to_string(),
            outcome: self.outcome(&ask, step, answer.ok()),
            heard,
            calls: calls.iter().map(|call| mask_runs(call)).collect(),
            mark: step.mark,
            leeway: leeway.covers(step.mark),
        }
    }

    /// Keeps cookies as a browser does, and the state of a login that begins.
    fn keep(&mut self, answer: &Answer) {
        for value in answer.all("set-cookie") {
            let pair = value.split(';').next().unwrap_or_default();
            let name = pair.split_once('=').map_or(pair, |(name, _)| name);
            let named = |held: &String| held.split_once('=').is_some_and(|(held, _)| held == name);
            self.jar.retain(|held| !named(held));
            if !value.contains("Max-Age=0") {
                self.jar.push(pair.to_owned());
                self.ever.push(pair.to_owned());
            }
        }
        let location = answer.first("location").unwrap_or_default();
        let query = location.split_once('?').map(|(_, query)| query);
        let parameters = query.and_then(|query| form::parameters(query).ok());
        let mut parameters = parameters.unwrap_or_default().into_iter();
        if let Some((_, state)) = parameters.find(|(name, _)| name == "state") {
            self.state = state;
        }
    }

    fn outcome(&self, ask: &Ask, step: &Step, answer: Option<Answer>) -> Outcome {
        let Some(answer) = answer else {
            return Outcome::Refused;
        };
        let place = Place::of(ask);
        let refused = answer.status >= 400 && !is_ours(&answer);
        let nothing_may_run = matches!(
            step.spelling,
            Spelling::Malformed(_) | Spelling::BrokenOff(_)
        );
        // Which words the server finds for it, and whether the adapter did, is the same to everybody.
        let over = nothing_may_run && answer.status >= 400 && !carries_anything(&answer);
        if place == Place::Nobodys && refused && answer.status < 500 {
            return Outcome::Nobodys;
        }
        if refused || over {
            return Outcome::Refused;
        }
        if place != Place::Endpoint && !is_ours(&answer) && !carries_anything(&answer) {
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            let status = answer.status;
            return Outcome::Page { status, text };
        }
        let own = |name: &str| FRAMEWORK_OWN.contains(&name);
        let headers = answer.headers.iter().filter(|(name, _)| !own(name));
        let masked = |(name, value): &(String, String)| {
            let value = match name.as_str() {
                // What is sealed has no fixed length.
                "set-cookie" => without_lengths(&masked(name, value)),
                _ => masked(name, value),
            };
            (name.clone(), value)
        };
        let mut headers: Vec<(String, String)> = headers.map(masked).collect();
        headers.sort_by(|(one, _), (other, _)| one.cmp(other));
        Outcome::Answered {
            status: answer.status,
            headers,
            body: self.without_state(answer.body),
        }
    }

    fn without_state(&self, body: Vec<u8>) -> Vec<u8> {
        match String::from_utf8(body) {
            Ok(text) if !self.state.is_empty() => text.replace(&self.state, "{state}").into_bytes(),
            Ok(text) => text.into_bytes(),
            Err(error) => error.into_bytes(),
        }
    }
}

/// Whose address a request goes to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Below the base path: web's.
    Endpoint,
    /// A page that needs `User`.
    Greeting,
    /// The page that takes `Option<User>`.
    Maybe,
    /// The page that takes nothing.
    Plain,
    /// None of them.
    Nobodys,
}

impl Place {
    pub(super) fn of(ask: &Ask) -> Self {
        let target = ask.origin_form();
        let path = target.split_once('?').map_or(target, |(path, _)| path);
        let get = ask.method == "GET";
        match path {
            _ if path.starts_with("/auth/") => Self::Endpoint,
            "/" if get || ask.method == "POST" => Self::Greeting,
            "/nested/page" if get => Self::Greeting,
            _ if get && path.starts_with("/files/") => Self::Greeting,
            "/maybe" if get => Self::Maybe,
            "/plain" if get => Self::Plain,
            _ => Self::Nobodys,
        }
    }
}

/// Writes `<471>` as `<>`.
fn without_lengths(masked: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in masked.chars() {
        inside &= c.is_ascii_digit();
        if !inside {
            text.push(c);
        }
        inside |= c == '<';
    }
    text
}

/// Tells whether web made an answer: all of its answers carry these.
fn is_ours(answer: &Answer) -> bool {
    answer.first("cache-control") == Some("no-store")
        && answer.first("referrer-policy") == Some("no-referrer")
}

/// Tells whether an answer changes anything in the browser, or ends a login.
fn carries_anything(answer: &Answer) -> bool {
    let ours = ["set-cookie", "location", LOGGED_IN];
    ours.into_iter().any(|name| answer.first(name).is_some())
}
