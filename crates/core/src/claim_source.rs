//! Claims of somebody else, which the provider passes on or points to (OpenID Connect Core 1.0 section
//! 5.6.2: aggregated and distributed claims).
//!
//! Whoever made them is not the provider, so nothing here enters the [`Identity`](crate::Identity): no name,
//! no e-mail address, and never a verified one. They are tokens that the app may verify with the keys of an
//! issuer that it trusts; there is no way to their claims but through that signature.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use crate::address::reachable;
use crate::error::{Error, IdTokenError, Quoted};
use crate::http::{HttpRequest, HttpResponse, Method};
use crate::id_token::{CLOCK_SKEW_SECONDS, moment, required_text};
use crate::identity::PROTOCOL_CLAIMS;
use crate::jose::{Algorithm, Jws, KeySet};
use crate::login::Login;
use crate::provider::Provider;
use crate::step::{Expect, Fetch, Step};
use crate::time::Timestamp;

/// The most sources of one login.
const MAX_SOURCES: usize = 4;
/// The most claims of one source.
const MAX_CLAIMS: usize = 32;
/// The longest token of a source, in bytes.
const MAX_TOKEN: usize = 64 * 1024;
/// How long a source may keep a login waiting, in seconds.
const DEADLINE_SECONDS: u32 = 3;

/// The members of a document that speak of sources.
pub(crate) const MEMBERS: [&str; 2] = ["_claim_names", "_claim_sources"];

/// Claims of another issuer, in its own token, not verified.
///
/// A login has up to four of them, in [`Login::claim_sources`]. They are in no session: keep what you need.
///
/// `Debug` shows the source's name and no claim.
///
/// ```
/// use codegrant_core::{ClaimSource, Timestamp, jose::{Algorithm, KeySet}};
///
/// fn credit_score(source: &ClaimSource, keys_of_the_bank: &KeySet, now: Timestamp) -> Option<i64> {
///     let bank = "https://bank.example";
///     let claims = source.verify(bank, keys_of_the_bank, Algorithm::Es256, now).ok()?;
///     claims.get("credit_score")?.as_i64()
/// }
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimSource {
    name: String,
    claims: Vec<String>,
    distributed: bool,
    token: Option<String>,
}

impl ClaimSource {
    /// Returns the provider's name for the source.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns which claims the provider says that the source has.
    pub fn claims(&self) -> &[String] {
        &self.claims
    }

    /// Tells whether the token was fetched from an address that the provider named; else the provider passed
    /// it on itself.
    pub fn is_distributed(&self) -> bool {
        self.distributed
    }

    /// Returns the token as it was sent, unverified; `None` when the source did not answer in time, or with
    /// something else, or at an address that may not be called.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Verifies the token with the keys of an issuer that the app trusts, and returns the claims that the
    /// provider said it has.
    ///
    /// The issuer's `sub`, if it has one, is left out: it is not the provider's.
    ///
    /// # Errors
    ///
    /// When there is no token, when its signature does not verify with this algorithm, when another issuer
    /// made it, and when it has expired.
    pub fn verify(
        &self,
        issuer: &str,
        keys: &KeySet,
        algorithm: Algorithm,
        now: Timestamp,
    ) -> Result<Map<String, Value>, IdTokenError> {
        let token = self.token().ok_or(IdTokenError::ClaimMissing {
            claim: "token of the claim source",
        })?;
        let mut claims = Jws::parse(token)?.verify(keys, algorithm)?.claims()?;
        let received = required_text(&claims, "iss")?;
        if received != issuer {
            return Err(IdTokenError::Issuer {
                expected: issuer.to_owned(),
                received: Quoted::new(received),
            });
        }
        if let Some(expires) = moment(&claims, "exp")?
            && expires.plus(CLOCK_SKEW_SECONDS) <= now
        {
            return Err(IdTokenError::Expired {
                expires,
                now,
                skew: CLOCK_SKEW_SECONDS,
            });
        }
        claims.retain(|name, _| self.claims.contains(name));
        Ok(claims)
    }
}

impl std::fmt::Debug for ClaimSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClaimSource")
            .field("name", &Quoted::new(&self.name))
            .field("distributed", &self.distributed)
            .field("has_token", &self.token.is_some())
            .finish_non_exhaustive()
    }
}

/// What a login's documents say about one source: with a request where its token has to be fetched.
pub(crate) struct Listed(ClaimSource, Option<HttpRequest>);

