//! A metadata document, read member by member: what is there has to be right.

use serde_json::{Map, Value};
use url::Url;

use super::capabilities::{Capabilities, MtlsEndpointAliases, Offered};
use crate::address::reachable;
use crate::answer;
use crate::error::{Error, ProviderError, Purpose, Quoted};

/// A document whose issuer has been compared.
pub(super) struct Document {
    pub(super) members: Map<String, Value>,
    pub(super) issuer: Url,
}

impl Document {
    /// Reads an address that may be absent.
    pub(super) fn endpoint(&self, member: &'static str) -> Result<Option<String>, Error> {
        address(&self.members, member, &self.issuer)
    }

    /// Reads an address that has to be there.
    pub(super) fn required(&self, member: &'static str) -> Result<String, Error> {
        self.endpoint(member)?.ok_or_else(|| self.missing(member))
    }

    /// Makes the error for a member that is not there.
    pub(super) fn missing(&self, member: &'static str) -> Error {
        let purpose = Purpose::Metadata;
        ProviderError::MemberMissing { purpose, member }.into()
    }

    pub(super) fn strings(&self, member: &'static str) -> Result<Vec<&str>, Error> {
        let read = answer::optional_strings(Purpose::Metadata, &self.members, member);
        read.map_err(Error::from)
    }

    pub(super) fn says(&self, member: &'static str) -> Result<bool, Error> {
        let read = answer::optional_bool(Purpose::Metadata, &self.members, member);
        read.map_err(Error::from)
    }

    /// Reads a list whose absence says something else than its being empty.
    fn offered(&self, member: &'static str) -> Result<Offered, Error> {
        let stated = self
            .members
            .get(member)
            .is_some_and(|value| !value.is_null());
        let names = self.strings(member)?;
        Ok(Offered::new(stated.then_some(names)))
    }

    /// Reads the aliases for clients with a certificate (RFC 8705 section 5).
    pub(super) fn mtls_endpoint_aliases(&self) -> Result<MtlsEndpointAliases, Error> {
        const MEMBER: &str = "mtls_endpoint_aliases";
        let aliases = match self.members.get(MEMBER) {
            None | Some(Value::Null) => return Ok(MtlsEndpointAliases::default()),
            Some(Value::Object(aliases)) => aliases,
            Some(_) => {
                return Err(ProviderError::MemberType {
                    purpose: Purpose::Metadata,
                    member: MEMBER,
                    expected: "an object",
                }
                .into());
            }
        };
        let alias = |member| address(aliases, member, &self.issuer);
        Ok(MtlsEndpointAliases {
            token_endpoint: alias("token_endpoint")?,
            revocation_endpoint: alias("revocation_endpoint")?,
            introspection_endpoint: alias("introspection_endpoint")?,
            pushed_authorization_request_endpoint: alias("pushed_authorization_request_endpoint")?,
            userinfo_endpoint: alias("userinfo_endpoint")?,
        })
    }

    pub(super) fn capabilities(&self) -> Result<Capabilities, Error> {
        // The one member that is true when it is absent.
        let by_reference = "request_uri_parameter_supported";
        Ok(Capabilities {
            require_pushed_authorization_requests: self
                .says("require_pushed_authorization_requests")?,
            require_signed_request_object: self.says("require_signed_request_object")?,
            request_parameter_supported: self.says("request_parameter_supported")?,
            request_uri_parameter_supported: self.says(by_reference)?
                || !self.members.contains_key(by_reference),
            require_request_uri_registration: self.says("require_request_uri_registration")?,
            claims_parameter_supported: self.says("claims_parameter_supported")?,
            backchannel_logout_supported: self.says("backchannel_logout_supported")?,
            backchannel_logout_session_supported: self
                .says("backchannel_logout_session_supported")?,
            frontchannel_logout_supported: self.says("frontchannel_logout_supported")?,
            frontchannel_logout_session_supported: self
                .says("frontchannel_logout_session_supported")?,
            tls_client_certificate_bound_access_tokens: self
                .says("tls_client_certificate_bound_access_tokens")?,
            scopes_supported: self.offered("scopes_supported")?,
            response_modes_supported: self.offered("response_modes_supported")?,
            code_challenge_methods_supported: self.offered("code_challenge_methods_supported")?,
            acr_values_supported: self.offered("acr_values_supported")?,
            prompt_values_supported: self.offered("prompt_values_supported")?,
            authorization_details_types_supported: self
                .offered("authorization_details_types_supported")?,
            token_endpoint_auth_signing_alg_values_supported: self
                .offered("token_endpoint_auth_signing_alg_values_supported")?,
            request_object_signing_alg_values_supported: self
                .offered("request_object_signing_alg_values_supported")?,
            authorization_signing_alg_values_supported: self
                .offered("authorization_signing_alg_values_supported")?,
            dpop_signing_alg_values_supported: self.offered("dpop_signing_alg_values_supported")?,
            userinfo_signing_alg_values_supported: self
                .offered("userinfo_signing_alg_values_supported")?,
            userinfo_encryption_alg_values_supported: self
                .offered("userinfo_encryption_alg_values_supported")?,
            userinfo_encryption_enc_values_supported: self
                .offered("userinfo_encryption_enc_values_supported")?,
            id_token_encryption_alg_values_supported: self
                .offered("id_token_encryption_alg_values_supported")?,
            id_token_encryption_enc_values_supported: self
                .offered("id_token_encryption_enc_values_supported")?,
        })
    }
}

fn address(
    members: &Map<String, Value>,
    member: &'static str,
    issuer: &Url,
) -> Result<Option<String>, Error> {
    let Some(value) = members.get(member) else {
        return Ok(None);
    };
    let text = value.as_str().ok_or(ProviderError::MemberType {
        purpose: Purpose::Metadata,
        member,
        expected: "a string",
    })?;
    reachable(text, issuer).map_err(|reason| ProviderError::Endpoint {
        member,
        url: Quoted::new(text),
        reason: reason.to_owned(),
    })?;
    Ok(Some(text.to_owned()))
}
