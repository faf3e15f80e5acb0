//! Pushed authorization requests (RFC 9126): taken at `/par`, used once at `/authorize`.

use codegrant_core::Timestamp;
use codegrant_core::http::HttpResponse;
use serde_json::json;

use crate::call::{Call, json_response};
use crate::client_registration::ClientRegistration;
use crate::dpop::Asker;
use crate::feature::Feature;
use crate::pages::Problem;
use crate::parameters::Parameters;
use crate::request_object::Effective;
use crate::token::TokenError;

/// How long a pushed request waits for its browser, in seconds.
const LIFETIME: i64 = 90;

/// What the references start with (RFC 9126 section 2.2).
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// What authenticates the client at `/par`, and is no part of the request.
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// A request that waits.
pub(crate) struct Pushed {
    client_id: String,
    parameters: Parameters,
    signed: bool,
    key: Option<String>,
    expires: Timestamp,
}

impl Call<'_> {
    pub(crate) fn push(&mut self) -> HttpResponse {
        match self.pushed_request() {
            Ok(response) => self.with_next_nonce(response, Asker::Server),
            Err(error) => self.failed(error),
        }
    }

    fn pushed_request(&mut self) -> Result<HttpResponse, TokenError> {
        if !self.settings.has(Feature::PushedRequests) {
            return Err(TokenError::new(404, "not_found", "nothing is pushed here"));
        }
        let (sent, client) = self.client_request()?;
        if sent.value("request_uri").is_some() {
            self.violate("request-uri", "a reference was pushed");
            return Err(TokenError::invalid_request("request_uri cannot be pushed"));
        }
        let proof = self.proof_at_server(&client)?;
        let mut sent = sent.without(&CREDENTIALS);
        if sent.value("client_id").is_none() {
            sent.push("client_id", client.id());
        }
        let request = self.opened(&client, sent)?;
        let parameters = &request.parameters;
        let bound = parameters.value("dpop_jkt").map(str::to_owned);
        if let (Some(stated), Some(proven)) = (&bound, &proof)
            && stated != proven
        {
            self.violate("dpop-key", "dpop_jkt is not the key of the proof");
            return Err(TokenError::invalid_request(
                "dpop_jkt is not the key of the proof",
            ));
        }
        // Everything is judged now, so that the browser is sent on its way with a good request only.
        let (client_id, redirect_uri) = self.asker(parameters).map_err(|_| {
            TokenError::invalid_request("client_id or redirect_uri is missing or not registered")
        })?;
        self.judge(parameters, &client_id, redirect_uri)
            .map_err(|(_, refusal)| TokenError::from(refusal))?;
        let id = self.state.random.next_id();
        let uri = format!("{PREFIX}{id}");
        let held = Pushed {
            client_id,
            parameters: request.parameters,
            signed: request.signed,
            key: bound.or(proof),
            expires: self.now.plus(LIFETIME),
        };
        self.state.pushed.insert(uri.clone(), held);
        let body = json!({ "request_uri": uri, "expires_in": LIFETIME });
        Ok(json_response(201, &body))
    }

    /// Opens a request object that was pushed; without one the form itself is the request.
    fn opened(
        &mut self,
        client: &ClientRegistration,
        sent: Parameters,
    ) -> Result<Effective, TokenError> {
        let object = sent.value("request").map(str::to_owned);
        let takes = self.settings.has(Feature::RequestObjects);
        match object {
            Some(object) if takes => self.open(&sent, &object).map_err(|problem| {
                TokenError::new(400, "invalid_request_object", problem.reason())
            }),
            None if client.flag("require_signed_request_object") => {
                self.violate("not-signed", "the request is no request object");
                Err(TokenError::invalid_request(
                    "the request has to be a signed object",
                ))
            }
            _ => Ok(Effective {
                parameters: sent,
                ..Effective::default()
            }),
        }
    }

    /// Takes the request behind a reference, for the one time that it is good for (RFC 9126 section 7.3).
    pub(crate) fn pushed(&mut self, sent: &Parameters, uri: &str) -> Result<Effective, Problem> {
        let unknown = "the request_uri is unknown, expired or was used before";
        let Some(held) = self.state.pushed.remove(uri) else {
            self.violate("request-uri", unknown);
            return Err(Problem::request(unknown));
        };
        let extra: Vec<&str> = sent
            .names()
            .filter(|name| !["client_id", "request_uri"].contains(name))
            .collect();
        if !extra.is_empty() {
            self.violate("beside-request-uri", extra.join(" "));
        }
        if sent.value("client_id") != Some(&held.client_id) {
            self.violate("request-uri", "client_id is not who pushed it");
            return Err(Problem::request(
                "the request_uri belongs to another client",
            ));
        }
        if self.now >= held.expires {
            self.violate("request-uri", "it is expired");
            return Err(Problem::request(unknown));
        }
        Ok(Effective {
            parameters: held.parameters,
            pushed: true,
            signed: held.signed,
            key: held.key,
        })
    }
}
