//! The certificate with which a client opens a TLS connection (RFC 8705): read, checked, and never shown.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair,
    RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::x509;
use crate::jose::{Algorithm, Pkcs8, SigningKey, SigningKeyError, base64url};
use crate::time::Timestamp;

/// The most certificates of one chain.
const CHAIN: usize = 10;

/// A client's certificate chain with its private key: cheap to clone, and never printed.
///
/// Two are equal when they have the same leaf. Whoever performs requests opens the connection with it, and
/// shares no connection between requests with different ones.
///
/// ```no_run
/// use codegrant_core::http::ClientCertificate;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let chain = std::fs::read_to_string("client.pem")?;
/// let key = std::fs::read_to_string("client.key")?;
/// let certificate = ClientCertificate::from_pem(&chain, &key)?;
/// println!("register x5t#S256 {}", certificate.thumbprint());
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct ClientCertificate(Arc<Held>);

struct Held {
    chain: Vec<Vec<u8>>,
    key: Pkcs8,
    thumbprint: String,
    not_before: Timestamp,
    not_after: Timestamp,
}

impl ClientCertificate {
    /// Parses a chain in PEM, leaf first, and the leaf's private key in PEM.
    ///
    /// The key may be of RSA with 2048 bits or more, of the curves P-256, P-384 and P-521, or Ed25519.
    ///
    /// # Errors
    ///
    /// When either cannot be read, and when the key is not the leaf's.
    pub fn from_pem(chain: &str, key: &str) -> Result<Self, CertificateError> {
        let chain = certificates(chain)?;
        let leaf = chain.first().ok_or(CertificateError::NoCertificate)?;
        let read = x509::read(leaf).ok_or(CertificateError::Unreadable)?;
        let key = SigningKey::from_pem(key, None, None).map_err(CertificateError::Key)?;
        let pkcs8 = key.to_pkcs8().map_err(CertificateError::Key)?;
        if public_key(pkcs8.as_bytes(), key.algorithm()).as_deref() != Some(read.public_key) {
            return Err(CertificateError::OtherKey);
        }
        Ok(Self(Arc::new(Held {
            thumbprint: base64url::encode(digest(&SHA256, leaf).as_ref()),
            not_before: read.not_before,
            not_after: read.not_after,
            key: pkcs8,
            chain,
        })))
    }

    /// Returns the leaf in DER.
    pub fn leaf(&self) -> &[u8] {
        self.0.chain.first().map_or(&[], Vec::as_slice)
    }

    /// Returns the chain, leaf first, each certificate in DER.
    pub fn chain(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.0.chain.iter().map(Vec::as_slice)
    }

    /// Returns the private key, for a TLS library.
    pub fn private_key(&self) -> &Pkcs8 {
        &self.0.key
    }

    /// Returns chain and private key as one PEM text, for a TLS library; it is a secret.
    pub fn to_pem(&self) -> String {
        let mut text = String::new();
        let certificates = self.chain().map(|der| ("CERTIFICATE", der));
        let key = [("PRIVATE KEY", self.0.key.as_bytes())];
        for (label, der) in certificates.chain(key) {
            text.push_str(&format!("-----BEGIN {label}-----\n"));
            let encoded = STANDARD.encode(der);
            let mut rest = encoded.as_str();
            while !rest.is_empty() {
                let (line, after) = rest.split_at(rest.len().min(64));
                text.push_str(line);
                text.push('\n');
                rest = after;
            }
            text.push_str(&format!("-----END {label}-----\n"));
        }
        text
    }

    /// Returns the leaf's SHA-256 in base64url: `x5t#S256` of a token that is bound to it
    /// (RFC 8705 section 3.1).
    pub fn thumbprint(&self) -> &str {
        &self.0.thumbprint
    }

    /// Returns when the leaf expires.
    pub fn expires_at(&self) -> Timestamp {
        self.0.not_after
    }

    /// Checks that the leaf is valid now.
    ///
    /// # Errors
    ///
    /// When it has expired, or is not valid yet.
    pub fn is_valid_at(&self, now: Timestamp) -> Result<(), CertificateError> {
        let (start, end) = (self.0.not_before, self.0.not_after);
        if now > end {
            return Err(CertificateError::Expired { at: end, now });
        }
        if now < start {
            return Err(CertificateError::NotYetValid { from: start, now });
        }
        Ok(())
    }
}

impl PartialEq for ClientCertificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.thumbprint == other.0.thumbprint
    }
}

impl Eq for ClientCertificate {}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate")
            .field("thumbprint", &self.0.thumbprint)
            .field("expires_at", &self.0.not_after)
            .finish_non_exhaustive()
    }
}

/// Why a client certificate cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The text holds none.
    #[error("there is no certificate in PEM")]
    NoCertificate,
    /// The chain is too long.
    #[error("there are more than {limit} certificates")]
    TooMany {
        /// How many there may be.
        limit: usize,
    },
    /// What is between the lines of PEM is no certificate.
    #[error("the certificate cannot be read")]
    Unreadable,
    /// The private key.
    #[error("its private key: {0}")]
    Key(#[source] SigningKeyError),
    /// The private key is another certificate's.
    #[error("the private key does not belong to the certificate")]
    OtherKey,
    /// It is over.
    #[error("expired at {at}, now {now}: {} seconds ago", now.seconds_since(*at))]
    Expired {
        /// The end of its validity.
        at: Timestamp,
        /// This machine's clock.
        now: Timestamp,
    },
    /// It has not begun.
    #[error("valid from {from}, now {now}: {} seconds ahead", from.seconds_since(*now))]
    NotYetValid {
        /// The beginning of its validity.
        from: Timestamp,
        /// This machine's clock.
        now: Timestamp,
    },
}

fn certificates(text: &str) -> Result<Vec<Vec<u8>>, CertificateError> {
    let mut chain = Vec::new();
    for block in text.split("-----BEGIN CERTIFICATE-----").skip(1) {
        if chain.len() == CHAIN {
            return Err(CertificateError::TooMany { limit: CHAIN });
        }
        let (body, _) = block
            .split_once("-----END CERTIFICATE-----")
            .ok_or(CertificateError::Unreadable)?;
        let packed: String = body.split_ascii_whitespace().collect();
        let der = STANDARD.decode(packed);
        chain.push(der.map_err(|_| CertificateError::Unreadable)?);
    }
    Ok(chain)
}

/// Computes the public key in the form in which a certificate holds it.
fn public_key(pkcs8: &[u8], algorithm: Algorithm) -> Option<Vec<u8>> {
    let ec = |curve: &'static EcdsaSigningAlgorithm| {
        let pair = EcdsaKeyPair::from_pkcs8(curve, pkcs8).ok()?;
        Some(pair.public_key().as_ref().to_vec())
    };
    match algorithm {
        Algorithm::Es256 => ec(&ECDSA_P256_SHA256_FIXED_SIGNING),
        Algorithm::Es384 => ec(&ECDSA_P384_SHA384_FIXED_SIGNING),
        Algorithm::Es512 => ec(&ECDSA_P521_SHA512_FIXED_SIGNING),
        Algorithm::EdDsa | Algorithm::Ed25519 => {
            let pair = Ed25519KeyPair::from_pkcs8(pkcs8).ok()?;
            Some(pair.public_key().as_ref().to_vec())
        }
        _ => {
            let pair = RsaKeyPair::from_pkcs8(pkcs8).ok()?;
            Some(pair.public_key().as_ref().to_vec())
        }
    }
}
