//! The revocation endpoint (RFC 7009).

use codegrant_core::http::HttpResponse;
use serde_json::json;

use crate::call::{Call, json_response};
use crate::token::TokenError;

impl Call<'_> {
    pub(crate) fn revoke(&mut self) -> HttpResponse {
        match self.revoked() {
            Ok(response) => response,
            Err(error) => self.failed(error),
        }
    }

    /// Revokes an access token, or a refresh token with everything that belongs to it. A token that is
    /// unknown is revoked already (RFC 7009 section 2.2).
    fn revoked(&mut self) -> Result<HttpResponse, TokenError> {
        let (parameters, client) = self.client_request()?;
        let missing = TokenError::invalid_request("token is missing");
        let token = parameters.value("token").ok_or(missing)?;
        let access = self.state.access_tokens.find(token).map(|held| &held.grant);
        let refresh = self
            .state
            .refresh_tokens
            .find(token)
            .map(|held| &held.grant);
        let is_refresh = refresh.is_some();
        if let Some(grant_id) = refresh.or(access).cloned() {
            let owner = self.state.grants.find(&grant_id);
            if owner.is_some_and(|grant| grant.client_id != client.id()) {
                let description = "the token was issued to another client";
                return Err(TokenError::new(400, "unauthorized_client", description));
            }
            if is_refresh {
                self.state.grants.remove(&grant_id);
            }
            self.state.access_tokens.remove(token);
        }
        Ok(json_response(200, &json!({})))
    }
}
