//! Names that lead to public addresses only: judged where the connection is opened, so that a name which
//! changes its address meanwhile gains nothing.

use std::error::Error;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Mutex, PoisonError};

use codegrant_core::http::Reach;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Resolves names as the system does, and keeps what is public.
pub(super) struct PublicNames;

/// A name whose addresses are all inside a private network.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to no public address")]
struct NotPublic;

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

    /// Tells whether a host is inside: by its own address, or because it has answered from there.
    pub(super) fn holds(&self, host: &str) -> bool {
        if let Some(address) = address(host) {
            return !Reach::Public.permits(address);
        }
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.iter().any(|held| held == host)
    }
}

impl PublicNames {
    /// Tells whether this is why a request failed.
    pub(super) fn refused(error: &reqwest::Error) -> bool {
        let mut cause = error.source();
        while let Some(error) = cause {
            if error.is::<NotPublic>() {
                return true;
            }
            cause = error.source();
        }
        false
    }
}

impl Resolve for PublicNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = resolved(name.as_str().to_owned()).await?;
            let public: Vec<SocketAddr> = found
                .into_iter()
                .filter(|address| Reach::Public.permits(address.ip()))
                .collect();
            if public.is_empty() {
                return Err(NotPublic.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Tells whether a URL's host is an address, for which no name is resolved, inside a private network.
pub(super) fn named_inside(url: &str) -> bool {
    let url = reqwest::Url::parse(url).ok();
    let host = url.as_ref().and_then(reqwest::Url::host_str);
    host.and_then(address)
        .is_some_and(|address| !Reach::Public.permits(address))
}

fn address(host: &str) -> Option<IpAddr> {
    host.trim_matches(['[', ']']).parse().ok()
}

async fn resolved(host: String) -> std::io::Result<Vec<SocketAddr>> {
    let found = tokio::task::spawn_blocking(move || {
        (host.as_str(), 0).to_socket_addrs().map(Iterator::collect)
    });
    found.await.unwrap_or_else(|gone| Err(gone.into()))
}
