//! Keys that a run is made with: one of each kind, since making RSA keys takes time.

use std::sync::OnceLock;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use codegrant_core::jose::{Algorithm, SigningKey, base64url};
use serde_json::Value;

/// Returns the RSA key that every provider signs with: PKCS#8 in DER.
pub(super) fn provider_rsa() -> &'static [u8] {
    static KEY: OnceLock<Vec<u8>> = OnceLock::new();
    KEY.get_or_init(rsa)
}

/// The name of the client's key.
pub(super) const CLIENT_KEY_ID: &str = "client-1";

/// Returns the client's key for an algorithm as its configuration has it: PKCS#8 in PEM.
pub(in crate::suite) fn client_pem(algorithm: &str) -> String {
    pem("PRIVATE KEY", client_key(algorithm))
}

/// Returns what the provider knows of the client's key.
pub(super) fn client_public(algorithm: &str) -> Value {
    let named = algorithm.parse::<Algorithm>().expect("an algorithm");
    let key = SigningKey::from_pkcs8(client_key(algorithm), named, CLIENT_KEY_ID);
    key.expect("a fresh key is read").public_jwk()
}

fn client_key(algorithm: &str) -> &'static [u8] {
    static EC: OnceLock<Vec<u8>> = OnceLock::new();
    static RSA: OnceLock<Vec<u8>> = OnceLock::new();
    match algorithm {
        "ES256" => EC.get_or_init(p256),
        _ => RSA.get_or_init(rsa),
    }
}

fn p256() -> Vec<u8> {
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    made.expect("a P-256 key is made").as_ref().to_vec()
}

fn rsa() -> Vec<u8> {
    let pair = KeyPair::generate(KeySize::Rsa2048).expect("an RSA key is made");
    let der: Pkcs8V1Der<'static> = pair.as_der().expect("a fresh key is written");
    der.as_ref().to_vec()
}

/// Writes DER as PEM (RFC 7468) with this label.
pub(in crate::suite) fn pem(label: &str, der: &[u8]) -> String {
    // PEM is standard Base64 with padding.
    let mut text = base64url::encode(der).replace('-', "+").replace('_', "/");
    text.push_str(&"=".repeat((4 - text.len() % 4) % 4));
    let lines: Vec<&str> = (0..text.len())
        .step_by(64)
        .map(|start| &text[start..text.len().min(start + 64)])
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}
