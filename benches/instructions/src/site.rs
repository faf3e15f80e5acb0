//! The operations of a whole app: what its browser's requests cost, without sockets and without the provider.

use std::hint::black_box;
use std::sync::Arc;

use async_trait::async_trait;
use codegrant_core::Timestamp;
use codegrant_core::http::{HttpRequest, HttpResponse};
use codegrant_dev_provider::{ClientRegistration, DevProvider, Settings};
use codegrant_web::provider::Provider;
use codegrant_web::{
    Auth, HttpClient, MemoryStore, Registration, Request, Response, TransportError,
};
use tokio::runtime::{Builder, Runtime};

use crate::count;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const ORIGIN: &str = "http://localhost:3000";
const ISSUER: &str = "http://localhost:4000";

/// Finds who is logged in, from the sealed cookie of a request.
pub fn session_by_cookie() {
    session(&Site::new(None));
}

/// Finds who is logged in, from the store in memory.
pub fn session_by_memory() {
    session(&Site::new(Some(in_memory())));
}

fn session(site: &Site) {
    let cookies = site.log_in();
    count::perform(|| site.identify(&site.auth, &cookies));
}

/// Finds who is logged in, from a sealed cookie that this process sees for the first time.
pub fn first_session_by_cookie() {
    first_session(&Site::new(None));
}

/// Finds who is logged in, from a record in memory that this process reads for the first time.
pub fn first_session_by_memory() {
    first_session(&Site::new(Some(in_memory())));
}

fn first_session(site: &Site) {
    let cookies = site.log_in();
    count::perform(|| {
        let auth = count::uncounted(|| site.another());
        site.identify(&auth, &cookies);
        count::uncounted(|| drop(auth));
    });
}

fn in_memory() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new(1_000))
}

/// Sends a stranger to the login.
pub fn challenge() {
    let site = Site::new(None);
    count::perform(|| {
        black_box(site.auth.challenge(request("/page", "", "")));
    });
}

/// Sends a browser to the provider, the metadata at hand.
pub fn start_of_a_login() {
    let site = Site::new(None);
    site.log_in();
    count::perform(|| {
        black_box(site.get("/auth/login/op", "", ""));
    });
}

/// Receives a browser from the provider: token request, proof, session. What the provider does is not counted.
pub fn whole_callback() {
    let site = Site::new(None);
    site.log_in();
    count::perform(|| {
        let (query, cookies) = count::uncounted(|| site.start());
        let finish = site.get("/auth/callback/op", &query, &cookies);
        count::uncounted(|| check(&finish));
    });
}

/// An app and its provider in one process.
struct Site {
    auth: Auth,
    provider: Arc<DevProvider>,
    store: Option<Arc<MemoryStore>>,
    runtime: Runtime,
}

struct InProcess(Arc<DevProvider>);

#[async_trait]
impl HttpClient for InProcess {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        Ok(count::uncounted(|| self.0.handle(&request, NOW)))
    }
}

impl Site {
    fn new(store: Option<Arc<MemoryStore>>) -> Self {
        let client = ClientRegistration::any_on_loopback("app", Some("a secret"));
        let settings = Settings::new(ISSUER, [7; 32]).with_client(client);
        let provider = Arc::new(DevProvider::new(settings).expect("an issuer on loopback"));
        let runtime = Builder::new_current_thread().enable_time().build();
        Self {
            auth: auth(&provider, store.clone()),
            provider,
            store,
            runtime: runtime.expect("a runtime"),
        }
    }

    /// The same app as one more process has it, which has seen no session yet.
    fn another(&self) -> Auth {
        auth(&self.provider, self.store.clone())
    }

    fn identify(&self, auth: &Auth, cookies: &str) {
        let found = auth.identify(request("/", "", cookies));
        let found = self.runtime.block_on(found);
        let session = found.expect("a sound session").expect("a session");
        black_box(session.identity().to_string());
    }

    fn get(&self, path: &str, query: &str, cookies: &str) -> Response {
        let answer = self.auth.handle(request(path, query, cookies));
        self.runtime.block_on(answer)
    }

    /// Starts a login and signs in; returns the query of the callback and the browser's cookies.
    fn start(&self) -> (String, String) {
        let start = self.get("/auth/login/op", "", "");
        let url = start.header("location").expect("a redirect");
        let back = self.provider.authorize_as(url, "ada", NOW);
        let callback = back.header("location").expect("a redirect back");
        let (_, query) = callback.split_once('?').expect("a code");
        (query.to_owned(), cookies(&start))
    }

    /// Logs in and returns the session's cookies.
    fn log_in(&self) -> String {
        let (query, held) = self.start();
        let finish = self.get("/auth/callback/op", &query, &held);
        check(&finish);
        cookies(&finish)
    }
}

fn auth(provider: &Arc<DevProvider>, store: Option<Arc<MemoryStore>>) -> Auth {
    let entry = Provider::openid("op", "OP", ISSUER);
    let mut builder = Auth::builder(ORIGIN)
        .registration(Registration::new(entry, "app").secret("a secret"))
        .http_client(InProcess(provider.clone()))
        .secret("a secret of the app that is long enough")
        .clock(|| NOW);
    if let Some(store) = store {
        builder = builder.store(store);
    }
    builder.build().expect("a sound configuration")
}

fn check(finish: &Response) {
    let said = String::from_utf8_lossy(&finish.body);
    assert_eq!(finish.status, 303, "{said}");
}

fn request<'a>(path: &'a str, query: &'a str, cookies: &'a str) -> Request<'a> {
    Request::new("GET", path, Some(query), [("cookie", cookies.as_bytes())])
}

fn cookies(response: &Response) -> String {
    let set = response.headers.iter();
    let set = set.filter(|(name, _)| *name == "set-cookie");
    let kept = set.filter_map(|(_, value)| value.split(';').next());
    kept.collect::<Vec<_>>().join("; ")
}
