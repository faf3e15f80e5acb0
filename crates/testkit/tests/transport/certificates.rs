//! Whom the client believes to be the provider.

use std::io::Read;
use std::sync::Arc;

use codegrant_web::{BuiltInClient, SetupError};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::raw::{RawServer, ok};
use crate::{Caller, assert_unreachable};

pub(crate) type Authority = CertifiedIssuer<'static, KeyPair>;

pub(crate) fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// What a server's certificate says, from sound to whatever a test makes of it.
pub(crate) fn leaf() -> CertificateParams {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

/// Returns a root certificate as an app is configured with it.
pub(crate) fn pem(authority: &Authority) -> String {
    written("CERTIFICATE", authority.der())
}

/// Writes DER as PEM.
pub(crate) fn written(label: &str, der: &[u8]) -> String {
    let text = codegrant_core::jose::base64url::encode(der);
    // PEM is standard Base64 with padding (RFC 7468 section 2).
    let mut text = text.replace('-', "+").replace('_', "/");
    text.push_str(&"=".repeat((4 - text.len() % 4) % 4));
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

/// Serves over TLS, and remembers what requests got through.
fn serve(certificate: CertificateDer<'static>, key: &KeyPair) -> RawServer {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    RawServer::start(move |peer| {
        let connection = ServerConnection::new(config.clone()).unwrap();
        let mut stream = StreamOwned::new(connection, peer.stream());
        let mut request = Vec::new();
        while !request.ends_with(b"the-code") {
            let mut byte = [0];
            match stream.read_exact(&mut byte) {
                Ok(()) => request.push(byte[0]),
                Err(_) => return,
            }
        }
        peer.note(&String::from_utf8(request).unwrap());
        let _gone = std::io::Write::write_all(&mut stream, ok("{}").as_bytes());
        stream.conn.send_close_notify();
        let _gone = stream.conn.complete_io(&mut stream.sock);
    })
}

fn signed(params: CertificateParams, by: &Authority) -> RawServer {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, by).unwrap();
    serve(certificate.der().clone(), &key)
}

fn url(server: &RawServer, host: &str) -> String {
    format!("https://{host}:{}/token", server.address().port())
}

fn assert_refused(caller: &Caller, server: &RawServer, host: &str, what: &str) {
    assert_unreachable(&caller.redeem(url(server, host)), what);
    assert_eq!(server.requests().len(), 0, "{what}: nothing was sent");
    assert!(server.connections() > 0, "{what}: it was tried");
}

// attack: TK-27
#[test]
fn a_certificate_of_an_added_root_is_believed_and_of_no_other() {
    let (ours, other) = (authority("ours"), authority("other"));
    let server = signed(leaf(), &ours);
    let trusting = Caller::trusting(Some(&pem(&ours)));
    let answer = trusting.redeem(url(&server, "localhost")).unwrap();
    assert_eq!(answer.body, b"{}");
    assert_eq!(server.requests().len(), 1);

    let server = signed(leaf(), &ours);
    assert_refused(&Caller::new(), &server, "localhost", "no root was added");
    let server = signed(leaf(), &other);
    assert_refused(&trusting, &server, "localhost", "another root");
}

// attack: TK-27
#[test]
fn a_certificate_that_does_not_hold_is_refused() {
    let ours = authority("ours");
    let trusting = Caller::trusting(Some(&pem(&ours)));

    let mut expired = leaf();
    expired.not_before = date_time_ymd(2019, 1, 1);
    expired.not_after = date_time_ymd(2020, 1, 1);
    assert_refused(&trusting, &signed(expired, &ours), "localhost", "expired");

    let mut early = leaf();
    early.not_before = date_time_ymd(2190, 1, 1);
    early.not_after = date_time_ymd(2191, 1, 1);
    assert_refused(
        &trusting,
        &signed(early, &ours),
        "localhost",
        "not yet valid",
    );

    let other_host = CertificateParams::new(vec!["op.example".to_owned()]).unwrap();
    assert_refused(
        &trusting,
        &signed(other_host, &ours),
        "localhost",
        "another host",
    );
    assert_refused(
        &trusting,
        &signed(leaf(), &ours),
        "127.0.0.1",
        "another name of the host",
    );

    let mut for_clients = leaf();
    for_clients.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    assert_refused(
        &trusting,
        &signed(for_clients, &ours),
        "localhost",
        "for clients only",
    );

    let key = KeyPair::generate().unwrap();
    let certificate = leaf().self_signed(&key).unwrap();
    let server = serve(certificate.der().clone(), &key);
    assert_refused(&trusting, &server, "localhost", "self-signed");
    assert_refused(&Caller::new(), &server, "localhost", "self-signed");
}

#[test]
fn a_provider_without_tls_behind_https_is_refused() {
    let server = RawServer::start(|peer| {
        peer.send(ok("{}").as_bytes());
    });
    assert_refused(&Caller::new(), &server, "127.0.0.1", "plain text");
}

#[test]
fn every_root_of_a_bundle_is_believed() {
    let (first, second) = (authority("first"), authority("second"));
    let trusting = Caller::trusting(Some(&(pem(&first) + &pem(&second))));
    for issuer in [&first, &second] {
        let server = signed(leaf(), issuer);
        let answer = trusting.redeem(url(&server, "localhost"));
        assert_eq!(answer.unwrap().body, b"{}");
    }
}

#[test]
fn a_root_that_is_no_certificate_is_a_configuration_mistake() {
    let wrong_der = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let cut = "-----BEGIN CERTIFICATE-----\nAAAA\n";
    for text in ["", "no PEM at all", cut, wrong_der] {
        let made = BuiltInClient::new(Some(text.as_bytes()));
        let error = made.err().unwrap_or_else(|| panic!("{text:?} is believed"));
        let expected = matches!(error, SetupError::RootCertificate { .. });
        assert!(expected, "{text:?}: {error}");
    }
}
