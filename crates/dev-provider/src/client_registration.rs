//! An app that is registered with the provider, and what is agreed with it.

use std::fmt;

use crate::settings::is_loopback_address;

/// An app that may ask for logins.
///
/// With a secret it authenticates by `client_secret_basic` or `client_secret_post`, without one by
/// `none`: its id alone and PKCE (RFC 6749 section 2.3.1).
///
/// ```
/// use codegrant_dev_provider::ClientRegistration;
/// let client = ClientRegistration::new("my-app", Some("a secret"))
///     .with_name("My App")
///     .with_redirect_uri("http://localhost:3000/auth/callback/dev")
///     .with_post_logout_redirect_uri("http://localhost:3000/");
/// assert_eq!(client.id(), "my-app");
/// ```
#[derive(Clone)]
pub struct ClientRegistration {
    id: String,
    pub(crate) secret: Option<String>,
    name: Option<String>,
    redirect_uris: RedirectUris,
}

#[derive(Clone)]
enum RedirectUris {
    AnyOnLoopback,
    Listed {
        login: Vec<String>,
        log_out: Vec<String>,
    },
}

impl ClientRegistration {
    /// Makes a client to which callbacks have yet to be added.
    pub fn new(id: impl Into<String>, secret: Option<&str>) -> Self {
        Self {
            id: id.into(),
            secret: secret.map(str::to_owned),
            name: None,
            redirect_uris: RedirectUris::Listed {
                login: Vec::new(),
                log_out: Vec::new(),
            },
        }
    }

    /// Makes a client whose callback, and address after log-out, may be any on loopback.
    ///
    /// The callback is still compared exactly between authorization and token request.
    pub fn any_on_loopback(id: impl Into<String>, secret: Option<&str>) -> Self {
        Self {
            redirect_uris: RedirectUris::AnyOnLoopback,
            ..Self::new(id, secret)
        }
    }

    /// Returns the client with a name for people to read on the consent page.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Returns the client with one more callback, compared byte for byte (RFC 9700 section 2.1);
    /// for a client that takes any on loopback nothing changes.
    #[must_use]
    pub fn with_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        if let RedirectUris::Listed { login, .. } = &mut self.redirect_uris {
            login.push(uri.into());
        }
        self
    }

    /// Returns the client with one more address to go to after log-out, compared byte for byte.
    #[must_use]
    pub fn with_post_logout_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        if let RedirectUris::Listed { log_out, .. } = &mut self.redirect_uris {
            log_out.push(uri.into());
        }
        self
    }

    /// Returns the client id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns what people read: the name, or the id.
    pub fn display_name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }

    pub(crate) fn accepts_redirect(&self, uri: &str) -> bool {
        match &self.redirect_uris {
            RedirectUris::AnyOnLoopback => is_loopback_address(uri),
            RedirectUris::Listed { login, .. } => login.iter().any(|held| held == uri),
        }
    }

    pub(crate) fn accepts_log_out_redirect(&self, uri: &str) -> bool {
        match &self.redirect_uris {
            RedirectUris::AnyOnLoopback => is_loopback_address(uri),
            RedirectUris::Listed { log_out, .. } => log_out.iter().any(|held| held == uri),
        }
    }
}

impl fmt::Debug for ClientRegistration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientRegistration")
            .field("id", &self.id)
            .field("has_secret", &self.secret.is_some())
            .finish_non_exhaustive()
    }
}
