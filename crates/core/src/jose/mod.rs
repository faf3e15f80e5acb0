//! JSON Web Signatures (RFC 7515) and keys (RFC 7517), small and strict, over aws-lc-rs.
//!
//! ```text
//! body of the JWKS endpoint --KeySet::parse--> KeySet ----+
//!                                                         v
//! compact serialisation ----Jws::parse-----> Jws --verify(keys, expected)--> Verified --> claims
//! ```
//!
//! A [`Jws`] shows its header and nothing else: only [`Verified`], which [`Jws::verify`] alone makes,
//! has a payload. The caller names the one algorithm that it registered with the provider; the header
//! must repeat it and has no say in the choice. Nothing in a header is ever used as a key or as an
//! address of one.
//!
//! What it does not do: encryption (RFC 7516), unencoded payloads (RFC 7797), the JSON
//! serialisations, shared secrets (`HS256` and its kin) and unsigned tokens. Claims are judged elsewhere.

mod algorithm;
pub mod base64url;
mod error;
pub mod json;
mod jws;
mod key;
mod signing;

pub use algorithm::Algorithm;
pub(crate) use error::ALL;
pub use error::{JsonError, JwsError, KeySetError, Part, SigningKeyError, UnknownAlgorithm};
pub use jws::{Header, Jws, Verified};
pub use key::KeySet;
pub use signing::SigningKey;
