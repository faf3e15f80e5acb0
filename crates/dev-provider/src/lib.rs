//! codegrant-dev-provider.
