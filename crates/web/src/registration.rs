//! Our registration with one provider, as an app writes it down.

use codegrant_core::provider::{AuthenticationMethod, Provider, Text};
use codegrant_core::{Client, ResponseMode};

/// Our registration with one provider: what the provider's console gave us, and how we use it.
///
/// The callback to enter in that console is `{public origin}{base}/callback/{provider id}`.
///
/// ```
/// use codegrant_web::{Auth, Registration, provider::GITHUB};
/// let auth = Auth::builder("http://localhost:3000")
///     .registration(Registration::new(GITHUB, "id").secret("secret").scopes(["read:user"]))
///     .build()?;
/// # Ok::<(), codegrant_web::SetupErrors>(())
/// ```
#[derive(Clone, Debug)]
pub struct Registration {
    provider: Provider,
    id: String,
    secret: Option<Secret>,
    authentication: Option<AuthenticationMethod>,
    scopes: Option<Vec<Text>>,
    trusted_audiences: Vec<String>,
    response_mode: ResponseMode,
    log_out_at_provider: bool,
}

#[derive(Clone)]
struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Registration {
    /// Makes a registration of a public client; most have a [`Registration::secret`].
    pub fn new(provider: Provider, client_id: impl Into<String>) -> Self {
        Self {
            provider,
            id: client_id.into(),
            secret: None,
            authentication: None,
            scopes: None,
            trusted_audiences: Vec::new(),
            response_mode: ResponseMode::Query,
            log_out_at_provider: false,
        }
    }

    /// Returns the registration with the client's secret.
    #[must_use]
    pub fn secret(mut self, secret: impl Into<String>) -> Self {
        self.secret = Some(Secret(secret.into()));
        self
    }

    /// Returns the registration with the authentication method that was registered.
    #[must_use]
    pub fn authentication(mut self, method: AuthenticationMethod) -> Self {
        self.authentication = Some(method);
        self
    }

    /// Returns the registration asking for these scopes in place of the provider's usual ones.
    #[must_use]
    pub fn scopes<S: Into<Text>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// Returns the registration accepting ID tokens that name this audience besides us.
    #[must_use]
    pub fn trusted_audience(mut self, audience: impl Into<String>) -> Self {
        self.trusted_audiences.push(audience.into());
        self
    }

    /// Returns the registration asking for responses in this mode.
    #[must_use]
    pub fn response_mode(mut self, mode: ResponseMode) -> Self {
        self.response_mode = mode;
        self
    }

    /// Returns the registration whose log-out goes on to the provider's log-out page (OpenID Connect
    /// RP-Initiated Logout 1.0), where there is one.
    ///
    /// `{public origin}{base}/logged-out` has to be registered there as a post-logout redirect. The
    /// session then carries the ID token, which makes a cookie session larger.
    #[must_use]
    pub fn log_out_at_provider(mut self) -> Self {
        self.log_out_at_provider = true;
        self
    }

    pub(crate) fn provider_id(&self) -> &str {
        &self.provider.id
    }

    /// Makes the client, now that its callback is known.
    pub(crate) fn into_client(self, callback_base: &str) -> (Client, bool) {
        let redirect_uri = format!("{callback_base}/{}", self.provider.id);
        let mut client = Client::new(self.provider, self.id, redirect_uri)
            .with_response_mode(self.response_mode);
        if let Some(Secret(secret)) = self.secret {
            client = client.with_secret(secret);
        }
        if let Some(method) = self.authentication {
            client = client.with_authentication(method);
        }
        if let Some(scopes) = self.scopes {
            client = client.with_scopes(scopes);
        }
        for audience in self.trusted_audiences {
            client = client.with_trusted_audience(audience);
        }
        (client, self.log_out_at_provider)
    }
}
