//! What a clause plays on: the app over loopback, and beside it the same login by values.

mod pages;
mod provider;

use std::any::Any;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use codegrant_core::form;
use codegrant_web::{Auth, Registration, Require, Response, ResponseMode, Timestamp, Verdict};
use tokio::runtime::Runtime;

use super::ask::Ask;
use super::wire::{Answer, Connection};
use super::{Adapter, Broken};
use crate::SwitchedStore;
use pages::PlainPages;
use provider::ScriptedProvider;

/// Where browsers would reach the app.
pub(super) const ORIGIN: &str = "http://localhost:3000";

/// What the names of its cookies start with.
pub(super) const COOKIES: &str = "codegrant3000.";

/// What the name of a session's cookie starts with.
pub(super) const SESSION: &str = "codegrant3000.session";

/// What the clock says when an app starts, in Unix seconds.
pub(super) const BEGINNING: i64 = 1_800_000_000;

/// What the app's middleware writes the subject of a login into that came with a response.
pub(super) const LOGGED_IN: &str = "x-logged-in";

/// Headers that a framework may add by itself; every other one is web's.
pub(super) const FRAMEWORK_OWN: [&str; 7] = [
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "permissions-policy",
    "server",
    "transfer-encoding",
];

/// How the app of a clause is set up.
#[derive(Clone, Copy)]
pub(super) struct Setup {
    pub(super) base: &'static str,
    pub(super) sessions: Sessions,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sessions {
    /// In sealed cookies: the app's and the twin's can read each other's.
    Sealed,
    /// In a store that the app alone has.
    Stored,
    /// None of ours: every login is handed over to the app's own users.
    HandedOver,
}

impl Setup {
    /// Sessions in a store, below `/auth`.
    pub(super) fn stored() -> Self {
        Self {
            sessions: Sessions::Stored,
            ..Self::default()
        }
    }
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            base: "/auth",
            sessions: Sessions::Sealed,
        }
    }
}

/// A login with what belongs to it.
pub(super) struct Player {
    pub(super) auth: Auth,
    pub(super) provider: ScriptedProvider,
    pub(super) store: SwitchedStore,
}

/// The app, and the same login by values.
pub(super) struct Stage {
    pub(super) app: Player,
    /// Configured alike, and never shown to the app: says what web answers.
    pub(super) twin: Player,
    clock: Arc<AtomicI64>,
    pub(super) address: SocketAddr,
    runtime: Runtime,
    sessions: Sessions,
    _running: Box<dyn Any>,
}

