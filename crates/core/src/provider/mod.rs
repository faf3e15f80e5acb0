//! Providers as data: one struct for the constants shipped here and for a user's own TOML entry.
//!
//! Nothing in this project asks which provider it talks to. What a provider does differently is a
//! [`Quirk`] that its entry declares, and a quirk never loosens a rule for anybody else.

mod authentication;
mod entry;
mod mapping;
mod preset;

use std::borrow::Cow;

use serde::Deserialize;

pub use crate::jose::Algorithm;
pub use authentication::AuthenticationMethod;
pub use mapping::{Path, UserMapping};
pub use preset::{APPLE, FACEBOOK, GITHUB, GOOGLE, PRESETS, preset};

use crate::authorization::{CHECKED_PARAMETERS, PROTOCOL_PARAMETERS};
use crate::client::ResponseMode;
use crate::error::{ConfigurationError, Quoted};

/// Text that is either compiled in or came from a configuration file.
pub type Text = Cow<'static, str>;

/// A list that is either compiled in or came from a configuration file.
pub type List<T> = Cow<'static, [T]>;

/// Everything there is to know about a place where users sign in.
///
/// Take a constant such as [`GITHUB`], name an issuer with [`Provider::openid`], list endpoints with
/// [`Provider::oauth`], or deserialise an entry of a configuration file.
///
/// ```
/// use codegrant_core::provider::Provider;
/// let provider = Provider::openid("corp", "Corp", "https://login.corp.example/realms/main");
/// assert_eq!(provider.id, "corp");
/// assert!(provider.validate().is_ok());
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "entry::Entry")]
#[non_exhaustive]
pub struct Provider {
    /// The name in our URLs and the account's provider: lower-case letters, digits and `-`, at most 32.
    pub id: Text,
    /// What stands on the login button.
    pub name: Text,
    /// How the user's identity is proven.
    pub protocol: Protocol,
    /// What is asked for when the app says nothing else.
    pub scopes: List<Text>,
    /// Further parameters of the authorization request, such as `access_type=offline`.
    pub authorization_parameters: List<(Text, Text)>,
    /// Where in the answer the user stands.
    pub user: UserMapping,
    /// How much an e-mail address from here is worth.
    pub email_trust: EmailTrust,
    /// How the client authenticates when the app says nothing else (RFC 6749 section 2.3.1).
    pub authentication: AuthenticationMethod,
    /// How responses arrive when the app says nothing else.
    pub response_mode: ResponseMode,
    /// What this provider does differently from the RFCs.
    pub quirks: List<Quirk>,
    /// Whether it is called at public addresses only, its issuer included: for one that a stranger chose.
    pub public_only: bool,
}

/// How a provider proves who the user is.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Protocol {
    /// OpenID Connect: an ID token proves it, and endpoints come from the issuer's metadata.
    OpenId {
        /// The issuer identifier, compared byte for byte (OpenID Connect Discovery 1.0 section 4.3).
        issuer: Text,
        /// Other issuer strings that this provider is known to put into ID tokens.
        issuer_aliases: List<Text>,
        /// The signature algorithm of its ID tokens; RS256 when absent (OpenID Connect Core 1.0 section 2).
        algorithm: Option<Algorithm>,
    },
    /// OAuth 2.0 alone: the userinfo answer, fetched with a token from our own code exchange.
    OAuth {
        /// What stands for the issuer in the account key, and in `iss` if the provider sends it
        /// (RFC 9207). When absent, the token endpoint: state it, so that a new address of that endpoint
        /// does not make new accounts.
        issuer: Option<Text>,
        /// Where the provider is reached.
        endpoints: Endpoints,
    },
    /// OAuth 2.0 alone, with endpoints from the issuer's metadata (RFC 8414).
    OAuthIssuer {
        /// The issuer identifier, compared byte for byte (RFC 8414 section 3.3).
        issuer: Text,
        /// Where the access token fetches the user, where the metadata does not say so or says it wrongly.
        userinfo: Option<Text>,
    },
}

