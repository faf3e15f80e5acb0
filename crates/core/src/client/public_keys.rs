//! The public halves of a client's own keys, for its provider to fetch or to be told.

use serde_json::{Value, json};

use super::Client;

impl Client {
    /// Returns the public keys with which the client signs, and which tokens are encrypted for, as a JWK Set
    /// (RFC 7517 section 5).
    ///
    /// A secret that both sides share is never among them.
    pub fn public_keys(&self) -> Value {
        let signing = self
            .signing_key()
            .filter(|key| !key.algorithm().is_symmetric())
            .map(|key| key.public_jwk());
        let decrypting = self.decryption_keys().iter().map(|key| key.public_jwk());
        let keys: Vec<Value> = signing.into_iter().chain(decrypting).collect();
        json!({ "keys": keys })
    }
}
