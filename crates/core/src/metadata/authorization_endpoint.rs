//! The authorization endpoint, parsed when it arrives and not at every login.

use std::borrow::Cow;

use url::Url;

use crate::authorization::PROTOCOL_PARAMETERS;
use crate::error::{Error, ProviderError, Quoted};
use crate::form;

/// Where browsers are sent, ready to have parameters put behind its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuthorizationEndpoint {
    /// The endpoint as it is sent, with a `?` in any case.
    url: String,
    /// Where its query begins, behind the `?`.
    query: usize,
    /// The names of its own parameters.
    own: Vec<String>,
}

impl AuthorizationEndpoint {
    /// Parses an endpoint, whose own query must hold none of the protocol's parameters (RFC 6749 section 3.1).
    pub(super) fn parse(endpoint: &str) -> Result<Self, Error> {
        let mut url = Url::parse(endpoint)
            .map_err(|_| refused(endpoint, "not an absolute URL".to_owned()))?;
        let own: Vec<String> = url
            .query_pairs()
            .map(|(name, _)| name.into_owned())
            .collect();
        let ours = |name: &&String| PROTOCOL_PARAMETERS.contains(&name.as_str());
        if let Some(name) = own.iter().find(ours) {
            let reason = format!("its query holds {}", Quoted::new(name));
            return Err(refused(endpoint, reason));
        }
        if url.query().is_none() {
            url.set_query(Some(""));
        }
        let url = String::from(url);
        let query = url.find('?').map_or(url.len(), |at| at + 1);
        Ok(Self { url, query, own })
    }

    /// Returns the names of the parameters in its own query.
    pub(crate) fn own_parameters(&self) -> &[String] {
        &self.own
    }

    /// Returns its address with these parameters behind its own.
    pub(crate) fn with_query<'a>(
        &self,
        parameters: impl Iterator<Item = (&'a str, Cow<'a, str>)>,
    ) -> String {
        // Enough for all but the longest: state, nonce and challenge have 43 characters each.
        let mut url = String::with_capacity(self.url.len() + 512);
        url.push_str(&self.url);
        for (name, value) in parameters {
            form::push_pair(&mut url, self.query, name, &value);
        }
        url
    }
}

/// Makes the error for an endpoint that no request can be made for.
pub(crate) fn refused(endpoint: &str, reason: String) -> Error {
    ProviderError::Endpoint {
        member: "authorization_endpoint",
        url: Quoted::new(endpoint),
        reason,
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_stand_behind_the_endpoints_own() {
        let with = |endpoint| {
            let endpoint = AuthorizationEndpoint::parse(endpoint).unwrap();
            let pairs = [("a", Cow::from("1 2")), ("b", Cow::from("&"))];
            endpoint.with_query(pairs.into_iter())
        };
        for (endpoint, expected) in [
            ("https://op.example", "https://op.example/?a=1+2&b=%26"),
            ("https://op.example/to", "https://op.example/to?a=1+2&b=%26"),
            (
                "https://op.example/to?",
                "https://op.example/to?a=1+2&b=%26",
            ),
            (
                "https://op.example/?x=y",
                "https://op.example/?x=y&a=1+2&b=%26",
            ),
        ] {
            assert_eq!(with(endpoint), expected);
            // What the parser would have made of it.
            let mut parsed = Url::parse(endpoint).unwrap();
            let pairs = [("a", "1 2"), ("b", "&")];
            parsed.query_pairs_mut().extend_pairs(pairs);
            assert_eq!(parsed.as_str(), expected);
        }
    }
}
