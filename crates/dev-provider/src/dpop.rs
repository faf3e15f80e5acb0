//! Proofs that the client holds a key (RFC 9449): judged at the token endpoint, at `/par` and at resources.

use aws_lc_rs::digest::{SHA256, digest};
use codegrant_core::http::HttpResponse;
use codegrant_core::jose::{Algorithm, KeySet, base64url};
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::client_registration::ClientRegistration;
use crate::fault::Fault;
use crate::feature::Feature;
use crate::jwt;
use crate::token::TokenError;

/// What proofs may be signed with.
pub(crate) const ALGORITHMS: [Algorithm; 4] = [
    Algorithm::Ps256,
    Algorithm::Es256,
    Algorithm::EdDsa,
    Algorithm::Ed25519,
];

/// How old a proof may be, and how far ahead, in seconds.
const WINDOW: i64 = 300;

/// The members of a JWK that no proof may show (RFC 9449 section 4.3, item 7).
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "k"];

/// The answer to a proof without the nonce of the hour (RFC 9449 section 8).
pub(crate) const USE_NONCE: TokenError = TokenError::new(
    400,
    "use_dpop_nonce",
    "the proof lacks the nonce that is in use",
);

/// Who asks for a nonce: each has its own (RFC 9449 sections 8 and 9).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asker {
    Server,
    Resource,
}

/// The nonces in use.
pub(crate) struct Nonces {
    pub(crate) server: String,
    pub(crate) resource: String,
}

/// Why a proof is refused.
pub(crate) enum Refused {
    Proof(&'static str),
    Nonce,
}

impl Call<'_> {
    /// Judges the proof at an endpoint for clients, and returns the thumbprint of its key; `None` without a
    /// proof.
    pub(crate) fn proof_at_server(
        &mut self,
        client: &ClientRegistration,
    ) -> Result<Option<String>, TokenError> {
        let refused = |description| TokenError::new(400, "invalid_dpop_proof", description);
        if !self.settings.has(Feature::Dpop) {
            return Ok(None);
        }
        match self.proof(None, Asker::Server) {
            Ok(key) => Ok(key),
            Err(Refused::Nonce) => Err(USE_NONCE),
            Err(Refused::Proof(reason)) => {
                self.violate("dpop-proof", format!("client {}: {reason}", client.id()));
                Err(refused(reason))
            }
        }
    }

    /// Judges the proof of this request, if there is one, and returns the thumbprint of its key.
    pub(crate) fn proof(
        &mut self,
        token: Option<&str>,
        asker: Asker,
    ) -> Result<Option<String>, Refused> {
        let headers = self.request.headers.iter();
        let mut proofs = headers.filter(|(name, _)| *name == "dpop");
        let Some((_, proof)) = proofs.next() else {
            return Ok(None);
        };
        if proofs.next().is_some() {
            return Err(Refused::Proof("there are two proofs"));
        }
        let (key, claims) = self.opened_proof(proof).map_err(Refused::Proof)?;
        self.judge_proof(&claims, token).map_err(Refused::Proof)?;
        self.judge_nonce(&claims, asker)?;
        let unique = jwt::text(&claims, "jti").unwrap_or_default();
        if unique.is_empty() {
            return Err(Refused::Proof("jti is missing"));
        }
        // Remembered also where a nonce is asked for: the next attempt needs a proof of its own.
        if !self.is_first("proof", &key, unique) {
            return Err(Refused::Proof("jti was used before"));
        }
        Ok(Some(key))
    }

