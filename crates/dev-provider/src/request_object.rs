//! Request objects: an authorization request that its client signed (RFC 9101, OpenID Connect Core 1.0
//! section 6), by value, pushed, or at an address of the client's.

use codegrant_core::jose::Algorithm;
use serde_json::{Map, Value};

use crate::call::Call;
use crate::client_registration::ClientRegistration;
use crate::feature::Feature;
use crate::jwt::{self, SKEW};
use crate::pages::Problem;
use crate::parameters::Parameters;
use crate::settings::is_loopback_address;

/// How long a request object may be good, and how old it may be, in seconds (FAPI 2.0 Message Signing
/// section 5.3.1).
const LONGEST: i64 = 3600;

/// The claims that are about the object itself, and no parameters.
const ABOUT: [&str; 6] = ["iss", "aud", "exp", "nbf", "iat", "jti"];

/// The parameters that a request object is known to hold.
const PARAMETERS: &[&str] = &[
    "acr_values",
    "authorization_details",
    "claims",
    "claims_locales",
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "display",
    "dpop_jkt",
    "id_token_hint",
    "login_hint",
    "max_age",
    "nonce",
    "prompt",
    "redirect_uri",
    "resource",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "ui_locales",
];

/// An authorization request as it counts, wherever it came from.
#[derive(Default)]
pub(crate) struct Effective {
    pub(crate) parameters: Parameters,
    /// It was pushed (RFC 9126).
    pub(crate) pushed: bool,
    /// The client signed it.
    pub(crate) signed: bool,
    /// The key of the proof with which it was pushed (RFC 9449 section 10).
    pub(crate) key: Option<String>,
}

