//! What a provider supports or insists on beyond its endpoints, by the names of the registry
//! "OAuth Authorization Server Metadata" (RFC 8414 section 7.1).

/// What a provider says that it supports or insists on.
///
/// None of this chooses anything by itself: what a login does is what the client is registered for, and
/// this is what a registration is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Whether authorization requests have to be pushed (RFC 9126 section 5).
    pub require_pushed_authorization_requests: bool,
    /// Whether authorization requests have to be signed (RFC 9101 section 10.5).
    pub require_signed_request_object: bool,
    /// Whether request objects may stand in the request (OpenID Connect Discovery 1.0 section 3).
    pub request_parameter_supported: bool,
    /// Whether request objects may be fetched from us; so without a word (OpenID Connect Discovery 1.0
    /// section 3).
    pub request_uri_parameter_supported: bool,
    /// Whether addresses of request objects have to be registered (OpenID Connect Discovery 1.0 section 3).
    pub require_request_uri_registration: bool,
    /// OpenID Connect Core 1.0 section 5.5.
    pub claims_parameter_supported: bool,
    /// OpenID Connect Back-Channel Logout 1.0 section 2.1.
    pub backchannel_logout_supported: bool,
    /// OpenID Connect Back-Channel Logout 1.0 section 2.1.
    pub backchannel_logout_session_supported: bool,
    /// OpenID Connect Front-Channel Logout 1.0 section 3.
    pub frontchannel_logout_supported: bool,
    /// OpenID Connect Front-Channel Logout 1.0 section 3.
    pub frontchannel_logout_session_supported: bool,
    /// Whether tokens may be bound to a certificate (RFC 8705 section 3.3).
    pub tls_client_certificate_bound_access_tokens: bool,
    /// OpenID Connect Discovery 1.0 section 3.
    pub scopes_supported: Offered,
    /// OAuth 2.0 Multiple Response Types.
    pub response_modes_supported: Offered,
    /// RFC 7636.
    pub code_challenge_methods_supported: Offered,
    /// OpenID Connect Discovery 1.0 section 3.
    pub acr_values_supported: Offered,
    /// OpenID Connect prompt values.
    pub prompt_values_supported: Offered,
    /// RFC 9396 section 10.
    pub authorization_details_types_supported: Offered,
    /// The algorithms of client assertions (RFC 8414 section 2).
    pub token_endpoint_auth_signing_alg_values_supported: Offered,
    /// RFC 9101.
    pub request_object_signing_alg_values_supported: Offered,
    /// JWT Secured Authorization Response Mode section 4.
    pub authorization_signing_alg_values_supported: Offered,
    /// RFC 9449 section 5.1.
    pub dpop_signing_alg_values_supported: Offered,
    /// OpenID Connect Discovery 1.0 section 3.
    pub userinfo_signing_alg_values_supported: Offered,
    /// OpenID Connect Discovery 1.0 section 3.
    pub userinfo_encryption_alg_values_supported: Offered,
    /// OpenID Connect Discovery 1.0 section 3.
    pub userinfo_encryption_enc_values_supported: Offered,
    /// OpenID Connect Discovery 1.0 section 3.
    pub id_token_encryption_alg_values_supported: Offered,
    /// OpenID Connect Discovery 1.0 section 3.
    pub id_token_encryption_enc_values_supported: Offered,
}

/// What holds for a provider that says nothing.
impl Default for Capabilities {
    fn default() -> Self {
        Self {
            require_pushed_authorization_requests: false,
            require_signed_request_object: false,
            request_parameter_supported: false,
            request_uri_parameter_supported: true,
            require_request_uri_registration: false,
            claims_parameter_supported: false,
            backchannel_logout_supported: false,
            backchannel_logout_session_supported: false,
            frontchannel_logout_supported: false,
            frontchannel_logout_session_supported: false,
            tls_client_certificate_bound_access_tokens: false,
            scopes_supported: Offered::default(),
            response_modes_supported: Offered::default(),
            code_challenge_methods_supported: Offered::default(),
            acr_values_supported: Offered::default(),
            prompt_values_supported: Offered::default(),
            authorization_details_types_supported: Offered::default(),
            token_endpoint_auth_signing_alg_values_supported: Offered::default(),
            request_object_signing_alg_values_supported: Offered::default(),
            authorization_signing_alg_values_supported: Offered::default(),
            dpop_signing_alg_values_supported: Offered::default(),
            userinfo_signing_alg_values_supported: Offered::default(),
            userinfo_encryption_alg_values_supported: Offered::default(),
            userinfo_encryption_enc_values_supported: Offered::default(),
            id_token_encryption_alg_values_supported: Offered::default(),
            id_token_encryption_enc_values_supported: Offered::default(),
        }
    }
}

/// A list of names that a provider offers; one that is absent says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Offered(Option<Vec<String>>);

impl Offered {
    pub(super) fn new(names: Option<Vec<&str>>) -> Self {
        Self(names.map(|names| names.into_iter().map(str::to_owned).collect()))
    }

    /// Tells whether the provider lists anything at all.
    pub fn is_stated(&self) -> bool {
        self.0.is_some()
    }

    /// Tells whether nothing speaks against a name: it is listed, or there is no list.
    pub fn allows(&self, name: &str) -> bool {
        self.0
            .as_ref()
            .is_none_or(|names| names.iter().any(|held| held == name))
    }

    /// Returns the names; none where the provider has no such list.
    pub fn names(&self) -> &[String] {
        self.0.as_deref().unwrap_or_default()
    }
}

/// Endpoints at which a client with a certificate is received (RFC 8705 section 5); the ordinary one counts
/// where there is no alias.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct MtlsEndpointAliases {
    /// RFC 6749 section 3.2.
    pub token_endpoint: Option<String>,
    /// RFC 7009.
    pub revocation_endpoint: Option<String>,
    /// RFC 7662.
    pub introspection_endpoint: Option<String>,
    /// RFC 9126.
    pub pushed_authorization_request_endpoint: Option<String>,
    /// OpenID Connect Core 1.0 section 5.3.
    pub userinfo_endpoint: Option<String>,
}
