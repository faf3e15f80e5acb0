//! The OAuth 2.0 Authorization Code Grant (RFC 6749 section 4.1) and OpenID Connect, sans-IO.
//!
//! This crate judges. It opens no socket, reads no clock and rolls no dice: time, randomness and every
//! response are arguments, so that each rule can be tested by values. `codegrant-web` gives it a
//! network, cookies and sessions; most apps use one of the framework adapters and never name this crate.
//!
//! ```text
//!   Client::discover ──Fetch(metadata)──▶ ProviderMetadata ──fetch_keys──Fetch(keys)──▶ KeySet
//!                                               │                                        │
//!   Client::authorize ◀─────────────────────────┤                                        │
//!        │  AuthorizationRequest ─▶ browser ─▶ provider ─▶ AuthorizationResponse         │
//!        │  Transaction (sealed, in the browser)                  │                      │
//!        ▼                                                        ▼                      │
//!   Client::redeem ──Fetch(token)──▶ Grant ──identify────────────────────────────────────┤
//!                                      │ Fetch(userinfo) ─ Fetch(emails)                 │
//!                                      ▼                                                 │
//!                                    Login ── refresh ──Fetch(token)──▶ TokenResponse ◀──┘
//! ```
//!
//! Each arrow labelled `Fetch` is a [`Step::Fetch`]: perform its request, hand the response back. The
//! driver is the same for all of them:
//!
//! ```
//! use codegrant_core::{Step, error::Error, http::{HttpRequest, HttpResponse}};
//!
//! fn drive<T>(
//!     mut step: Step<T>,
//!     mut perform: impl FnMut(HttpRequest) -> HttpResponse,
//! ) -> Result<T, Error> {
//!     loop {
//!         match step {
//!             Step::Done(value) => return Ok(value),
//!             Step::Fetch(mut fetch) => {
//!                 let response = perform(fetch.take_request());
//!                 step = fetch.resume(response)?;
//!             }
//!         }
//!     }
//! }
//!
//! // A whole login with an OAuth 2.0 provider, by values.
//! use codegrant_core::{
//!     AuthorizationOptions, AuthorizationResponse, Client, Moment, Seed, Timestamp, jose::KeySet,
//!     provider::GITHUB,
//! };
//! use serde_json::json;
//!
//! let now = Timestamp::from_unix(1_800_000_000);
//! let client = Client::new(GITHUB, "an id", "https://app.example/auth/callback/github")
//!     .with_secret("a secret");
//! let metadata = drive(client.discover()?, |_| unreachable!("GitHub has no metadata"))?.value;
//!
//! // Steps 1 to 3: the browser is sent away with this URL; the transaction stays with the browser.
//! let seed = Seed::new([7; Seed::BYTES]); // from the operating system's generator in real life
//! let moment = |byte| Moment::new(now, [byte; Moment::BYTES]); // and so are these
//! let (request, transaction) = drive(
//!     client.authorize(&metadata, AuthorizationOptions::default(), &seed, moment(1))?,
//!     |_| unreachable!("nothing is pushed"),
//! )?;
//! let state = request.url().split("state=").nth(1).unwrap().split('&').next().unwrap();
//!
//! // Steps 4 and 5: it comes back with a code, and the code becomes a login.
//! let response = AuthorizationResponse::parse(&format!("code=abc&state={state}"))?;
//! let grant = drive(client.redeem(&metadata, transaction, response, moment(2))?, |request| {
//!     assert_eq!(request.url, "https://github.com/login/oauth/access_token");
//!     HttpResponse::json(&json!({"access_token": "gho_1", "token_type": "bearer", "scope": ""}))
//! })?;
//! let login = drive(grant.identify(&KeySet::empty())?, |request| match request.url.as_str() {
//!     "https://api.github.com/user" => HttpResponse::json(&json!({"id": 1, "login": "octocat"})),
//!     _emails => HttpResponse::json(&json!([])),
//! })?;
//! assert_eq!(login.identity.key(), ("https://github.com/login/oauth", "1"));
//! assert_eq!(login.identity.to_string(), "octocat");
//! # Ok::<(), Error>(())
//! ```

mod address;
mod answer;
mod authorization;
mod cache;
mod challenge;
mod claim_source;
mod claims;
mod client;
mod dpop;
pub mod error;
mod fetch_metadata;
pub mod form;
pub mod http;
mod id_token;
mod id_token_record;
mod id_token_signature;
mod identity;
pub mod jose;
mod log_out;
mod login;
mod metadata;
mod moment;
mod origin;
mod profile;
pub mod provider;
mod registration;
mod return_to;
mod said;
mod seed;
mod step;
mod step_up;
mod third_party;
mod time;
mod token;
mod transaction;
mod userinfo;
mod webfinger;

pub use authorization::{
    AuthorizationOptions, AuthorizationRequest, AuthorizationResponse, LoginOptions,
};
pub use cache::{Cache, Fetched};
pub use claim_source::ClaimSource;
pub use claims::Claims;
pub use client::{
    Client, ExchangedToken, Grant, HeldLogin, Introspection, Refreshed, Renewed, RequestObject,
    ResponseMode, TokenExchange,
};
pub use dpop::DpopKey;
pub use fetch_metadata::FetchMetadata;
pub use id_token::IdToken;
pub use id_token_record::IdTokenRecord;
pub use identity::{Email, Identity, VerifiedEmail};
pub use log_out::{FrontChannelLogout, LogOutOptions, LogOutRequest, LogoutToken};
pub use login::Login;
pub use metadata::{Capabilities, Metadata, MtlsEndpointAliases, Offered, ProviderMetadata};
pub use moment::Moment;
pub use origin::PublicOrigin;
pub use profile::Profile;
pub use registration::{ClientInformation, ClientMetadata};
pub use return_to::ReturnTo;
pub use seed::Seed;
pub use step::{Fetch, Step};
pub use step_up::StepUp;
pub use third_party::ThirdPartyLogin;
pub use time::Timestamp;
pub use token::TokenResponse;
pub use transaction::{Attempt, Transaction, TransactionId};
pub use webfinger::Resource;

pub use oauth2;
