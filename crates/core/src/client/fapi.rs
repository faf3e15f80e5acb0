//! What a security profile wants of a registration, and of the provider's metadata (FAPI 2.0 Security
//! Profile sections 5.3 and 5.4, FAPI 2.0 Message Signing section 5).

use super::{Client, RequestObject};
use crate::error::{Error, ProviderError};
use crate::jose::SigningKey;
use crate::metadata::ProviderMetadata;
use crate::provider::{AuthenticationMethod, Protocol};

impl Client {
    /// Lists what does not fit the profile, each with what to change.
    pub(super) fn profile_mistakes(&self) -> Vec<(&'static str, &'static str)> {
        let profile = self.profile();
        if !profile.is_fapi() {
            return Vec::new();
        }
        let provider = self.provider();
        let algorithms = "use PS256, ES256, EdDSA or Ed25519";
        let strong = matches!(
            self.authentication(),
            AuthenticationMethod::PrivateKeyJwt
                | AuthenticationMethod::TlsClientAuth
                | AuthenticationMethod::SelfSignedTlsClientAuth
        );
        let permitted = |algorithm| profile.permits(algorithm);
        let id_token = match &provider.protocol {
            Protocol::OpenId { algorithm, .. } => *algorithm,
            _ => None,
        };
        let key = self.signing_key().map(SigningKey::algorithm);
        let signing = profile.signs_messages();
        [
            (
                !strong,
                "authentication",
                "use private_key_jwt, tls_client_auth or self_signed_tls_client_auth",
            ),
            (!key.is_none_or(permitted), "signing_key", algorithms),
            (!id_token.is_none_or(permitted), "algorithm", algorithms),
            (
                !self.userinfo_algorithm().is_none_or(permitted),
                "userinfo_algorithm",
                algorithms,
            ),
            (
                !self.response_algorithm().is_none_or(permitted),
                "response_algorithm",
                algorithms,
            ),
            (
                matches!(provider.protocol, Protocol::OAuth { .. }),
                "endpoints",
                "use an issuer: what the provider supports has to be known from its metadata",
            ),
            (
                signing && !self.response_mode().is_signed(),
                "response_mode",
                "leave it out, or use query.jwt or form_post.jwt",
            ),
            (
                signing && self.request_object() == Some(RequestObject::ByReference),
                "request_object",
                "leave it out: the signed request is pushed",
            ),
        ]
        .into_iter()
        .filter_map(|(wrong, setting, change)| wrong.then_some((setting, change)))
        .collect()
    }

    /// Refuses a provider whose metadata shows that the profile cannot be kept there.
    pub(super) fn profile_fits(&self, metadata: &ProviderMetadata) -> Result<(), Error> {
        if !self.profile().is_fapi() {
            return Ok(());
        }
        let challenge = &metadata.capabilities.code_challenge_methods_supported;
        let lacking = if !(challenge.is_stated() && challenge.allows("S256")) {
            "code_challenge_methods_supported with S256"
        // A signed response names its issuer in any case.
        } else if !(metadata.issuer_parameter_supported || self.response_mode().is_signed()) {
            "authorization_response_iss_parameter_supported"
        // Such tokens are called Bearer like those that nothing binds (RFC 8705 section 3.3).
        } else if !(self.uses_dpop()
            || metadata
                .capabilities
                .tls_client_certificate_bound_access_tokens)
        {
            "tls_client_certificate_bound_access_tokens"
        } else {
            return Ok(());
        };
        Err(ProviderError::ProfileNotSupported {
            profile: self.profile().as_str(),
            lacking,
        }
        .into())
    }
}
