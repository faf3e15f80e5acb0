//! What the provider was asked, in order, and whether it is what a module allows.

use codegrant_core::http::{HttpRequest, Method};

/// One call as it arrived, with the name that a module knows it by.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) request: HttpRequest,
    /// Whether the client showed a certificate.
    pub(super) has_certificate: bool,
    /// What it was answered with.
    pub(super) status: u16,
}

/// The endpoints that a client or its user's browser may call: method, path below the issuer, name.
const ENDPOINTS: &[(Method, &str, &str)] = &[
    (Method::Get, "/.well-known/openid-configuration", "metadata"),
    (Method::Get, "/authorize", "authorize"),
    (Method::Post, "/par", "par"),
    (Method::Post, "/token", "token"),
    (Method::Get, "/jwks", "keys"),
    (Method::Get, "/userinfo", "userinfo"),
    (Method::Post, "/register", "register"),
    (Method::Post, "/revoke", "revoke"),
    (Method::Get, "/end_session", "end_session"),
    (Method::Get, "/check_session", "check_session"),
    (Method::Get, "/api/me", "api"),
    (Method::Get, "/claims", "claims"),
    (Method::Get, "/.well-known/webfinger", "webfinger"),
];

/// Where RFC 8414 section 3 puts the metadata of an issuer with a path.
const OAUTH_METADATA: &str = "/.well-known/oauth-authorization-server/";

/// Names a call by its method and its path below the issuer; one that the suite does not know keeps both.
pub(super) fn name(method: Method, path: &str) -> String {
    if method == Method::Get && path.starts_with(OAUTH_METADATA) {
        return "oauth-metadata".to_owned();
    }
    let known = ENDPOINTS
        .iter()
        .find(|(m, p, _)| (*m, *p) == (method, path));
    known.map_or_else(
        || format!("{}:{path}", method.as_str()),
        |(_, _, name)| (*name).to_owned(),
    )
}

/// Compares what arrived with what a module expects, one name after the other.
pub(super) fn compare(expected: &str, arrived: &[Call]) -> Result<(), String> {
    let names = arrived.iter().map(|call| call.name.as_str());
    if names.eq(expected.split(' ')) {
        return Ok(());
    }
    let told: Vec<String> = arrived
        .iter()
        .map(|call| match call.status {
            200..400 => call.name.clone(),
            status => format!("{}({status})", call.name),
        })
        .collect();
    Err(format!(
        "the calls were [{}], expected [{expected}]",
        told.join(" ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrived(names: &[&str]) -> Vec<Call> {
        let call = |name: &&str| Call {
            name: (*name).to_owned(),
            request: HttpRequest::new(Method::Get, "http://localhost/"),
            has_certificate: false,
            status: 200,
        };
        names.iter().map(call).collect()
    }

    #[test]
    fn one_call_more_or_less_or_in_another_order_is_told() {
        let expected = "metadata token";
        assert_eq!(compare(expected, &arrived(&["metadata", "token"])), Ok(()));
        for wrong in [
            &["metadata", "token", "userinfo"][..],
            &["token", "metadata"],
            &["metadata"],
            &[],
        ] {
            assert!(compare(expected, &arrived(wrong)).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_call_that_nobody_expects_keeps_its_address() {
        assert_eq!(name(Method::Post, "/token"), "token");
        assert_eq!(name(Method::Get, "/token"), "GET:/token");
    }
}
