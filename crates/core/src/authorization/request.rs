//! The request that leaves for the provider (RFC 6749 section 4.1.1, RFC 7636, OpenID Connect Core 1.0
//! section 3.1.2.1).

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;

use super::options::AuthorizationOptions;
use super::parameters::Parameters;
use super::{object, pushed};
use crate::client::{Client, RequestObject};
use crate::error::{Error, ProviderError, Quoted};
use crate::jose::base64url;
use crate::metadata::{AuthorizationEndpoint, ProviderMetadata, refused};
use crate::moment::Moment;
use crate::provider::Protocol;
use crate::seed::Seed;
use crate::step::Step;
use crate::transaction::Transaction;

/// Where to send the browser, and what to hold ready meanwhile.
///
/// `Debug` shows no query: it holds the state and the nonce.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationRequest {
    url: String,
    object: Option<String>,
}

impl AuthorizationRequest {
    /// Returns the absolute URL for `Location`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the request object that has to be found at
    /// [`AuthorizationOptions::request_uri`] by the time the browser arrives, where the client passes it by
    /// reference (RFC 9101 section 5.2).
    ///
    /// It is served as `application/oauth-authz-req+jwt`. It holds the state and the nonce and no secret.
    pub fn object_to_host(&self) -> Option<&str> {
        self.object.as_deref()
    }

    /// Puts parameters behind the endpoint's own.
    fn with_query(endpoint: &AuthorizationEndpoint, parameters: &Parameters) -> Self {
        let texts = parameters.texts();
        Self {
            url: endpoint.with_query(texts.map(|(name, value)| (name.as_ref(), value))),
            object: None,
        }
    }
}

impl std::fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let endpoint = self.url.split('?').next().unwrap_or_default();
        write!(f, "AuthorizationRequest({endpoint})")
    }
}

impl Client {
    /// Starts a login: the request for the browser, and the transaction to keep for this browser alone.
    ///
    /// State, PKCE with S256 and, with OpenID Connect, a nonce are always sent (RFC 9700 section 2.1);
    /// each comes from its own part of `seed`. A request that is pushed first (RFC 9126) takes one call to the
    /// provider; any other is finished at once.
    ///
    /// # Errors
    ///
    /// When the metadata is another issuer's, when the provider's authorization endpoint already carries a
    /// parameter that belongs to us, and when the provider refuses a pushed request.
    pub fn authorize(
        &self,
        metadata: &ProviderMetadata,
        options: AuthorizationOptions,
        seed: &Seed,
        moment: Moment,
    ) -> Result<Step<(AuthorizationRequest, Transaction)>, Error> {
        let provider = self.provider();
        if let Protocol::OpenId { issuer, .. } | Protocol::OAuthIssuer { issuer, .. } =
            &provider.protocol
            && *issuer != metadata.issuer
        {
            return Err(ProviderError::IssuerMismatch {
                configured: issuer.to_string(),
                received: Quoted::new(&metadata.issuer),
            }
            .into());
        }
        if !self.has_absolute_redirect_uri() {
            return Err(ProviderError::Endpoint {
                member: "redirect_uri",
                url: Quoted::new(self.redirect_uri()),
                reason: "not an absolute URL".to_owned(),
            }
            .into());
        }
        self.binds_by(options.dpop_key.as_ref())?;
        let pushed =
            self.pushes_requests() || metadata.capabilities.require_pushed_authorization_requests;
        // A client that never wants anything shown has no page to go on to without a login.
        let silent = options.prompt.as_deref() == Some("none");
        let options = options.on_top_of(self.asked());
        let transaction = self.transaction(metadata, &options, silent, seed, &moment);
        let endpoint = &metadata.authorization;
        let parameters = self.parameters(&options, &transaction, pushed)?;
        if let Some(name) = parameters.repeated(endpoint.own_parameters()) {
            let reason = format!("it repeats the parameter {}", Quoted::new(name));
            return Err(refused(&metadata.authorization_endpoint, reason));
        }
        let sign = |parameters: &Parameters| {
            object::sign(self, &metadata.issuer, parameters, &moment).map(Value::from)
        };
        let by = self.request_object();
        if pushed {
            let sent = match by {
                None => parameters,
                Some(_) => {
                    let object = sign(&parameters)?;
                    let mut sent = parameters.client_alone();
                    sent.add("request", object);
                    sent
                }
            };
            let id = self.id().to_string();
            let key = options.dpop_key.as_ref();
            let held = metadata.clone();
            return pushed::push(self, metadata, &sent, key, moment, move |request_uri| {
                let mut left = Parameters::default();
                left.add("client_id", id);
                left.add("request_uri", request_uri);
                let request = AuthorizationRequest::with_query(&held.authorization, &left);
                (request, transaction)
            });
        }
        let request = match by {
            None => AuthorizationRequest::with_query(endpoint, &parameters),
            Some(how) => {
                let object = sign(&parameters)?;
                let mut left = parameters.beside_object();
                if how == RequestObject::ByReference {
                    let uri = options.request_uri.ok_or(ProviderError::RequestNotBuilt)?;
                    left.add("request_uri", uri);
                    let object = object.as_str().map(str::to_owned);
                    let request = AuthorizationRequest::with_query(endpoint, &left);
                    AuthorizationRequest { object, ..request }
                } else {
                    left.add("request", object);
                    AuthorizationRequest::with_query(endpoint, &left)
                }
            }
        };
        Ok(Step::Done((request, transaction)))
    }

