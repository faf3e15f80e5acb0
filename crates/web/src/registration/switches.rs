//! Which of the optional exchanges with its provider a registration takes part in.

use codegrant_core::jose::Algorithm;

use super::{EncryptedAs, Key, Registration};
use crate::session::Kept;

/// What is done for one provider beside the plain login; all off by default.
#[derive(Clone, Debug, Default)]
pub(crate) struct Switches {
    /// Whether a log-out ends the session at the provider too.
    pub(crate) log_out_at_provider: bool,
    /// Whether the provider may end sessions here by a request of its own.
    pub(crate) backchannel_logout: bool,
    /// Whether the provider may end sessions here by a frame in the browser.
    pub(crate) frontchannel_logout: bool,
    /// Whether the browser watches the session at the provider.
    pub(crate) session_management: bool,
    /// Whether the provider, or anybody, may send browsers here to log in.
    pub(crate) third_party_login: bool,
    /// Whether the client registers itself (RFC 7591).
    pub(crate) register: Option<Register>,
    /// The client's certificate and its key, PEM each (RFC 8705).
    pub(crate) certificate: Option<(Key, Key)>,
    /// Whether tokens are bound to that certificate (RFC 8705 section 3).
    pub(crate) certificate_bound_access_tokens: bool,
    /// The private key that tokens are encrypted for, PEM or a JWK.
    pub(crate) decryption_key: Option<Key>,
    /// How ID tokens are encrypted, if they are.
    pub(crate) id_token_encryption: Option<EncryptedAs>,
    /// How userinfo is encrypted, if it is.
    pub(crate) userinfo_encryption: Option<EncryptedAs>,
    /// What userinfo is signed with, if it is.
    pub(crate) userinfo_algorithm: Option<Algorithm>,
}

/// What a dynamic registration says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Register {
    /// What the provider wants to see before it registers anybody (RFC 7591 section 3).
    pub(crate) initial_access_token: Option<Key>,
    /// Whom the provider may write to.
    pub(crate) contacts: Vec<String>,
}

impl Switches {
    /// Tells what sessions keep for their log-out at the provider.
    pub(crate) fn kept(&self) -> Kept {
        Kept {
            hint: self.log_out_at_provider,
            name: self.backchannel_logout || self.frontchannel_logout,
            state: self.session_management,
        }
    }
}

impl Registration {
    /// Returns the registration whose log-out goes on to the provider's log-out page (OpenID Connect
    /// RP-Initiated Logout 1.0), where there is one.
    ///
    /// `{public origin}{base}/logged-out` has to be registered there as a post-logout redirect. The
    /// session then carries the ID token, which makes a cookie session larger.
    #[must_use]
    pub fn log_out_at_provider(self) -> Self {
        self.switch(|switches| switches.log_out_at_provider = true)
    }

    /// Returns the registration whose sessions the provider may end by a request of its own (OpenID Connect
    /// Back-Channel Logout 1.0), at `{base}/backchannel-logout/{provider id}`.
    #[must_use]
    pub fn backchannel_logout(self) -> Self {
        self.switch(|switches| switches.backchannel_logout = true)
    }

    /// Returns the registration whose sessions the provider may end by a frame in the browser (OpenID
    /// Connect Front-Channel Logout 1.0), at `{base}/frontchannel-logout/{provider id}`.
    #[must_use]
    pub fn frontchannel_logout(self) -> Self {
        self.switch(|switches| switches.frontchannel_logout = true)
    }

    /// Returns the registration with the frame that watches the session at the provider (OpenID Connect
    /// Session Management 1.0), at `{base}/session/{provider id}`.
    #[must_use]
    pub fn session_management(self) -> Self {
        self.switch(|switches| switches.session_management = true)
    }

    /// Returns the registration to which others may send browsers to log in (OpenID Connect Core 1.0
    /// section 4), at `{base}/initiate/{provider id}`.
    #[must_use]
    pub fn third_party_login(self) -> Self {
        self.switch(|switches| switches.third_party_login = true)
    }

    /// Returns the registration that is made when the app starts (RFC 7591), with an initial access token
    /// where the provider asks for one.
    #[must_use]
    pub fn register(self, initial_access_token: Option<String>) -> Self {
        self.switch(|switches| {
            switches.register = Some(Register {
                initial_access_token: initial_access_token.map(Key::Text),
                contacts: Vec::new(),
            });
        })
    }

    /// Returns the registration with the client's certificate and its private key, PEM each (RFC 8705).
    #[must_use]
    pub fn certificate(self, chain: impl Into<String>, key: impl Into<String>) -> Self {
        let pair = (Key::Text(chain.into()), Key::Text(key.into()));
        self.switch(|switches| switches.certificate = Some(pair))
    }

    /// Returns the registration having its tokens bound to the client's certificate (RFC 8705 section 3).
    #[must_use]
    pub fn certificate_bound_access_tokens(self) -> Self {
        self.switch(|switches| switches.certificate_bound_access_tokens = true)
    }

    /// Returns the registration with the private key that tokens are encrypted for: PEM, or a JWK.
    #[must_use]
    pub fn decryption_key(self, pem_or_jwk: impl Into<String>) -> Self {
        let key = Key::Text(pem_or_jwk.into());
        self.switch(|switches| switches.decryption_key = Some(key))
    }

    /// Returns the registration receiving userinfo signed with this algorithm (OpenID Connect Core 1.0
    /// section 5.3.2).
    #[must_use]
    pub fn userinfo_algorithm(self, algorithm: Algorithm) -> Self {
        self.switch(|switches| switches.userinfo_algorithm = Some(algorithm))
    }

    /// Takes switches as a configuration file has them.
    pub(crate) fn switched(self, change: impl FnOnce(&mut Switches)) -> Self {
        self.switch(change)
    }
}
