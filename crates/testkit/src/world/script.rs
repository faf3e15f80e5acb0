//! What the provider and the browser do in one login: a complete honest script, to be altered.

use std::collections::BTreeMap;
use std::sync::Arc;

use codegrant_core::http::HttpResponse;
use codegrant_core::jose::SigningKey;
use codegrant_core::oauth2::url::form_urlencoded;
use serde_json::{Map, Value};

/// Everything that reaches our side in one login: honest as it stands, yours to alter.
///
/// The closure of [`World::login`](super::World::login) receives it with every value filled in, the
/// nonce and the state of this very login included. The ID token is signed after the closure returns.
///
/// ```
/// use codegrant_testkit::World;
/// let outcome = World::openid().login(|script| {
///     script.claims.set("exp", 0);
/// });
/// assert_eq!(outcome.code(), Some("id_token.expired"));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Script {
    /// What the browser brings back to the callback.
    pub callback: Parameters,
    /// The claims of a signed response, where the client asks for one (JARM); it becomes the parameter
    /// `response` unless the callback has one already.
    pub response: Option<Members>,
    /// The key that signs it.
    pub response_key: Arc<SigningKey>,
    /// The ID token's header; `alg` and `kid` are the signing key's.
    pub header: Members,
    /// The ID token's claims.
    pub claims: Members,
    /// The token endpoint's answer; it receives the signed ID token unless it has an `id_token` already.
    pub token: Answer,
    /// What `jwks_uri` answers.
    pub keys: Answer,
    /// What `jwks_uri` answers when it is asked once more, for the signature of userinfo.
    pub renewed_keys: Answer,
    /// What the addresses answer that claims point to (OpenID Connect Core 1.0 section 5.6.2), by address.
    pub sources: BTreeMap<String, Answer>,
    /// The userinfo endpoint's answer.
    pub userinfo: Answer,
    /// The answer of a separate endpoint for e-mail addresses, where the provider's entry names one.
    pub emails: Answer,
    pub(super) signing_key: Arc<SigningKey>,
    pub(super) has_id_token: bool,
}

impl Script {
    /// Signs the ID token with another key; the published key set stays as it is.
    pub fn sign_with(&mut self, key: impl Into<Arc<SigningKey>>) {
        let key = key.into();
        self.header.set("alg", key.algorithm().as_str());
        self.signing_key = key;
    }

    /// Leaves the ID token out of the token endpoint's answer.
    pub fn leave_out_id_token(&mut self) {
        self.has_id_token = false;
    }

    /// Signs the header and the claims as they stand now, as a compact token.
    pub fn signed_id_token(&self) -> String {
        self.signed_text(&self.header.to_string(), &self.claims.to_string())
    }

    /// Signs any two texts as header and claims, also such as no provider should send.
    ///
    /// ```
    /// use codegrant_testkit::World;
    /// let outcome = World::openid().login(|script| {
    ///     let twice = r#"{"sub": "me", "sub": "you"}"#;
    ///     let token = script.signed_text(&script.header.to_string(), twice);
    ///     script.token.set("id_token", token);
    /// });
    /// assert_eq!(outcome.code(), Some("id_token.claims_json"));
    /// ```
    pub fn signed_text(&self, header: &str, claims: &str) -> String {
        self.signing_key
            .sign_raw(header.as_bytes(), claims.as_bytes())
            .expect("a test's key signs")
    }

    /// Returns the claims of the signed response.
    ///
    /// # Panics
    ///
    /// When the client does not ask for one.
    pub fn signed_response(&mut self) -> &mut Members {
        let response = self.response.as_mut();
        response.expect("the client asks for signed responses")
    }

    pub(super) fn complete(&mut self) {
        if let Some(claims) = &self.response
            && self.callback.value("response").is_empty()
        {
            let signed = self.response_key.sign(None, &claims.0);
            self.callback
                .append("response", &signed.expect("a test's key signs"));
        }
        if self.has_id_token && !self.token.has("id_token") {
            let token = self.signed_id_token();
            self.token.set("id_token", token);
        }
    }
}

/// The members of a JSON object.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Members(pub Map<String, Value>);

