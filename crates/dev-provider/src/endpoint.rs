//! Every address of the provider, in one list.

use codegrant_core::http::Method;

use crate::feature::Feature;

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
    Push,
    Introspect,
    EndSession,
    ConfirmLogOut,
    CheckSession,
    Claims,
    Register,
    Webfinger,
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
            "/par" => Self::Push,
            "/introspect" => Self::Introspect,
            "/end_session" => Self::EndSession,
            "/end_session/confirm" => Self::ConfirmLogOut,
            "/check_session" => Self::CheckSession,
            "/claims" => Self::Claims,
            "/register" => Self::Register,
            "/api/me" => Self::Me,
            _ => return None,
        })
    }

    /// Finds what stands at the root of the issuer's origin, outside the issuer's own path: WebFinger
    /// (RFC 7033 section 10.1) and the metadata of RFC 8414 section 3, whose path ends with the issuer's.
    pub(crate) fn at_root(url_path: &str, issuer_path: &str) -> Option<Self> {
        if url_path == "/.well-known/webfinger" {
            return Some(Self::Webfinger);
        }
        let rest = url_path.strip_prefix("/.well-known/oauth-authorization-server")?;
        let path = issuer_path.trim_end_matches('/');
        // Section 3.1 takes the slash at the issuer's end away, which not every client does.
        (rest == path || rest == issuer_path).then_some(Self::Metadata)
    }

    /// Tells what has to be on for the address to exist.
    pub(crate) fn needs(self, url_path: &str) -> Option<Feature> {
        match self {
            Self::CheckSession => Some(Feature::SessionManagement),
            Self::Claims => Some(Feature::DistributedClaims),
            Self::Register => Some(Feature::DynamicRegistration),
            Self::Webfinger => Some(Feature::Webfinger),
            Self::Metadata if url_path.contains("/oauth-authorization-server") => {
                Some(Feature::OauthMetadata)
            }
            _ => None,
        }
    }

    /// Returns the methods that it takes, for `Allow`.
    pub(crate) fn methods(self) -> &'static str {
        match self {
            Self::Index
            | Self::Metadata
            | Self::Keys
            | Self::CheckSession
            | Self::Claims
            | Self::Webfinger => "GET",
            Self::Register => "GET, POST, PUT, DELETE",
            Self::Me => "GET, POST, PUT, PATCH, DELETE",
            Self::Token | Self::Revoke | Self::Push | Self::Introspect | Self::ConfirmLogOut => {
                "POST"
            }
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