/// Where an OAuth 2.0 provider is reached; absolute URLs.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoints {
    /// RFC 6749 section 3.1.
    pub authorization: Text,
    /// RFC 6749 section 3.2.
    pub token: Text,
    /// Where the access token fetches the user.
    pub userinfo: Text,
    /// RFC 7009.
    #[serde(default)]
    pub revocation: Option<Text>,
}

/// How much an e-mail address from a provider is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EmailTrust {
    /// Every address is no more than a claim.
    #[default]
    Never,
    /// Verified where the provider says so in its verified member, as JSON `true`.
    VerifiedMember,
}

/// A way in which a provider departs from the RFCs: a closed set, declared by the provider's entry.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Quirk {
    /// The token answer leaves `token_type` out (RFC 6749 section 5.1 requires it).
    TokenTypeMissing,
    /// The token answer writes `expires_in` as a string of digits.
    ExpiresInString,
    /// The token answer separates scopes by commas.
    ScopeComma,
    /// The token answer writes scopes as a JSON array.
    ScopeArray,
    /// The token answer is form-encoded instead of JSON.
    TokenFormEncoded,
    /// Errors of the token endpoint are an object: `{"error": {"message", "type", "code"}}`.
    ErrorObject,
    /// API calls carry `appsecret_proof`, the hex HMAC-SHA256 of the token under the client secret.
    AppSecretProof,
    /// Addresses stand at an endpoint of their own, as a list of `{email, primary, verified}`.
    EmailsEndpoint(Text),
    /// `email_verified` may be the string `"true"`.
    VerifiedString,
    /// The client secret is a token that the developer's key signs for each request: issuer the team,
    /// subject the client, audience the provider. Taken with
    /// [`ClientSecretPost`](AuthenticationMethod::ClientSecretPost).
    SignedSecret,
}

