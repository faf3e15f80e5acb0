//! JSON Web Signatures (RFC 7515) and keys (RFC 7517), small and strict, over aws-lc-rs.
