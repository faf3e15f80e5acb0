//! Keys that a provider in a test signs with: made once per process, because RSA keys take their time.

use std::sync::OnceLock;

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
pub fn signing_key(algorithm: Algorithm, key_id: &str) -> SigningKey {
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
pub fn stranger_key(algorithm: Algorithm, key_id: &str) -> SigningKey {
    static THEIRS: Pool = Pool::new();
    THEIRS.key(algorithm, key_id)
}

/// One key of each kind, in PKCS#8, made when it is first asked for.
struct Pool {
    rsa: OnceLock<Vec<u8>>,
    p256: OnceLock<Vec<u8>>,
    p384: OnceLock<Vec<u8>>,
    p521: OnceLock<Vec<u8>>,
    ed25519: OnceLock<Vec<u8>>,
}

impl Pool {
    const fn new() -> Self {
        Self {
            rsa: OnceLock::new(),
            p256: OnceLock::new(),
            p384: OnceLock::new(),
            p521: OnceLock::new(),
            ed25519: OnceLock::new(),
        }
    }

    fn key(&self, algorithm: Algorithm, key_id: &str) -> SigningKey {
        let der = match algorithm {
            Algorithm::Es256 => self
                .p256
                .get_or_init(|| ec(&ECDSA_P256_SHA256_FIXED_SIGNING)),
            Algorithm::Es384 => self
                .p384
                .get_or_init(|| ec(&ECDSA_P384_SHA384_FIXED_SIGNING)),
            Algorithm::Es512 => self
                .p521
                .get_or_init(|| ec(&ECDSA_P521_SHA512_FIXED_SIGNING)),
            Algorithm::EdDsa | Algorithm::Ed25519 => self.ed25519.get_or_init(ed25519),
            _ => self.rsa.get_or_init(rsa),
        };
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
