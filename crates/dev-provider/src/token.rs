//! The token endpoint: a code or a refresh token for tokens (RFC 6749 sections 4.1.3 and 6, RFC 7636
//! section 4.6).

use aws_lc_rs::digest::{SHA256, digest};
use codegrant_core::http::HttpResponse;
use codegrant_core::jose::base64url;
use serde_json::{Map, Value, json};

use crate::call::{Call, json_response};
use crate::client_registration::ClientRegistration;
use crate::fault::Fault;
use crate::id_token::Occasion;
use crate::parameters::Parameters;
use crate::state::{AccessToken, Grant, RefreshToken};

/// An error of the token or revocation endpoint (RFC 6749 section 5.2).
#[derive(Clone, Copy)]
pub(crate) struct TokenError {
    status: u16,
    error: &'static str,
    description: &'static str,
}

impl TokenError {
    pub(crate) const fn new(status: u16, error: &'static str, description: &'static str) -> Self {
        Self {
            status,
            error,
            description,
        }
    }

    pub(crate) const fn invalid_request(description: &'static str) -> Self {
        Self::new(400, "invalid_request", description)
    }

    const fn invalid_grant(description: &'static str) -> Self {
        Self::new(400, "invalid_grant", description)
    }

    pub(crate) fn response(self) -> HttpResponse {
        let body = json!({ "error": self.error, "error_description": self.description });
        let response = json_response(self.status, &body);
        match self.status {
            401 => response.with_header("www-authenticate", r#"Basic realm="dev-provider""#),
            _ => response,
        }
    }
}

impl Call<'_> {
    pub(crate) fn token(&mut self) -> HttpResponse {
        self.granted().unwrap_or_else(TokenError::response)
    }

    fn granted(&mut self) -> Result<HttpResponse, TokenError> {
        let (parameters, client) = self.client_request()?;
        match parameters.value("grant_type") {
            Some("authorization_code") => self.redeem(&parameters, &client),
            Some("refresh_token") => self.refresh(&parameters, &client),
            Some(_) => Err(TokenError::new(
                400,
                "unsupported_grant_type",
                "only authorization_code and refresh_token are supported",
            )),
            None => Err(TokenError::invalid_request("grant_type is missing")),
        }
    }

    fn redeem(
        &mut self,
        parameters: &Parameters,
        client: &ClientRegistration,
    ) -> Result<HttpResponse, TokenError> {
        let missing = TokenError::invalid_request("code is missing");
        let code = parameters.value("code").ok_or(missing)?;
        let unknown = TokenError::invalid_grant("the code is unknown or expired");
        let grants = &mut self.state.grants;
        let held = self.state.codes.find_mut(code).ok_or(unknown)?;
        if held.used {
            // RFC 6749 section 4.1.2: somebody else may have used it, so that what it brought is taken back.
            grants.remove(&held.grant);
            return Err(TokenError::invalid_grant(
                "the code was used before; its tokens are revoked",
            ));
        }
        let grant = grants.find(&held.grant).cloned().ok_or(unknown)?;
        if grant.client_id != client.id() {
            return Err(TokenError::invalid_grant(
                "the code was issued to another client",
            ));
        }
        // From here on it counts as used, also when it is refused: a verifier cannot be tried twice.
        held.used = true;
        if self.now >= held.expires {
            return Err(unknown);
        }
        if parameters.value("redirect_uri") != Some(&held.redirect_uri) {
            return Err(TokenError::invalid_grant(
                "redirect_uri is not the one of the authorization request",
            ));
        }
        let verifier = parameters
            .value("code_verifier")
            .filter(|verifier| is_verifier(verifier))
            .ok_or(TokenError::invalid_grant(
                "code_verifier is missing or malformed",
            ))?;
        let hash = digest(&SHA256, verifier.as_bytes());
        if base64url::encode(hash.as_ref()) != held.challenge {
            return Err(TokenError::invalid_grant(
                "code_verifier does not fit the code_challenge",
            ));
        }
        let grant_id = held.grant.clone();
        let mut body = self.access_token(&grant_id, &grant.scopes);
        body.insert(
            "refresh_token".to_owned(),
            self.refresh_token(&grant_id).into(),
        );
        self.with_id_token(body, &grant, &grant.scopes, Occasion::Login)
    }

    fn refresh(
        &mut self,
        parameters: &Parameters,
        client: &ClientRegistration,
    ) -> Result<HttpResponse, TokenError> {
        let missing = TokenError::invalid_request("refresh_token is missing");
        let sent = parameters.value("refresh_token").ok_or(missing)?;
        let unknown = TokenError::invalid_grant("the refresh token is unknown or revoked");
        let rotates = !self.state.has(Fault::RefreshNoNewToken);
        let grants = &mut self.state.grants;
        let held = self.state.refresh_tokens.find_mut(sent).ok_or(unknown)?;
        let grant = grants.find(&held.grant).cloned().ok_or(unknown)?;
        if grant.client_id != client.id() {
            return Err(TokenError::invalid_grant(
                "the refresh token was issued to another client",
            ));
        }
        if held.used {
            // RFC 9700 section 4.14.2: one of two holders is a thief, so that both lose it.
            grants.remove(&held.grant);
            return Err(TokenError::invalid_grant(
                "the refresh token was used before; its whole family is revoked",
            ));
        }
        let scopes = narrowed(parameters.value("scope"), &grant)?;
        held.used = rotates;
        let grant_id = held.grant.clone();
        let mut body = self.access_token(&grant_id, &scopes);
        if rotates {
            body.insert(
                "refresh_token".to_owned(),
                self.refresh_token(&grant_id).into(),
            );
        }
        self.with_id_token(body, &grant, &scopes, Occasion::Refresh)
    }

    fn access_token(&mut self, grant: &str, scopes: &[String]) -> Map<String, Value> {
        let token = self.state.random.next_id();
        let lifetime = self.settings.access_token_lifetime;
        let held = AccessToken {
            grant: grant.to_owned(),
            scopes: scopes.to_vec(),
            expires: self.now.plus(lifetime),
        };
        self.state.access_tokens.insert(token.clone(), held);
        let mut body = Map::new();
        body.insert("access_token".to_owned(), token.into());
        body.insert("token_type".to_owned(), "Bearer".into());
        body.insert("expires_in".to_owned(), lifetime.into());
        body.insert("scope".to_owned(), scopes.join(" ").into());
        body
    }

    fn refresh_token(&mut self, grant: &str) -> String {
        let token = self.state.random.next_id();
        let held = RefreshToken {
            grant: grant.to_owned(),
            used: false,
        };
        self.state.refresh_tokens.insert(token.clone(), held);
        token
    }
}

/// Reads the scopes of a refresh: the granted ones, or fewer (RFC 6749 section 6).
fn narrowed(asked: Option<&str>, grant: &Grant) -> Result<Vec<String>, TokenError> {
    let Some(asked) = asked else {
        return Ok(grant.scopes.clone());
    };
    let scopes: Vec<String> = asked.split_ascii_whitespace().map(str::to_owned).collect();
    if scopes.iter().all(|scope| grant.scopes.contains(scope)) {
        return Ok(scopes);
    }
    let description = "scope is more than what was granted";
    Err(TokenError::new(400, "invalid_scope", description))
}

/// Tells whether it can be a code verifier (RFC 7636 section 4.1).
fn is_verifier(text: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
}
