//! What the provider publishes: its metadata (OpenID Connect Discovery 1.0 section 3) and its keys.

use codegrant_core::http::HttpResponse;
use serde_json::json;

use crate::authorization_request::SCOPES;
use crate::call::Call;

/// How long a published document may be kept, in seconds.
const FRESH: &str = "public, max-age=300";

impl Call<'_> {
    pub(crate) fn metadata(&self) -> HttpResponse {
        let at = |path: &str| format!("{}{path}", self.base);
        let methods = ["client_secret_basic", "client_secret_post", "none"];
        let mut metadata = json!({
            "issuer": self.settings.issuer,
            "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"),
            "userinfo_endpoint": at("/userinfo"),
            "jwks_uri": at(&self.state.keys_path),
            "revocation_endpoint": at("/revoke"),
            "end_session_endpoint": at("/end_session"),
            "scopes_supported": SCOPES,
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "form_post"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [self.settings.algorithm.as_str()],
            "token_endpoint_auth_methods_supported": methods,
            "revocation_endpoint_auth_methods_supported": methods,
            "code_challenge_methods_supported": ["S256"],
            "prompt_values_supported": ["none", "login", "consent", "select_account"],
            "claims_supported": [
                "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "sid", "acr",
                "name", "preferred_username", "picture", "email", "email_verified",
                "address", "phone_number", "phone_number_verified",
            ],
            "authorization_response_iss_parameter_supported": true,
            "claims_parameter_supported": false,
            "request_parameter_supported": false,
            "request_uri_parameter_supported": false,
        });
        if let Some(members) = metadata.as_object_mut() {
            self.add_offers(members);
            self.add_openid_offers(members);
        }
        HttpResponse::json(&metadata).with_header("cache-control", FRESH)
    }

    pub(crate) fn keys(&self) -> HttpResponse {
        HttpResponse::json(&self.state.keys.published()).with_header("cache-control", FRESH)
    }
}
