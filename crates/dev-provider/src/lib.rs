//! An OpenID Provider in a function, for development and tests on loopback.
//!
//! [`DevProvider::handle`] takes a request and the time and gives a response. It opens no socket and reads
//! no clock, so that it runs inside an app, behind a listener of its own, and in a test by values. It is as
//! strict as a real provider (PKCE with S256, codes and refresh tokens good for one use, addresses compared
//! to the letter), and can be told to misbehave in every way that has a [`Fault`].
//!
//! Anybody may sign in as anybody: it refuses an issuer, and a request, that is not on loopback.
//!
//! ```
//! use codegrant_core::Timestamp;
//! use codegrant_core::http::{HttpRequest, Method};
//! use codegrant_core::jose::Algorithm;
//! use codegrant_dev_provider::{ClientRegistration, DevProvider, Settings};
//!
//! let settings = Settings::new("http://localhost:3000/dev-provider", [7; 32])
//!     .with_algorithm(Algorithm::Es256)
//!     .with_client(ClientRegistration::any_on_loopback("my-app", Some("a secret")));
//! let provider = DevProvider::new(settings)?;
//! let url = "http://localhost:3000/dev-provider/.well-known/openid-configuration";
//! let response = provider.handle(&HttpRequest::new(Method::Get, url), Timestamp::from_unix(0));
//! assert_eq!(response.status, 200);
//! # Ok::<(), codegrant_dev_provider::DevProviderError>(())
//! ```
//!
//! # Endpoints
//!
//! Below the issuer: `/.well-known/openid-configuration`, `/jwks`, `/authorize`, `/token`, `/userinfo`,
//! `/revoke`, `/end_session`, and `/api/me`, an API that an access token opens:
//! `{"greeting", "subject", "scope"}`.
//!
//! More come with a [`Feature`], and are neither offered nor answered without it: `/par`, `/introspect`,
//! `/check_session`, `/claims` and `/register`, and at the root of the issuer's origin
//! `/.well-known/webfinger` and `/.well-known/oauth-authorization-server` with the issuer's path behind it.
//!
//! # Clients, held to the rules
//!
//! What is agreed with a client stands in [`ClientRegistration::with_metadata`], by the names of RFC 7591: how
//! it authenticates, its keys, whether it has to push or sign its requests, whether its tokens are bound. What a
//! client sends against a rule is refused where a provider would refuse it, and noted in any case:
//! [`DevProvider::violations`] tells a test what a certification would have found.
//!
//! Two things come from outside, and neither by a header that anybody can write: the certificate of a client's
//! connection ([`DevProvider::handle_with_certificate`]), and answers to what the provider itself asks of its
//! clients ([`Outbox`]).
//!
//! # Pages
//!
//! The names of their form fields are stable, so that a test can fill them in:
//!
//! | page | posts to | fields |
//! |---|---|---|
//! | sign-in, at `/authorize` | `/sign-in` | `interaction`, and `user` (a subject) or `name` (free text) |
//! | consent | `/consent` | `interaction`, `decision`: `allow` or `deny` |
//! | log-out | `/end_session/confirm` | `interaction`, `decision`: `log-out` or `stay` |
//!
//! Each is form-encoded; `interaction` stands in a hidden field. To cancel on the sign-in page, post
//! `decision=deny` to `/consent`. [`DevProvider::authorize_as`] does all of this where no browser is needed.
//!
//! # What it does differently from a real one
//!
//! A refresh token comes with every login, whatever its scopes, so that refresh can be tried out; the scope
//! `offline_access` decides only whether it outlives a log-out. Userinfo answers any live access token,
//! so that the provider can stand in for an OAuth 2.0 server as well; without the scope `openid` there is
//! no ID token. A second published key of another kind stands beside the one that signs, as in real key sets.

mod access_token;
mod authorization_details;
mod authorization_request;
mod authorize;
mod back_channel;
mod bounded;
mod call;
mod certificate;
mod claims_request;
mod client_assertion;
mod client_authentication;
mod client_registration;
mod dev_user;
mod documents;
mod dpop;
mod encryption;
mod end_session;
mod endpoint;
mod fault;
mod feature;
mod grants;
mod id_token;
mod interaction;
mod introspection;
mod issuer_discovery;
mod jwt;
mod key_set;
mod keys;
mod misbehave;
mod offered;
mod openid_offers;
mod outbox;
mod pages;
mod parameters;
mod protection;
mod provider;
mod pushed;
mod random;
mod recorded;
mod redirect;
mod registration;
mod registration_metadata;
mod request_object;
mod resources;
mod response_object;
mod revocation;
mod session;
mod session_management;
mod settings;
mod settings_file;
mod state;
mod third_party_login;
mod token;
mod userinfo;

pub use client_registration::ClientRegistration;
pub use dev_user::DevUser;
pub use fault::{Fault, UnknownFault};
pub use feature::{Feature, UnknownFeature};
pub use outbox::{Delivery, Outbox};
pub use provider::{DevProvider, DevProviderError, REQUEST_HEADERS};
pub use recorded::Recorded;
pub use settings::Settings;
pub use settings_file::SettingsError;
