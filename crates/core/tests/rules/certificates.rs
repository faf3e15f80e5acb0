//! Client certificates (RFC 8705): what is read, what is refused, and that nothing of them is shown.

use crate::pem;
use codegrant_core::Timestamp;
use codegrant_core::http::ClientCertificate;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, date_time_ymd};

/// Makes a certificate, as PEM, and its key.
fn made(key: &KeyPair) -> (String, String) {
    let mut params = CertificateParams::new(vec!["app.example".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2028, 1, 1);
    (
        pem("CERTIFICATE", params.self_signed(key).unwrap().der()),
        pem("PRIVATE KEY", &key.serialize_der()),
    )
}

fn refused(chain: &str, key: &str) -> String {
    ClientCertificate::from_pem(chain, key)
        .unwrap_err()
        .to_string()
}

#[test]
fn keys_of_every_usual_kind_are_read() {
    for key in [
        KeyPair::generate().unwrap(),
        KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap(),
        KeyPair::generate_for(&PKCS_ED25519).unwrap(),
    ] {
        let (chain, pem) = made(&key);
        let certificate = ClientCertificate::from_pem(&chain, &pem).unwrap();
        assert_eq!(certificate.thumbprint().len(), 43);
        // 2028-01-01T00:00:00Z.
        assert_eq!(
            certificate.expires_at(),
            Timestamp::from_unix(1_830_297_600)
        );
        assert_eq!(certificate.chain().len(), 1);
        let again = ClientCertificate::from_pem(&certificate.to_pem(), &certificate.to_pem());
        assert_eq!(again.unwrap(), certificate);
    }
}

#[test]
fn a_certificate_is_valid_from_its_first_second_to_its_last() {
    let (chain, key) = made(&KeyPair::generate().unwrap());
    let certificate = ClientCertificate::from_pem(&chain, &key).unwrap();
    let start = 1_767_225_600;
    let end = 1_830_297_600;
    for (at, valid) in [
        (start - 1, false),
        (start, true),
        (end, true),
        (end + 1, false),
    ] {
        let judged = certificate.is_valid_at(Timestamp::from_unix(at));
        assert_eq!(judged.is_ok(), valid, "{at}");
    }
    let late = certificate
        .is_valid_at(Timestamp::from_unix(end + 5))
        .unwrap_err();
    assert_eq!(
        late.to_string(),
        "expired at 1830297600, now 1830297605: 5 seconds ago"
    );
    let early = certificate
        .is_valid_at(Timestamp::from_unix(start - 5))
        .unwrap_err();
    assert_eq!(
        early.to_string(),
        "valid from 1767225600, now 1767225595: 5 seconds ahead"
    );
}

#[test]
fn what_cannot_be_used_is_told_apart() {
    let key = KeyPair::generate().unwrap();
    let (chain, pem) = made(&key);
    let (_, other) = made(&KeyPair::generate().unwrap());
    assert_eq!(
        refused(&chain, &other),
        "the private key does not belong to the certificate"
    );
    assert_eq!(refused("", &pem), "there is no certificate in PEM");
    assert_eq!(refused(&pem, &pem), "there is no certificate in PEM");
    assert_eq!(
        refused(&chain.repeat(11), &pem),
        "there are more than 10 certificates"
    );
    assert!(ClientCertificate::from_pem(&chain.repeat(10), &pem).is_ok());
    for broken in [
        chain.replace("-----END CERTIFICATE-----", ""),
        chain.replace('M', "!"),
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----".to_owned(),
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----".to_owned(),
    ] {
        assert_eq!(refused(&broken, &pem), "the certificate cannot be read");
    }
    for key in ["", "nonsense", &chain] {
        assert!(refused(&chain, key).starts_with("its private key: "));
    }
}

#[test]
fn every_cut_of_a_certificate_is_refused_without_harm() {
    let key = KeyPair::generate().unwrap();
    let (chain, secret) = made(&key);
    let whole = ClientCertificate::from_pem(&chain, &secret).unwrap();
    let der = whole.leaf().to_vec();
    let text = |der: &[u8]| pem("CERTIFICATE", der);
    for length in 0..der.len() {
        assert!(
            ClientCertificate::from_pem(&text(&der[..length]), &secret).is_err(),
            "{length}"
        );
    }
    for at in 0..der.len() {
        let mut changed = der.clone();
        changed[at] ^= 0xff;
        let _read_or_refused = ClientCertificate::from_pem(&text(&changed), &secret);
    }
}

#[test]
fn no_part_of_the_key_is_shown() {
    let (chain, key) = made(&KeyPair::generate().unwrap());
    let certificate = ClientCertificate::from_pem(&chain, &key).unwrap();
    let mut request = codegrant_core::http::HttpRequest::new(
        codegrant_core::http::Method::Get,
        "https://op.example/",
    );
    request.certificate = Some(certificate.clone());
    let shown = format!(
        "{certificate:?} {request:?} {:?}",
        certificate.private_key()
    );
    let secret: String = key.lines().filter(|line| !line.starts_with("--")).collect();
    assert!(!shown.contains(&secret[20..60]), "{shown}");
    assert!(shown.contains(certificate.thumbprint()));
}
