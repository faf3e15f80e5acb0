//! Grants without a person in front of a page: client credentials (RFC 6749 section 4.4) and token exchange
//! (RFC 8693).

use codegrant_core::http::HttpResponse;
use serde_json::{Map, Value, json};

use crate::call::{Call, json_response};
use crate::claims_request::ClaimsRequest;
use crate::client_registration::ClientRegistration;
use crate::fault::Fault;
use crate::id_token::fingerprint;
use crate::parameters::Parameters;
use crate::state::{Grant, SignedIn};
use crate::token::TokenError;

pub(crate) const CLIENT_CREDENTIALS: &str = "client_credentials";
pub(crate) const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";

impl Call<'_> {
    /// Gives a client a token of its own, about nobody else.
    pub(crate) fn client_credentials(
        &mut self,
        parameters: &Parameters,
        client: &ClientRegistration,
    ) -> Result<HttpResponse, TokenError> {
        if client.is_public() {
            let description = "a public client has no credentials";
            return Err(TokenError::new(400, "unauthorized_client", description));
        }
        let binding = self.binding(client)?;
        let details = self.details(parameters)?;
        let resources = self.resources(parameters)?;
        let scopes = words(parameters.value("scope"));
        let known = |scope: &String| self.settings.scopes.contains(scope);
        if !scopes.iter().all(known) {
            let description = "scope names one that is not of an API";
            return Err(TokenError::new(400, "invalid_scope", description));
        }
        let signed_in = SignedIn {
            subject: client.id().to_owned(),
            at: self.now,
            session_id: self.state.random.next_id(),
            context: None,
            browser_state: String::new(),
        };
        let grant = Grant::new(client.id(), signed_in, &scopes).for_resources(details, resources);
        let resources = grant.resources.clone();
        let id = self.state.random.next_id();
        let mut body = self.access_token(&id, &scopes, &binding, &resources);
        grant.add_details(&mut body);
        self.state.grants.insert(id, grant);
        Ok(json_response(200, &Value::Object(body)))
    }

    /// Gives a token for a token: for another audience, or with fewer scopes.
    pub(crate) fn exchange(
        &mut self,
        parameters: &Parameters,
        client: &ClientRegistration,
    ) -> Result<HttpResponse, TokenError> {
        let binding = self.binding(client)?;
        let missing = TokenError::invalid_request("subject_token is missing");
        let subject_token = parameters.value("subject_token").ok_or(missing)?;
        let unknown = TokenError::invalid_request("the subject_token is not valid here");
        let subject = match parameters.value("subject_token_type") {
            Some(ACCESS_TOKEN) => {
                let (grant, held) = self.live_token(subject_token).ok_or(unknown)?;
                let scopes = held.scopes.clone();
                Grant { scopes, ..grant }
            }
            Some(ID_TOKEN) => self.grant_of_id_token(subject_token).ok_or(unknown)?,
            _ => {
                return Err(TokenError::invalid_request(
                    "subject_token_type is missing or not supported",
                ));
            }
        };
        let wanted = parameters.value("requested_token_type");
        if !matches!(wanted, None | Some(ACCESS_TOKEN)) {
            let description = "only access tokens are issued";
            return Err(TokenError::new(400, "invalid_request", description));
        }
        let actor = (
            parameters.value("actor_token"),
            parameters.value("actor_token_type"),
        );
        if matches!(actor, (None, Some(_)) | (Some(_), None)) {
            return Err(TokenError::invalid_request(
                "actor_token and its type belong together",
            ));
        }
        let mut resources = self.resources(parameters)?;
        resources.extend(parameters.values("audience"));
        let scopes = match parameters.value("scope") {
            None => subject.scopes.clone(),
            asked => words(asked),
        };
        if !scopes.iter().all(|scope| subject.scopes.contains(scope)) {
            let description = "scope is more than what the subject_token allows";
            return Err(TokenError::new(400, "invalid_scope", description));
        }
        let grant = Grant::new(client.id(), subject.signed_in, &scopes)
            .for_resources(Vec::new(), resources.clone());
        let id = self.state.random.next_id();
        let mut body = self.access_token(&id, &scopes, &binding, &resources);
        self.state.grants.insert(id, grant);
        if !self.state.has(Fault::ExchangeNoIssuedType) {
            body.insert("issued_token_type".to_owned(), json!(ACCESS_TOKEN));
        }
        Ok(json_response(200, &Value::Object(body)))
    }

    /// Finds whom an ID token of ours speaks of.
    fn grant_of_id_token(&self, token: &str) -> Option<Grant> {
        let claims = self.state.issued.find(&fingerprint(token))?;
        let text = |name: &str| claims.get(name)?.as_str().map(str::to_owned);
        let live = claims.get("exp")?.as_i64()? > self.now.as_unix();
        let signed_in = SignedIn {
            subject: text("sub")?,
            at: self.now,
            session_id: text("sid")?,
            context: text("acr"),
            browser_state: String::new(),
        };
        let scopes = ["openid".to_owned(), "profile".to_owned()];
        live.then(|| Grant::new(&text("aud").unwrap_or_default(), signed_in, &scopes))
    }
}

impl Grant {
    /// Makes a grant that no login stands behind.
    fn new(client_id: &str, signed_in: SignedIn, scopes: &[String]) -> Self {
        Self {
            client_id: client_id.to_owned(),
            scopes: scopes.to_vec(),
            nonce: None,
            claims: ClaimsRequest::default(),
            details: Vec::new(),
            resources: Vec::new(),
            signed_in,
        }
    }

    fn for_resources(self, details: Vec<Value>, resources: Vec<String>) -> Self {
        Self {
            details,
            resources,
            ..self
        }
    }

    /// Says in a token answer what was granted beyond scopes (RFC 9396 section 7).
    pub(crate) fn add_details(&self, body: &mut Map<String, Value>) {
        if !self.details.is_empty() {
            body.insert("authorization_details".to_owned(), json!(self.details));
        }
    }
}

fn words(text: Option<&str>) -> Vec<String> {
    let words = text.unwrap_or_default().split_ascii_whitespace();
    words.map(str::to_owned).collect()
}
