//! Every address of the provider, in one list.

use codegrant_core::http::Method;

/// What a path below the issuer's stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Index,
    Metadata,
    Keys,
    Authorize,
    SignIn,
    Consent,
    Token,
    Userinfo,
    Revoke,
    EndSession,
    ConfirmLogOut,
    Me,
}

impl Endpoint {
    pub(crate) fn at(path: &str) -> Option<Self> {
        Some(match path {
            "" | "/" => Self::Index,
            "/.well-known/openid-configuration" => Self::Metadata,
            "/jwks" => Self::Keys,
            "/authorize" => Self::Authorize,
            "/sign-in" => Self::SignIn,
            "/consent" => Self::Consent,
            "/token" => Self::Token,
            "/userinfo" => Self::Userinfo,
            "/revoke" => Self::Revoke,
            "/end_session" => Self::EndSession,
            "/end_session/confirm" => Self::ConfirmLogOut,
            "/api/me" => Self::Me,
            _ => return None,
        })
    }

    /// Returns the methods that it takes, for `Allow`.
    pub(crate) fn methods(self) -> &'static str {
        match self {
            Self::Index | Self::Metadata | Self::Keys | Self::Me => "GET",
            Self::Token | Self::Revoke | Self::ConfirmLogOut => "POST",
            Self::Authorize | Self::SignIn | Self::Consent | Self::Userinfo | Self::EndSession => {
                "GET, POST"
            }
        }
    }

    pub(crate) fn takes(self, method: Method) -> bool {
        self.methods()
            .split(", ")
            .any(|taken| taken == method.as_str())
    }
}
