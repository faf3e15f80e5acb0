//! An app that is registered with the provider, and what is agreed with it.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::settings::is_loopback_address;

/// An app that may ask for logins.
///
/// With a secret it authenticates by `client_secret_basic` or `client_secret_post`, without one by
/// `none`: its id alone and PKCE (RFC 6749 section 2.3.1).
///
/// ```
/// use codegrant_dev_provider::ClientRegistration;
/// let client = ClientRegistration::new("my-app", Some("a secret"))
///     .with_name("My App")
///     .with_redirect_uri("http://localhost:3000/auth/callback/dev")
///     .with_post_logout_redirect_uri("http://localhost:3000/");
/// assert_eq!(client.id(), "my-app");
/// ```
#[derive(Clone)]
pub struct ClientRegistration {
    id: String,
    pub(crate) secret: Option<String>,
    name: Option<String>,
    redirect_uris: RedirectUris,
    metadata: Map<String, Value>,
}

#[derive(Clone)]
enum RedirectUris {
    AnyOnLoopback,
    Listed {
        login: Vec<String>,
        log_out: Vec<String>,
    },
}

impl ClientRegistration {
    /// Makes a client to which callbacks have yet to be added.
    pub fn new(id: impl Into<String>, secret: Option<&str>) -> Self {
        Self {
            id: id.into(),
            secret: secret.map(str::to_owned),
            name: None,
            redirect_uris: RedirectUris::Listed {
                login: Vec::new(),
                log_out: Vec::new(),
            },
            metadata: Map::new(),
        }
    }

    /// Makes a client whose callback, and address after log-out, may be any on loopback.
    ///
    /// The callback is still compared exactly between authorization and token request.
    pub fn any_on_loopback(id: impl Into<String>, secret: Option<&str>) -> Self {
        Self {
            redirect_uris: RedirectUris::AnyOnLoopback,
            ..Self::new(id, secret)
        }
    }

    /// Returns the client with a name for people to read on the consent page.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Returns the client with one more callback, compared byte for byte (RFC 9700 section 2.1);
    /// for a client that takes any on loopback nothing changes.
    #[must_use]
    pub fn with_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        if let RedirectUris::Listed { login, .. } = &mut self.redirect_uris {
            login.push(uri.into());
        }
        self
    }

    /// Returns the client with one more address to go to after log-out, compared byte for byte.
    #[must_use]
    pub fn with_post_logout_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        if let RedirectUris::Listed { log_out, .. } = &mut self.redirect_uris {
            log_out.push(uri.into());
        }
        self
    }

    /// Returns the client with more that was agreed, by the member names of RFC 7591 and its kin.
    ///
    /// ```
    /// use codegrant_dev_provider::ClientRegistration;
    /// use serde_json::json;
    /// let client = ClientRegistration::any_on_loopback("my-app", None).with_metadata(json!({
    ///     "token_endpoint_auth_method": "private_key_jwt",
    ///     "jwks_uri": "http://localhost:3000/auth/jwks/dev",
    ///     "require_pushed_authorization_requests": true,
    ///     "dpop_bound_access_tokens": true,
    /// }));
    /// assert_eq!(client.id(), "my-app");
    /// ```
    ///
    /// Members that are read: `token_endpoint_auth_method`, `token_endpoint_auth_signing_alg`, `jwks` (a key
    /// may carry a certificate in `x5c` or `x5t#S256`), `jwks_uri`, `tls_client_auth_subject_dn`,
    /// `request_object_signing_alg`, `request_uris`, `require_signed_request_object`,
    /// `require_pushed_authorization_requests`, `dpop_bound_access_tokens` and
    /// `tls_client_certificate_bound_access_tokens`. What is no JSON object changes nothing.
    #[must_use]
    pub fn with_metadata(mut self, members: Value) -> Self {
        if let Value::Object(members) = members {
            self.metadata.extend(members);
        }
        self
    }

    /// Makes a client of its metadata alone: `client_id`, `client_secret`, `client_name`, `redirect_uris`,
    /// `post_logout_redirect_uris` and what [`ClientRegistration::with_metadata`] reads.
    ///
    /// Without `redirect_uris` any callback on loopback will do. `None` without a `client_id`.
    pub fn from_metadata(mut members: Map<String, Value>) -> Option<Self> {
        let mut take = |name: &str| members.remove(name);
        let text = |value: Value| value.as_str().map(str::to_owned);
        let id = take("client_id").and_then(text)?;
        let secret = take("client_secret").and_then(text);
        let mut client = match take("redirect_uris") {
            None => Self::any_on_loopback(id, secret.as_deref()),
            Some(uris) => texts(&uris)
                .into_iter()
                .fold(Self::new(id, secret.as_deref()), |client, uri| {
                    client.with_redirect_uri(uri)
                }),
        };
        for uri in texts(&take("post_logout_redirect_uris").unwrap_or_default()) {
            client = client.with_post_logout_redirect_uri(uri);
        }
        client.name = take("client_name").and_then(text);
        client.metadata = members;
        Some(client)
    }

    /// Returns a member of the metadata that is text.
    pub(crate) fn text(&self, member: &str) -> Option<&str> {
        self.metadata.get(member)?.as_str()
    }

    /// Tells whether a member of the metadata is `true`.
    pub(crate) fn flag(&self, member: &str) -> bool {
        self.metadata.get(member) == Some(&json!(true))
    }

    /// Returns a member of the metadata that is a list of texts; empty when it is absent.
    pub(crate) fn list(&self, member: &str) -> Vec<String> {
        self.metadata.get(member).map(texts).unwrap_or_default()
    }

    /// Returns how it has to authenticate, by its registered name (RFC 7591 section 2).
    ///
    /// Without one its secret will do in the header and in the body.
    pub(crate) fn authentication(&self) -> Option<&str> {
        self.text("token_endpoint_auth_method")
    }

    /// Tells whether it has nothing to authenticate with (RFC 6749 section 2.1).
    pub(crate) fn is_public(&self) -> bool {
        match self.authentication() {
            Some(method) => method == "none",
            None => self.secret.is_none(),
        }
    }

    /// Returns the keys of `jwks`, as they were registered.
    pub(crate) fn jwks(&self) -> Option<&Value> {
        self.metadata.get("jwks").filter(|jwks| jwks.is_object())
    }

    /// Returns the client id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns what people read: the name, or the id.
    pub fn display_name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }

    pub(crate) fn accepts_redirect(&self, uri: &str) -> bool {
        match &self.redirect_uris {
            RedirectUris::AnyOnLoopback => is_loopback_address(uri),
            RedirectUris::Listed { login, .. } => login.iter().any(|held| held == uri),
        }
    }

    pub(crate) fn accepts_log_out_redirect(&self, uri: &str) -> bool {
        match &self.redirect_uris {
            RedirectUris::AnyOnLoopback => is_loopback_address(uri),
            RedirectUris::Listed { log_out, .. } => log_out.iter().any(|held| held == uri),
        }
    }
}

fn texts(list: &Value) -> Vec<String> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    let texts = list.iter().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

impl fmt::Debug for ClientRegistration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientRegistration")
            .field("id", &self.id)
            .field("has_secret", &self.secret.is_some())
            .finish_non_exhaustive()
    }
}