impl Call<'_> {
    /// Resolves what stands at `/authorize`: the parameters themselves, a request object, or a reference to
    /// either.
    pub(crate) fn effective(&mut self, sent: Parameters) -> Result<Effective, Problem> {
        let has = |feature| self.settings.has(feature);
        let uri = sent.value("request_uri").map(str::to_owned);
        let object = sent.value("request").map(str::to_owned);
        let found = match (uri, object) {
            (Some(_), Some(_)) => Err(Problem::request("request and request_uri stand together")),
            (Some(uri), None) if is_loopback_address(&uri) && has(Feature::RequestObjects) => {
                let object = self.hosted(&sent, &uri)?;
                self.open(&sent, &object)
            }
            (Some(uri), None) if has(Feature::PushedRequests) => self.pushed(&sent, &uri),
            (None, Some(object)) if has(Feature::RequestObjects) => self.open(&sent, &object),
            // What is not supported here is refused later, where there is somebody to tell.
            _ => Ok(Effective {
                parameters: sent,
                ..Effective::default()
            }),
        }?;
        let client = found.parameters.value("client_id");
        let client = client.and_then(|id| self.client(id));
        let wants = |flag| client.as_ref().is_some_and(|client| client.flag(flag));
        let must_push = self.settings.has(Feature::RequirePushedRequests)
            || wants("require_pushed_authorization_requests");
        if must_push && !found.pushed {
            self.violate("not-pushed", "the request stands in the address");
            return Err(Problem::request("the request has to be pushed (RFC 9126)"));
        }
        if wants("require_signed_request_object") && !found.signed {
            self.violate("not-signed", "the request is no request object");
            return Err(Problem::request(
                "the request has to be a signed object (RFC 9101)",
            ));
        }
        Ok(found)
    }

    /// Returns the request object that stands at the client's address, as it was fetched for this request.
    fn hosted(&mut self, sent: &Parameters, uri: &str) -> Result<String, Problem> {
        let client = sent.value("client_id").and_then(|id| self.client(id));
        if !client.is_some_and(|client| client.accepts_request_uri(uri)) {
            self.violate("request-uri", format!("{uri} is not registered"));
            return Err(Problem::request("the request_uri is not registered"));
        }
        let answer = self.fetched.get(uri).and_then(Option::as_ref);
        let Some(answer) = answer.filter(|answer| answer.status == 200) else {
            self.violate("request-uri", "the request object could not be fetched");
            return Err(Problem::request("the request object could not be fetched"));
        };
        let media_type = answer.media_type().unwrap_or_default();
        let taken = ["application/oauth-authz-req+jwt", "application/jwt"];
        if !taken.contains(&media_type.as_str()) {
            self.violate("request-uri-media-type", &media_type);
        }
        let object = String::from_utf8(answer.body.clone());
        object.map_err(|_| Problem::request("the request object is not text"))
    }

    /// Verifies a request object, and returns the parameters inside; those outside do not count (RFC 9101
    /// section 6.3).
    pub(crate) fn open(&mut self, sent: &Parameters, object: &str) -> Result<Effective, Problem> {
        let id = sent.value("client_id").unwrap_or_default().to_owned();
        let client = self.client(&id).ok_or(Problem::UnknownClient {
            client_id: id.clone(),
        })?;
        let read = match client.text("request_object_signing_alg") {
            Some("none") => unsigned(object),
            algorithm => {
                let algorithm = algorithm.and_then(|name| name.parse::<Algorithm>().ok());
                jwt::verified(object, &self.keys_of(&client), algorithm)
            }
        };
        let signed = client.text("request_object_signing_alg") != Some("none");
        let header = jwt::header(object).unwrap_or_default();
        let judged = read.and_then(|claims| {
            self.judge_object(&client, &header, &claims, signed)?;
            Ok(claims)
        });
        let claims = judged.map_err(|reason| {
            self.violate("request-object", reason);
            Problem::request(reason)
        })?;
        self.compare_outside(sent, &claims);
        Ok(Effective {
            parameters: inside(&claims),
            signed,
            ..Effective::default()
        })
    }

    fn judge_object(
        &mut self,
        client: &ClientRegistration,
        header: &Map<String, Value>,
        claims: &Map<String, Value>,
        signed: bool,
    ) -> Result<(), &'static str> {
        if !matches!(jwt::text(header, "typ"), None | Some("oauth-authz-req+jwt")) {
            self.violate("request-object-type", "typ is not oauth-authz-req+jwt");
        }
        if jwt::text(claims, "client_id") != Some(client.id()) {
            return Err("client_id in the request object is not the one beside it");
        }
        for name in ["request", "request_uri", "sub"] {
            if claims.contains_key(name) {
                return Err("the request object holds request, request_uri or sub");
            }
        }
        for name in claims.keys() {
            if !PARAMETERS.contains(&name.as_str()) && !ABOUT.contains(&name.as_str()) {
                self.violate("request-object-claim", format!("{name} is unknown"));
            }
        }
        if !signed {
            return Ok(());
        }
        // RFC 9101 leaves these to the client; FAPI 2.0 Message Signing section 5.3.1 does not.
        let strict = client.flag("require_signed_request_object");
        self.judge_times(claims, strict)?;
        match claims.get("iss") {
            Some(issuer) if issuer == client.id() => {}
            None if !strict => self.violate("request-object-issuer", "iss is missing"),
            _ => return Err("iss is not the client"),
        }
        let issuer = Value::from(self.settings.issuer.as_str());
        match claims.get("aud") {
            Some(Value::Array(several)) if several.contains(&issuer) => {}
            Some(one) if *one == issuer => {}
            None if !strict => self.violate("request-object-audience", "aud is missing"),
            _ => return Err("aud is not the issuer"),
        }
        match jwt::text(claims, "jti") {
            Some(unique) if !self.is_first("object", client.id(), unique) => {
                Err("jti was used before")
            }
            _ => Ok(()),
        }
    }

    fn judge_times(
        &mut self,
        claims: &Map<String, Value>,
        strict: bool,
    ) -> Result<(), &'static str> {
        let now = self.now.as_unix();
        match jwt::seconds(claims, "exp") {
            None if strict => return Err("exp is missing"),
            Some(expires) if expires <= now - SKEW => return Err("it is expired"),
            Some(expires) if strict && expires > now + LONGEST => {
                return Err("exp is more than an hour ahead");
            }
            _ => {}
        }
        match jwt::seconds(claims, "nbf") {
            None if strict => Err("nbf is missing"),
            Some(start) if start > now + SKEW => Err("nbf lies ahead"),
            Some(start) if strict && start < now - LONGEST => Err("nbf is more than an hour ago"),
            _ => Ok(()),
        }
    }

    /// Notes what stands beside the object and disagrees with it, or has to stand there and does not
    /// (OpenID Connect Core 1.0 section 6.1).
    fn compare_outside(&mut self, sent: &Parameters, claims: &Map<String, Value>) {
        let inside = inside(claims);
        let differs: Vec<&str> = sent
            .names()
            .filter(|name| PARAMETERS.contains(name))
            .filter(|name| sent.value(name) != inside.value(name))
            .collect();
        if !differs.is_empty() {
            self.violate("request-object-contradicted", differs.join(" "));
        }
        let is_openid = |parameters: &Parameters| {
            let scope = parameters.value("scope").unwrap_or_default();
            scope.split(' ').any(|scope| scope == "openid")
        };
        let at_front = self.request.loggable_url().ends_with("/authorize");
        let repeats = sent.value("response_type").is_some() && is_openid(sent);
        if at_front && is_openid(&inside) && !repeats {
            self.violate(
                "request-object-alone",
                "response_type and the scope openid do not stand beside it",
            );
        }
    }
}

impl ClientRegistration {
    /// Tells whether a request object may stand at this address; without `request_uris` any on loopback.
    pub(crate) fn accepts_request_uri(&self, uri: &str) -> bool {
        let registered = self.list("request_uris");
        let without_fragment = |uri: &str| uri.split('#').next().unwrap_or_default().to_owned();
        let is_listed = registered
            .iter()
            .any(|held| uri.starts_with(&without_fragment(held)));
        registered.is_empty() || is_listed
    }
}

/// Reads an object that its client registered as unsigned (`none`).
fn unsigned(object: &str) -> Result<Map<String, Value>, &'static str> {
    let header = jwt::header(object).unwrap_or_default();
    if jwt::text(&header, "alg") != Some("none") || !object.ends_with('.') {
        return Err("it is registered as unsigned, and is not");
    }
    jwt::claims(object).ok_or("its claims are no JSON object")
}

/// Turns claims into parameters; what is no text is written as JSON.
fn inside(claims: &Map<String, Value>) -> Parameters {
    let mut parameters = Parameters::default();
    for (name, value) in claims {
        match value {
            _ if ABOUT.contains(&name.as_str()) => {}
            Value::String(text) => parameters.push(name, text.as_str()),
            Value::Array(several) if name == "resource" => {
                for one in several.iter().filter_map(Value::as_str) {
                    parameters.push(name, one);
                }
            }
            other => parameters.push(name, other.to_string()),
        }
    }
    parameters
}
