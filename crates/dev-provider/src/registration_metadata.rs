//! What a client may register, and what it gets where it leaves something out (RFC 7591 section 2, OpenID
//! Connect Dynamic Client Registration 1.0 section 2).

use codegrant_core::http::HttpResponse;
use codegrant_core::jose::{Algorithm, ContentEncryption, KeyManagement};
use serde_json::{Map, Value, json};

use crate::call::{Call, json_response};
use crate::settings::is_loopback_address;

/// Why a registration is refused (RFC 7591 section 3.2.2).
pub(crate) struct BadMetadata {
    error: &'static str,
    description: String,
}

impl BadMetadata {
    pub(crate) fn new(description: impl Into<String>) -> Self {
        Self {
            error: "invalid_client_metadata",
            description: description.into(),
        }
    }

    fn redirect(description: impl Into<String>) -> Self {
        Self {
            error: "invalid_redirect_uri",
            description: description.into(),
        }
    }

    pub(crate) fn response(self) -> HttpResponse {
        let body = json!({ "error": self.error, "error_description": self.description });
        json_response(400, &body)
    }
}

/// The ways to authenticate that a client may choose.
const METHODS: [&str; 7] = [
    "none",
    "client_secret_basic",
    "client_secret_post",
    "client_secret_jwt",
    "private_key_jwt",
    "tls_client_auth",
    "self_signed_tls_client_auth",
];

/// The members whose value is one address of the client.
const ADDRESSES: [&str; 5] = [
    "jwks_uri",
    "initiate_login_uri",
    "backchannel_logout_uri",
    "frontchannel_logout_uri",
    "sector_identifier_uri",
];

impl Call<'_> {
    /// Checks metadata and fills in what is left out.
    pub(crate) fn completed(
        &self,
        mut metadata: Map<String, Value>,
    ) -> Result<Map<String, Value>, BadMetadata> {
        redirect_uris(&metadata)?;
        for member in ["post_logout_redirect_uris", "request_uris"] {
            for uri in list(&metadata, member)?.unwrap_or_default() {
                // A request object's address may have a fragment, which names its contents.
                let address = uri.split('#').next().unwrap_or_default();
                if !is_loopback_address(address) {
                    return Err(BadMetadata::new(format!("{member} is not on loopback")));
                }
            }
        }
        for member in ADDRESSES {
            let address = text(&metadata, member)?;
            if address.is_some_and(|address| !is_loopback_address(address)) {
                return Err(BadMetadata::new(format!("{member} is not on loopback")));
            }
        }
        for (member, wanted) in [
            ("grant_types", "authorization_code"),
            ("response_types", "code"),
        ] {
            let held = list(&metadata, member)?;
            if held.is_some_and(|held| !held.iter().any(|value| value == wanted)) {
                return Err(BadMetadata::new(format!("{member} lacks {wanted}")));
            }
        }
        if metadata.contains_key("jwks") && metadata.contains_key("jwks_uri") {
            return Err(BadMetadata::new("jwks and jwks_uri stand together"));
        }
        check_algorithms(&metadata)?;
        let method = text(&metadata, "token_endpoint_auth_method")?;
        let method = method.unwrap_or("client_secret_basic").to_owned();
        if !METHODS.contains(&method.as_str()) {
            return Err(BadMetadata::new("token_endpoint_auth_method is unknown"));
        }
        let has_keys = metadata.contains_key("jwks") || metadata.contains_key("jwks_uri");
        if method == "private_key_jwt" && !has_keys {
            return Err(BadMetadata::new("private_key_jwt needs jwks or jwks_uri"));
        }
        let mut usual = |member: &str, value: Value| {
            metadata.entry(member.to_owned()).or_insert(value);
        };
        usual("token_endpoint_auth_method", json!(method));
        usual("grant_types", json!(["authorization_code"]));
        usual("response_types", json!(["code"]));
        usual("application_type", json!("web"));
        usual(
            "id_token_signed_response_alg",
            json!(self.settings.algorithm.as_str()),
        );
        Ok(metadata)
    }
}

/// Tells whether a client shares a secret with the provider.
pub(crate) fn needs_secret(metadata: &Map<String, Value>) -> bool {
    let text = |member: &str| metadata.get(member).and_then(Value::as_str);
    let method = text("token_endpoint_auth_method").unwrap_or_default();
    let signed = [
        "id_token_signed_response_alg",
        "userinfo_signed_response_alg",
    ];
    let mut names = signed.iter().filter_map(|member| text(member));
    method.starts_with("client_secret_") || names.any(|name| name.starts_with("HS"))
}

fn redirect_uris(metadata: &Map<String, Value>) -> Result<(), BadMetadata> {
    let uris = list(metadata, "redirect_uris")?.unwrap_or_default();
    if uris.is_empty() {
        return Err(BadMetadata::redirect("redirect_uris is missing or empty"));
    }
    if !uris.iter().all(|uri| is_loopback_address(uri)) {
        return Err(BadMetadata::redirect(
            "redirect_uris holds an address that is not on loopback",
        ));
    }
    Ok(())
}

fn check_algorithms(metadata: &Map<String, Value>) -> Result<(), BadMetadata> {
    for member in [
        "id_token_signed_response_alg",
        "userinfo_signed_response_alg",
        "authorization_signed_response_alg",
    ] {
        let known = |name: &str| name.parse::<Algorithm>().is_ok();
        if text(metadata, member)?.is_some_and(|name| !known(name)) {
            return Err(BadMetadata::new(format!("{member} is not supported")));
        }
    }
    for (alg, enc) in [
        (
            "id_token_encrypted_response_alg",
            "id_token_encrypted_response_enc",
        ),
        (
            "userinfo_encrypted_response_alg",
            "userinfo_encrypted_response_enc",
        ),
    ] {
        let management = text(metadata, alg)?;
        if management.is_some_and(|name| name.parse::<KeyManagement>().is_err()) {
            return Err(BadMetadata::new(format!("{alg} is not supported")));
        }
        let content = text(metadata, enc)?;
        let unknown = content.is_some_and(|name| name.parse::<ContentEncryption>().is_err());
        // Section 2: the encryption means nothing without the algorithm.
        if unknown || (content.is_some() && management.is_none()) {
            return Err(BadMetadata::new(format!("{enc} is not supported")));
        }
    }
    Ok(())
}

fn text<'a>(
    metadata: &'a Map<String, Value>,
    member: &str,
) -> Result<Option<&'a str>, BadMetadata> {
    match metadata.get(member) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(BadMetadata::new(format!("{member} is no text"))),
    }
}

fn list(metadata: &Map<String, Value>, member: &str) -> Result<Option<Vec<String>>, BadMetadata> {
    let wrong = || BadMetadata::new(format!("{member} is no list of texts"));
    match metadata.get(member) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(values)) => {
            let texts = values.iter().map(|value| value.as_str().map(str::to_owned));
            texts.collect::<Option<_>>().map(Some).ok_or_else(wrong)
        }
        Some(_) => Err(wrong()),
    }
}
