//! Registering by oneself: dynamic client registration (RFC 7591, OpenID Connect Dynamic Client Registration
//! 1.0) and its management (RFC 7592).
//!
//! ```text
//!   ClientMetadata::of(client) --Client::register--> Fetch(registration) --> ClientInformation
//!                                                                                  |
//!   Client::with_information <-----------------------------------------------------+
//!                                                    read, update, delete: Fetch(registration)
//! ```

mod information;
mod management;
mod metadata;
mod request;

pub use information::ClientInformation;
pub use metadata::ClientMetadata;