impl Stage {
    /// Starts the app.
    pub(super) fn start(adapter: &Adapter, setup: Setup) -> Result<Self, Broken> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Broken::new)?;
        let address = listener.local_addr().map_err(Broken::new)?;
        let clock = Arc::new(AtomicI64::new(BEGINNING));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(Broken::new)?;
        let app = Player::new(setup, clock.clone())?;
        let twin = Player::new(setup, clock.clone())?;
        let running = (adapter.start)(app.auth.clone(), listener);
        Ok(Self {
            app,
            twin,
            clock,
            address,
            runtime,
            sessions: setup.sessions,
            _running: running,
        })
    }

    /// Starts the app with sealed sessions below `/auth`.
    pub(super) fn usual(adapter: &Adapter) -> Result<Self, Broken> {
        Self::start(adapter, Setup::default())
    }

    /// Starts the app with sessions in a store.
    pub(super) fn stored(adapter: &Adapter) -> Result<Self, Broken> {
        Self::start(adapter, Setup::stored())
    }

    pub(super) fn wait(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(super) fn connect(&self) -> Result<Connection, Broken> {
        Connection::open(self.address)
    }

    /// Asks the app, on a connection of its own.
    pub(super) fn ask(&self, ask: &Ask) -> Result<Answer, Broken> {
        let mut connection = self.connect()?;
        connection.send(&ask.bytes());
        let answer = connection.receive(&ask.method);
        answer.map_err(|broken| broken.at(ask))
    }

    /// Asks web what it answers to a request below the base path.
    pub(super) fn handled(&self, ask: &Ask) -> Response {
        self.runtime.block_on(self.twin.auth.handle(ask.value()))
    }

    /// Asks web what a page that needs a login answers; `None` when it is shown.
    pub(super) fn challenged(&self, ask: &Ask) -> Option<Response> {
        // Sessions of a store are the app's alone; asking who is there changes nothing.
        let auth = match self.sessions {
            Sessions::Sealed | Sessions::HandedOver => &self.twin.auth,
            Sessions::Stored => &self.app.auth,
        };
        self.runtime.block_on(auth.require(ask.value())).err()
    }

    /// Asks web what a page that wants more than a login answers; `None` when it is shown.
    pub(super) fn not_admitted(&self, ask: &Ask, require: &Require) -> Option<Response> {
        let auth = match self.sessions {
            Sessions::Sealed | Sessions::HandedOver => &self.twin.auth,
            Sessions::Stored => &self.app.auth,
        };
        let admitted = auth.admit(ask.value(), require);
        self.runtime.block_on(admitted).err()
    }

    /// Asks the app and web the same, below the base path, and compares.
    pub(super) fn compare(&self, ask: &Ask) -> Result<Answer, Broken> {
        let expected = self.handled(ask);
        let answer = self.ask(ask)?;
        same(ask, &expected, &answer)?;
        Ok(answer)
    }

    /// Asks the app for a page that needs a login, and compares the refusal with web's.
    pub(super) fn compare_refusal(&self, ask: &Ask) -> Result<Answer, Broken> {
        let answer = self.ask(ask)?;
        match self.challenged(ask) {
            Some(expected) => same(ask, &expected, &answer)?,
            None => return Err(Broken::new("web would show the page").at(ask)),
        }
        Ok(answer)
    }

    /// Asks the app for a page of its own and expects exactly this text.
    pub(super) fn expect_page(&self, ask: &Ask, text: &str) -> Result<(), Broken> {
        let answer = self.ask(ask)?;
        let shown = String::from_utf8_lossy(&answer.body);
        if answer.status != 200 || (ask.method != "HEAD" && shown != text) {
            let shown: String = shown.chars().take(200).collect();
            return Err(Broken::new(format!(
                "status {} with {shown:?} where the handler says {text:?}",
                answer.status
            ))
            .at(ask));
        }
        untouched(&answer).map_err(|broken| broken.at(ask))
    }

    /// Asks the app for an address that is not below the base path: nothing of ours may answer.
    pub(super) fn expect_nothing_of_ours(&self, ask: &Ask) -> Result<(), Broken> {
        let answer = self.ask(ask)?;
        if !(400..500).contains(&answer.status) {
            let status = answer.status;
            let text = format!("status {status} at an address that nobody mounted");
            return Err(Broken::new(text).at(ask));
        }
        untouched(&answer).map_err(|broken| broken.at(ask))
    }

    /// Logs in by values, without the app's sockets; returns the cookies that a browser then holds.
    pub(super) fn log_in(&self) -> Result<Vec<String>, Broken> {
        let player = match self.sessions {
            Sessions::Sealed | Sessions::HandedOver => &self.twin,
            Sessions::Stored => &self.app,
        };
        let begin = Ask::open(format!("{}/login/op", player.auth.base()));
        let begun = self.runtime.block_on(player.auth.handle(begin.value()));
        let pending = Pending::of(begun.header("location"), kept(&begun.headers))?;
        let back = pending.callback(player.auth.base());
        let ended = self.runtime.block_on(player.auth.handle(back.value()));
        let cookies = kept(&ended.headers);
        if cookies.is_empty() {
            return Err(Broken::new(format!("no login by values: {}", ended.status)));
        }
        Ok(cookies)
    }

    /// Starts a login through the app.
    pub(super) fn begin(&self, provider: &str) -> Result<Pending, Broken> {
        let ask = Ask::open(format!("{}/login/{provider}", self.app.auth.base()));
        let answer = self.compare(&ask)?;
        Pending::of(answer.first("location"), kept(&answer.headers))
    }
}

impl Player {
    pub(super) fn new(setup: Setup, clock: Arc<AtomicI64>) -> Result<Self, Broken> {
        let (provider, store) = (ScriptedProvider::new(), SwitchedStore::new());
        let registered = |id| Registration::new(provider::entry(id), "app").secret("client secret");
        let mut builder = Auth::builder(ORIGIN)
            .secret("the secret of an app that is only a test")
            .base(setup.base)
            .registration(registered("op"))
            .registration(registered("posting").response_mode(ResponseMode::FormPost))
            .pages(PlainPages)
            .http_client(provider.clone())
            .clock(move || Timestamp::from_unix(clock.load(Ordering::SeqCst)));
        if setup.sessions == Sessions::Stored {
            builder = builder.store(store.clone());
        }
        if setup.sessions == Sessions::HandedOver {
            builder = builder.on_login(async |_| Ok(Verdict::HandOver("an account".to_owned())));
        }
        let auth = builder.build().map_err(Broken::new)?;
        Ok(Self {
            auth,
            provider,
            store,
        })
    }
}

