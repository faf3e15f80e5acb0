//! A client of the core, a browser with a cookie, and a provider between them.

use std::cell::{Cell, RefCell};

use codegrant_core::error::Error;
use codegrant_core::http::{HttpRequest, HttpResponse, Method};
use codegrant_core::jose::{Algorithm, KeySet, base64url};
use codegrant_core::provider::Provider;
use codegrant_core::{
    AuthorizationOptions, AuthorizationResponse, Client, DpopKey, HeldLogin, Login, Moment,
    ProviderMetadata, Seed, Step, Timestamp, TokenResponse, Transaction,
};
use codegrant_dev_provider::{ClientRegistration, DevProvider, Feature, Settings};
use serde_json::Value;
use url::{Url, form_urlencoded};

pub(crate) const ISSUER: &str = "http://localhost:3000/dev";
pub(crate) const CALLBACK: &str = "http://localhost:3000/auth/callback/dev";
pub(crate) const START: Timestamp = Timestamp::from_unix(1_800_000_000);

/// Settings with one registered client, and ES256 because its keys are made at once.
pub(crate) fn settings() -> Settings {
    Settings::new(ISSUER, [7; 32])
        .with_algorithm(Algorithm::Es256)
        .with_client(
            ClientRegistration::new("app", Some("a secret: 100%"))
                .with_name("The App")
                .with_redirect_uri(CALLBACK)
                .with_post_logout_redirect_uri("http://localhost:3000/bye"),
        )
        .with_client(
            ClientRegistration::new("other", Some("other secret"))
                .with_redirect_uri("http://localhost:3000/other"),
        )
        .with_client(ClientRegistration::new("public", None).with_redirect_uri(CALLBACK))
        .with_client(ClientRegistration::any_on_loopback(
            "any",
            Some("any secret"),
        ))
}

