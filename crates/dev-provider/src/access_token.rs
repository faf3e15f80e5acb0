//! Access tokens: what they are bound to, and who may use them where (RFC 6750, RFC 8705, RFC 9449).

use codegrant_core::Timestamp;
use codegrant_core::http::HttpResponse;
use serde_json::{Map, Value, json};

use crate::call::{Call, json_response};
use crate::certificate;
use crate::client_registration::ClientRegistration;
use crate::dpop::{self, Asker, Refused};
use crate::fault::Fault;
use crate::feature::Feature;
use crate::parameters::Parameters;
use crate::state::Grant;
use crate::token::TokenError;

/// An access token (RFC 6749 section 1.4).
pub(crate) struct AccessToken {
    pub(crate) grant: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) issued: Timestamp,
    pub(crate) expires: Timestamp,
    pub(crate) binding: Binding,
    /// The resources that it is for; anywhere when there are none (RFC 8707).
    pub(crate) resources: Vec<String>,
}

/// What whoever uses a token has to hold besides.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Binding {
    /// Nothing: whoever bears it may use it.
    Bearer,
    /// The private key with this thumbprint (RFC 9449 section 6).
    Key(String),
    /// The private key of the certificate with this thumbprint (RFC 8705 section 3).
    Certificate(String),
}

impl Binding {
    pub(crate) fn token_type(&self) -> &'static str {
        match self {
            Self::Key(_) => "DPoP",
            Self::Bearer | Self::Certificate(_) => "Bearer",
        }
    }

    /// Returns the claim `cnf` (RFC 7800).
    pub(crate) fn confirmation(&self) -> Option<Value> {
        match self {
            Self::Bearer => None,
            Self::Key(key) => Some(json!({ "jkt": key })),
            Self::Certificate(certificate) => Some(json!({ "x5t#S256": certificate })),
        }
    }
}

