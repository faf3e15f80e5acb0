//! The operator's side: settings that cannot work.

use super::{Code, Quoted};

crate::codes! {
    ORIGIN = "configuration.public_origin",
        "the public origin is not the address that browsers use",
        "set it to scheme, host and port as they stand in the browser, for example https://app.example";
    PROVIDER_ID = "configuration.provider_id",
        "a provider's id does not fit into a URL",
        "use 1 to 32 lower-case letters, digits and hyphens";
    PROVIDER_ADDRESS = "configuration.provider_address",
        "an address in a provider's entry cannot be used",
        "use the https address from the provider's documentation";
    SUBJECT = "configuration.subject",
        "the account is to be read from the first of several members, so that one account could pass for another",
        "name the one member that never changes and is never given to another";
    ISSUER_EMPTY = "configuration.issuer_empty",
        "the issuer is empty, so that accounts of several providers would share their keys",
        "leave `issuer` out, or write the provider's address";
    SCOPE = "configuration.scope",
        "a scope holds a space, a quote or something beyond ASCII",
        "write scopes as a list, one word each";
    PARAMETER = "configuration.authorization_parameter",
        "an extra authorization parameter is one that this library sets itself",
        "remove it from the provider's entry";
    CLIENT_ID = "configuration.client_id",
        "a client has no id",
        "copy the client id from the provider's registration";
    CLIENT_SECRET = "configuration.client_secret",
        "the secret is missing for a method that needs one, or present for one that uses none",
        "copy the secret from the provider's registration; or remove it, or set `authentication` to the method that is registered";
    OPENID_SCOPE = "configuration.openid_scope",
        "the scope openid is missing, without which there is no ID token",
        "add openid to the scopes";
    SECRET_SHORT = "configuration.client_secret_short",
        "the secret is shorter than the hash of the assertions that it authenticates (RFC 7518 section 3.2)",
        "have the provider issue a longer secret, or use private_key_jwt";
    SIGNING_KEY = "configuration.signing_key",
        "a setting needs the client's private key and there is none, or there is one that nothing uses",
        "set signing_key or signing_key_file, or remove what the line names";
    SETTING = "configuration.setting",
        "a setting of a provider's entry cannot work with the others, or is not of the form that its RFC wants",
        "do what the line says";
    PROFILE = "configuration.profile",
        "a setting does not fit the security profile that was chosen",
        "do what the line says, or choose another profile";
}

/// Why a configuration is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigurationError {
    /// The public origin.
    #[error("public origin {value}: {reason}")]
    PublicOrigin {
        /// What is configured.
        value: Quoted,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A provider's id.
    #[error("provider id {value} is not 1 to 32 lower-case letters, digits and hyphens")]
    ProviderId {
        /// What is configured.
        value: Quoted,
    },
    /// An address in a provider's entry.
    #[error("provider {provider}: {member} {value}: {reason}")]
    ProviderAddress {
        /// The provider's id.
        provider: String,
        /// Which address.
        member: &'static str,
        /// What is configured.
        value: Quoted,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// An account that is read from more than one place.
    #[error("provider {provider}: subject {value} names several members")]
    Subject {
        /// The provider's id.
        provider: String,
        /// What is configured.
        value: Quoted,
    },
    /// An empty issuer.
    #[error("provider {provider}: issuer is empty")]
    IssuerEmpty {
        /// The provider's id.
        provider: String,
    },
    /// A scope (RFC 6749 section 3.3).
    #[error("provider {provider}: scope {value} is not one word of visible ASCII")]
    Scope {
        /// The provider's id.
        provider: String,
        /// What is configured.
        value: Quoted,
    },
    /// A parameter that is ours to set.
    #[error("provider {provider}: authorization parameter {name} is set by the library")]
    AuthorizationParameter {
        /// The provider's id.
        provider: String,
        /// The parameter.
        name: Quoted,
    },
    /// No client id.
    #[error("provider {provider}: no client id")]
    ClientIdMissing {
        /// The provider's id.
        provider: String,
    },
    /// A secret that is missing, or one too many.
    #[error("provider {provider}: method {method} with {}", if *present { "a secret" } else { "no secret" })]
    ClientSecret {
        /// The provider's id.
        provider: String,
        /// The authentication method.
        method: &'static str,
        /// Whether there is a secret.
        present: bool,
    },
    /// No `openid` scope (OpenID Connect Core 1.0 section 3.1.2.1).
    #[error("provider {provider}: scope openid is missing")]
    OpenidScopeMissing {
        /// The provider's id.
        provider: String,
    },
    /// A secret that is too short to authenticate assertions (OpenID Connect Core 1.0 section 10.1).
    #[error(
        "provider {provider}: client_secret_jwt with a secret of {length} bytes, at least {least} are needed"
    )]
    ClientSecretShort {
        /// The provider's id.
        provider: String,
        /// How long it is, in bytes.
        length: usize,
        /// How long it has to be, in bytes.
        least: usize,
    },
    /// A private key that is missing, or one too many.
    #[error("provider {provider}: {}", match needed_by {
        Some(setting) => format!("{setting} needs a signing key"),
        None => "nothing uses the signing key".to_owned(),
    })]
    SigningKey {
        /// The provider's id.
        provider: String,
        /// What needs it; `None` when it is there and nothing does.
        needed_by: Option<&'static str>,
    },
    /// A setting that cannot work.
    #[error("provider {provider}: {setting}: {reason}")]
    Setting {
        /// The provider's id.
        provider: String,
        /// Its name.
        setting: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// What does not fit a security profile (FAPI 2.0 Security Profile section 5.3.3).
    #[error("provider {provider}: profile {profile}: {setting}: {change}")]
    Profile {
        /// The provider's id.
        provider: String,
        /// The profile.
        profile: &'static str,
        /// What does not fit.
        setting: &'static str,
        /// What to do instead.
        change: &'static str,
    },
}

impl ConfigurationError {
    /// Returns the stable name with the likely cause and the remedy.
    pub fn code(&self) -> &'static Code {
        match self {
            Self::PublicOrigin { .. } => &ORIGIN,
            Self::ProviderId { .. } => &PROVIDER_ID,
            Self::ProviderAddress { .. } => &PROVIDER_ADDRESS,
            Self::Subject { .. } => &SUBJECT,
            Self::IssuerEmpty { .. } => &ISSUER_EMPTY,
            Self::Scope { .. } => &SCOPE,
            Self::AuthorizationParameter { .. } => &PARAMETER,
            Self::ClientIdMissing { .. } => &CLIENT_ID,
            Self::ClientSecret { .. } => &CLIENT_SECRET,
            Self::OpenidScopeMissing { .. } => &OPENID_SCOPE,
            Self::ClientSecretShort { .. } => &SECRET_SHORT,
            Self::SigningKey { .. } => &SIGNING_KEY,
            Self::Setting { .. } => &SETTING,
            Self::Profile { .. } => &PROFILE,
        }
    }
}
