//! Keys that a provider in a test signs with: made once per process, because RSA keys take their time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
};
use codegrant_core::jose::{Algorithm, SigningKey};

/// Returns the key that every [`World`](super::World) of this process signs with.
///
/// One RSA key of 2048 bits serves all algorithms of its family, and so on for each curve.
///
/// ```
/// use codegrant_core::jose::Algorithm;
/// use codegrant_testkit::world::signing_key;
/// let key = signing_key(Algorithm::Es256, "k1");
/// assert_eq!(key.public_jwk()["kid"], "k1");
/// ```
pub fn signing_key(algorithm: Algorithm, key_id: &str) -> Arc<SigningKey> {
    static OWN: Pool = Pool::new();
    OWN.key(algorithm, key_id)
}

/// Returns a key of the same kind that no [`World`](super::World) publishes: a forger's.
///
/// ```
/// use codegrant_core::jose::Algorithm;
/// use codegrant_testkit::world::{signing_key, stranger_key};
/// let theirs = stranger_key(Algorithm::EdDsa, "k1").public_jwk();
/// assert_ne!(theirs["x"], signing_key(Algorithm::EdDsa, "k1").public_jwk()["x"]);
/// ```
pub fn stranger_key(algorithm: Algorithm, key_id: &str) -> Arc<SigningKey> {
    static THEIRS: Pool = Pool::new();
    THEIRS.key(algorithm, key_id)
}

/// One private key of each kind, and what was made of it by algorithm and key id.
///
/// Both are kept: to make an RSA key takes a tenth of a second, to read one some milliseconds.
struct Pool {
    private: Mutex<BTreeMap<Kind, Vec<u8>>>,
    made: Mutex<BTreeMap<(Algorithm, String), Arc<SigningKey>>>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Rsa,
    P256,
    P384,
    P521,
    Ed25519,
}

impl Pool {
    const fn new() -> Self {
        Self {
            private: Mutex::new(BTreeMap::new()),
            made: Mutex::new(BTreeMap::new()),
        }
    }

    fn key(&self, algorithm: Algorithm, key_id: &str) -> Arc<SigningKey> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let key = made
            .entry((algorithm, key_id.to_owned()))
            .or_insert_with(|| Arc::new(self.read(algorithm, key_id)));
        Arc::clone(key)
    }

    fn read(&self, algorithm: Algorithm, key_id: &str) -> SigningKey {
        let kind = match algorithm {
            Algorithm::Es256 => Kind::P256,
            Algorithm::Es384 => Kind::P384,
            Algorithm::Es512 => Kind::P521,
            Algorithm::EdDsa | Algorithm::Ed25519 => Kind::Ed25519,
            _ => Kind::Rsa,
        };
        let mut private = self.private.lock().unwrap_or_else(PoisonError::into_inner);
        let der = private.entry(kind).or_insert_with(|| match kind {
            Kind::Rsa => rsa(),
            Kind::P256 => ec(&ECDSA_P256_SHA256_FIXED_SIGNING),
            Kind::P384 => ec(&ECDSA_P384_SHA384_FIXED_SIGNING),
            Kind::P521 => ec(&ECDSA_P521_SHA512_FIXED_SIGNING),
            Kind::Ed25519 => ed25519(),
        });
        SigningKey::from_pkcs8(der, algorithm, key_id).expect("a key made for this algorithm")
    }
}

fn rsa() -> Vec<u8> {
    let pair = KeyPair::generate(KeySize::Rsa2048).expect("the library makes RSA keys");
    let der: Pkcs8V1Der<'_> = pair.as_der().expect("a key that was just made is written");
    der.as_ref().to_vec()
}

fn ec(curve: &'static EcdsaSigningAlgorithm) -> Vec<u8> {
    let der = EcdsaKeyPair::generate_pkcs8(curve, &SystemRandom::new());
    der.expect("the library makes EC keys").as_ref().to_vec()
}

fn ed25519() -> Vec<u8> {
    let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
    der.expect("the library makes Ed25519 keys")
        .as_ref()
        .to_vec()
}
