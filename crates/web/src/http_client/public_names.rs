//! Names that lead to public addresses only: judged where the connection is opened, so that a name which
//! changes its address meanwhile gains nothing.

use std::error::Error;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

use codegrant_core::http::Reach;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Resolves names as the system does, and keeps what is public.
pub(super) struct PublicNames;

/// A name whose addresses are all inside a private network.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to no public address")]
struct Inside;

impl PublicNames {
    /// Tells whether this is why a request failed.
    pub(super) fn refused(error: &reqwest::Error) -> bool {
        let mut cause = error.source();
        while let Some(error) = cause {
            if error.is::<Inside>() {
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
                return Err(Inside.into());
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

/// Tells whether a host has an address inside a private network.
pub(super) async fn leads_inside(host: &str) -> bool {
    let inside = |address: IpAddr| !Reach::Public.permits(address);
    if let Some(address) = address(host) {
        return inside(address);
    }
    let found = resolved(host.to_owned()).await.unwrap_or_default();
    found.iter().any(|found| inside(found.ip()))
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
