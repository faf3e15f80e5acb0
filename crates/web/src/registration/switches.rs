//! Which of the optional exchanges with its provider a registration takes part in.

use std::path::PathBuf;

use codegrant_core::provider::{Path, Protocol, Provider};

use super::{Key, Registration};
use crate::session::Kept;

/// Compiles the code of the guide.
#[cfg(doctest)]
#[doc = include_str!("../../../../docs/guide/log-out.md")]
struct LogOutGuide;

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
    /// Whether the client's id is the address of its own metadata.
    pub(crate) client_id_document: bool,
    /// Which claim says what the user may do.
    pub(crate) roles_claim: Option<Path>,
    /// Whether the client registers itself (RFC 7591).
    pub(crate) register: Option<Register>,
}

/// What a dynamic registration says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Register {
    /// What the provider wants to see before it registers anybody (RFC 7591 section 3).
    pub(crate) initial_access_token: Option<Key>,
    /// Whom the provider may write to.
    pub(crate) contacts: Vec<String>,
    /// Where what the provider gave out is kept over a restart.
    pub(crate) file: Option<PathBuf>,
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

    /// Lists what is switched on and can never happen at this provider.
    pub(super) fn mistakes(
        &self,
        provider: &Provider,
    ) -> impl Iterator<Item = (&'static str, &'static str)> + use<> {
        let openid = provider.is_openid();
        let described = !matches!(provider.protocol, Protocol::OAuth { .. });
        let named = "sessions are named in ID tokens, which only an OpenID Connect issuer gives";
        let register = "where to register is known from an issuer's metadata only";
        let asked = "it goes with an issuer, by which others name the provider";
        [
            (
                self.backchannel_logout && !openid,
                ("backchannel_logout", named),
            ),
            (
                self.frontchannel_logout && !openid,
                ("frontchannel_logout", named),
            ),
            (
                self.session_management && !openid,
                ("session_management", named),
            ),
            (
                self.register.is_some() && !described,
                ("register", register),
            ),
            (
                self.third_party_login && provider.issuer().is_none(),
                ("third_party_login", asked),
            ),
        ]
        .into_iter()
        .filter_map(|(wrong, mistake)| wrong.then_some(mistake))
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

    /// Returns the registration whose client id is the address of a document about it, which is served at
    /// `{base}/client/{provider id}` (OAuth Client ID Metadata Document): nothing is registered anywhere.
    ///
    /// The document is for everybody to read, so that such a client has a key or a certificate, or is a public
    /// one. The provider's metadata says `client_id_metadata_document_supported`.
    ///
    /// ```
    /// use codegrant_web::provider::{AuthenticationMethod, Provider};
    /// use codegrant_web::{Auth, Registration};
    /// let op = Provider::openid("op", "OP", "https://op.example");
    /// let registration = Registration::new(op, "")
    ///     .authentication(AuthenticationMethod::None)
    ///     .client_id_document();
    /// let auth = Auth::builder("http://localhost:3000").registration(registration).build()?;
    /// # assert_eq!(auth.base(), "/auth");
    /// # Ok::<(), codegrant_web::SetupErrors>(())
    /// ```
    #[must_use]
    pub fn client_id_document(self) -> Self {
        self.switch(|switches| switches.client_id_document = true)
    }

    /// Returns the registration that is made when a login first needs it (RFC 7591), with an initial access
    /// token where the provider asks for one.
    ///
    /// The client id is then the provider's to choose; `docs/guide/discovery-and-registration.md` has the rest.
    #[must_use]
    pub fn register(self, initial_access_token: Option<String>) -> Self {
        let usual = self.client(codegrant_core::Client::with_usual_authentication);
        usual.switch(|switches| {
            switches.register = Some(Register {
                initial_access_token: initial_access_token.map(Key::Text),
                ..Register::default()
            });
        })
    }

    /// Returns the registration that tells the provider whom it may write to; after [`Registration::register`].
    #[must_use]
    pub fn contacts<S: Into<String>>(self, contacts: impl IntoIterator<Item = S>) -> Self {
        self.switch(|switches| {
            if let Some(register) = &mut switches.register {
                register.contacts = contacts.into_iter().map(Into::into).collect();
            }
        })
    }

    /// Returns the registration keeping what the provider gave out in a file, so that a restart does not
    /// register anew; after [`Registration::register`].
    ///
    /// The file is sealed under the app's secret, and written anew when the registration changes.
    #[must_use]
    pub fn registration_file(self, path: impl Into<PathBuf>) -> Self {
        self.switch(|switches| {
            if let Some(register) = &mut switches.register {
                register.file = Some(path.into());
            }
        })
    }

    /// Returns the registration with the claim by which the provider says what the user may do, such as
    /// `realm_access.roles` or `groups`.
    ///
    /// [`Session::roles`](crate::Session::roles) then has what it lists: texts, one text, or the names of an
    /// object's members. It is read where [`Claims::find`](crate::Claims::find) finds it. Without this no word of
    /// a provider's is a role.
    ///
    /// ```
    /// use codegrant_web::{Registration, provider::Provider};
    /// let staff = Provider::openid("staff", "Staff account", "https://login.example.org/realms/staff");
    /// let registration = Registration::new(staff, "an id").roles_claim("realm_access.roles");
    /// # let _ = registration;
    /// ```
    #[must_use]
    pub fn roles_claim(self, path: impl Into<String>) -> Self {
        let path = Path::from(path.into());
        self.switch(|switches| switches.roles_claim = Some(path))
    }

    /// Takes switches as a configuration file has them.
    pub(crate) fn switched(self, change: impl FnOnce(&mut Switches)) -> Self {
        self.switch(change)
    }
}
