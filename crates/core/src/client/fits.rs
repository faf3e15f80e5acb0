//! Whether what a client is set to can work at its provider, found out from the metadata before anybody is
//! sent there.

use super::Client;
use crate::error::{Error, ProviderError, Purpose, Quoted};
use crate::jose::{Algorithm, SigningKey};
use crate::metadata::ProviderMetadata;
use crate::provider::AuthenticationMethod;

impl Client {
    /// Refuses a provider whose metadata shows that what this client is set to cannot work there.
    pub(crate) fn fits(&self, metadata: &ProviderMetadata) -> Result<(), Error> {
        let stated = &metadata.capabilities;
        if self.pushes_requests() && metadata.pushed_authorization_request_endpoint.is_none() {
            return Err(ProviderError::MemberMissing {
                purpose: Purpose::Metadata,
                member: "pushed_authorization_request_endpoint",
            }
            .into());
        }
        let key = self.signing_key().map(SigningKey::algorithm);
        let key = |used: bool| key.filter(|_| used).map(Algorithm::as_str);
        let assertion = match self.authentication() {
            AuthenticationMethod::ClientSecretJwt => Some(Algorithm::Hs256.as_str()),
            method => key(method == AuthenticationMethod::PrivateKeyJwt),
        };
        let signed = self.response_mode().is_signed();
        let response = signed.then(|| self.signed_response_algorithm(metadata).as_str());
        let mode = self.response_mode().parameter().filter(|_| signed);
        // A provider may list all of JARM's modes in one word.
        let mode = mode.filter(|_| !stated.response_modes_supported.allows("jwt"));
        let needed = [
            (
                "token_endpoint_auth_signing_alg_values_supported",
                assertion,
                &stated.token_endpoint_auth_signing_alg_values_supported,
            ),
            (
                "request_object_signing_alg_values_supported",
                key(self.request_object().is_some()),
                &stated.request_object_signing_alg_values_supported,
            ),
            (
                "authorization_signing_alg_values_supported",
                response,
                &stated.authorization_signing_alg_values_supported,
            ),
            (
                "response_modes_supported",
                mode,
                &stated.response_modes_supported,
            ),
            (
                "dpop_signing_alg_values_supported",
                self.uses_dpop().then(|| Algorithm::Es256.as_str()),
                &stated.dpop_signing_alg_values_supported,
            ),
        ];
        for (member, wanted, offered) in needed {
            if let Some(wanted) = wanted.filter(|wanted| !offered.allows(wanted)) {
                return Err(ProviderError::NotOffered {
                    member,
                    wanted,
                    offered: Quoted::new(&offered.names().join(" ")),
                }
                .into());
            }
        }
        self.profile_fits(metadata)
    }
}
