//! Encrypting the content under its key (RFC 7518 section 5), over the ciphers of aws-lc.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{
    AES_128, AES_256, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey,
    PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use aws_lc_rs::{aead, cipher, constant_time, hmac};

use super::ContentEncryption;

/// The length of a tag of GCM, in bytes (RFC 7518 section 5.3).
const GCM_TAG: usize = 16;

/// An encrypted content with what is needed to read it, besides the key.
pub(super) struct Sealed {
    pub(super) iv: Vec<u8>,
    pub(super) ciphertext: Vec<u8>,
    pub(super) tag: Vec<u8>,
}

enum Construction {
    Gcm(&'static aead::Algorithm),
    CbcHmac(&'static cipher::Algorithm, hmac::Algorithm),
}

impl ContentEncryption {
    /// Returns the length of its key in bytes.
    pub(super) const fn key_length(self) -> usize {
        match self {
            Self::A128Gcm => 16,
            Self::A256Gcm | Self::A128CbcHs256 => 32,
            Self::A256CbcHs512 => 64,
        }
    }

    fn construction(self) -> Construction {
        match self {
            Self::A128Gcm => Construction::Gcm(&AES_128_GCM),
            Self::A256Gcm => Construction::Gcm(&AES_256_GCM),
            Self::A128CbcHs256 => Construction::CbcHmac(&AES_128, hmac::HMAC_SHA256),
            Self::A256CbcHs512 => Construction::CbcHmac(&AES_256, hmac::HMAC_SHA512),
        }
    }

    /// Makes a key for one content; `None` when the library has no randomness.
    pub(super) fn fresh_key(self) -> Option<Vec<u8>> {
        let longest: [u8; 64] = random()?;
        Some(longest[..self.key_length()].to_vec())
    }

    /// Checks and decrypts; `None` for whatever is wrong.
    pub(super) fn open(self, key: &[u8], aad: &[u8], sealed: Sealed) -> Option<Vec<u8>> {
        if key.len() != self.key_length() {
            return None;
        }
        match self.construction() {
            Construction::Gcm(algorithm) => {
                if sealed.tag.len() != GCM_TAG {
                    return None;
                }
                let key = LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?);
                let nonce = Nonce::try_assume_unique_for_key(&sealed.iv).ok()?;
                let mut content = sealed.ciphertext;
                content.extend_from_slice(&sealed.tag);
                let opened = key.open_in_place(nonce, Aad::from(aad), &mut content);
                opened.ok().map(|plaintext| plaintext.to_vec())
            }
            Construction::CbcHmac(algorithm, hash) => {
                // The tag before the padding: who cannot make one learns nothing about the other.
                let (mac_key, key) = key.split_at(key.len() / 2);
                let expected = tag(hash, mac_key, aad, &sealed.iv, &sealed.ciphertext);
                constant_time::verify_slices_are_equal(&expected, &sealed.tag).ok()?;
                let iv: [u8; 16] = sealed.iv.try_into().ok()?;
                let key = UnboundCipherKey::new(algorithm, key).ok()?;
                let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).ok()?;
                let mut content = sealed.ciphertext;
                let context = DecryptionContext::Iv128(FixedLength::from(iv));
                let opened = key.decrypt(&mut content, context);
                opened.ok().map(|plaintext| plaintext.to_vec())
            }
        }
    }

