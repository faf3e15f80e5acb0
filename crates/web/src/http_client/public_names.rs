//! Names that lead to public addresses only: judged where the connection is opened, so that a name which
//! changes its address meanwhile gains nothing.

use std::error::Error;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::vec;

use codegrant_core::http::Reach;
use hyper::Uri;
use hyper_util::client::legacy::connect::dns::Name;
use tokio::task::JoinHandle;
use tower_service::Service;

/// Resolves names as the system does, and keeps what may be connected to.
#[derive(Clone)]
pub(super) struct Names {
    pub(super) public_only: bool,
}

/// A name whose addresses are all inside a private network.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to no public address")]
pub(super) struct NotPublic;

/// The most hosts that are known to be inside a private network.
const HOSTS: usize = 64;

/// The hosts that have answered from inside a private network.
///
/// What a name resolves to is for its owner to say, so that it proves nothing: a connection does, on which the
/// host has shown its certificate.
#[derive(Default)]
pub(super) struct Inside(Mutex<Vec<String>>);

impl Inside {
    /// Takes note of where a host has answered from.
    pub(super) fn answered(&self, host: &str, address: SocketAddr) {
        if Reach::Public.permits(address.ip()) {
            return;
        }
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.iter().any(|held| held == host) {
            return;
        }
        if held.len() >= HOSTS {
            held.remove(0);
        }
        held.push(host.to_owned());
    }

    /// Tells whether the host of a URI is an address, for which no name is resolved, inside a private network.
    pub(super) fn names(target: &Uri) -> bool {
        let address = target.host().and_then(address);
        address.is_some_and(|address| !Reach::Public.permits(address))
    }

    /// Tells whether a host is inside: by its own address, or because it has answered from there.
    pub(super) fn holds(&self, host: &str) -> bool {
        if let Some(address) = address(host) {
            return !Reach::Public.permits(address);
        }
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.iter().any(|held| held == host)
    }
}

impl Service<Name> for Names {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let public_only = self.public_only;
        Box::pin(async move {
            let mut found = resolved(name.as_str().to_owned()).await?;
            if public_only {
                found.retain(|address| Reach::Public.permits(address.ip()));
                if found.is_empty() {
                    return Err(NotPublic.into());
                }
            }
            Ok(found.into_iter())
        })
    }
}

/// Returns the address that a host is, if it is none that has to be resolved.
fn address(host: &str) -> Option<IpAddr> {
    host.trim_matches(['[', ']']).parse().ok()
}

async fn resolved(host: String) -> io::Result<Vec<SocketAddr>> {
    let mut found = Lookup(tokio::task::spawn_blocking(move || {
        (host.as_str(), 0).to_socket_addrs().map(Iterator::collect)
    }));
    let found = (&mut found.0).await;
    found.unwrap_or_else(|gone| Err(gone.into()))
}

/// A lookup that leaves the queue when nobody waits for it any more.
struct Lookup<T>(JoinHandle<T>);

impl<T> Drop for Lookup<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
