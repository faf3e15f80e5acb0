//! An authorization request: its parameters read and judged (RFC 6749 section 4.1.1, RFC 7636, OpenID
//! Connect Core 1.0 section 3.1.2.1).

use serde_json::Value;

use crate::call::Call;
use crate::claims_request::{ClaimsRequest, Contexts};
use crate::feature::Feature;
use crate::parameters::Parameters;
use crate::redirect::ReturnAddress;

/// The scopes that mean something here; others are ignored (OpenID Connect Core 1.0 section 3.1.2.1).
pub(crate) const SCOPES: &[&str] = &[
    "openid",
    "profile",
    "email",
    "address",
    "phone",
    "offline_access",
];

/// An authorization request that broke no rule.
#[derive(Clone)]
pub(crate) struct AuthorizationRequest {
    pub(crate) client_id: String,
    pub(crate) return_to: ReturnAddress,
    pub(crate) scopes: Vec<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: String,
    pub(crate) login_hint: Option<String>,
    pub(crate) claims: ClaimsRequest,
    pub(crate) contexts: Contexts,
    pub(crate) prompt: Vec<Prompt>,
    pub(crate) max_age: Option<i64>,
    /// The key that the code is bound to (RFC 9449 section 10).
    pub(crate) dpop_key: Option<String>,
    /// What is asked for beyond scopes (RFC 9396).
    pub(crate) details: Vec<Value>,
    /// What the tokens are for (RFC 8707).
    pub(crate) resources: Vec<String>,
}

/// What the client wants the person to be asked (OpenID Connect Core 1.0 section 3.1.2.1).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prompt {
    None,
    Login,
    Consent,
    SelectAccount,
}

/// An error for the client (RFC 6749 section 4.1.2.1).
pub(crate) struct Refusal {
    pub(crate) error: &'static str,
    pub(crate) description: &'static str,
}

pub(crate) const fn refusal(error: &'static str, description: &'static str) -> Refusal {
    Refusal { error, description }
}

impl Call<'_> {
    /// Reads everything but who asks and where the answer goes.
    pub(crate) fn read(
        &mut self,
        parameters: &Parameters,
        client_id: &str,
        return_to: ReturnAddress,
    ) -> Result<AuthorizationRequest, Refusal> {
        let invalid = |description| refusal("invalid_request", description);
        if parameters.repeated().is_some() {
            return Err(invalid("a parameter stands twice"));
        }
        for (name, error) in [
            ("request", "request_not_supported"),
            ("request_uri", "request_uri_not_supported"),
            ("registration", "registration_not_supported"),
        ] {
            if parameters.value(name).is_some() {
                return Err(refusal(error, "this provider has no such feature"));
            }
        }
        match parameters.value("response_type") {
            Some("code") => {}
            Some(_) => {
                return Err(refusal(
                    "unsupported_response_type",
                    "only response_type code is supported",
                ));
            }
            None => return Err(invalid("response_type is missing")),
        }
        self.check_random(parameters);
        self.check_scope(parameters, client_id);
        let takes_claims = self.settings.has(Feature::ClaimsParameter);
        let claims = match parameters.value("claims").filter(|_| takes_claims) {
            Some(text) => ClaimsRequest::parse(text).ok_or(invalid("claims is no JSON object"))?,
            None => ClaimsRequest::default(),
        };
        Ok(AuthorizationRequest {
            scopes: scopes(parameters.value("scope"), &self.settings.scopes)?,
            challenge: challenge(parameters)?,
            prompt: prompt(parameters.value("prompt"))?,
            max_age: max_age(parameters.value("max_age"))?,
            nonce: parameters.value("nonce").map(str::to_owned),
            login_hint: parameters.value("login_hint").map(str::to_owned),
            contexts: Contexts::of(parameters.value("acr_values"), &claims),
            claims,
            dpop_key: parameters.value("dpop_jkt").map(str::to_owned),
            details: self.details(parameters)?,
            resources: self.resources(parameters)?,
            client_id: client_id.to_owned(),
            return_to,
        })
    }

    /// Notes a scope beyond those that the client registered (RFC 7591 section 2).
    fn check_scope(&mut self, parameters: &Parameters, client_id: &str) {
        let client = self.client(client_id);
        let Some(registered) = client.as_ref().and_then(|client| client.text("scope")) else {
            return;
        };
        let asked = parameters.value("scope").unwrap_or_default();
        let beyond = |scope: &&str| !registered.split(' ').any(|held| held == *scope);
        if let Some(scope) = asked.split(' ').find(beyond) {
            self.violate("scope", format!("{scope} is not registered"));
        }
    }

    /// Notes a `state` or a `nonce` that is longer than clients need, or that an address cannot hold as it is.
    fn check_random(&mut self, parameters: &Parameters) {
        for (name, longest) in [("state", 128), ("nonce", 43)] {
            let Some(value) = parameters.value(name) else {
                continue;
            };
            let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            if value.len() > longest || !value.bytes().all(safe) {
                self.violate(
                    name,
                    format!("{} bytes, or not safe in an address", value.len()),
                );
            }
        }
    }
}

/// Keeps the scopes that are known, in the order of the request.
fn scopes(asked: Option<&str>, more: &[String]) -> Result<Vec<String>, Refusal> {
    let mut scopes: Vec<String> = Vec::new();
    for scope in asked.unwrap_or_default().split(' ') {
        let known = SCOPES.contains(&scope) || more.iter().any(|held| held == scope);
        if known && !scopes.iter().any(|held| held == scope) {
            scopes.push(scope.to_owned());
        }
    }
    if scopes.is_empty() {
        let description = "scope names none that this provider knows";
        return Err(refusal("invalid_scope", description));
    }
    Ok(scopes)
}

/// Reads the challenge: S256 is required, `plain` is not supported (RFC 9700 section 2.1.1).
fn challenge(parameters: &Parameters) -> Result<String, Refusal> {
    let invalid = |description| refusal("invalid_request", description);
    let challenge = parameters
        .value("code_challenge")
        .ok_or(invalid("code_challenge is missing: PKCE is required"))?;
    if parameters.value("code_challenge_method") != Some("S256") {
        return Err(invalid("code_challenge_method is not S256"));
    }
    let is_hash =
        codegrant_core::jose::base64url::decode(challenge).is_some_and(|hash| hash.len() == 32);
    if !is_hash {
        return Err(invalid("code_challenge is no SHA-256 in base64url"));
    }
    Ok(challenge.to_owned())
}

fn prompt(asked: Option<&str>) -> Result<Vec<Prompt>, Refusal> {
    let invalid = |description| refusal("invalid_request", description);
    let words = asked
        .unwrap_or_default()
        .split(' ')
        .filter(|word| !word.is_empty());
    let prompts: Vec<Prompt> = words
        .map(|word| match word {
            "none" => Ok(Prompt::None),
            "login" => Ok(Prompt::Login),
            "consent" => Ok(Prompt::Consent),
            "select_account" => Ok(Prompt::SelectAccount),
            _ => Err(invalid("prompt holds an unknown value")),
        })
        .collect::<Result<_, _>>()?;
    if prompts.contains(&Prompt::None) && prompts.len() > 1 {
        return Err(invalid("prompt holds none and something else"));
    }
    Ok(prompts)
}

fn max_age(asked: Option<&str>) -> Result<Option<i64>, Refusal> {
    let Some(text) = asked else { return Ok(None) };
    match text.parse::<u32>() {
        Ok(seconds) => Ok(Some(i64::from(seconds))),
        Err(_) => Err(refusal(
            "invalid_request",
            "max_age is no whole number of seconds",
        )),
    }
}
