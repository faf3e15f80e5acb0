//! The provider, and an account of every code and every refresh token that reached it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use codegrant_testkit::{ClientRegistration, DevProvider, Loopback, Served, Settings};
use serde_json::Value;
use url::form_urlencoded;

/// What the nodes are called at the provider, and their password there.
pub(crate) const CLIENT: (&str, &str) = ("nodes", "nodes-secret");

/// How far away the provider is: long enough for a kill to come in between.
pub(crate) const DISTANCE: Duration = Duration::from_millis(40);

/// A provider that gives a new refresh token at every refresh, and ends a grant whose old one comes back.
pub(crate) struct Provider {
    served: Served,
    ledger: Arc<Mutex<Ledger>>,
}

impl Provider {
    /// Starts one whose access tokens live so long, and that remembers so many of them.
    pub(crate) fn start(access_token_seconds: i64, remembered: usize) -> Self {
        let loopback = Loopback::bind().expect("loopback has a free port");
        let (id, secret) = CLIENT;
        let mut settings = Settings::new(loopback.origin(), [7; 32])
            .with_client(ClientRegistration::any_on_loopback(id, Some(secret)))
            .with_access_token_lifetime(access_token_seconds)
            .with_remembered(remembered);
        settings.algorithm = "ES256".parse().expect("an algorithm");
        let provider = DevProvider::new(settings).expect("the settings are sound");
        let ledger = Arc::<Mutex<Ledger>>::default();
        let account = ledger.clone();
        let served = loopback.serve(move |request| {
            let path = request.url.rsplit('/').next().unwrap_or_default();
            let now = codegrant_testkit::serve::system_time();
            match path {
                "token" => {
                    let asked =
                        lock(&account).asked(&request.body, node_of(request.header("user-agent")));
                    std::thread::sleep(DISTANCE);
                    let answer = provider.handle(request, now);
                    lock(&account).answered(&asked, answer.status, &answer.body);
                    answer
                }
                "userinfo" => {
                    let answer = provider.handle(request, now);
                    lock(&account).called(answer.status);
                    answer
                }
                _ => provider.handle(request, now),
            }
        });
        Self { served, ledger }
    }

    /// Returns its issuer identifier.
    pub(crate) fn issuer(&self) -> &str {
        self.served.origin()
    }

    /// Returns what it has seen.
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }
}

/// Reads the name that a node gives itself.
fn node_of(user_agent: Option<&str>) -> Option<usize> {
    user_agent?.strip_prefix("nodes/")?.parse().ok()
}

