//! What an honest provider says and an ordinary client is: the values that a test starts from.

use std::collections::BTreeMap;
use std::sync::Arc;

use codegrant_core::jose::Algorithm;
use codegrant_core::provider::Provider;
use codegrant_core::{Client, Seed};
use serde_json::{Map, Value, json};

use super::{Answer, Members, Parameters, PendingLogin, Script, World};

/// The account of the OpenID Provider's only user.
pub(super) const SUBJECT: &str = "248289761001";

/// Registers the app with a provider, the way all worlds do.
pub(super) fn registered(provider: Provider) -> Client {
    let callback = format!("https://app.example/auth/callback/{}", provider.id);
    Client::new(provider, "app", callback).with_secret("client-secret")
}

/// Makes the metadata of a provider below its issuer (OpenID Connect Discovery 1.0 section 3).
pub(super) fn metadata(issuer: &str, algorithm: Algorithm) -> Value {
    let base = issuer.strip_suffix('/').unwrap_or(issuer);
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{base}/authorize"),
        "token_endpoint": format!("{base}/token"),
        "userinfo_endpoint": format!("{base}/userinfo"),
        "jwks_uri": format!("{base}/jwks"),
        "revocation_endpoint": format!("{base}/revoke"),
        "end_session_endpoint": format!("{base}/logout"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [algorithm.as_str()],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "code_challenge_methods_supported": ["S256"],
    })
}

/// Makes the seed of the n-th login: the same in every run, another one for every login.
pub(super) fn seed(number: u64) -> Seed {
    // SplitMix64: well mixed and predictable, which is what a test wants and nobody else.
    let mut state = number << 8;
    let mut bytes = [0; Seed::BYTES];
    for chunk in bytes.chunks_mut(8) {
        state += 1;
        let spread = state.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (spread ^ (spread >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        chunk.copy_from_slice(&mixed.to_le_bytes());
    }
    Seed::new(bytes)
}

impl World {
    /// Writes the honest script of one login.
    pub(super) fn script(&self, pending: &PendingLogin) -> Script {
        let number = pending.number;
        let access_token = format!("access-token-{number}");
        let mut callback = Parameters::default();
        let code = format!("code-{number}");
        let signed = self.client.response_mode().is_signed();
        if !signed {
            callback.set("code", &code);
            callback.set("state", &pending.asked("state"));
        }
        let key = &self.signing_key;
        let response = json!({
            "iss": pending.metadata.issuer,
            "aud": self.client.id().as_str(),
            "exp": self.now.plus(300).as_unix(),
            "code": code,
            "state": pending.asked("state"),
        });
        let header = json!({"alg": key.algorithm().as_str(), "kid": key.key_id(), "typ": "JWT"});
        let claims = json!({
            "iss": pending.metadata.issuer,
            "sub": SUBJECT,
            "aud": self.client.id().as_str(),
            "exp": self.now.plus(300).as_unix(),
            "iat": self.now.as_unix(),
            "nonce": pending.asked("nonce"),
            "at_hash": key.algorithm().half_hash(access_token.as_bytes()),
        });
        let token = json!({
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": 3600,
            "refresh_token": format!("refresh-token-{number}"),
        });
        Script {
            callback,
            response: signed.then(|| members(response)),
            response_key: Arc::clone(key),
            header: members(header),
            claims: members(claims),
            token: Answer::json(token),
            keys: Answer::json(json!({ "keys": [key.public_jwk()] })),
            renewed_keys: Answer::json(json!({ "keys": [key.public_jwk()] })),
            sources: BTreeMap::new(),
            userinfo: Answer::json(self.userinfo.clone()),
            emails: Answer::json(self.emails.clone()),
            signing_key: Arc::clone(key),
            has_id_token: self.client.provider().is_openid(),
        }
    }
}

fn members(object: Value) -> Members {
    match object {
        Value::Object(members) => Members(members),
        _ => Members(Map::new()),
    }
}
