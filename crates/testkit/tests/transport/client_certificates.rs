//! Whom a provider believes the client to be: connections that are opened with a certificate (RFC 8705).

use std::io::{Read, Write};
use std::sync::Arc;

use codegrant_core::http::{ClientCertificate, HttpRequest, Method};
use codegrant_core::jose::base64url;
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use crate::certificates::{Authority, authority, leaf, pem, written};
use crate::raw::{RawServer, ok};
use crate::{Caller, Outcome, assert_unreachable, token_request};

/// Whether a server insists on a certificate.
#[derive(Clone, Copy)]
enum Demand {
    Required,
    Optional,
}

/// Serves over TLS 1.2 and 1.3, and notes for every request who sent it: a thumbprint, or `nobody`.
fn serve(server: &Authority, clients: &Authority, demand: Demand) -> RawServer {
    let key = KeyPair::generate().unwrap();
    let certificate = leaf().signed_by(&key, server).unwrap().der().clone();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(clients.der().clone()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone());
    let verifier = match demand {
        Demand::Required => verifier,
        Demand::Optional => verifier.allow_unauthenticated(),
    };
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(
            vec![certificate],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let config = Arc::new(config);
    RawServer::start(move |peer| {
        let connection = ServerConnection::new(config.clone()).unwrap();
        let mut stream = StreamOwned::new(connection, peer.stream());
        loop {
            let mut request = Vec::new();
            while !request.ends_with(b"the-code") {
                let mut byte = [0];
                match stream.read_exact(&mut byte) {
                    Ok(()) => request.push(byte[0]),
                    Err(_) => return,
                }
            }
            let presented = stream.conn.peer_certificates().and_then(<[_]>::first);
            let thumbprint = presented.map(|leaf| {
                use aws_lc_rs::digest::{SHA256, digest};
                base64url::encode(digest(&SHA256, leaf).as_ref())
            });
            peer.note(thumbprint.as_deref().unwrap_or("nobody"));
            if stream.write_all(ok("{}").as_bytes()).is_err() {
                return;
            }
        }
    })
}

fn certificate(by: &Authority) -> ClientCertificate {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["app.example".to_owned()]).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = params.signed_by(&key, by).unwrap();
    let chain = written("CERTIFICATE", certificate.der()) + &pem(by);
    let key = written("PRIVATE KEY", &key.serialize_der());
    ClientCertificate::from_pem(&chain, &key).unwrap()
}

fn url(server: &RawServer) -> String {
    format!("https://localhost:{}/token", server.address().port())
}

fn redeem(caller: &Caller, server: &RawServer, certificate: Option<&ClientCertificate>) -> Outcome {
    let mut request: HttpRequest = token_request(url(server));
    request.certificate = certificate.cloned();
    caller.send(request)
}

#[test]
fn a_server_that_demands_a_certificate_gets_the_clients_own() {
    let (ours, clients, others) = (authority("ours"), authority("clients"), authority("others"));
    let server = serve(&ours, &clients, Demand::Required);
    let caller = Caller::trusting(Some(&pem(&ours)));
    let own = certificate(&clients);
    for _ in 0..2 {
        assert_eq!(redeem(&caller, &server, Some(&own)).unwrap().body, b"{}");
    }
    assert_eq!(server.requests(), [own.thumbprint(), own.thumbprint()]);
    assert_eq!(server.connections(), 1, "the connection is kept");

    assert_unreachable(&redeem(&caller, &server, None), "no certificate");
    let foreign = certificate(&others);
    assert_unreachable(
        &redeem(&caller, &server, Some(&foreign)),
        "of another authority",
    );
    assert_eq!(server.requests().len(), 2, "nothing got through");
}

#[test]
fn a_connection_serves_nobody_but_the_certificate_that_opened_it() {
    let (ours, clients) = (authority("ours"), authority("clients"));
    let server = serve(&ours, &clients, Demand::Optional);
    let caller = Caller::trusting(Some(&pem(&ours)));
    let (one, other) = (certificate(&clients), certificate(&clients));
    let order = [
        Some(&one),
        Some(&other),
        None,
        Some(&one),
        None,
        Some(&other),
    ];
    for certificate in order {
        redeem(&caller, &server, certificate).unwrap();
    }
    let named = |certificate: Option<&ClientCertificate>| {
        certificate
            .map_or("nobody", ClientCertificate::thumbprint)
            .to_owned()
    };
    // They are listed by connection: each has two, both from the same sender.
    let mut expected: Vec<String> = [Some(&one), Some(&other), None]
        .into_iter()
        .flat_map(|certificate| [named(certificate), named(certificate)])
        .collect();
    assert_eq!(server.requests(), expected);
    expected.dedup();
    assert_eq!(expected.len(), 3);
    assert_eq!(server.connections(), 3, "one for each");
}

#[test]
fn many_certificates_are_served_and_only_the_latest_keep_their_connections() {
    let (ours, clients) = (authority("ours"), authority("clients"));
    let server = serve(&ours, &clients, Demand::Optional);
    let caller = Caller::trusting(Some(&pem(&ours)));
    let certificates: Vec<_> = (0..18).map(|_| certificate(&clients)).collect();
    for certificate in &certificates {
        redeem(&caller, &server, Some(certificate)).unwrap();
    }
    assert_eq!(server.connections(), 18);
    redeem(&caller, &server, certificates.last()).unwrap();
    assert_eq!(server.connections(), 18, "still open");
    redeem(&caller, &server, certificates.first()).unwrap();
    assert_eq!(server.connections(), 19, "opened again");
    let told: Vec<&str> = certificates
        .iter()
        .map(ClientCertificate::thumbprint)
        .collect();
    assert_eq!(server.requests()[..18], told);
}

#[test]
fn a_certificate_changes_nothing_where_there_is_no_tls() {
    let server = RawServer::answering(ok("{}"));
    let mut request = HttpRequest::new(Method::Get, server.url("/token"));
    request.certificate = Some(certificate(&authority("clients")));
    assert_eq!(Caller::new().send(request).unwrap().body, b"{}");
}
