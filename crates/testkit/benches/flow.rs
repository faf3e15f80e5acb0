//! What the parts of a login cost, each without a socket: `cargo xtask bench`.

use std::sync::Arc;

use async_trait::async_trait;
use codegrant_core::http::{HttpRequest, HttpResponse};
use codegrant_core::jose::{Algorithm, Jws, KeySet};
use codegrant_core::{AuthorizationOptions, AuthorizationResponse, Moment, Seed, Step, Timestamp};
use codegrant_dev_provider::{ClientRegistration, DevProvider, Settings};
use codegrant_testkit::World;
use codegrant_testkit::world::signing_key;
use codegrant_web::provider::Provider;
use codegrant_web::{
    Auth, HttpClient, MemoryStore, Registration, Request, Response, TransportError,
};
use divan::Bencher;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const ORIGIN: &str = "http://localhost:3000";

fn moment() -> Moment {
    Moment::new(NOW, [7; Moment::BYTES])
}

fn main() {
    divan::main();
}

/// Builds the authorization request and its transaction.
#[divan::bench]
fn authorize(bencher: Bencher<'_, '_>) {
    let world = World::openid();
    let metadata = metadata(&world);
    bencher.bench_local(|| {
        let seed = Seed::new([7; Seed::BYTES]);
        world
            .client
            .authorize(&metadata, AuthorizationOptions::default(), &seed, moment())
    });
}

/// Judges a callback and builds the token request.
#[divan::bench]
fn callback_by_values(bencher: Bencher<'_, '_>) {
    let world = World::openid();
    let metadata = metadata(&world);
    let seed = Seed::new([7; Seed::BYTES]);
    let options = AuthorizationOptions::default();
    let (request, transaction) = world
        .client
        .authorize(&metadata, options, &seed, moment())
        .expect("a login starts")
        .finished()
        .expect("nothing is pushed");
    let state = parameter(request.url(), "state");
    let query = format!("code=SplxlOBeZQQYbYS6WxSbIA&state={state}&iss=https%3A%2F%2Fop.example");
    bencher
        .with_inputs(|| transaction.clone())
        .bench_local_values(|transaction| {
            let response = AuthorizationResponse::parse(&query).expect("a sound callback");
            world
                .client
                .redeem(&metadata, transaction, response, moment())
                .expect("a token request")
        });
}

/// Parses an ID token and checks its signature, the key set at hand.
#[divan::bench(args = [
    Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::Es384, Algorithm::Es512,
    Algorithm::EdDsa,
])]
fn id_token(bencher: Bencher<'_, '_>, algorithm: Algorithm) {
    let key = signing_key(algorithm, "k1");
    let set = serde_json::json!({ "keys": [key.public_jwk()] });
    let keys = KeySet::parse(set.to_string().as_bytes()).expect("a sound key set");
    let claims = serde_json::json!({
        "iss": "https://op.example", "sub": "248289761001", "aud": "app", "exp": 1_800_000_600,
        "iat": 1_800_000_000, "nonce": "n-0S6_WzA2Mj", "name": "Jane Doe", "email": "jane@mail.example",
    });
    let claims = claims.as_object().expect("an object");
    let token = key.sign(None, claims).expect("a signed token");
    bencher.bench_local(|| {
        let verified = Jws::parse(&token).and_then(|jws| jws.verify(&keys, algorithm));
        verified.expect("a sound signature").claims()
    });
}

/// Opens the sealed session cookie of a request.
#[divan::bench]
fn identify_by_cookie(bencher: Bencher<'_, '_>) {
    identify(bencher, &App::new(None));
}

/// Loads the session of a request from memory and unseals it.
#[divan::bench]
fn identify_by_memory(bencher: Bencher<'_, '_>) {
    identify(bencher, &App::new(Some(MemoryStore::new(1_000))));
}

/// Opens the sealed session cookie of a request where a provider has ended a thousand others.
#[divan::bench]
fn identify_by_cookie_among_log_outs(bencher: Bencher<'_, '_>) {
    let app = App::registered(None, Registration::frontchannel_logout);
    for session in 0..1_000 {
        let query = format!("iss=http://localhost:4000&sid={session}");
        let ended = app.get("/auth/frontchannel-logout/op", &query, "");
        assert_eq!(ended.status, 200);
    }
    identify(bencher, &app);
}