fn lock(ledger: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How often everything was presented that may be presented once.
#[derive(Default)]
pub(crate) struct Ledger {
    /// By authorization code.
    pub(crate) codes: HashMap<String, u32>,
    /// By refresh token.
    pub(crate) refresh_tokens: HashMap<String, u32>,
    /// What came of each code: the chain of tokens that began with it.
    pub(crate) chains: HashMap<String, Chain>,
    /// Which chain a refresh token belongs to, by the chain's code.
    chain_of: HashMap<String, String>,
    /// Errors of the token endpoint, with how often each was given.
    pub(crate) refusals: HashMap<String, u32>,
    /// Calls of the API, and how many of them came with a token that was not good.
    pub(crate) calls: u64,
    pub(crate) bad_calls: u64,
}

/// The access tokens of one login, one after the other.
#[derive(Default)]
pub(crate) struct Chain {
    /// When each was asked for.
    pub(crate) asked: Vec<Instant>,
    /// Which node asked for the last one.
    pub(crate) asked_last_by: Option<usize>,
    /// When each was given out; shorter by one where the last one was refused.
    pub(crate) given: Vec<Instant>,
}

/// A request to the token endpoint.
enum Asked {
    Code(String),
    Refresh(String),
    Else,
}

impl Ledger {
    fn asked(&mut self, form: &[u8], node: Option<usize>) -> Asked {
        let form: HashMap<String, String> = form_urlencoded::parse(form).into_owned().collect();
        let of = |name: &str| form.get(name).cloned().unwrap_or_default();
        match form.get("grant_type").map(String::as_str) {
            Some("authorization_code") => {
                let code = of("code");
                *self.codes.entry(code.clone()).or_default() += 1;
                let chain = self.chains.entry(code.clone()).or_default();
                chain.asked.push(Instant::now());
                chain.asked_last_by = node;
                Asked::Code(code)
            }
            Some("refresh_token") => {
                let token = of("refresh_token");
                *self.refresh_tokens.entry(token.clone()).or_default() += 1;
                if let Some(code) = self.chain_of.get(&token) {
                    let chain = self.chains.entry(code.clone()).or_default();
                    chain.asked.push(Instant::now());
                    chain.asked_last_by = node;
                }
                Asked::Refresh(token)
            }
            _ => Asked::Else,
        }
    }

    fn answered(&mut self, asked: &Asked, status: u16, body: &[u8]) {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        if status != 200 {
            let error = format!("{status} {} {}", body["error"], body["error_description"]);
            *self.refusals.entry(error).or_default() += 1;
            return;
        }
        let code = match asked {
            Asked::Code(code) => Some(code.clone()),
            Asked::Refresh(token) => self.chain_of.get(token).cloned(),
            Asked::Else => None,
        };
        let (Some(code), Some(next)) = (code, body["refresh_token"].as_str()) else {
            return;
        };
        let chain = self.chains.entry(code.clone()).or_default();
        chain.given.push(Instant::now());
        self.chain_of.insert(next.to_owned(), code);
    }

    fn called(&mut self, status: u16) {
        self.calls += 1;
        self.bad_calls += u64::from(status != 200);
    }

    /// Returns how many of a kind were presented, and how many of them more than once.
    pub(crate) fn count(presented: &HashMap<String, u32>) -> (usize, usize) {
        let again = presented.values().filter(|times| **times > 1);
        (presented.len(), again.count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(ledger: &mut Ledger, form: &str, given: &str) {
        let asked = ledger.asked(form.as_bytes(), None);
        let body = format!(r#"{{"refresh_token":"{given}"}}"#);
        ledger.answered(&asked, 200, body.as_bytes());
    }

    #[test]
    fn a_refresh_token_that_comes_back_is_counted() {
        let mut ledger = Ledger::default();
        asked(&mut ledger, "grant_type=authorization_code&code=a", "1");
        asked(&mut ledger, "grant_type=refresh_token&refresh_token=1", "2");
        assert_eq!(Ledger::count(&ledger.refresh_tokens), (1, 0));
        asked(&mut ledger, "grant_type=refresh_token&refresh_token=1", "3");
        assert_eq!(Ledger::count(&ledger.refresh_tokens), (1, 1));
        assert_eq!(Ledger::count(&ledger.codes), (1, 0));
    }

    #[test]
    fn the_tokens_of_one_login_are_one_chain() {
        let mut ledger = Ledger::default();
        asked(&mut ledger, "grant_type=authorization_code&code=a", "1");
        asked(&mut ledger, "grant_type=authorization_code&code=b", "9");
        asked(&mut ledger, "grant_type=refresh_token&refresh_token=1", "2");
        asked(&mut ledger, "grant_type=refresh_token&refresh_token=2", "3");
        let lengths = |code: &str| {
            (
                ledger.chains[code].asked.len(),
                ledger.chains[code].given.len(),
            )
        };
        assert_eq!((lengths("a"), lengths("b")), ((3, 3), (1, 1)));
    }

    #[test]
    fn what_the_token_endpoint_refuses_is_kept() {
        let mut ledger = Ledger::default();
        let asked = ledger.asked(b"grant_type=refresh_token&refresh_token=1", None);
        ledger.answered(&asked, 400, br#"{"error":"invalid_grant"}"#);
        assert_eq!(ledger.refusals.values().sum::<u32>(), 1);
    }
}
