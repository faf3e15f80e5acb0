//! Faults in encrypted tokens.

use std::collections::BTreeSet;

use codegrant_core::jose::{DecryptionKey, EncryptionKey, KeyManagement};

use crate::fault::Fault;

/// Makes a key that nobody has the other half of.
pub(crate) fn key_of_another(management: KeyManagement) -> Option<EncryptionKey> {
    let key = DecryptionKey::generate(management, None).ok()?;
    EncryptionKey::from_jwk(&key.public_jwk()).ok()
}

/// Changes one character of the ciphertext, which the tag then does not fit.
pub(crate) fn alter_encrypted(faults: &BTreeSet<Fault>, token: String) -> String {
    if !faults.contains(&Fault::EncryptedAltered) {
        return token;
    }
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    if let Some(ciphertext) = parts.get_mut(3) {
        let other = if ciphertext.starts_with('A') {
            "B"
        } else {
            "A"
        };
        ciphertext.replace_range(..1, other);
    }
    parts.join(".")
}
