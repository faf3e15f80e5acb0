//! The introspection endpoint (RFC 7662).

use codegrant_core::http::HttpResponse;
use serde_json::{Value, json};

use crate::call::{Call, json_response};
use crate::feature::Feature;
use crate::token::TokenError;

impl Call<'_> {
    pub(crate) fn introspect(&mut self) -> HttpResponse {
        match self.introspected() {
            Ok(body) => json_response(200, &body),
            Err(error) => self.failed(error),
        }
    }

    /// Tells a client about a token; one that is not live is not active, and nothing more is said about it
    /// (RFC 7662 section 2.2).
    fn introspected(&mut self) -> Result<Value, TokenError> {
        let (parameters, client) = self.client_request()?;
        if !self.settings.has(Feature::Introspection) {
            return Err(TokenError::new(
                404,
                "not_found",
                "there is no introspection here",
            ));
        }
        if client.is_public() {
            return Err(TokenError::new(
                401,
                "invalid_client",
                "who asks has to be authenticated",
            ));
        }
        let missing = TokenError::invalid_request("token is missing");
        let token = parameters.value("token").ok_or(missing)?;
        let Some((grant, held)) = self.live_token(token) else {
            return Ok(json!({ "active": self.is_live_refresh_token(token) }));
        };
        let mut body = json!({
            "active": true,
            "iss": self.settings.issuer,
            "sub": grant.signed_in.subject,
            "client_id": grant.client_id,
            "scope": held.scopes.join(" "),
            "token_type": held.binding.token_type(),
            "iat": held.issued.as_unix(),
            "exp": held.expires.as_unix(),
        });
        if let Some(user) = self.user(&grant.signed_in.subject) {
            body["username"] = user.username.into();
        }
        if !held.resources.is_empty() {
            body["aud"] = json!(held.resources);
        }
        if let Some(confirmation) = held.binding.confirmation() {
            body["cnf"] = confirmation;
        }
        if !grant.details.is_empty() {
            body["authorization_details"] = json!(grant.details);
        }
        Ok(body)
    }

    fn is_live_refresh_token(&self, token: &str) -> bool {
        let held = self.state.refresh_tokens.find(token);
        held.is_some_and(|held| !held.used && self.state.grants.find(&held.grant).is_some())
    }
}
