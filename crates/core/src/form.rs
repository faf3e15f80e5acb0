//! `application/x-www-form-urlencoded`, read strictly: what a browser brought along.

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
    let parts = encoded.split('&').filter(|part| !part.is_empty());
    if parts.clone().count() > PARAMETERS {
        return Err(CallbackError::TooManyParameters { limit: PARAMETERS });
    }
    parts
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let name = decode(name).ok_or_else(|| malformed(name))?;
            // A value may be a code: the name has to do.
            let value = decode(value).ok_or_else(|| malformed(&name))?;
            Ok((name, value))
        })
        .collect()
}

/// Encodes a name or a value for a query or a form body.
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    encode_into(&mut encoded, text);
    encoded
}

/// Encodes a name or a value behind what is there.
pub(crate) fn encode_into(encoded: &mut String, text: &str) {
    encoded.extend(url::form_urlencoded::byte_serialize(text.as_bytes()));
}

fn malformed(name: &str) -> CallbackError {
    CallbackError::Malformed {
        parameter: Quoted::new(name),
    }
}

/// Decodes `+` and percent-escapes; `None` when an escape is broken or the result is not UTF-8.
pub(crate) fn decode(text: &str) -> Option<String> {
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
