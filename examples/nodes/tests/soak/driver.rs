//! The persons: they log in, come back for hours in a few minutes, and never like to see a login page again.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use hyper::Method;
use serde_json::Value;

use crate::browser::{Jar, LoggedIn, log_in};
use crate::chance::Chance;
use crate::client::{Answer, Ask, Client, client, send};
use crate::plan::Plan;

/// How long somebody tries again before a failure counts: longer than a store takes to come back.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(60);

/// One browser that is logged in.
pub(crate) struct Visitor {
    pub(crate) name: String,
    pub(crate) code: String,
    cookies: Mutex<Jar>,
    known: Mutex<Known>,
}

#[derive(Clone, Copy, Default)]
struct Known {
    /// Since when the app says that only a new login brings a token.
    in_doubt: Option<Instant>,
    /// When the latest request came to its end that was answered with a good token.
    last_token: Option<Instant>,
    ended: bool,
}

/// What a page said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// The page, to whoever is logged in.
    In,
    /// A login page, or 401.
    Out,
    /// The token is good no longer, by the word of the API.
    BadToken,
    /// Nothing that counts: the node or the store was away.
    Away(String),
    /// Something that it must never say.
    Else(String),
}

/// Everything that went wrong and must not, and what went as it may.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) logins: AtomicUsize,
    pub(crate) reloads: AtomicUsize,
    pub(crate) requests: AtomicUsize,
    pub(crate) tokens: AtomicUsize,
    pub(crate) tried_again: AtomicUsize,
    pub(crate) cookie_bytes: AtomicUsize,
    wrong: Mutex<Vec<String>>,
}

impl Findings {
    pub(crate) fn wrong(&self, what: String) {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        wrong.push(what);
    }

