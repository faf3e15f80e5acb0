//! What clients sign: reading an assertion, a request object or a proof, and finding the client's keys.

use codegrant_core::jose::{Algorithm, Jws, KeySet, base64url, json};
use serde_json::{Map, Value};

use crate::call::Call;
use crate::client_registration::ClientRegistration;

/// How far a client's clock may be off, in seconds.
pub(crate) const SKEW: i64 = 60;

/// Reads the header of a token, which nobody has verified yet.
pub(crate) fn header(compact: &str) -> Option<Map<String, Value>> {
    part(compact, 0)
}

/// Reads the claims of a token, which nobody has verified yet: good for finding out who is meant.
pub(crate) fn claims(compact: &str) -> Option<Map<String, Value>> {
    part(compact, 1)
}

fn part(compact: &str, number: usize) -> Option<Map<String, Value>> {
    let encoded = compact.split('.').nth(number)?;
    json::object(&base64url::decode(encoded)?).ok()
}

/// Verifies a token with public keys, and returns its claims.
pub(crate) fn verified(
    compact: &str,
    keys: &KeySet,
    algorithm: Option<Algorithm>,
) -> Result<Map<String, Value>, &'static str> {
    let jws = Jws::parse(compact).map_err(|_| "it is no JWS, or its alg is not supported")?;
    let algorithm = algorithm.unwrap_or(jws.header().algorithm());
    let verified = jws.verify(keys, algorithm).map_err(
        |_| "its alg is not the registered one, or no registered key made its signature",
    )?;
    verified
        .claims()
        .map_err(|_| "its claims are no JSON object")
}

/// Verifies a token with the client's secret, and returns its claims.
pub(crate) fn verified_with_secret(
    compact: &str,
    secret: &str,
    algorithm: Option<Algorithm>,
) -> Result<Map<String, Value>, &'static str> {
    let jws = Jws::parse(compact).map_err(|_| "it is no JWS, or its alg is not supported")?;
    let algorithm = algorithm.unwrap_or(jws.header().algorithm());
    let verified = jws
        .verify_with_secret(secret.as_bytes(), algorithm)
        .map_err(|_| "its alg is not the registered one, or the secret did not make its tag")?;
    verified
        .claims()
        .map_err(|_| "its claims are no JSON object")
}

impl Call<'_> {
    /// Finds the keys that a client registered: in its metadata, or at its `jwks_uri` as it was fetched for
    /// this request.
    pub(crate) fn keys_of(&self, client: &ClientRegistration) -> KeySet {
        let inline = client.jwks().map(|jwks| jwks.to_string().into_bytes());
        let hosted = client
            .text("jwks_uri")
            .and_then(|uri| self.fetched.get(uri)?.as_ref())
            .filter(|response| response.status == 200)
            .map(|response| response.body.clone());
        let body = inline.or(hosted).unwrap_or_default();
        KeySet::parse(&body).unwrap_or_else(|_| KeySet::empty())
    }

    /// Remembers a `jti`, and tells whether it is new: `false` means that it was sent before.
    pub(crate) fn is_first(&mut self, purpose: &str, sender: &str, id: &str) -> bool {
        // A line feed is in no client id (RFC 6749 appendix A.1).
        let key = format!("{purpose}\n{sender}\n{id}");
        if self.state.seen.find(&key).is_some() {
            return false;
        }
        self.state.seen.insert(key, ());
        true
    }
}

/// Reads a member that is a whole number of seconds.
pub(crate) fn seconds(claims: &Map<String, Value>, name: &str) -> Option<i64> {
    claims.get(name)?.as_i64()
}

/// Reads a member that is text.
pub(crate) fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name)?.as_str()
}
