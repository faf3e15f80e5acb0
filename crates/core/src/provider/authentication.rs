//! How a client proves itself at the token endpoint.

use serde::Deserialize;

/// How the client proves itself at the token endpoint (RFC 6749 section 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuthenticationMethod {
    /// HTTP Basic, both parts form-encoded first.
    #[default]
    ClientSecretBasic,
    /// `client_id` and `client_secret` in the body.
    ClientSecretPost,
    /// An assertion that is authenticated by the secret (OpenID Connect Core 1.0 section 9).
    ClientSecretJwt,
    /// An assertion that is signed by the client's key (RFC 7523; OpenID Connect Core 1.0 section 9).
    PrivateKeyJwt,
    /// A client certificate of an authority that the provider trusts (RFC 8705 section 2.1).
    TlsClientAuth,
    /// A client certificate that is registered itself (RFC 8705 section 2.2).
    SelfSignedTlsClientAuth,
    /// A public client: `client_id` alone, protected by PKCE.
    None,
}

impl AuthenticationMethod {
    /// Returns the registered name (RFC 7591 section 2).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::ClientSecretJwt => "client_secret_jwt",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::TlsClientAuth => "tls_client_auth",
            Self::SelfSignedTlsClientAuth => "self_signed_tls_client_auth",
            Self::None => "none",
        }
    }

    /// Tells whether it needs the client's secret.
    pub const fn takes_secret(self) -> bool {
        matches!(
            self,
            Self::ClientSecretBasic | Self::ClientSecretPost | Self::ClientSecretJwt
        )
    }
}
