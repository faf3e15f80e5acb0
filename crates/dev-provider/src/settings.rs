//! What a dev provider is set up with: its issuer, its clients and its users.

use std::fmt;

use codegrant_core::PublicOrigin;
use codegrant_core::jose::Algorithm;
use url::Url;

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

/// Somebody who can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DevUser {
    /// The account, `sub`; never changes hands.
    pub subject: String,
    /// The name, as people write it.
    pub name: String,
    /// The handle, `preferred_username`.
    pub username: String,
    /// The address.
    pub email: String,
    /// Whether this provider vouches for the address.
    pub email_verified: bool,
    /// The URL of a picture; the samples have none, because a page must not need the internet.
    pub picture: Option<String>,
}

impl DevUser {
    /// Makes a user with a verified address at `example.test`.
    pub fn new(
        subject: impl Into<String>,
        name: impl Into<String>,
        username: impl Into<String>,
    ) -> Self {
        let username = username.into();
        Self {
            subject: subject.into(),
            name: name.into(),
            email: format!("{username}@example.test"),
            username,
            email_verified: true,
            picture: None,
        }
    }

    /// Returns the user with an address that nobody has checked.
    #[must_use]
    pub fn with_unverified_email(mut self, email: impl Into<String>) -> Self {
        self.email = email.into();
        self.email_verified = false;
        self
    }

    /// Returns the user with a picture at this URL.
    #[must_use]
    pub fn with_picture(mut self, url: impl Into<String>) -> Self {
        self.picture = Some(url.into());
        self
    }

    /// Returns three users, the last of whom has an address that nobody has checked.
    pub fn samples() -> Vec<Self> {
        vec![
            Self::new("ada", "Ada Lovelace", "ada"),
            Self::new("grace", "Grace Hopper", "grace"),
            Self::new("alan", "Alan Turing", "alan").with_unverified_email("alan@example.test"),
        ]
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
