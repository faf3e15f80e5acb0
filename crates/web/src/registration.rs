//! Our registration with one provider, as an app writes it down.

mod keys;
mod requests;
mod switches;

use std::sync::Arc;

use codegrant_core::error::ConfigurationError;
use codegrant_core::jose::Algorithm;
use codegrant_core::provider::{AuthenticationMethod, Provider, Text};
use codegrant_core::{Client, ResponseMode};

pub(crate) use keys::Key;
pub(crate) use switches::{Register, Switches};

use crate::error::SetupError;

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
    client: Client,
    signing_key: Option<Key>,
    signing_key_id: Option<String>,
    signing_algorithm: Option<Algorithm>,
    decryption_key: Option<Key>,
    certificate: Option<(Key, Key)>,
    switches: Switches,
}

impl Registration {
    /// Makes a registration of a public client; most have a [`Registration::secret`].
    pub fn new(provider: Provider, client_id: impl Into<String>) -> Self {
        Self {
            client: Client::new(provider, client_id, ""),
            signing_key: None,
            signing_key_id: None,
            signing_algorithm: None,
            decryption_key: None,
            certificate: None,
            switches: Switches::default(),
        }
    }

    fn client(mut self, change: impl FnOnce(Client) -> Client) -> Self {
        self.client = change(self.client);
        self
    }

    fn switch(mut self, change: impl FnOnce(&mut Switches)) -> Self {
        change(&mut self.switches);
        self
    }

    /// Returns the registration with the client's secret.
    #[must_use]
    pub fn secret(self, secret: impl Into<String>) -> Self {
        self.client(|client| client.with_secret(secret))
    }

    /// Returns the registration with the authentication method that was registered.
    #[must_use]
    pub fn authentication(self, method: AuthenticationMethod) -> Self {
        self.client(|client| client.with_authentication(method))
    }

    /// Returns the registration asking for these scopes in place of the provider's usual ones.
    #[must_use]
    pub fn scopes<S: Into<Text>>(self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.client(|client| client.with_scopes(scopes))
    }

    /// Returns the registration accepting ID tokens that name this audience besides us.
    #[must_use]
    pub fn trusted_audience(self, audience: impl Into<String>) -> Self {
        self.client(|client| client.with_trusted_audience(audience))
    }

    /// Returns the registration asking for responses in this mode.
    #[must_use]
    pub fn response_mode(self, mode: ResponseMode) -> Self {
        self.client(|client| client.with_response_mode(mode))
    }

    pub(crate) fn provider_id(&self) -> &str {
        &self.client.provider().id
    }

    /// Makes the client, now that its callback is known, and lists what is wrong with it.
    pub(crate) fn into_client(
        self,
        below: &str,
        mistakes: &mut Vec<SetupError>,
    ) -> (Client, Switches) {
        let id = self.provider_id().to_owned();
        let keys = self.keys();
        let mut client = self
            .client
            .with_redirect_uri(format!("{below}/callback/{id}"));
        if self.switches.client_id_document {
            client = client.with_id(format!("{below}/client/{id}"));
            if client.authentication().takes_secret() {
                let reason = "everybody can read the document, so that there is no secret: use private_key_jwt, a certificate, or authentication = \"none\"";
                mistakes.push(SetupError::from(ConfigurationError::Setting {
                    provider: id,
                    setting: "client_id_document",
                    reason,
                }));
            }
        }
        if let Some(key) = keys.signing {
            client = client.with_signing_key(Arc::new(key));
        }
        if let Some(key) = keys.decryption {
            client = client.with_decryption_key(Arc::new(key));
        }
        if let Some(certificate) = keys.certificate {
            client = client.with_certificate(certificate);
        }
        // What the provider gives out at dynamic registration is not there yet, and a key that cannot be read
        // is not a missing key besides.
        let known = |mistake: &ConfigurationError| match mistake {
            ConfigurationError::ClientIdMissing { .. }
            | ConfigurationError::ClientSecret { present: false, .. } => {
                self.switches.register.is_some()
            }
            ConfigurationError::SigningKey { .. } => !keys.all_read,
            ConfigurationError::Setting { setting, .. } => {
                !keys.all_read && keys::SETTINGS.contains(setting)
            }
            _ => false,
        };
        let found = client.validate().err().unwrap_or_default();
        let found = found.into_iter().filter(|mistake| !known(mistake));
        let switched = self.switches.mistakes(client.provider());
        mistakes.extend(switched.map(|(setting, reason)| {
            SetupError::from(ConfigurationError::Setting {
                provider: client.provider().id.to_string(),
                setting,
                reason,
            })
        }));
        mistakes.extend(keys.mistakes);
        mistakes.extend(found.map(SetupError::from));
        (client, self.switches)
    }
}
