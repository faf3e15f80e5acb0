//! A provider, a browser and a clock as plain values, to drive `codegrant-core` through whole logins.
//!
//! Nothing here opens a socket or waits. A [`World`] knows what an honest provider would answer; a test
//! alters what it wants to see refused and looks at the [`Outcome`]:
//!
//! ```
//! use codegrant_core::error::Purpose;
//! use codegrant_testkit::World;
//!
//! let mut world = World::openid();
//! assert_eq!(world.login(|_honest| {}).identity().to_string(), "Jane Doe");
//!
//! let outcome = world.login(|script| script.claims.remove("sub"));
//! assert_eq!(outcome.code(), Some("id_token.claim_missing"));
//! assert!(!outcome.called(Purpose::Userinfo));
//! ```
//!
//! Your own provider's entry is tested the same way: what does our app make of its answers?
//!
//! ```
//! use codegrant_core::{Client, provider::{Endpoints, Path, Provider, UserMapping}};
//! use codegrant_testkit::World;
//! use serde_json::json;
//!
//! let endpoints = Endpoints {
//!     authorization: "https://wiki.example/oauth/authorize".into(),
//!     token: "https://wiki.example/oauth/token".into(),
//!     userinfo: "https://wiki.example/api/me".into(),
//!     revocation: None,
//! };
//! let user = UserMapping::new(Path::new("account.id")).name(Path::new("account.title ?? login"));
//! let wiki = Provider::oauth("wiki", "Wiki", endpoints, user);
//! let client = Client::new(wiki, "app", "https://app.example/auth/callback/wiki").with_secret("s");
//!
//! let outcome = World::new(client).login(|script| {
//!     script.userinfo.body = json!({"account": {"id": 7, "title": null}, "login": "ada"});
//! });
//! // The entry states no issuer, so that the token endpoint stands for it.
//! assert_eq!(outcome.identity().key(), ("https://wiki.example/oauth/token", "7"));
//! assert_eq!(outcome.identity().name.as_deref(), Some("ada"));
//! ```

mod honest;
mod keys;
mod outcome;
mod script;

use std::sync::Arc;

use codegrant_core::error::{Error, Purpose};
use codegrant_core::http::{HttpRequest, HttpResponse};
use codegrant_core::jose::{Algorithm, KeySet, SigningKey};
use codegrant_core::provider::{FACEBOOK, GITHUB, Protocol, Provider};
use codegrant_core::{
    AuthorizationOptions, AuthorizationResponse, Client, HeldLogin, Login, Moment,
    ProviderMetadata, Step, Timestamp, TokenResponse,
};
use serde_json::{Value, json};

pub use keys::{signing_key, stranger_key};
pub use outcome::{Outcome, PendingLogin, Sent, claims};
pub use script::{Answer, Members, Parameters, Script};

/// A client, the provider that it is registered with, and a clock that stands still.
#[derive(Debug)]
#[non_exhaustive]
pub struct World {
    /// Our registration with the provider.
    pub client: Client,
    /// What time it is; [`World::wait`] moves it.
    pub now: Timestamp,
    /// What the logins that start from now on ask for.
    pub options: AuthorizationOptions,
    /// What the discovery endpoint answers; never asked with OAuth 2.0 alone.
    pub metadata: Answer,
    /// What the userinfo endpoint says of the person who signs in.
    pub userinfo: Value,
    /// What the endpoint for pushed authorization requests answers, where the client pushes them.
    pub pushed: Answer,
    /// What a separate endpoint for e-mail addresses says, where the provider's entry names one.
    pub emails: Value,
    signing_key: Arc<SigningKey>,
    started: u64,
}

impl World {
    /// Makes the world of an OpenID Provider at `https://op.example` that signs with RS256.
    ///
    /// The client is `app` with a secret; the person is `Jane Doe`, account `248289761001`.
    pub fn openid() -> Self {
        Self::openid_signed_with(Algorithm::Rs256)
    }

    /// Makes the same world with ID tokens that are signed with this algorithm.
    ///
    /// ```
    /// use codegrant_core::jose::Algorithm;
    /// use codegrant_testkit::World;
    /// let mut world = World::openid_signed_with(Algorithm::EdDsa);
    /// assert_eq!(world.login(|_honest| {}).code(), None);
    /// ```
    pub fn openid_signed_with(algorithm: Algorithm) -> Self {
        let provider = Provider::openid("op", "Example OP", "https://op.example");
        Self::new(honest::registered(provider.with_algorithm(algorithm)))
    }

    /// Makes the world of GitHub's preset; the person is `octocat`, account 583231.
    pub fn github() -> Self {
        let mut world = Self::new(honest::registered(GITHUB));
        world.userinfo = json!({
            "id": 583_231, "login": "octocat", "name": "The Octocat", "email": null,
            "avatar_url": "https://avatars.githubusercontent.com/u/583231",
        });
        world.emails = json!([
            {"email": "octocat@spare.example", "primary": false, "verified": true},
            {"email": "octocat@github.example", "primary": true, "verified": true},
        ]);
        world
    }

