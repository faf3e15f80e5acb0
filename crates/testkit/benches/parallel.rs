//! Many at once: 1,000 providers, and 10,000 logins that all wait for their tokens. Each line of the output is JSON.
//!
//! The provider is a value in this process, and signs before it is asked: what is counted is the app's own work, in
//! processor time of this one thread. Everything is done ten thousand times, however many are in parallel.

#![allow(clippy::print_stdout, reason = "the figures are what this is for")]

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use codegrant_core::form;
use codegrant_core::http::{HttpRequest, HttpResponse};
use codegrant_core::jose::{Algorithm, SigningKey};
use codegrant_testkit::world::signing_key;
use codegrant_web::provider::{Protocol, Provider};
use codegrant_web::{Auth, HttpClient, Registration, Request, Response, TransportError};
use serde_json::json;
use tokio::sync::Semaphore;

const ORIGIN: &str = "http://localhost:3000";
/// The issuers, each below its number.
const ISSUERS: &str = "http://localhost:4000/";
/// How many logins are measured, whatever is measured of them.
const LOGINS: usize = 10_000;
/// How many providers are weighed, however many an app has.
const PROVIDERS: usize = 1_000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // What any login in a process needs is there before anything is weighed.
    let warm = App::new(1);
    warm.log_in(0).await;
    // Nothing that was weighed is given back: the next one would be weighed in the room that it left.
    let mut kept = vec![warm];
    for providers in [1, 10, 100, 1_000] {
        among(providers, &mut kept).await;
    }
    for parallel in [1, 100, 10_000] {
        at_once(parallel).await;
    }
}

/// What requests cost where so many providers are configured.
async fn among(providers: usize, kept: &mut Vec<App>) {
    let before = resident();
    let clock = Processor::now();
    // As many of them in all, however many an app has: one alone is less than the system can tell.
    let apps = PROVIDERS / providers;
    kept.extend((0..apps).map(|_| App::new(providers)));
    let built = clock.microseconds() / apps as f64;
    let bytes = resident().saturating_sub(before) / PROVIDERS;
    let app = App::new(providers);
    // The last one that is configured, after one login with it: what is fetched once has been.
    let last = providers - 1;
    let session = app.log_in(last).await;

    let clock = Processor::now();
    for _ in 0..LOGINS {
        let found = app.auth.identify(request("/", "", &session)).await;
        black_box(found.expect("no store that may fail").expect("a session"));
    }
    let identify = clock.microseconds() / LOGINS as f64;

    let clock = Processor::now();
    let mut begun = Vec::with_capacity(LOGINS);
    for _ in 0..LOGINS {
        begun.push(app.start(last).await);
    }
    let start = clock.microseconds() / LOGINS as f64;

    let begun: Vec<_> = begun
        .into_iter()
        .map(|answer| app.consent(&answer))
        .collect();
    app.client.gate.add_permits(LOGINS);
    let clock = Processor::now();
    for back in &begun {
        black_box(app.finish(last, back).await);
    }
    let callback = clock.microseconds() / LOGINS as f64;
    println!(
        "{}",
        json!({
            "what": "providers", "providers": providers, "build_us": built, "bytes_per_provider": bytes,
            "identify_us": rounded(identify), "start_us": rounded(start), "callback_us": rounded(callback),
        })
    );
}

/// What logins cost that are under way together: all of them wait for the token endpoint, then go on.
async fn at_once(parallel: usize) {
    let app = Arc::new(App::new(1));
    app.log_in(0).await;
    let (mut start, mut callback, mut bytes) = (0.0, 0.0, 0);
    for _ in 0..LOGINS / parallel {
        let clock = Processor::now();
        let mut begun = Vec::with_capacity(parallel);
        for _ in 0..parallel {
            begun.push(app.start(0).await);
        }
        start += clock.microseconds();
        let begun: Vec<_> = begun
            .into_iter()
            .map(|answer| app.consent(&answer))
            .collect();

        let before = resident();
        app.client.waiting.store(0, Ordering::Relaxed);
        let clock = Processor::now();
        let logins: Vec<_> = begun
            .into_iter()
            .map(|back| {
                let app = app.clone();
                tokio::spawn(async move { app.finish(0, &back).await.status })
            })
            .collect();
        while app.client.waiting.load(Ordering::Relaxed) < parallel {
            tokio::task::yield_now().await;
        }
        bytes = bytes.max(resident().saturating_sub(before) / parallel);
        app.client.gate.add_permits(parallel);
        for login in logins {
            assert_eq!(login.await.expect("no panic"), 303);
        }
        callback += clock.microseconds();
    }
    println!(
        "{}",
        json!({
            "what": "parallel", "parallel": parallel, "start_us": rounded(start / LOGINS as f64),
            "callback_us": rounded(callback / LOGINS as f64), "bytes_in_flight": bytes,
        })
    );
}

/// An app with some providers, all of them the same value in this process.
struct App {
    auth: Auth,
    client: Arc<InProcess>,
}

/// Answers for every issuer; token requests wait at the gate.
struct InProcess {
    key: Arc<SigningKey>,
    /// By the code.
    tokens: Mutex<HashMap<String, HttpResponse>>,
    waiting: AtomicUsize,
    gate: Semaphore,
}

/// What a browser brings back from the provider.
struct Back {
    query: String,
    cookies: String,
}