    fn transaction(
        &self,
        metadata: &ProviderMetadata,
        options: &AuthorizationOptions,
        silent: bool,
        seed: &Seed,
        moment: &Moment,
    ) -> Transaction {
        let provider = self.provider();
        Transaction {
            provider: provider.id.to_string(),
            issuer: metadata.issuer.clone(),
            state: options.attempt.mark(seed.state()),
            nonce: provider.is_openid().then(|| seed.nonce()),
            verifier: seed.verifier(),
            redirect_uri: self.redirect_uri().to_owned(),
            return_to: options.return_to.clone(),
            started_at: moment.now(),
            max_age: options.max_age,
            acr_values: options.acr_values.clone(),
            expected_subject: options.expected_subject.clone(),
            silent,
            dpop_key: options.dpop_key.clone(),
        }
    }

    /// Lists what is asked: the grant's own parameters (RFC 6749 section 4.1.1, RFC 7636 section 4.3), then the
    /// others.
    fn parameters(
        &self,
        options: &AuthorizationOptions,
        transaction: &Transaction,
        pushed: bool,
    ) -> Result<Parameters, Error> {
        let mut parameters = Parameters::new();
        parameters.add("response_type", "code");
        parameters.add("client_id", self.id().as_str());
        parameters.add("state", transaction.state.as_str());
        parameters.add("code_challenge", code_challenge(&transaction.verifier));
        parameters.add("code_challenge_method", "S256");
        parameters.add("redirect_uri", transaction.redirect_uri.as_str());
        let scopes = self.scopes().join(" ");
        if !scopes.is_empty() {
            parameters.add("scope", scopes);
        }
        for (name, value) in self.provider().authorization_parameters.iter() {
            parameters.add(name.clone(), value.as_ref());
        }
        parameters.set_some("nonce", transaction.nonce.as_deref());
        parameters.set_some("response_mode", self.response_mode().parameter());
        parameters.set_some("max_age", options.max_age);
        parameters.set_words("acr_values", &options.acr_values);
        parameters.set_some("prompt", options.prompt.as_deref());
        parameters.set_some("login_hint", options.login_hint.as_deref());
        parameters.set_words("ui_locales", &options.ui_locales);
        parameters.set_some("id_token_hint", options.id_token_hint.as_deref());
        parameters.set_some("claims", options.claims.clone());
        let details = &options.authorization_details;
        let details = (!details.is_empty()).then(|| details.clone());
        parameters.set_some("authorization_details", details);
        for resource in self.resources() {
            parameters.add("resource", resource.as_str());
        }
        // A pushed request carries a proof, which says it already (RFC 9449 section 10.1).
        if let (Some(key), false) = (&options.dpop_key, pushed) {
            parameters.set("dpop_jkt", key.thumbprint()?);
        }
        Ok(parameters)
    }
}

/// Computes the challenge of a verifier by the method S256 (RFC 7636 section 4.2).
fn code_challenge(verifier: &str) -> String {
    base64url::encode(digest(&SHA256, verifier.as_bytes()).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_rfc_7636_appendix_b() {
        assert_eq!(
            code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