    pub(crate) fn all_wrong(&self) -> Vec<String> {
        self.wrong
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// The site that is visited, and all who visit it.
pub(crate) struct Driver {
    pub(crate) plan: Plan,
    pub(crate) client: Client,
    pub(crate) origin: String,
    pub(crate) issuer: String,
    pub(crate) findings: Findings,
    began: Instant,
    visitors: RwLock<Vec<Arc<Visitor>>>,
}

impl Visitor {
    pub(crate) fn in_doubt(&self) -> Option<Instant> {
        self.known().in_doubt
    }

    pub(crate) fn last_token(&self) -> Option<Instant> {
        self.known().last_token
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.known().ended
    }

    /// From here on nobody may be let in as this.
    pub(crate) fn end(&self) {
        self.learn(|known| known.ended = true);
    }

    fn learn(&self, what: impl FnOnce(&mut Known)) {
        what(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn known(&self) -> Known {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn cookies(&self) -> String {
        let jar = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        jar.header()
    }

    fn take(&self, answer: &Answer) {
        let mut jar = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        jar.take(answer);
    }
}

impl Driver {
    pub(crate) fn new(plan: Plan, origin: &str, issuer: &str) -> Self {
        Self {
            plan,
            client: client(),
            origin: origin.to_owned(),
            issuer: issuer.to_owned(),
            findings: Findings::default(),
            began: Instant::now(),
            visitors: RwLock::default(),
        }
    }

    pub(crate) fn visitors(&self) -> Vec<Arc<Visitor>> {
        self.visitors
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Returns which part of the work is done, in percent.
    pub(crate) fn progress(&self) -> usize {
        let done = |count: &AtomicUsize, of: usize| count.load(Ordering::Relaxed) * 100 / of.max(1);
        done(&self.findings.logins, self.plan.logins)
            .min(done(&self.findings.requests, self.plan.requests))
            .min(100)
    }

    /// Does all logins and all requests.
    pub(crate) async fn run(self: &Arc<Self>) {
        let logins = Arc::new(AtomicUsize::new(0));
        let browsers = (0..self.plan.browsers).map(|browser| {
            let (driver, logins) = (self.clone(), logins.clone());
            tokio::spawn(async move {
                let place = u64::try_from(browser).unwrap_or(0) + 1;
                let mut chance = Chance::new(driver.plan.seed, place);
                while driver.step(&logins, &mut chance).await {}
            })
        });
        for browser in browsers.collect::<Vec<_>>() {
            browser.await.expect("a browser does not panic");
        }
    }

    /// Does one thing; false when everything is done.
    async fn step(self: &Arc<Self>, logins: &AtomicUsize, chance: &mut Chance) -> bool {
        let Plan {
            logins: all,
            requests,
            ..
        } = self.plan;
        let asked = self.findings.requests.load(Ordering::Relaxed);
        let begun = logins.load(Ordering::Relaxed);
        // Logins and requests stay abreast to the end, with a few sessions to begin with.
        let login_is_due = begun < all && (begun < all / 20 + 1 || begun * requests <= asked * all);
        if login_is_due {
            let number = logins.fetch_add(1, Ordering::Relaxed);
            if number < all {
                self.log_in(&format!("Person {number}")).await;
            }
            return true;
        }
        if asked >= requests {
            return begun < all;
        }
        let visitors = self.visitors();
        if visitors.is_empty() {
            tokio::time::sleep(PAUSE).await;
            return true;
        }
        // Nobody is faster than the plan.
        let due = self.plan.at_least.mul_f64(asked as f64 / requests as f64);
        if self.began.elapsed() < due {
            tokio::time::sleep(PAUSE).await;
            return true;
        }
        // Some come back all the time, others once in a while.
        let regulars = visitors.len() / 20 + 1;
        let among = if chance.percent(50) {
            regulars
        } else {
            visitors.len()
        };
        let visitor = visitors[chance.below(among)].clone();
        self.burst(&visitor, 1 + chance.below(6), chance).await;
        true
    }

    /// Opens some pages of one session at the same moment, as a browser does with a page and what is on it.
    async fn burst(self: &Arc<Self>, visitor: &Arc<Visitor>, count: usize, chance: &mut Chance) {
        let pages = (0..count).map(|_| {
            let token = chance.percent(60) && visitor.in_doubt().is_none();
            let (driver, visitor) = (self.clone(), visitor.clone());
            tokio::spawn(async move {
                let path = if token { "/token" } else { "/" };
                driver.open(&visitor, path).await;
            })
        });
        for page in pages.collect::<Vec<_>>() {
            page.await.expect("a page does not panic");
        }
    }

    /// Logs somebody in, and keeps what the app promised by it.
    pub(crate) async fn log_in(&self, name: &str) -> Option<Arc<Visitor>> {
        match log_in(&self.client, &self.origin, &self.issuer, name).await {
            Ok(LoggedIn {
                cookies,
                code,
                reloads,
            }) => {
                self.findings.logins.fetch_add(1, Ordering::Relaxed);
                self.findings.reloads.fetch_add(reloads, Ordering::Relaxed);
                self.findings
                    .cookie_bytes
                    .fetch_max(cookies.bytes(), Ordering::Relaxed);
                let visitor = Arc::new(Visitor {
                    name: name.to_owned(),
                    code,
                    cookies: Mutex::new(cookies),
                    known: Mutex::default(),
                });
                let mut visitors = self
                    .visitors
                    .write()
                    .unwrap_or_else(PoisonError::into_inner);
                visitors.push(visitor.clone());
                Some(visitor)
            }
            Err(why) => {
                self.findings.logins.fetch_add(1, Ordering::Relaxed);
                self.findings.wrong(format!("login: {why}"));
                None
            }
        }
    }

    /// Opens a page of a session that is alive, and judges what comes back.
    pub(crate) async fn open(&self, visitor: &Visitor, path: &str) {
        self.findings.requests.fetch_add(1, Ordering::Relaxed);
        match self.insist(visitor, path).await {
            Said::In => {
                if path == "/token" {
                    self.findings.tokens.fetch_add(1, Ordering::Relaxed);
                    visitor.learn(|known| known.last_token = Some(Instant::now()));
                }
            }
            Said::Out if path == "/token" => {
                // The session must be alive all the same.
                visitor.learn(|known| {
                    known.in_doubt.get_or_insert_with(Instant::now);
                });
                if self.insist(visitor, "/").await != Said::In {
                    self.findings
                        .wrong(format!("{}: lost with its token", visitor.name));
                }
            }
            other => self
                .findings
                .wrong(format!("{}: {path}: {other:?}", visitor.name)),
        }
    }

    /// Asks until somebody answers who was not away.
    async fn insist(&self, visitor: &Visitor, path: &str) -> Said {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.ask(visitor, path, None).await {
                Said::Away(why) if Instant::now() > deadline => return Said::Away(why),
                Said::Away(_) => {
                    self.findings.tried_again.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(PAUSE).await;
                }
                said => return said,
            }
        }
    }

    /// Asks once: the balancer, or one node.
    pub(crate) async fn ask(
        &self,
        visitor: &Visitor,
        path: &str,
        node: Option<std::net::SocketAddr>,
    ) -> Said {
        let url = format!("{}{path}", self.origin);
        let ask = Ask {
            method: Method::GET,
            url: &url,
            node,
            cookies: visitor.cookies(),
            accept: "application/json",
            form: None,
        };
        let answer = match send(&self.client, ask).await {
            Ok(answer) => answer,
            Err(why) => return Said::Away(why),
        };
        if !visitor.has_ended() {
            visitor.take(&answer);
        }
        match answer.status {
            200 if path == "/" && answer.body == visitor.name => Said::In,
            200 if path == "/token" => {
                let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
                match (body["status"].as_u64(), body["name"].as_str()) {
                    (Some(200), Some(name)) if name == visitor.name => Said::In,
                    (Some(401), _) => Said::BadToken,
                    _ => Said::Else(answer.body),
                }
            }
            401 => Said::Out,
            502 | 503 => Said::Away(format!("{}", answer.status)),
            status => Said::Else(format!("{status} {}", answer.body)),
        }
    }

    /// Sends a form of the app's until it is taken.
    pub(crate) async fn post(
        &self,
        visitor: &Visitor,
        path: &str,
        form: &str,
    ) -> Result<Answer, String> {
        let deadline = Instant::now() + PATIENCE;
        let url = format!("{}{path}", self.origin);
        loop {
            let ask = Ask {
                method: Method::POST,
                url: &url,
                node: None,
                cookies: visitor.cookies(),
                accept: "text/html",
                form: Some(form.to_owned()),
            };
            let why = match send(&self.client, ask).await {
                Ok(answer) if answer.status < 400 => return Ok(answer),
                Ok(answer) => format!("{} {}", answer.status, answer.body),
                Err(why) => why,
            };
            if Instant::now() > deadline {
                return Err(why);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}
