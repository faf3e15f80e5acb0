//! Login endpoints, cookies and sessions for any Rust web framework.
//!
//! This crate is the sequence: open the cookie, load the session, run the flow, save, answer. What it
//! must decide about an attacker's or a provider's words it asks `codegrant-core`. It knows no framework:
//! an adapter builds a [`Request`] out of strings, calls [`Auth::handle`], and copies the [`Response`].
//! Apps use an adapter, such as `codegrant-axum`, and never name this crate. It runs on tokio, as the
//! frameworks do, with its timers on.
//!
//! ```text
//!   GET  {base}/login                the choice of providers
//!   GET  {base}/login/{provider}     to the provider           ?return_to=/path&max_age=300
//!   GET  {base}/callback/{provider}  back from the provider    (POST with form_post)
//!   GET  {base}/link/{provider}      asks whether to add an account there    ?return_to=/path
//!   POST {base}/link/{provider}      goes there, and adds it after a second yes
//!   GET  {base}/logout               asks
//!   POST {base}/logout               ends the session          return_to=/path
//!   GET  {base}/sessions             where somebody is logged in
//!   POST {base}/sessions             ends one of these, or all    handle=..., all=1
//!   GET  {base}/logged-out           the end
//!   POST {base}/refresh              new tokens                return_to=/path
//!   GET  {base}/refresh              new tokens, if it is time ?return_to=/path
//!   POST {base}/backchannel-logout/{provider}    the provider's server ends sessions
//!   GET  {base}/frontchannel-logout/{provider}   the provider's log-out page ends one    ?iss=&sid=
//!   GET  {base}/session/{provider}   the frame that watches the provider's session
//!   GET  {base}/initiate/{provider}  somebody else sends a browser to log in    (and POST) ?iss=
//!   GET  {base}/jwks/{provider}      our public keys
//!   GET  {base}/client/{provider}    what the client is, where that address is its id
//!   GET  {base}/request/{id}         a signed request that the provider fetches
//! ```
//!
//! An adapter in one function:
//!
//! ```
//! use codegrant_web::{Auth, Request, Response};
//!
//! async fn adapt(auth: &Auth, method: &str, path: &str, headers: &[(String, String)]) -> Response {
//!     let fields = headers.iter().map(|(name, value)| (name, value.as_bytes()));
//!     auth.handle(Request::new(method, path, None, fields)).await
//! }
//! ```
//!
//! Whoever has users and sessions of their own already says in [`AuthBuilder::on_login`] what becomes of a
//! login, and takes the [`Login`] that comes with the [`Response`].

mod api;
mod auth;
mod builder;
mod calls;
mod clients;
mod configuration;
mod cookie;
#[cfg(feature = "dev")]
mod dev;
mod device;
mod endpoints;
mod error;
mod events;
mod fresh_token;
mod guard;
mod hooks;
mod hosted;
mod http_client;
mod not_mounted;
mod on_link;
mod on_login;
mod outbound;
mod own_sessions;
mod own_tokens;
pub mod pages;
mod parameter;
mod registration;
mod renewal;
mod request;
mod require;
mod response;
mod revocation;
mod seal;
mod self_registration;
mod session;
mod start;
mod step_up;
#[cfg(feature = "test")]
pub mod test;
mod transactions;
mod webfinger;

/// Work whose kind is hidden. What a function returns as this is compiled here, where an `async fn` is compiled anew in
/// every app that awaits it, and again whenever that app is edited.
type Boxed<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;

pub use api::ApiToken;
pub use auth::Auth;
pub use builder::AuthBuilder;
pub use configuration::Configuration;
pub use error::{
    CallError, Error, LinkError, LoginError, LostTransaction, RequestError, SessionError,
    SetupError, SetupErrors, error_codes,
};
pub use events::{Event, LogOutReason, Observer};
pub use fresh_token::FreshToken;
pub use guard::Refusal;
pub use hooks::{LoggedOut, RefreshVerdict};
#[cfg(feature = "http-client")]
pub use http_client::BuiltInClient;
pub use http_client::{HttpClient, TransportError};
pub use not_mounted::not_mounted;
pub use on_link::{Link, LinkVerdict};
pub use on_login::{Login, Verdict};
pub use own_sessions::SessionEntry;
pub use registration::Registration;
pub use request::{BODY_LIMIT, Request};
pub use require::{Require, Rule};
pub use response::Response;
pub use session::{
    Created, IndexKey, Lifetime, MemoryStore, Position, Record, Replaced, Revocation, Revoked,
    Session, SessionKey, SessionStore, StoreError,
};

pub use webfinger::find_issuer;

pub use codegrant_core::{
    ClaimSource, Claims, Email, Identity, Introspection, LoginOptions, Profile, PublicOrigin,
    RequestObject, Resource, ResponseMode, ReturnTo, StepUp, Timestamp, TokenExchange,
    TransactionId, VerifiedEmail, http, jose, provider,
};

pub mod app {
    //! What an app uses, as opposed to an adapter: every adapter gives these out under its own name.

    #[cfg(feature = "http-client")]
    pub use crate::BuiltInClient;
    pub use crate::http;
    pub use crate::jose;
    pub use crate::pages;
    pub use crate::provider;
    #[cfg(feature = "test")]
    pub use crate::test;
    pub use crate::{
        ApiToken, Auth, AuthBuilder, CallError, ClaimSource, Claims, Configuration, Created, Email,
        Error, Event, FreshToken, HttpClient, Identity, IndexKey, Introspection, Lifetime, Link,
        LinkError, LinkVerdict, LogOutReason, LoggedOut, Login, LoginError, LoginOptions,
        LostTransaction, MemoryStore, Observer, Position, Profile, PublicOrigin, Record,
        Registration, Replaced, RequestError, RequestObject, Require, Resource, ResponseMode,
        ReturnTo, Revocation, Revoked, Rule, Session, SessionError, SessionKey, SessionStore,
        SetupError, SetupErrors, StepUp, StoreError, Timestamp, TokenExchange, TransactionId,
        TransportError, Verdict, VerifiedEmail, find_issuer,
    };
}
