//! The certificates of a run: an authority that the app trusts, the provider's, and two of the client.

use std::sync::OnceLock;

use aws_lc_rs::digest::{SHA256, digest};
use codegrant_core::jose::base64url;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use serde_json::{Value, json};

use super::keys::pem;

/// The name in the client's certificate (RFC 8705 section 2.1.2).
pub(in crate::suite) const SUBJECT: &str = "CN=tour";

/// A certificate and its private key, in DER.
#[derive(Clone)]
pub(in crate::suite) struct Certificate {
    pub(in crate::suite) certificate: Vec<u8>,
    pub(in crate::suite) key: Vec<u8>,
}

/// Everything that is made once.
pub(in crate::suite) struct Certificates {
    /// The root that the app is told to trust, PEM.
    pub(in crate::suite) root: String,
    pub(in crate::suite) provider: Certificate,
    /// Of the client, signed by the authority.
    pub(in crate::suite) signed: Certificate,
    /// Of the client, signed by itself.
    pub(in crate::suite) self_signed: Certificate,
}

impl Certificates {
    /// Returns the certificates of this process.
    pub(in crate::suite) fn of_this_run() -> &'static Self {
        static MADE: OnceLock<Certificates> = OnceLock::new();
        MADE.get_or_init(|| make().expect("certificates are made"))
    }
}

impl Certificate {
    /// Returns the two as an app's files hold them: certificate and key.
    pub(in crate::suite) fn files(&self) -> [String; 2] {
        [
            pem("CERTIFICATE", &self.certificate),
            pem("PRIVATE KEY", &self.key),
        ]
    }

    /// Returns the key set that registers it at a provider (RFC 8705 section 2.2.2).
    pub(in crate::suite) fn registered(&self) -> Value {
        let thumbprint = digest(&SHA256, &self.certificate);
        json!({ "kty": "EC", "crv": "P-256", "x5t#S256": base64url::encode(thumbprint.as_ref()) })
    }
}

fn make() -> Result<Certificates, rcgen::Error> {
    let mut params = named("the suite's authority", Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let signed = |mut params: CertificateParams, purpose| {
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &authority)?;
        Ok::<_, rcgen::Error>(Certificate {
            certificate: certificate.der().to_vec(),
            key: key.serialize_der(),
        })
    };
    let host = vec!["localhost".to_owned()];
    let own = KeyPair::generate()?;
    Ok(Certificates {
        root: pem("CERTIFICATE", authority.der()),
        provider: signed(
            named("localhost", host)?,
            ExtendedKeyUsagePurpose::ServerAuth,
        )?,
        signed: signed(
            named("tour", Vec::new())?,
            ExtendedKeyUsagePurpose::ClientAuth,
        )?,
        self_signed: Certificate {
            certificate: named("tour", Vec::new())?.self_signed(&own)?.der().to_vec(),
            key: own.serialize_der(),
        },
    })
}

fn named(name: &str, hosts: Vec<String>) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(hosts)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}