/// One browser, one app and the provider.
pub(crate) struct World {
    pub(crate) provider: DevProvider,
    pub(crate) client: Client,
    pub(crate) now: Cell<Timestamp>,
    cookie: RefCell<Option<String>>,
    logins: Cell<u16>,
    moments: Cell<u64>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(settings())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let entry = Provider::openid("dev", "Dev", settings.issuer.clone())
            .with_algorithm(settings.algorithm);
        Self {
            provider: DevProvider::new(settings).unwrap(),
            client: Client::new(entry, "app", CALLBACK).with_secret("a secret: 100%"),
            now: Cell::new(START),
            cookie: RefCell::new(None),
            logins: Cell::new(0),
            moments: Cell::new(0),
        }
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.now.set(self.now.get().plus(seconds));
    }

    pub(crate) fn cookie(&self) -> Option<String> {
        self.cookie.borrow().clone()
    }

    /// Drives an operation of the core to its end.
    pub(crate) fn drive<T>(&self, mut step: Step<T>) -> Result<T, Error> {
        loop {
            match step {
                Step::Done(value) => return Ok(value),
                Step::Fetch(mut fetch) => {
                    let response = self.provider.handle(&fetch.take_request(), self.now.get());
                    step = fetch.resume(response)?;
                }
            }
        }
    }

    pub(crate) fn metadata(&self) -> Result<ProviderMetadata, Error> {
        Ok(self.drive(self.client.discover()?)?.value)
    }

    pub(crate) fn keys(&self) -> Result<KeySet, Error> {
        Ok(self.drive(self.metadata()?.fetch_keys())?.value)
    }

    /// Starts a login: the address for the browser, and what the app keeps.
    pub(crate) fn start(
        &self,
        mut options: AuthorizationOptions,
    ) -> Result<(String, Transaction), Error> {
        if self.client.uses_dpop() {
            options.dpop_key = Some(DpopKey::generate()?);
        }
        self.logins.set(self.logins.get() + 1);
        let [high, low] = self.logins.get().to_be_bytes();
        let mut bytes = [low; Seed::BYTES];
        bytes[..8].fill(high);
        bytes[40] = 1;
        let metadata = self.metadata()?;
        let seed = Seed::new(bytes);
        let step = self
            .client
            .authorize(&metadata, options, &seed, self.moment())?;
        let (request, transaction) = self.drive(step)?;
        Ok((request.url().to_owned(), transaction))
    }

    /// Returns what an operation takes from outside: the time, and bytes that no other operation has.
    pub(crate) fn moment(&self) -> Moment {
        self.moments.set(self.moments.get() + 1);
        let mut bytes = [0; Moment::BYTES];
        bytes[..8].copy_from_slice(&self.moments.get().to_be_bytes());
        Moment::new(self.now.get(), bytes)
    }

    /// Goes through the pages as one of the users, each time with a browser of its own.
    pub(crate) fn login_as(&self, subject: &str) -> Result<Login, Error> {
        let mut options = AuthorizationOptions::default();
        options.max_age = Some(300);
        let (url, transaction) = self.start(options)?;
        let answer = self.provider.authorize_as(&url, subject, self.now.get());
        self.finish(&answer, transaction)
    }

    /// Takes the answer to the callback and makes a login of it.
    pub(crate) fn finish(
        &self,
        answer: &HttpResponse,
        transaction: Transaction,
    ) -> Result<Login, Error> {
        let response = AuthorizationResponse::parse(&callback_query(answer))?;
        let metadata = self.metadata()?;
        let response = if self.client.response_mode().is_signed() {
            let keys = self.keys()?;
            let now = self.now.get();
            self.client.open_response(&metadata, response, &keys, now)?
        } else {
            response
        };
        let moment = self.moment();
        let step = self
            .client
            .redeem(&metadata, transaction, response, moment)?;
        let grant = self.drive(step)?;
        let keys = self.keys()?;
        self.drive(grant.identify(&keys)?)
    }

    pub(crate) fn refresh(&self, login: &Login) -> Result<TokenResponse, Error> {
        let metadata = self.metadata()?;
        let token = login.tokens.refresh_token.as_ref().unwrap();
        let key = login.dpop_key.as_ref();
        let step = self.client.refresh(&metadata, token, key, self.moment())?;
        let held = HeldLogin::from(login);
        let renewed = self.drive(step)?.accept(&held, &self.keys()?)?;
        Ok(renewed.tokens)
    }

    /// Opens an address with the browser's cookie, which it keeps.
    pub(crate) fn get(&self, url: &str) -> HttpResponse {
        self.send(HttpRequest::new(Method::Get, url))
    }

    /// Posts a form to a path of the provider with the browser's cookie.
    pub(crate) fn post(&self, path: &str, fields: &[(&str, &str)]) -> HttpResponse {
        self.send(form(path, fields))
    }

    pub(crate) fn send(&self, mut request: HttpRequest) -> HttpResponse {
        if let Some(cookie) = self.cookie() {
            request.set_header("cookie", format!("theme=dark; {cookie}"));
        }
        let response = self.provider.handle(&request, self.now.get());
        if let Some(set) = response.header("set-cookie") {
            let pair = set.split(';').next().unwrap().to_owned();
            let ends = set.contains("Max-Age=0");
            self.cookie.replace((!ends).then_some(pair));
        }
        response
    }

    /// Asks the token endpoint as a client that authenticates in the body.
    pub(crate) fn token(&self, fields: &[(&str, &str)]) -> (u16, Value) {
        json_of(
            &self
                .provider
                .handle(&form("/token", fields), self.now.get()),
        )
    }
}

/// Makes a form post to a path of the provider.
pub(crate) fn form(path: &str, fields: &[(&str, &str)]) -> HttpRequest {
    let mut request = HttpRequest::new(Method::Post, format!("{ISSUER}{path}"));
    request.set_header("content-type", "application/x-www-form-urlencoded");
    let mut body = form_urlencoded::Serializer::new(String::new());
    request.body = body.extend_pairs(fields).finish().into_bytes();
    request
}

