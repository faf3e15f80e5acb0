//! Client certificates: authentication by one, and tokens bound to one (RFC 8705).

use aws_lc_rs::digest::{SHA256, digest};
use codegrant_core::jose::base64url;

use crate::client_registration::ClientRegistration;

/// Returns the thumbprint `x5t#S256` of a certificate in DER (RFC 8705 section 3.1).
pub(crate) fn thumbprint(der: &[u8]) -> String {
    base64url::encode(digest(&SHA256, der).as_ref())
}

/// Tells whether the certificate is one that the client registered with its keys, in `x5c` or `x5t#S256`
/// (RFC 8705 section 2.2).
pub(crate) fn is_registered(client: &ClientRegistration, der: &[u8]) -> bool {
    let keys = client.jwks().and_then(|jwks| jwks.get("keys")?.as_array());
    keys.into_iter().flatten().any(|key| {
        let by_thumbprint = key.get("x5t#S256").and_then(|held| held.as_str());
        let leaf = key.get("x5c").and_then(|chain| chain.get(0)?.as_str());
        let by_value = leaf.and_then(|standard| {
            // Core decodes base64url without padding; `x5c` is written in the other alphabet, padded.
            let url_safe = standard.trim_end_matches('=');
            base64url::decode(&url_safe.replace('+', "-").replace('/', "_"))
        });
        by_thumbprint == Some(&thumbprint(der)) || by_value.as_deref() == Some(der)
    })
}

/// Writes the subject of a certificate in DER as a distinguished name (RFC 4514), last part first.
///
/// Knows the attributes CN, O, OU, C, ST and L; others are written by their number.
pub(crate) fn subject(der: &[u8]) -> Option<String> {
    let (_, certificate, _) = element(der)?;
    let (_, body, _) = element(certificate)?;
    // Version (explicitly tagged, and optional), serial number, algorithm, issuer, validity, subject
    // (RFC 5280 section 4.1).
    let mut rest = body;
    let mut fields = Vec::new();
    while fields.len() < 5 {
        let (tag, contents, after) = element(rest)?;
        rest = after;
        if tag != 0xa0 {
            fields.push(contents);
        }
    }
    let mut names = fields.pop()?;
    let mut parts = Vec::new();
    while !names.is_empty() {
        let (_, set, after) = element(names)?;
        names = after;
        let (_, attribute, _) = element(set)?;
        let (_, kind, value) = element(attribute)?;
        let (_, value, _) = element(value)?;
        let value = escaped(std::str::from_utf8(value).ok()?);
        parts.push(format!("{}={value}", attribute_name(kind)));
    }
    parts.reverse();
    Some(parts.join(","))
}

fn attribute_name(kind: &[u8]) -> String {
    // All of them are below 2.5.4.
    let name = match kind {
        [0x55, 0x04, 3] => "CN",
        [0x55, 0x04, 6] => "C",
        [0x55, 0x04, 7] => "L",
        [0x55, 0x04, 8] => "ST",
        [0x55, 0x04, 10] => "O",
        [0x55, 0x04, 11] => "OU",
        other => return other.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    name.to_owned()
}

fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for character in value.chars() {
        if matches!(character, ',' | '+' | '"' | '\\' | '<' | '>' | ';') {
            text.push('\\');
        }
        text.push(character);
    }
    text
}

/// Splits DER into the tag and the contents of its first element, and what follows.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let octets = usize::from(first & 0x7f);
        let (long, rest) = rest.split_at_checked(octets).filter(|_| octets <= 4)?;
        let length = long
            .iter()
            .fold(0_usize, |sum, octet| sum << 8 | usize::from(*octet));
        (length, rest)
    };
    let (contents, after) = rest.split_at_checked(length)?;
    Some((tag, contents, after))
}
