//! What connections are opened with: whom they trust, whom they say we are, where they may lead.

use std::error::Error;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use codegrant_core::http::ClientCertificate;
use http_body_util::Full;
use hyper::Uri;
use hyper::body::Bytes;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls_platform_verifier::Verifier;
use tokio::runtime::{self, Handle};
use tower_service::Service;

use super::few::Few;
use super::public_names::Names;
use crate::Boxed;

/// How long opening a connection may take, from the name to the end of the handshake.
const CONNECT: Duration = Duration::from_secs(5);
/// For how long a connection is kept that nobody uses.
const IDLE: Duration = Duration::from_secs(90);
/// How long a connection may be silent before it is asked whether it is still there, and then how long each time.
const SILENCE: Duration = Duration::from_secs(15);
/// How often it is asked.
const ASKED: u32 = 3;

type Failure = Box<dyn Error + Send + Sync>;

/// Performs requests, and keeps its connections open for the next ones.
pub(super) type Client = legacy::Client<InTime<HttpsConnector<HttpConnector<Names>>>, Full<Bytes>>;

/// The most runtimes whose connections are kept open: more than a machine has workers, and a limit where they come
/// and go, as in tests.
const RUNTIMES: usize = 256;

/// The connections that are opened with one certificate, or with none.
///
/// Each runtime has its own. A connection is driven by the runtime that it was opened in, Actix-web has one in every
/// worker, and a handler that blocks its worker must not hold up the logins of the others.
pub(super) struct Connections {
    tls: Arc<ClientConfig>,
    of_runtimes: Few<runtime::Id, Clients>,
}

/// The connections of one runtime.
pub(super) struct Clients {
    pub(super) anywhere: Client,
    /// Those to public addresses only.
    pub(super) public: Client,
}

impl Connections {
    /// Returns those of the runtime that this runs in.
    pub(super) fn here(&self) -> Arc<Clients> {
        self.of_runtimes.get(&Handle::current().id(), || Clients {
            anywhere: client(&self.tls, Names { public_only: false }),
            public: client(&self.tls, Names { public_only: true }),
        })
    }
}

/// Whose certificates are believed.
pub(super) struct Trust {
    provider: Arc<CryptoProvider>,
    verifier: Arc<Verifier>,
}

impl Trust {
    /// Trusts the system's root certificates.
    pub(super) fn of_system() -> Result<Self, rustls::Error> {
        // An app may have chosen one for its process: the one that is certified, for instance.
        let provider = CryptoProvider::get_default()
            .cloned()
            .unwrap_or_else(|| Arc::new(aws_lc_rs::default_provider()));
        let verifier = Arc::new(Verifier::new(provider.clone())?);
        Ok(Self { provider, verifier })
    }

    /// Trusts the root certificates of this PEM text as well.
    pub(super) fn and_root(self, pem: &[u8]) -> Result<Self, String> {
        let roots: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let roots = roots.map_err(|error| error.to_string())?;
        if roots.is_empty() {
            return Err("there is no certificate in it".to_owned());
        }
        let verifier = Verifier::new_with_extra_roots(roots, self.provider.clone());
        let verifier = Arc::new(verifier.map_err(|error| error.to_string())?);
        Ok(Self { verifier, ..self })
    }

    /// Makes connections, none of which is open yet.
    pub(super) fn connections(
        &self,
        certificate: Option<&ClientCertificate>,
    ) -> Result<Connections, rustls::Error> {
        Ok(Connections {
            tls: Arc::new(self.tls(certificate)?),
            of_runtimes: Few::new(RUNTIMES),
        })
    }

    fn tls(&self, certificate: Option<&ClientCertificate>) -> Result<ClientConfig, rustls::Error> {
        let builder = ClientConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()?
            // It is the system's own, with the app's root beside it.
            .dangerous()
            .with_custom_certificate_verifier(self.verifier.clone());
        let mut tls = match certificate {
            None => builder.with_no_client_auth(),
            Some(certificate) => {
                let chain = certificate.chain();
                let chain = chain
                    .map(|der| CertificateDer::from(der.to_vec()))
                    .collect();
                let key = PrivatePkcs8KeyDer::from(certificate.private_key().as_bytes().to_vec());
                builder.with_client_auth_cert(chain, PrivateKeyDer::from(key))?
            }
        };
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(tls)
    }
}

fn client(tls: &Arc<ClientConfig>, names: Names) -> Client {
    let mut connector = HttpConnector::new_with_resolver(names);
    // Which of the two it is says the address, and TLS is the outer connector's.
    connector.enforce_http(false);
    connector.set_nodelay(true);
    // A name's addresses share it: one that is silent leaves time for the next.
    connector.set_connect_timeout(Some(CONNECT));
    connector.set_keepalive(Some(SILENCE));
    connector.set_keepalive_interval(Some(SILENCE));
    connector.set_keepalive_retries(Some(ASKED));
    legacy::Client::builder(TokioExecutor::new())
        .pool_idle_timeout(IDLE)
        .pool_timer(TokioTimer::new())
        .build(InTime(HttpsConnector::from((connector, tls.clone()))))
}

/// A connector that gives up, for itself: a connection that the request it was opened for no longer needs, because
/// another was free before, is opened all the same and belongs to no request's deadline.
#[derive(Clone)]
pub(super) struct InTime<C>(C);

impl<C> Service<Uri> for InTime<C>
where
    C: Service<Uri, Error = Failure>,
    C::Future: Send + 'static,
{
    type Response = C::Response;
    type Error = Failure;
    type Future = Boxed<'static, Result<C::Response, Failure>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, target: Uri) -> Self::Future {
        let opening = tokio::time::timeout(CONNECT, self.0.call(target));
        Box::pin(async {
            opening.await.unwrap_or_else(|_| {
                let late = format!("no connection within {} seconds", CONNECT.as_secs());
                Err(late.into())
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Pending, pending};

    use super::*;

    struct Silent;

    impl Service<Uri> for Silent {
        type Response = ();
        type Error = Failure;
        type Future = Pending<Result<(), Failure>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Uri) -> Self::Future {
            pending()
        }
    }

    // attack: TK-08
    #[tokio::test(start_paused = true)]
    async fn a_connection_that_never_opens_is_given_up_whoever_waits_for_it() {
        let began = tokio::time::Instant::now();
        let target = Uri::from_static("https://op.example");
        let opening = InTime(Silent).call(target);
        let late = tokio::time::timeout(2 * CONNECT, opening).await;
        let late = late.expect("it gives up by itself").unwrap_err();
        assert_eq!(late.to_string(), "no connection within 5 seconds");
        assert_eq!(began.elapsed(), CONNECT);
    }
}
