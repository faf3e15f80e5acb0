//! What a dev provider is set up with: its issuer, its clients, its users, and what it does for them.

use std::collections::BTreeSet;
use std::fmt;

use codegrant_core::PublicOrigin;
use codegrant_core::jose::Algorithm;
use url::Url;

use crate::client_registration::ClientRegistration;
use crate::dev_user::DevUser;
use crate::feature::Feature;
use crate::outbox::Outbox;

/// What a [`DevProvider`](crate::DevProvider) is made from.
///
/// ```
/// use codegrant_dev_provider::{ClientRegistration, Settings};
/// let settings = Settings::new("http://localhost:3000/dev-provider", [7; 32])
///     .with_client(ClientRegistration::any_on_loopback("my-app", Some("a secret")));
/// assert_eq!(settings.users.len(), 3);
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Settings {
    /// The issuer identifier, which is also the address that all endpoints stand below; on loopback.
    pub issuer: String,
    /// Who may ask for logins.
    pub clients: Vec<ClientRegistration>,
    /// Who can sign in by one click; anybody else types a name.
    pub users: Vec<DevUser>,
    /// What ID tokens are signed with.
    pub algorithm: Algorithm,
    /// Where codes, tokens and ids come from: 32 bytes of the operating system's generator, or fixed
    /// ones in a test that wants the same values each time.
    pub seed: [u8; 32],
    /// How long an access token lives, in seconds.
    pub access_token_lifetime: i64,
    /// Whether ID tokens hold the claims of the scopes `profile` and `email` (OpenID Connect Core 1.0
    /// section 5.4 puts them into userinfo, when there is an access token).
    pub claims_in_id_token: bool,
    /// The signing key, unencrypted PKCS#8 in DER; made anew when absent.
    pub key_pkcs8: Option<Vec<u8>>,
    /// The authentication contexts, `acr`, that somebody can be asked for; when empty, any.
    pub acr_values: Vec<String>,
    /// What a client needs to register itself (RFC 7591 section 3); when absent, nothing.
    pub initial_access_token: Option<String>,
    /// Scopes of APIs, which mean nothing to the provider and may be asked for all the same.
    pub scopes: Vec<String>,
    /// The types of authorization details that are known (RFC 9396 section 5); when empty, any.
    pub authorization_details_types: Vec<String>,
    /// What the addresses start with at which clients show certificates, with the issuer's path
    /// (`mtls_endpoint_aliases`, RFC 8705 section 5); on loopback.
    pub certificate_base: Option<String>,
    /// How many of each thing are remembered, tokens for example; the oldest are forgotten first.
    pub remembered: usize,
    /// What it can do beyond the plain code flow.
    pub features: BTreeSet<Feature>,
    /// How its own requests to clients are performed; without one they go nowhere.
    pub outbox: Option<Outbox>,
}

impl Settings {
    /// Makes settings with the sample users, RS256, and no client yet.
    pub fn new(issuer: impl Into<String>, seed: [u8; 32]) -> Self {
        Self {
            issuer: issuer.into(),
            clients: Vec::new(),
            users: DevUser::samples(),
            algorithm: Algorithm::Rs256,
            seed,
            access_token_lifetime: 3600,
            claims_in_id_token: false,
            key_pkcs8: None,
            acr_values: Vec::new(),
            initial_access_token: None,
            scopes: Vec::new(),
            authorization_details_types: Vec::new(),
            certificate_base: None,
            remembered: 10_000,
            features: BTreeSet::new(),
            outbox: None,
        }
    }

    /// Returns the settings with one more client.
    #[must_use]
    pub fn with_client(mut self, client: ClientRegistration) -> Self {
        self.clients.push(client);
        self
    }

    /// Returns the settings with these users in place of the samples.
    #[must_use]
    pub fn with_users(mut self, users: impl IntoIterator<Item = DevUser>) -> Self {
        self.users = users.into_iter().collect();
        self
    }

    /// Returns the settings signing with another algorithm.
    #[must_use]
    pub fn with_algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// Returns the settings with another lifetime of access tokens, in seconds.
    #[must_use]
    pub fn with_access_token_lifetime(mut self, seconds: i64) -> Self {
        self.access_token_lifetime = seconds;
        self
    }

    /// Returns the settings with the claims of `profile` and `email` in the ID token as well.
    #[must_use]
    pub fn with_claims_in_id_token(mut self) -> Self {
        self.claims_in_id_token = true;
        self
    }

    /// Returns the settings with these features besides whatever was on before.
    ///
    /// ```
    /// use codegrant_dev_provider::{Feature, Settings};
    /// let settings = Settings::new("http://localhost:4000", [7; 32])
    ///     .with_features([Feature::PushedRequests, Feature::Dpop]);
    /// assert!(settings.has(Feature::Dpop));
    /// ```
    #[must_use]
    pub fn with_features(mut self, features: impl IntoIterator<Item = Feature>) -> Self {
        self.features.extend(features);
        self
    }

    /// Tells whether a feature is on.
    pub fn has(&self, feature: Feature) -> bool {
        self.features.contains(&feature)
    }

    /// Returns the settings with these authentication contexts, `acr`, and no others.
    #[must_use]
    pub fn with_acr_values<A: Into<String>>(mut self, values: impl IntoIterator<Item = A>) -> Self {
        self.acr_values = values.into_iter().map(Into::into).collect();
        self
    }

    /// Returns the settings with a token that a client needs to register itself (RFC 7591 section 3).
    #[must_use]
    pub fn with_initial_access_token(mut self, token: impl Into<String>) -> Self {
        self.initial_access_token = Some(token.into());
        self
    }

    /// Returns the settings with one more scope of an API.
    #[must_use]
    pub fn with_scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// Returns the settings with one more type of authorization details (RFC 9396 section 5).
    #[must_use]
    pub fn with_authorization_details_type(mut self, name: impl Into<String>) -> Self {
        self.authorization_details_types.push(name.into());
        self
    }

    /// Returns the settings with other addresses for clients that show certificates, for example
    /// `https://localhost:4443` besides the issuer `http://localhost:4000`; the path is the issuer's.
    #[must_use]
    pub fn with_certificate_base(mut self, base: impl Into<String>) -> Self {
        self.certificate_base = Some(base.into());
        self
    }

    /// Returns the settings with another number of things of each kind that are remembered, for a test with
    /// more logins than a provider is asked for elsewhere.
    #[must_use]
    pub fn with_remembered(mut self, most: usize) -> Self {
        self.remembered = most;
        self
    }

    /// Returns the settings with a way out to the provider's clients.
    #[must_use]
    pub fn with_outbox(mut self, outbox: Outbox) -> Self {
        self.outbox = Some(outbox);
        self
    }

    /// Returns the settings with a signing key in place of a new one: making an RSA key takes a while.
    ///
    /// Unencrypted PKCS#8 (RFC 5208) in DER, of the kind that the algorithm needs.
    #[must_use]
    pub fn with_key_pkcs8(mut self, der: impl Into<Vec<u8>>) -> Self {
        self.key_pkcs8 = Some(der.into());
        self
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("issuer", &self.issuer)
            .field("clients", &self.clients)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// Tells whether an address is http or https on this machine, without credentials and fragment.
pub(crate) fn is_loopback_address(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else {
        return false;
    };
    let visible = address.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
    let clean = visible
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    clean
        && PublicOrigin::parse(&url.origin().ascii_serialization())
            .is_ok_and(|origin| origin.is_loopback())
}
