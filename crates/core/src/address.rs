//! Addresses that a provider names: which of them may be called (the SSRF rule).

use std::net::{IpAddr, Ipv4Addr};

use url::{Host, Url};

use crate::http::Reach;
use crate::origin::is_loopback;
use crate::provider::{Protocol, Provider};

/// Checks an address that a provider named: https, or http where the issuer itself is on loopback; never
/// an address of this machine or its network unless the issuer lives at that very host.
pub(crate) fn reachable(text: &str, issuer: &Url) -> Result<(), &'static str> {
    if !text.bytes().all(|byte| (0x21..=0x7e).contains(&byte)) {
        return Err("it holds a space, a control character or something beyond ASCII");
    }
    let url = Url::parse(text).map_err(|_| "not an absolute URL")?;
    let host = url.host().ok_or("it names no host")?;
    // Parsers mend `https:host` and `https:\\host`; whoever reads the text as it stands sees something else.
    let rest = text.get(url.scheme().len()..).unwrap_or_default();
    if !rest.starts_with("://") {
        return Err("its scheme is not followed by ://");
    }
    // Such as `*` and `;`, which parsers let through and which say something in a policy.
    if matches!(host, Host::Domain(name) if !name.bytes().all(is_of_a_name)) {
        return Err("its host holds a character that no name has");
    }
    let issuer_on_loopback = issuer.host().is_some_and(|host| is_loopback(&host));
    match url.scheme() {
        "https" => {}
        "http" if issuer_on_loopback && is_loopback(&host) => {}
        _ => return Err("only https is accepted, and http where both ends are on loopback"),
    }
    if url.fragment().is_some() {
        return Err("it has a fragment");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it has a user name or password");
    }
    if url.host() != issuer.host() && !issuer_on_loopback && is_inside(&host) {
        return Err("it points into a private network that the issuer is not part of");
    }
    Ok(())
}

impl Reach {
    /// Says how far a request may go to an address that an issuer named: into a private network only where
    /// the issuer itself is there.
    pub(crate) fn named_by(issuer: &str, url: &str) -> Self {
        let (Ok(issuer), Ok(url)) = (Url::parse(issuer), Url::parse(url)) else {
            return Self::Public;
        };
        let on_loopback = issuer.host().is_some_and(|host| is_loopback(&host));
        match issuer.host_str() {
            Some(host) if url.host() != issuer.host() && !on_loopback => {
                Self::LikeHost(host.into())
            }
            Some(_) => Self::Anywhere,
            None => Self::Public,
        }
    }

    /// Tells whether a connection to this address is within reach, now that the host's name is resolved.
    ///
    /// For [`Reach::LikeHost`] this is the answer for a host that is not inside a private network.
    ///
    /// ```
    /// use codegrant_core::http::Reach;
    /// assert!(Reach::Public.permits("203.0.113.9".parse()?));
    /// assert!(!Reach::Public.permits("::ffff:127.0.0.1".parse()?));
    /// assert!(Reach::Anywhere.permits("10.0.0.1".parse()?));
    /// # Ok::<(), std::net::AddrParseError>(())
    /// ```
    pub fn permits(&self, address: IpAddr) -> bool {
        let host: Host<&str> = match address {
            IpAddr::V4(address) => Host::Ipv4(address),
            IpAddr::V6(address) => Host::Ipv6(address),
        };
        matches!(self, Self::Anywhere) || !is_inside(&host)
    }
}

impl Provider {
    /// Returns the entry as that of a provider which a stranger chose, for example by
    /// [`Resource::find_issuer`](crate::Resource::find_issuer): it is called at public addresses only.
    ///
    /// The operator's own entries may be anywhere; what their metadata names has to be public, or where the
    /// issuer is.
    #[must_use]
    pub fn on_public_addresses_only(mut self) -> Self {
        self.public_only = true;
        self
    }

    /// Says how far a request to one of its endpoints may go.
    pub(crate) fn reach(&self, url: &str) -> Reach {
        let by_operator = match &self.protocol {
            Protocol::OpenId { .. } => false,
            Protocol::OAuthIssuer { userinfo, .. } => userinfo.as_deref() == Some(url),
            Protocol::OAuth { .. } => true,
        };
        match self.issuer() {
            _ if self.public_only => Reach::Public,
            Some(issuer) if !by_operator && self.emails_endpoint() != Some(url) => {
                Reach::named_by(issuer, url)
            }
            _ => Reach::Anywhere,
        }
    }
}

/// Tells whether a host is this machine or a private network's, as far as its text tells.
pub(crate) fn is_inside(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => is_loopback(&Host::Domain(name.trim_end_matches('.'))),
        Host::Ipv4(address) => inside_v4(*address),
        Host::Ipv6(address) => match (address.to_ipv4_mapped(), address.segments()) {
            (Some(mapped), _) => inside_v4(mapped),
            // What NAT64 leads to, where a host has no IPv4 of its own (RFC 6052 section 2.1).
            (None, [0x64, 0xff9b, 0, 0, 0, 0, high, low]) => {
                inside_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
            }
            // Others that carry an IPv4 address: Teredo (RFC 4380) and 6to4 (RFC 3056).
            (None, [0x2001, 0, ..] | [0x2002, ..]) => true,
            // All others that do, such as a network's own prefix for NAT64 (RFC 8215), and whatever is local to
            // something, are outside of global unicast as it is handed out (RFC 4291 section 2.4).
            (None, [first, ..]) => first & 0xe000 != 0x2000,
        },
    }
}

fn is_of_a_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._".contains(&byte)
}

fn inside_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_unspecified()
        || address.is_broadcast()
        || address.is_multicast()
        || first == 0
        || (first == 100 && (64..128).contains(&second))
        || first >= 240
        || (first == 198 && (18..20).contains(&second))
        || (first == 192 && second == 0 && third == 0)
}
