//! JSON Web Signatures (RFC 7515), Encryption (RFC 7516) and keys (RFC 7517), small and strict, over
//! aws-lc-rs.
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
//! ```
//! use codegrant_core::jose::{Algorithm, Jws, KeySet};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let keys = KeySet::parse(br#"{"keys":[{
//!     "kty": "OKP", "crv": "Ed25519", "use": "sig",
//!     "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
//! }]}"#)?;
//! let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
//!     hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
//!
//! let verified = Jws::parse(token)?.verify(&keys, Algorithm::EdDsa)?;
//! assert_eq!(verified.payload(), b"Example of Ed25519 signing");
//! # Ok(()) }
//! ```
//!
//! What it does not do: unencoded payloads (RFC 7797), the JSON serialisations, unsigned tokens, and
//! shared secrets (`HS256` and its kin) unless the caller registered one and says so. Claims are judged
//! elsewhere.

mod algorithm;
pub mod base64url;
mod error;
pub mod json;
mod jwe;
mod jws;
mod key;
mod private_key;
mod public_jwk;
mod signing;
#[cfg(test)]
mod vectors;

pub use algorithm::Algorithm;
pub(crate) use error::ALL;
pub use error::{
    JsonError, JwsError, KeyFlaw, KeySetError, Part, SigningKeyError, UnknownAlgorithm,
};
pub(crate) use jwe::ALL as JWE_ALL;
pub use jwe::{
    ContentEncryption, DecryptionKey, DecryptionKeyError, Encryption, EncryptionError,
    EncryptionKey, Jwe, JweError, KeyManagement, UnknownEncryption,
};
pub use jws::{Header, Jws, Verified};
pub use key::KeySet;
pub use private_key::Pkcs8;
pub use signing::SigningKey;
