//! TLS, with a certificate that a root of one's own vouches for.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::net::TcpListener;

use codegrant_redis::RedisStore;
use codegrant_testkit::servers::RedisServer;
use codegrant_web::{Created, SessionStore};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use crate::{PATIENCE, key, now, record};

#[tokio::test]
async fn server_is_believed_if_the_root_that_was_given_vouches_for_it() {
    let root_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = params.self_signed(&root_key).unwrap();
    let issuer = Issuer::new(params, root_key);
    let server_key = KeyPair::generate().unwrap();
    let names = vec!["127.0.0.1".to_owned()];
    let params = CertificateParams::new(names).unwrap();
    let certificate = params.signed_by(&server_key, &issuer).unwrap();
    let folder = std::env::temp_dir().join(format!("codegrant-redis-tls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let [chain, secret] = ["chain.pem", "key.pem"].map(|name| folder.join(name));
    std::fs::write(&chain, pem("CERTIFICATE", certificate.der())).unwrap();
    std::fs::write(&secret, pem("PRIVATE KEY", &server_key.serialize_der())).unwrap();
    let free = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
    let port = free.unwrap().port();
    let options = [
        "--tls-port",
        &port.to_string(),
        "--tls-cert-file",
        chain.to_str().unwrap(),
        "--tls-key-file",
        secret.to_str().unwrap(),
        "--tls-auth-clients",
        "no",
    ];
    let server = RedisServer::start_with(&options);
    std::fs::remove_dir_all(&folder).unwrap();
    if server.is_none() {
        return;
    }
    let url = format!("rediss://127.0.0.1:{port}");
    let builder = RedisStore::builder(&url).deadline(PATIENCE);
    let store = builder
        .clone()
        .root_certificate(pem("CERTIFICATE", root.der()))
        .connect()
        .await;
    let (store, now) = (store.unwrap(), now());
    let created = store.create(&key("one"), record(&["a person"]), now).await;
    assert_eq!(created, Ok(Created::Yes));
    let reason = builder.clone().connect().await.unwrap_err().reason;
    assert!(reason.contains("certificate"), "{reason}");
    let builder = builder.root_certificate("no certificate");
    assert!(builder.connect().await.is_err());
    let url = url.replace("rediss", "redis");
    let builder = RedisStore::builder(url).deadline(PATIENCE);
    assert!(builder.connect().await.is_err(), "it speaks TLS only");
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}
