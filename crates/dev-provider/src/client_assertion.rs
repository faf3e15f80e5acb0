//! Client authentication by a signed assertion: `private_key_jwt` and `client_secret_jwt` (RFC 7523,
//! OpenID Connect Core 1.0 section 9).

use std::sync::Arc;

use codegrant_core::jose::Algorithm;
use serde_json::{Map, Value};

use crate::call::Call;
use crate::client_authentication::UNKNOWN;
use crate::client_registration::ClientRegistration;
use crate::jwt::{self, SKEW};
use crate::parameters::Parameters;
use crate::token::TokenError;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How far ahead an assertion may end, in seconds.
const LONGEST: i64 = 86_400;

impl Call<'_> {
    /// Authenticates the client by the assertion that it sent.
    pub(crate) fn by_assertion(
        &mut self,
        parameters: &Parameters,
        assertion: &str,
    ) -> Result<Arc<ClientRegistration>, TokenError> {
        if parameters.value("client_assertion_type") != Some(ASSERTION_TYPE) {
            self.violate(
                "assertion-type",
                "client_assertion_type is missing or another",
            );
            return Err(TokenError::invalid_request(
                "client_assertion_type is not jwt-bearer",
            ));
        }
        let claimed = jwt::claims(assertion).unwrap_or_default();
        let id = jwt::text(&claimed, "sub").ok_or(UNKNOWN)?.to_owned();
        if parameters.value("client_id").is_some_and(|sent| sent != id) {
            self.violate("assertion-subject", "client_id in the body is another");
            return Err(TokenError::invalid_request(
                "client_id and assertion differ",
            ));
        }
        let client = self.client(&id).ok_or(UNKNOWN)?;
        let algorithm = client.text("token_endpoint_auth_signing_alg");
        let algorithm = algorithm.and_then(|name| name.parse::<Algorithm>().ok());
        let claims = match client.authentication() {
            Some("private_key_jwt") => jwt::verified(assertion, &self.keys_of(&client), algorithm),
            Some("client_secret_jwt") => {
                let secret = client.secret.as_deref().unwrap_or_default();
                jwt::verified_with_secret(assertion, secret, algorithm)
            }
            _ => Err("the client is registered with another method"),
        };
        let judged = claims.and_then(|claims| self.judge_assertion(&id, &claims));
        judged.map(|()| client).map_err(|reason| {
            self.violate("assertion", format!("client {id}: {reason}"));
            UNKNOWN
        })
    }

    fn judge_assertion(
        &mut self,
        id: &str,
        claims: &Map<String, Value>,
    ) -> Result<(), &'static str> {
        if jwt::text(claims, "iss") != Some(id) {
            return Err("iss is not the client");
        }
        // A list, or an endpoint's address, would let another server use it.
        if jwt::text(claims, "aud") != Some(&self.settings.issuer) {
            return Err("aud is not the issuer, as one string");
        }
        let expires = jwt::seconds(claims, "exp").ok_or("exp is missing")?;
        let left = expires - self.now.as_unix();
        if left <= -SKEW {
            return Err("it is expired");
        }
        if left > LONGEST {
            return Err("exp is more than a day ahead");
        }
        match jwt::seconds(claims, "iat") {
            None => self.violate("assertion-issued", "iat is missing"),
            Some(issued) if issued > self.now.as_unix() + SKEW => {
                return Err("iat lies ahead");
            }
            Some(_) => {}
        }
        let not_before = jwt::seconds(claims, "nbf");
        if not_before.is_some_and(|start| start > self.now.as_unix() + SKEW) {
            return Err("nbf lies ahead");
        }
        let unique = jwt::text(claims, "jti").ok_or("jti is missing")?;
        if self.is_first("assertion", id, unique) {
            Ok(())
        } else {
            Err("jti was used before")
        }
    }
}
