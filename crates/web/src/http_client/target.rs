//! Where a request goes: one reading of its address, for the judgement and for the connection alike.

use codegrant_core::http::Reach;
use codegrant_core::oauth2::url::Url;
use hyper::Uri;
use hyper::http::uri::Scheme;

/// Reads an address of http or https; `None` for anything else.
///
/// It is what a browser would make of it (WHATWG URL): a host in Unicode, an IPv4 address in other digits. A plain
/// one, in an app's configuration or in the metadata of its provider, is that already.
pub(super) fn target(url: &str, reach: &Reach) -> Option<Uri> {
    if *reach == Reach::Anywhere
        && let Ok(uri) = url.parse()
        && is_plain(&uri)
    {
        return Some(uri);
    }
    let url = Url::parse(url).ok()?;
    let uri: Uri = url.as_str().parse().ok()?;
    (is_of_http(&uri) && uri.host().is_some()).then_some(uri)
}

/// Tells whether an address is one of http or https with nothing but a host and a port before its path.
fn is_plain(uri: &Uri) -> bool {
    let (Some(authority), true) = (uri.authority(), is_of_http(uri)) else {
        return false;
    };
    // A port that is no number is none, and would be read as the scheme's own.
    let port = authority.port().map_or(0, |port| 1 + port.as_str().len());
    authority.as_str().len() == authority.host().len() + port
}

fn is_of_http(uri: &Uri) -> bool {
    uri.scheme() == Some(&Scheme::HTTP) || uri.scheme() == Some(&Scheme::HTTPS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_address_is_taken_as_it_stands() {
        for url in [
            "https://login.example.org/token",
            "http://127.0.0.1:8080/token?a=b",
            "https://[2001:db8::1]:8443/",
        ] {
            assert_eq!(target(url, &Reach::Anywhere).unwrap().to_string(), url);
        }
    }

    #[test]
    fn another_way_to_write_an_address_leads_to_the_same_place() {
        for (url, meant) in [
            (
                "https://BÜCHER.example/token",
                "https://xn--bcher-kva.example/token",
            ),
            (
                "HTTPS://login.example.org/a b",
                "https://login.example.org/a%20b",
            ),
            ("http://2130706433/", "http://127.0.0.1/"),
            ("http://0x7f.1:8080/", "http://127.0.0.1:8080/"),
            (
                "https:\\\\login.example.org\\token",
                "https://login.example.org/token",
            ),
        ] {
            let target = target(url, &Reach::Public).unwrap();
            assert_eq!(target.to_string(), meant, "{url}");
        }
    }

    #[test]
    fn an_address_that_leads_nowhere_is_none() {
        for url in [
            "",
            "/token",
            "no-scheme/token",
            "ftp://login.example.org/token",
            "file:///etc/passwd",
            "http://",
            "http://[not-an-address/token",
            "http://localhost:99999/token",
            "http://localhost:port/token",
        ] {
            for reach in [Reach::Anywhere, Reach::Public] {
                assert_eq!(target(url, &reach), None, "{url}");
            }
        }
    }
}
