//! Errors, one enum per culprit.

mod code;

pub use code::Code;