    fn opened_proof(&self, proof: &str) -> Result<(String, Map<String, Value>), &'static str> {
        let header = jwt::header(proof).ok_or("it is no JWS")?;
        if jwt::text(&header, "typ") != Some("dpop+jwt") {
            return Err("typ is not dpop+jwt");
        }
        let algorithm = jwt::text(&header, "alg").and_then(|name| name.parse().ok());
        if !algorithm.is_some_and(|algorithm| ALGORITHMS.contains(&algorithm)) {
            return Err("alg is not one that is supported");
        }
        let jwk = header.get("jwk").and_then(Value::as_object);
        let jwk = jwk.ok_or("the header has no jwk")?;
        if PRIVATE.iter().any(|name| jwk.contains_key(*name)) {
            return Err("the header shows a private key");
        }
        let keys = json!({ "keys": [jwk] }).to_string();
        let keys = KeySet::parse(keys.as_bytes()).map_err(|_| "the jwk is not sound")?;
        let claims = jwt::verified(proof, &keys, algorithm)?;
        let key = thumbprint(jwk).ok_or("the jwk is not sound")?;
        Ok((key, claims))
    }

    fn judge_proof(
        &self,
        claims: &Map<String, Value>,
        token: Option<&str>,
    ) -> Result<(), &'static str> {
        if jwt::text(claims, "htm") != Some(self.request.method.as_str()) {
            return Err("htm is not the method");
        }
        if jwt::text(claims, "htu") != Some(self.request.loggable_url()) {
            return Err("htu is not the address, without query and fragment");
        }
        let issued = jwt::seconds(claims, "iat").ok_or("iat is missing")?;
        if (self.now.as_unix() - issued).abs() > WINDOW {
            return Err("iat is more than five minutes off");
        }
        let expected = token.map(hash);
        match (jwt::text(claims, "ath"), expected) {
            (None, None) => Ok(()),
            (Some(_), None) => Err("ath stands where there is no access token"),
            (sent, expected) if sent == expected.as_deref() => Ok(()),
            _ => Err("ath is not the hash of the access token"),
        }
    }

    fn judge_nonce(&mut self, claims: &Map<String, Value>, asker: Asker) -> Result<(), Refused> {
        if !self.settings.has(Feature::DpopNonces) {
            return Ok(());
        }
        let sent = jwt::text(claims, "nonce");
        let fits = sent == Some(self.nonce(asker)) && !self.state.has(Fault::DpopNonceForever);
        if fits {
            return Ok(());
        }
        // It is spent all the same.
        let unique = jwt::text(claims, "jti").unwrap_or_default().to_owned();
        if !self.is_first("challenged proof", "", &unique) {
            return Err(Refused::Proof("jti was used before"));
        }
        Err(Refused::Nonce)
    }

    fn nonce(&self, asker: Asker) -> &str {
        match asker {
            Asker::Server => &self.state.nonces.server,
            Asker::Resource => &self.state.nonces.resource,
        }
    }

    /// Takes another nonce into use.
    pub(crate) fn renew_nonce(&mut self, asker: Asker) {
        let next = self.state.random.next_id();
        match asker {
            Asker::Server => self.state.nonces.server = next,
            Asker::Resource => self.state.nonces.resource = next,
        }
    }

    /// Adds the nonce to an answer that asks for it.
    pub(crate) fn with_nonce(&self, response: HttpResponse, asker: Asker) -> HttpResponse {
        let has = |fault| self.state.has(fault);
        if has(Fault::DpopNonceMissing) {
            return response;
        }
        let nonce = self.nonce(asker);
        if has(Fault::DpopNonceTwice) {
            return response
                .with_header("dpop-nonce", nonce)
                .with_header("dpop-nonce", "another-nonce");
        }
        let nonce = match () {
            () if has(Fault::DpopNonceHuge) => "n".repeat(20_000),
            () if has(Fault::DpopNonceOddCharacters) => format!("{nonce} \"or\" \\ another"),
            () => nonce.to_owned(),
        };
        response.with_header("dpop-nonce", nonce)
    }

    /// Adds the nonce for the next time, where the provider is set up to give it along.
    pub(crate) fn with_next_nonce(&self, response: HttpResponse, asker: Asker) -> HttpResponse {
        if self.settings.has(Feature::DpopNoncesInAnswers) {
            return self.with_nonce(response, asker);
        }
        response
    }
}

/// Returns the hash of an access token, as it stands in a proof's `ath` (RFC 9449 section 4.2).
fn hash(token: &str) -> String {
    base64url::encode(digest(&SHA256, token.as_bytes()).as_ref())
}

/// Computes the thumbprint of a public key (RFC 7638 section 3, RFC 8037 appendix A.3).
fn thumbprint(jwk: &Map<String, Value>) -> Option<String> {
    let names: &[&str] = match jwt::text(jwk, "kty")? {
        "RSA" => &["e", "kty", "n"],
        "EC" => &["crv", "kty", "x", "y"],
        "OKP" => &["crv", "kty", "x"],
        _ => return None,
    };
    let members: Vec<String> = names
        .iter()
        .map(|name| Some(format!("\"{name}\":{}", json!(jwt::text(jwk, name)?))))
        .collect::<Option<_>>()?;
    Some(hash(&format!("{{{}}}", members.join(","))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumbprint_is_that_of_the_rfc() {
        // RFC 8037 appendix A.3.
        let jwk = json!({
            "kty": "OKP", "crv": "Ed25519", "kid": "left out",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        });
        let found = thumbprint(jwk.as_object().unwrap());
        assert_eq!(
            found.as_deref(),
            Some("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
        );
    }
}