/// Lists the sources that the provider's documents speak of; what is malformed is passed over.
pub(crate) fn listed<'a>(
    documents: impl IntoIterator<Item = &'a Map<String, Value>>,
    provider: &Provider,
    issuer: &str,
) -> Vec<Listed> {
    let mut list = Vec::new();
    for document in documents {
        let member = |name: &str| document.get(name).and_then(Value::as_object);
        let [Some(names), Some(sources)] = MEMBERS.map(member) else {
            continue;
        };
        // Hardly any login comes this far.
        let Ok(parsed) = Url::parse(issuer) else {
            return Vec::new();
        };
        let found = sources
            .iter()
            .filter_map(|(name, said)| source(name, said, names));
        let found = found.map(|(source, address)| {
            let request = address.and_then(|address| address.request(provider, &parsed));
            Listed(source, request)
        });
        list.extend(found.take(MAX_SOURCES));
    }
    list.truncate(MAX_SOURCES);
    list
}

/// Adds the sources to a login, which is proven without them.
///
/// Nothing that a source does can end the login.
pub(crate) fn gather(mut login: Login, list: Vec<Listed>) -> Step<Login> {
    let mut pending = Vec::new();
    for (index, Listed(source, request)) in list.into_iter().enumerate() {
        login.claim_sources.push(source);
        pending.extend(request.map(|request| (index, request)));
    }
    next(login, pending)
}

/// Where a source's token is to be fetched, as the provider says.
struct Address<'a> {
    endpoint: &'a str,
    access_token: &'a str,
}

impl Address<'_> {
    /// Makes the request, with the token that the provider handed out for it and never one of ours.
    fn request(self, provider: &Provider, issuer: &Url) -> Option<HttpRequest> {
        reachable(self.endpoint, issuer).ok()?;
        let token = self.access_token;
        let sound = token.len() <= 4096 && token.bytes().all(|byte| byte.is_ascii_graphic());
        if token.is_empty() || !sound {
            return None;
        }
        let mut request = HttpRequest::new(Method::Get, self.endpoint);
        request.set_header("accept", "application/jwt");
        request.set_header("authorization", format!("Bearer {token}"));
        request.limits.deadline_seconds = DEADLINE_SECONDS;
        request.limits.max_body = MAX_TOKEN;
        request.reach = provider.reach(self.endpoint);
        Some(request)
    }
}

/// Reads one source.
fn source<'a>(
    name: &str,
    said: &'a Value,
    names: &Map<String, Value>,
) -> Option<(ClaimSource, Option<Address<'a>>)> {
    let claims: Vec<String> = names
        .iter()
        .filter(|(claim, of)| *of == name && !PROTOCOL_CLAIMS.contains(&claim.as_str()))
        .map(|(claim, _)| claim.clone())
        .take(MAX_CLAIMS)
        .collect();
    let text = |member: &str| said.get(member).and_then(Value::as_str);
    let passed_on = text("JWT").filter(|token| is_token(token));
    if claims.is_empty() || (passed_on.is_none() && text("endpoint").is_none()) {
        return None;
    }
    let distributed = passed_on.is_none();
    let address = text("endpoint").zip(text("access_token"));
    let address = address.filter(|_| distributed);
    let source = ClaimSource {
        name: name.to_owned(),
        claims,
        distributed,
        token: passed_on.map(str::to_owned),
    };
    Some((
        source,
        address.map(|(endpoint, access_token)| Address {
            endpoint,
            access_token,
        }),
    ))
}

fn is_token(text: &str) -> bool {
    text.len() <= MAX_TOKEN
        && text.contains('.')
        && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Fetches the next token, if one is left.
fn next(login: Login, mut pending: Vec<(usize, HttpRequest)>) -> Step<Login> {
    match pending.pop() {
        None => Step::Done(login),
        Some((index, request)) => Step::Fetch(Fetch::new(
            request,
            ExpectToken {
                login,
                index,
                pending,
            },
        )),
    }
}

struct ExpectToken {
    login: Login,
    index: usize,
    pending: Vec<(usize, HttpRequest)>,
}

impl Expect<Login> for ExpectToken {
    fn receive(mut self: Box<Self>, response: HttpResponse) -> Result<Step<Login>, Error> {
        let body = String::from_utf8(response.body).ok();
        let token = body.filter(|body| response.status == 200 && is_token(body));
        self.login.claim_sources[self.index].token = token;
        Ok(next(self.login, self.pending))
    }

    fn is_optional(&self) -> bool {
        true
    }
}