impl Provider {
    /// Makes an entry for an OpenID Connect issuer; everything else comes from its metadata.
    pub fn openid(id: impl Into<Text>, name: impl Into<Text>, issuer: impl Into<Text>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            protocol: Protocol::OpenId {
                issuer: issuer.into(),
                issuer_aliases: List::default(),
                algorithm: None,
            },
            scopes: Cow::Borrowed(preset::OPENID_SCOPES),
            authorization_parameters: List::default(),
            user: UserMapping::default(),
            email_trust: EmailTrust::VerifiedMember,
            authentication: AuthenticationMethod::ClientSecretBasic,
            response_mode: ResponseMode::Query,
            quirks: List::default(),
            public_only: false,
        }
    }

    /// Makes an entry for an OAuth 2.0 server by its endpoints and where its answer names the user.
    pub fn oauth(
        id: impl Into<Text>,
        name: impl Into<Text>,
        endpoints: Endpoints,
        user: UserMapping,
    ) -> Self {
        Self {
            protocol: Protocol::OAuth {
                issuer: None,
                endpoints,
            },
            scopes: List::default(),
            user,
            email_trust: EmailTrust::Never,
            ..Self::openid(id, name, "")
        }
    }

    /// Makes an entry for an OAuth 2.0 issuer whose endpoints come from its metadata (RFC 8414), and where its
    /// userinfo answer names the user.
    pub fn oauth_issuer(
        id: impl Into<Text>,
        name: impl Into<Text>,
        issuer: impl Into<Text>,
        user: UserMapping,
    ) -> Self {
        Self {
            protocol: Protocol::OAuthIssuer {
                issuer: issuer.into(),
                userinfo: None,
            },
            scopes: List::default(),
            user,
            email_trust: EmailTrust::Never,
            ..Self::openid(id, name, "")
        }
    }

    /// Returns the entry with these scopes in place of its own.
    #[must_use]
    pub fn with_scopes<S: Into<Text>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Returns the entry with another id, for a second registration with the same provider.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<Text>) -> Self {
        self.id = id.into();
        self
    }

    /// Returns the entry with one more parameter in its authorization requests, such as
    /// `access_type=offline` for a refresh token from Google.
    ///
    /// ```
    /// use codegrant_core::provider::GOOGLE;
    /// let offline = GOOGLE.with_authorization_parameter("access_type", "offline");
    /// assert!(offline.validate().is_ok());
    /// ```
    #[must_use]
    pub fn with_authorization_parameter(
        mut self,
        name: impl Into<Text>,
        value: impl Into<Text>,
    ) -> Self {
        self.authorization_parameters
            .to_mut()
            .push((name.into(), value.into()));
        self
    }

    /// Returns the entry with what its word about an e-mail address is worth.
    #[must_use]
    pub fn with_email_trust(mut self, trust: EmailTrust) -> Self {
        self.email_trust = trust;
        self
    }

    /// Returns the entry with one more quirk.
    #[must_use]
    pub fn with_quirk(mut self, quirk: Quirk) -> Self {
        self.quirks.to_mut().push(quirk);
        self
    }

    /// Returns the entry with the algorithm that its ID tokens are registered to be signed with.
    #[must_use]
    pub fn with_algorithm(mut self, registered: Algorithm) -> Self {
        if let Protocol::OpenId { algorithm, .. } = &mut self.protocol {
            *algorithm = Some(registered);
        }
        self
    }

    /// Tells whether an ID token proves the user.
    pub fn is_openid(&self) -> bool {
        matches!(self.protocol, Protocol::OpenId { .. })
    }

    /// Returns its issuer identifier, where its entry states one.
    pub fn issuer(&self) -> Option<&str> {
        match &self.protocol {
            Protocol::OpenId { issuer, .. } | Protocol::OAuthIssuer { issuer, .. } => Some(issuer),
            Protocol::OAuth { issuer, .. } => issuer.as_deref(),
        }
    }

    /// Returns the address of a second endpoint that lists the user's e-mail addresses.
    pub(crate) fn emails_endpoint(&self) -> Option<&str> {
        self.quirks.iter().find_map(|quirk| match quirk {
            Quirk::EmailsEndpoint(url) => Some(url.as_ref()),
            _ => None,
        })
    }

    pub(crate) fn has(&self, quirk: &Quirk) -> bool {
        self.quirks.contains(quirk)
    }

    /// Checks what the type cannot: the id, the URLs and the scopes.
    ///
    /// # Errors
    ///
    /// Every mistake, not only the first.
    pub fn validate(&self) -> Result<(), Vec<ConfigurationError>> {
        let mut mistakes = Vec::new();
        if !id_is_sound(&self.id) {
            mistakes.push(ConfigurationError::ProviderId {
                value: Quoted::new(&self.id),
            });
        }
        mistakes.extend(unsound_scopes(&self.id, &self.scopes));
        if self.user.subject.as_str().contains("??") {
            mistakes.push(ConfigurationError::Subject {
                provider: self.id.to_string(),
                value: Quoted::new(self.user.subject.as_str()),
            });
        }
        if let Protocol::OAuth {
            issuer: Some(issuer),
            ..
        } = &self.protocol
            && issuer.is_empty()
        {
            mistakes.push(ConfigurationError::IssuerEmpty {
                provider: self.id.to_string(),
            });
        }
        let ours = |name: &Text| {
            PROTOCOL_PARAMETERS.contains(&name.as_ref())
                || CHECKED_PARAMETERS.contains(&name.as_ref())
        };
        let mut parameters = self.authorization_parameters.iter();
        if let Some((name, _)) = parameters.find(|(name, _)| ours(name)) {
            mistakes.push(ConfigurationError::AuthorizationParameter {
                provider: self.id.to_string(),
                name: Quoted::new(name),
            });
        }
        if let Err(mistake) = crate::metadata::check(self) {
            mistakes.push(mistake);
        }
        if mistakes.is_empty() {
            Ok(())
        } else {
            Err(mistakes)
        }
    }
}

/// Finds scopes that cannot stand in a request (RFC 6749 section 3.3).
pub(crate) fn unsound_scopes<'a>(
    provider: &'a str,
    scopes: &'a [Text],
) -> impl Iterator<Item = ConfigurationError> + 'a {
    let sound = |scope: &Text| {
        !scope.is_empty()
            && scope
                .bytes()
                .all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
    };
    scopes
        .iter()
        .filter(move |scope| !sound(scope))
        .map(|scope| ConfigurationError::Scope {
            provider: provider.to_owned(),
            value: Quoted::new(scope),
        })
}

fn id_is_sound(id: &str) -> bool {
    (1..=32).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