/// A good authorization request of the client `app`, with the challenge of [`VERIFIER`], and some
/// parameters in place of its own; one that is empty is left out.
pub(crate) fn authorization_url(changes: &[(&str, &str)]) -> String {
    let mut fields = vec![
        ("response_type", "code"),
        ("client_id", "app"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid profile email"),
        ("state", "the-state"),
        ("nonce", "the-nonce"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for change in changes {
        fields.retain(|(name, _)| name != &change.0);
    }
    fields.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    let mut query = form_urlencoded::Serializer::new(String::new());
    format!("{ISSUER}/authorize?{}", query.extend_pairs(fields).finish())
}

/// The verifier and challenge of RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) fn json_of(response: &HttpResponse) -> (u16, Value) {
    let body = serde_json::from_slice(&response.body).unwrap_or_default();
    (response.status, body)
}

pub(crate) fn text(response: &HttpResponse) -> String {
    String::from_utf8(response.body.clone()).unwrap()
}

/// Returns the value of the hidden field of a page.
pub(crate) fn hidden(page: &str, name: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!(r#"name="{name}" value=""#))?;
    rest.split_once('"')
        .map(|(value, _)| value.replace("&amp;", "&"))
}

/// Returns where a redirect leads, without its query, and the query's parameters.
pub(crate) fn redirect(response: &HttpResponse) -> (String, Vec<(String, String)>) {
    let location = response.header("location").unwrap_or_default();
    let mut url = Url::parse(location).unwrap();
    let fields = url.query_pairs().into_owned().collect();
    url.set_query(None);
    (url.into(), fields)
}

/// Returns a parameter of a redirect.
pub(crate) fn parameter(response: &HttpResponse, name: &str) -> Option<String> {
    let (_, fields) = redirect(response);
    fields
        .into_iter()
        .find(|(held, _)| held == name)
        .map(|(_, value)| value)
}

/// Returns what the app's callback would be handed, from a redirect or from a page that posts a form.
pub(crate) fn callback_query(answer: &HttpResponse) -> String {
    if let Some((_, query)) = answer
        .header("location")
        .and_then(|url| url.split_once('?'))
    {
        return query.to_owned();
    }
    let page = text(answer);
    let mut query = form_urlencoded::Serializer::new(String::new());
    for name in ["code", "error", "state", "iss", "response"] {
        if let Some(value) = hidden(&page, name) {
            query.append_pair(name, &value);
        }
    }
    query.finish()
}

/// Settings in which the client `app` registered more, and these features are on.
pub(crate) fn customised(features: &[Feature], metadata: Value) -> Settings {
    let mut settings = settings().with_features(features.iter().copied());
    let app = settings.clients.remove(0).with_metadata(metadata);
    settings.clients.insert(0, app);
    settings
}

/// Goes through the pages as somebody, with the world's own browser, and returns the answer for the app.
pub(crate) fn browse(world: &World, subject: &str, changes: &[(&str, &str)]) -> HttpResponse {
    let answer = world.get(&authorization_url(changes));
    let answer = match hidden(&text(&answer), "interaction") {
        Some(id) => world.post("/sign-in", &[("interaction", &id), ("user", subject)]),
        None => answer,
    };
    let location = answer.header("location").unwrap_or_default().to_owned();
    match location.split_once("/consent?interaction=") {
        Some((_, id)) => world.post("/consent", &[("interaction", id), ("decision", "allow")]),
        None => answer,
    }
}

/// Redeems the code of an answer as the client `app`.
pub(crate) fn redeem(world: &World, answer: &HttpResponse) -> Value {
    let code = parameter(answer, "code").unwrap();
    let (status, body) = world.token(&[
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("client_id", "app"),
        ("client_secret", SECRET),
    ]);
    assert_eq!(status, 200, "{body}");
    body
}

/// Reads a part of a token, which nobody has verified: 0 for the header, 1 for the claims.
pub(crate) fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).unwrap();
    serde_json::from_slice(&base64url::decode(part).unwrap()).unwrap()
}

/// The secret of the client `app`.
pub(crate) const SECRET: &str = "a secret: 100%";
