//! codegrant-core.

pub mod error;
pub mod http;
pub mod jose;
mod time;

pub use time::Timestamp;