    /// Encrypts under a fresh initialisation vector.
    pub(super) fn seal(self, key: &[u8], aad: &[u8], plaintext: &[u8]) -> Option<Sealed> {
        let mut ciphertext = plaintext.to_vec();
        match self.construction() {
            Construction::Gcm(algorithm) => {
                let iv: [u8; 12] = random()?;
                let key = LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?);
                let nonce = Nonce::assume_unique_for_key(iv);
                let tag = key
                    .seal_in_place_separate_tag(nonce, Aad::from(aad), &mut ciphertext)
                    .ok()?;
                Some(Sealed {
                    iv: iv.to_vec(),
                    ciphertext,
                    tag: tag.as_ref().to_vec(),
                })
            }
            Construction::CbcHmac(algorithm, hash) => {
                let iv: [u8; 16] = random()?;
                let (mac_key, key) = key.split_at(key.len() / 2);
                let key = UnboundCipherKey::new(algorithm, key).ok()?;
                let key = PaddedBlockEncryptingKey::cbc_pkcs7(key).ok()?;
                let context = EncryptionContext::Iv128(FixedLength::from(iv));
                key.less_safe_encrypt(&mut ciphertext, context).ok()?;
                Some(Sealed {
                    tag: tag(hash, mac_key, aad, &iv, &ciphertext),
                    iv: iv.to_vec(),
                    ciphertext,
                })
            }
        }
    }
}

/// Computes the tag of AES-CBC with HMAC: the left half of it (RFC 7518 section 5.2.2.1).
fn tag(hash: hmac::Algorithm, key: &[u8], aad: &[u8], iv: &[u8], ciphertext: &[u8]) -> Vec<u8> {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hash, key));
    let bits = (aad.len() as u64) * 8;
    for part in [aad, iv, ciphertext, &bits.to_be_bytes()] {
        context.update(part);
    }
    let tag = context.sign();
    let whole = tag.as_ref();
    whole[..whole.len() / 2].to_vec()
}

/// Makes random bytes.
///
/// Encryption takes them from the library, as signing does: nothing that core decides depends on them.
fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_and_nothing_else_does() {
        for &encryption in ContentEncryption::ALL {
            let key = vec![7; encryption.key_length()];
            for text in [b"".as_slice(), b"x", &[9; 16], &[1; 1000]] {
                let seal = || encryption.seal(&key, b"aad", text).unwrap();
                assert_eq!(encryption.open(&key, b"aad", seal()).as_deref(), Some(text));
                assert_eq!(encryption.open(&key, b"aae", seal()), None);
                assert_eq!(encryption.open(&key[1..], b"aad", seal()), None);
                let mut short = seal();
                short.tag.pop();
                assert_eq!(encryption.open(&key, b"aad", short), None);
                let mut none = seal();
                none.tag.clear();
                assert_eq!(encryption.open(&key, b"aad", none), None);
                let mut long = seal();
                long.iv.push(0);
                assert_eq!(encryption.open(&key, b"aad", long), None);
                let mut other = seal();
                if let Some(byte) = other.ciphertext.first_mut() {
                    *byte ^= 1;
                    assert_eq!(encryption.open(&key, b"aad", other), None);
                }
            }
        }
    }

    // RFC 7518 appendix B.1.
    #[test]
    fn the_tag_is_that_of_the_published_example() {
        let key: Vec<u8> = (0..16).collect();
        let iv = [
            0x1a, 0xf3, 0x8c, 0x2d, 0xc2, 0xb9, 0x6f, 0xfd, 0xd8, 0x66, 0x94, 0x09, 0x23, 0x41,
            0xbc, 0x04,
        ];
        let aad = b"The second principle of Auguste Kerckhoffs";
        let text = b"A cipher system must not be required to be secret, and it must be able to \
            fall into the hands of the enemy without inconvenience";
        let cipher = UnboundCipherKey::new(&AES_128, &(16..32).collect::<Vec<u8>>()).unwrap();
        let cipher = PaddedBlockEncryptingKey::cbc_pkcs7(cipher).unwrap();
        let mut ciphertext = text.to_vec();
        let context = EncryptionContext::Iv128(FixedLength::from(iv));
        cipher.less_safe_encrypt(&mut ciphertext, context).unwrap();
        assert_eq!(
            tag(hmac::HMAC_SHA256, &key, aad, &iv, &ciphertext),
            [
                0x65, 0x2c, 0x3f, 0xa3, 0x6b, 0x0a, 0x7c, 0x5b, 0x32, 0x19, 0xfa, 0xb3, 0xa3, 0x0b,
                0xc1, 0xc4
            ]
        );
    }
}