/// A login on its way: what the browser knows while it is at the provider.
pub(super) struct Pending {
    pub(super) state: String,
    pub(super) cookies: Vec<String>,
}

impl Pending {
    fn of(location: Option<&str>, cookies: Vec<String>) -> Result<Self, Broken> {
        let query = location.and_then(|location| location.split_once('?'));
        let parameters = query.and_then(|(_, query)| form::parameters(query).ok());
        let state = parameters.and_then(|parameters| {
            let mut states = parameters.into_iter().filter(|(name, _)| name == "state");
            states.next().map(|(_, value)| value)
        });
        let state = state.ok_or_else(|| Broken::new("the login does not lead to the provider"))?;
        Ok(Self { state, cookies })
    }

    /// Comes back from the provider with a code.
    pub(super) fn callback(&self, base: &str) -> Ask {
        let target = format!("{base}/callback/op?code=a-code&state={}", self.state);
        Ask::open(target).with_cookies(&self.cookies)
    }
}

/// Returns the cookies that a browser keeps after these headers, as it sends them.
pub(super) fn kept<N: AsRef<str>>(headers: &[(N, String)]) -> Vec<String> {
    let set = headers
        .iter()
        .filter(|(name, _)| name.as_ref() == "set-cookie");
    let kept = set.filter(|(_, value)| !value.contains("Max-Age=0"));
    kept.filter_map(|(_, value)| value.split(';').next())
        .map(str::to_owned)
        .collect()
}

/// Compares an answer with web's: status, web's headers, no others but the framework's own, body.
pub(super) fn same(ask: &Ask, expected: &Response, answer: &Answer) -> Result<(), Broken> {
    let fail = |text: String| Err(Broken::new(text).at(ask));
    if answer.status != expected.status {
        let (is, should) = (answer.status, expected.status);
        return fail(format!("status {is} where web says {should}"));
    }
    for (name, _) in &expected.headers {
        let wanted = expected.headers.iter().filter(|(held, _)| held == name);
        let wanted: Vec<String> = wanted.map(|(_, value)| masked(name, value)).collect();
        let got: Vec<String> = answer.all(name).map(|value| masked(name, value)).collect();
        if got != wanted {
            return fail(format!("{name} is {got:?} where web says {wanted:?}"));
        }
    }
    let (said, proved) = (answer.first(LOGGED_IN), logged_in(expected));
    if said != proved {
        return fail(format!(
            "the app's middleware saw the login of {said:?} where web hands on that of {proved:?}"
        ));
    }
    for (name, _) in &answer.headers {
        let known = name == LOGGED_IN || expected.headers.iter().any(|(held, _)| held == name);
        if !known && !FRAMEWORK_OWN.contains(&name.as_str()) {
            return fail(format!("{name} is there, which web did not send"));
        }
    }
    let body = if ask.method == "HEAD" {
        &[]
    } else {
        expected.body.as_slice()
    };
    if answer.body != body {
        let at = answer.body.iter().zip(body).take_while(|(a, b)| a == b);
        let (is, should, at) = (answer.body.len(), body.len(), at.count());
        return fail(format!(
            "the body has {is} bytes where web made {should}; they differ from byte {at} on"
        ));
    }
    Ok(())
}

/// Returns the subject of the login that a response of web ends.
pub(super) fn logged_in(response: &Response) -> Option<&str> {
    let login = response.login.as_ref();
    login.map(|login| login.identity().subject.as_str())
}

/// A page of the app's own carries nothing of ours.
fn untouched(answer: &Answer) -> Result<(), Broken> {
    let ours = ["set-cookie", "location", "www-authenticate", LOGGED_IN];
    match ours.into_iter().find(|name| answer.first(name).is_some()) {
        Some(name) => Err(Broken::new(format!("{name} is there, which nobody sent"))),
        None => Ok(()),
    }
}

/// Hides what is random in a header's value, and leaves how long it is.
pub(super) fn masked(name: &str, value: &str) -> String {
    if name == "location" || name == "set-cookie" {
        mask_runs(value)
    } else {
        value.to_owned()
    }
}

/// Replaces every run of twenty or more characters of base64url by its length.
pub(super) fn mask_runs(text: &str) -> String {
    let mut masked = String::new();
    let mut run = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_alphanumeric() || c == '_' || c == '-' {
            run.push(c);
            continue;
        }
        if run.len() >= 20 {
            masked.push_str(&format!("<{}>", run.len()));
        } else {
            masked.push_str(&run);
        }
        run.clear();
        masked.push(c);
    }
    masked.pop();
    masked
}
