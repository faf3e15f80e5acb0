//! What a client tells a provider about itself (RFC 7591 section 2).

use serde_json::{Map, Value, json};

use crate::client::Client;
use crate::error::{Quoted, RegistrationError};
use crate::metadata::ProviderMetadata;
use crate::provider::AuthenticationMethod;

/// What a client tells a provider about itself, by the member names of RFC 7591 section 2.
///
/// ```
/// use codegrant_core::{Client, ClientMetadata, provider::Provider};
/// let provider = Provider::openid("op", "OP", "https://op.example");
/// let client = Client::new(provider, "", "https://app.example/auth/callback/op").with_secret("later");
/// let wanted = ClientMetadata::of(&client).with_name("Orchard").with_contacts(["ops@app.example"]);
/// assert_eq!(wanted.members()["redirect_uris"][0], "https://app.example/auth/callback/op");
/// assert_eq!(wanted.members()["token_endpoint_auth_method"], "client_secret_basic");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ClientMetadata(Map<String, Value>);

/// Members that a provider may word in its own way: none of them protects anybody.
const FREE: [&str; 6] = [
    "application_type",
    "client_name",
    "client_uri",
    "contacts",
    "jwks",
    "scope",
];

impl ClientMetadata {
    /// Says what a client is set up for; what depends on the provider joins when the request is made.
    pub fn of(client: &Client) -> Self {
        let mut wanted = Self(Map::new());
        let scopes: Vec<&str> = client.scopes().iter().map(AsRef::as_ref).collect();
        wanted.set("redirect_uris", json!([client.redirect_uri()]));
        wanted.set("response_types", json!(["code"]));
        wanted.set(
            "grant_types",
            json!(["authorization_code", "refresh_token"]),
        );
        wanted.set("application_type", json!("web"));
        let method = client.authentication().as_str();
        wanted.set("token_endpoint_auth_method", json!(method));
        if !scopes.is_empty() {
            wanted.set("scope", json!(scopes.join(" ")));
        }
        if client.uses_dpop() {
            wanted.set("dpop_bound_access_tokens", json!(true));
        }
        if client.has_certificate_bound_access_tokens() {
            wanted.set("tls_client_certificate_bound_access_tokens", json!(true));
        }
        if client.pushes_requests() {
            wanted.set("require_pushed_authorization_requests", json!(true));
        }
        let keys = client.public_keys();
        if keys["keys"].as_array().is_some_and(|keys| !keys.is_empty()) {
            wanted.set("jwks", keys);
        }
        if let Some(key) = client.signing_key() {
            let algorithm = key.algorithm().as_str();
            if client.request_object().is_some() {
                wanted.set("request_object_signing_alg", json!(algorithm));
            }
            if client.authentication() == AuthenticationMethod::PrivateKeyJwt {
                wanted.set("token_endpoint_auth_signing_alg", json!(algorithm));
            }
        }
        if client.response_mode().is_signed()
            && let Some(algorithm) = client.response_algorithm()
        {
            wanted.set(
                "authorization_signed_response_alg",
                json!(algorithm.as_str()),
            );
        }
        if let Some(algorithm) = client.userinfo_algorithm() {
            wanted.set("userinfo_signed_response_alg", json!(algorithm.as_str()));
        }
        if let Some(how) = client.id_token_encryption() {
            wanted.set(
                "id_token_encrypted_response_alg",
                json!(how.algorithm.as_str()),
            );
            wanted.set(
                "id_token_encrypted_response_enc",
                json!(how.encryption.as_str()),
            );
        }
        if let Some(how) = client.userinfo_encryption() {
            wanted.set(
                "userinfo_encrypted_response_alg",
                json!(how.algorithm.as_str()),
            );
            wanted.set(
                "userinfo_encrypted_response_enc",
                json!(how.encryption.as_str()),
            );
        }
        wanted
    }

    /// Returns the document that stands at the client's own id, where that is an address (OAuth Client ID
    /// Metadata Document, draft-ietf-oauth-client-id-metadata-document section 4).
    ///
    /// ```
    /// use codegrant_core::{Client, ClientMetadata, provider::Provider};
    /// let provider = Provider::openid("op", "OP", "https://op.example");
    /// let id = "https://app.example/auth/client/op";
    /// let client = Client::new(provider, id, "https://app.example/auth/callback/op");
    /// let document = ClientMetadata::of(&client).into_document(&client);
    /// assert_eq!(document["client_id"], id);
    /// assert_eq!(document["token_endpoint_auth_method"], "none");
    /// ```
    pub fn into_document(self, client: &Client) -> Value {
        let mut document = self.0;
        document.insert("client_id".to_owned(), json!(client.id().as_str()));
        Value::Object(document)
    }

    /// Returns it with the name that people read when they consent.
    #[must_use]
    pub fn with_name(self, name: impl Into<String>) -> Self {
        self.with("client_name", json!(name.into()))
    }

    /// Returns it with whom the provider may write to.
    #[must_use]
    pub fn with_contacts(self, contacts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let contacts: Vec<String> = contacts.into_iter().map(Into::into).collect();
        self.with("contacts", json!(contacts))
    }

    /// Returns it with any other member, such as `backchannel_logout_uri`.
    ///
    /// Whatever is said here is compared with what the provider answers.
    #[must_use]
    pub fn with(mut self, member: &str, value: Value) -> Self {
        self.set(member, value);
        self
    }

    /// Returns the members.
    pub fn members(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Returns it with what is agreed with this provider only.
    pub(super) fn towards(&self, client: &Client, metadata: &ProviderMetadata) -> Self {
        let mut wanted = self.clone();
        if client.provider().is_openid() {
            let algorithm = metadata.id_token_algorithm.as_str();
            wanted.set("id_token_signed_response_alg", json!(algorithm));
        }
        wanted
    }

    /// Compares what was registered with what was asked for: a provider may replace any of it (RFC 7591
    /// section 3.2.1), and what it replaces might be what protects the login.
    pub(super) fn compare(&self, answer: &Map<String, Value>) -> Result<(), RegistrationError> {
        for (member, asked) in &self.0 {
            let received = match answer.get(member) {
                // Not every provider repeats what it was told.
                None | Some(Value::Null) => continue,
                Some(received) => received,
            };
            let kept = match member.as_str() {
                free if FREE.contains(&free) => true,
                "grant_types" => holds(received, "authorization_code"),
                "response_types" => holds(received, "code"),
                _ => same(asked, received),
            };
            if !kept {
                return Err(RegistrationError::Changed {
                    member: Quoted::new(member),
                    asked: Quoted::new(&asked.to_string()),
                    received: Quoted::new(&received.to_string()),
                });
            }
        }
        Ok(())
    }

    fn set(&mut self, member: &str, value: Value) {
        self.0.insert(member.to_owned(), value);
    }
}

fn holds(list: &Value, name: &str) -> bool {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().any(|held| held == name)
}

/// Compares two values; the order of a list says nothing.
fn same(asked: &Value, received: &Value) -> bool {
    match (asked, received) {
        (Value::Array(asked), Value::Array(received)) => {
            asked.len() == received.len() && asked.iter().all(|value| received.contains(value))
        }
        _ => asked == received,
    }
}