    /// Makes the world of Facebook's preset; the person is `Jane Doe`, account 10220.
    pub fn facebook() -> Self {
        let mut world = Self::new(honest::registered(FACEBOOK));
        world.userinfo = json!({
            "id": "10220", "name": "Jane Doe", "email": "jane@mail.example",
            "picture": {"data": {"url": "https://cdn.example/10220.jpg"}},
        });
        world
    }

    /// Makes the world of any client.
    ///
    /// With OpenID Connect the provider has metadata, keys and a userinfo endpoint below its issuer; with
    /// OAuth 2.0 alone the answer of its userinfo endpoint is `{}` until you fill it in.
    pub fn new(client: Client) -> Self {
        let mut metadata = Answer::json(Value::Null);
        let mut userinfo = json!({});
        let mut algorithm = Algorithm::Rs256;
        if let Protocol::OpenId {
            issuer,
            algorithm: registered,
            ..
        } = &client.provider().protocol
        {
            algorithm = registered.unwrap_or(algorithm);
            metadata.body = honest::metadata(issuer, algorithm);
            // A secret's token is signed by the test, which knows the secret.
            algorithm = Some(algorithm)
                .filter(|it| !it.is_symmetric())
                .unwrap_or(Algorithm::Rs256);
            userinfo = json!({
                "sub": honest::SUBJECT, "name": "Jane Doe", "preferred_username": "jane",
                "email": "jane@mail.example", "email_verified": true,
            });
        }
        Self {
            client,
            now: Timestamp::from_unix(1_800_000_000),
            options: AuthorizationOptions::default(),
            metadata,
            userinfo,
            emails: json!([]),
            pushed: Answer::json(json!({"request_uri": "urn:example:request:1", "expires_in": 60})),
            signing_key: signing_key(algorithm, "k1"),
            started: 0,
        }
    }

    /// Returns what an operation takes from outside: the time, and bytes that are the same each time.
    pub fn moment(&self) -> Moment {
        Moment::new(self.now, [7; Moment::BYTES])
    }

    /// Moves the clock by that many seconds, also back.
    pub fn wait(&mut self, seconds: i64) {
        self.now = self.now.plus(seconds);
    }

    /// Logs in: starts, lets you alter the script, finishes.
    ///
    /// The clock does not move. Use [`World::start`] and [`World::finish`] for what happens between.
    pub fn login(&mut self, alter: impl FnOnce(&mut Script)) -> Outcome<Login> {
        let mut requests = Vec::new();
        match self.begin(&mut requests) {
            Ok(pending) => self.finish(pending, alter),
            Err(error) => Outcome {
                result: Err(error),
                requests,
            },
        }
    }

    /// Sends the browser away: discovery, then the authorization request.
    ///
    /// ```
    /// use codegrant_testkit::World;
    /// let mut world = World::openid();
    /// let pending = world.start();
    /// assert_eq!(pending.parameter("code_challenge_method"), "S256");
    /// world.wait(601);
    /// let outcome = world.finish(pending, |_honest| {});
    /// assert_eq!(outcome.code(), Some("callback.expired"));
    /// ```
    ///
    /// # Panics
    ///
    /// When the provider's metadata is refused; [`World::login`] gives that back as its outcome.
    pub fn start(&mut self) -> PendingLogin {
        self.begin(&mut Vec::new())
            .unwrap_or_else(|error| panic!("no login starts: {}: {error}", error.code()))
    }

    /// Brings the browser back: the callback, the token request, the keys, the user.
    ///
    /// Nothing here remembers transactions, so that the same one can be brought back twice, and by
    /// another world.
    pub fn finish(&self, pending: PendingLogin, alter: impl FnOnce(&mut Script)) -> Outcome<Login> {
        let mut script = self.script(&pending);
        alter(&mut script);
        script.complete();
        let mut requests = pending.requests.clone();
        let result = self.run(pending, &script, &mut requests);
        Outcome { result, requests }
    }

