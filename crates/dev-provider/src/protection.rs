//! How a client wants what it is told: signed by which algorithm, and encrypted to which of its keys
//! (OpenID Connect Dynamic Client Registration 1.0 section 2).

use std::sync::Arc;

use codegrant_core::jose::{Algorithm, SigningKey, SigningKeyError};
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::client_registration::ClientRegistration;

/// The members of a registration that name a signature algorithm of ours.
const SIGNED: [&str; 3] = [
    "id_token_signed_response_alg",
    "userinfo_signed_response_alg",
    "authorization_signed_response_alg",
];

/// Lists the algorithms that a client registered for what it is told.
pub(crate) fn registered_algorithms(client: &ClientRegistration) -> Vec<Algorithm> {
    let named = SIGNED.iter().filter_map(|member| client.text(member));
    named.filter_map(|name| name.parse().ok()).collect()
}

impl Call<'_> {
    /// Returns the algorithm of a client's ID tokens: the one that it registered, or the provider's.
    pub(crate) fn id_token_algorithm(&self, client: &ClientRegistration) -> Algorithm {
        let registered = client.text("id_token_signed_response_alg");
        registered
            .and_then(|name| name.parse().ok())
            .unwrap_or(self.settings.algorithm)
    }

    /// Finds the key that signs with this algorithm for a client; a symmetric one is the client's secret.
    pub(crate) fn signing_key(
        &self,
        client: &ClientRegistration,
        algorithm: Algorithm,
    ) -> Result<Arc<SigningKey>, SigningKeyError> {
        if algorithm.is_symmetric() {
            let secret = client.secret.as_deref().unwrap_or_default();
            return Ok(Arc::new(SigningKey::from_secret(secret, algorithm)?));
        }
        let key = self.state.keys.for_algorithm(algorithm);
        key.ok_or(SigningKeyError::Rejected { algorithm })
    }
}

/// Makes the header of a token: `alg`, `kid` where keys have ids, and `typ` where there is one.
pub(crate) fn header(key: &SigningKey, typ: Option<&str>, with_key_id: bool) -> Map<String, Value> {
    let mut header = Map::new();
    header.insert("alg".to_owned(), json!(key.algorithm().as_str()));
    if with_key_id && !key.key_id().is_empty() {
        header.insert("kid".to_owned(), json!(key.key_id()));
    }
    if let Some(typ) = typ {
        header.insert("typ".to_owned(), json!(typ));
    }
    header
}

/// Signs under exactly this header.
pub(crate) fn sign(
    key: &SigningKey,
    header: &Map<String, Value>,
    payload: &str,
) -> Result<String, SigningKeyError> {
    let header = Value::Object(header.clone()).to_string();
    key.sign_raw(header.as_bytes(), payload.as_bytes())
}
