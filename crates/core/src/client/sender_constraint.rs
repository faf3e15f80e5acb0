//! Tokens that only we can use: bound to a key of the session (RFC 9449) or to the client's certificate
//! (RFC 8705), and where a client with a certificate is received.

use crate::client::Client;
use crate::dpop::DpopKey;
use crate::error::{Error, ProviderError};
use crate::http::ClientCertificate;
use crate::metadata::ProviderMetadata;
use crate::provider::AuthenticationMethod;

/// The endpoints that may have a second address for clients with a certificate (RFC 8705 section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// RFC 6749 section 3.2.
    Token,
    /// RFC 7009.
    Revocation,
    /// RFC 7662.
    Introspection,
    /// RFC 9126.
    PushedRequest,
    /// OpenID Connect Core 1.0 section 5.3.
    Userinfo,
}

impl Client {
    /// Returns the client having its tokens bound to a key of each session's own (RFC 9449).
    #[must_use]
    pub fn with_dpop(self) -> Self {
        self.with(|client| client.uses_dpop = true)
    }

    /// Returns the client with the certificate that it opens connections with (RFC 8705).
    ///
    /// It is presented where the client authenticates by it, and where its tokens are bound to it:
    /// [`with_certificate_bound_access_tokens`](Self::with_certificate_bound_access_tokens).
    #[must_use]
    pub fn with_certificate(self, certificate: ClientCertificate) -> Self {
        self.with(|client| client.certificate = Some(certificate))
    }

    /// Returns the client having its access tokens bound to its certificate (RFC 8705 section 3).
    #[must_use]
    pub fn with_certificate_bound_access_tokens(self) -> Self {
        self.with(|client| client.certificate_bound = true)
    }

    /// Tells whether its tokens are bound to a key of each session's own (RFC 9449).
    pub fn uses_dpop(&self) -> bool {
        // A profile that wants bound tokens gets them in the one way that needs nothing else.
        self.0.uses_dpop || (self.profile().is_fapi() && !self.0.certificate_bound)
    }

    /// Tells whether its access tokens are bound to its certificate (RFC 8705 section 3).
    pub fn has_certificate_bound_access_tokens(&self) -> bool {
        self.0.certificate_bound
    }

    /// Refuses to ask for tokens that nothing would bind, where this client's are bound to a key: the answer
    /// would be a bearer token, and nobody would notice.
    pub(crate) fn binds_by(&self, key: Option<&DpopKey>) -> Result<(), Error> {
        match key {
            None if self.uses_dpop() => Err(ProviderError::ProofNotSigned.into()),
            _ => Ok(()),
        }
    }

    /// Returns the certificate that its connections are opened with, if they are.
    pub fn certificate(&self) -> Option<&ClientCertificate> {
        let certificate = self.0.certificate.as_ref();
        certificate.filter(|_| self.presents_certificate())
    }

    /// Tells whether the certificate takes part at all: as authentication, or in the tokens.
    pub(crate) fn presents_certificate(&self) -> bool {
        let by_certificate = matches!(
            self.authentication(),
            AuthenticationMethod::TlsClientAuth | AuthenticationMethod::SelfSignedTlsClientAuth
        );
        by_certificate || self.0.certificate_bound
    }

    /// Returns where this client reaches the token endpoint, by its alias if it has one.
    pub(crate) fn token_address<'a>(&self, metadata: &'a ProviderMetadata) -> &'a str {
        let address = self.address(metadata, Endpoint::Token);
        address.unwrap_or(&metadata.token_endpoint)
    }

    /// Returns where this client asks for userinfo, by its alias if it shows a certificate (RFC 8705 section 5).
    ///
    /// `None` where the provider has no such endpoint.
    pub fn userinfo_address<'a>(&self, metadata: &'a ProviderMetadata) -> Option<&'a str> {
        self.address(metadata, Endpoint::Userinfo)
    }

    /// Returns where this client reaches an endpoint: a client with a certificate by its alias, where there
    /// is one (RFC 8705 section 5).
    pub(crate) fn address<'a>(
        &self,
        metadata: &'a ProviderMetadata,
        endpoint: Endpoint,
    ) -> Option<&'a str> {
        let aliases = &metadata.mtls_endpoint_aliases;
        let token = Some(&metadata.token_endpoint);
        let (ordinary, alias) = match endpoint {
            Endpoint::Token => (token, &aliases.token_endpoint),
            Endpoint::Revocation => (
                metadata.revocation_endpoint.as_ref(),
                &aliases.revocation_endpoint,
            ),
            Endpoint::Introspection => (
                metadata.introspection_endpoint.as_ref(),
                &aliases.introspection_endpoint,
            ),
            Endpoint::PushedRequest => (
                metadata.pushed_authorization_request_endpoint.as_ref(),
                &aliases.pushed_authorization_request_endpoint,
            ),
            Endpoint::Userinfo => (
                metadata.userinfo_endpoint.as_ref(),
                &aliases.userinfo_endpoint,
            ),
        };
        let alias = alias.as_ref().filter(|_| self.certificate().is_some());
        alias.or(ordinary).map(String::as_str)
    }
}