impl Call<'_> {
    /// Finds out what the tokens of this request are to be bound to.
    pub(crate) fn binding(&mut self, client: &ClientRegistration) -> Result<Binding, TokenError> {
        if let Some(key) = self.proof_at_server(client)? {
            return Ok(Binding::Key(key));
        }
        if client.flag("dpop_bound_access_tokens") {
            self.violate("dpop-proof", format!("client {} sent none", client.id()));
            let description = "this client's tokens are bound to a key: a proof is missing";
            return Err(TokenError::new(400, "invalid_dpop_proof", description));
        }
        let wants = client.flag("tls_client_certificate_bound_access_tokens");
        if !wants || !self.settings.has(Feature::CertificateBoundTokens) {
            return Ok(Binding::Bearer);
        }
        let Some(der) = self.certificate else {
            self.violate(
                "client-certificate",
                "tokens are to be bound to one, and there is none",
            );
            return Err(TokenError::invalid_request(
                "a client certificate is missing",
            ));
        };
        Ok(Binding::Certificate(certificate::thumbprint(der)))
    }

    /// Makes an access token, and the answer that hands it out.
    pub(crate) fn access_token(
        &mut self,
        grant: &str,
        scopes: &[String],
        binding: &Binding,
        resources: &[String],
    ) -> Map<String, Value> {
        let token = self.state.random.next_id();
        let lifetime = self.settings.access_token_lifetime;
        let held = AccessToken {
            grant: grant.to_owned(),
            scopes: scopes.to_vec(),
            issued: self.now,
            expires: self.now.plus(lifetime),
            binding: binding.clone(),
            resources: resources.to_vec(),
        };
        self.state.access_tokens.insert(token.clone(), held);
        let mut body = Map::new();
        body.insert("access_token".to_owned(), token.into());
        body.insert("token_type".to_owned(), binding.token_type().into());
        body.insert("expires_in".to_owned(), lifetime.into());
        body.insert("scope".to_owned(), scopes.join(" ").into());
        self.renew_nonce(Asker::Server);
        self.renew_nonce(Asker::Resource);
        body
    }

    /// Finds the grant behind the access token of this request, with what the token allows.
    ///
    /// The token stands in `Authorization` (RFC 6750 section 2.1, RFC 9449 section 7.1) or in the form of a
    /// `POST` (RFC 6750 section 2.2).
    ///
    /// # Errors
    ///
    /// The answer to send: status 401 (RFC 6750 section 3, RFC 9449 section 9), or 400.
    pub(crate) fn bearer(&mut self) -> Result<(Grant, Vec<String>), HttpResponse> {
        let Some((scheme, token)) = self.sent_token()? else {
            return Err(self.challenge("Bearer", None));
        };
        let Some((grant, held)) = self.live_token(&token) else {
            let description = "the access token is unknown, expired or revoked";
            return Err(self.challenge(scheme, Some(("invalid_token", description))));
        };
        let (binding, scopes) = (held.binding.clone(), held.scopes.clone());
        let refused = match binding {
            Binding::Bearer if scheme == "Bearer" => None,
            Binding::Bearer => Some("the token is not bound to a key"),
            Binding::Certificate(expected) => {
                let shown = self.certificate.map(certificate::thumbprint);
                (shown != Some(expected)).then_some("the token is bound to another certificate")
            }
            Binding::Key(_) if scheme == "Bearer" => Some("the token is bound to a key"),
            Binding::Key(key) => match self.proof(Some(&token), Asker::Resource) {
                Ok(Some(proven)) if proven == key => None,
                Ok(Some(_)) => Some("the token is bound to another key"),
                Ok(None) => Some("there is no proof"),
                Err(Refused::Proof(reason)) => {
                    self.violate("dpop-proof", reason);
                    return Err(self.challenge(scheme, Some(("invalid_dpop_proof", reason))));
                }
                Err(Refused::Nonce) => {
                    let description = "the proof lacks the nonce that is in use";
                    let answer = self.challenge(scheme, Some(("use_dpop_nonce", description)));
                    return Err(self.with_nonce(answer, Asker::Resource));
                }
            },
        };
        match refused {
            None => Ok((grant, scopes)),
            Some(reason) => {
                self.violate("sender-constraint", reason);
                Err(self.challenge(scheme, Some(("invalid_token", reason))))
            }
        }
    }

    /// Reads the token, wherever it may stand, with its scheme.
    fn sent_token(&mut self) -> Result<Option<(&'static str, String)>, HttpResponse> {
        let header = self.request.header("authorization").and_then(|header| {
            let (scheme, token) = header.split_once(' ')?;
            let schemes = ["Bearer", "DPoP"].into_iter();
            let scheme = schemes
                .clone()
                .find(|known| known.eq_ignore_ascii_case(scheme))?;
            Some((scheme, token.trim().to_owned()))
        });
        if Parameters::parse(self.query.as_bytes())
            .value("access_token")
            .is_some()
        {
            self.violate("token-in-query", "an access token stands in an address");
            return Err(self.challenge("Bearer", None));
        }
        let media_type = self.request.header("content-type").unwrap_or_default();
        let is_form = media_type.starts_with("application/x-www-form-urlencoded");
        let form = Parameters::parse(if is_form { &self.request.body } else { b"" });
        match (header, form.value("access_token")) {
            (Some(_), Some(_)) => {
                self.violate("token-twice", "in the header and in the form");
                let body = json!({ "error": "invalid_request" });
                Err(json_response(400, &body))
            }
            (None, Some(token)) => Ok(Some(("Bearer", token.to_owned()))),
            (header, None) => Ok(header),
        }
    }

    /// Tells whether the token of this request may be used at its address (RFC 8707 section 2).
    pub(crate) fn is_for_this_resource(&self) -> bool {
        let header = self.request.header("authorization").unwrap_or_default();
        let token = header.split_once(' ').map_or("", |(_, token)| token.trim());
        let address = self.request.loggable_url();
        let held = self.state.access_tokens.find(token);
        held.is_none_or(|held| {
            let mut resources = held.resources.iter();
            held.resources.is_empty() || resources.any(|resource| address.starts_with(resource))
        })
    }

    pub(crate) fn live_token(&self, token: &str) -> Option<(Grant, &AccessToken)> {
        let held = self.state.access_tokens.find(token)?;
        let live = self.now < held.expires;
        let grant = self.state.grants.find(&held.grant).filter(|_| live)?;
        Some((grant.clone(), held))
    }

    /// Makes the answer that asks for another token, or another proof.
    pub(crate) fn challenge(&self, scheme: &str, error: Option<(&str, &str)>) -> HttpResponse {
        let shown = if self.state.has(Fault::DpopSchemeOtherCase) {
            scheme.replace("DPoP", "dPoP")
        } else {
            scheme.to_owned()
        };
        let mut challenge = format!(r#"{shown} realm="dev-provider""#);
        let mut body = json!({});
        if let Some((error, description)) = error {
            challenge =
                format!(r#"{challenge}, error="{error}", error_description="{description}""#);
            body = json!({ "error": error, "error_description": description });
        }
        if scheme == "DPoP" {
            let algorithms = dpop::ALGORITHMS.map(|algorithm| algorithm.as_str());
            challenge = format!(r#"{challenge}, algs="{}""#, algorithms.join(" "));
        }
        json_response(401, &body).with_header("www-authenticate", challenge)
    }
}
