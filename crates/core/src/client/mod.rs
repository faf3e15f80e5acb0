//! Our registration with one provider, and the operations that it can perform.

pub(crate) mod attempt;
mod authentication;
pub(crate) mod call;
mod client_credentials;
mod exchange_token;
mod fapi;
mod fits;
mod introspect;
mod public_keys;
mod received;
mod redeem;
mod refresh;
pub(crate) mod resource;
mod revoke;
pub(crate) mod sender_constraint;
mod settings;
mod validate;

use std::sync::Arc;

use oauth2::{ClientId, ClientSecret};

use crate::dpop::DpopNonces;
use crate::http::ClientCertificate;
use crate::jose::{Algorithm, SigningKey};
use crate::profile::Profile;
use crate::provider::{AuthenticationMethod, Provider, Quirk, Text};

pub use exchange_token::{ExchangedToken, TokenExchange};
pub use introspect::Introspection;
use received::Received;
pub use redeem::Grant;
pub use refresh::{HeldLogin, Refreshed, Renewed};
pub(crate) use settings::Asked;
pub use settings::{RequestObject, ResponseMode};
pub(crate) use validate::is_locale;

/// A registered client of one provider: cheap to clone, immutable, shared by all logins.
///
/// ```
/// use codegrant_core::{Client, provider::GITHUB};
/// let client = Client::new(GITHUB, "Iv1.0123", "https://app.example/auth/callback/github")
///     .with_secret("a secret");
/// assert_eq!(client.provider().name, "GitHub");
/// assert!(client.validate().is_ok());
/// ```
#[derive(Clone)]
pub struct Client(Arc<Registration>);

#[derive(Clone)]
struct Registration {
    provider: Provider,
    id: ClientId,
    secret: Option<ClientSecret>,
    authentication: Option<AuthenticationMethod>,
    redirect_uri: String,
    /// Whether it is an absolute URL; nobody is sent away who could not come back.
    has_absolute_redirect_uri: bool,
    scopes: Option<Vec<Text>>,
    trusted_audiences: Vec<String>,
    response_mode: Option<ResponseMode>,
    response_algorithm: Option<Algorithm>,
    signing_key: Option<Arc<SigningKey>>,
    team_id: Option<String>,
    uses_dpop: bool,
    certificate: Option<ClientCertificate>,
    certificate_bound: bool,
    pushes_requests: bool,
    request_object: Option<RequestObject>,
    asked: Asked,
    profile: Profile,
    received: Received,
    nonces: DpopNonces,
}

impl Client {
    /// Makes a client from the id that the provider gave and the callback registered there.
    pub fn new(provider: Provider, id: impl Into<String>, redirect_uri: impl Into<String>) -> Self {
        Self(Arc::new(Registration {
            provider,
            id: ClientId::new(id.into()),
            secret: None,
            authentication: None,
            redirect_uri: String::new(),
            has_absolute_redirect_uri: false,
            scopes: None,
            trusted_audiences: Vec::new(),
            response_mode: None,
            response_algorithm: None,
            signing_key: None,
            team_id: None,
            uses_dpop: false,
            certificate: None,
            certificate_bound: false,
            pushes_requests: false,
            request_object: None,
            asked: Asked::default(),
            profile: Profile::Standard,
            received: Received::default(),
            nonces: DpopNonces::default(),
        }))
        .with_redirect_uri(redirect_uri)
    }

    fn with(mut self, change: impl FnOnce(&mut Registration)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Returns the client with its secret.
    #[must_use]
    pub fn with_secret(self, secret: impl Into<String>) -> Self {
        let secret = ClientSecret::new(secret.into());
        self.with(|client| client.secret = Some(secret))
    }

    /// Returns the client authenticating by its provider's usual method, unless it has a method already: for one
    /// that has no secret yet and no id.
    #[must_use]
    pub fn with_usual_authentication(self) -> Self {
        let usual = self.provider().authentication;
        self.with(|client| {
            client.authentication.get_or_insert(usual);
        })
    }

    pub(crate) fn with_credentials(self, id: ClientId, secret: Option<ClientSecret>) -> Self {
        self.with(|client| {
            client.id = id;
            client.secret = secret;
        })
    }

    /// Returns the client with the authentication method it was registered for.
    #[must_use]
    pub fn with_authentication(self, method: AuthenticationMethod) -> Self {
        self.with(|client| client.authentication = Some(method))
    }

    /// Returns the client asking for these scopes in place of the provider's usual ones.
    #[must_use]
    pub fn with_scopes(self, scopes: impl IntoIterator<Item = impl Into<Text>>) -> Self {
        let scopes = scopes.into_iter().map(Into::into).collect();
        self.with(|client| client.scopes = Some(scopes))
    }

    /// Returns the client accepting ID tokens that name this audience besides our own id.
    ///
    /// OpenID Connect Core 1.0 section 3.1.3.7 item 3: an audience that is not trusted is refused.
    #[must_use]
    pub fn with_trusted_audience(self, audience: impl Into<String>) -> Self {
        let audience = audience.into();
        self.with(|client| client.trusted_audiences.push(audience))
    }

    /// Returns the client asking for its responses in this mode.
    #[must_use]
    pub fn with_response_mode(self, mode: ResponseMode) -> Self {
        self.with(|client| client.response_mode = Some(mode))
    }

    /// Returns the client with the private key that it signs assertions and request objects with.
    #[must_use]
    pub fn with_signing_key(self, key: Arc<SigningKey>) -> Self {
        self.with(|client| client.signing_key = Some(key))
    }

    /// Returns the client pushing its authorization requests to the provider first (RFC 9126).
    #[must_use]
    pub fn with_pushed_requests(self) -> Self {
        self.with(|client| client.pushes_requests = true)
    }

    /// Returns the provider's entry.
    pub fn provider(&self) -> &Provider {
        &self.0.provider
    }

    /// Returns the client id.
    pub fn id(&self) -> &ClientId {
        &self.0.id
    }

    /// Returns the callback, an absolute URL, as registered.
    pub fn redirect_uri(&self) -> &str {
        &self.0.redirect_uri
    }

    /// Returns what is asked for.
    pub fn scopes(&self) -> &[Text] {
        self.0.scopes.as_deref().unwrap_or(&self.0.provider.scopes)
    }

    /// Returns how the client authenticates at the token endpoint.
    pub fn authentication(&self) -> AuthenticationMethod {
        match (self.0.authentication, &self.0.secret) {
            (Some(method), _) => method,
            (None, Some(_)) => self.0.provider.authentication,
            // There is a secret, and it is not written down.
            (None, None) if self.0.provider.has(&Quirk::SignedSecret) => {
                self.0.provider.authentication
            }
            (None, None) => AuthenticationMethod::None,
        }
    }

    pub(crate) fn signing_key(&self) -> Option<&SigningKey> {
        self.0.signing_key.as_deref()
    }

    pub(crate) fn nonces(&self) -> &DpopNonces {
        &self.0.nonces
    }

    pub(crate) fn secret(&self) -> Option<&ClientSecret> {
        self.0.secret.as_ref()
    }

    pub(crate) fn trusted_audiences(&self) -> &[String] {
        &self.0.trusted_audiences
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("provider", &self.0.provider.id)
            .field("id", &self.0.id)
            .field("redirect_uri", &self.0.redirect_uri)
            .field("authentication", &self.authentication().as_str())
            .finish_non_exhaustive()
    }
}
