//! Userinfo (OpenID Connect Core 1.0 section 5.3): plain, signed or encrypted, and claims that others vouch for
//! (section 5.6.2).

use codegrant_core::http::HttpResponse;
use serde_json::{Map, Value, json};

use crate::call::{Call, json_response};
use crate::claims_request::Place;
use crate::client_registration::ClientRegistration;
use crate::encryption::Encrypted;
use crate::fault::Fault;
use crate::feature::Feature;
use crate::id_token::{claims_of, wanted_claims};
use crate::misbehave;
use crate::protection;
use crate::state::Grant;

/// How long a signed claim is good, in seconds.
const LIFETIME: i64 = 600;

impl Call<'_> {
    /// Tells who the token's user is, as far as its scopes go; `sub` always.
    pub(crate) fn userinfo(&mut self) -> HttpResponse {
        let (grant, scopes) = match self.bearer() {
            Ok(held) => held,
            Err(refused) => return refused,
        };
        let mut claims = self.userinfo_claims(&grant, &scopes);
        misbehave::alter_userinfo(&self.state.faults, &mut claims);
        let Some(client) = self.client(&grant.client_id) else {
            return json_response(200, &claims.into());
        };
        self.protected_userinfo(&client, claims)
            .unwrap_or_else(|| json_response(500, &json!({ "error": "server_error" })))
    }

    fn userinfo_claims(&mut self, grant: &Grant, scopes: &[String]) -> Map<String, Value> {
        let subject = &grant.signed_in.subject;
        let mut claims = Map::new();
        if let Some(user) = self.user(subject) {
            claims.extend(claims_of(&user, scopes));
            claims.extend(wanted_claims(&user, &grant.claims, Place::Userinfo));
        }
        claims.insert("sub".to_owned(), json!(subject));
        self.add_claims_of_others(subject, &mut claims);
        claims
    }

    /// Signs and encrypts as the client registered it; `None` where a key fails.
    fn protected_userinfo(
        &self,
        client: &ClientRegistration,
        mut claims: Map<String, Value>,
    ) -> Option<HttpResponse> {
        let signs = client.text("userinfo_signed_response_alg");
        let signs = signs.filter(|_| !self.state.has(Fault::UserinfoPlain));
        let mut body = match signs {
            None => Value::Object(claims).to_string(),
            Some(name) => {
                // Section 5.3.2: a signed answer says who speaks, and to whom.
                claims.insert("iss".to_owned(), json!(self.settings.issuer));
                claims.insert("aud".to_owned(), json!(client.id()));
                let key = self.signing_key(client, name.parse().ok()?).ok()?;
                misbehave::sign_userinfo(self.state, &key, claims).ok()?
            }
        };
        if Encrypted::Userinfo.for_client(client) && !self.state.has(Fault::NotEncrypted) {
            body = self.encrypt(client, Encrypted::Userinfo, &body, signs.is_some())?;
        } else if signs.is_none() {
            let plain = HttpResponse::new(200).with_header("content-type", "application/json");
            return Some(unkept(plain).with_body(body));
        }
        let jwt = HttpResponse::new(200).with_header("content-type", "application/jwt");
        Some(unkept(jwt).with_body(body))
    }

    /// Adds claims that another issuer vouches for: as a signed token, or as an address to ask.
    fn add_claims_of_others(&mut self, subject: &str, claims: &mut Map<String, Value>) {
        let (mut names, mut sources) = (Map::new(), Map::new());
        if self.settings.has(Feature::AggregatedClaims)
            && let Some(token) = self.signed_claims(subject, &aggregated())
        {
            names.extend(
                aggregated()
                    .into_iter()
                    .map(|(name, _)| (name, json!("aggregated"))),
            );
            sources.insert("aggregated".to_owned(), json!({ "JWT": token }));
        }
        if self.settings.has(Feature::DistributedClaims) {
            let token = self.state.random.next_id();
            self.state
                .claims_tokens
                .insert(token.clone(), subject.to_owned());
            names.extend(
                distributed()
                    .into_iter()
                    .map(|(name, _)| (name, json!("distributed"))),
            );
            let endpoint = format!("{}/claims", self.base);
            let source = json!({ "endpoint": endpoint, "access_token": token });
            sources.insert("distributed".to_owned(), source);
        }
        if !sources.is_empty() {
            claims.insert("_claim_names".to_owned(), names.into());
            claims.insert("_claim_sources".to_owned(), sources.into());
        }
    }

    /// Answers for a distributed claim: a signed token for whoever has the token that userinfo named.
    pub(crate) fn distributed_claims(&self) -> HttpResponse {
        let token = self.request.header("authorization");
        let token = token.and_then(|header| header.strip_prefix("Bearer "));
        let subject = token.and_then(|token| self.state.claims_tokens.find(token));
        let Some(subject) = subject else {
            let challenge = r#"Bearer realm="dev-provider", error="invalid_token""#;
            return json_response(401, &json!({ "error": "invalid_token" }))
                .with_header("www-authenticate", challenge);
        };
        let Some(token) = self.signed_claims(subject, &distributed()) else {
            return json_response(500, &json!({ "error": "server_error" }));
        };
        unkept(HttpResponse::new(200).with_header("content-type", "application/jwt"))
            .with_body(token)
    }

    /// Signs claims as the claims provider, who is the same as the OpenID Provider here.
    fn signed_claims(&self, subject: &str, claims: &Map<String, Value>) -> Option<String> {
        let mut payload = claims.clone();
        payload.insert("iss".to_owned(), json!(self.settings.issuer));
        payload.insert("sub".to_owned(), json!(subject));
        payload.insert("iat".to_owned(), json!(self.now.as_unix()));
        payload.insert("exp".to_owned(), json!(self.now.plus(LIFETIME).as_unix()));
        let key = &self.state.keys.current;
        let header = protection::header(key, Some("JWT"), self.state.keys.have_ids());
        let payload = Value::Object(payload).to_string();
        let token = protection::sign(key, &header, &payload).ok()?;
        if !self.state.has(Fault::ClaimsOfOthersForged) {
            return Some(token);
        }
        let other = protection::sign(key, &header, "{}").ok()?;
        Some(misbehave::with_signature_of(&token, &other))
    }
}

fn unkept(response: HttpResponse) -> HttpResponse {
    response
        .with_header("cache-control", "no-store")
        .with_header("x-content-type-options", "nosniff")
}

/// The claims of the example in OpenID Connect Core 1.0 section 5.6.2.3.
fn aggregated() -> Map<String, Value> {
    let mut claims = Map::new();
    claims.insert("phone_number".to_owned(), json!("+1 (555) 910-1234"));
    claims.insert("eye_color".to_owned(), json!("brown"));
    claims
}

fn distributed() -> Map<String, Value> {
    let mut claims = Map::new();
    claims.insert("credit_score".to_owned(), json!(650));
    claims
}
