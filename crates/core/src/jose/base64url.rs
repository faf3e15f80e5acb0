//! The one spelling of base64url that JOSE allows.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// The URL-safe alphabet without padding, where every byte string has exactly one encoding.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(false),
);

/// Encodes bytes as base64url without padding (RFC 7515 section 2).
pub fn encode(bytes: &[u8]) -> String {
    ENGINE.encode(bytes)
}

/// Decodes base64url and accepts only what [`encode`] would have written.
///
/// `None` for padding, white space, `+`, `/`, an impossible length, and for bits set in the last
/// character that belong to no byte: two spellings of one signature would be two tokens.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    ENGINE.decode(text).ok()
}
