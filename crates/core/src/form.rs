//! `application/x-www-form-urlencoded`, read strictly: what a browser brought along.

use url::form_urlencoded::byte_serialize;

use crate::error::{CallbackError, Quoted};

/// The longest query or body of a callback, in bytes.
const LIMIT: usize = 32 * 1024;

/// The most parameters of a callback.
const PARAMETERS: usize = 64;

/// Splits at `&` alone, decodes names and values, and keeps their order.
///
/// ```
/// use codegrant_core::form;
/// let parameters = form::parameters("code=a+b&st%61te=x")?;
/// assert_eq!(parameters[1], ("state".to_owned(), "x".to_owned()));
/// # Ok::<(), codegrant_core::error::CallbackError>(())
/// ```
///
/// # Errors
///
/// When there are more than 64 parameters or 32 KiB, or one is not UTF-8.
pub fn parameters(encoded: &str) -> Result<Vec<(String, String)>, CallbackError> {
    if encoded.len() > LIMIT {
        return Err(CallbackError::TooLong {
            name: "query",
            bytes: encoded.len(),
            limit: LIMIT,
        });
    }
    let mut parameters = Vec::new();
    for part in encoded.split('&').filter(|part| !part.is_empty()) {
        if parameters.len() == PARAMETERS {
            return Err(CallbackError::TooManyParameters { limit: PARAMETERS });
        }
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let name = decode(name).ok_or_else(|| malformed(name))?;
        // A value may be a code: the name has to do.
        let value = decode(value).ok_or_else(|| malformed(&name))?;
        parameters.push((name, value));
    }
    Ok(parameters)
}

/// Encodes a name or a value for a query or a form body.
pub fn encode(text: &str) -> String {
    // With room for a few that are escaped.
    let mut encoded = String::with_capacity(text.len() + 16);
    encode_into(&mut encoded, text);
    encoded
}

/// Encodes a name or a value behind what is there, as the URL Standard has it for a form (section 5.2).
pub(crate) fn encode_into(encoded: &mut String, text: &str) {
    encoded.extend(byte_serialize(text.as_bytes()));
}

/// Puts a pair behind the others, of which there is none where `encoded` ends before `start`.
pub(crate) fn push_pair(encoded: &mut String, start: usize, name: &str, value: &str) {
    if encoded.len() > start {
        encoded.push('&');
    }
    encode_into(encoded, name);
    encoded.push('=');
    encode_into(encoded, value);
}

fn malformed(name: &str) -> CallbackError {
    CallbackError::Malformed {
        parameter: Quoted::new(name),
    }
}

/// Decodes `+` and percent-escapes; `None` when an escape is broken or the result is not UTF-8.
pub(crate) fn decode(text: &str) -> Option<String> {
    if !text.bytes().any(|byte| matches!(byte, b'+' | b'%')) {
        return Some(text.to_owned());
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => hex(bytes.next()?)? << 4 | hex(bytes.next()?)?,
            other => other,
        });
    }
    String::from_utf8(decoded).ok()
}

fn hex(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_that_is_encoded_decodes_to_itself() {
        let texts = (0..=0x500_u32).chain([0x20ac, 0xffff, 0x1_f511, 0x10_ffff]);
        for sign in texts.filter_map(char::from_u32) {
            let text = format!("a {sign}{sign}-b");
            let encoded = encode(&text);
            assert!(
                encoded
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() && byte != b'&')
            );
            assert_eq!(decode(&encoded), Some(text));
        }
        assert_eq!(encode(""), "");
    }

    #[test]
    fn more_parameters_than_the_limit_are_refused() {
        let many = |count: usize| "a=b&&".repeat(count);
        assert_eq!(parameters(&many(PARAMETERS)).unwrap().len(), PARAMETERS);
        assert!(matches!(
            parameters(&many(PARAMETERS + 1)),
            Err(CallbackError::TooManyParameters { .. })
        ));
    }
}
