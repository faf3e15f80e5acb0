//! codegrant-axum.