/// Logs in from the first redirect to the session, the provider's own work included.
#[divan::bench(sample_size = 4)]
fn whole_login_with_the_provider(bencher: Bencher<'_, '_>) {
    let app = App::new(None);
    app.log_in();
    bencher.bench_local(|| app.log_in());
}

/// Starts a login: authorization request and sealed transaction cookie.
#[divan::bench]
fn start_of_a_login(bencher: Bencher<'_, '_>) {
    let app = App::new(None);
    app.log_in();
    bencher.bench_local(|| app.get("/auth/login/op", "", ""));
}

fn identify(bencher: Bencher<'_, '_>, app: &App) {
    let cookies = app.log_in();
    bencher.bench_local(|| {
        let request = Request::new("GET", "/", None, [("cookie", cookies.as_bytes())]);
        app.block_on(app.auth.identify(request))
            .expect("a store")
            .expect("a session")
    });
}

/// An app and its provider in one process.
struct App {
    auth: Auth,
    provider: Arc<DevProvider>,
    runtime: tokio::runtime::Runtime,
}

struct InProcess(Arc<DevProvider>);

#[async_trait]
impl HttpClient for InProcess {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        Ok(self.0.handle(&request, NOW))
    }
}

impl App {
    fn new(store: Option<MemoryStore>) -> Self {
        Self::registered(store, |registration| registration)
    }

    fn registered(
        store: Option<MemoryStore>,
        change: impl FnOnce(Registration) -> Registration,
    ) -> Self {
        let issuer = "http://localhost:4000";
        let client = ClientRegistration::any_on_loopback("app", Some("a secret"));
        let settings = Settings::new(issuer, [7; 32]).with_client(client);
        let provider = Arc::new(DevProvider::new(settings).expect("an issuer on loopback"));
        let entry = Provider::openid("op", "OP", issuer);
        let mut builder = Auth::builder(ORIGIN)
            .registration(change(Registration::new(entry, "app").secret("a secret")))
            .http_client(InProcess(provider.clone()))
            .clock(|| NOW);
        if let Some(store) = store {
            builder = builder.store(store);
        }
        let auth = builder.build().expect("a sound configuration");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime");
        Self {
            auth,
            provider,
            runtime,
        }
    }

    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    fn get(&self, path: &str, query: &str, cookies: &str) -> Response {
        let request = Request::new("GET", path, Some(query), [("cookie", cookies.as_bytes())]);
        self.block_on(self.auth.handle(request))
    }

    /// Logs in and returns the session's cookies.
    fn log_in(&self) -> String {
        let start = self.get("/auth/login/op", "", "");
        let url = start
            .header("location")
            .expect("a redirect to the provider");
        let back = self.provider.authorize_as(url, "ada", NOW);
        let callback = back.header("location").expect("a redirect back");
        let (_, query) = callback.split_once('?').expect("a code");
        let finish = self.get("/auth/callback/op", query, &cookies(&start));
        assert_eq!(
            finish.status,
            303,
            "{}",
            String::from_utf8_lossy(&finish.body)
        );
        cookies(&finish)
    }
}

fn cookies(response: &Response) -> String {
    let set = response
        .headers
        .iter()
        .filter(|(name, _)| *name == "set-cookie");
    let kept = set.filter_map(|(_, value)| value.split(';').next());
    kept.collect::<Vec<_>>().join("; ")
}

fn metadata(world: &World) -> codegrant_core::ProviderMetadata {
    match world.client.discover().expect("a sound issuer") {
        Step::Done(fetched) => fetched.value,
        Step::Fetch(mut fetch) => {
            let _request = fetch.take_request();
            match fetch
                .resume(world.metadata.response())
                .expect("sound metadata")
            {
                Step::Done(fetched) => fetched.value,
                Step::Fetch(_) => unreachable!("metadata is one request"),
            }
        }
    }
}

fn parameter(url: &str, name: &str) -> String {
    let (_, query) = url.split_once('?').expect("a query");
    let found = codegrant_core::form::parameters(query).expect("a sound query");
    found
        .into_iter()
        .find(|(held, _)| held == name)
        .expect("the parameter")
        .1
}
