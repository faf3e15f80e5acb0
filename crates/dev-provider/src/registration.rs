//! Clients that register themselves (RFC 7591, OpenID Connect Dynamic Client Registration 1.0) and manage
//! what they registered (RFC 7592).

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use codegrant_core::http::{HttpResponse, Method};
use codegrant_core::jose::json as strict;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use crate::call::{Call, json_response};
use crate::client_registration::ClientRegistration;
use crate::feature::Feature;
use crate::misbehave;
use crate::parameters::Parameters;
use crate::protection::registered_algorithms;
use crate::registration_metadata::{BadMetadata, needs_secret};

/// A client that registered itself: what it is told about it, and the token that manages it.
#[derive(Clone)]
pub(crate) struct Registered {
    /// Everything but the token and its address.
    metadata: Map<String, Value>,
    access_token: String,
}

/// The members that a client must not send when it updates (RFC 7592 section 2.2).
const GIVEN: [&str; 4] = [
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
];

impl Call<'_> {
    /// Registers a client (RFC 7591 section 3).
    pub(crate) fn register(&mut self) -> HttpResponse {
        let wanted = self.settings.initial_access_token.as_deref();
        if wanted.is_some_and(|wanted| !self.carries(wanted)) {
            return unauthorized();
        }
        let metadata = match self.metadata_sent() {
            Ok(metadata) => metadata,
            Err(refused) => return refused.response(),
        };
        let id = self.new_client_id();
        let mut metadata = metadata;
        for name in GIVEN.iter().chain(&["client_id", "client_secret"]) {
            metadata.remove(*name);
        }
        metadata.insert("client_id".to_owned(), json!(id));
        metadata.insert("client_id_issued_at".to_owned(), json!(self.now.as_unix()));
        self.keep(&id, metadata, None, 201)
    }

    /// Reads, replaces or deletes a registration (RFC 7592 section 2).
    pub(crate) fn manage(&mut self) -> HttpResponse {
        let parameters = Parameters::parse(self.query.as_bytes());
        let id = parameters.value("client_id").unwrap_or_default().to_owned();
        let held = self.state.registrations.find(&id).cloned();
        // Section 2.1: nobody learns whether there is such a client.
        let Some(held) = held.filter(|held| self.carries(&held.access_token)) else {
            return unauthorized();
        };
        match self.request.method {
            Method::Put => self.update(&id, &held),
            Method::Delete => {
                self.state.registrations.remove(&id);
                self.state.registered_clients.remove(&id);
                self.state.grants.retain(|grant| grant.client_id != id);
                HttpResponse::new(204).with_header("cache-control", "no-store")
            }
            _ => self.told(&id, &held, 200),
        }
    }

    /// Replaces the metadata; the token that manages it is replaced as well (RFC 7592 section 2.2).
    fn update(&mut self, id: &str, held: &Registered) -> HttpResponse {
        let mut metadata = match self.metadata_sent() {
            Ok(metadata) => metadata,
            Err(refused) => return refused.response(),
        };
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let foreign = GIVEN.iter().any(|name| metadata.contains_key(*name));
        let secret = text(held.metadata.get("client_secret"));
        let sent = metadata.remove("client_secret");
        let other_secret = sent.is_some() && text(sent.as_ref()) != secret;
        if foreign || other_secret || text(metadata.get("client_id")).as_deref() != Some(id) {
            self.violate(
                "registration-update",
                "members that the client must not send",
            );
            return BadMetadata::new(
                "an update has client_id, no other client_secret, and nothing of the registration itself",
            )
            .response();
        }
        for name in ["client_id_issued_at"] {
            if let Some(value) = held.metadata.get(name) {
                metadata.insert(name.to_owned(), value.clone());
            }
        }
        self.keep(id, metadata, secret, 200)
    }

    /// Keeps a registration and tells the client.
    fn keep(
        &mut self,
        id: &str,
        mut metadata: Map<String, Value>,
        secret: Option<String>,
        status: u16,
    ) -> HttpResponse {
        if needs_secret(&metadata) {
            let secret = secret.unwrap_or_else(|| self.new_client_secret());
            metadata.insert("client_secret".to_owned(), json!(secret));
            // Zero means never (RFC 7591 section 3.2.1).
            metadata.insert("client_secret_expires_at".to_owned(), json!(0));
        }
        let Some(client) = ClientRegistration::from_metadata(metadata.clone()) else {
            return BadMetadata::new("the metadata makes no client").response();
        };
        for algorithm in registered_algorithms(&client) {
            let key_id = self.state.random.next_id();
            if self.state.keys.provide(algorithm, || key_id).is_err() {
                return BadMetadata::new("no key for the registered algorithm").response();
            }
        }
        let held = Registered {
            metadata,
            access_token: self.state.random.next_id(),
        };
        let client = Arc::new(client);
        self.state.registered_clients.insert(id.to_owned(), client);
        self.state.registrations.insert(id.to_owned(), held.clone());
        self.told(id, &held, status)
    }

    /// Tells a client what is registered (RFC 7591 section 3.2.1).
    fn told(&self, id: &str, held: &Registered, status: u16) -> HttpResponse {
        let mut members = held.metadata.clone();
        let mut query = form_urlencoded::Serializer::new(String::new());
        let query = query.append_pair("client_id", id).finish();
        let address = format!("{}/register?{query}", self.base);
        members.insert("registration_client_uri".to_owned(), json!(address));
        members.insert(
            "registration_access_token".to_owned(),
            json!(held.access_token),
        );
        misbehave::alter_registration(&self.state.faults, &mut members, self.now);
        json_response(status, &members.into())
    }

    fn metadata_sent(&self) -> Result<Map<String, Value>, BadMetadata> {
        let media_type = self.request.header("content-type").unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/json") {
            return Err(BadMetadata::new("the body is not application/json"));
        }
        let members = strict::object(&self.request.body);
        let members = members.map_err(|_| BadMetadata::new("the body is no JSON object"))?;
        self.completed(members)
    }

    /// Tells whether the request carries this bearer token.
    fn carries(&self, wanted: &str) -> bool {
        let header = self.request.header("authorization").unwrap_or_default();
        let (scheme, token) = header.split_once(' ').unwrap_or_default();
        scheme.eq_ignore_ascii_case("bearer")
            && verify_slices_are_equal(token.trim().as_bytes(), wanted.as_bytes()).is_ok()
    }

    fn new_client_id(&mut self) -> String {
        let id = self.state.random.next_id();
        if self.settings.has(Feature::OddCharacters) {
            // Everything that form encoding changes, and the colon that HTTP Basic splits at.
            return format!("client_{}12345 :%+&", &id[..15]);
        }
        format!("client-{}", &id[..22])
    }

    /// Makes a secret that is long enough for every symmetric algorithm.
    fn new_client_secret(&mut self) -> String {
        let (one, two) = (self.state.random.next_id(), self.state.random.next_id());
        if self.settings.has(Feature::OddCharacters) {
            return format!("secret_{one}{}1234567890 :%+&", &two[..7]);
        }
        format!("{one}{two}")
    }
}

fn unauthorized() -> HttpResponse {
    let challenge = r#"Bearer realm="dev-provider", error="invalid_token""#;
    json_response(401, &json!({ "error": "invalid_token" }))
        .with_header("www-authenticate", challenge)
}
