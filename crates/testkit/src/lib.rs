//! codegrant-testkit.
