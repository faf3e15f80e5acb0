//! Authorization responses as a JWT (JWT Secured Authorization Response Mode, JARM).

use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::misbehave;

/// How long a response is good, in seconds: JARM section 2.1 recommends ten minutes at most.
const LIFETIME: i64 = 600;

impl Call<'_> {
    /// Puts the parameters of a response, `iss` among them, into one that is signed.
    pub(crate) fn response_object(
        &self,
        client_id: &str,
        fields: Vec<(&'static str, String)>,
    ) -> Vec<(&'static str, String)> {
        let Some(client) = self.client(client_id) else {
            return fields;
        };
        let algorithm = client.text("authorization_signed_response_alg");
        let algorithm = algorithm.and_then(|name| name.parse().ok());
        let algorithm = algorithm.unwrap_or(self.settings.algorithm);
        let mut claims: Map<String, Value> = Map::new();
        for (name, value) in &fields {
            claims.insert((*name).to_owned(), value.as_str().into());
        }
        claims.insert("aud".to_owned(), client_id.into());
        claims.insert("exp".to_owned(), json!(self.now.plus(LIFETIME).as_unix()));
        let key = self.signing_key(&client, algorithm);
        let signed =
            key.and_then(|key| misbehave::sign_response(self.state, &key, claims, self.now));
        // A key that fails leaves an empty response, which no client takes.
        let mut response = vec![("response", signed.unwrap_or_default())];
        misbehave::alter_response_object(&self.state.faults, &mut response, fields);
        response
    }
}
