//! Writing a public key as a JWK, and its thumbprint.

use aws_lc_rs::digest;
use serde_json::{Value, json};

use super::base64url;

/// Writes an RSAPublicKey (RFC 8017 appendix A.1.1), which our own library has just encoded.
pub(super) fn rsa(der: &[u8]) -> Value {
    let (n, e) = modulus_and_exponent(der);
    json!({ "e": base64url::encode(e), "kty": "RSA", "n": base64url::encode(n) })
}

/// Writes an uncompressed point (SEC 1 section 2.3.3): the byte 4, then x and y of equal length.
pub(super) fn point(curve: &str, point: &[u8]) -> Value {
    let (x, y) = point[1..].split_at(point.len() / 2);
    json!({ "crv": curve, "kty": "EC", "x": base64url::encode(x), "y": base64url::encode(y) })
}

/// Hashes the required members of a public JWK, which come in their order and without white space.
pub(super) fn thumbprint(members: &Value) -> String {
    let text = members.to_string();
    base64url::encode(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

/// Takes an RSAPublicKey apart.
fn modulus_and_exponent(der: &[u8]) -> (&[u8], &[u8]) {
    let (sequence, _) = element(der);
    let (n, rest) = element(sequence);
    let (e, _) = element(rest);
    let unsigned = |number| <[u8]>::strip_prefix(number, &[0]).unwrap_or(number);
    (unsigned(n), unsigned(e))
}

/// Splits DER into the contents of its first element and what follows; empty if it is cut short.
fn element(der: &[u8]) -> (&[u8], &[u8]) {
    let (length, contents) = match der.get(1..) {
        Some([length, contents @ ..]) if *length < 0x80 => (usize::from(*length), contents),
        Some([form, tail @ ..]) => {
            let (octets, contents) = tail.split_at(tail.len().min(usize::from(form & 0x0f)));
            (
                octets
                    .iter()
                    .fold(0, |sum, octet| sum << 8 | usize::from(*octet)),
                contents,
            )
        }
        _ => (0, [].as_slice()),
    };
    contents.split_at(length.min(contents.len()))
}
