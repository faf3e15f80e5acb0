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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_survives_the_way_there_and_back() {
        for length in 0..100_u8 {
            let bytes: Vec<u8> = (0..length).map(|byte| byte.wrapping_mul(37)).collect();
            assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }
        assert_eq!(encode(&[0xfb, 0xff, 0xfe]), "-__-");
    }

    // attack: JW-43
    #[test]
    fn only_one_spelling_of_bytes_is_accepted() {
        assert_eq!(decode("-_8"), Some(vec![0xfb, 0xff]));
        for other in [
            "-_8=",
            "-_8==",
            "-_8===",
            "=-_8",
            "-_=8",
            "+/8",
            "-/8",
            "-_9",
            "-_-",
            " -_8",
            "-_8 ",
            "-_8\n",
            "-_\r\n8",
            "-_8\0",
            "-",
            "-_8A-",
            "\u{ff0d}_8",
            "%2D_8",
            "A===",
            "=",
        ] {
            assert_eq!(decode(other), None, "{other:?}");
        }
    }
}