struct Shared(Arc<InProcess>);

#[async_trait]
impl HttpClient for Shared {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let (issuer, endpoint) = request.url.rsplit_once('/').expect("an endpoint");
        Ok(match endpoint {
            "openid-configuration" => metadata(issuer.trim_end_matches("/.well-known")),
            "keys" => HttpResponse::json(&json!({ "keys": [self.0.key.public_jwk()] })),
            _ => {
                self.0.waiting.fetch_add(1, Ordering::Relaxed);
                let turn = self.0.gate.acquire().await;
                turn.expect("it is never closed").forget();
                let sent = String::from_utf8_lossy(&request.body);
                let mut tokens = self.0.tokens.lock().unwrap_or_else(PoisonError::into_inner);
                tokens
                    .remove(&parameter(&sent, "code"))
                    .expect("a code of ours")
            }
        })
    }
}

impl App {
    fn new(providers: usize) -> Self {
        let client = Arc::new(InProcess {
            key: signing_key(Algorithm::Es256, "k1"),
            tokens: Mutex::default(),
            waiting: AtomicUsize::new(0),
            gate: Semaphore::new(0),
        });
        let mut builder = Auth::builder(ORIGIN).http_client(Shared(client.clone()));
        for number in 0..providers {
            let (id, name) = (format!("op{number}"), format!("Provider {number}"));
            let mut provider = Provider::openid(id, name, format!("{ISSUERS}{number}"));
            if let Protocol::OpenId { algorithm, .. } = &mut provider.protocol {
                *algorithm = Some(Algorithm::Es256);
            }
            builder = builder.registration(Registration::new(provider, "app").secret("a secret"));
        }
        let auth = builder.build().expect("a sound configuration");
        Self { auth, client }
    }

    async fn start(&self, provider: usize) -> Response {
        let path = format!("/auth/login/op{provider}");
        self.auth.handle(request(&path, "", "")).await
    }

    async fn finish(&self, provider: usize, back: &Back) -> Response {
        let path = format!("/auth/callback/op{provider}");
        self.auth
            .handle(request(&path, &back.query, &back.cookies))
            .await
    }

    /// Says yes at the provider, and has the tokens ready.
    fn consent(&self, start: &Response) -> Back {
        let url = start
            .header("location")
            .expect("a redirect to the provider");
        let (endpoint, query) = url.split_once('?').expect("a query");
        let (nonce, state) = (parameter(query, "nonce"), parameter(query, "state"));
        let issuer = endpoint.trim_end_matches("/authorize");
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("a clock")
            .as_secs();
        let claims = json!({
            "iss": issuer, "sub": "248289761001", "aud": "app", "exp": now + 600, "iat": now, "nonce": nonce,
            "name": "Jane Doe", "email": "jane@mail.example", "email_verified": true,
        });
        let id_token = self
            .client
            .key
            .sign(None, claims.as_object().expect("an object"));
        let tokens = HttpResponse::json(&json!({
            "access_token": "an-access-token-of-some-forty-characters", "token_type": "Bearer", "expires_in": 3600,
            "id_token": id_token.expect("a key of its own"),
        }));
        let mut held = self
            .client
            .tokens
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // The nonce is as good a code as any.
        held.insert(nonce.clone(), tokens);
        let query = format!(
            "code={}&state={}",
            form::encode(&nonce),
            form::encode(&state)
        );
        let cookies = cookies(start);
        Back { query, cookies }
    }

    /// Logs in, and returns the session's cookies.
    async fn log_in(&self, provider: usize) -> String {
        let back = self.consent(&self.start(provider).await);
        self.client.gate.add_permits(1);
        let answer = self.finish(provider, &back).await;
        let body = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status, 303, "{body}");
        cookies(&answer)
    }
}

fn metadata(issuer: &str) -> HttpResponse {
    HttpResponse::json(&json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "code_challenge_methods_supported": ["S256"],
    }))
}

fn request<'a>(path: &'a str, query: &'a str, cookies: &'a str) -> Request<'a> {
    Request::new("GET", path, Some(query), [("cookie", cookies.as_bytes())])
}

fn cookies(response: &Response) -> String {
    let set = response
        .headers
        .iter()
        .filter(|(name, _)| *name == "set-cookie");
    let pairs = set.filter_map(|(_, value)| value.split(';').next());
    let kept: Vec<_> = pairs.filter(|pair| !pair.ends_with('=')).collect();
    kept.join("; ")
}

fn parameter(encoded: &str, name: &str) -> String {
    let found = form::parameters(encoded).expect("a sound text").into_iter();
    let mut named = found.filter(|(held, _)| held == name);
    named.next().expect("the parameter").1
}

/// The processor time of this thread; where the system does not tell it, the time that passes.
struct Processor {
    began: Instant,
    spent: Option<u64>,
}

impl Processor {
    fn now() -> Self {
        Self {
            began: Instant::now(),
            spent: nanoseconds(),
        }
    }

    fn microseconds(&self) -> f64 {
        match (self.spent, nanoseconds()) {
            (Some(before), Some(now)) => (now - before) as f64 / 1_000.0,
            _ => self.began.elapsed().as_secs_f64() * 1e6,
        }
    }
}

fn nanoseconds() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok()
}

/// Returns how much memory this process has of the system; none is known where there is no `/proc`.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    kilobytes.unwrap_or(0) * 1024
}

fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
