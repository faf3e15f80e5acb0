//! JSON Web Encryption (RFC 7516): tokens that only we can read, small and strict, over aws-lc-rs.
//!
//! ```text
//! compact serialisation --Jwe::parse--> Jwe --decrypt(keys, alg, enc)--> plaintext
//!                                        \--decrypt_nested(..)--> a Jws in compact serialisation
//! ```
//!
//! Encryption proves nothing about who wrote a token: anybody can encrypt for a public key. So what is
//! decrypted is verified afterwards as if it had come in the clear.
//!
//! The caller names the one algorithm and the one encryption that it registered; the header must repeat
//! both. Every failure to decrypt is the same error, after the same steps.

mod agreement;
mod algorithm;
mod content;
mod error;
mod key;
#[cfg(test)]
mod vectors;

use std::fmt;

use serde_json::{Map, Value};

use self::agreement::Parties;
use self::content::Sealed;
use super::{base64url, json};
use crate::error::Quoted;

pub use algorithm::{ContentEncryption, Encryption, KeyManagement};
pub(crate) use error::ALL;
pub use error::{DecryptionKeyError, EncryptionError, JweError, UnknownEncryption};
pub use key::{DecryptionKey, EncryptionKey};

/// The longest token that is read, in bytes: a signed one of 64 KiB, in base64url once more.
const MAX_LENGTH: usize = 96 * 1024;
/// The longest encoded header that is read.
const MAX_HEADER: usize = 16 * 1024;
/// The most keys of ours that are tried for one token.
const MAX_KEYS: usize = 4;

/// A token in compact serialisation that is not decrypted yet (RFC 7516 section 7.1).
pub struct Jwe<'a> {
    header: Map<String, Value>,
    protected: &'a str,
    encrypted_key: Vec<u8>,
    iv: Vec<u8>,
    ciphertext: Vec<u8>,
    tag: Vec<u8>,
}

impl<'a> Jwe<'a> {
    /// Tells whether a text has the five parts of an encrypted token and not the three of a signed one.
    pub fn looks_like(compact: &str) -> bool {
        compact.len() <= MAX_LENGTH && compact.bytes().filter(|byte| *byte == b'.').count() == 4
    }

    /// Parses a token of at most 96 KiB.
    ///
    /// # Errors
    ///
    /// When it is longer or no token at all, and when its header demands an extension (`crit`) or
    /// compression (`zip`), with which a small token could unpack to anything.
    pub fn parse(compact: &'a str) -> Result<Self, JweError> {
        let limited = |length, limit| match length > limit {
            true => Err(JweError::TooLarge { length, limit }),
            false => Ok(()),
        };
        limited(compact.len(), MAX_LENGTH)?;
        let parts: Vec<&str> = compact.splitn(6, '.').collect();
        let [protected, encrypted_key, iv, ciphertext, tag] = parts[..] else {
            return Err(JweError::Parts);
        };
        limited(protected.len(), MAX_HEADER)?;
        let decode = |part| base64url::decode(part).ok_or(JweError::Parts);
        let header = json::object(&decode(protected)?).map_err(JweError::Header)?;
        for member in ["crit", "zip"] {
            if header.contains_key(member) {
                return Err(JweError::Extension { member });
            }
        }
        Ok(Self {
            header,
            protected,
            encrypted_key: decode(encrypted_key)?,
            iv: decode(iv)?,
            ciphertext: decode(ciphertext)?,
            tag: decode(tag)?,
        })
    }

    /// Decrypts with our keys, the one algorithm and the one encryption that were registered.
    ///
    /// Tries the keys of the header's `kid`, or all if there is none of that id; never a key of another
    /// kind, and never more than four.
    ///
    /// # Errors
    ///
    /// When the header names something else than what was registered, when no key fits, and always the
    /// same [`JweError::Undecryptable`] when it cannot be decrypted.
    pub fn decrypt(
        self,
        keys: &[&DecryptionKey],
        management: KeyManagement,
        encryption: ContentEncryption,
    ) -> Result<Vec<u8>, JweError> {
        self.repeats("alg", management.as_str())?;
        self.repeats("enc", encryption.as_str())?;
        let (producer, recipient) = (self.party("apu")?, self.party("apv")?);
        if !management.is_rsa() && !self.header.get("epk").is_some_and(Value::is_object) {
            return Err(JweError::Member { member: "epk" });
        }
        let key_id = self.text("kid")?;
        let fitting: Vec<&DecryptionKey> = keys
            .iter()
            .copied()
            .filter(|key| key.fits(management))
            .collect();
        if fitting.is_empty() {
            return Err(JweError::NoKey {
                algorithm: management,
            });
        }
        let known = key_id.filter(|id| fitting.iter().any(|key| key.key_id() == *id));
        let parties = Parties {
            management,
            encryption,
            producer: &producer,
            recipient: &recipient,
        };
        fitting
            .into_iter()
            .filter(|key| known.is_none_or(|id| key.key_id() == id))
            .take(MAX_KEYS)
            .find_map(|key| self.open(key, &parties))
            .ok_or(JweError::Undecryptable)
    }

    /// Decrypts a signed token, which is still to be verified (RFC 7519 section 5.2).
    ///
    /// # Errors
    ///
    /// As [`decrypt`](Self::decrypt), and when the header's `cty` is something else than `JWT` or what was
    /// encrypted is not text.
    pub fn decrypt_nested(
        self,
        keys: &[&DecryptionKey],
        management: KeyManagement,
        encryption: ContentEncryption,
    ) -> Result<String, JweError> {
        // A provider that leaves it out gains nothing: the content is verified as a signed token.
        if let Some(content) = self.text("cty")?
            && !content.eq_ignore_ascii_case("JWT")
        {
            return Err(JweError::NotNested);
        }
        let plaintext = self.decrypt(keys, management, encryption)?;
        String::from_utf8(plaintext).map_err(|_| JweError::NotNested)
    }

    /// Opens the content with what one key makes of the encrypted key.
    ///
    /// Where that is nothing usable it goes on with a random key, which fails at the tag: nobody can tell
    /// by the answer or by its time which step failed (RFC 7516 section 11.5). The library's randomness
    /// decides nothing here.
    fn open(&self, key: &DecryptionKey, parties: &Parties<'_>) -> Option<Vec<u8>> {
        let encryption = parties.encryption;
        let substitute = encryption.fresh_key()?;
        let content_key = key
            .content_key(parties, &self.header, &self.encrypted_key)
            .filter(|key| key.len() == encryption.key_length())
            .unwrap_or(substitute);
        let sealed = Sealed {
            iv: self.iv.clone(),
            ciphertext: self.ciphertext.clone(),
            tag: self.tag.clone(),
        };
        encryption.open(&content_key, self.protected.as_bytes(), sealed)
    }

    fn repeats(&self, member: &'static str, expected: &'static str) -> Result<(), JweError> {
        match self.text(member)? {
            Some(found) if found == expected => Ok(()),
            found => Err(JweError::Mismatch {
                member,
                found: Quoted::new(found.unwrap_or("(none)")),
                expected,
            }),
        }
    }

    fn party(&self, member: &'static str) -> Result<Vec<u8>, JweError> {
        let text = self.text(member)?.unwrap_or_default();
        base64url::decode(text).ok_or(JweError::Member { member })
    }

    fn text(&self, member: &'static str) -> Result<Option<&str>, JweError> {
        match self.header.get(member) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(JweError::Member { member }),
        }
    }
}

impl fmt::Debug for Jwe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwe").finish_non_exhaustive()
    }
}