    /// Fetches new tokens with a login's refresh token.
    ///
    /// The script's token answer holds a new ID token without a nonce, as a provider may send it.
    ///
    /// ```
    /// use codegrant_testkit::World;
    /// let mut world = World::openid();
    /// let login = world.login(|_honest| {}).result?;
    /// let other = world.refresh(&login, |script| script.claims.set("sub", "somebody else"));
    /// assert_eq!(other.code(), Some("id_token.subject_mismatch"));
    /// # Ok::<(), codegrant_core::error::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// When the login has no refresh token.
    pub fn refresh(
        &mut self,
        login: &Login,
        alter: impl FnOnce(&mut Script),
    ) -> Outcome<TokenResponse> {
        let refresh_token = login.tokens.refresh_token.as_ref();
        let refresh_token = refresh_token.expect("the login has a refresh token");
        let mut requests = Vec::new();
        let renewed = || {
            let pending = self.begin(&mut requests)?;
            let mut script = self.script(&pending);
            script.claims.remove("nonce");
            alter(&mut script);
            script.complete();
            let metadata = &pending.metadata;
            let step = self.client.refresh(
                metadata,
                refresh_token,
                login.dpop_key.as_ref(),
                self.moment(),
            )?;
            let refreshed = drive(step, |request| {
                requests.push(Sent::new(Purpose::Token, request));
                script.token.response()
            })?;
            let keys = self.fetch_keys(metadata, &script, &mut requests)?;
            let renewed = refreshed.accept(&HeldLogin::from(login), &keys)?;
            Ok(renewed.tokens)
        };
        Outcome {
            result: renewed(),
            requests,
        }
    }

    fn begin(&mut self, requests: &mut Vec<Sent>) -> Result<PendingLogin, Error> {
        let metadata = drive(self.client.discover()?, |request| {
            requests.push(Sent::new(Purpose::Metadata, request));
            self.metadata.response()
        })?
        .value;
        self.started += 1;
        let options = self.options.clone();
        let seed = honest::seed(self.started);
        let step = self
            .client
            .authorize(&metadata, options, &seed, self.moment())?;
        let (request, transaction) = drive(step, |request| {
            requests.push(Sent::new(Purpose::PushedRequest, request));
            self.pushed.response()
        })?;
        Ok(PendingLogin {
            request,
            transaction,
            metadata,
            requests: requests.clone(),
            number: self.started,
        })
    }

    /// Does what a server does with a callback, in the same order.
    fn run(
        &self,
        pending: PendingLogin,
        script: &Script,
        requests: &mut Vec<Sent>,
    ) -> Result<Login, Error> {
        let response = AuthorizationResponse::parse(&script.callback.encoded())?;
        let metadata = pending.metadata;
        let response = if self.client.response_mode().is_signed() {
            let keys = self.fetch_keys(&metadata, script, requests)?;
            self.client
                .open_response(&metadata, response, &keys, self.now)?
        } else {
            response
        };
        let step = self
            .client
            .redeem(&metadata, pending.transaction, response, self.moment())?;
        let mut grant = drive(step, |request| {
            requests.push(Sent::new(Purpose::Token, request));
            script.token.response()
        })?;
        let keys = self.fetch_keys(&metadata, script, requests)?;
        // Nothing newer is published here; a server would ask once more.
        let _lacking = grant.needs_keys() && grant.lacks_key(&keys);
        let mut answers = [
            (Purpose::Userinfo, &script.userinfo),
            (Purpose::Emails, &script.emails),
        ]
        .into_iter();
        drive(grant.identify(&keys)?, |request| {
            if Some(&request.url) == metadata.jwks_uri.as_ref() {
                requests.push(Sent::new(Purpose::Keys, request));
                return script.renewed_keys.response();
            }
            if let Some(answer) = script.sources.get(&request.url) {
                requests.push(Sent::new(Purpose::Api, request));
                return answer.response();
            }
            let (purpose, answer) = answers
                .next()
                .expect("there are two such endpoints at most");
            requests.push(Sent::new(purpose, request));
            answer.response()
        })
    }

    fn fetch_keys(
        &self,
        metadata: &ProviderMetadata,
        script: &Script,
        requests: &mut Vec<Sent>,
    ) -> Result<KeySet, Error> {
        let fetched = drive(metadata.fetch_keys(), |request| {
            requests.push(Sent::new(Purpose::Keys, request));
            script.keys.response()
        })?;
        Ok(fetched.value)
    }
}

/// Drives an operation to its end; `perform` stands for the network.
///
/// ```
/// use codegrant_core::{Client, http::HttpResponse, provider::Provider};
/// use codegrant_testkit::world::drive;
/// let provider = Provider::openid("op", "OP", "https://op.example");
/// let client = Client::new(provider, "app", "https://app.example/auth/callback/op");
/// let refused = drive(client.discover()?, |request| {
///     assert_eq!(request.url, "https://op.example/.well-known/openid-configuration");
///     HttpResponse::new(404)
/// });
/// assert_eq!(refused.unwrap_err().code().name, "provider.status");
/// # Ok::<(), codegrant_core::error::Error>(())
/// ```
///
/// # Errors
///
/// Whatever the operation refuses.
pub fn drive<T>(
    mut step: Step<T>,
    mut perform: impl FnMut(HttpRequest) -> HttpResponse,
) -> Result<T, Error> {
    loop {
        match step {
            Step::Done(value) => return Ok(value),
            Step::Fetch(mut fetch) => {
                let response = perform(fetch.take_request());
                step = fetch.resume(response)?;
            }
        }
    }
}