impl Members {
    /// Sets a member, replacing what stood under that name.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// Takes a member away.
    pub fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }
}

impl std::fmt::Display for Members {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Value::Object(self.0.clone()).fmt(f)
    }
}

/// The parameters of a callback, in order.
///
/// ```
/// use codegrant_testkit::World;
/// let mut world = World::openid();
/// let twice = world.login(|script| script.callback.append("state", "another"));
/// assert_eq!(twice.code(), Some("callback.duplicate_parameter"));
/// let raw = world.login(|script| script.callback.replace("error=%zz"));
/// assert_eq!(raw.code(), Some("callback.malformed"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Parameters {
    pairs: Vec<(String, String)>,
    text: Option<String>,
}

impl Parameters {
    /// Sets a parameter, replacing every value that stood under that name.
    pub fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.append(name, value);
    }

    /// Adds a parameter, also a second one of the same name.
    pub fn append(&mut self, name: &str, value: &str) {
        self.pairs.push((name.to_owned(), value.to_owned()));
    }

    /// Takes every value of that name away.
    pub fn remove(&mut self, name: &str) {
        self.pairs.retain(|(held, _)| held != name);
    }

    /// Returns the first value of that name; empty where there is none.
    pub fn value(&self, name: &str) -> &str {
        let found = self.pairs.iter().find(|(held, _)| held == name);
        found.map_or("", |(_, value)| value)
    }

    /// Replaces the whole query or body by a text, as it stands.
    pub fn replace(&mut self, text: impl Into<String>) {
        self.text = Some(text.into());
    }

    /// Returns the parameters form-encoded, or the text that replaced them.
    pub fn encoded(&self) -> String {
        self.text.clone().unwrap_or_else(|| {
            form_urlencoded::Serializer::new(String::new())
                .extend_pairs(&self.pairs)
                .finish()
        })
    }
}

/// What an endpoint of the provider answers: JSON with status 200 unless you alter it.
///
/// ```
/// use codegrant_core::http::HttpResponse;
/// use codegrant_testkit::World;
/// let mut world = World::openid();
/// let refused = world.login(|script| {
///     script.token.status = 400;
///     script.token.set("error", "invalid_grant");
/// });
/// assert_eq!(refused.code(), Some("provider.token_refused"));
/// let down = world.login(|script| script.token.replace(HttpResponse::new(503)));
/// assert_eq!(down.code(), Some("provider.status"));
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The media type; no header at all when empty.
    pub media_type: String,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Value,
    replaced: Option<HttpResponse>,
}

impl Answer {
    /// Makes an answer of JSON with status 200.
    pub fn json(body: Value) -> Self {
        Self {
            status: 200,
            media_type: "application/json".to_owned(),
            headers: Vec::new(),
            body,
            replaced: None,
        }
    }

    /// Sets a member of the body, which becomes an object if it was none.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        if !self.body.is_object() {
            self.body = Value::Object(Map::new());
        }
        self.body[name] = value.into();
    }

    /// Takes a member of the body away.
    pub fn remove(&mut self, name: &str) {
        if let Some(members) = self.body.as_object_mut() {
            members.remove(name);
        }
    }

    /// Adds a header.
    pub fn header(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// Replaces the whole answer, whatever else is set.
    pub fn replace(&mut self, response: HttpResponse) {
        self.replaced = Some(response);
    }

    /// Replaces the whole answer by a body of any bytes, with status 200.
    pub fn replace_body(&mut self, media_type: &str, body: impl Into<Vec<u8>>) {
        let response = HttpResponse::new(200).with_header("content-type", media_type);
        self.replaced = Some(response.with_body(body));
    }

    /// Returns the response as it reaches us.
    pub fn response(&self) -> HttpResponse {
        if let Some(response) = &self.replaced {
            return response.clone();
        }
        let mut response = HttpResponse::new(self.status).with_body(self.body.to_string());
        if !self.media_type.is_empty() {
            response = response.with_header("content-type", self.media_type.as_str());
        }
        self.headers
            .iter()
            .fold(response, |response, (name, value)| {
                response.with_header(name, value.as_str())
            })
    }

    fn has(&self, member: &str) -> bool {
        self.body.get(member).is_some()
    }
}
