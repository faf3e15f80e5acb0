//! codegrant-web.
