//! Encrypted ID tokens and userinfo, to a key that the client publishes (OpenID Connect Core 1.0 sections 2
//! and 5.3.2).

use std::sync::Arc;

use codegrant_core::http::{HttpRequest, Method};
use codegrant_core::jose::{ContentEncryption, EncryptionKey, KeyManagement};
use serde_json::Value;

use crate::call::Call;
use crate::client_registration::ClientRegistration;
use crate::endpoint::Endpoint;
use crate::fault::Fault;
use crate::misbehave;
use crate::settings::is_loopback_address;

/// What can be encrypted; the member names of a registration start with it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encrypted {
    IdToken,
    Userinfo,
}

impl Encrypted {
    const fn members(self) -> (&'static str, &'static str) {
        match self {
            Self::IdToken => (
                "id_token_encrypted_response_alg",
                "id_token_encrypted_response_enc",
            ),
            Self::Userinfo => (
                "userinfo_encrypted_response_alg",
                "userinfo_encrypted_response_enc",
            ),
        }
    }

    /// Tells whether the client registered that it wants this encrypted.
    pub(crate) fn for_client(self, client: &ClientRegistration) -> bool {
        client.text(self.members().0).is_some()
    }
}

impl Call<'_> {
    /// Encrypts a signed token, or claims that are not signed; `None` where no key of the client fits.
    pub(crate) fn encrypt(
        &self,
        client: &ClientRegistration,
        what: Encrypted,
        plaintext: &str,
        is_token: bool,
    ) -> Option<String> {
        let (alg, enc) = what.members();
        let management: KeyManagement = client.text(alg)?.parse().ok()?;
        let content = match client.text(enc) {
            Some(name) => name.parse().ok()?,
            None => ContentEncryption::default(),
        };
        let key = if self.state.has(Fault::EncryptedForAnother) {
            misbehave::key_of_another(management)?
        } else {
            self.encryption_key(client, management)?
        };
        let content_type = is_token.then_some("JWT");
        let token = key.encrypt(plaintext.as_bytes(), management, content, content_type);
        let token = token.ok()?;
        Some(misbehave::alter_encrypted(&self.state.faults, token))
    }

    /// Finds the client's key: in its metadata, or at its `jwks_uri` as it was fetched for this request.
    fn encryption_key(
        &self,
        client: &ClientRegistration,
        management: KeyManagement,
    ) -> Option<EncryptionKey> {
        let hosted = || -> Option<Value> {
            let response = self.fetched.get(client.text("jwks_uri")?)?.as_ref()?;
            serde_json::from_slice(&response.body).ok()
        };
        let set = client.jwks().cloned().or_else(hosted)?;
        let mut keys = set.get("keys")?.as_array()?.iter();
        keys.find_map(|key| {
            let is_rsa = key.get("kty").and_then(Value::as_str) == Some("RSA");
            let text = |name: &str| key.get(name).and_then(Value::as_str);
            let named = text("alg").is_none_or(|name| name == management.as_str());
            let fits = is_rsa == management.is_rsa() && named;
            EncryptionKey::from_jwk(key).ok().filter(|_| fits)
        })
    }

    /// Says whose keys have to be fetched before an answer can be encrypted.
    pub(crate) fn wanted_for_encryption(&self, endpoint: Endpoint) -> Option<HttpRequest> {
        let client = self.recipient(endpoint)?;
        let encrypts = [Encrypted::IdToken, Encrypted::Userinfo]
            .iter()
            .any(|what| what.for_client(&client));
        let address = client.text("jwks_uri").filter(|_| encrypts)?;
        let known = self.fetched.contains_key(address) || !is_loopback_address(address);
        (!known).then(|| HttpRequest::new(Method::Get, address))
    }

    /// Finds the client that an answer will be for, before it is known whether there will be one.
    fn recipient(&self, endpoint: Endpoint) -> Option<Arc<ClientRegistration>> {
        let sent = self.parameters();
        let grant = match endpoint {
            Endpoint::Token => {
                let code = sent
                    .value("code")
                    .and_then(|code| Some(&self.state.codes.find(code)?.grant));
                let refresh = sent
                    .value("refresh_token")
                    .and_then(|token| Some(&self.state.refresh_tokens.find(token)?.grant));
                code.or(refresh)?
            }
            Endpoint::Userinfo => {
                let header = self.request.header("authorization").unwrap_or_default();
                let token = header.split_once(' ').map(|(_, token)| token.trim());
                let token = token.or(sent.value("access_token"))?;
                &self.state.access_tokens.find(token)?.grant
            }
            _ => return None,
        };
        self.client(&self.state.grants.find(grant)?.client_id)
    }
}
