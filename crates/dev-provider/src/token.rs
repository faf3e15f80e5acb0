//! The token endpoint: a code or a refresh token for tokens (RFC 6749 sections 4.1.3 and 6, RFC 7636
//! section 4.6).

use aws_lc_rs::digest::{SHA256, digest};
use codegrant_core::http::HttpResponse;
use codegrant_core::jose::base64url;
use serde_json::json;

use crate::access_token::Binding;
use crate::authorization_request::Refusal;
use crate::call::{Call, json_response};
use crate::client_registration::ClientRegistration;
use crate::dpop::{Asker, USE_NONCE};
use crate::fault::Fault;
use crate::feature::Feature;
use crate::grants::{CLIENT_CREDENTIALS, TOKEN_EXCHANGE};
use crate::id_token::Occasion;
use crate::parameters::Parameters;
use crate::state::{Grant, RefreshToken};

/// An error of the token or revocation endpoint (RFC 6749 section 5.2).
#[derive(Clone, Copy)]
pub(crate) struct TokenError {
    status: u16,
    pub(crate) error: &'static str,
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

impl From<Refusal> for TokenError {
    fn from(refusal: Refusal) -> Self {
        Self::new(400, refusal.error, refusal.description)
    }
}

impl Call<'_> {
    pub(crate) fn token(&mut self) -> HttpResponse {
        match self.granted() {
            Ok(response) => self.with_next_nonce(response, Asker::Server),
            Err(error) => self.failed(error),
        }
    }

    /// Answers a client with an error, and with the nonce where that is what it lacks.
    pub(crate) fn failed(&self, error: TokenError) -> HttpResponse {
        let response = error.response();
        if error.error == USE_NONCE.error {
            return self.with_nonce(response, Asker::Server);
        }
        response
    }

    fn granted(&mut self) -> Result<HttpResponse, TokenError> {
        let (parameters, client) = self.client_request()?;
        match parameters.value("grant_type") {
            Some("authorization_code") => self.redeem(&parameters, &client),
            Some("refresh_token") => self.refresh(&parameters, &client),
            Some(CLIENT_CREDENTIALS) if self.settings.has(Feature::ClientCredentials) => {
                self.client_credentials(&parameters, &client)
            }
            Some(TOKEN_EXCHANGE) if self.settings.has(Feature::TokenExchange) => {
                self.exchange(&parameters, &client)
            }
            Some(_) => Err(TokenError::new(
                400,
                "unsupported_grant_type",
                "the provider does not support this grant",
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
        // First of all: a client that has to come again with a nonce needs its code then.
        let binding = self.binding(client)?;
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
        let bound = held.dpop_key.clone().map(Binding::Key);
        if bound.is_some_and(|bound| bound != binding) {
            return Err(TokenError::invalid_grant(
                "the code is bound to another key (RFC 9449 section 10)",
            ));
        }
        let grant_id = held.grant.clone();
        if !self.is_first("verifier", client.id(), verifier) {
            self.violate("code-verifier", "it was used for another code");
        }
        let resources = self.narrowed_resources(parameters, &grant.resources)?;
        let mut body = self.access_token(&grant_id, &grant.scopes, &binding, &resources);
        grant.add_details(&mut body);
        let refresh_token = self.refresh_token(&grant_id, client, binding);
        body.insert("refresh_token".to_owned(), refresh_token.into());
        self.with_id_token(body, &grant, &grant.scopes, Occasion::Login)
    }

    fn refresh(
        &mut self,
        parameters: &Parameters,
        client: &ClientRegistration,
    ) -> Result<HttpResponse, TokenError> {
        let missing = TokenError::invalid_request("refresh_token is missing");
        let sent = parameters.value("refresh_token").ok_or(missing)?;
        let binding = self.binding(client)?;
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
        if held.binding != Binding::Bearer && held.binding != binding {
            return Err(TokenError::invalid_grant(
                "the refresh token is bound to another key",
            ));
        }
        let scopes = narrowed(parameters.value("scope"), &grant)?;
        held.used = rotates;
        let grant_id = held.grant.clone();
        let resources = self.narrowed_resources(parameters, &grant.resources)?;
        let mut body = self.access_token(&grant_id, &scopes, &binding, &resources);
        grant.add_details(&mut body);
        if rotates {
            let refresh_token = self.refresh_token(&grant_id, client, binding);
            body.insert("refresh_token".to_owned(), refresh_token.into());
        }
        self.with_id_token(body, &grant, &scopes, Occasion::Refresh)
    }

    /// Makes a refresh token; a public client has nothing but its key to show that it may use it (RFC 9449
    /// section 5).
    fn refresh_token(
        &mut self,
        grant: &str,
        client: &ClientRegistration,
        binding: Binding,
    ) -> String {
        let mut token = self.state.random.next_id();
        if self.settings.has(Feature::OddCharacters) {
            // Whatever RFC 6749 appendix A.17 allows and form encoding changes.
            token.push_str(" +%&=~");
        }
        let held = RefreshToken {
            grant: grant.to_owned(),
            used: false,
            binding: if client.is_public() {
                binding
            } else {
                Binding::Bearer
            },
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
