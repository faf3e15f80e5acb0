//! The variants that a plan fixes or leaves to choose, by the suite's own words.

use std::fmt;

/// How the client is registered and what it sends, one field for each axis of the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Variant {
    /// `client_auth_type`: `client_secret_basic` and its six brothers.
    pub(super) authentication: &'static str,
    pub(super) response_mode: ResponseMode,
    pub(super) request: RequestType,
    pub(super) registration: Registration,
    /// None outside FAPI 2.0.
    pub(super) fapi: Option<Fapi>,
}

/// `response_mode`, and `fapi_response_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResponseMode {
    Default,
    FormPost,
    Jarm,
}

/// `request_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestType {
    PlainHttpRequest,
    RequestObject,
    RequestUri,
}

/// `client_registration`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Registration {
    Static,
    Dynamic,
}

/// The axes of the FAPI 2.0 plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fapi {
    pub(super) sender_constrain: SenderConstrain,
    /// `fapi_client_type`: with OpenID Connect, or OAuth 2.0 alone.
    pub(super) is_openid: bool,
    /// `fapi_request_method`: the request object that goes to PAR is signed.
    pub(super) is_signed: bool,
}

/// `sender_constrain`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SenderConstrain {
    Dpop,
    Mtls,
}

impl Default for Variant {
    /// The usual one: a secret in the header, plain requests, answers in the address.
    fn default() -> Self {
        Self {
            authentication: "client_secret_basic",
            response_mode: ResponseMode::Default,
            request: RequestType::PlainHttpRequest,
            registration: Registration::Static,
            fapi: None,
        }
    }
}

impl Variant {
    /// Tells whether the client has a certificate, so that the provider has to speak TLS.
    pub(super) fn has_certificate(&self) -> bool {
        let constrained = self
            .fapi
            .is_some_and(|fapi| fapi.sender_constrain == SenderConstrain::Mtls);
        constrained || self.authenticates_by_certificate()
    }

    pub(super) fn authenticates_by_certificate(&self) -> bool {
        self.authentication.ends_with("tls_client_auth")
    }

    pub(super) fn is_dpop(&self) -> bool {
        self.fapi
            .is_some_and(|fapi| fapi.sender_constrain == SenderConstrain::Dpop)
    }

    /// Tells whether there are ID tokens.
    pub(super) fn is_openid(&self) -> bool {
        self.fapi.is_none_or(|fapi| fapi.is_openid)
    }

    /// Tells whether the request is a signed object, by whatever way it reaches the provider.
    pub(super) fn signs_requests(&self) -> bool {
        self.request != RequestType::PlainHttpRequest
            || self.fapi.is_some_and(|fapi| fapi.is_signed)
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.authentication)?;
        if let Some(fapi) = self.fapi {
            let sender = match fapi.sender_constrain {
                SenderConstrain::Dpop => "dpop",
                SenderConstrain::Mtls => "mtls",
            };
            let client = if fapi.is_openid {
                "oidc"
            } else {
                "plain_oauth"
            };
            let signed = if fapi.is_signed { "signed" } else { "unsigned" };
            write!(f, " {sender} {client} {signed}")?;
            let jarm = self.response_mode == ResponseMode::Jarm;
            return f.write_str(if jarm { " jarm" } else { " plain_response" });
        }
        f.write_str(match self.response_mode {
            ResponseMode::Default => "",
            ResponseMode::FormPost => " form_post",
            ResponseMode::Jarm => " jarm",
        })?;
        f.write_str(match self.request {
            RequestType::PlainHttpRequest => "",
            RequestType::RequestObject => " request_object",
            RequestType::RequestUri => " request_uri",
        })?;
        f.write_str(match self.registration {
            Registration::Static => "",
            Registration::Dynamic => " dynamic_client",
        })
    }
}
